// SPDX-License-Identifier: Apache-2.0
// hitctl rights: check the rules, show what they come to, give them to Kafka and Redis.
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/error.h"
#include "hitctl/help.h"
#include "hitctl/list_common.h"
#include "hitctl/rights.h"
#include "hitctl/rights_access.h"

// ---- check ----

static int read_rights(const char *path, struct hitctl_rights **ret_rights)
{
    struct hs_diags diags = {0};
    int rc = hitctl_rights_read(path, &diags, ret_rights);
    hitctl_print_diags(&diags);
    hs_diags_fini(&diags);
    return rc;
}

static const struct hitctl_option access_table[] = {
    HITCTL_ACCESS_OPTIONS,
    {NULL, 0, 0, NULL, NULL},
};

static const struct hitctl_option print_table[] = {
    HITCTL_ACCESS_OPTIONS,
    {"command-config", HITCTL_TEXT, offsetof(struct hitctl_access_options, command_config), "FILE",
     "how kafka-acls.sh gets in"},
    {NULL, 0, 0, NULL, NULL},
};

// A file alone is checked for itself.
static int check_file(const char *path)
{
    struct hitctl_rights *rights;
    int rc = read_rights(path, &rights);
    if (rc == HS_ENOTFOUND) {
        hitctl_error("there is no '%s': everybody may do everything", path);
        return HITCTL_FAILED;
    }
    if (rc != 0) {
        hitctl_error("'%s' is refused", path);
        return HITCTL_REFUSED;
    }
    printf("%s: %zu persons, no fault\n", path, rights->person_count);
    hitctl_rights_free(rights);
    return HITCTL_OK;
}

static int run_check(struct hitctl *ctl, int argc, char **argv)
{
    struct hitctl_access_options options = {0};
    int words = hitctl_options_parse(access_table, &options, argc, argv);
    if (words > 1) {
        hitctl_error("needs at most a file");
    }
    if (words < 0 || words > 1) {
        return HITCTL_USAGE;
    }
    return words == 1 ? check_file(argv[1]) : hitctl_access_check(ctl, &options);
}

static int run_print(struct hitctl *ctl, int argc, char **argv)
{
    struct hitctl_access_options options = {0};
    int words = hitctl_options_parse(print_table, &options, argc, argv);
    return words < 0 ? HITCTL_USAGE : hitctl_access_print(ctl, &options, (size_t)words, argv + 1);
}

// ---- show ----

struct show_options {
    bool commands;
};

static const struct hitctl_option show_table[] = {
    {"commands", HITCTL_FLAG, offsetof(struct show_options, commands), NULL,
     "which command needs which role"},
    {NULL, 0, 0, NULL, NULL},
};

static void say_words(const char *key, const struct hitctl_words *words)
{
    if (words->count > 0) {
        printf("  %-12s", key);
        for (size_t i = 0; i < words->count; i++) {
            printf("%s%.*s", i ? ", " : "", HS_STR_ARG(words->rows[i]));
        }
        putchar('\n');
    }
}

static json_t *words_json(const struct hitctl_words *words)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < words->count; i++) {
        json_array_append_new(rows, hitctl_json_text(words->rows[i]));
    }
    return rows;
}

static void show_person(const struct hitctl_person *person, json_t *rows)
{
    struct hs_buf roles = {0};
    hitctl_roles_say(person->roles, &roles);
    if (rows) {
        json_array_append_new(
            rows,
            json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "person", person->name, "role",
                      hs_buf_text(&roles), "force", hitctl_json_text(person->force), "logins",
                      words_json(&person->logins), "redis_users", words_json(&person->redis_users),
                      "lists", words_json(&person->lists), "audiences",
                      words_json(&person->audiences), "queues", words_json(&person->queues)));
    } else {
        printf("%s: %s, %.*s\n", person->name, hs_buf_text(&roles), HS_STR_ARG(person->force));
        say_words("logins", &person->logins);
        say_words("redis users", &person->redis_users);
        say_words("lists", &person->lists);
        say_words("audiences", &person->audiences);
        say_words("queues", &person->queues);
    }
    hs_buf_fini(&roles);
}

static void show_commands(void)
{
    for (size_t t = 0; hitctl_tables[t]; t++) {
        for (const struct hitctl_command *c = hitctl_tables[t]; c->name; c++) {
            char words[64];
            struct hs_buf roles = {0};
            enum hitctl_verb verb = hitctl_rights_of_command(c);
            snprintf(words, sizeof(words), "%s%s%s", c->group ? c->group : "", c->group ? " " : "",
                     c->name);
            hitctl_roles_say(hitctl_verb_roles(verb), &roles);
            printf("%-20s %s\n", words,
                   verb == HITCTL_MAY_ANYTHING ? "anybody" : hs_buf_text(&roles));
            hs_buf_fini(&roles);
        }
    }
}

// Who would act now, as the next command would find it.
static void show_acting(struct hitctl *ctl, struct hitctl_rights *rights)
{
    const struct passwd *user = getpwuid(getuid());
    const char *login = user ? user->pw_name : "unknown";
    ctl->rights = rights;
    if (hitctl_rights_act(ctl, login, ctl->who_given) == HITCTL_OK) {
        printf("login '%s' acts as '%s'\n", login, ctl->who);
    }
    ctl->rights = NULL;
    ctl->person = NULL;
}

static int run_show(struct hitctl *ctl, int argc, char **argv)
{
    struct show_options options = {0};
    struct hitctl_rights *rights;
    const char *path = ctl->settings->rights_file;
    if (hitctl_options_parse(show_table, &options, argc, argv) != 0) {
        hitctl_error("takes no words");
        return HITCTL_USAGE;
    }
    if (options.commands) {
        show_commands();
        return HITCTL_OK;
    }
    int rc = read_rights(path, &rights);
    if (rc == HS_ENOTFOUND) {
        if (ctl->json) {
            hitctl_print_json(json_pack("{s:n, s:[]}", "file", "persons"));
        } else {
            printf("no rights file '%s': everybody may do everything\n", path);
        }
        return HITCTL_OK;
    }
    if (rc != 0) {
        return HITCTL_CONFIG;
    }
    json_t *rows = ctl->json ? json_array() : NULL;
    for (size_t i = 0; i < rights->person_count; i++) {
        show_person(&rights->persons[i], rows);
    }
    if (rows) {
        hitctl_print_json(json_pack("{s:s, s:o}", "file", path, "persons", rows));
    } else {
        show_acting(ctl, rights);
    }
    hitctl_rights_free(rights);
    return HITCTL_OK;
}

const struct hitctl_command hitctl_rights_commands[] = {
    {"rights", "check", "[FILE] [--kafka|--redis]",
     "check a file of who may do what; without one, what Kafka and Redis give against what is "
     "needed",
     run_check, access_table},
    {"rights", "print", "[LOGIN...] [--kafka|--redis]",
     "the commands that give every login its rights in Kafka and Redis", run_print, print_table},
    {"rights", "show", "[--commands]", "show who may do what, and as whom you act", run_show,
     show_table},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
