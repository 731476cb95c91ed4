// SPDX-License-Identifier: Apache-2.0
//
// Random logs with late, duplicate and out-of-order hits. Same log, same alerts: with any restart
// points and checkpoints that reached the topic whole or in part. And audiences: without the covert
// and trial lists all other alerts are the same bytes. And routes: what a hit brings has one, and is
// told once. The seed is printed; HS_SEED=n runs that
// one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/event.pb-c.h"
#include "scenario/story.h"

// The last two are counted in place of kinds that are none.
enum { RUNS = 40, EVENTS = 400, KINDS = 32, FORECASTS = 0, PATTERNS = 31, PAIRS = 30 };

// Desks that are waited for, with chains, of an open and of a covert list.
static const char waiting_queues[] =
    "queues:\n"
    "  avon-live:\n    owner: avon\n    kind: live\n    lists: [stolen, drugs, missing]\n"
    "    forces: [avon]\n    acknowledge_within_ms: 120000\n    escalate_to: [avon-chief, "
    "joint]\n"
    "  avon-chief:\n    owner: avon\n    kind: live\n    lists: ['*']\n    areas: [bath]\n"
    "  joint:\n    owner: wilts\n    kind: live\n    lists: ['*']\n    default: true\n"
    "  wilts-live:\n    owner: wilts\n    kind: live\n    lists: [drugs]\n    forces: [wilts]\n"
    "    acknowledge_within_ms: 300000\n    escalate_to: [joint]\n"
    "  covert-a-desk:\n    owner: avon\n    kind: live\n    covert_lists: [covert-a]\n"
    "    acknowledge_within_ms: 60000\n    escalate_to: [covert-a-chief]\n"
    "  covert-a-chief:\n    owner: avon\n    kind: live\n    covert_lists: [covert-a]\n"
    "  covert-a-review:\n    owner: avon\n    kind: intelligence\n    covert_lists: [covert-a]\n";

static struct hs_controls *waiting_controls(void)
{
    return story_controls(waiting_queues,
                          "incident:\n  quiet_ms: 900000\n  repeat_window_ms: 60000\n"
                          "feedback:\n  acknowledged_ms: 240000\n"
                          "priority:\n  unattended_step: 2\n"
                          "flood:\n  window_ms: 3600000\n  entry_sightings: 3\n"
                          "  list_sightings: 5\n  release_every_ms: 300000\n"
                          "pattern: {runs: 1, sure_permille: 1, dwell_min_ms: 60000}\n"
                          "together: {sites: 2}\n");
}

struct event {
    int64_t append_ms;
    struct hs_buf value;
    bool covert; // of a covert or trial list
};

struct log {
    struct event rows[EVENTS * 3];
    size_t count;
};

static uint64_t dice_state;

static uint64_t dice(uint64_t sides)
{
    dice_state += UINT64_C(0x9e3779b97f4a7c15);
    return hs_hash_u64(dice_state) % sides;
}

static uint64_t first_seed(void)
{
    const char *given = getenv("HS_SEED");
    return given ? strtoull(given, NULL, 10) : UINT64_C(20260113);
}

static const char *pick_list(bool *ret_covert)
{
    static const char *const names[] = {"stolen",   "drugs",    "missing", "lowkey",
                                        "covert-a", "covert-b", "trial",   "covert-lost"};
    size_t i = (size_t)dice(8);
    *ret_covert = i >= 4;
    return names[i];
}

// Who was beside it: others of the stream, on lists of theirs, and strangers. By its own dice, so
// that the rest of a seed's stream stays what it was.
static const char *company_of(int64_t now_s)
{
    static const char *const companies[] = {
        NULL,
        "AB00CDE-2@stolen",
        "AB01CDE-9@drugs,missing AB02CDE+4@lowkey",
        "AB03CDE+7@drugs,stolen XY12ZZZ-3",
        "AB02CDE-1@missing,stolen AB00CDE+3@stolen",
    };
    return companies[hs_hash_u64(dice_state ^ (uint64_t)now_s) %
                     (sizeof(companies) / sizeof(companies[0]))];
}

