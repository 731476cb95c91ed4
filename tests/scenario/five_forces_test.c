// SPDX-License-Identifier: Apache-2.0
//
// Five forces along a border, one operation: a vehicle on an open list, another force's list and a
// covert one crosses three borders. Who learns what of it, desk by desk.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scenario/story.h"

// Avon owns 'stolen' and the covert list, wilts owns 'drugs'. Dorset's desk may receive no list by
// itself, gwent's all of them, but the vehicle never comes there.
#define OPEN_QUEUES                                                                                \
    "queues:\n"                                                                                    \
    "  avon-desk: {owner: avon, kind: live, lists: [stolen], forces: [avon], default: true}\n"     \
    "  city-desk: {owner: city, kind: live, lists: [stolen], forces: [city], default: true}\n"     \
    "  dorset-desk: {owner: dorset, kind: live, lists: [], forces: [dorset], default: true}\n"     \
    "  gwent-desk: {owner: gwent, kind: live, lists: [\"*\"], forces: [gwent], default: true}\n"   \
    "  joint: {owner: avon, kind: live, lists: []}\n"                                              \
    "  partner: {owner: council, kind: intelligence, lists: [], partner: true, default: true,\n"   \
    "    disclose: [priority, place, times], disclose_times: quarter_hour}\n"                      \
    "  wilts-desk: {owner: wilts, kind: live, lists: [drugs], forces: [wilts], default: true}\n"
#define COVERT_QUEUES                                                                              \
    "  squad: {owner: avon, kind: live, covert_lists: [covert-a]}\n"                               \
    "  squad-intel: {owner: avon, kind: intelligence, covert_lists: [covert-a]}\n"
#define OPERATION                                                                                  \
    "operations:\n"                                                                                \
    "  five: {authority: ACC/5, lead: avon, forces: [city, dorset, gwent, wilts],\n"               \
    "    from: 2026-01-13T00:00:00Z, lists: [drugs, stolen],\n"                                    \
    "    queues: [dorset-desk, joint, partner]}\n"

static void seen(struct story *s, const char *at, const char *list, const char *site,
                 const char *camera)
{
    story_tell(s,
               &(struct story_hit){
                   .at = at, .vehicle = "AB12CDE", .list = list, .site = site, .camera = camera});
}

// Avon, wilts, the city, dorset: three borders.
static struct story *journey(bool covert)
{
    static const struct {
        const char *at;
        const char *site;
        const char *camera;
        bool on_drugs; // wilts' list has it too, from here on
    } sights[] = {{"12:00:00", "avon/1", "c1", false},
                  {"12:20:00", "wilts/1", "c2", true},
                  {"12:40:00", "city/1", "c4", true},
                  {"13:00:00", "dorset/1", "c5", true}};
    struct story *s = story_new();
    controls_add(s, covert ? OPEN_QUEUES COVERT_QUEUES : OPEN_QUEUES, OPERATION, NULL);
    for (size_t i = 0; i < sizeof(sights) / sizeof(sights[0]); i++) {
        seen(s, sights[i].at, "stolen", sights[i].site, sights[i].camera);
        if (sights[i].on_drugs) {
            seen(s, sights[i].at, "drugs", sights[i].site, sights[i].camera);
        }
        if (covert) {
            seen(s, sights[i].at, "covert-a", sights[i].site, sights[i].camera);
        }
    }
    return s;
}

static Hitstream__V1__Alert *open_alert(const struct hs_offline_alert *told)
{
    Hitstream__V1__Alert *alert =
        hitstream__v1__alert__unpack(NULL, told->payload.len, (const uint8_t *)told->payload.ptr);
    assert_non_null(alert);
    return alert;
}

static const char *kind_of(const Hitstream__V1__Alert *alert)
{
    switch (alert->kind) {
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED:
        return "opened";
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED:
        return "updated";
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ENTERED:
        return "entered";
    default:
        return "other";
    }
}

// "opened avon/1 stolen, ...": all that a queue was told, in order.
static void learns(struct story *s, const char *queue, const char *expected)
{
    const struct hs_offline *all = story_offline(s);
    char text[1024] = "";
    for (size_t i = 0; i < all->alert_count; i++) {
        if (strcmp(all->alerts[i].queue, queue) != 0) {
            continue;
        }
        Hitstream__V1__Alert *alert = open_alert(&all->alerts[i]);
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s%s %s %s", len ? ", " : "", kind_of(alert),
                 alert->place->site_id, alert->list ? alert->list->list_id : "-");
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
    assert_string_equal(text, expected);
}

