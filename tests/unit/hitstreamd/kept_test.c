// SPDX-License-Identifier: Apache-2.0
// The local copy of a partition's states: restoring from it and what is newer gives, byte for byte,
// what restoring from the topic gives; and a file with anything off is refused whole.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/hash.h"
#include "hitstreamd/correlate_kept.h"
#include "scenario/story.h"

enum { TOPIC_MAX = 4000, KEYS_MAX = 200, NOW_MS = 1000000, RUNS = 100 };

static char path[256];
static uint64_t dice_state;

static uint64_t dice(uint64_t sides)
{
    dice_state += UINT64_C(0x9e3779b97f4a7c15);
    return hs_hash_u64(dice_state) % sides;
}

// ---- the topic ----

struct topic {
    struct hs_kept_record rows[TOPIC_MAX]; // texts are owned
    size_t count;
    uint64_t epoch; // of what is appended
};

static struct hs_str copy(struct hs_str text)
{
    char *bytes = malloc(text.len + 1);
    assert_non_null(bytes);
    memcpy(bytes, text.len > 0 ? text.ptr : "", text.len);
    return hs_str_n(bytes, text.len);
}

static void append(void *ctx, struct hs_str key, struct hs_str value)
{
    struct topic *topic = ctx;
    assert_true(topic->count < TOPIC_MAX);
    topic->rows[topic->count++] = (struct hs_kept_record){copy(key), copy(value), topic->epoch};
}

static void topic_fini(struct topic *topic)
{
    for (size_t i = 0; i < topic->count; i++) {
        free((char *)(uintptr_t)topic->rows[i].key.ptr);
        free((char *)(uintptr_t)topic->rows[i].value.ptr);
    }
    topic->count = 0;
}

static struct hs_kept_head head_at(int64_t next_offset)
{
    return (struct hs_kept_head){"cluster-1", 3, next_offset, NOW_MS};
}

// Brings the file up to `end` in one step.
static void keep(const struct topic *topic, size_t end)
{
    struct hs_kept *old = NULL;
    struct hs_kept_news news = {0};
    char why[HS_KEPT_WHY_BYTES];
    int rc = hs_kept_open(path, "cluster-1", 3, NOW_MS, &old, why);
    assert_true(rc == 0 || rc == HS_ENOTFOUND);
    size_t at = old ? (size_t)hs_kept_head(old)->next_offset : 0;
    for (; at < end; at++) {
        assert_int_equal(hs_kept_news_add(&news, &topic->rows[at]), 0);
    }
    const struct hs_kept_head head = head_at((int64_t)end);
    assert_int_equal(hs_kept_write(path, &head, old, &news, NULL, NULL), 0);
    hs_kept_close(old);
    hs_kept_news_fini(&news);
}

// ---- restoring ----

struct states {
    struct topic dirty; // what the first checkpoint writes
    struct topic rows;  // all states
    uint64_t next_offset;
};

static bool restore_one(void *ctx, const struct hs_kept_record *record)
{
    const struct hs_state_record state = {record->key, record->value, record->epoch};
    assert_int_equal(hs_correlator_restore(ctx, &state), 0);
    return true;
}

static void end_restore(struct hs_offline *offline, const struct topic *topic,
                        struct states *ret_states)
{
    struct hs_correlator *correlator = offline->correlator;
    assert_int_equal(hs_correlator_restored(correlator), 0);
    ret_states->next_offset = hs_correlator_next_offset(correlator);
    assert_int_equal(hs_correlator_checkpoint(correlator, 77, 1, append, &ret_states->dirty), 0);
    for (size_t i = 0; i < topic->count;
         i++) { // each state is to be written, in order of the topic
        assert_int_equal(hs_correlator_overwritten(correlator, topic->rows[i].key), 0);
    }
    assert_int_equal(hs_correlator_checkpoint(correlator, 77, 1, append, &ret_states->rows), 0);
}

static int by_key(const void *a, const void *b)
{
    return hs_str_cmp(((const struct hs_kept_record *)a)->key,
                      ((const struct hs_kept_record *)b)->key);
}

static void assert_same_states(struct states *a, struct states *b)
{
    assert_int_equal(a->next_offset, b->next_offset);
    assert_int_equal(a->rows.count, b->rows.count);
    qsort(a->rows.rows, a->rows.count, sizeof(a->rows.rows[0]), by_key);
    qsort(b->rows.rows, b->rows.count, sizeof(b->rows.rows[0]), by_key);
    for (size_t i = 0; i < a->rows.count; i++) {
        assert_true(hs_str_eq(a->rows.rows[i].key, b->rows.rows[i].key));
        assert_true(hs_str_eq(a->rows.rows[i].value, b->rows.rows[i].value));
    }
}

