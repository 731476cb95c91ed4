// SPDX-License-Identifier: Apache-2.0
#include "scenario/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/error.h"
#include "hitstream/v1/alert.pb-c.h"

static const char default_queues[] =
    "queues:\n"
    "  avon-live:\n"
    "    owner: avon\n    kind: live\n    lists: [stolen, drugs, missing]\n    forces: [avon]\n"
    "    intelligence_queue: avon-review\n    default: true\n"
    "  avon-review:\n"
    "    owner: avon\n    kind: intelligence\n    lists: [stolen, missing, drugs]\n    forces: "
    "[avon]\n"
    "    covert_lists: [covert-a]\n"
    "  wilts-live:\n"
    "    owner: wilts\n    kind: live\n    lists: [stolen, drugs]\n    forces: [wilts]\n"
    "    intelligence_queue: wilts-review\n    default: true\n"
    "  wilts-review:\n"
    "    owner: wilts\n    kind: intelligence\n    lists: [stolen, drugs]\n    forces: [wilts]\n"
    "    covert_lists: [covert-b]\n"
    "  covert-a-desk:\n"
    "    owner: avon\n    kind: live\n    covert_lists: [covert-a]\n    intelligence_queue: "
    "avon-review\n"
    "  covert-b-desk:\n"
    "    owner: wilts\n    kind: live\n    covert_lists: [covert-b]\n"
    "    intelligence_queue: wilts-review\n";

static const char default_rules[] = "incident:\n  quiet_ms: 1800000\n  repeat_window_ms: 300000\n"
                                    "  trail_max: 8\n"
                                    "publish:\n  live_ms: 7200000\n"
                                    "together:\n  sites: 2\n";

static const char cameras[] =
    "camera,site,road,direction,force,area,latitude,longitude,kind,next,class\n"
    "c1,avon/1,A4,E,avon,bath,51.38,-2.36,fixed,,hub\n"
    "c2,wilts/1,A4,E,wilts,calne,51.43,-2.00,fixed,,market\n"
    "c3,avon/edge,A4,E,avon,bath,51.40,-2.30,fixed,wilts/1,\n"
    "c4,city/1,A4,E,city,square-mile,51.51,-0.09,fixed,,\n"
    "c5,dorset/1,A4,E,dorset,poole,50.72,-1.98,fixed,,\n"
    "c6,gwent/1,A4,E,gwent,newport,51.58,-2.99,fixed,,\n"
    "c7,devon/1,A4,E,devon,exeter,50.72,-3.53,fixed,,\n"
    "c8,surrey/1,A4,E,surrey,woking,51.31,-0.56,fixed,,\n"
    "c9,kent/1,A4,E,kent,dover,51.12,1.31,fixed,,\n"
    "c10,essex/1,A4,E,essex,harlow,51.77,0.10,fixed,,\n"
    "c11,avon/exit,A4,E,avon,bath,51.41,-2.20,fixed,wilts/1,\n";

struct story {
    struct hs_offline *offline;
    struct hs_offline_event *log; // everything that happened
    size_t log_count;
    size_t log_capacity;
    int64_t append_ms; // LogAppendTime of the last event
    size_t checked;    // alerts seen by told()
    Hitstream__V1__Alert *last;
    char header[512];
};

static struct hs_controls *parse(const char *queues, const char *rules, const char *operations,
                                 const char *groups)
{
    struct hs_controls_file files[] = {
        {HS_STR("cameras.csv"), hs_str(cameras)},
        {HS_STR("queues.yaml"), hs_str(queues ? queues : default_queues)},
        {HS_STR("rules.yaml"), hs_str(rules ? rules : default_rules)},
        {HS_STR("operations.yaml"), hs_str(operations ? operations : "")},
        {HS_STR("groups.yaml"), hs_str(groups ? groups : "")},
    };
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    int rc = hs_controls_parse(files, 5, &diags, &controls);
    for (size_t i = 0; rc != 0 && i < diags.count; i++) {
        struct hs_buf text = {0};
        hs_diag_format(&diags.rows[i], &text);
        fprintf(stderr, "%s\n", hs_buf_text(&text));
        hs_buf_fini(&text);
    }
    hs_diags_fini(&diags);
    assert_int_equal(rc, 0);
    return controls;
}

