// SPDX-License-Identifier: Apache-2.0
#include "support/world/responder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "hitstream/v1/alert.pb-c.h"
#include "support/kafka_util.h"
#include "wire/json.h"

enum { QUEUES_MAX = 16, ROUND_MS = 20, AT_ONCE = 1000, FLUSH_MS = 60000, QUEUE_BYTES = 40 };

// One desk.
struct desk {
    char queue[QUEUE_BYTES];
    struct hs_test_reader *reader;
    struct hs_test_messages messages;
    size_t seen; // of them
};

// What an id says: a number for each decision.
static unsigned dice(const struct hs_id *id, size_t nth)
{
    return id->bytes[nth];
}

static Hitstream__V1__FeedbackKind kind_for(const struct hs_id *id, const char *vehicle)
{
    static const Hitstream__V1__FeedbackKind kinds[] = {
        HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED,
        HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_RESOURCED,
        HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_STOPPED,
        HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NO_RESOURCE,
        HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME,
        HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOTE,
        HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_HANDED_OVER,
        HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_SILENCED,
    };
    return world_is_doubtful(vehicle) ? HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOT_THIS_VEHICLE
                                      : kinds[dice(id, 1) % (sizeof(kinds) / sizeof(kinds[0]))];
}

static void send(struct responder *responder, struct hs_test_producer *producer,
                 const struct desk *desk, const Hitstream__V1__Feedback *feedback, unsigned times)
{
    char topic[QUEUE_BYTES + 16];
    uint8_t packed[1024];
    snprintf(topic, sizeof(topic), "feedback.%s", desk->queue);
    size_t len = hitstream__v1__feedback__pack(feedback, packed);
    for (unsigned i = 0; i < times && responder->status == 0; i++) {
        responder->status =
            hs_test_produce(producer, topic, -1, HS_STR("desk"), hs_str_n(packed, len), NULL, 0);
    }
}

static void answer(struct responder *responder, struct hs_test_producer *producer,
                   const struct desk *desk, const struct hs_id *id,
                   const Hitstream__V1__Alert *alert)
{
    char person[] = "PC 1234 Brown", note[] = "as the caller said", to_queue[QUEUE_BYTES];
    Hitstream__V1__Feedback feedback = HITSTREAM__V1__FEEDBACK__INIT;
    Hitstream__V1__Outcome outcome = HITSTREAM__V1__OUTCOME__INIT;
    struct hs_id own = *id;
    bool forged = dice(id, 2) % 16 == 0;
    own.bytes[0] ^= 0xff;
    feedback.feedback_id = (ProtobufCBinaryData){HS_ID_BYTES, own.bytes};
    feedback.reply_token = alert->reply_token;
    feedback.kind = kind_for(id, alert->vehicle);
    feedback.person = person;
    feedback.note = note;
    feedback.at_ms = hs_clock_realtime_ms();
    if (feedback.kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED &&
        dice(id, 4) % 2) {
        feedback.until_ms = feedback.at_ms + 1500; // it expires while the test runs
    }
    if (feedback.kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_HANDED_OVER) {
        snprintf(to_queue, sizeof(to_queue), "%s", world_other_desk(desk->queue));
        feedback.to_queue = to_queue;
    }
    if (feedback.kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME) {
        outcome.arrests = 1;
        feedback.outcome = &outcome;
    }
    if (forged) {
        feedback.reply_token.data[feedback.reply_token.len / 2] ^= 1;
    }
    responder->forged += forged;
    responder->answered[feedback.kind] += !forged;
    send(responder, producer, desk, &feedback, dice(id, 3) % 8 == 0 ? 2 : 1);
}

static Hitstream__V1__Alert *unpack(const struct hs_test_message *message)
{
    ProtobufCMessage *alert = NULL;
    if (hs_str_is(hs_test_header(message, "content-type"), "application/json")) {
        return hs_json_parse(message->value, &hitstream__v1__alert__descriptor, &alert, NULL) == 0
                   ? (Hitstream__V1__Alert *)(void *)alert
                   : NULL;
    }
    return hitstream__v1__alert__unpack(NULL, message->value.len,
                                        (const uint8_t *)message->value.ptr);
}

static void look(struct responder *responder, struct hs_test_producer *producer, struct desk *desk)
{
    hs_test_reader_await(desk->reader, desk->messages.count + AT_ONCE, ROUND_MS, &desk->messages);
    for (; desk->seen < desk->messages.count && responder->status == 0; desk->seen++) {
        const struct hs_test_message *message = &desk->messages.rows[desk->seen];
        struct hs_id id;
        Hitstream__V1__Alert *alert = unpack(message);
        if (!alert || hs_id_parse(hs_test_header(message, "ce_id"), &id) != 0) {
            responder->status = -1;
        } else if (dice(&id, 0) % 4 == 0 || world_is_doubtful(alert->vehicle)) {
            answer(responder, producer, desk, &id, alert);
        }
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
}

static size_t open_desks(struct responder *responder, struct desk *desks)
{
    const struct hs_routes *routes =
        hs_controls_routes(responder->world->controls[WORLD_CONTROLS_RIGHT]);
    size_t count = 0;
    for (size_t i = 0; i < hs_routes_queue_count(routes) && count < QUEUES_MAX; i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        if (queue->kind == HS_QUEUE_LIVE) {
            char topic[QUEUE_BYTES + 16];
            snprintf(desks[count].queue, QUEUE_BYTES, "%.*s", HS_STR_ARG(queue->name));
            snprintf(topic, sizeof(topic), "dispatch.%s", desks[count].queue);
            responder->status = responder->status ? responder->status
                                                  : hs_test_reader_new(responder->world->bootstrap,
                                                                       topic, &desks[count].reader);
            count++;
        }
    }
    return count;
}

static void *respond(void *ctx)
{
    struct responder *responder = ctx;
    static struct desk desks[QUEUES_MAX];
    memset(desks, 0, sizeof(desks));
    struct hs_test_producer *producer = NULL;
    size_t count = open_desks(responder, desks);
    if (responder->status == 0) {
        responder->status = hs_test_producer_new(responder->world->bootstrap, &producer);
    }
    while (responder->status == 0 &&
           !atomic_load_explicit(&responder->stopping, memory_order_relaxed)) {
        for (size_t i = 0; i < count; i++) {
            look(responder, producer, &desks[i]);
        }
    }
    if (producer && responder->status == 0) {
        responder->status = hs_test_producer_flush(producer, FLUSH_MS);
    }
    hs_test_producer_free(producer);
    for (size_t i = 0; i < count; i++) {
        hs_test_reader_free(desks[i].reader);
        hs_test_messages_fini(&desks[i].messages);
    }
    return NULL;
}

void responder_start(struct responder *responder, const struct world *world)
{
    memset(responder, 0, sizeof(*responder));
    responder->world = world;
    assert_int_equal(pthread_create(&responder->thread, NULL, respond, responder), 0);
}

void responder_stop(struct responder *responder)
{
    atomic_store_explicit(&responder->stopping, true, memory_order_relaxed);
    pthread_join(responder->thread, NULL);
    assert_int_equal(responder->status, 0);
    printf(
        "desks answered: acknowledged %zu, resourced %zu, stopped %zu, no resource %zu, not this "
        "vehicle %zu, outcome %zu, note %zu, handed over %zu, silenced %zu; forged %zu\n",
        responder->answered[1], responder->answered[2], responder->answered[3],
        responder->answered[4], responder->answered[5], responder->answered[6],
        responder->answered[7], responder->answered[8], responder->answered[9], responder->forged);
}
