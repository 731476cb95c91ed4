// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "hitctl/command.h"

enum { OPTION_NAMES_MAX = 63 };

static const struct hitctl_option *find_option(const struct hitctl_option *options,
                                               struct hs_str name)
{
    for (; options->name; options++) {
        if (hs_str_is(name, options->name)) {
            return options;
        }
    }
    return NULL;
}

static void say_unknown(const struct hitctl_option *options, struct hs_str name)
{
    const char *names[OPTION_NAMES_MAX + 1];
    size_t count = 0;
    for (; options->name && count < OPTION_NAMES_MAX; options++) {
        names[count++] = options->name;
    }
    names[count] = NULL;
    const char *nearest = hs_str_nearest(name, names);
    if (nearest) {
        hitctl_error("unknown option '--%.*s'; did you mean '--%s'?", HS_STR_ARG(name), nearest);
    } else {
        hitctl_error("unknown option '--%.*s'; see --help", HS_STR_ARG(name));
    }
}

static int store_value(const struct hitctl_option *option, void *values, const char *value)
{
    char *member = (char *)values + option->offset;
    int64_t number;
    switch (option->kind) {
    case HITCTL_FLAG:
        *(bool *)(void *)member = true;
        return 0;
    case HITCTL_TEXT:
        *(const char **)(void *)member = value;
        return 0;
    case HITCTL_NUMBER:
        if (hs_str_to_i64(hs_str(value), &number) != HS_OK || number < 0) {
            hitctl_error("option '--%s': value '%s': a whole number, 0 or more, is allowed",
                         option->name, value);
            return -1;
        }
        *(int64_t *)(void *)member = number;
        return 0;
    }
    return -1;
}

// Reads the option at argv[*at]; *at ends on its last word.
static int parse_option(const struct hitctl_option *options, void *values, int argc, char **argv,
                        int *at)
{
    struct hs_str rest = hs_str(argv[*at] + 2);
    struct hs_str name;
    hs_str_split(&rest, '=', &name);
    const struct hitctl_option *option = find_option(options, name);
    if (!option) {
        say_unknown(options, name);
        return -1;
    }
    const char *value = rest.ptr;
    if (option->kind == HITCTL_FLAG && value) {
        hitctl_error("option '--%s' takes no value", option->name);
        return -1;
    }
    if (option->kind != HITCTL_FLAG && !value) {
        if (*at + 1 >= argc) {
            hitctl_error("option '--%s' needs a value: %s", option->name, option->argument);
            return -1;
        }
        value = argv[++*at];
    }
    return store_value(option, values, value);
}

int hitctl_options_parse(const struct hitctl_option *options, void *values, int argc, char **argv)
{
    int words = 0;
    bool options_over = false;
    for (int i = 1; i < argc; i++) {
        if (!options_over && strcmp(argv[i], "--") == 0) {
            options_over = true;
        } else if (!options_over && strncmp(argv[i], "--", 2) == 0) {
            if (parse_option(options, values, argc, argv, &i) != 0) {
                return -1;
            }
        } else if (!options_over && argv[i][0] == '-' && argv[i][1] != '\0') {
            hitctl_error("unknown option '%s'; see --help", argv[i]);
            return -1;
        } else {
            argv[++words] = argv[i];
        }
    }
    return words;
}
