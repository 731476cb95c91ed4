// SPDX-License-Identifier: Apache-2.0
//
// Figure 'route': one decision who is told, with 200 queues and 50 operations that run at the same
// time, beside a router that looks through all definitions.
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "route/naive.h"
#include "support/figure.h"

enum { QUEUES = 200, OPERATIONS = 50, FORCES = 43, LISTS = 60, QUESTIONS = 1024, TOLD_MAX = 256 };

#define AT_MS INT64_C(1768300000000) // 2026-01-13

// Questions as hits ask them, with their texts.
struct bench {
    struct hs_routes *routes;
    struct hs_route_query queries[QUESTIONS];
    struct hs_bump bump;
    unsigned rounds;
    uint64_t told; // so that nothing is optimised away
};

// A small generator, the same on every machine (Knuth's MMIX).
static uint64_t random_state = 1;

static unsigned below(unsigned limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((random_state >> 33) % limit);
}

static void write_queues(struct hs_buf *out)
{
    hs_buf_add_text(out, "queues:\n");
    for (unsigned i = 0; i < QUEUES / 2; i++) {
        unsigned force = i % FORCES;
        hs_buf_printf(out,
                      "  desk-%u: {owner: force-%u, kind: live, lists: [list-%u, list-%u], "
                      "forces: [force-%u], intelligence_queue: intel-%u}\n",
                      i, force, i % LISTS, (i + 17) % LISTS, force, i);
        hs_buf_printf(out,
                      "  intel-%u: {owner: force-%u, kind: intelligence, lists: [\"*\"], "
                      "forces: [force-%u]}\n",
                      i, force, force);
    }
}

static void write_operations(struct hs_buf *out)
{
    hs_buf_add_text(out, "operations:\n");
    for (unsigned i = 0; i < OPERATIONS; i++) {
        hs_buf_printf(out,
                      "  op-%u: {authority: x, lead: force-%u, forces: [force-%u, force-%u, "
                      "force-%u], from: 2026-01-0%uT00:00:00Z, to: 2026-01-%uT00:00:00Z, lists: "
                      "[list-%u, list-%u], roads: [M%u, A%u], queues: [desk-%u, desk-%u, "
                      "intel-%u]}\n",
                      i, i % FORCES, (i + 1) % FORCES, (i + 2) % FORCES, (i + 3) % FORCES,
                      1 + i % 9, 15 + i % 14, i % LISTS, (i + 5) % LISTS, i % 7, i % 11,
                      i % (QUEUES / 2), (i + 43) % (QUEUES / 2), i % (QUEUES / 2));
    }
}

static int make_table(struct bench *bench)
{
    struct hs_buf queues = {0};
    struct hs_buf operations = {0};
    struct hs_buf text = {0};
    struct hs_diags diags = {0};
    write_queues(&queues);
    write_operations(&operations);
    const struct hs_routes_file files[] = {{hs_buf_str(&queues), "queues.yaml"},
                                           {hs_buf_str(&operations), "operations.yaml"}};
    int rc = hs_routes_parse_all(&files[0], &files[1], NULL, &diags, &bench->routes);
    for (size_t i = 0; rc != 0 && i < diags.count; i++) {
        if (diags.rows[i].severity == HS_DIAG_ERROR) {
            hs_diag_format(&diags.rows[i], &text);
            hs_buf_add_char(&text, '\n');
        }
    }
    fputs(hs_buf_text(&text), stderr);
    hs_diags_fini(&diags);
    hs_buf_fini(&text);
    hs_buf_fini(&queues);
    hs_buf_fini(&operations);
    return rc;
}

static struct hs_str word(struct hs_bump *bump, const char *prefix, unsigned number)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%s%u", prefix, number);
    return hs_str(hs_bump_copy(bump, text, (size_t)len));
}

static void make_questions(struct bench *bench)
{
    for (unsigned i = 0; i < QUESTIONS; i++) {
        bench->queries[i] = (struct hs_route_query){
            .list_id = word(&bench->bump, "list-", below(LISTS)),
            .list_owner = word(&bench->bump, "force-", below(FORCES)),
            .handling = 1U << below(2),
            .force = word(&bench->bump, "force-", below(FORCES)),
            .area = word(&bench->bump, "area-", below(100)),
            .road = word(&bench->bump, below(2) ? "M" : "A", below(11)),
            .site = word(&bench->bump, "site-", below(2000)),
            .at_ms = AT_MS + below(1000000) * INT64_C(1000),
            .safeguarding = below(10) == 0 ? 1U << below(3) : 0,
            .stale = below(20) == 0,
        };
    }
}

// ------------------------------------------------------------------ measuring

typedef size_t decide_fn(const struct hs_routes *routes, const struct hs_route_query *query,
                         const struct hs_queue **ret_queues, size_t max);

static double measure(struct bench *bench, decide_fn *decide, unsigned rounds)
{
    const struct hs_queue *told[TOLD_MAX];
    double from_s = hs_bench_cpu_seconds(); // others may have the core in between
    for (unsigned r = 0; r < rounds; r++) {
        for (unsigned i = 0; i < QUESTIONS; i++) {
            bench->told += decide(bench->routes, &bench->queries[i], told, TOLD_MAX);
        }
    }
    return (hs_bench_cpu_seconds() - from_s) * 1e9 / ((double)rounds * QUESTIONS);
}

static double subject(void *ctx)
{
    struct bench *bench = ctx;
    return measure(bench, hs_route_decide, bench->rounds);
}

static double reference(void *ctx)
{
    struct bench *bench = ctx;
    return measure(bench, naive_decide, 1);
}

static int by_address(const void *a, const void *b)
{
    const struct hs_queue *one = *(const struct hs_queue *const *)a;
    const struct hs_queue *two = *(const struct hs_queue *const *)b;
    return one < two ? -1 : one > two;
}

// Both must tell the same queues: a fast wrong answer is worth nothing.
static bool same_answers(const struct bench *bench)
{
    for (unsigned i = 0; i < QUESTIONS; i++) {
        const struct hs_queue *a[TOLD_MAX];
        const struct hs_queue *b[TOLD_MAX];
        size_t a_count = hs_route_decide(bench->routes, &bench->queries[i], a, TOLD_MAX);
        size_t b_count = naive_decide(bench->routes, &bench->queries[i], b, TOLD_MAX);
        qsort(b, b_count, sizeof(*b), by_address);
        if (a_count != b_count || memcmp(a, b, a_count * sizeof(*a)) != 0) {
            fprintf(stderr, "route_bench: question %u is answered in two ways\n", i);
            return false;
        }
    }
    return true;
}

int main(void)
{
    static struct bench bench;
    struct hs_figure figure = {.name = "route",
                               .unit = "ns",
                               .bar = HS_BAR_VALUE_AT_MOST,
                               .limit = 200,
                               .runs = hs_bench_smoke() ? 1 : 15,
                               .note = "200 queues, 50 operations; reference: every queue and "
                                       "operation looked at"};
    if (make_table(&bench) != 0) {
        return 1;
    }
    make_questions(&bench);
    bench.rounds = hs_bench_smoke() ? 1 : 400;
    if (!same_answers(&bench)) {
        return 1;
    }
    hs_bench_alternate(figure.runs, subject, reference, &bench, &figure.value, &figure.reference);
    hs_figure_print(&figure);
    fprintf(stderr, "%.2f queues a decision\n",
            (double)bench.told / ((double)figure.runs * QUESTIONS * (bench.rounds + 1)));
    hs_routes_free(bench.routes);
    hs_bump_fini(&bench.bump);
    return 0;
}