struct hs_controls *story_controls(const char *queues, const char *rules)
{
    return parse(queues, rules, NULL, NULL);
}

struct hs_controls *story_controls_of(const char *queues, const char *operations,
                                      const char *groups)
{
    return parse(queues, NULL, operations, groups);
}

static void apply_last(struct story *story)
{
    const struct hs_offline_event *event = &story->log[story->log_count - 1];
    assert_int_equal(hs_offline_apply(story->offline, event->offset, event->append_time_ms,
                                      event->value, (struct hs_str){NULL, 0}),
                     0);
}

static void append(struct story *story, struct hs_str value, int64_t append_time_ms)
{
    if (story->log_count == story->log_capacity) {
        story->log_capacity = story->log_capacity ? story->log_capacity * 2 : 64;
        story->log = realloc(story->log, story->log_capacity * sizeof(*story->log));
        assert_non_null(story->log);
    }
    story->append_ms = append_time_ms > story->append_ms ? append_time_ms : story->append_ms;
    char *copy = malloc(value.len + 1);
    assert_non_null(copy);
    memcpy(copy, value.ptr, value.len);
    story->log[story->log_count] = (struct hs_offline_event){.offset = story->log_count,
                                                             .append_time_ms = story->append_ms,
                                                             .value = hs_str_n(copy, value.len)};
    story->log_count++;
    apply_last(story);
}

struct story *story_new(void)
{
    struct story *story = calloc(1, sizeof(*story));
    assert_non_null(story);
    story->offline = hs_offline_new();
    controls_change(story, NULL, NULL);
    return story;
}

void story_free(struct story *story)
{
    for (size_t i = 0; i < story->log_count; i++) {
        free((char *)(uintptr_t)story->log[i].value.ptr);
    }
    free(story->log);
    if (story->last) {
        hitstream__v1__alert__free_unpacked(story->last, NULL);
    }
    hs_offline_free(story->offline);
    free(story);
}

void story_tell(struct story *story, const struct story_hit *hit)
{
    struct hs_buf packed = {0};
    story_pack_hit(hit, &packed);
    append(story, hs_buf_str(&packed), story_time_ms(hit->arrives ? hit->arrives : hit->at));
    hs_buf_fini(&packed);
}

void passes(struct story *story, const char *at, const char *vehicle, const char *list,
            const char *site)
{
    story_tell(story,
               &(struct story_hit){.at = at, .vehicle = vehicle, .list = list, .site = site});
}

void passes_late(struct story *story, const char *at, const char *arrives, const char *vehicle,
                 const char *list, const char *site)
{
    story_tell(story,
               &(struct story_hit){
                   .at = at, .arrives = arrives, .vehicle = vehicle, .list = list, .site = site});
}

void came_after(struct story *story, const char *at, const struct story_hit *hit)
{
    struct hs_buf packed = {0};
    story_pack_companions(hit, &packed);
    append(story, hs_buf_str(&packed), story_time_ms(at));
    hs_buf_fini(&packed);
}

void passes_beside(struct story *story, const char *at, const char *vehicle, const char *list,
                   const char *site, const char *company)
{
    const struct story_hit hit = {
        .at = at, .vehicle = vehicle, .list = list, .site = site, .company = company};
    story_tell(story, &hit);
    came_after(story, at, &hit);
}

// What the owner appended comes back by the log.
static void read_back_own(struct story *story, int64_t at_ms)
{
    struct hs_offline *offline = story->offline;
    for (size_t i = 0; i < offline->appended_count; i++) {
        append(story, offline->appended[i].value, at_ms);
        free((char *)(uintptr_t)offline->appended[i].value.ptr);
    }
    offline->appended_count = 0;
}

void clock_strikes(struct story *story, const char *at)
{
    int64_t at_ms = story_time_ms(at);
    hs_correlator_due(story->offline->correlator, at_ms, SIZE_MAX);
    read_back_own(story, at_ms);
}

void clock_strikes_twice(struct story *story, const char *at)
{
    size_t first = story->log_count;
    clock_strikes(story, at);
    size_t last = story->log_count;
    for (size_t i = first; i < last; i++) {
        append(story, story->log[i].value, story_time_ms(at));
    }
}

