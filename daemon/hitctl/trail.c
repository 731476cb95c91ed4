// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl trail: what correlators know of a vehicle, or of an incident: where it was, who was told.
 *
 * A vehicle's states stand in one partition of anpr.vehicles, that of its key in anpr.hits. An
 * incident's id does not tell the vehicle, so that the whole topic is read for it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "hitctl/sight.h"
#include "hitctl/stream.h"
#include "hitctl/trail_text.h"
#include "kafka/tail.h"
#include "vrm/vrm.h"
#include "wire/ids.h"
#include "wire/json.h"

enum {
    STATES_MAX = 256,         // shown; audiences of one vehicle
    READ_TIMEOUT_MS = 600000, // for the whole reading
    ASK_TIMEOUT_MS = 15000,
    ID_DIGITS_MIN = HS_VRM_MAX + 1, // fewer may be a mark
};

typedef Hitstream__V1__VehicleState pb_state;

struct trail_options {
    const char *covert;
};

static const struct hitctl_option trail_options[] = {
    HITCTL_SIGHT_OPTION(struct trail_options),
    {NULL, HITCTL_FLAG, 0, NULL, NULL},
};

// The newest record of a key that was asked for.
struct found {
    char *key;
    pb_state *state;
};

// A run of the command.
struct trail {
    const struct hitctl *ctl;
    struct hitctl_sight sight;
    struct hs_str mark;            // of the vehicle; empty: by incident
    uint8_t id[HS_ID_BYTES];       // the incident's first bytes
    size_t id_digits;              // how many hex digits of it were given
    struct found rows[STATES_MAX]; // in order of first appearance
    size_t count;
    uint64_t records; // read
    bool more;        // than STATES_MAX
};

static bool has_digits(const struct trail *run, ProtobufCBinaryData id)
{
    if (id.len != HS_ID_BYTES || memcmp(id.data, run->id, run->id_digits / 2) != 0) {
        return false;
    }
    size_t last = run->id_digits / 2;
    return run->id_digits % 2 == 0 || id.data[last] >> 4 == run->id[last] >> 4;
}

static bool has_incident(const struct trail *run, const pb_state *state)
{
    bool has = state->incident && has_digits(run, state->incident->incident_id);
    for (size_t i = 0; !has && i < state->n_ended; i++) {
        has = has_digits(run, state->ended[i]->incident_id);
    }
    return has;
}

static bool is_wanted(const struct trail *run, const pb_state *state)
{
    struct hs_audience audience;
    if (hs_audience_of(state->audience, &audience) != 0 ||
        !hitctl_sight_allows(&run->sight, &audience)) {
        return false;
    }
    return run->mark.len > 0 ? hs_str_eq(run->mark, hs_str(state->vehicle))
                             : has_incident(run, state);
}

// "AB12CDE|open"
static bool is_of_vehicle(struct hs_str key, struct hs_str mark)
{
    return key.len > mark.len && key.ptr[mark.len] == '|' &&
           memcmp(key.ptr, mark.ptr, mark.len) == 0;
}

static size_t find_row(const struct trail *run, struct hs_str key)
{
    size_t i = 0;
    while (i < run->count && !hs_str_is(key, run->rows[i].key)) {
        i++;
    }
    return i;
}

// This is what stands under the key now; NULL: nothing that was asked for. Takes the state.
static void put_row(struct trail *run, struct hs_str key, pb_state *state)
{
    size_t i = find_row(run, key);
    if (i < run->count) {
        hitstream__v1__vehicle_state__free_unpacked(run->rows[i].state, NULL);
        run->rows[i].state = state;
        return;
    }
    char *copy = state && i < STATES_MAX ? hs_str_dup(key) : NULL;
    if (!copy) {
        run->more = run->more || state;
        hitstream__v1__vehicle_state__free_unpacked(state, NULL);
        return;
    }
    run->rows[run->count++] = (struct found){copy, state};
}

static bool on_record(void *ctx, const struct hs_kafka_message *message)
{
    struct trail *run = ctx;
    run->records++;
    if (hs_str_is(message->key, "partition") ||
        (run->mark.len > 0 && !is_of_vehicle(message->key, run->mark))) {
        return !hitctl_interrupted();
    }
    pb_state *state = message->value.len > 0
                          ? hitstream__v1__vehicle_state__unpack(
                                NULL, message->value.len, (const uint8_t *)message->value.ptr)
                          : NULL;
    if (state && !is_wanted(run, state)) {
        hitstream__v1__vehicle_state__free_unpacked(state, NULL);
        state = NULL;
    }
    put_row(run, message->key, state);
    return !hitctl_interrupted();
}

