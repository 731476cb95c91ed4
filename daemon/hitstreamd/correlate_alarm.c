// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_alarm.h"

#include <stdlib.h>

#include "hitstream/v1/alert.pb-c.h"
#include "hitstreamd/correlate_outbox.h"
#include "wire/json.h"

static void pack_alarm(const struct hs_id *id, const char *what, const char *message, int64_t at_ms,
                       struct hs_buf *out)
{
    Hitstream__V1__Alert alert = HITSTREAM__V1__ALERT__INIT;
    char queue[] = HS_ROUTE_OPS_QUEUE;
    char *rule = hs_str_dup(hs_str(what));
    char *text = hs_str_dup(hs_str(message));
    if (rule && text) {
        alert.alert_id = (ProtobufCBinaryData){HS_ID_BYTES, (uint8_t *)(uintptr_t)id->bytes};
        alert.queue = queue;
        alert.kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_SYSTEM;
        alert.rule = rule;
        alert.headline = text;
        alert.message = text;
        alert.captured_at_ms = at_ms;
        hs_json_print(&alert.base, out);
    }
    free(rule);
    free(text);
}

void hs_alarm(struct hs_correlate_stage *stage, const char *what, struct hs_str queue,
              const char *message)
{
    int64_t at_ms = hs_clock_realtime_ms();
    struct hs_str parts[] = {hs_str(what), queue, hs_str_n(&at_ms, sizeof(at_ms)),
                             hs_str(stage->config.settings->instance_id)};
    struct hs_id id = hs_id_make(&stage->config.id_key, "alarm", parts, 4);
    struct hs_headers headers = {0};
    struct hs_buf json = {0};
    char id_text[HS_ID_TEXT_BYTES];
    hs_id_text(&id, id_text);
    pack_alarm(&id, what, message, at_ms, &json);
    hs_headers_add_event(&headers, hs_str(id_text), "hitstream.v1.Alert", HS_STR("hitstreamd"),
                         at_ms, "application/json");
    hs_headers_add(&headers, "queue", HS_STR(HS_ROUTE_OPS_QUEUE));
    struct hs_kafka_header rows[HS_HEADERS_MAX];
    for (size_t i = 0; i < headers.count; i++) {
        struct hs_header header = hs_headers_get(&headers, i);
        rows[i] = (struct hs_kafka_header){header.name, header.value};
    }
    struct hs_outgoing *outgoing = hs_outgoing_new(HS_OUT_ALARM, NULL, hs_str(id_text),
                                                   hs_buf_str(&json), rows, headers.count);
    if (outgoing &&
        hs_outbox_produce(stage, outgoing, stage->ops_topic, HS_KAFKA_PARTITION_BY_KEY) != 0) {
        free(outgoing); // the log has it too
    }
    hs_headers_fini(&headers);
    hs_buf_fini(&json);
}
