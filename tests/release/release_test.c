// SPDX-License-Identifier: Apache-2.0
/*
 * An instance of this version takes over from one of a released version, in the middle of its log: it reads the states
 * that the other wrote, and tells what is still to be told under the ids that the other would have told it by, so that
 * nobody is told twice. Alerts that desks hold can still be answered, controls have the hash that the log calls them by,
 * and the lists on disk serve or are left alone. For each folder of tests/data/releases.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstreamd/correlate_kept.h"
#include "release/corpus.h"
#include "support/offline.h"
#include "unit/match/fixture.h"

enum { CONTROLS_MAX = 8 };

// One release, as it was left.
struct release {
    const char *folder;
    struct corpus_rows log, sources, alerts;
    struct hs_buf told; // lines
    struct hs_kept *states;
    struct hs_controls *controls[CONTROLS_MAX];
    size_t controls_count;
};

static void open_release(const char *folder, struct release *ret_release)
{
    char path[512], why[HS_KEPT_WHY_BYTES] = "";
    struct release release = {.folder = folder};
    corpus_read_rows(folder, "log", &release.log);
    corpus_read_rows(folder, "controls", &release.sources);
    corpus_read_rows(folder, "alerts", &release.alerts);
    corpus_read(folder, "told", &release.told);
    assert_true(release.sources.count <= CONTROLS_MAX);
    for (size_t i = 0; i < release.sources.count; i++) {
        struct hs_diags diags = {0};
        if (hs_controls_unpack(release.sources.rows[i].bytes, &diags, &release.controls[i]) != 0) {
            fail_msg("%s: its controls are refused: %s", folder,
                     diags.count ? diags.rows[0].message : "");
        }
        hs_diags_fini(&diags);
        release.controls_count++;
    }
    snprintf(path, sizeof(path), "%s/states", folder);
    if (hs_kept_open(path, CORPUS_CLUSTER, 0, CORPUS_AT_MS, &release.states, why) != 0) {
        fail_msg("%s: the local copy of its states is refused: %s", folder, why);
    }
    *ret_release = release;
}

static void close_release(struct release *release)
{
    for (size_t i = 0; i < release->controls_count; i++) {
        hs_controls_unref(release->controls[i]);
    }
    hs_kept_close(release->states);
    corpus_rows_fini(&release->log);
    corpus_rows_fini(&release->sources);
    corpus_rows_fini(&release->alerts);
    hs_buf_fini(&release->told);
}

// ---- the log goes on ----

// What an instance of this version tells, in the form of the file.
struct telling {
    const struct release *release;
    struct hs_correlator *correlator;
    struct hs_buf lines;
    uint64_t offset; // of the event being applied
};

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    const struct release *release = ((struct telling *)ctx)->release;
    for (size_t i = 0; i < release->controls_count; i++) {
        if (strcmp(hs_controls_hash(release->controls[i]), hash) == 0) {
            return hs_controls_ref(release->controls[i]);
        }
    }
    return NULL;
}

static void on_alert(void *ctx, const struct hs_alert *alert)
{
    struct telling *telling = ctx;
    char id[HS_ID_TEXT_BYTES], incident[HS_ID_TEXT_BYTES];
    hs_id_text(&alert->id, id);
    hs_id_text(&alert->incident, incident);
    struct hs_str queue = alert->queue ? alert->queue->name : HS_STR("unrouted");
    hs_buf_printf(&telling->lines, "%llu %s %s %.*s\n", (unsigned long long)telling->offset, id,
                  incident, HS_STR_ARG(queue));
}

static void on_append(void *ctx, struct hs_str key, struct hs_str event)
{
    (void)ctx, (void)key, (void)event; // the log holds what the other appended
}

static void begin(struct telling *telling, const struct release *release)
{
    struct hs_offline *usual = hs_offline_new(); // for its keys
    const struct hs_correlator_config config = {
        .id_key = usual->id_key,
        .token_key = usual->token_key,
        .controls_lookup = lookup,
        .controls_ctx = telling,
        .sink = {.ctx = telling, .alert = on_alert, .append = on_append},
    };
    *telling = (struct telling){.release = release};
    assert_int_equal(hs_correlator_new(&config, &telling->correlator), 0);
    hs_offline_free(usual);
}

static bool restore_one(void *ctx, const struct hs_kept_record *kept)
{
    struct telling *telling = ctx;
    const struct hs_state_record record = {kept->key, kept->value, kept->epoch};
    assert_int_equal(hs_correlator_restore(telling->correlator, &record), 0);
    return true;
}

static void apply_from(struct telling *telling, uint64_t offset)
{
    for (size_t i = 0; i < telling->release->log.count; i++) {
        const struct corpus_row *row = &telling->release->log.rows[i];
        const struct hs_log_record record = {row->number, row->time_ms, row->bytes, HS_STR("")};
        telling->offset = row->number;
        if (row->number >= offset) {
            assert_int_equal(hs_correlator_apply(telling->correlator, &record, NULL), 0);
        }
    }
}

// The lines of the file from an offset on.
static void expect_told_from(const struct telling *telling, uint64_t offset)
{
    struct hs_str rest = hs_buf_str(&telling->release->told), line;
    struct hs_buf expected = {0};
    while (hs_str_split(&rest, '\n', &line)) {
        if (line.len > 0 && strtoull(line.ptr, NULL, 10) >= offset) {
            hs_buf_add_str(&expected, line);
            hs_buf_add_char(&expected, '\n');
        }
    }
    assert_true(expected.len > 0);
    struct hs_buf lines = telling->lines;
    assert_string_equal(hs_buf_text(&lines), hs_buf_text(&expected));
    hs_buf_fini(&expected);
}

static void end(struct telling *telling)
{
    hs_correlator_free(telling->correlator);
    hs_buf_fini(&telling->lines);
}

static void taken_over_in_the_middle(const struct release *release)
{
    struct telling telling;
    begin(&telling, release);
    hs_kept_each(release->states, restore_one, &telling);
    assert_int_equal(hs_correlator_restored(telling.correlator), 0);
    uint64_t offset = hs_correlator_next_offset(telling.correlator);
    assert_in_range(offset, 1, release->log.count - 1);
    apply_from(&telling, offset);
    expect_told_from(&telling, offset);
    end(&telling);
}

static void told_again_from_the_beginning(const struct release *release)
{
    struct telling telling;
    begin(&telling, release);
    apply_from(&telling, 0);
    expect_told_from(&telling, 0);
    end(&telling);
}

// ---- what desks hold ----

static void alerts_can_be_answered(const struct release *release)
{
    struct hs_offline *usual = hs_offline_new();
    for (size_t i = 0; i < release->alerts.count; i++) {
        struct hs_str bytes = release->alerts.rows[i].bytes;
        struct hs_reply_to reply_to;
        struct hs_buf storage = {0};
        Hitstream__V1__Alert *alert =
            hitstream__v1__alert__unpack(NULL, bytes.len, (const uint8_t *)bytes.ptr);
        assert_non_null(alert);
        assert_int_equal(alert->base.n_unknown_fields, 0);
        if (alert->reply_token.len > 0) {
            struct hs_str token = hs_str_n(alert->reply_token.data, alert->reply_token.len);
            assert_int_equal(hs_token_open(&usual->token_key, token, &storage, &reply_to), 0);
            assert_true(hs_str_is(reply_to.queue, alert->queue));
            assert_memory_equal(reply_to.incident.bytes, alert->incident_id.data, HS_ID_BYTES);
        }
        hs_buf_fini(&storage);
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
    assert_true(release->alerts.count > 10);
    hs_offline_free(usual);
}

// ---- lists on disk ----

// A file of another layout is left alone, and the lists come from Redis: never half of them.
static void lists_serve_or_are_left_alone(const struct release *release)
{
    char path[512];
    struct hs_snapshot *snapshot = NULL;
    struct hs_buf lines = {0}, expected = {0};
    snprintf(path, sizeof(path), "%s/snapshot", release->folder);
    int rc = hs_snapshot_load(path, &snapshot);
    if (rc == HS_EVERSION) {
        printf("%s: its snapshot is of another layout\n", release->folder);
        return;
    }
    assert_int_equal(rc, 0);
    for (const char *const *plate = corpus_plates; *plate; plate++) {
        hs_buf_printf(&lines, "%s: %s\n", *plate, fixture_match(snapshot, *plate, NULL));
    }
    corpus_read(release->folder, "matches", &expected);
    assert_string_equal(hs_buf_text(&lines), hs_buf_text(&expected));
    hs_buf_fini(&lines);
    hs_buf_fini(&expected);
    hs_snapshot_free(snapshot);
}

static void what_every_release_left_is_read(void **state)
{
    (void)state;
    glob_t folders;
    assert_int_equal(glob(HS_SOURCE_DIR "/tests/data/releases/*", GLOB_ONLYDIR, NULL, &folders), 0);
    for (size_t i = 0; i < folders.gl_pathc; i++) {
        struct release release;
        open_release(folders.gl_pathv[i], &release);
        taken_over_in_the_middle(&release);
        told_again_from_the_beginning(&release);
        alerts_can_be_answered(&release);
        lists_serve_or_are_left_alone(&release);
        close_release(&release);
    }
    globfree(&folders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_every_release_left_is_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
