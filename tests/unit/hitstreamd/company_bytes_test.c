// SPDX-License-Identifier: Apache-2.0
/*
 * What is told of who passed around a hit is the same bytes however its site's reads come: one by one or many at once,
 * and whether or not others (a covert list's hits) wait at the site as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "hitstreamd/company_event.h"

enum {
    READS = 6000,
    HIT_EVERY = 701,
    COVERT_EVERY = 41,
    AFTER_MS = 20000,
    SETTLE_MS = 2000,
    RUNS = 20
};
#define T INT64_C(1790000000000)

// A hit that waits for who comes after it.
struct waiting {
    struct hs_window window; // first: found by it
    struct hs_around around;
    char vehicle[8];
    bool covert;
    struct waiting *next; // of all, to be freed
};

struct run {
    struct hs_site *site;
    struct hs_window_log log;
    struct waiting *all;
    struct hs_buf told; // records of open hits, one after the other
};

// Read `i`: few vehicles, so that some pass twice; times that go back now and then.
static struct hs_read_view read_of(uint64_t seed, size_t i)
{
    static const struct hs_candidate_view none[1];
    uint64_t dice = hs_hash_u64(seed + i);
    struct hs_read_view view = {.vrm_len = 7, .candidates = none, .lane = (uint8_t)(dice % 4)};
    char vrm[16];
    snprintf(vrm, sizeof(vrm), "AB%02u%cDE", (unsigned)(dice >> 8) % 90 + 10,
             "ABCO"[(dice >> 16) % 4]);
    memcpy(view.vrm, vrm, 7);
    view.captured_at_ms = T + (int64_t)i * 150 - (int64_t)((dice >> 24) % 5 * 400);
    return view;
}

static void close_window(struct run *run, struct waiting *hit, int64_t now_ms)
{
    struct hs_company after;
    struct hs_buf record = {0};
    const struct hs_company_of of = {
        .vehicle = hit->vehicle, .list_id = "", .captured_at_ms = hit->window.captured_at_ms};
    hs_companions_after(&hit->around, hs_window_seen_ms(&hit->window, now_ms), &after);
    hs_company_after_pack(&of, &after, NULL, &record);
    if (!hit->covert) {
        hs_buf_add(&run->told, record.ptr, record.len);
    }
    hs_buf_fini(&record);
    hs_window_close(&run->log, &hit->window);
}

static void wait_for(struct run *run, const struct hs_read_view *view, bool covert)
{
    struct waiting *hit = calloc(1, sizeof(*hit));
    assert_non_null(hit);
    memcpy(hit->vehicle, view->vrm, 7);
    hit->covert = covert;
    hit->around = (struct hs_around){.ring = hs_site_ring(run->site),
                                     .captured_at_ms = view->captured_at_ms,
                                     .read_vrm = hs_str(hit->vehicle),
                                     .vehicle = hs_str(hit->vehicle),
                                     .max = 16};
    hit->next = run->all;
    run->all = hit;
    hs_window_open(&run->log, run->site, view->captured_at_ms, T, AFTER_MS, SETTLE_MS,
                   &hit->window);
}

// Reads pass as far as `count`, at most `chunk` at once, none beyond the next hit.
static void pass(struct run *run, const struct hs_read_view *views, size_t count)
{
    while (count > 0) {
        size_t taken = hs_site_add(run->site, views, count, views->captured_at_ms + 60000);
        struct hs_window *due;
        views += taken;
        count -= taken;
        while ((due = hs_site_due(run->site))) {
            close_window(run, (struct waiting *)due, 0);
        }
    }
}

static struct hs_buf told_of(uint64_t seed, size_t chunk, bool covert)
{
    static struct hs_read_view views[READS];
    struct hs_sites *sites;
    struct run run = {0};
    assert_int_equal(hs_sites_new(4, &sites), 0);
    run.site = hs_sites_get(sites, hs_sites_hash(0, HS_STR("s")), 0, HS_STR("s"));
    assert_non_null(run.site);
    for (size_t i = 0; i < READS; i++) {
        views[i] = read_of(seed, i);
    }
    for (size_t at = 0, end; at < READS; at = end) {
        for (end = at + 1; end < READS && end - at < chunk && end % HIT_EVERY != 1 &&
                           !(covert && end % COVERT_EVERY == 1);) {
            end++;
        }
        pass(&run, &views[at], end - at);
        if (end % HIT_EVERY == 1) {
            wait_for(&run, &views[end - 1], false);
        }
        if (covert && end % COVERT_EVERY == 1) {
            wait_for(&run, &views[end - 1], true);
        }
    }
    while (run.log.first) {
        close_window(&run, (struct waiting *)run.log.first, INT64_MAX);
    }
    for (struct waiting *hit = run.all, *next; hit; hit = next) {
        next = hit->next;
        free(hit);
    }
    hs_sites_free(sites);
    return run.told;
}

static void the_same_reads_tell_the_same_bytes(void **state)
{
    (void)state;
    static const size_t chunks[] = {1, 2, 7, 64, READS};
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct hs_buf first = told_of(seed << 32, 1, false);
        assert_true(first.len > 1000);
        for (size_t i = 0; i < 2 * sizeof(chunks) / sizeof(chunks[0]); i++) {
            struct hs_buf other = told_of(seed << 32, chunks[i / 2], i % 2 == 1);
            if (other.len != first.len || memcmp(other.ptr, first.ptr, first.len) != 0) {
                fail_msg("seed %u, at most %zu reads at once, covert hits %zu: other bytes",
                         (unsigned)seed, chunks[i / 2], i % 2);
            }
            hs_buf_fini(&other);
        }
        hs_buf_fini(&first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_reads_tell_the_same_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