static void add_hit(struct log *log, int64_t now_s)
{
    char at[32], arrives[32], vehicle[16], site[16], camera[16];
    struct event *event = &log->rows[log->count];
    static const uint64_t late_most_s[] = {50, 50, 1500, 4 * 3600};
    int64_t late_s = (int64_t)dice(late_most_s[dice(4)]);
    int64_t at_s = now_s > late_s ? now_s - late_s : 0;
    snprintf(at, sizeof(at), "%d+%02d:%02d:%02d", (int)(at_s / 86400), (int)(at_s / 3600 % 24),
             (int)(at_s / 60 % 60), (int)(at_s % 60));
    snprintf(arrives, sizeof(arrives), "%d+%02d:%02d:%02d", (int)(now_s / 86400),
             (int)(now_s / 3600 % 24), (int)(now_s / 60 % 60), (int)(now_s % 60));
    snprintf(vehicle, sizeof(vehicle), "AB%02uCDE", (unsigned)dice(4));
    bool far = dice(2) == 0; // one cannot be in both at once
    unsigned number = (unsigned)dice(3);
    snprintf(site, sizeof(site), "%s/%u", far ? "wilts" : "avon", number);
    snprintf(camera, sizeof(camera), "c-%s-%u", far ? "wilts" : "avon", number);
    struct story_hit hit = {
        .list_sequence = 7 + dice(3),
        .harm_score = dice(4) == 0 ? (uint32_t)dice(1000) : 0,
        .direction = dice(3) == 0 ? "W" : "E",
        .camera = dice(6) == 0 ? "c3" : camera,
        .east_km = (far ? 150 : 1) + 3.0 * number,
        .colour = dice(8) == 0 ? ""
                  : far        ? "RED"
                               : "BLUE",
        .camera_fault =
            dice(30) == 0 ? HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK : 0,
        .weed_date = dice(10) == 0 ? 20260113 : 0,
        .at = at,
        .arrives = arrives,
        .vehicle = vehicle,
        .list = pick_list(&event->covert),
        .site = site,
        .company = company_of(now_s),
        .unknown_camera = dice(30) == 0,
        .clock_ahead = dice(40) == 0,
        .read_vrm = dice(10) == 0 ? "AB12CD8" : NULL};
    story_pack_hit(&hit, &event->value);
    event->append_ms = story_time_ms(arrives);
    log->count++;
    if (hit.company) { // who came after it
        struct event *after = &log->rows[log->count++];
        story_pack_companions(&hit, &after->value);
        after->covert = event->covert;
        after->append_ms = event->append_ms;
    }
}

// A camera was found wrong: the owner tells each vehicle that it may concern.
static void add_camera(struct log *log, int64_t now_s)
{
    char vehicle[16], camera[16];
    struct event *event = &log->rows[log->count++];
    snprintf(vehicle, sizeof(vehicle), "AB%02uCDE", (unsigned)dice(4));
    snprintf(camera, sizeof(camera), "c-%s-%u", dice(2) ? "avon" : "wilts", (unsigned)dice(3));
    story_pack_camera(vehicle, camera, HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE,
                      &event->value);
    event->append_ms = story_time_ms("00:00:00") + now_s * 1000;
}

static void add_duplicate(struct log *log, int64_t now_s)
{
    const struct event *old = &log->rows[dice(log->count)];
    struct event *event = &log->rows[log->count++];
    hs_buf_add_str(&event->value, hs_buf_str(&old->value));
    event->covert = old->covert;
    event->append_ms = story_time_ms("00:00:00") + now_s * 1000;
}

static int64_t log_time(int64_t now_s)
{
    return story_time_ms("00:00:00") + now_s * 1000;
}

