// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "match/companions.h"

#define T INT64_C(1790000000000)

static struct hs_sites *sites;
static struct hs_candidate_view no_candidates[1];

static int setup(void **state)
{
    (void)state;
    return hs_sites_new(4, &sites);
}

static int teardown(void **state)
{
    (void)state;
    hs_sites_free(sites);
    return 0;
}

static struct hs_read_view read_at(const char *vrm, int64_t ms, uint8_t lane)
{
    struct hs_read_view view = {.vrm_len = (uint8_t)strlen(vrm),
                                .lane = lane,
                                .captured_at_ms = T + ms,
                                .candidates = no_candidates};
    memcpy(view.vrm, vrm, strlen(vrm) <= sizeof(view.vrm) ? strlen(vrm) : 0);
    return view;
}

// Appended when it was captured.
static size_t pass(struct hs_site *site, const char *vrm, int64_t ms, uint8_t lane)
{
    struct hs_read_view view = read_at(vrm, ms, lane);
    return hs_site_add(site, &view, 1, T + ms);
}

static struct hs_site *get_site(int32_t partition, struct hs_str key)
{
    enum { COMING = 16 };
    uint64_t hash = hs_sites_hash(partition, key), hashes[COMING];
    for (size_t i = 0; i < COMING; i++) {
        hashes[i] = hash;
    }
    hs_sites_expect(sites, hashes, COMING);
    return hs_sites_get(sites, hash, partition, key);
}

static struct hs_site *site_of(const char *key)
{
    struct hs_site *site = get_site(0, hs_str(key));
    assert_non_null(site);
    return site;
}

static struct hs_around around(struct hs_site *site, const char *vrm, int64_t ms)
{
    return (struct hs_around){.ring = hs_site_ring(site),
                              .captured_at_ms = T + ms,
                              .read_vrm = hs_str(vrm),
                              .vehicle = hs_str(vrm),
                              .max = 16};
}

// "AB12CDE 500 L2, ..." and what is beyond the bound.
static const char *text(const struct hs_company *company)
{
    static char out[4096];
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < company->count; i++) {
        const struct hs_companion *c = &company->listed[i];
        len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s %u L%u", i ? ", " : "",
                                c->vrm.text, c->gap_ms, c->lane);
    }
    if (company->not_listed) {
        snprintf(out + len, sizeof(out) - len, " and %u", company->not_listed);
    }
    return out;
}

static void companions_before_are_the_nearest_each_once(void **state)
{
    (void)state;
    struct hs_site *site = site_of("A4-west");
    struct hs_company company;
    pass(site, "RA61LYX", -20001, 1); // too early
    pass(site, "RA62LYX", -20000, 1);
    pass(site, "ra63 lyx", -3000, 2); // out of order
    pass(site, "RA64LYX", -9000, 1);
    pass(site, "RA62LYX", -1500, 3); // again, nearer
    pass(site, "AB12CDE", -800, 1);  // the hit's own vehicle on another camera
    pass(site, "A812CDE", -700, 1);  // misread as its look-alike
    pass(site, "RA6?LYX", -100, 1);  // names nobody
    pass(site, "AB12CDE", 0, 2);
    pass(site, "RA66LYX", 0, 4); // beside it: before, and not after
    pass(site, "RA65LYX", 1, 1); // after it
    struct hs_around hit = around(site, "AB12CDE", 0);
    hs_companions_before(&hit, 20000, &company);
    assert_string_equal(text(&company),
                        "RA66LYX 0 L4, RA62LYX 1500 L3, RA63LYX 3000 L2, RA64LYX 9000 L1");
    assert_int_equal(company.window_ms, 20000);
    hit.max = 2;
    hs_companions_before(&hit, 20000, &company);
    assert_string_equal(text(&company), "RA66LYX 0 L4, RA62LYX 1500 L3 and 2");
    hit.max = 16;
    hit.vehicle = HS_STR("RA63LYX"); // listed so, read otherwise
    hs_companions_before(&hit, 5000, &company);
    assert_string_equal(text(&company), "RA66LYX 0 L4, RA62LYX 1500 L3");
    hs_companions_after(&hit, 20000, &company);
    assert_string_equal(text(&company), "RA65LYX 1 L1");
}

static void nothing_is_said_of_a_time_that_is_not_known(void **state)
{
    (void)state;
    struct hs_site *site = site_of("A4-west");
    struct hs_company company;
    struct hs_flow flow;
    struct hs_around hit = around(site, "AB12CDE", 0);
    pass(site, "RA61LYX", -9000, 1);
    pass(site, "RA62LYX", -2000, 1);
    hit.known_from_ms = T - 5000; // began to read then
    hs_companions_before(&hit, 20000, &company);
    assert_string_equal(text(&company), "RA62LYX 2000 L1");
    assert_int_equal(company.window_ms, 5000);
    hs_flow_before(&hit, 180000, &flow);
    assert_int_equal(flow.vehicles, 1);
    assert_int_equal(flow.window_ms, 5000);
    hit.known_from_ms = T + 60000; // an old hit, sent late
    hs_companions_before(&hit, 20000, &company);
    assert_int_equal(company.window_ms, 0);
    assert_int_equal(company.count, 0);
    hit.known_from_ms = 0;
    for (int i = 0; i < HS_SITE_READS; i++) { // the ring comes round
        pass(site, "RA63LYX", -1000 + i, 1);
    }
    hs_companions_before(&hit, 20000, &company);
    assert_int_equal(company.window_ms, 1000);
}

