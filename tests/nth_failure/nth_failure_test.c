// SPDX-License-Identifier: Apache-2.0
/*
 * When memory runs out or a disk fails, at whatever call it is: settings, controls, list files, the correlator's states
 * and their local copy. Each piece of work does what it does without a failure, or says that it failed; then what was
 * there before is there still. Nothing leaks. Snapshots have the same in tests/unit/match/failures_test.c, what needs
 * Redis in nth_store_test.c, whole programs in nth_process_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "config/file.h"
#include "config/settings.h"
#include "hitstreamd/correlate_kept.h"
#include "hitstreamd/state_file.h"
#include "nth_failure/calls.h"
#include "scenario/story.h"
#include "support/process.h"
#include "watchlist/voi.h"

static char folder[HS_TEST_PATH_BYTES];

static const char *path_of(const char *name)
{
    static char path[HS_TEST_PATH_BYTES + 64];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

// ---- settings ----

static char main_settings[HS_TEST_PATH_BYTES + 64];

static int load_settings(void)
{
    struct hs_diags diags = {0};
    struct hs_settings *settings = NULL;
    int rc = hs_settings_load_usual(main_settings, &diags, &settings);
    if (rc == 0) {
        bool whole = strcmp(settings->instance_id, "desk-1") == 0 && settings->redis_port == 6380 &&
                     settings->kafka_property_count == 2 && settings->match_workers == 2;
        rc = whole ? 0 : 1; // a part of it was lost without a word
    }
    hs_settings_free(settings);
    hs_diags_fini(&diags);
    return rc;
}

static const char *nothing_is_lost(int rc)
{
    return rc <= 0 ? NULL : "a part was lost without a word";
}

static void settings_are_whole_or_refused(void **state)
{
    (void)state;
    snprintf(main_settings, sizeof(main_settings), "%s", path_of("hitstream.yaml"));
    assert_int_equal(hs_test_file_write(main_settings,
                                        "instance: desk-0\nroles: [match, correlate]\n"
                                        "kafka:\n  bootstrap: 127.0.0.1:9092\n  properties:\n"
                                        "    socket.timeout.ms: 3000\n    log_level: 4\n"
                                        "redis:\n  host: 127.0.0.1\n  port: 6380\n"
                                        "keys:\n  id_file: /a\n  token_file: /b\n"
                                        "match:\n  workers: 2\n"),
                     0);
    assert_true(mkdir(path_of("conf.d"), 0700) == 0);
    assert_int_equal(hs_test_file_write(path_of("conf.d/site.yaml"), "instance: desk-1\n"), 0);
    const struct nth_work work = {"settings", HS_NTH_ALLOCATION | HS_NTH_FILE, 50, load_settings,
                                  nothing_is_lost};
    nth_each_call_fails(&work, 1);
}

// ---- controls ----

static struct hs_buf sources[3];
static const char *const source_names[] = {"cameras.csv", "queues.yaml", "rules.yaml"};
static char controls_hash[HS_CONTROLS_HASH_BYTES];

static int parse_controls(void)
{
    struct hs_controls_file files[3];
    struct hs_diags diags = {0};
    struct hs_controls *parsed = NULL, *unpacked = NULL;
    for (size_t i = 0; i < 3; i++) {
        files[i] = (struct hs_controls_file){hs_str(source_names[i]), hs_buf_str(&sources[i])};
    }
    int rc = hs_controls_parse(files, 3, &diags, &parsed);
    if (rc == 0) {
        rc = hs_controls_unpack(hs_controls_packed(parsed), &diags, &unpacked);
    }
    if (rc == 0) {
        if (!controls_hash[0]) {
            snprintf(controls_hash, sizeof(controls_hash), "%s", hs_controls_hash(unpacked));
        }
        rc = strcmp(hs_controls_hash(unpacked), controls_hash) == 0 ? 0 : 1;
    }
    hs_controls_unref(unpacked);
    hs_controls_unref(parsed);
    hs_diags_fini(&diags);
    return rc;
}

static void controls_are_whole_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char path[512];
        snprintf(path, sizeof(path), HS_SOURCE_DIR "/config/controls.sample/%s", source_names[i]);
        assert_int_equal(hs_file_read(path, 1 << 20, &sources[i]), 0);
    }
    const struct nth_work work = {"controls", HS_NTH_ALLOCATION, 200, parse_controls,
                                  nothing_is_lost};
    nth_each_call_fails(&work, 1);
    for (size_t i = 0; i < 3; i++) {
        hs_buf_fini(&sources[i]);
    }
}

// ---- list files ----

enum { VOI_ROWS = 40 };
static char voi_path[HS_TEST_PATH_BYTES + 64];

// Every row of the file becomes an entry, or the reader says what it lost.
static int read_list(void)
{
    struct hs_diags diags = {0};
    struct hs_voi *voi = NULL;
    struct hs_buf packed = {0};
    struct hs_voi_row row;
    struct hs_entry entry;
    const struct hs_entry_rules rules =
        hs_entry_rules_at("list", HS_STR("stolen"), INT64_C(1768300000000));
    size_t good = 0;
    int rc = hs_voi_open(voi_path, HS_VOI_BY_NAME, &diags, &voi);
    int more = rc;
    while (rc == 0 && (more = hs_voi_next(voi, &diags, &row)) != 0) {
        rc = more < 0 ? more : hs_entry_make(&rules, row.texts, &diags, &packed, &entry);
        good += rc == 0;
    }
    rc = rc == 0 && good != VOI_ROWS ? 1 : rc;
    hs_buf_fini(&packed);
    hs_voi_free(voi);
    hs_diags_fini(&diags);
    return rc;
}

static void write_voi(bool json)
{
    struct hs_buf text = {0};
    hs_buf_add_text(&text, json ? "" : "VRM,action,weed date,information,lead responsible\n");
    for (unsigned i = 0; i < VOI_ROWS; i++) {
        hs_buf_printf(&text,
                      json ? "{\"VRM\":\"AB%02uCDE\",\"action\":\"STOP\",\"weed date\":"
                             "\"2099-12-31\",\"information\":\"said \\\"no\\\"\"}\n"
                           : "AB%02uCDE,STOP,2099-12-31,\"said \"\"no\"\"\",DI Brown\n",
                      i + 51);
    }
    snprintf(voi_path, sizeof(voi_path), "%s", path_of(json ? "list.jsonl" : "list.csv"));
    assert_int_equal(hs_test_file_write(voi_path, hs_buf_text(&text)), 0);
    hs_buf_fini(&text);
}

static void no_row_of_a_list_is_lost_without_a_word(void **state)
{
    (void)state;
    for (int json = 0; json < 2; json++) {
        write_voi(json);
        const struct nth_work work = {json ? "list of JSON lines" : "list of CSV",
                                      HS_NTH_ALLOCATION | HS_NTH_FILE, 3, read_list,
                                      nothing_is_lost};
        nth_each_call_fails(&work, 1);
    }
}

// ---- the correlator ----

enum { EVENTS_MAX = 64, RECORDS_MAX = 32 };

static struct {
    struct hs_offline_event events[EVENTS_MAX]; // owned copies
    size_t event_count, restored_at;            // states are of the events before
    struct hs_str keys[RECORDS_MAX], values[RECORDS_MAX];
    size_t record_count;
    struct hs_controls *controls;
    uint64_t told, wanted; // digests of all that went out
    bool whole;
} core;

static struct hs_str copy_of(struct hs_str text)
{
    return hs_str_n(hs_str_dup(text), text.len);
}

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    (void)ctx;
    return strcmp(hs_controls_hash(core.controls), hash) == 0 ? hs_controls_ref(core.controls)
                                                              : NULL;
}

static void on_alert(void *ctx, const struct hs_alert *alert)
{
    (void)ctx;
    core.told = hs_hash_bytes(alert->id.bytes, HS_ID_BYTES, core.told);
    core.told = hs_hash_bytes(alert->payload.ptr, alert->payload.len, core.told);
    core.told = hs_hash_bytes(alert->headers->text.ptr, alert->headers->text.len, core.told);
}

static void on_append(void *ctx, struct hs_str key, struct hs_str event)
{
    (void)ctx;
    core.told = hs_hash_bytes(key.ptr, key.len, core.told);
    core.told = hs_hash_bytes(event.ptr, event.len, core.told);
}

static void on_record(void *ctx, struct hs_str key, struct hs_str value)
{
    on_append(ctx, key, value);
}

static void keep_record(void *ctx, struct hs_str key, struct hs_str value)
{
    (void)ctx;
    assert_true(core.record_count < RECORDS_MAX);
    core.keys[core.record_count] = copy_of(key);
    core.values[core.record_count++] = copy_of(value);
}

static const struct hs_correlator_config core_config = {
    .controls_lookup = lookup, .sink = {.alert = on_alert, .append = on_append}};

static int apply(struct hs_correlator *correlator, size_t from, size_t to)
{
    int rc = 0;
    for (size_t i = from; i < to && rc == 0; i++) {
        const struct hs_offline_event *event = &core.events[i];
        const struct hs_log_record record = {event->offset, event->append_time_ms, event->value,
                                             HS_STR("")};
        rc = hs_correlator_apply(correlator, &record, NULL);
    }
    return rc;
}

// Restored from its states, applies the rest of the log, packs them again.
static int live_on(void)
{
    struct hs_correlator *correlator = NULL;
    core.told = 0;
    int rc = hs_correlator_new(&core_config, &correlator);
    for (size_t i = 0; i < core.record_count && rc == 0; i++) {
        const struct hs_state_record record = {core.keys[i], core.values[i], 1};
        rc = hs_correlator_restore(correlator, &record);
    }
    rc = rc ? rc : hs_correlator_restored(correlator);
    rc = rc ? rc : apply(correlator, core.restored_at, core.event_count);
    rc = rc ? rc : hs_correlator_due(correlator, INT64_C(1) << 50, 100) == 0;
    rc = rc ? rc : hs_correlator_checkpoint(correlator, 1, 1, on_record, NULL);
    hs_correlator_free(correlator);
    return rc;
}

// What it told as far as it came is nobody's: a broken correlator's alerts are not acknowledged.
static const char *told_the_same(int rc)
{
    core.wanted = core.wanted ? core.wanted : core.told;
    return rc == 0 && core.told != core.wanted ? "it told something else" : nothing_is_lost(rc);
}

// Two vehicles in several forces, seen beside others and answered: the log up to here.
static void tell_story(struct story *story)
{
    passes(story, "12:00:00", "AB12CDE", "stolen", "avon/1");
    passes_beside(story, "12:01:00", "CD34EFG", "drugs", "wilts/1", "BB22BBB-4 CC33CCC+9");
    passes(story, "12:02:00", "AB12CDE", "stolen", "wilts/2");
    answers(story, "12:03:00", "avon-live", "acknowledged");
    passes(story, "12:04:00", "AB12CDE", "covert-a", "avon/3");
    passes(story, "12:05:00", "CD34EFG", "drugs", "avon/2");
}

static void record_story(void)
{
    struct story *story = story_new();
    size_t count;
    tell_story(story);
    story_log(story, &core.restored_at);
    passes(story, "12:09:00", "AB12CDE", "stolen", "avon/4");
    passes_beside(story, "12:10:00", "CD34EFG", "drugs", "wilts/3", "BB22BBB-3");
    withdrawn(story, "12:11:00", "AB12CDE", "stolen", 9);
    const struct hs_offline_event *log = story_log(story, &count);
    assert_true(count <= EVENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        core.events[i] = log[i];
        core.events[i].value = copy_of(log[i].value);
    }
    core.event_count = count;
    core.controls = hs_controls_ref(story_offline(story)->controls[0]);
    story_free(story);
}

static void the_correlator_tells_the_same_or_breaks(void **state)
{
    (void)state;
    struct hs_correlator *correlator;
    record_story();
    assert_int_equal(hs_correlator_new(&core_config, &correlator), 0);
    assert_int_equal(apply(correlator, 0, core.restored_at), 0);
    assert_int_equal(hs_correlator_checkpoint(correlator, 1, 1, keep_record, NULL), 0);
    hs_correlator_free(correlator);
    const struct nth_work work = {"correlator", HS_NTH_ALLOCATION, 100, live_on, told_the_same};
    nth_each_call_fails(&work, 1);
    for (size_t i = 0; i < core.event_count; i++) {
        free((char *)(uintptr_t)core.events[i].value.ptr);
    }
    hs_controls_unref(core.controls);
}

// ---- files of the state folder ----

static char kept_path[HS_TEST_PATH_BYTES + 64];
static int64_t kept_offset; // of the file that stands

static int write_kept(void)
{
    const struct hs_kept_head head = {"cluster", 3, kept_offset + 1, 1000};
    struct hs_kept_news news = {0};
    struct hs_kept *old = NULL;
    char why[HS_KEPT_WHY_BYTES];
    int rc = hs_kept_open(kept_path, "cluster", 3, 1000, &old, why);
    rc = rc == HS_ENOTFOUND ? 0 : rc;
    for (size_t i = 0; i < core.record_count && rc == 0; i++) {
        const struct hs_kept_record record = {core.keys[i], core.values[i], 1};
        rc = hs_kept_news_add(&news, &record);
    }
    rc = rc ? rc : hs_kept_write(kept_path, &head, old, &news, NULL, NULL);
    hs_kept_news_fini(&news);
    hs_kept_close(old);
    return rc;
}

static bool is_beside(const char *path)
{
    char beside[HS_TEST_PATH_BYTES + 80];
    snprintf(beside, sizeof(beside), "%s.new", path);
    return access(beside, F_OK) == 0;
}

// The file is whole: the one of before, or the new one.
static const char *kept_stands(int rc)
{
    struct hs_kept *kept = NULL;
    char why[HS_KEPT_WHY_BYTES];
    if (hs_kept_open(kept_path, "cluster", 3, 1000, &kept, why) != 0) {
        return "no file stands";
    }
    const char *wrong = hs_kept_count(kept) != core.record_count ? "records are missing"
                        : hs_kept_head(kept)->next_offset != kept_offset + (rc == 0)
                            ? "it is not the one that it said"
                        : is_beside(kept_path) ? "a file is left beside it"
                                               : NULL;
    kept_offset = hs_kept_head(kept)->next_offset;
    hs_kept_close(kept);
    return wrong;
}

static void the_local_copy_is_the_old_or_the_new(void **state)
{
    (void)state;
    snprintf(kept_path, sizeof(kept_path), "%s", path_of("kept"));
    const struct nth_work work = {"local copy of states",
                                  HS_NTH_ALLOCATION | HS_NTH_WRITE | HS_NTH_SYNC | HS_NTH_FILE, 15,
                                  write_kept, kept_stands};
    nth_each_call_fails(&work, 1);
    for (size_t i = 0; i < core.record_count; i++) {
        free((char *)(uintptr_t)core.keys[i].ptr);
        free((char *)(uintptr_t)core.values[i].ptr);
    }
}

static char state_path[HS_TEST_PATH_BYTES + 64];
static unsigned state_number; // that stands

static int write_state(void)
{
    char text[32];
    snprintf(text, sizeof(text), "%u", state_number + 1);
    return hs_state_write(state_path, hs_str(text));
}

static const char *state_stands(int rc)
{
    char *text = hs_test_file_read(state_path);
    state_number += rc == 0;
    bool right = text && strtoul(text, NULL, 10) == state_number;
    free(text);
    return !right                  ? "it is not the one that it said"
           : is_beside(state_path) ? "a file is left beside it"
                                   : NULL;
}

static void a_state_file_is_the_old_or_the_new(void **state)
{
    (void)state;
    snprintf(state_path, sizeof(state_path), "%s", path_of("state"));
    const struct nth_work work = {"state file", HS_NTH_WRITE | HS_NTH_SYNC | HS_NTH_FILE, 5,
                                  write_state, state_stands};
    nth_each_call_fails(&work, 1);
}

static int make_folder(void **state)
{
    (void)state;
    return hs_test_folder_make("nth", folder);
}

static int remove_folder(void **state)
{
    (void)state;
    hs_test_folder_remove(folder);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]); // one of them
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_whole_or_refused),
        cmocka_unit_test(controls_are_whole_or_refused),
        cmocka_unit_test(no_row_of_a_list_is_lost_without_a_word),
        cmocka_unit_test(the_correlator_tells_the_same_or_breaks),
        cmocka_unit_test(the_local_copy_is_the_old_or_the_new),
        cmocka_unit_test(a_state_file_is_the_old_or_the_new),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