// Some desk answers some alert that was told so far, once in a while the same again.
static void add_feedback(struct log *log, const struct hs_offline *offline, int64_t now_s)
{
    static const char *const desks[] = {"avon-live", "wilts-live", "covert-a-desk", "nobody"};
    char id[32], now[32], until[32];
    const struct hs_offline_alert *told = &offline->alerts[dice(offline->alert_count)];
    Hitstream__V1__Alert *alert =
        hitstream__v1__alert__unpack(NULL, told->payload.len, (const uint8_t *)told->payload.ptr);
    assert_non_null(alert);
    int64_t until_s = now_s + (int64_t)dice(5000) - 500;
    snprintf(id, sizeof(id), "f%u", (unsigned)dice(60));
    snprintf(now, sizeof(now), "%d+00:00:%02d", (int)(now_s / 86400), (int)(now_s % 60));
    snprintf(until, sizeof(until), "0+%02d:%02d:%02d", (int)(until_s / 3600),
             (int)(until_s / 60 % 60), (int)(until_s % 60));
    struct story_say say = {.at = now,
                            .queue = told->queue,
                            .kind = (Hitstream__V1__FeedbackKind)(1 + dice(10)),
                            .id = id,
                            .until = dice(3) == 0 ? until : NULL,
                            .to_queue = desks[dice(4)],
                            .note = "said by dice"};
    struct event *event = &log->rows[log->count++];
    story_pack_say(&say, alert, &event->value);
    event->covert = alert->covert;
    event->append_ms = log_time(now_s);
    hitstream__v1__alert__free_unpacked(alert, NULL);
}

static void add_withdrawn(struct log *log, int64_t now_s)
{
    char vehicle[16];
    struct event *event = &log->rows[log->count++];
    snprintf(vehicle, sizeof(vehicle), "AB%02uCDE", (unsigned)dice(4));
    story_pack_withdrawn(vehicle, pick_list(&event->covert), NULL, 6 + dice(4), &event->value);
    event->append_ms = log_time(now_s);
}

static void add_took_over(struct log *log, int64_t now_s)
{
    struct event *event = &log->rows[log->count++];
    story_pack_took_over(&event->value);
    event->append_ms = log_time(now_s);
}

static int add_stored(void *ctx, const struct hs_pending_exclusion *exclusion)
{
    struct log *log = ctx;
    struct event *event = &log->rows[log->count++];
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    char vehicle[16], list_id[32];
    event->covert = !hs_str_is(exclusion->audience, "open");
    snprintf(vehicle, sizeof(vehicle), "%.*s", HS_STR_ARG(exclusion->vehicle));
    snprintf(list_id, sizeof(list_id), "%.*s", HS_STR_ARG(exclusion->list_id));
    audience.kind = event->covert ? HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT
                                  : HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    audience.list_id = event->covert ? list_id : list_id + strlen(list_id);
    story_pack_stored(vehicle, &audience, exclusion->feedback.bytes, &event->value);
    event->append_ms = log->rows[log->count - 2].append_ms;
    return 1; // one is enough
}

static void add_controls(struct log *log, struct hs_controls *const *controls, int64_t now_s)
{
    struct event *event = &log->rows[log->count++];
    story_pack_controls(hs_controls_hash(controls[dice(2)]), &event->value);
    event->append_ms = story_time_ms("00:00:00") + now_s * 1000;
}

// What the owner's clock made of it, at this place of the log: part of the log from now on.
static void add_appended(struct log *log, struct hs_offline *offline, int64_t now_s)
{
    for (size_t i = 0; i < offline->appended_count && log->count < EVENTS * 3; i++) {
        struct event *event = &log->rows[log->count++];
        Hitstream__V1__VehicleEvent *fired = hitstream__v1__vehicle_event__unpack(
            NULL, offline->appended[i].value.len, (const uint8_t *)offline->appended[i].value.ptr);
        assert_non_null(fired);
        const Hitstream__V1__Audience *audience =
            fired->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_LIST_FLOODS
                ? fired->list_floods->audience
                : fired->timer_fired->audience;
        event->covert = audience->kind != HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
        hitstream__v1__vehicle_event__free_unpacked(fired, NULL);
        hs_buf_add_str(&event->value, offline->appended[i].value);
        event->append_ms = story_time_ms("00:00:00") + now_s * 1000;
        free((char *)(uintptr_t)offline->appended[i].value.ptr);
    }
    offline->appended_count = 0;
}