// Whether some text stands in what a queue was sent, payloads and headers.
static bool is_said(struct story *s, const char *queue, const char *text)
{
    const struct hs_offline *all = story_offline(s);
    size_t len = strlen(text);
    for (size_t i = 0; i < all->alert_count; i++) {
        const struct hs_offline_alert *alert = &all->alerts[i];
        if (strcmp(alert->queue, queue) == 0 &&
            (memmem(alert->payload.ptr, alert->payload.len, text, len) ||
             memmem(alert->headers.ptr, alert->headers.len, text, len))) {
            return true;
        }
    }
    return false;
}

static void each_desk_learns_what_it_may_know(void **state)
{
    (void)state;
    struct story *s = journey(true);
    learns(s, "avon-desk", "opened avon/1 stolen, entered wilts/1 stolen");
    learns(s, "wilts-desk", "opened wilts/1 drugs");
    learns(s, "city-desk", "entered city/1 stolen, entered dorset/1 stolen");
    learns(s, "dorset-desk",
           "entered dorset/1 stolen, updated dorset/1 drugs"); // by the operation alone
    learns(s, "gwent-desk", "");                               // it never came there
    // all of it: of 'drugs' once, for what 'stolen' says of a place covers it
    learns(s, "joint",
           "opened avon/1 stolen, entered wilts/1 stolen, updated wilts/1 drugs, "
           "entered city/1 stolen, entered dorset/1 stolen");
    learns(s, "squad",
           "opened avon/1 covert-a, entered wilts/1 covert-a, entered city/1 covert-a, "
           "entered dorset/1 covert-a");
    story_free(s);
}

static void only_the_covert_lists_owner_hears_of_it(void **state)
{
    (void)state;
    static const char *const others[] = {"avon-desk",  "city-desk", "dorset-desk", "gwent-desk",
                                         "wilts-desk", "joint",     "partner",     "unrouted"};
    struct story *s = journey(true);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(is_said(s, others[i], "covert-a"));
        assert_false(is_said(s, others[i], "squad"));
    }
    assert_true(is_said(s, "squad", "covert-a"));
    assert_true(is_said(s, "squad-intel", "covert-a"));
    story_free(s);
}

static void a_desk_hears_nothing_of_lists_that_it_may_not_receive(void **state)
{
    (void)state;
    struct story *s = journey(true);
    assert_false(is_said(s, "avon-desk", "drugs"));
    assert_false(is_said(s, "city-desk", "drugs"));
    assert_false(is_said(s, "wilts-desk", "stolen"));
    assert_true(is_said(s, "joint", "stolen"));
    assert_true(is_said(s, "joint", "drugs"));
    story_free(s);
}

static void the_partner_hub_gets_the_reduced_version(void **state)
{
    (void)state;
    struct story *s = journey(true);
    const struct hs_offline *all = story_offline(s);
    static const char *const hidden[] = {"AB12CDE", "avon/1", "dorset/1", "stolen",
                                         "drugs",   "ACC/5",  "free text"};
    size_t told = 0;
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        assert_false(is_said(s, "partner", hidden[i]));
    }
    for (size_t i = 0; i < all->alert_count; i++) {
        if (strcmp(all->alerts[i].queue, "partner") != 0) {
            continue;
        }
        Hitstream__V1__Alert *alert = open_alert(&all->alerts[i]);
        told++;
        assert_true(alert->priority >= HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM);
        assert_true(*alert->place->force); // where, by force and area
        assert_int_equal(alert->captured_at_ms % (15 * 60000), 0);
        assert_null(alert->entry);
        assert_null(alert->list);
        assert_int_equal(alert->n_operations, 0);
        assert_int_equal(alert->n_trail, 0);
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
    assert_int_equal(told, 5); // as often as the joint desk
    story_free(s);
}

static void without_the_covert_list_every_other_queue_is_the_same_bytes(void **state)
{
    (void)state;
    struct story *with = journey(true), *without = journey(false);
    const struct hs_offline *all = story_offline(with), *open = story_offline(without);
    size_t at = 0, covert = 0;
    for (size_t i = 0; i < all->alert_count; i++) {
        if (strncmp(all->alerts[i].queue, "squad", 5) == 0) {
            covert++;
            continue;
        }
        assert_true(at < open->alert_count);
        assert_true(hs_offline_same(&all->alerts[i], &open->alerts[at++]));
    }
    assert_int_equal(at, open->alert_count);
    assert_int_equal(covert, 8); // four places, the squad and its intelligence
    story_free(with);
    story_free(without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_desk_learns_what_it_may_know),
        cmocka_unit_test(only_the_covert_lists_owner_hears_of_it),
        cmocka_unit_test(a_desk_hears_nothing_of_lists_that_it_may_not_receive),
        cmocka_unit_test(the_partner_hub_gets_the_reduced_version),
        cmocka_unit_test(without_the_covert_list_every_other_queue_is_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
