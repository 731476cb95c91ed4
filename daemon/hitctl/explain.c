// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl explain: what led to an alert, by running the core again over the retained log of its
 * vehicle with the controls that the alert names, and whether the same bytes come out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "hitctl/core_replay.h"
#include "hitctl/explain_find.h"
#include "hitctl/explain_text.h"
#include "hitctl/sight.h"
#include "hitctl/stream.h"
#include "wire/json.h"

enum { ASK_TIMEOUT_MS = 15000, BOOK_TIMEOUT_MS = 120000 };

typedef Hitstream__V1__VehicleEvent pb_event;

struct explain_options {
    const char *queue;
    const char *covert;
};

static const struct hitctl_option explain_options[] = {
    {"queue", HITCTL_TEXT, offsetof(struct explain_options, queue), "QUEUE",
     "where the alert stands (default: every queue is searched)"},
    HITCTL_SIGHT_OPTION(struct explain_options),
    {NULL, HITCTL_FLAG, 0, NULL, NULL},
};

// A run of the command.
struct explain {
    const struct hitctl *ctl;
    struct explain_options options;
    struct hitctl_sight sight;
    struct hitctl_keys keys;
    struct hs_kafka_tail *tail;
    struct controls_book *book;
    struct hs_controls *controls; // that the alert names
    struct hs_buf audience_text;  // storage of `audience`
    struct hs_audience audience;
    struct hitctl_replay *replay;
    struct alert_found found;
    struct explanation result;
    int status; // of a callback that gave up
};

// The alert comes out of the core again.
static void on_alert(void *ctx, const struct hs_alert *alert)
{
    struct explain *run = ctx;
    const Hitstream__V1__Alert *told = run->found.alert;
    if (run->result.came || memcmp(alert->id.bytes, told->alert_id.data, HS_ID_BYTES) != 0) {
        return;
    }
    Hitstream__V1__Alert *again =
        hitstream__v1__alert__unpack(NULL, alert->payload.len, (const uint8_t *)alert->payload.ptr);
    if (!again) {
        run->status = HS_ENOMEM;
        return;
    }
    struct hs_buf json = {0};
    hs_json_print(&again->base, &json);
    struct hs_str bytes = run->found.json ? hs_buf_str(&json) : alert->payload;
    run->result.came = true;
    run->result.agrees = hs_str_eq(bytes, hs_buf_str(&run->found.payload));
    explain_difference(told, again, &run->result.difference);
    hitstream__v1__alert__free_unpacked(again, NULL);
    hs_buf_fini(&json);
}

static bool is_of_audience(const struct explain *run, const pb_event *event)
{
    struct hs_audience audience;
    int rc = hitctl_event_audience(event, &audience);
    return rc == HS_ENOTFOUND || (rc == 0 && audience.kind == run->audience.kind &&
                                  hs_str_eq(audience.list_id, run->audience.list_id));
}

static bool on_event(void *ctx, const struct hitctl_log_event *event)
{
    struct explain *run = ctx;
    struct explanation *result = &run->result;
    result->read++;
    result->first_offset = result->read == 1 ? event->offset : result->first_offset;
    result->first_at_ms = result->read == 1 ? event->append_time_ms : result->first_at_ms;
    result->last_offset = event->offset;
    bool own = hs_str_is(event->key, run->found.alert->vehicle);
    if (!own && !hs_str_is(event->key, HS_PARTITION_STATE_KEY)) {
        run->status = hitctl_replay_count(run->replay, event); // other vehicles make a flood, too
        return run->status == 0 && event->append_time_ms <= run->found.appended_at_ms;
    }
    pb_event *unpacked = hitstream__v1__vehicle_event__unpack(NULL, event->value.len,
                                                              (const uint8_t *)event->value.ptr);
    if (unpacked && is_of_audience(run, unpacked)) {
        if (own) {
            explain_note_event(result, event, unpacked, run->found.alert->opened_at_ms);
        }
        run->status = hitctl_replay_apply(run->replay, event, unpacked);
    }
    hitstream__v1__vehicle_event__free_unpacked(unpacked, NULL);
    return run->status == 0 && !result->came && event->append_time_ms <= run->found.appended_at_ms;
}

// Whom the alert was for; its token says. HS_EPERM: sealed with another key.
static int find_audience(struct explain *run)
{
    const Hitstream__V1__Alert *alert = run->found.alert;
    struct hs_reply_to reply_to;
    if (alert->reply_token.len == 0) { // nobody answers for 'unrouted', where open lists' alerts go
        run->audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
        hs_buf_add_text(&run->audience_text, "open");
        return alert->covert ? HS_EPERM : 0;
    }
    struct hs_buf storage = {0};
    int rc =
        hs_token_open(&run->keys.token, hs_str_n(alert->reply_token.data, alert->reply_token.len),
                      &storage, &reply_to);
    if (rc == 0) {
        hs_buf_add_str(&run->audience_text, reply_to.audience);
        rc = hs_audience_parse(hs_str(hs_buf_text(&run->audience_text)), &run->audience);
    }
    hs_buf_fini(&storage);
    return rc;
}

