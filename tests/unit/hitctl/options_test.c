// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "hitctl/command.h"

struct values {
    const char *from;
    int64_t count;
    bool force;
};

static const struct hitctl_option options[] = {
    {"from", HITCTL_TEXT, offsetof(struct values, from), "WHERE", ""},
    {"count", HITCTL_NUMBER, offsetof(struct values, count), "N", ""},
    {"force", HITCTL_FLAG, offsetof(struct values, force), NULL, ""},
    {NULL, HITCTL_FLAG, 0, NULL, NULL},
};

static char said[256];

// say.c's, for the test.
void hitctl_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(said, sizeof(said), format, args);
    va_end(args);
}

// Parses "cmd" and the words; *ret_argv gets what is left.
static int parse(struct values *values, char **ret_argv, const char *const *words)
{
    static char copies[8][64];
    int argc = 0;
    said[0] = '\0';
    ret_argv[argc++] = copies[7];
    for (; *words; words++) {
        snprintf(copies[argc - 1], sizeof(copies[0]), "%s", *words);
        ret_argv[argc] = copies[argc - 1];
        argc++;
    }
    return hitctl_options_parse(options, values, argc, ret_argv);
}
#define PARSE(values, argv, ...) parse(values, argv, (const char *const[]){__VA_ARGS__, NULL})

static void options_stand_anywhere(void **state)
{
    (void)state;
    char *argv[8];
    struct values values = {.count = 7};
    assert_int_equal(PARSE(&values, argv, "north", "--from=end", "-", "--force", "south"), 3);
    assert_string_equal(values.from, "end");
    assert_true(values.force);
    assert_int_equal(values.count, 7);
    assert_string_equal(argv[1], "north");
    assert_string_equal(argv[2], "-");
    assert_string_equal(argv[3], "south");
    assert_int_equal(PARSE(&values, argv, "--count", "12", "--", "--force"), 1);
    assert_int_equal(values.count, 12);
    assert_string_equal(argv[1], "--force");
    assert_int_equal(PARSE(&values, argv, "--from="), 0);
    assert_string_equal(values.from, "");
}

static void wrong_options_are_named(void **state)
{
    (void)state;
    const struct {
        const char *words[3];
        const char *text;
    } rows[] = {
        {{"--form", "x"}, "unknown option '--form'; did you mean '--from'?"},
        {{"--xyz"}, "unknown option '--xyz'; see --help"},
        {{"-f"}, "unknown option '-f'; see --help"},
        {{"--force=yes"}, "option '--force' takes no value"},
        {{"--from"}, "option '--from' needs a value: WHERE"},
        {{"--count", "-1"}, "option '--count': value '-1': a whole number, 0 or more, is allowed"},
        {{"--count=1x"}, "option '--count': value '1x': a whole number, 0 or more, is allowed"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *argv[8];
        struct values values = {0};
        assert_int_equal(parse(&values, argv, rows[i].words), -1);
        assert_string_equal(said, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(wrong_options_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
