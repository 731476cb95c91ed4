// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl alerts ack | resource | stop | no-resource | not-this-vehicle | outcome | note | hand-over
 * | silence, and show: what a desk says back, to feedback.<queue> under the alert's reply token.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "hitctl/alert_find.h"
#include "hitctl/alert_text.h"
#include "hitctl/consult.h"
#include "hitctl/feedback_wait.h"
#include "hitctl/rights.h"
#include "hitctl/stream.h"
#include "kafka/producer.h"
#include "wire/header.h"
#include "wire/json.h"
#include "wire/outcome.h"

typedef Hitstream__V1__Feedback pb_feedback; // long names of the contract, short in this file
typedef Hitstream__V1__Outcome pb_outcome;

enum { TOPIC_TIMEOUT_MS = 15000, POLL_MS = 20, WAIT_DEFAULT_MS = 10000 };
#define SINCE_DEFAULT_MS INT64_C(86400000)

struct feedback_options {
    const char *token;
    const char *since;
    const char *note;
    const char *until;
    const char *for_time;
    const char *at;
    const char *to_queue;
    const char *id;
    const char *replaces;
    int64_t timeout_ms;
    int64_t counts[HS_OUTCOME_COUNTS]; // of an outcome
    bool wait;
};

#define AT(member) offsetof(struct feedback_options, member)
#define COMMON_OPTIONS                                                                             \
    {"token", HITCTL_TEXT, AT(token), "BASE64",                                                    \
     "the reply token as JSON shows it, in place of ALERT"},                                       \
        {"since", HITCTL_TEXT, AT(since), "TIME|24h", "how far back ALERT is looked for"},         \
        {"note", HITCTL_TEXT, AT(note), "TEXT", "a free note"},                                    \
        {"at", HITCTL_TEXT, AT(at), "TIME", "when it was said (now)"},                             \
        {"feedback-id", HITCTL_TEXT, AT(id), "HEX",                                                \
         "32 hex digits of your own: what comes twice counts once"},                               \
        {"wait", HITCTL_FLAG, AT(wait), NULL, "until the intake took it, or refused"},             \
    {                                                                                              \
        "timeout-ms", HITCTL_NUMBER, AT(timeout_ms), "MS", "with --wait: at most so long (10000)"  \
    }
#define UNTIL_OPTIONS                                                                              \
    {"until", HITCTL_TEXT, AT(until), "TIME", "it holds until then: 2026-11-21T22:41:00Z"},        \
    {                                                                                              \
        "for", HITCTL_TEXT, AT(for_time), "45s|30m|2h|3d", "it holds for so long"                  \
    }
#define END_OF_OPTIONS                                                                             \
    {                                                                                              \
        NULL, HITCTL_FLAG, 0, NULL, NULL                                                           \
    }

static const struct hitctl_option plain_options[] = {COMMON_OPTIONS, END_OF_OPTIONS};
static const struct hitctl_option until_options[] = {COMMON_OPTIONS, UNTIL_OPTIONS, END_OF_OPTIONS};
static const struct hitctl_option hand_over_options[] = {
    COMMON_OPTIONS,
    {"to-queue", HITCTL_TEXT, AT(to_queue), "QUEUE", "the desk that takes it"},
    END_OF_OPTIONS};
static const struct hitctl_option outcome_options[] = {
    COMMON_OPTIONS,
    {"arrests", HITCTL_NUMBER, AT(counts[HS_OUTCOME_ARRESTS]), "N", "people arrested"},
    {"charges", HITCTL_NUMBER, AT(counts[HS_OUTCOME_CHARGES]), "N", "people charged"},
    {"drug-seizures", HITCTL_NUMBER, AT(counts[HS_OUTCOME_DRUG_SEIZURES]), "N",
     "seizures of drugs"},
    {"weapons", HITCTL_NUMBER, AT(counts[HS_OUTCOME_WEAPONS]), "N", "weapons taken"},
    {"cash-pence", HITCTL_NUMBER, AT(counts[HS_OUTCOME_CASH_PENCE]), "N", "cash seized, in pence"},
    {"vehicles-seized", HITCTL_NUMBER, AT(counts[HS_OUTCOME_VEHICLES_SEIZED]), "N",
     "vehicles seized"},
    {"people-safeguarded", HITCTL_NUMBER, AT(counts[HS_OUTCOME_PEOPLE_SAFEGUARDED]), "N",
     "people made safe"},
    {"lines-disrupted", HITCTL_NUMBER, AT(counts[HS_OUTCOME_LINES_DISRUPTED]), "N",
     "county lines disrupted"},
    {"lines-dismantled", HITCTL_NUMBER, AT(counts[HS_OUTCOME_LINES_DISMANTLED]), "N",
     "county lines dismantled"},
    {"replaces", HITCTL_TEXT, AT(replaces), "HEX", "an earlier outcome's feedback id: corrects it"},
    END_OF_OPTIONS};
