// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"

HS_LOG_EVENT(event_flood, "flood", "5b3f1f0c6f7d4c57a4a1d2b9c0e7f811");
HS_LOG_EVENT(event_quiet, "quiet", "0d1a1c5b2e8f4b0e9c3a7f6e5d4c3b2a");

struct seen {
    int records;
    char last[256];
};

static void collect(void *ctx, enum hs_log_level level, const struct hs_log_event *event,
                    const char *text)
{
    struct seen *seen = ctx;
    (void)level;
    (void)event;
    seen->records++;
    strncpy(seen->last, text, sizeof(seen->last) - 1);
}

static void one_flooding_event_does_not_silence_another(void **state)
{
    struct seen seen = {0};
    (void)state;
    hs_log_open(collect, &seen, HS_LOG_INFO);
    for (int i = 0; i < 1000; i++) {
        hs_log(HS_LOG_WARNING, &event_flood, "read '%d' rejected", i);
    }
    assert_int_equal(seen.records, HS_LOG_BURST);
    hs_log(HS_LOG_WARNING, &event_quiet, "redis is away");
    assert_int_equal(seen.records, HS_LOG_BURST + 1);
    assert_string_equal(seen.last, "redis is away");
}

static void the_level_is_a_ceiling(void **state)
{
    struct seen seen = {0};
    (void)state;
    hs_log_open(collect, &seen, HS_LOG_WARNING);
    hs_log(HS_LOG_INFO, &event_quiet, "not said");
    assert_int_equal(seen.records, 0);
    assert_true(hs_log_enabled(HS_LOG_ERROR));
    assert_false(hs_log_enabled(HS_LOG_DEBUG));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_flooding_event_does_not_silence_another),
        cmocka_unit_test(the_level_is_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