// These decide from now on; takes the reference.
static void activate(struct story *story, struct hs_controls *controls)
{
    struct hs_buf packed = {0};
    hs_offline_know(story->offline, controls);
    story_pack_controls(hs_controls_hash(controls), &packed);
    append(story, hs_buf_str(&packed),
           story->append_ms ? story->append_ms : story_time_ms("00:00:00"));
    hs_buf_fini(&packed);
}

void controls_change(struct story *story, const char *queues, const char *rules)
{
    activate(story, story_controls(queues, rules));
}

void controls_add(struct story *story, const char *queues, const char *operations,
                  const char *groups)
{
    activate(story, parse(queues, NULL, operations, groups));
}

const struct hs_offline *story_offline(const struct story *story)
{
    return story->offline;
}

const struct hs_offline_event *story_log(const struct story *story, size_t *ret_count)
{
    *ret_count = story->log_count;
    return story->log;
}

// Alerts told again must be the same bytes; then they are as if not told again.
void restart(struct story *story, bool checkpoint)
{
    struct hs_offline *offline = story->offline;
    if (checkpoint) {
        hs_offline_checkpoint(offline, SIZE_MAX);
    }
    uint64_t from = hs_offline_restart(offline);
    size_t before = offline->alert_count;
    for (size_t i = (size_t)from; i < story->log_count; i++) {
        const struct hs_offline_event *event = &story->log[i];
        assert_int_equal(hs_offline_apply(offline, event->offset, event->append_time_ms,
                                          event->value, (struct hs_str){NULL, 0}),
                         0);
    }
    for (size_t i = before; i < offline->alert_count; i++) {
        const struct hs_offline_alert *first = hs_offline_find(offline, &offline->alerts[i].id);
        assert_true(first < &offline->alerts[before]);
        assert_true(hs_offline_same(first, &offline->alerts[i]));
    }
    hs_offline_forget(offline, before);
}

// ---------------------------------------------------------------- what comes back

void says(struct story *story, const struct story_say *say)
{
    struct hs_buf packed = {0};
    size_t i = story->offline->alert_count;
    while (i > 0 && strcmp(story->offline->alerts[i - 1].queue, say->queue) != 0) {
        i--;
    }
    assert_true(i > 0); // nobody can speak for a queue that was not told
    struct hs_str payload = story->offline->alerts[i - 1].payload;
    Hitstream__V1__Alert *alert =
        hitstream__v1__alert__unpack(NULL, payload.len, (const uint8_t *)payload.ptr);
    assert_non_null(alert);
    story_pack_say(say, alert, &packed);
    append(story, hs_buf_str(&packed), story_time_ms(say->at));
    hitstream__v1__alert__free_unpacked(alert, NULL);
    hs_buf_fini(&packed);
}

void answers(struct story *story, const char *at, const char *queue, const char *kind)
{
    static const char *const kinds[] = {
        "",        "acknowledged", "resourced",   "stopped", "no resource", "not this vehicle",
        "outcome", "note",         "handed over", "silenced"};
    size_t i = 1;
    while (strcmp(kinds[i], kind) != 0) {
        i++;
        assert_true(i < sizeof(kinds) / sizeof(kinds[0]));
    }
    says(story,
         &(struct story_say){.at = at, .queue = queue, .kind = (Hitstream__V1__FeedbackKind)i});
}

void withdrawn(struct story *story, const char *at, const char *vehicle, const char *list,
               uint64_t sequence)
{
    struct hs_buf packed = {0};
    story_pack_withdrawn(vehicle, list, NULL, sequence, &packed);
    append(story, hs_buf_str(&packed), story_time_ms(at));
    hs_buf_fini(&packed);
}

void entry_withdrawn(struct story *story, const char *at, const char *vehicle, const char *list,
                     const char *entry, uint64_t sequence)
{
    struct hs_buf packed = {0};
    story_pack_withdrawn(vehicle, list, entry, sequence, &packed);
    append(story, hs_buf_str(&packed), story_time_ms(at));
    hs_buf_fini(&packed);
}

