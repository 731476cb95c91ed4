// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl replay: a stretch of anpr.hits through the core twice, by the rules in force and by those
 * of a file: what would have been told, and what the forecasts were worth. Nothing is sent.
 *
 * Each partition is read once, with two cores beside each other that get every event together.
 * Timers fire by the log's time in both, so that the two differ by their rules alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/file.h"
#include "hitctl/core_replay.h"
#include "hitctl/replay_compare.h"
#include "hitctl/replay_forecast.h"
#include "hitctl/sight.h"
#include "hitctl/store_open.h"
#include "hitctl/stream.h"

enum {
    ASK_TIMEOUT_MS = 15000,
    BOOK_TIMEOUT_MS = 120000,
    RULES_MAX_BYTES = 1 << 20,
    HISTORY_MAX = 100000,
    ROWS_DEFAULT = 200,
    ROWS_MAX = 1000000,
};

typedef Hitstream__V1__VehicleEvent pb_event;

struct replay_options {
    const char *from;
    const char *to;
    const char *rules;
    const char *covert;
    int64_t max;
};

static const struct hitctl_option replay_options[] = {
    {"from", HITCTL_TEXT, offsetof(struct replay_options, from), "TIME",
     "what was told from here on: 2026-11-21T22:41:00Z"},
    {"to", HITCTL_TEXT, offsetof(struct replay_options, to), "TIME", "up to here (default: now)"},
    {"rules", HITCTL_TEXT, offsetof(struct replay_options, rules), "FILE",
     "a rules.yaml, in place of the rules that were in force"},
    {"max", HITCTL_NUMBER, offsetof(struct replay_options, max), "N",
     "alerts shown one by one (200); all are counted"},
    HITCTL_SIGHT_OPTION(struct replay_options),
    {NULL, HITCTL_FLAG, 0, NULL, NULL},
};

// A run of the command.
struct replay {
    const struct hitctl *ctl;
    struct replay_options options;
    struct hitctl_sight sight;
    int64_t from_ms, to_ms;
    int64_t warm_from_ms; // the log is read from here
    struct hs_buf rules;
    struct hitctl_keys keys;
    struct hs_kafka_tail *tail;
    struct controls_book *book;
    char controls_hash[HS_CONTROLS_HASH_BYTES]; // in force at warm_from_ms; "": none
    struct hitctl_replay *cores[REPLAY_SIDES];  // of the partition at hand
    struct replay_comparison comparison;
    struct replay_forecasts forecasts;
    uint64_t events; // in the stretch
    int32_t partitions;
    int status; // of a callback that gave up
};

static void tell(struct replay *run, enum replay_side side, const struct hs_alert *alert)
{
    Hitstream__V1__Alert *unpacked =
        hitstream__v1__alert__unpack(NULL, alert->payload.len, (const uint8_t *)alert->payload.ptr);
    if (unpacked) {
        replay_note(&run->comparison, side, unpacked);
        replay_forecast_told(&run->forecasts, side, unpacked);
    } else {
        run->comparison.status = HS_ENOMEM;
    }
    hitstream__v1__alert__free_unpacked(unpacked, NULL);
}

static void on_now(void *ctx, const struct hs_alert *alert)
{
    tell(ctx, REPLAY_NOW, alert);
}

static void on_other(void *ctx, const struct hs_alert *alert)
{
    tell(ctx, REPLAY_OTHER, alert);
}

static bool may_see(const struct replay *run, const pb_event *event)
{
    struct hs_audience audience;
    int rc = hitctl_event_audience(event, &audience);
    return rc == HS_ENOTFOUND || (rc == 0 && hitctl_sight_allows(&run->sight, &audience));
}

// Both cores get the event.
static bool on_event(void *ctx, const struct hitctl_log_event *event)
{
    struct replay *run = ctx;
    if (event->append_time_ms >= run->to_ms) {
        return false;
    }
    bool counts = event->append_time_ms >= run->from_ms;
    pb_event *unpacked = hitstream__v1__vehicle_event__unpack(NULL, event->value.len,
                                                              (const uint8_t *)event->value.ptr);
    run->events += counts;
    if (unpacked && may_see(run, unpacked)) {
        if (unpacked->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT) {
            replay_forecast_seen(&run->forecasts, unpacked->vehicle, unpacked->hit, counts);
        }
        for (size_t side = 0; side < REPLAY_SIDES && run->status == 0; side++) {
            run->status = hitctl_replay_apply(run->cores[side], event, unpacked);
        }
    }
    hitstream__v1__vehicle_event__free_unpacked(unpacked, NULL);
    replay_settle(&run->comparison, counts);
    run->status = run->status ? run->status : run->comparison.status;
    run->status = run->status ? run->status : run->forecasts.status;
    return run->status == 0;
}