static void flow_counts_other_marks_within_its_window(void **state)
{
    (void)state;
    struct hs_site *site = site_of("A4-west");
    struct hs_flow flow;
    char vrm[24];
    pass(site, "RA61LYX", -180001, 1);
    for (int i = 0; i < 100; i++) {
        snprintf(vrm, sizeof(vrm), "RA%02dLYX", i);
        pass(site, vrm, -170000 + i * 1000, 1);
        pass(site, vrm, -170000 + i * 1000 + 1, 2); // two cameras see each
    }
    pass(site, "AB12CDE", 0, 1);
    struct hs_around hit = around(site, "AB12CDE", 0);
    hs_flow_before(&hit, 180000, &flow);
    assert_int_equal(flow.vehicles, 100);
    assert_int_equal(flow.window_ms, 180000);
}

// A window of 20 s, settled 5 s later.
static void open_window(struct hs_window_log *log, struct hs_site *site, int64_t captured_ms,
                        int64_t appended_ms, struct hs_window *window)
{
    hs_window_open(log, site, T + captured_ms, T + appended_ms, 20000, 5000, window);
}

static void a_window_is_due_by_its_site_by_the_log_or_when_the_ring_is_full(void **state)
{
    (void)state;
    struct hs_site *site = site_of("A4-west"), *other = site_of("M5-north");
    struct hs_window_log log = {0};
    struct hs_window windows[3];
    pass(site, "AB12CDE", 0, 1);
    open_window(&log, site, 0, 300, &windows[0]);
    pass(other, "AB12CDE", 100, 1);
    open_window(&log, other, 100, 400, &windows[1]);

    assert_int_equal(pass(site, "RA61LYX", 24999, 1), 1);
    assert_null(hs_site_due(site));
    // a camera with its clock ahead ends nothing
    struct hs_read_view ahead = read_at("RA62LYX", 3600000, 1);
    hs_site_add(site, &ahead, 1, T + 20000);
    assert_null(hs_site_due(site));
    pass(site, "RA63LYX", 25000, 1);
    assert_ptr_equal(hs_site_due(site), &windows[0]);
    assert_int_equal(hs_window_seen_ms(&windows[0], T), 20000);
    hs_window_close(&log, &windows[0]);
    assert_null(hs_site_due(site));

    assert_null(hs_window_due(&log, T + 25399)); // the site is silent, the log goes on
    assert_ptr_equal(hs_window_due(&log, T + 25400), &windows[1]);
    assert_int_equal(hs_window_seen_ms(&windows[1], T + 25400), 20000);
    hs_window_close(&log, &windows[1]);
    assert_null(log.first);
    assert_null(log.last);

    struct hs_read_view reads[HS_SITE_READS + 10];
    for (int i = 0; i < HS_SITE_READS + 10; i++) {
        reads[i] = read_at("RA61LYX", 30000 + i, 1);
    }
    pass(site, "AB12CDE", 30000, 1);
    open_window(&log, site, 30000, 30000, &windows[2]);
    assert_int_equal(hs_site_add(site, reads, HS_SITE_READS + 10, T + 31000), HS_SITE_READS);
    assert_ptr_equal(hs_site_due(site), &windows[2]);
    assert_int_equal(hs_window_seen_ms(&windows[2], T + 31000), HS_SITE_READS - 1);
    hs_window_close(&log, &windows[2]);
    assert_int_equal(hs_site_add(site, reads + HS_SITE_READS, 10, T + 31000), 10);
    assert_int_equal(log.count, 0);
}

static void the_site_that_was_not_used_for_longest_gives_way(void **state)
{
    (void)state;
    struct hs_window_log log = {0};
    struct hs_window window;
    struct hs_site *kept = site_of("a");
    pass(kept, "AB12CDE", 0, 1);
    open_window(&log, kept, 0, 0, &window);
    pass(site_of("b"), "RA61LYX", 0, 1);
    pass(site_of("c"), "RA61LYX", 0, 1);
    pass(site_of("d"), "RA61LYX", 0, 1);
    struct hs_site *fifth = site_of("e");
    assert_int_equal(hs_sites_count(sites), 4);
    assert_int_equal(hs_sites_dropped(sites), 1);
    assert_int_equal(hs_ring_count(hs_site_ring(fifth)), 0); // nothing of who was there before
    assert_null(hs_ring_at(hs_site_ring(fifth), 0));
    assert_ptr_equal(site_of("a"), kept);
    char key[24];
    for (int i = 0; i < 1000; i++) { // every slot of the table, and what moves when one goes
        snprintf(key, sizeof(key), "s%d", i * 7919 % 1000);
        assert_int_equal(hs_ring_count(hs_site_ring(site_of(key))), 0);
        assert_ptr_equal(site_of(key), site_of(key));
        pass(site_of(key), "RA61LYX", i, 1);
        assert_ptr_equal(site_of("a"), kept);
    }
    assert_int_equal(hs_sites_count(sites), 4);
    hs_window_close(&log, &window);
    assert_null(get_site(0, HS_STR("")));
    char longest[300];
    memset(longest, 'x', sizeof(longest));
    assert_null(get_site(0, hs_str_n(longest, 256)));
    assert_non_null(get_site(0, hs_str_n(longest, 255)));
    assert_ptr_not_equal(site_of("p"), get_site(1, HS_STR("p")));
}