static struct hs_offline *new_offline(void)
{
    struct hs_offline *offline = hs_offline_new();
    hs_offline_know(offline, story_controls(NULL, NULL));
    return offline;
}

static bool has_key(const struct topic *topic, struct hs_str key)
{
    for (size_t i = 0; i < topic->count; i++) {
        if (hs_str_eq(topic->rows[i].key, key)) {
            return true;
        }
    }
    return false;
}

// Whoever stands last under its key though a newer epoch wrote it before is written again.
static size_t assert_mends(const struct topic *topic, const struct states *states)
{
    size_t stale = 0;
    for (size_t i = 0; i < topic->count; i++) {
        bool last = true, older = false;
        for (size_t k = 0; k < topic->count; k++) {
            bool same = hs_str_eq(topic->rows[k].key, topic->rows[i].key);
            last = last && !(same && k > i);
            older = older || (same && topic->rows[k].epoch > topic->rows[i].epoch);
        }
        if (last && older && !hs_str_is(topic->rows[i].key, HS_PARTITION_STATE_KEY)) {
            assert_true(has_key(&states->dirty, topic->rows[i].key));
            stale++;
        }
    }
    return stale;
}

static void restore_from_topic(const struct topic *topic, struct states *ret_states)
{
    struct hs_offline *offline = new_offline();
    for (size_t i = 0; i < topic->count; i++) {
        restore_one(offline->correlator, &topic->rows[i]);
    }
    end_restore(offline, topic, ret_states);
    hs_offline_free(offline);
}

static void restore_from_copy(const struct topic *topic, struct states *ret_states)
{
    struct hs_offline *offline = new_offline();
    struct hs_kept *kept;
    char why[HS_KEPT_WHY_BYTES];
    assert_int_equal(hs_kept_open(path, "cluster-1", 3, NOW_MS, &kept, why), 0);
    hs_kept_each(kept, restore_one, offline->correlator);
    for (size_t i = (size_t)hs_kept_head(kept)->next_offset; i < topic->count; i++) {
        restore_one(offline->correlator, &topic->rows[i]);
    }
    end_restore(offline, topic, ret_states);
    hs_kept_close(kept);
    hs_offline_free(offline);
}

// ---- tests ----

// A log whose owner writes states now and then, is replaced, and sometimes wakes up and writes
// what is old.
static void fill_topic(struct topic *topic)
{
    struct hs_offline *offline = new_offline();
    struct hs_controls *controls = story_controls(NULL, NULL);
    struct hs_buf packed = {0};
    story_pack_controls(hs_controls_hash(controls), &packed);
    uint64_t offset = 0;
    hs_offline_apply(offline, offset++, 1, hs_buf_str(&packed), hs_str(""));
    topic->epoch = 1;
    for (unsigned i = 0; i < 120; i++) {
        char at[32], vehicle[16], site[16];
        snprintf(at, sizeof(at), "%u+%02u:%02u:00", i / 40, i % 24, (unsigned)dice(60));
        snprintf(vehicle, sizeof(vehicle), "AB%02uCDE", (unsigned)dice(12));
        snprintf(site, sizeof(site), "avon/%u", (unsigned)dice(5));
        const struct story_hit hit = {
            .at = at, .vehicle = vehicle, .list = dice(3) ? "stolen" : "covert-a", .site = site};
        hs_buf_clear(&packed);
        story_pack_hit(&hit, &packed);
        hs_offline_apply(offline, offset++, story_time_ms(at), hs_buf_str(&packed), hs_str(""));
        if (dice(6) == 0) {
            topic->epoch += dice(3) == 0;
            assert_int_equal(
                hs_correlator_checkpoint(offline->correlator, topic->epoch, 1, append, topic), 0);
        }
        if (topic->count > 3 && dice(10) == 0) { // a frozen owner of old writes
            struct hs_kept_record old = topic->rows[dice(topic->count)];
            uint64_t epoch = topic->epoch;
            topic->epoch = old.epoch;
            append(topic, old.key, dice(4) ? old.value : hs_str(""));
            topic->epoch = epoch;
        }
    }
    hs_correlator_checkpoint(offline->correlator, topic->epoch, 1, append, topic);
    hs_buf_fini(&packed);
    hs_controls_unref(controls);
    hs_offline_free(offline);
}