static int find(struct explain *run, const char *word)
{
    struct alert_id id;
    int result = alert_id_parse(word, &id);
    result = result ? result : hitctl_keys_open(run->ctl, &run->keys);
    if (result == HITCTL_OK) {
        int rc = hs_kafka_tail_new(run->ctl->settings, NULL, &run->tail);
        result = rc ? hitctl_kafka_failed(rc, HS_KAFKA_HITS) : HITCTL_OK;
    }
    result =
        result ? result : alert_find(run->ctl, run->tail, run->options.queue, &id, &run->found);
    if (result != HITCTL_OK) {
        return result;
    }
    // what may not be seen is answered like what is not there
    int rc = run->found.alert ? find_audience(run) : HS_ENOTFOUND;
    if (rc != 0 || !hitctl_sight_allows(&run->sight, &run->audience)) {
        hitctl_error(rc == HS_EPERM && !run->found.alert->covert
                         ? "alert '%s' was sealed with another key"
                         : "there is no alert '%s'",
                     word);
        return HITCTL_REFUSED;
    }
    if (run->found.alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_SYSTEM) {
        hitctl_error("alert '%s' is the system's own alarm: no log leads to it", word);
        return HITCTL_REFUSED;
    }
    return HITCTL_OK;
}

// The controls that the alert names.
static int open_controls(struct explain *run)
{
    int rc = controls_book_read(run->tail, BOOK_TIMEOUT_MS, &run->book);
    if (rc != 0) {
        return hitctl_kafka_failed(rc, HS_KAFKA_CONTROLS);
    }
    run->controls = controls_book_of_audience(run->book, hs_buf_str(&run->audience_text),
                                              run->found.alert->controls_hash);
    if (!run->controls) {
        hitctl_error("the controls '%s' that the alert names do not stand in " HS_KAFKA_CONTROLS,
                     run->found.alert->controls_hash);
        return HITCTL_REFUSED;
    }
    return HITCTL_OK;
}

static int64_t log_from_ms(const struct explain *run)
{
    const Hitstream__V1__Alert *alert = run->found.alert;
    int64_t from_ms = run->found.appended_at_ms;
    from_ms = alert->captured_at_ms < from_ms ? alert->captured_at_ms : from_ms;
    from_ms = alert->opened_at_ms < from_ms ? alert->opened_at_ms : from_ms;
    return from_ms - hitctl_log_warm_ms(run->controls);
}

static int run_again(struct explain *run)
{
    int32_t partitions = 0;
    const struct hitctl_replay_config config = {
        .keys = run->keys, .book = run->book, .alert = on_alert, .ctx = run};
    int rc = hs_kafka_tail_partitions(run->tail, HS_KAFKA_HITS, ASK_TIMEOUT_MS, &partitions);
    if (rc != 0) {
        return hitctl_kafka_failed(rc, HS_KAFKA_HITS);
    }
    int64_t from_ms = log_from_ms(run);
    run->result.partition = hs_kafka_partition_of(hs_str(run->found.alert->vehicle), partitions);
    rc = hitctl_replay_new(&config, &run->replay);
    rc = rc ? rc : hitctl_replay_begin(run->replay, hs_controls_hash(run->controls), from_ms);
    rc = rc ? rc : hitctl_log_read(run->tail, run->result.partition, from_ms, on_event, run);
    rc = run->status ? run->status : rc;
    if (rc == HS_ENOTFOUND && run->status) {
        hitctl_error("the log names controls that do not stand in " HS_KAFKA_CONTROLS);
        return HITCTL_REFUSED;
    }
    return rc ? hitctl_kafka_failed(rc, HS_KAFKA_HITS) : HITCTL_OK;
}

static int explain(struct explain *run, const char *word)
{
    int result = hitctl_sight_open(run->ctl, run->options.covert, &run->sight);
    result = result ? result : find(run, word);
    if (result == HITCTL_OK) {
        result = hitctl_sight_log(&run->sight, run->found.alert->vehicle, run->found.alert->queue);
    }
    result = result ? result : open_controls(run);
    result = result ? result : run_again(run);
    if (result != HITCTL_OK) {
        return result;
    }
    run->result.found = &run->found;
    run->result.controls = run->controls;
    explain_print(&run->result, run->ctl->json);
    return run->result.agrees ? HITCTL_OK : HITCTL_DIFFERS;
}

static int explain_run(struct hitctl *ctl, int argc, char **argv)
{
    struct explain *run = calloc(1, sizeof(*run));
    int words = run ? hitctl_options_parse(explain_options, &run->options, argc, argv) : -1;
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("one alert's id is needed");
        }
        free(run);
        return HITCTL_USAGE;
    }
    run->ctl = ctl;
    hitctl_catch_interrupt();
    int result = explain(run, argv[1]);
    hitctl_replay_free(run->replay);
    controls_book_free(run->book);
    hs_controls_unref(run->controls);
    hs_kafka_tail_free(run->tail);
    explanation_fini(&run->result);
    alert_found_fini(&run->found);
    hs_buf_fini(&run->audience_text);
    hitctl_keys_wipe(&run->keys);
    free(run);
    return result;
}

const struct hitctl_command hitctl_explain_commands[] = {
    {NULL, "explain", "ALERT [--queue QUEUE] [--covert LIST,...]",
     "what led to an alert, and whether the log leads to the same bytes again", explain_run,
     explain_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
