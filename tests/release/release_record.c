// SPDX-License-Identifier: Apache-2.0
/*
 * Writes what a version leaves behind, once, when it is released:
 *
 *     release_record tests/data/releases/VERSION       a folder that is there and empty
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hitstreamd/correlate_kept.h"
#include "release/corpus.h"
#include "scenario/story.h"
#include "unit/match/fixture.h"

static const char *folder;

static const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, struct hs_buf *bytes)
{
    FILE *file = fopen(path_of(name), "wxe"); // never over another
    if (!file || fwrite(bytes->ptr, bytes->len, 1, file) != 1 || fclose(file) != 0) {
        fail_msg("'%s' cannot be written", path_of(name));
    }
    hs_buf_fini(bytes);
}

// ---- what happened ----

#define OPERATION                                                                                  \
    "operations:\n"                                                                                \
    "  five: {authority: ACC/5, lead: avon, forces: [city, dorset, gwent, wilts],\n"               \
    "    from: 2026-01-13T00:00:00Z, lists: [drugs, stolen],\n"                                    \
    "    queues: [avon-live, wilts-live]}\n"

// Incidents open and over, answered and not, covert, beside others, excluded, handed over: as much
// of a state as there is.
static void before(struct story *s)
{
    passes(s, "09:00:00", "EF56GHJ", "stolen", "avon/1");
    passes(s, "09:40:00", "EF56GHJ", "stolen", "wilts/1"); // the incident before was quiet
    passes_beside(s, "12:00:00", "AB12CDE", "stolen", "avon/1", "BB22BBB-4 CC33CCC+9@drugs");
    passes(s, "12:01:00", "CD34EFG", "drugs", "wilts/1");
    passes_beside(s, "12:20:00", "AB12CDE", "stolen", "wilts/1", "BB22BBB-5");
    answers(s, "12:21:00", "avon-live", "acknowledged");
    passes(s, "12:22:00", "AB12CDE", "covert-a", "wilts/1");
    passes(s, "12:23:00", "JK78LMN", "trial", "avon/1");
    passes(s, "12:24:00", "PR90STU", "missing", "avon/1");
    answers(s, "12:25:00", "wilts-live", "no resource");
    controls_add(s, NULL, OPERATION, NULL);
}

static void after(struct story *s)
{
    passes_beside(s, "12:40:00", "AB12CDE", "stolen", "avon/edge", "BB22BBB-3");
    passes(s, "12:41:00", "AB12CDE", "covert-a", "avon/edge");
    passes(s, "12:42:00", "CD34EFG", "drugs", "avon/1");
    passes(s, "12:43:00", "PR90STU", "missing", "wilts/1");
    took_over(s, "12:44:00");
    withdrawn(s, "12:45:00", "CD34EFG", "drugs", 9);
    answers(s, "12:46:00", "avon-live", "resourced");
    passes(s, "12:50:00", "EF56GHJ", "stolen", "city/1");
    clock_strikes(s, "14:00:00");
    passes(s, "14:01:00", "AB12CDE", "stolen", "dorset/1");
}

static void write_log(const struct story *story)
{
    const struct hs_offline *told = story_offline(story);
    struct hs_buf log = {0}, controls = {0}, lines = {0}, alerts = {0};
    size_t count;
    const struct hs_offline_event *events = story_log(story, &count);
    for (size_t i = 0; i < count; i++) {
        corpus_add_row(&log, events[i].offset, events[i].append_time_ms, events[i].value);
    }
    for (size_t i = 0; i < told->controls_count; i++) {
        corpus_add_row(&controls, i, 0, hs_controls_packed(told->controls[i]));
    }
    for (size_t i = 0; i < told->alert_count; i++) {
        const struct hs_offline_alert *alert = &told->alerts[i];
        char id[HS_ID_TEXT_BYTES], incident[HS_ID_TEXT_BYTES];
        hs_id_text(&alert->id, id);
        hs_id_text(&alert->incident, incident);
        hs_buf_printf(&lines, "%llu %s %s %s\n", (unsigned long long)alert->offset, id, incident,
                      alert->queue);
        corpus_add_row(&alerts, alert->offset, 0, alert->payload);
    }
    write_file("log", &log);
    write_file("controls", &controls);
    write_file("told", &lines);
    write_file("alerts", &alerts);
}

// ---- the states in between ----

static const struct hs_offline *known;

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    (void)ctx;
    for (size_t i = 0; i < known->controls_count; i++) {
        if (strcmp(hs_controls_hash(known->controls[i]), hash) == 0) {
            return hs_controls_ref(known->controls[i]);
        }
    }
    return NULL;
}

static void no_alert(void *ctx, const struct hs_alert *alert)
{
    (void)ctx, (void)alert;
}

static void no_append(void *ctx, struct hs_str key, struct hs_str event)
{
    (void)ctx, (void)key, (void)event;
}

static void keep(void *ctx, struct hs_str key, struct hs_str value)
{
    const struct hs_kept_record record = {key, value, 1};
    assert_int_equal(hs_kept_news_add(ctx, &record), 0);
}

static void write_states(const struct story *story, size_t restored_at)
{
    struct hs_kept_news news = {0};
    struct hs_correlator *correlator;
    size_t count;
    known = story_offline(story);
    const struct hs_offline_event *events = story_log(story, &count);
    const struct hs_correlator_config config = {.id_key = known->id_key,
                                                .token_key = known->token_key,
                                                .controls_lookup = lookup,
                                                .sink = {.alert = no_alert, .append = no_append}};
    assert_int_equal(hs_correlator_new(&config, &correlator), 0);
    for (size_t i = 0; i < restored_at; i++) {
        const struct hs_log_record record = {events[i].offset, events[i].append_time_ms,
                                             events[i].value, HS_STR("")};
        assert_int_equal(hs_correlator_apply(correlator, &record, NULL), 0);
    }
    assert_int_equal(hs_correlator_checkpoint(correlator, 1, CORPUS_AT_MS, keep, &news), 0);
    hs_correlator_free(correlator);
    const struct hs_kept_head head = {CORPUS_CLUSTER, 0, (int64_t)news.count, CORPUS_AT_MS};
    assert_int_equal(hs_kept_write(path_of("states"), &head, NULL, &news, NULL, NULL), 0);
    hs_kept_news_fini(&news);
}

// ---- the lists ----

static void write_snapshot(void)
{
    static const char *const marks[] = {"AB12CDE", "XY1?ABC", "CD34EFG", NULL};
    struct hs_snapshot *snapshot = fixture_snapshot(marks);
    struct hs_buf lines = {0};
    assert_int_equal(hs_snapshot_save(snapshot, path_of("snapshot")), 0);
    for (const char *const *plate = corpus_plates; *plate; plate++) {
        hs_buf_printf(&lines, "%s: %s\n", *plate, fixture_match(snapshot, *plate, NULL));
    }
    write_file("matches", &lines);
    hs_snapshot_free(snapshot);
}

static void record(void **state)
{
    (void)state;
    struct story *story = story_new();
    size_t restored_at;
    before(story);
    story_log(story, &restored_at);
    after(story);
    write_log(story);
    write_states(story, restored_at);
    write_snapshot();
    story_free(story);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(record)};
    if (argc != 2) {
        fputs("usage: release_record FOLDER\n", stderr);
        return 2;
    }
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