static int make_cores(struct replay *run)
{
    struct hitctl_replay_config config = {
        .keys = run->keys, .book = run->book, .own_timers = true, .alert = on_now, .ctx = run};
    int rc = hitctl_replay_new(&config, &run->cores[REPLAY_NOW]);
    config.rules = hs_buf_str(&run->rules);
    config.alert = on_other;
    rc = rc ? rc : hitctl_replay_new(&config, &run->cores[REPLAY_OTHER]);
    for (size_t side = 0; side < REPLAY_SIDES && rc == 0 && run->controls_hash[0]; side++) {
        rc = hitctl_replay_begin(run->cores[side], run->controls_hash, run->warm_from_ms);
    }
    hitctl_keys_wipe(&config.keys);
    return rc;
}

// What is still due when the stretch ends.
static int end_partition(struct replay *run)
{
    int rc = 0;
    for (size_t side = 0; side < REPLAY_SIDES && rc == 0; side++) {
        rc = hitctl_replay_until(run->cores[side], run->to_ms);
    }
    replay_settle(&run->comparison, true);
    return rc ? rc : run->comparison.status;
}

static int run_partition(struct replay *run, int32_t partition)
{
    int rc = make_cores(run);
    if (rc == 0) {
        rc = hitctl_log_read(run->tail, partition, run->warm_from_ms, on_event, run);
        rc = run->status ? run->status : rc;
    }
    rc = rc ? rc : end_partition(run);
    for (size_t side = 0; side < REPLAY_SIDES; side++) {
        hitctl_replay_free(run->cores[side]);
        run->cores[side] = NULL;
    }
    replay_forecast_forget(&run->forecasts);
    return rc;
}

static int run_partitions(struct replay *run)
{
    int rc = hs_kafka_tail_partitions(run->tail, HS_KAFKA_HITS, ASK_TIMEOUT_MS, &run->partitions);
    for (int32_t p = 0; p < run->partitions && rc == 0; p++) {
        rc = run_partition(run, p);
        if (rc == HS_ENOTFOUND) {
            hitctl_error("the log names controls that do not stand in " HS_KAFKA_CONTROLS
                         ", or do not hold with these rules");
            return HITCTL_REFUSED;
        }
    }
    if (rc == HS_ECANCELED) {
        hitctl_error("interrupted");
        return HITCTL_FAILED;
    }
    return rc ? hitctl_kafka_failed(rc, HS_KAFKA_HITS) : HITCTL_OK;
}

// ------------------------------------------------------------------ the words