static void apply(struct hs_offline *offline, const struct log *log, size_t i, uint64_t offset)
{
    assert_int_equal(hs_offline_apply(offline, offset, log->rows[i].append_ms,
                                      hs_buf_str(&log->rows[i].value), (struct hs_str){NULL, 0}),
                     0);
}

static void know_all(struct hs_offline *offline, struct hs_controls *const *controls)
{
    hs_offline_know(offline, hs_controls_ref(controls[0]));
    hs_offline_know(offline, hs_controls_ref(controls[1]));
}

// Makes a random log and what it says when it is run straight through.
static struct hs_offline *make_log(struct log *log, struct hs_controls *const *controls)
{
    struct hs_offline *offline = hs_offline_new();
    int64_t now_s = 3600 * 5;
    know_all(offline, controls);
    memset(log, 0, sizeof(*log));
    size_t applied = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        now_s += (int64_t)(dice(20) == 0 ? dice(3600) : dice(120));
        if (i == 3 || dice(60) == 0) { // some hits wait for the first controls
            add_controls(log, controls, now_s);
        } else if (i > 10 && dice(40) == 0) {
            hs_correlator_each_exclusion(offline->correlator, add_stored, log);
        } else if (offline->alert_count > 0 && dice(8) == 0) {
            add_feedback(log, offline, now_s);
        } else if (dice(30) == 0) {
            add_withdrawn(log, now_s);
        } else if (dice(50) == 0) {
            add_took_over(log, now_s);
        } else if (dice(12) == 0) {
            add_camera(log, now_s);
        } else if (i > 0 && dice(8) == 0) {
            add_duplicate(log, now_s);
        } else {
            add_hit(log, now_s);
        }
        if (dice(10) == 0) {
            hs_correlator_due(offline->correlator, story_time_ms("00:00:00") + now_s * 1000, 100);
            add_appended(log, offline, now_s);
        }
        for (; applied < log->count; applied++) {
            apply(offline, log, applied, applied);
        }
    }
    return offline;
}

static void free_log(struct log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        hs_buf_fini(&log->rows[i].value);
    }
}

