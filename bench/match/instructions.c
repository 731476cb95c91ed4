// SPDX-License-Identifier: Apache-2.0
/*
 * The hot loop over fixed reads, for callgrind to count: see instructions.sh.
 *
 *   match_instructions WORKLOAD scalar|vector      prints how many reads were measured; 77: no such
 *                                                  vectors here
 */
#include <stdio.h>
#include <stdlib.h>

#include "match/kernel.h"
#include "match/workload.h"

enum { NO_VECTORS = 77 };

static const struct row {
    const char *name;
    struct workload_plan plan;
} rows[] = {
    {"exact", {.entries = 10000, .reads = 40000}},
    {"confused", {.entries = 10000, .reads = 40000, .confused = true}},
    {"wildcard", {.entries = 10000, .reads = 10000, .masks = 32}},
};

// What is counted, and nothing else: callgrind is told this function's name.
__attribute__((noinline)) void measured_pass(struct hs_matcher *matcher, const struct workload *w,
                                             size_t *hits);

static void count_hit(void *ctx, const struct hs_hit *hit)
{
    (void)hit;
    ++*(size_t *)ctx;
}

void measured_pass(struct hs_matcher *matcher, const struct workload *w, size_t *hits)
{
    static const struct hs_match_context context;
    for (size_t i = 0; i < w->read_count; i += WORKLOAD_BATCH) {
        hs_matcher_run(matcher, w->snapshot, &context, &w->reads[i], WORKLOAD_BATCH, NULL,
                       count_hit, hits);
    }
}

static int run_row(const struct row *row, const struct hs_kernel *kernel)
{
    struct workload workload;
    struct hs_matcher *matcher;
    size_t hits = 0;
    workload_make(&row->plan, &workload);
    if (hs_matcher_new_with(kernel, &matcher) != 0) {
        return 1;
    }
    measured_pass(matcher, &workload, &hits);
    printf("%zu reads, %zu hits\n", workload.read_count, hits);
    hs_matcher_free(matcher);
    workload_free(&workload);
    return hits > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    bool scalar = argc == 3 && strcmp(argv[2], "scalar") == 0;
    const struct hs_kernel *kernel = scalar ? &hs_kernel_scalar : hs_kernel_best();
    if (!scalar && kernel == &hs_kernel_scalar) {
        return NO_VECTORS;
    }
    for (size_t i = 0; argc == 3 && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(argv[1], rows[i].name) == 0) {
            return run_row(&rows[i], kernel);
        }
    }
    fprintf(stderr, "usage: match_instructions exact|confused|wildcard scalar|vector\n");
    return 2;
}