static int parse_time(const char *name, const char *text, int64_t *ret_at_ms)
{
    if (hs_civil_parse(hs_str(text), ret_at_ms) != 0) {
        hitctl_error("option '--%s': value '%s': a time such as 2026-11-21T22:41:00Z is allowed",
                     name, text);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

static int parse_times(struct replay *run)
{
    run->to_ms = hs_clock_realtime_ms();
    if (!run->options.from || !run->options.rules) {
        hitctl_error("--from and --rules are needed");
        return HITCTL_USAGE;
    }
    int result = parse_time("from", run->options.from, &run->from_ms);
    if (result == HITCTL_OK && run->options.to) {
        result = parse_time("to", run->options.to, &run->to_ms);
    }
    if (result == HITCTL_OK && run->from_ms >= run->to_ms) {
        hitctl_error("--from must be before --to");
        result = HITCTL_USAGE;
    }
    if (result == HITCTL_OK && run->options.max > ROWS_MAX) {
        hitctl_error("option '--max': at most %d is allowed", ROWS_MAX);
        result = HITCTL_USAGE;
    }
    return result;
}

// The file of rules; the longest of its windows and of the default ones is what the log is read
// before the stretch.
static int read_rules(struct replay *run)
{
    struct hs_diags diags = {0};
    struct hs_rules rules;
    struct hs_controls *none = hs_controls_empty();
    int rc = none ? hs_file_read(run->options.rules, RULES_MAX_BYTES, &run->rules) : HS_ENOMEM;
    if (rc != 0) {
        hitctl_error("cannot read '%s': %s", run->options.rules, hs_strerror(rc));
        hs_controls_unref(none);
        return HITCTL_FAILED;
    }
    rc = hs_rules_parse(hs_buf_str(&run->rules), run->options.rules, &diags, &rules);
    hitctl_print_diags(&diags);
    hs_diags_fini(&diags);
    if (rc == 0) {
        int64_t usual_ms = hs_rules_longest_ms(hs_controls_rules(none));
        int64_t longest_ms = hs_rules_longest_ms(&rules);
        run->forecasts.quiet_ms = rules.quiet_ms;
        run->warm_from_ms = run->from_ms - hitctl_log_warm_ms(none) -
                            (longest_ms > usual_ms ? longest_ms - usual_ms : 0);
    }
    hs_controls_unref(none);
    hs_buf_add_char(&run->rules, '\n'); // an empty file is a file: all rules at their defaults
    return rc == 0 ? HITCTL_OK : HITCTL_REFUSED;
}

// The newest activation that is not later than the beginning of the log that is read.
static void on_activation(void *ctx, const struct hs_controls_activation *row)
{
    struct replay *run = ctx;
    if (!run->controls_hash[0] && row->at_ms <= run->warm_from_ms) {
        snprintf(run->controls_hash, sizeof(run->controls_hash), "%s", row->hash);
    }
}

static int find_controls(struct replay *run)
{
    struct hs_store *store = NULL;
    int result = hitctl_store_open(run->ctl, &store);
    if (result == HITCTL_OK) {
        int rc = hs_store_controls_history(store, HISTORY_MAX, on_activation, run);
        result = rc ? hitctl_store_failed(store, rc, "history of controls") : HITCTL_OK;
    }
    hs_store_free(store);
    if (result != HITCTL_OK) {
        return result;
    }
    int rc = hs_kafka_tail_new(run->ctl->settings, NULL, &run->tail);
    rc = rc ? rc : controls_book_read(run->tail, BOOK_TIMEOUT_MS, &run->book);
    return rc ? hitctl_kafka_failed(rc, HS_KAFKA_CONTROLS) : HITCTL_OK;
}

// ------------------------------------------------------------------ the answer

static void print(struct replay *run)
{
    struct hs_buf out = {0};
    char from[HS_CIVIL_TEXT_BYTES], to[HS_CIVIL_TEXT_BYTES], warm[HS_CIVIL_TEXT_BYTES];
    hs_civil_format(run->from_ms, from);
    hs_civil_format(run->to_ms, to);
    hs_civil_format(run->warm_from_ms, warm);
    if (run->ctl->json) {
        hs_buf_printf(&out,
                      "{\"from\":\"%s\",\"to\":\"%s\",\"partitions\":%" PRId32
                      ",\"events\":%" PRIu64 ",",
                      from, to, run->partitions, run->events);
        replay_print_json(&run->comparison, &out);
        hs_buf_add_char(&out, ',');
        replay_forecast_print_json(&run->forecasts, &out);
        hs_buf_add_text(&out, "}\n");
    } else {
        hs_buf_printf(&out,
                      "%s to %s: %" PRIu64 " events of %" PRId32 " partitions, read from %s on\n",
                      from, to, run->events, run->partitions, warm);
        replay_print_text(&run->comparison, &out);
        replay_forecast_print_text(&run->forecasts, &out);
    }
    fputs(hs_buf_text(&out), stdout);
    hs_buf_fini(&out);
}

static int replay(struct replay *run)
{
    int result = parse_times(run);
    result = result ? result : hitctl_sight_open(run->ctl, run->options.covert, &run->sight);
    result = result ? result : read_rules(run);
    result = result ? result : hitctl_keys_open(run->ctl, &run->keys);
    result = result ? result : find_controls(run);
    result = result ? result : hitctl_sight_log(&run->sight, NULL, NULL);
    result = result ? result : run_partitions(run);
    if (result == HITCTL_OK) {
        print(run);
    }
    return result;
}

static int replay_run(struct hitctl *ctl, int argc, char **argv)
{
    struct replay *run = calloc(1, sizeof(*run));
    if (!run) {
        hitctl_error("%s", hs_strerror(HS_ENOMEM));
        return HITCTL_FAILED;
    }
    run->options.max = ROWS_DEFAULT;
    int words = hitctl_options_parse(replay_options, &run->options, argc, argv);
    if (words > 0) {
        hitctl_error("'%s' is not expected here", argv[1]);
    }
    int result = HITCTL_USAGE;
    if (words == 0) {
        run->ctl = ctl;
        run->comparison.rows_max = (size_t)run->options.max;
        hitctl_catch_interrupt();
        result = replay(run);
    }
    controls_book_free(run->book);
    hs_kafka_tail_free(run->tail);
    replay_comparison_fini(&run->comparison);
    replay_forecast_fini(&run->forecasts);
    hs_buf_fini(&run->rules);
    hitctl_keys_wipe(&run->keys);
    free(run);
    return result;
}

const struct hitctl_command hitctl_replay_commands[] = {
    {NULL, "replay", "--from TIME [--to TIME] --rules FILE [--max N] [--covert LIST,...]",
     "what would have been told by other rules", replay_run, replay_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
