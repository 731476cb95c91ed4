// SPDX-License-Identifier: Apache-2.0
//
// Pairs of listed vehicles in thick traffic: every table of the convoy's memory fills up, stops are
// folded, companions fall out, queues of several forces are told, in several partitions. Whatever a
// vehicle's state leaves out shows: the owner dies and comes back behind every single event, and
// must go on to the byte as if nothing had happened. The seed is printed; HS_SEED=n runs that one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "hitstream/v1/alert.pb-c.h"
#include "scenario/story.h"

enum {
    RUNS = 3,
    EVENTS = 1200,
    LOG_MAX = 2 * EVENTS + 1,
    PARTITIONS = 3,
    LISTED = 36,  // vehicles; two that follow each other in number drive together
    SITES = 10,   // of each force
    BESIDE = 12,  // vehicles on each side of a hit
    STOP_S = 100, // between two hits of the stream, at most
    LATE = 200,   // events before the first controls
    EARLY = 600,  // events until the first partition's state stands
};

struct event {
    struct hs_buf value;
    int64_t append_ms;
    unsigned partition; // PARTITIONS: all
};

struct log {
    struct event rows[LOG_MAX];
    size_t count;
};

static uint64_t dice_state;

static unsigned dice(unsigned sides)
{
    dice_state += UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(hs_hash_u64(dice_state) % sides);
}

static void mark_of(unsigned vehicle, char ret_mark[16])
{
    snprintf(ret_mark, 16, "AB%02uCDE", vehicle);
}

// A third stands on each of two lists, a third on both.
static const char *lists_of(unsigned vehicle)
{
    static const char *const lists[] = {"stolen", "drugs", "drugs,stolen"};
    return lists[vehicle % 3];
}

static void add_companion(char *company, size_t size, unsigned hit_vehicle)
{
    char mark[16], on[32] = "";
    unsigned other = dice(3) == 0 ? dice(LISTED) : hit_vehicle ^ 1; // its own companion, or anybody
    if (dice(3) != 0) {
        snprintf(mark, sizeof(mark), "XY%02uZ%c%c", dice(60), 'A' + dice(20), 'A' + dice(20));
    } else {
        mark_of(other, mark);
        snprintf(on, sizeof(on), "@%s", lists_of(other));
    }
    size_t len = strlen(company);
    snprintf(company + len, size - len, "%s%s%c%u%s", len ? " " : "", mark, dice(2) ? '+' : '-',
             1 + dice(19), on);
}

static void pack(struct log *log, const struct story_hit *hit, bool after, int64_t at_s)
{
    struct event *event = &log->rows[log->count++];
    (after ? story_pack_companions : story_pack_hit)(hit, &event->value);
    event->append_ms = story_time_ms("00:00:00") + at_s * 1000;
    event->partition =
        (unsigned)(hs_hash_bytes(hit->vehicle, strlen(hit->vehicle), 0) % PARTITIONS);
}

static void add_hit(struct log *log, int64_t at_s)
{
    static const char *const forces[] = {"avon", "wilts", "dorset"};
    char at[32], mark[16], site[32], company[1024] = "";
    unsigned vehicle = dice(LISTED);
    const char *lists = lists_of(vehicle);
    mark_of(vehicle, mark);
    snprintf(at, sizeof(at), "0+%02d:%02d:%02d", (int)(at_s / 3600), (int)(at_s / 60 % 60),
             (int)(at_s % 60));
    snprintf(site, sizeof(site), "%s/%u", forces[dice(3)], dice(SITES));
    for (unsigned i = dice(BESIDE); i > 0; i--) {
        add_companion(company, sizeof(company), vehicle);
    }
    struct story_hit hit = {.at = at,
                            .vehicle = mark,
                            .list = strcmp(lists, "drugs,stolen") != 0 ? lists
                                    : dice(2)                          ? "drugs"
                                                                       : "stolen",
                            .site = site,
                            .company = company,
                            .flow = dice(60)};
    pack(log, &hit, false, at_s);
    pack(log, &hit, true, at_s);
}

static struct hs_controls *make_controls(void)
{
    return story_controls("queues:\n"
                          "  avon-live:\n    owner: avon\n    kind: live\n    lists: [stolen]\n"
                          "    forces: [avon]\n    default: true\n"
                          "  wilts-live:\n    owner: wilts\n    kind: live\n    lists: [drugs]\n"
                          "    forces: [wilts]\n"
                          "  dorset-live:\n    owner: dorset\n    kind: live\n    lists: ['*']\n"
                          "    forces: [dorset]\n",
                          "incident:\n  quiet_ms: 7200000\n  repeat_window_ms: 60000\n"
                          "flood:\n  list_sightings: 50\n"
                          "convoy:\n  odds: 1000\n"
                          "together:\n  sites: 2\n");
}

static void make_log(struct log *log, const struct hs_controls *controls)
{
    int64_t now_s = 6 * 3600;
    memset(log, 0, sizeof(*log));
    story_pack_controls(hs_controls_hash(controls), &log->rows[0].value);
    log->rows[0].append_ms = story_time_ms("00:00:00");
    log->rows[0].partition = PARTITIONS;
    log->count = 1;
    for (unsigned i = 0; i < EVENTS; i++) {
        now_s += dice(200) == 0 ? 3600 : dice(STOP_S) / 2;
        add_hit(log, now_s % 86400 < now_s ? 86399 : now_s);
    }
}

static void free_log(struct log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        hs_buf_fini(&log->rows[i].value);
    }
}