static int read_states(struct trail *run)
{
    struct hs_kafka_tail *tail = NULL;
    struct hs_kafka_range range = {.topic = HS_KAFKA_VEHICLES,
                                   .partition = -1,
                                   .from_time_ms = -1,
                                   .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_TIMEOUT_MS};
    int32_t partitions = 0;
    int status = hs_kafka_tail_new(run->ctl->settings, NULL, &tail);
    if (status == HS_OK && run->mark.len > 0) {
        status = hs_kafka_tail_partitions(tail, HS_KAFKA_VEHICLES, ASK_TIMEOUT_MS, &partitions);
        range.partition = hs_kafka_partition_of(run->mark, partitions);
    }
    if (status == HS_OK) {
        status = hs_kafka_tail_read(tail, &range, 1, &options, on_record, run);
    }
    hs_kafka_tail_free(tail);
    if (status == HS_ECANCELED) {
        hitctl_error("interrupted");
        return HITCTL_FAILED;
    }
    return status == HS_OK ? HITCTL_OK : hitctl_kafka_failed(status, HS_KAFKA_VEHICLES);
}

// A mark, or an incident's id. HITCTL_USAGE after saying what is allowed.
static int parse_subject(struct trail *run, const char *word, struct hs_vrm *vrm)
{
    char digits[2 * HS_ID_BYTES + 1] = "00000000000000000000000000000000";
    size_t len = strlen(word);
    if (len >= ID_DIGITS_MIN && len <= 2 * HS_ID_BYTES) {
        memcpy(digits, word, len);
        run->id_digits = len;
        if (hs_hex_decode(hs_str(digits), run->id, HS_ID_BYTES) == 0) {
            return HITCTL_OK;
        }
    }
    if (hs_vrm_normalise(hs_str(word), vrm, NULL) != 0) {
        hitctl_error("'%s' is no mark and no incident's id (%d to %d hex digits)", word,
                     ID_DIGITS_MIN, 2 * HS_ID_BYTES);
        return HITCTL_USAGE;
    }
    run->mark = hs_vrm_str(vrm);
    return HITCTL_OK;
}

static size_t print(const struct trail *run, const char *subject)
{
    struct hs_buf out = {0};
    size_t shown = 0;
    if (run->ctl->json) {
        hs_buf_printf(&out, "{\"subject\":\"%s\",\"states\":[", subject);
    }
    for (size_t i = 0; i < run->count; i++) {
        if (!run->rows[i].state) {
            continue;
        }
        if (run->ctl->json) {
            hs_buf_add_text(&out, shown > 0 ? "," : "");
            hs_json_print(&run->rows[i].state->base, &out);
        } else {
            hitctl_trail_text(run->rows[i].state, &out);
        }
        shown++;
    }
    hs_buf_add_text(&out, run->ctl->json ? "]}\n" : "");
    fputs(hs_buf_text(&out), stdout);
    hs_buf_fini(&out);
    return shown;
}

static int show(struct trail *run, const char *subject)
{
    if (run->mark.len == 0) {
        fputs("an incident's id does not tell the vehicle: all states are read\n", stderr);
    }
    int result = read_states(run);
    if (result != HITCTL_OK) {
        return result;
    }
    if (print(run, subject) == 0) {
        hitctl_error("nothing is kept of '%s' (%" PRIu64 " records read)", subject, run->records);
    }
    if (run->more) {
        hitctl_error("more than %d states: the rest is left out", STATES_MAX);
    }
    return HITCTL_OK;
}

static int trail_run(struct hitctl *ctl, int argc, char **argv)
{
    struct trail_options options = {0};
    struct hs_vrm vrm;
    struct trail *run = calloc(1, sizeof(*run));
    int words = hitctl_options_parse(trail_options, &options, argc, argv);
    if (!run || words != 1) {
        if (words >= 0) {
            hitctl_error("%s", run ? "one VRM or incident id is needed" : hs_strerror(HS_ENOMEM));
        }
        free(run);
        return HITCTL_USAGE;
    }
    run->ctl = ctl;
    hitctl_catch_interrupt();
    int result = parse_subject(run, argv[1], &vrm);
    result = result ? result : hitctl_sight_open(ctl, options.covert, &run->sight);
    const char *subject = run->mark.len > 0 ? vrm.text : argv[1];
    result = result ? result : hitctl_sight_log(&run->sight, subject, NULL);
    result = result ? result : show(run, subject);
    for (size_t i = 0; i < run->count; i++) {
        free(run->rows[i].key);
        hitstream__v1__vehicle_state__free_unpacked(run->rows[i].state, NULL);
    }
    free(run);
    return result;
}

const struct hitctl_command hitctl_trail_commands[] = {
    {NULL, "trail", "VRM|INCIDENT [--covert LIST,...]",
     "where a listed vehicle was, its incidents, and who was told", trail_run, trail_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