// What the dice made: a stream without a kind of alert would show nothing of it.
static void count_kinds(const struct hs_offline *offline, size_t kinds[KINDS])
{
    for (size_t i = 0; i < offline->alert_count; i++) {
        struct hs_str payload = offline->alerts[i].payload;
        Hitstream__V1__Alert *alert =
            hitstream__v1__alert__unpack(NULL, payload.len, (const uint8_t *)payload.ptr);
        assert_non_null(alert);
        kinds[(size_t)alert->kind % KINDS]++;
        kinds[FORECASTS] += alert->forecast != NULL;
        kinds[PAIRS] += alert->finding && strcmp(alert->finding->rule, "together") == 0;
        kinds[PATTERNS] += alert->finding && strcmp(alert->finding->rule, "pattern") == 0;
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
}

// The same log with crashes: each alert told again is the same bytes, and in all they are the same
// ones.
static void run_with_crashes(const struct log *log, struct hs_controls *const *controls,
                             const struct hs_offline *straight)
{
    struct hs_offline *offline = hs_offline_new();
    size_t told = 0, again = 0;
    know_all(offline, controls);
    for (size_t i = 0; i < log->count;) {
        apply(offline, log, i, i);
        i++;
        for (; told < offline->alert_count; told++) {
            const struct hs_offline_alert *alert = &offline->alerts[told];
            const struct hs_offline_alert *want = hs_offline_find(straight, &alert->id);
            assert_non_null(want);
            assert_true(hs_offline_same(want, alert));
            again += hs_offline_find(offline, &alert->id) != alert;
        }
        uint64_t fate = dice(40);
        if (fate < 6) {
            hs_offline_checkpoint(offline, SIZE_MAX);
        }
        if (fate == 6) { // dies while it writes its states
            hs_offline_checkpoint(offline, (size_t)dice(6));
        }
        if (fate == 6 || fate == 7) {
            i = (size_t)hs_offline_restart(offline);
            assert_true(hs_offline_states_hold(offline));
        }
    }
    assert_int_equal(offline->alert_count - again, straight->alert_count);
    assert_int_equal(offline->observed.len, straight->observed.len);
    assert_memory_equal(offline->observed.ptr, straight->observed.ptr, straight->observed.len);
    hs_offline_free(offline);
}

static void same_log_same_alerts(void **state)
{
    (void)state;
    struct hs_controls *controls[] = {story_controls(NULL, NULL), waiting_controls()};
    struct log *log = malloc(sizeof(*log));
    size_t alerts = 0;
    size_t kinds[KINDS] = {0};
    struct hs_correlator_stats stats;
    uint64_t released = 0;   // of what floods held
    uint64_t taken_back = 0; // findings that rested on a wrong camera
    assert_non_null(log);
    for (uint64_t run = 0; run < RUNS; run++) {
        dice_state = first_seed() + run;
        struct hs_offline *straight = make_log(log, controls);
        printf("seed %llu: %zu events, %zu alerts\n", (unsigned long long)(first_seed() + run),
               log->count, straight->alert_count);
        run_with_crashes(log, controls, straight);
        alerts += straight->alert_count;
        hs_correlator_stats(straight->correlator, &stats);
        released += stats.released;
        taken_back += stats.findings_withdrawn;
        count_kinds(straight, kinds);
        hs_offline_free(straight);
        free_log(log);
    }
    assert_true(alerts > RUNS * 20);
    for (size_t kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED;
         kind <= HITSTREAM__V1__ALERT_KIND__ALERT_KIND_APPROACHING; kind++) {
        printf("alerts of kind %zu: %zu\n", kind, kinds[kind]);
        assert_true(kinds[kind] > 0);
    }
    printf("forecasts: %zu, patterns: %zu, pairs: %zu\n", kinds[FORECASTS], kinds[PATTERNS],
           kinds[PAIRS]);
    assert_true(kinds[FORECASTS] > 0 && kinds[PATTERNS] > 0 && kinds[PAIRS] > 0);
    assert_true(kinds[HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FLOODING] > 0);
    printf("incidents released by floods: %llu\n", (unsigned long long)released);
    assert_true(released > RUNS);
    printf("findings taken back: %llu\n", (unsigned long long)taken_back);
    assert_true(taken_back > 0);
    assert_true(kinds[HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FINDING] > 0);
    hs_controls_unref(controls[0]);
    hs_controls_unref(controls[1]);
    free(log);
}

// The controls of the second run name no covert list either.
static void audiences_do_not_interfere(void **state)
{
    (void)state;
    struct hs_controls *controls[] = {story_controls(NULL, NULL), waiting_controls()};
    struct log *log = malloc(sizeof(*log));
    assert_non_null(log);
    for (uint64_t run = 0; run < RUNS; run++) {
        dice_state = first_seed() + 1000 + run;
        struct hs_offline *with = make_log(log, controls);
        struct hs_offline *without = hs_offline_new();
        know_all(without, controls);
        uint64_t offset = 0;
        for (size_t i = 0; i < log->count; i++) {
            if (!log->rows[i].covert) {
                apply(without, log, i, offset++);
            }
        }
        size_t at = 0, covert = 0;
        for (size_t i = 0; i < with->alert_count; i++) {
            if (with->alerts[i].covert) {
                covert++;
                continue;
            }
            assert_true(at < without->alert_count);
            assert_true(hs_offline_same(&with->alerts[i], &without->alerts[at++]));
        }
        assert_int_equal(at, without->alert_count);
        assert_int_equal(with->observed.len, without->observed.len);
        assert_memory_equal(with->observed.ptr, without->observed.ptr, with->observed.len);
        printf("seed %llu: %zu open alerts, %zu covert\n",
               (unsigned long long)(first_seed() + 1000 + run), at, covert);
        hs_offline_free(with);
        hs_offline_free(without);
        free_log(log);
    }
    hs_controls_unref(controls[0]);
    hs_controls_unref(controls[1]);
    free(log);
}

// The controls by which an alert was told.
static const struct hs_controls *controls_of(const Hitstream__V1__Alert *alert,
                                             struct hs_controls *const *controls)
{
    char audience[128] = "open", hash[HS_CONTROLS_HASH_BYTES];
    if (alert->covert) {
        snprintf(audience, sizeof(audience), "covert:%s", alert->list->list_id);
    }
    for (size_t i = 0; i < 2; i++) {
        hs_controls_audience_hash(controls[i], hs_str(audience), hash);
        if (strcmp(hash, alert->controls_hash) == 0) {
            return controls[i];
        }
    }
    fail_msg("controls '%s' are none of ours", alert->controls_hash);
    return NULL;
}

// Whether the table, asked anew, has that queue among those that may be told of what it shows.
static bool has_route(const Hitstream__V1__Alert *alert, const struct hs_controls *controls)
{
    const struct hs_queue *queues[16];
    const Hitstream__V1__Place *place = alert->place;
    const Hitstream__V1__WatchlistEntry *entry = alert->entry;
    const struct hs_route_query query = {
        .list_id = hs_str(alert->list->list_id),
        .list_owner = hs_str(alert->list->owner_force),
        .covert = alert->covert,
        .handling = entry->handling == HITSTREAM__V1__HANDLING__HANDLING_STOP
                        ? HS_ROUTE_HANDLING_STOP
                        : HS_ROUTE_HANDLING_MONITOR,
        .force = hs_str(place->force),
        .area = hs_str(place->area),
        .road = hs_str(place->road),
        .site = hs_str(place->site_id),
        .at_ms = alert->captured_at_ms,
        .safeguarding = entry->safeguarding > 0 ? 1U << (entry->safeguarding - 1) : 0,
        .camera_unknown = place->camera_unknown,
        .stale = alert->lateness == HITSTREAM__V1__LATENESS__LATENESS_STALE,
    };
    size_t count = hs_route_decide(hs_controls_routes(controls), &query, queues, 16);
    assert_true(count <= 16);
    for (size_t i = 0; i < count; i++) {
        if (hs_str_is(queues[i]->name, alert->queue)) {
            return true;
        }
    }
    return false;
}

// What a hit brought has a route, and says something that the queue was not told.
static void look_at(const struct hs_offline *offline, size_t number,
                    struct hs_controls *const *controls, size_t *looked)
{
    const struct hs_offline_alert *told = &offline->alerts[number];
    Hitstream__V1__Alert *alert =
        hitstream__v1__alert__unpack(NULL, told->payload.len, (const uint8_t *)told->payload.ptr);
    assert_non_null(alert);
    bool opened = alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED;
    bool updated = alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED;
    if ((opened || updated) && strcmp(alert->queue, "unrouted") != 0) {
        assert_true(has_route(alert, controls_of(alert, controls)));
        assert_true(opened || alert->n_changes > 0);
        (*looked)++;
    }
    for (size_t i = 0; i < number; i++) {
        assert_false(hs_id_eq(&offline->alerts[i].id, &told->id)); // told once
    }
    hitstream__v1__alert__free_unpacked(alert, NULL);
}

static void no_route_no_alert_and_none_twice(void **state)
{
    (void)state;
    struct hs_controls *controls[] = {story_controls(NULL, NULL), waiting_controls()};
    struct log *log = malloc(sizeof(*log));
    size_t looked = 0;
    assert_non_null(log);
    for (uint64_t run = 0; run < RUNS; run++) {
        dice_state = first_seed() + 2000 + run;
        struct hs_offline *straight = make_log(log, controls);
        for (size_t i = 0; i < straight->alert_count; i++) {
            look_at(straight, i, controls, &looked);
        }
        hs_offline_free(straight);
        free_log(log);
    }
    assert_true(looked > RUNS * 20);
    hs_controls_unref(controls[0]);
    hs_controls_unref(controls[1]);
    free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_route_no_alert_and_none_twice),
        cmocka_unit_test(same_log_same_alerts),
        cmocka_unit_test(audiences_do_not_interfere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