static const struct hitctl_option show_options[] = {
    {"since", HITCTL_TEXT, AT(since), "TIME|24h", "how far back ALERT is looked for"},
    END_OF_OPTIONS};

// ---- from words to a message ----

// "2026-11-21T22:41:00Z", or "24h" before now.
static bool parse_since(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    int64_t back_ms;
    if (!text) {
        *ret_ms = now_ms - SINCE_DEFAULT_MS;
        return true;
    }
    if (hs_civil_parse(hs_str(text), ret_ms) == HS_OK) {
        return true;
    }
    if (!hitctl_duration("since", text, &back_ms)) {
        return false;
    }
    *ret_ms = now_ms - back_ms;
    return true;
}

static bool parse_time(const char *option, const char *text, int64_t *ret_ms)
{
    if (hs_civil_parse(hs_str(text), ret_ms) == HS_OK) {
        return true;
    }
    hitctl_error("option '--%s': value '%s': a time such as 2026-11-21T22:41:00Z is allowed",
                 option, text);
    return false;
}

static bool parse_id(const char *option, const char *text, struct hs_id *ret_id)
{
    if (hs_id_parse(hs_str(text), ret_id) == HS_OK) {
        return true;
    }
    hitctl_error("option '--%s': value '%s': 32 hex digits are allowed", option, text);
    return false;
}

static bool set_times(const struct feedback_options *options, pb_feedback *feedback)
{
    int64_t for_ms = 0;
    feedback->at_ms = hs_clock_realtime_ms();
    if (options->at && !parse_time("at", options->at, &feedback->at_ms)) {
        return false;
    }
    if (options->until && options->for_time) {
        hitctl_error("--until and --for say the same: one is enough");
        return false;
    }
    if (options->until) {
        return parse_time("until", options->until, &feedback->until_ms);
    }
    if (options->for_time) {
        if (!hitctl_duration("for", options->for_time, &for_ms)) {
            return false;
        }
        feedback->until_ms = feedback->at_ms + for_ms;
    }
    return true;
}

// HITCTL_USAGE, after saying which count one incident cannot come to.
static int set_counts(const struct feedback_options *options, pb_outcome *outcome)
{
    uint64_t counts[HS_OUTCOME_COUNTS];
    for (size_t i = 0; i < HS_OUTCOME_COUNTS; i++) {
        counts[i] = (uint64_t)options->counts[i];
    }
    enum hs_outcome_count wrong = hs_outcome_impossible(counts);
    if (wrong != HS_OUTCOME_COUNTS) {
        hitctl_error("%" PRIu64 " %s: one incident comes to %" PRIu64 " at most", counts[wrong],
                     hs_outcome_rows[wrong].text, hs_outcome_rows[wrong].most);
        return HITCTL_USAGE;
    }
    hs_outcome_set(counts, outcome);
    return HITCTL_OK;
}

// The token of --token: base64 as proto3 JSON has it, so it is read as such. The caller frees the
// message that holds it.
static pb_feedback *token_message(const char *token)
{
    ProtobufCMessage *message = NULL;
    struct hs_buf json = {0}, why = {0};
    bool plain =
        strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_") ==
        strlen(token);
    hs_buf_printf(&json, "{\"replyToken\":\"%s\"}", plain ? token : "!");
    if (hs_json_parse(hs_buf_str(&json), &hitstream__v1__feedback__descriptor, &message, &why) !=
        HS_OK) {
        hitctl_error("option '--token': no base64");
    }
    hs_buf_fini(&json);
    hs_buf_fini(&why);
    return (pb_feedback *)(void *)message;
}

// ---- sending ----

// A feedback on its way.
struct sending {
    const struct hitctl *ctl;
    const struct feedback_options *options;
    const char *queue;
    char topic[HS_KAFKA_TOPIC_TEXT_BYTES]; // feedback.<queue>
    struct hs_id id;
    char id_text[HS_ID_TEXT_BYTES];
    char key[HS_ID_TEXT_BYTES]; // the incident, when it is known
    bool delivered;
    int failed; // an enum hs_error
};

