// SPDX-License-Identifier: Apache-2.0
//
// Random questions (HS_CASES of them): the compiled table answers as the slow router does, and covert lists
// taken away change no answer and no canonical text of the open audience. HS_TEST_SEED=<number>
// repeats a run.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/error.h"
#include "unit/route/random_table.h"

enum { TABLES = 500, QUESTIONS = 2000 }; // a million; HS_CASES=n asks so many

static struct random source;

static int print_seed(void **state)
{
    const char *seed = getenv("HS_TEST_SEED");
    (void)state;
    source.state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    print_message("HS_TEST_SEED=%llu\n", (unsigned long long)source.state);
    return 0;
}

static struct hs_routes *parse(const struct plain_table *table, bool without_covert)
{
    struct hs_buf text = {0};
    struct hs_buf faults = {0};
    struct hs_diags diags = {0};
    struct hs_routes *routes = NULL;
    struct hs_buf operations = {0};
    table_to_yaml(table, without_covert, &text);
    operations_to_yaml(table, without_covert, &operations);
    const struct hs_routes_file files[] = {{hs_buf_str(&text), "queues.yaml"},
                                           {hs_buf_str(&operations), "operations.yaml"}};
    int rc = hs_routes_parse_all(&files[0], &files[1], NULL, &diags, &routes);
    for (size_t i = 0; i < diags.count && rc != 0; i++) {
        hs_diag_format(&diags.rows[i], &faults);
        hs_buf_add_char(&faults, '\n');
    }
    if (rc != 0) {
        fail_msg("%s\n%s%s", hs_buf_text(&faults), hs_buf_text(&text), hs_buf_text(&operations));
    }
    hs_buf_fini(&text);
    hs_buf_fini(&operations);
    hs_buf_fini(&faults);
    hs_diags_fini(&diags);
    return routes;
}

static void answer(const struct hs_routes *routes, const struct plain_question *question,
                   struct hs_buf *out)
{
    char storage[6][32];
    const struct hs_queue *queues[QUEUES_MAX];
    struct hs_route_query query = question_to_query(question, storage);
    size_t count = hs_route_decide(routes, &query, queues, QUEUES_MAX);
    assert_true(count <= QUEUES_MAX);
    for (size_t i = 0; i < count; i++) {
        hs_buf_printf(out, "%.*s,", HS_STR_ARG(queues[i]->name));
    }
}

// The explanation says of each queue what the answer says, but for what is diverted.
static void explain(const struct hs_routes *routes, const struct plain_question *question)
{
    char storage[6][32];
    const struct hs_queue *told[QUEUES_MAX];
    struct hs_route_query query = question_to_query(question, storage);
    query.stale = false;
    size_t count = hs_route_decide(routes, &query, told, QUEUES_MAX);
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        struct hs_buf text = {0};
        bool is_told = false;
        for (size_t t = 0; t < count; t++) {
            is_told = is_told || told[t] == queue;
        }
        if (hs_route_explain(routes, &query, queue, &text) != is_told) {
            fail_msg("'%.*s' is %stold, and this is said: %s", HS_STR_ARG(queue->name),
                     is_told ? "" : "not ", hs_buf_text(&text));
        }
        hs_buf_fini(&text);
    }
}

static void fail_with(const struct plain_table *table, const struct plain_question *q,
                      const char *expected, const char *said)
{
    struct hs_buf text = {0};
    table_to_yaml(table, false, &text);
    operations_to_yaml(table, false, &text);
    fail_msg("%s\n%s list %u owner f%u %s force %u area %u road %u site %u second %u level %u%s%s\n"
             "expected '%s'\nanswered '%s'",
             hs_buf_text(&text), q->covert ? "covert" : "open", q->list, q->owner,
             q->stop ? "stop" : "monitor", q->force, q->area, q->road, q->site, q->second, q->level,
             q->camera_unknown ? " unknown" : "", q->stale ? " stale" : "", expected, said);
}

static void ask(const struct plain_table *table, const struct hs_routes *routes,
                const struct hs_routes *without_covert)
{
    struct hs_buf expected = {0};
    struct hs_buf said = {0};
    struct plain_question question;
    for (int i = 0; i < QUESTIONS; i++) {
        random_question(&source, &question);
        hs_buf_clear(&expected);
        hs_buf_clear(&said);
        reference_route(table, &question, &expected);
        answer(routes, &question, &said);
        if (!hs_str_eq(hs_buf_str(&expected), hs_buf_str(&said))) {
            fail_with(table, &question, hs_buf_text(&expected), hs_buf_text(&said));
        }
        if (i % 16 == 0) {
            explain(routes, &question);
        }
        if (!question.covert) {
            hs_buf_clear(&said);
            answer(without_covert, &question, &said);
            if (!hs_str_eq(hs_buf_str(&expected), hs_buf_str(&said))) {
                fail_with(table, &question, hs_buf_text(&expected), hs_buf_text(&said));
            }
        }
    }
    hs_buf_fini(&expected);
    hs_buf_fini(&said);
}

static void compare_canonical(const struct hs_routes *routes,
                              const struct hs_routes *without_covert)
{
    struct hs_buf a = {0};
    struct hs_buf b = {0};
    hs_routes_canonical(routes, HS_STR("open"), &a);
    hs_routes_canonical(without_covert, HS_STR("open"), &b);
    assert_string_equal(hs_buf_text(&a), hs_buf_text(&b));
    hs_buf_fini(&a);
    hs_buf_fini(&b);
}

static void the_compiled_table_answers_as_the_slow_router(void **state)
{
    (void)state;
    const char *cases = getenv("HS_CASES");
    long tables = cases ? strtol(cases, NULL, 10) / QUESTIONS : TABLES;
    for (long i = 0; i < tables; i++) {
        struct plain_table table;
        random_table(&source, &table);
        struct hs_routes *routes = parse(&table, false);
        struct hs_routes *without_covert = parse(&table, true);
        ask(&table, routes, without_covert);
        compare_canonical(routes, without_covert);
        hs_routes_free(routes);
        hs_routes_free(without_covert);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_compiled_table_answers_as_the_slow_router, print_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
