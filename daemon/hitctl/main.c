// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl: the tool of operations leads and administrators. Finds the command, reads the settings,
 * runs it.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "hitctl/help.h"
#include "hitctl/rights.h"

enum { COMMAND_NAMES_MAX = 127 };

// What stands in argv for the whole of hitctl, taken out of it.
struct global_options {
    const char *config;
    const char *who;
    const char *authority;
    bool json;
    bool help;
    bool version;
};

// Takes the value of a global option: behind '=' or the next word. NULL when there is none.
static const char *take_value(int argc, char **argv, int *at, size_t name_len)
{
    if (argv[*at][name_len] == '=') {
        return argv[*at] + name_len + 1;
    }
    return *at + 1 < argc ? argv[++*at] : NULL;
}

// Whether a word is the option, alone or with '=' and a value.
static bool is_option(const char *word, const char *name, size_t *ret_len)
{
    size_t len = strlen(name);
    if (strncmp(word, name, len) != 0 || (word[len] != '\0' && word[len] != '=')) {
        return false;
    }
    *ret_len = len;
    return true;
}

// 1: taken; 0: not one of ours; -1: refused, said.
static int take_global(struct global_options *options, int argc, char **argv, int *at)
{
    const struct {
        const char *name;
        const char **text; // where its value goes, or
        bool *flag;        // what it sets
    } rows[] = {
        {"--config", &options->config, NULL},       {"--who", &options->who, NULL},
        {"--authority", &options->authority, NULL}, {"--json", NULL, &options->json},
        {"--help", NULL, &options->help},           {"--version", NULL, &options->version},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len;
        if (!is_option(argv[*at], rows[i].name, &len)) {
            continue;
        }
        if (rows[i].flag) {
            if (argv[*at][len] == '=') {
                hitctl_error("option '%s' takes no value", rows[i].name);
                return -1;
            }
            *rows[i].flag = true;
            return 1;
        }
        *rows[i].text = take_value(argc, argv, at, len);
        if (!*rows[i].text) {
            hitctl_error("option '%s' needs a value", rows[i].name);
            return -1;
        }
        return 1;
    }
    return 0;
}

// Takes the options of every command out of argv, wherever they stand before a '--'. Returns the
// words left, or -1.
static int take_globals(struct global_options *options, int argc, char **argv)
{
    int words = 1;
    bool over = false;
    for (int i = 1; i < argc; i++) {
        int taken = 0;
        if (strcmp(argv[i], "--") == 0) {
            over = true;
        } else if (!over) {
            taken = take_global(options, argc, argv, &i);
        }
        if (taken < 0) {
            return -1;
        }
        if (taken == 0) {
            argv[words++] = argv[i];
        }
    }
    argv[words] = NULL;
    return words;
}

// The command that the first words name, or NULL; *ret_words is how many words it has.
static const struct hitctl_command *find_command(int argc, char **argv, int *ret_words)
{
    for (size_t t = 0; hitctl_tables[t]; t++) {
        for (const struct hitctl_command *c = hitctl_tables[t]; c->name; c++) {
            int words = c->group ? 2 : 1;
            if (argc <= words || strcmp(argv[words], c->name) != 0 ||
                (c->group && strcmp(argv[1], c->group) != 0)) {
                continue;
            }
            *ret_words = words;
            return c;
        }
    }
    return NULL;
}