static void on_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
{
    struct sending *sending = ctx;
    sending->delivered = delivery->status == HS_DELIVERY_ACKED;
    sending->failed = sending->delivered ? 0 : delivery->error ? delivery->error : HS_EIO;
}

static int produce(struct sending *sending, struct hs_kafka_producer *producer, int topic,
                   struct hs_str value, int64_t at_ms)
{
    struct hs_headers headers = {0};
    struct hs_kafka_header rows[HS_HEADERS_MAX];
    hs_headers_add_event(&headers, hs_str(sending->id_text), "hitstream.v1.Feedback",
                         HS_STR("hitctl"), at_ms, "application/protobuf");
    for (size_t i = 0; i < headers.count; i++) {
        struct hs_header header = hs_headers_get(&headers, i);
        rows[i] = (struct hs_kafka_header){header.name, header.value};
    }
    const struct hs_kafka_record record = {.topic = topic,
                                           .partition = HS_KAFKA_PARTITION_BY_KEY,
                                           .key = hs_str(sending->key),
                                           .value = value,
                                           .headers = rows,
                                           .header_count = headers.count};
    int r = hs_kafka_producer_produce(producer, &record);
    while (r == 0 && !sending->delivered && sending->failed == 0 && !hitctl_interrupted()) {
        hs_kafka_producer_poll(producer, POLL_MS);
    }
    hs_headers_fini(&headers);
    r = r < 0 ? r : sending->failed;
    return r < 0 ? r : sending->delivered ? 0 : HS_ECANCELED;
}

static int send_packed(struct sending *sending, struct hs_str value, int64_t at_ms)
{
    const struct hs_kafka_producer_events events = {.ctx = sending, .delivered = on_delivered};
    struct hs_kafka_producer *producer = NULL;
    struct hitctl_feedback_wait *wait = NULL;
    int topic = -1;
    int64_t timeout_ms =
        sending->options->timeout_ms > 0 ? sending->options->timeout_ms : WAIT_DEFAULT_MS;
    int r = hs_kafka_producer_new(sending->ctl->settings, &events, &producer);
    r = r < 0 ? r : hs_kafka_producer_topic(producer, sending->topic, TOPIC_TIMEOUT_MS, &topic);
    int result = r < 0 ? hitctl_kafka_failed(r, sending->topic) : HITCTL_OK;
    if (result == HITCTL_OK && sending->options->wait) {
        result = hitctl_feedback_wait_begin(sending->ctl, &sending->id, &wait);
    }
    int64_t from_ns = hs_clock_monotonic_ns();
    if (result == HITCTL_OK) {
        r = produce(sending, producer, topic, value, at_ms);
        result = r < 0 ? hitctl_kafka_failed(r, sending->topic) : HITCTL_OK;
    }
    if (result == HITCTL_OK && wait) {
        result = hitctl_feedback_wait(wait, from_ns, timeout_ms);
    } else if (result == HITCTL_OK && sending->ctl->json) {
        printf("{\"feedback\": \"%s\", \"queue\": \"%s\"}\n", sending->id_text, sending->queue);
    } else if (result == HITCTL_OK) {
        printf("feedback %s sent to '%s'\n", sending->id_text, sending->topic);
    }
    hitctl_feedback_wait_end(wait);
    hs_kafka_producer_free(producer);
    return result;
}

static int send_feedback(struct sending *sending, pb_feedback *feedback)
{
    struct hs_buf packed = {0};
    const struct feedback_options *options = sending->options;
    struct hs_id replaces;
    pb_outcome outcome = HITSTREAM__V1__OUTCOME__INIT;
    if (options->id ? !parse_id("feedback-id", options->id, &sending->id)
                    : getrandom(sending->id.bytes, HS_ID_BYTES, 0) != HS_ID_BYTES) {
        return HITCTL_USAGE;
    }
    if (options->replaces && !parse_id("replaces", options->replaces, &replaces)) {
        return HITCTL_USAGE;
    }
    if (options->replaces) {
        outcome.replaces = (ProtobufCBinaryData){.len = HS_ID_BYTES, .data = replaces.bytes};
    }
    hs_id_text(&sending->id, sending->id_text);
    feedback->feedback_id = (ProtobufCBinaryData){.len = HS_ID_BYTES, .data = sending->id.bytes};
    if (feedback->kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME) {
        if (set_counts(options, &outcome) != HITCTL_OK) {
            return HITCTL_USAGE;
        }
        feedback->outcome = &outcome;
    }
    size_t len = hitstream__v1__feedback__get_packed_size(feedback);
    char *room = hs_buf_reserve(&packed, len);
    if (!room) {
        hitctl_error("%s", hs_strerror(HS_ENOMEM));
        return HITCTL_FAILED;
    }
    packed.len = hitstream__v1__feedback__pack(feedback, (uint8_t *)room);
    int result = send_packed(sending, hs_buf_str(&packed), feedback->at_ms);
    hs_buf_fini(&packed);
    return result;
}