static void apply(struct hs_offline *offline, const struct log *log, size_t i)
{
    assert_int_equal(hs_offline_apply(offline, i, log->rows[i].append_ms,
                                      hs_buf_str(&log->rows[i].value), (struct hs_str){NULL, 0}),
                     0);
}

// What was told since the last look is the same in both.
static void compare(const struct hs_offline *straight, const struct hs_offline *restarted,
                    size_t *looked)
{
    assert_int_equal(straight->alert_count, restarted->alert_count);
    for (; *looked < straight->alert_count; (*looked)++) {
        assert_true(hs_offline_same(&straight->alerts[*looked], &restarted->alerts[*looked]));
    }
}

static size_t count_pairs(const struct hs_offline *offline)
{
    size_t pairs = 0;
    for (size_t i = 0; i < offline->alert_count; i++) {
        struct hs_str payload = offline->alerts[i].payload;
        Hitstream__V1__Alert *alert =
            hitstream__v1__alert__unpack(NULL, payload.len, (const uint8_t *)payload.ptr);
        assert_non_null(alert);
        pairs += alert->finding && strcmp(alert->finding->rule, "together") == 0;
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
    return pairs;
}

static size_t run_partition(const struct log *log, struct hs_controls *controls, unsigned partition)
{
    struct hs_offline *straight = hs_offline_new(), *restarted = hs_offline_new();
    size_t looked = 0;
    hs_offline_know(straight, hs_controls_ref(controls));
    hs_offline_know(restarted, hs_controls_ref(controls));
    for (size_t i = 0; i < log->count; i++) {
        if (log->rows[i].partition == partition || log->rows[i].partition == PARTITIONS) {
            apply(straight, log, i);
            apply(restarted, log, i);
            compare(straight, restarted, &looked);
            hs_offline_checkpoint(restarted, SIZE_MAX);
            assert_int_equal(hs_offline_restart(restarted), i + 1);
        }
    }
    size_t pairs = count_pairs(straight);
    hs_offline_free(straight);
    hs_offline_free(restarted);
    return pairs;
}

// Applied again from the log's beginning up to here, as the states stand by now.
static void die_before_the_partition_stands(struct hs_offline *offline, const struct log *log,
                                            size_t applied)
{
    hs_offline_checkpoint(offline, hs_correlator_dirty(offline->correlator)); // all but its state
    assert_int_equal(hs_offline_restart(offline), 0);
    for (size_t i = 0; i < applied; i++) {
        apply(offline, log, i);
    }
}

static void all_told(const struct hs_offline *offline, const struct hs_offline *straight)
{
    for (size_t i = 0; i < offline->alert_count; i++) {
        const struct hs_offline_alert *want = hs_offline_find(straight, &offline->alerts[i].id);
        assert_non_null(want); // nobody's
        assert_true(hs_offline_same(want, &offline->alerts[i]));
    }
    for (size_t i = 0; i < straight->alert_count; i++) {
        assert_non_null(hs_offline_find(offline, &straight->alerts[i].id));
    }
}

// What came before the first controls waits for them; vehicles' states are ahead of the log's place
// from which it is applied again, and so know vehicles of which nobody knew anything then.
static void an_owner_that_dies_before_its_first_partition_state_tells_the_same(void **state)
{
    (void)state;
    struct hs_controls *controls = make_controls();
    struct log *log = malloc(sizeof(*log));
    assert_non_null(log);
    for (uint64_t seed = 20261201; seed < 20261201 + RUNS; seed++) {
        struct hs_offline *straight = hs_offline_new(), *offline = hs_offline_new();
        hs_offline_know(straight, hs_controls_ref(controls));
        hs_offline_know(offline, hs_controls_ref(controls));
        dice_state = seed;
        printf("seed %llu\n", (unsigned long long)seed);
        make_log(log, controls);
        struct event first = log->rows[0];
        memmove(&log->rows[0], &log->rows[1], LATE * sizeof(log->rows[0]));
        log->rows[LATE] = first; // the controls
        for (size_t i = 0; i < EARLY; i++) {
            apply(straight, log, i);
            apply(offline, log, i);
            if (i >= LATE && dice(4) == 0) {
                die_before_the_partition_stands(offline, log, i + 1);
            }
        }
        all_told(offline, straight);
        assert_true(count_pairs(straight) > 0);
        hs_offline_free(straight);
        hs_offline_free(offline);
        free_log(log);
    }
    free(log);
    hs_controls_unref(controls);
}

static void an_owner_that_dies_behind_every_event_tells_the_same(void **state)
{
    (void)state;
    const char *given = getenv("HS_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : UINT64_C(20261130);
    struct hs_controls *controls = make_controls();
    struct log *log = malloc(sizeof(*log));
    assert_non_null(log);
    for (unsigned run = 0; run < RUNS; run++, seed++) {
        size_t pairs = 0;
        dice_state = seed;
        make_log(log, controls);
        printf("seed %llu", (unsigned long long)seed);
        fflush(stdout);
        for (unsigned partition = 0; partition < PARTITIONS; partition++) {
            pairs += run_partition(log, controls, partition);
        }
        printf(": %zu events, %zu pairs told\n", log->count, pairs);
        assert_true(pairs > LISTED);
        free_log(log);
    }
    free(log);
    hs_controls_unref(controls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_owner_that_dies_before_its_first_partition_state_tells_the_same),
        cmocka_unit_test(an_owner_that_dies_behind_every_event_tells_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