static void a_copy_restores_what_the_topic_does(void **state)
{
    (void)state;
    const char *given = getenv("HS_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20260113;
    size_t stale = 0;
    print_message("seeds %llu to %llu\n", (unsigned long long)seed,
                  (unsigned long long)seed + RUNS - 1);
    for (unsigned run = 0; run < RUNS; run++) {
        static struct topic topic;
        static struct states whole, short_way;
        dice_state = seed + run;
        fill_topic(&topic);
        remove(path);
        for (size_t at = 1 + dice(5); at < topic.count; at += 1 + dice(120)) {
            keep(&topic, at);
            if (dice(4) == 0) {
                break;
            }
        }
        restore_from_topic(&topic, &whole);
        restore_from_copy(&topic, &short_way);
        assert_true(whole.rows.count > 5);
        assert_same_states(&whole, &short_way);
        stale += assert_mends(&topic, &whole);
        assert_mends(&topic, &short_way);
        topic_fini(&whole.dirty);
        topic_fini(&short_way.dirty);
        topic_fini(&whole.rows);
        topic_fini(&short_way.rows);
        topic_fini(&topic);
    }
    assert_true(given || stale > 0);
}

static void write_small(void)
{
    struct hs_kept_news news = {0};
    const struct hs_kept_head head = head_at(9);
    const struct hs_kept_record rows[] = {{HS_STR("AB12CDE|open"), HS_STR("state"), 4},
                                          {HS_STR("partition"), HS_STR("part"), 4}};
    assert_int_equal(hs_kept_news_add(&news, &rows[0]), 0);
    assert_int_equal(hs_kept_news_add(&news, &rows[1]), 0);
    assert_int_equal(hs_kept_write(path, &head, NULL, &news, NULL, NULL), 0);
    hs_kept_news_fini(&news);
}

static int open_small(const char *cluster, int32_t partition, int64_t now_ms)
{
    char why[HS_KEPT_WHY_BYTES];
    struct hs_kept *kept = NULL;
    int rc = hs_kept_open(path, cluster, partition, now_ms, &kept, why);
    hs_kept_close(kept);
    return rc;
}

static void every_byte_counts(void **state)
{
    (void)state;
    char bytes[1024];
    write_small();
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    assert_int_equal(open_small("cluster-1", 3, NOW_MS), 0);
    for (size_t i = 0; i <= len; i++) {
        file = fopen(path, "wb");
        assert_non_null(file);
        bytes[i < len ? i : 0] ^= (char)(i < len ? 1 : 0);
        fwrite(bytes, 1, i < len ? len : len - 1, file); // the last round: cut short
        fclose(file);
        bytes[i < len ? i : 0] ^= (char)(i < len ? 1 : 0);
        if (open_small("cluster-1", 3, NOW_MS + 1) != HS_EFORMAT) {
            fail_msg("byte %zu does not count", i);
        }
    }
}

static void another_cluster_partition_or_time_is_refused(void **state)
{
    (void)state;
    write_small();
    assert_int_equal(open_small("cluster-2", 3, NOW_MS), HS_EFORMAT);
    assert_int_equal(open_small("cluster-1", 4, NOW_MS), HS_EFORMAT);
    assert_int_equal(open_small("cluster-1", 3, NOW_MS + HS_KEPT_AGE_MAX_MS + 1), HS_EFORMAT);
    assert_int_equal(open_small("cluster-1", 3, NOW_MS - 1), HS_EFORMAT);
    remove(path);
    assert_int_equal(open_small("cluster-1", 3, NOW_MS), HS_ENOTFOUND);
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

static void who_is_stopped_leaves_the_old_file(void **state)
{
    (void)state;
    struct hs_kept_news news = {0};
    const struct hs_kept_head head = head_at(5000);
    write_small();
    for (unsigned i = 0; i < 2000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "K%u", i);
        const struct hs_kept_record record = {hs_str(key), HS_STR("v"), 1};
        assert_int_equal(hs_kept_news_add(&news, &record), 0);
    }
    assert_int_equal(hs_kept_write(path, &head, NULL, &news, never, NULL), HS_ECANCELED);
    hs_kept_news_fini(&news);
    assert_int_equal(open_small("cluster-1", 3, NOW_MS), 0);
}

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "%s/kept-test-%d", HS_BINARY_DIR, (int)getpid());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_restores_what_the_topic_does),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(another_cluster_partition_or_time_is_refused),
        cmocka_unit_test(who_is_stopped_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