void camera_found(struct story *story, const char *at, const char *vehicle, const char *camera,
                  Hitstream__V1__CameraFaultKind kind)
{
    struct hs_buf packed = {0};
    story_pack_camera(vehicle, camera, kind, &packed);
    append(story, hs_buf_str(&packed), story_time_ms(at));
    hs_buf_fini(&packed);
}

void exclusion_stored(struct story *story, const char *at, const char *vehicle, const char *id)
{
    struct hs_buf packed = {0};
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    struct hs_id feedback = story_feedback_id(id);
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    story_pack_stored(vehicle, &audience, feedback.bytes, &packed);
    append(story, hs_buf_str(&packed), story_time_ms(at));
    hs_buf_fini(&packed);
}

void took_over(struct story *story, const char *at)
{
    struct hs_buf packed = {0};
    story_pack_took_over(&packed);
    append(story, hs_buf_str(&packed), story_time_ms(at));
    hs_buf_fini(&packed);
}

// ---------------------------------------------------------------- what is told

static const char *kind_text(Hitstream__V1__AlertKind kind)
{
    static const char *const texts[] = {
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED] = "opened",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED] = "updated",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED] = "escalated",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN] = "stand-down",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_HANDED_OVER] = "handed-over",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ENTERED] = "entered",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_APPROACHING] = "approaching",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FLOODING] = "flooding",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FINDING] = "finding",
    };
    size_t number = (size_t)kind;
    return number < sizeof(texts) / sizeof(texts[0]) && texts[number] ? texts[number] : "other";
}

void told(struct story *story, const char *what)
{
    char found[512] = "nobody";
    if (story->checked < story->offline->alert_count) {
        const struct hs_offline_alert *alert = &story->offline->alerts[story->checked++];
        if (story->last) {
            hitstream__v1__alert__free_unpacked(story->last, NULL);
        }
        story->last = hitstream__v1__alert__unpack(NULL, alert->payload.len,
                                                   (const uint8_t *)alert->payload.ptr);
        assert_non_null(story->last);
        assert_string_equal(alert->queue, story->last->queue);
        snprintf(found, sizeof(found), "%s %s %s %s", alert->queue, kind_text(story->last->kind),
                 story->last->vehicle, story->last->place->site_id);
    }
    assert_string_equal(found, what);
}

void silence(struct story *story)
{
    if (story->checked < story->offline->alert_count) {
        told(story, "nobody");
    }
}

void silence_but(struct story *story, size_t alerts)
{
    assert_int_equal(story->offline->alert_count - story->checked, alerts);
    story->checked = story->offline->alert_count;
}

const struct hs_correlator *story_correlator(const struct story *story)
{
    return story->offline->correlator;
}

static int count_exclusion(void *ctx, const struct hs_pending_exclusion *exclusion)
{
    assert_true(exclusion->plate.len > 0 && exclusion->person.len > 0);
    ++*(size_t *)ctx;
    return 0;
}

size_t pending_exclusions(struct story *story)
{
    size_t count = 0;
    hs_correlator_each_exclusion(story->offline->correlator, count_exclusion, &count);
    return count;
}

const Hitstream__V1__Alert *last_alert(struct story *story)
{
    assert_non_null(story->last);
    return story->last;
}

const char *last_header(struct story *story, const char *name)
{
    struct hs_str rest = story->offline->alerts[story->checked - 1].headers;
    struct hs_str line;
    size_t len = strlen(name);
    while (hs_str_split(&rest, '\n', &line)) {
        if (line.len > len + 2 && memcmp(line.ptr, name, len) == 0 && line.ptr[len] == ':') {
            snprintf(story->header, sizeof(story->header), "%.*s", (int)(line.len - len - 2),
                     line.ptr + len + 2);
            return story->header;
        }
    }
    return "";
}

struct hs_correlator_stats story_stats(struct story *story)
{
    struct hs_correlator_stats stats;
    hs_correlator_stats(story->offline->correlator, &stats);
    return stats;
}

size_t story_state_bytes(struct story *story, const char *key)
{
    hs_offline_checkpoint(story->offline, SIZE_MAX);
    return hs_offline_state(story->offline, key).len;
}
