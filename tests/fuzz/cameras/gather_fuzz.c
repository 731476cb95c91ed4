// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a gatherer's memory, then as observations: who is restored in between finds what the
 * other finds, and remembers the same. The input is pieces, each with its length before it: a memory,
 * which may be refused, then observations.
 */
#include "base/error.h"
#include "cameras/gather.h"
#include "fuzz/fuzz.h"

struct finder {
    struct hs_gather *gather;
    struct hs_buf found; // a line a change
};

static void on_changed(void *ctx, const Hitstream__V1__CameraHealth *health,
                       const Hitstream__V1__CameraFault *fault)
{
    struct finder *finder = ctx;
    hs_buf_printf(&finder->found, "%s %zu %d\n", health->camera_id, health->n_faults,
                  fault ? (int)fault->kind : -1);
}

static void finder_new(struct finder *finder)
{
    const struct hs_gather_sink sink = {.ctx = finder, .changed = on_changed};
    const struct hs_gather_terms terms = {.window_ms = 600000, .clock_ms = 5000, .vehicles = 3};
    *finder = (struct finder){0};
    fuzz_must(hs_gather_new(&sink, &finder->gather) == 0);
    hs_gather_set_terms(finder->gather, &terms);
}

static void finder_free(struct finder *finder)
{
    hs_gather_free(finder->gather);
    hs_buf_fini(&finder->found);
}

static void apply(struct finder *finder, struct hs_str pieces)
{
    while (pieces.len > 0) {
        int rc = hs_gather_apply(finder->gather, fuzz_piece(&pieces));
        fuzz_must(rc == 0 || rc == HS_EFORMAT);
    }
}

static void same_memory(const struct finder *a, const struct finder *b)
{
    struct hs_buf one = {0}, other = {0};
    fuzz_must(hs_gather_pack(a->gather, &one) == 0 && hs_gather_pack(b->gather, &other) == 0);
    fuzz_must(hs_str_eq(hs_buf_str(&one), hs_buf_str(&other)));
    hs_buf_fini(&one);
    hs_buf_fini(&other);
}

// Another takes over what the first remembers.
static void hand_over(const struct finder *first, struct finder *ret_second)
{
    struct hs_buf memory = {0};
    fuzz_must(hs_gather_pack(first->gather, &memory) == 0);
    finder_new(ret_second);
    fuzz_must(hs_gather_restore(ret_second->gather, hs_buf_str(&memory)) == 0);
    hs_buf_fini(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_str input = hs_str_n(data, size);
    struct finder first, second;
    finder_new(&first);
    struct hs_str memory = fuzz_piece(&input);
    if (memory.len > 0 && hs_gather_restore(first.gather, memory) != 0) {
        finder_free(&first);
        finder_new(&first);
    }
    hand_over(&first, &second);
    apply(&first, input);
    apply(&second, input);
    fuzz_must(hs_str_eq(hs_buf_str(&first.found), hs_buf_str(&second.found)));
    same_memory(&first, &second);
    finder_free(&first);
    finder_free(&second);
    return 0;
}