// From the definitions alone: all reads that ever passed, no ring, no order of arrival but the
// index.
struct passed {
    char vrm[HS_VIEW_TEXT_BYTES + 1];
    int64_t ms;
    uint8_t lane;
};

static bool same_vehicle(const char *a, const char *b)
{
    if (strlen(a) != strlen(b)) {
        return false;
    }
    for (size_t i = 0; a[i]; i++) {
        if (hs_vrm_class_of(a[i]) != hs_vrm_class_of(b[i])) {
            return false;
        }
    }
    return true;
}

// The nearest of all reads in [from, to] whose vehicle is not among `told`; -1: none.
static int nearest(const struct passed *passed, int count, int64_t hit_ms, int64_t from_ms,
                   int64_t to_ms, const char *own, const int *told, int told_count)
{
    int found = -1;
    for (int i = 0; i < count; i++) {
        const struct passed *p = &passed[i];
        bool known = same_vehicle(p->vrm, own) || strchr(p->vrm, '?');
        for (int k = 0; k < told_count; k++) {
            known = known || same_vehicle(p->vrm, passed[told[k]].vrm);
        }
        if (known || p->ms < from_ms || p->ms > to_ms) {
            continue;
        }
        if (found < 0 || llabs(p->ms - hit_ms) < llabs(passed[found].ms - hit_ms)) {
            found = i;
        }
    }
    return found;
}

static void expect(const struct hs_company *company, const struct passed *passed, int count,
                   int64_t hit_ms, int64_t from_ms, int64_t to_ms, const char *own)
{
    int told[HS_SITE_READS], n = 0, next;
    while ((next = nearest(passed, count, hit_ms, from_ms, to_ms, own, told, n)) >= 0) {
        told[n++] = next;
    }
    assert_int_equal(company->count, n < 16 ? n : 16);
    assert_int_equal(company->not_listed, n - (int)company->count);
    for (uint32_t i = 0; i < company->count; i++) {
        assert_string_equal(company->listed[i].vrm.text, passed[told[i]].vrm);
        assert_int_equal(company->listed[i].gap_ms, llabs(passed[told[i]].ms - hit_ms));
        assert_int_equal(company->listed[i].lane, passed[told[i]].lane);
    }
}

static void random_traffic_agrees_with_a_slow_reference(void **state)
{
    (void)state;
    const char *given = getenv("HS_SEED");
    unsigned seed = given ? (unsigned)atoi(given) : 20261122;
    print_message("seed %u\n", seed);
    for (int round = 0; round < 300; round++) {
        struct passed passed[HS_SITE_READS];
        int count = 1 + (int)((unsigned)rand_r(&seed) % HS_SITE_READS);
        struct hs_site *site = site_of("A4-west");
        for (int i = 0; i < count; i++) {
            static const char letters[] = "0ODQ1I2Z8BX?";
            struct passed *p = &passed[i];
            memset(p, 0, sizeof(*p));
            strcpy(p->vrm, "RA61LY");
            p->vrm[3] = letters[(unsigned)rand_r(&seed) % 11];
            p->vrm[5] = letters[(unsigned)rand_r(&seed) % 12];
            p->vrm[6] = (char)('A' + rand_r(&seed) % 8);
            p->ms = i * 150 - rand_r(&seed) % 3000;
            p->lane = (uint8_t)(rand_r(&seed) % 4);
            pass(site, p->vrm, p->ms, p->lane);
        }
        const struct passed *hit = &passed[(unsigned)rand_r(&seed) % (unsigned)count];
        const struct hs_around asked = around(site, hit->vrm, hit->ms);
        struct hs_company company;
        bool partial = strchr(hit->vrm, '?') != NULL;
        const char *own = partial ? "" : hit->vrm;
        hs_companions_before(&asked, 8000, &company);
        expect(&company, passed, count, hit->ms, hit->ms - 8000, hit->ms, own);
        hs_companions_after(&asked, 9000, &company);
        expect(&company, passed, count, hit->ms, hit->ms + 1, hit->ms + 9000, own);
        hs_sites_reset(sites);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(companions_before_are_the_nearest_each_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nothing_is_said_of_a_time_that_is_not_known, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(flow_counts_other_marks_within_its_window, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_window_is_due_by_its_site_by_the_log_or_when_the_ring_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(the_site_that_was_not_used_for_longest_gives_way, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(random_traffic_agrees_with_a_slow_reference, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