// ---- the commands ----

static Hitstream__V1__FeedbackKind kind_of(const char *word)
{
    static const struct {
        const char *word;
        Hitstream__V1__FeedbackKind kind;
    } rows[] = {
        {"ack", HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED},
        {"resource", HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_RESOURCED},
        {"stop", HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_STOPPED},
        {"no-resource", HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NO_RESOURCE},
        {"not-this-vehicle", HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOT_THIS_VEHICLE},
        {"outcome", HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME},
        {"note", HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOTE},
        {"hand-over", HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_HANDED_OVER},
        {"silence", HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_SILENCED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].word, word) == 0) {
            return rows[i].kind;
        }
    }
    return HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_UNSPECIFIED;
}

static const struct hitctl_option *options_of(Hitstream__V1__FeedbackKind kind)
{
    switch (kind) {
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED:
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_SILENCED:
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOT_THIS_VEHICLE:
        return until_options;
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_HANDED_OVER:
        return hand_over_options;
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME:
        return outcome_options;
    default:
        return plain_options;
    }
}

static bool words_fit(const struct feedback_options *options, Hitstream__V1__FeedbackKind kind,
                      int words)
{
    if (words != (options->token ? 1 : 2)) {
        hitctl_error("QUEUE and ALERT are needed, or QUEUE and --token");
        return false;
    }
    if (kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_HANDED_OVER && !options->to_queue) {
        hitctl_error("--to-queue is needed: who takes it?");
        return false;
    }
    if (kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOTE && !options->note) {
        hitctl_error("--note is needed");
        return false;
    }
    return true;
}

static const char *bare_queue(const char *queue)
{
    return strncmp(queue, "dispatch.", 9) == 0 ? queue + 9 : queue;
}

// The message that is answered, by its id or by its token alone.
static int answer(struct sending *sending, pb_feedback *feedback, const char *alert_id)
{
    const struct feedback_options *options = sending->options;
    struct hitctl_alert_query query = {.queue = sending->queue, .id = alert_id};
    Hitstream__V1__Alert *alert = NULL;
    if (options->token) {
        pb_feedback *holder = token_message(options->token);
        if (!holder) {
            return HITCTL_USAGE;
        }
        feedback->reply_token = holder->reply_token;
        int result = send_feedback(sending, feedback);
        hitstream__v1__feedback__free_unpacked(holder, NULL);
        return result;
    }
    if (!parse_since(options->since, hs_clock_realtime_ms(), &query.since_ms)) {
        return HITCTL_USAGE;
    }
    int result = hitctl_alert_find(sending->ctl, &query, &alert);
    if (result != HITCTL_OK) {
        return result;
    }
    if (alert->reply_token.len == 0) {
        hitctl_error("alert '%s' has no reply token: nothing can be said back to it", alert_id);
        result = HITCTL_REFUSED;
    } else if (strcmp(alert->queue, sending->queue) != 0) {
        hitctl_error("alert '%s' came late and was meant for queue '%s': that desk answers it",
                     alert_id, alert->queue);
        result = HITCTL_REFUSED;
    } else {
        if (alert->incident_id.len == HS_ID_BYTES) {
            hs_hex_encode(alert->incident_id.data, HS_ID_BYTES, sending->key);
        }
        feedback->reply_token = alert->reply_token;
        result = send_feedback(sending, feedback);
    }
    hitstream__v1__alert__free_unpacked(alert, NULL);
    return result;
}

