// SPDX-License-Identifier: Apache-2.0
#include "hitctl/alert_find.h"

#include <ctype.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitctl/payload.h"
#include "hitctl/stream.h"
#include "kafka/tail.h"
#include "wire/ids.h"

enum { ID_DIGITS_MIN = 8, READ_TIMEOUT_MS = 120000 };

// What is looked through first: the newest.
static const int64_t stretches_ms[] = {10 * 60000, 2 * 3600000, 24 * 3600000};

// A search under way.
struct search {
    const char *id;
    size_t id_len;
    Hitstream__V1__Alert *found; // the newest that fits
    bool several;                // alerts of different ids fit
};

void hitctl_alert_topic(const char *queue, char *ret_topic, size_t size)
{
    bool whole = strncmp(queue, "dispatch.", 9) == 0 || strncmp(queue, "undelivered.", 12) == 0;
    snprintf(ret_topic, size, "%s%s", whole ? "" : "dispatch.", queue);
}

static bool fits(const struct search *search, const struct hs_kafka_message *message)
{
    struct hs_str id;
    return hs_kafka_message_header(message, "ce_id", &id) && id.len >= search->id_len &&
           hs_str_eq_nocase(hs_str_n(id.ptr, search->id_len), hs_str(search->id));
}

static void keep(struct search *search, Hitstream__V1__Alert *alert)
{
    Hitstream__V1__Alert *before = search->found;
    search->several =
        search->several ||
        (before && (before->alert_id.len != alert->alert_id.len ||
                    memcmp(before->alert_id.data, alert->alert_id.data, alert->alert_id.len) != 0));
    if (before) {
        hitstream__v1__alert__free_unpacked(before, NULL);
    }
    search->found = alert;
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct search *search = ctx;
    struct hs_buf why = {0};
    ProtobufCMessage *alert;
    if (fits(search, message) && hitctl_payload_unpack(&hitstream__v1__alert__descriptor,
                                                       message->value, &alert, &why) == HS_OK) {
        keep(search, (Hitstream__V1__Alert *)(void *)alert);
    }
    hs_buf_fini(&why);
    return !hitctl_interrupted();
}

static int look_through(const struct hitctl *ctl, const char *topic, int64_t from_ms,
                        struct search *search)
{
    struct hs_kafka_tail *tail = NULL;
    const struct hs_kafka_range range = {
        .topic = topic, .partition = -1, .from_time_ms = from_ms > 0 ? from_ms : 0};
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_TIMEOUT_MS};
    int status = hs_kafka_tail_new(ctl->settings, NULL, &tail);
    if (status == HS_OK) {
        status = hs_kafka_tail_read(tail, &range, 1, &options, on_message, search);
    }
    hs_kafka_tail_free(tail);
    return status;
}

static bool id_is_good(const char *id)
{
    size_t len = strlen(id);
    for (size_t i = 0; i < len; i++) {
        if (!isxdigit((unsigned char)id[i])) {
            return false;
        }
    }
    return len >= ID_DIGITS_MIN && len <= 2 * HS_ID_BYTES;
}

static int answer(struct search *search, const struct hitctl_alert_query *query,
                  Hitstream__V1__Alert **ret_alert)
{
    if (search->several) {
        hitctl_error("several alerts of queue '%s' begin with '%s': give more digits", query->queue,
                     query->id);
    } else if (!search->found) {
        hitctl_error("queue '%s' has no alert '%s' in the time that was looked at; see --since",
                     query->queue, query->id);
    } else {
        *ret_alert = search->found;
        return HITCTL_OK;
    }
    if (search->found) {
        hitstream__v1__alert__free_unpacked(search->found, NULL);
    }
    return HITCTL_REFUSED;
}

int hitctl_alert_find(const struct hitctl *ctl, const struct hitctl_alert_query *query,
                      Hitstream__V1__Alert **ret_alert)
{
    char topic[HS_KAFKA_TOPIC_TEXT_BYTES];
    struct search search = {.id = query->id, .id_len = strlen(query->id)};
    int64_t now_ms = hs_clock_realtime_ms();
    int status = HS_OK;
    if (!id_is_good(query->id)) {
        hitctl_error("'%s' is no alert's id: 8 to 32 hex digits of it are needed", query->id);
        return HITCTL_USAGE;
    }
    hitctl_alert_topic(query->queue, topic, sizeof(topic));
    for (size_t i = 0; status == HS_OK && !search.found && !hitctl_interrupted() &&
                       i <= sizeof(stretches_ms) / sizeof(stretches_ms[0]);
         i++) {
        bool last = i == sizeof(stretches_ms) / sizeof(stretches_ms[0]) ||
                    now_ms - stretches_ms[i] <= query->since_ms;
        status =
            look_through(ctl, topic, last ? query->since_ms : now_ms - stretches_ms[i], &search);
        if (last) {
            break;
        }
    }
    if (status != HS_OK) {
        if (search.found) {
            hitstream__v1__alert__free_unpacked(search.found, NULL);
        }
        return hitctl_kafka_failed(status, topic);
    }
    return answer(&search, query, ret_alert);
}

bool hitctl_duration(const char *option, const char *text, int64_t *ret_ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    struct hs_str digits = hs_str(text);
    int64_t number, unit_ms = 60000;
    for (size_t i = 0; digits.len > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (digits.ptr[digits.len - 1] == units[i].unit) {
            unit_ms = units[i].ms;
            digits.len--;
            break;
        }
    }
    if (hs_str_to_i64(digits, &number) != HS_OK || number <= 0 || number > 1000000) {
        hitctl_error("option '--%s': value '%s': a time such as 45s, 30m, 2h or 3d is allowed",
                     option, text);
        return false;
    }
    *ret_ms = number * unit_ms;
    return true;
}