// Names what the words could have meant.
static void say_unknown_command(int argc, char **argv)
{
    static char texts[COMMAND_NAMES_MAX][64];
    const char *names[COMMAND_NAMES_MAX + 1];
    size_t count = 0;
    bool group_known = false;
    for (size_t t = 0; hitctl_tables[t]; t++) {
        for (const struct hitctl_command *c = hitctl_tables[t];
             c->name && count < COMMAND_NAMES_MAX; c++) {
            snprintf(texts[count], sizeof(texts[count]), "%s%s%s", c->group ? c->group : "",
                     c->group ? " " : "", c->name);
            names[count] = texts[count];
            count++;
            group_known = group_known || (c->group && strcmp(argv[1], c->group) == 0);
        }
    }
    names[count] = NULL;
    struct hs_buf words = {0};
    hs_buf_printf(&words, "%s%s%s", argv[1], argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
    const char *nearest = hs_str_nearest(hs_buf_str(&words), names);
    if (nearest) {
        hitctl_error("unknown command '%s'; did you mean '%s'?", hs_buf_text(&words), nearest);
    } else if (group_known) {
        hitctl_error("'%s' has no command '%s'; see 'hitctl %s --help'", argv[1],
                     argc > 2 ? argv[2] : "", argv[1]);
    } else {
        hitctl_error("unknown command '%s'; see 'hitctl --help'", hs_buf_text(&words));
    }
    hs_buf_fini(&words);
}

static const char *login_name(void)
{
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_name : "unknown";
}

// Name under --who or HITCTL_WHO, or NULL.
static const char *name_given(const struct global_options *options)
{
    const char *name = getenv("HITCTL_WHO");
    return options->who ? options->who : name && name[0] ? name : NULL;
}

// Reads who may do what, finds the person that acts, and asks whether the command is theirs.
static int ask_rights(struct hitctl *ctl, const struct hitctl_command *command,
                      struct hitctl_rights **ret_rights)
{
    struct hs_diags diags = {0};
    const char *path = ctl->settings->rights_file;
    enum hitctl_verb verb = hitctl_rights_of_command(command);
    if (verb == HITCTL_MAY_ANYTHING) {
        return HITCTL_OK;
    }
    int rc = hitctl_rights_read(path, &diags, ret_rights);
    hitctl_print_diags(&diags);
    hs_diags_fini(&diags);
    if (rc == HS_ENOTFOUND && strcmp(path, HS_SETTINGS_RIGHTS_FILE) == 0) {
        return HITCTL_OK;
    }
    if (rc != 0) {
        hitctl_error("cannot read who may do what from '%s': %s", path, hs_strerror(rc));
        return HITCTL_CONFIG;
    }
    ctl->rights = *ret_rights;
    int code = hitctl_rights_act(ctl, login_name(), ctl->who_given);
    return code != HITCTL_OK ? code : hitctl_may(ctl, verb, NULL);
}

static int run_command(const struct hitctl_command *command, const struct global_options *options,
                       int argc, char **argv)
{
    struct hs_diags diags = {0};
    struct hs_settings *settings = NULL;
    int result = HITCTL_CONFIG;
    int status = hs_settings_load_usual(options->config, &diags, &settings);
    hitctl_print_diags(&diags);
    if (status == HS_OK) {
        struct hitctl ctl = {
            .settings = settings,
            .who_given = name_given(options),
            .authority = options->authority ? options->authority : "",
            .json = options->json,
        };
        ctl.who = ctl.who_given ? ctl.who_given : login_name();
        struct hitctl_rights *rights = NULL;
        result = ask_rights(&ctl, command, &rights);
        result = result ? result : command->run(&ctl, argc, argv);
        hitctl_rights_free(rights);
    } else if (diags.errors == 0) {
        hitctl_error("cannot read the settings: %s", hs_strerror(status));
    }
    hs_settings_free(settings);
    hs_diags_fini(&diags);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        hitctl_error("cannot write to standard output");
        return result == HITCTL_OK ? HITCTL_FAILED : result;
    }
    return result;
}

int main(int argc, char **argv)
{
    struct global_options options = {0};
    argc = take_globals(&options, argc, argv);
    if (argc < 0) {
        return HITCTL_USAGE;
    }
    if (options.version) {
        puts("hitctl " HS_VERSION);
        return HITCTL_OK;
    }
    if (argc == 1) {
        hitctl_help_overview(options.help ? stdout : stderr);
        return options.help ? HITCTL_OK : HITCTL_USAGE;
    }
    int words = 0;
    const struct hitctl_command *command = find_command(argc, argv, &words);
    if (!command) {
        if ((options.help || argc == 2) && hitctl_help_group(argv[1])) {
            return options.help ? HITCTL_OK : HITCTL_USAGE;
        }
        say_unknown_command(argc, argv);
        return HITCTL_USAGE;
    }
    if (options.help) {
        hitctl_help_command(command);
        return HITCTL_OK;
    }
    hitctl_run_as(command->group, command->name);
    return run_command(command, &options, argc - words, argv + words);
}