static int feedback_run(struct hitctl *ctl, int argc, char **argv)
{
    struct feedback_options options = {0};
    struct sending sending = {.ctl = ctl, .options = &options};
    pb_feedback feedback = HITSTREAM__V1__FEEDBACK__INIT;
    feedback.kind = kind_of(argv[0]);
    int words = hitctl_options_parse(options_of(feedback.kind), &options, argc, argv);
    if (words < 0 || !words_fit(&options, feedback.kind, words) ||
        !set_times(&options, &feedback)) {
        return HITCTL_USAGE;
    }
    sending.queue = bare_queue(argv[1]);
    int may = hitctl_may(ctl, HITCTL_MAY_SPEAK, sending.queue);
    if (may != HITCTL_OK) {
        return may;
    }
    snprintf(sending.topic, sizeof(sending.topic), HS_KAFKA_FEEDBACK "%s", sending.queue);
    feedback.person = (char *)(uintptr_t)ctl->who;
    feedback.note = (char *)(uintptr_t)(options.note ? options.note : "");
    feedback.to_queue = (char *)(uintptr_t)(options.to_queue ? options.to_queue : "");
    hitctl_catch_interrupt();
    return answer(&sending, &feedback, words > 1 ? argv[2] : "");
}

static int show_run(struct hitctl *ctl, int argc, char **argv)
{
    struct feedback_options options = {0};
    Hitstream__V1__Alert *alert = NULL;
    struct hs_buf out = {0};
    int words = hitctl_options_parse(show_options, &options, argc, argv);
    if (words != 2) {
        if (words >= 0) {
            hitctl_error("QUEUE and ALERT are needed");
        }
        return HITCTL_USAGE;
    }
    struct hitctl_alert_query query = {.queue = argv[1], .id = argv[2]};
    if (!parse_since(options.since, hs_clock_realtime_ms(), &query.since_ms)) {
        return HITCTL_USAGE;
    }
    int result = hitctl_may(ctl, HITCTL_MAY_WATCH, bare_queue(argv[1]));
    hitctl_catch_interrupt();
    result = result != HITCTL_OK ? result : hitctl_alert_find(ctl, &query, &alert);
    if (result == HITCTL_OK) {
        const struct hitctl_subject subject = {.vehicle = alert->vehicle,
                                               .queue = bare_queue(argv[1])};
        result = hitctl_consulted_alone(ctl, &subject, 1);
    }
    if (result != HITCTL_OK) {
        hitstream__v1__alert__free_unpacked(alert, NULL);
        return result;
    }
    if (ctl->json) {
        hs_json_print(&alert->base, &out);
        hs_buf_add_char(&out, '\n');
    } else {
        hitctl_alert_text_full(alert, &out);
    }
    fputs(hs_buf_text(&out), stdout);
    hs_buf_fini(&out);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    return HITCTL_OK;
}

#define ALERT_WORDS "QUEUE ALERT|--token BASE64 [--note TEXT] [--wait]"

const struct hitctl_command hitctl_feedback_commands[] = {
    {"alerts", "show", "QUEUE ALERT [--since TIME]",
     "one alert in full; ALERT: its id, or the first 8 digits or more", show_run, show_options},
    {"alerts", "ack", ALERT_WORDS " [--until TIME|--for 30m]",
     "seen, somebody deals with it: nobody is waited for until then", feedback_run, until_options},
    {"alerts", "resource", ALERT_WORDS, "a unit is on its way: other desks are stood down",
     feedback_run, plain_options},
    {"alerts", "stop", ALERT_WORDS, "the vehicle was stopped: the incident ends", feedback_run,
     plain_options},
    {"alerts", "no-resource", ALERT_WORDS, "nobody can be sent: up the chain at once", feedback_run,
     plain_options},
    {"alerts", "not-this-vehicle", ALERT_WORDS " [--until TIME|--for 30d]",
     "not the vehicle that is meant: this plate is left out until then", feedback_run,
     until_options},
    {"alerts", "outcome", ALERT_WORDS " [--arrests N ...] [--replaces HEX]", "what came of it",
     feedback_run, outcome_options},
    {"alerts", "note", ALERT_WORDS, "for the record", feedback_run, plain_options},
    {"alerts", "hand-over", ALERT_WORDS " --to-queue QUEUE", "another desk takes it", feedback_run,
     hand_over_options},
    {"alerts", "silence", ALERT_WORDS " [--until TIME|--for 30m]",
     "this desk wants no updates until then", feedback_run, until_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
