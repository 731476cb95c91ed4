// SPDX-License-Identifier: Apache-2.0
#include "controls/rules.h"

#include "base/clock.h"
#include "base/error.h"
#include "config/options.h"

#define AT(member) .offset = offsetof(struct hs_rules, member)

static const struct hs_option table[] = {
    {"lateness.live_ms", HS_OPTION_I64, AT(live_ms), "60000", 1000, HS_MS_PER_HOUR, .unit = "ms",
     .help = "A read up to this age, when the log took it, is live."},
    {"lateness.recent_ms", HS_OPTION_I64, AT(recent_ms), "600000", 1000, HS_MS_PER_DAY,
     .unit = "ms",
     .help = "A read up to this age is recent; beyond it is stale and goes to intelligence queues "
             "alone."},
    {"lateness.future_tolerance_ms", HS_OPTION_I64, AT(future_tolerance_ms), "5000", 0,
     HS_MS_PER_HOUR, .unit = "ms",
     .help = "A read that is ahead of the log by more than this comes from a camera with a wrong "
             "clock."},
    {"publish.live_ms", HS_OPTION_I64, AT(publish_live_ms), "600000", 1000, HS_MS_PER_DAY,
     .unit = "ms",
     .help = "An alert older than this when it is published is diverted to intelligence."},
    {"incident.quiet_ms", HS_OPTION_I64, AT(quiet_ms), "1800000", 1000, 7 * HS_MS_PER_DAY,
     .unit = "ms", .help = "No hit for so long ends an incident."},
    {"incident.repeat_window_ms", HS_OPTION_I64, AT(repeat_window_ms), "300000", 0, HS_MS_PER_DAY,
     .unit = "ms", .help = "Repeats at one place within this time are silent."},
    {"incident.trail_max", HS_OPTION_U32, AT(trail_max), "64", 1, 1000, .unit = "places",
     .help = "How many places an incident keeps; the oldest leaves first."},
    {"incident.same_read_ms", HS_OPTION_I64, AT(same_read_ms), "1000", 0, HS_MS_PER_MINUTE,
     .unit = "ms",
     .help =
         "Reads of one vehicle at one site less than this apart come from two sensors and count "
         "once; 0: each counts."},
    {"priority.harm_medium", HS_OPTION_U32, AT(harm_medium), "300", 0, 1000, .unit = "points",
     .help = "An entry with this harm score is at least of medium priority; 0: the score raises "
             "nothing."},
    {"priority.harm_high", HS_OPTION_U32, AT(harm_high), "600", 0, 1000, .unit = "points",
     .help = "An entry with this harm score is at least of high priority; 0: the score raises "
             "nothing."},
    {"priority.harm_immediate", HS_OPTION_U32, AT(harm_immediate), "0", 0, 1000, .unit = "points",
     .help = "An entry with this harm score is of immediate priority; 0: only a person says so."},
    {"priority.unattended_step", HS_OPTION_U32, AT(unattended_step), "3", 0, 1000, .unit = "places",
     .help = "Each so many places in a row at which nobody answered raise the priority by one, up "
             "to high; 0: never."},
    {"flood.window_ms", HS_OPTION_I64, AT(flood_window_ms), "60000", 1000, HS_MS_PER_HOUR,
     .unit = "ms",
     .help = "Sightings of an entry and of a list are counted over so much event "
             "time; each vehicle counts once a site."},
    {"flood.entry_sightings", HS_OPTION_U32, AT(flood_entry_sightings), "120", 0,
     HS_FLOOD_SIGHTINGS_MAX, .unit = "sightings",
     .help = "An entry that is seen more often than this in a window, in one partition of "
             "anpr.hits, floods: what it brings is marked, and held unless it is of immediate "
             "priority; 0: never."},
    {"flood.list_sightings", HS_OPTION_U32, AT(flood_list_sightings), "600", 0,
     HS_FLOOD_SIGHTINGS_MAX, .unit = "sightings", .help = "Likewise a list as a whole."},
    {"flood.release_every_ms", HS_OPTION_I64, AT(flood_release_every_ms), "2000", 10,
     HS_MS_PER_HOUR, .unit = "ms",
     .help = "Of what is held, each partition tells one incident in so long, by priority and "
             "harm."},
    {"border.settle_ms", HS_OPTION_I64, AT(border_settle_ms), "600000", 0, HS_MS_PER_DAY,
     .unit = "ms",
     .help = "A vehicle that was in a force's area for so long is settled there: going back over "
             "the border is told again. Before that the road may only zigzag."},
    {"border.settle_sites", HS_OPTION_U32, AT(border_settle_sites), "2", 1, 100, .unit = "sites",
     .help = "So many sites in a force's area settle it there too."},
    {"border.approaching_again_ms", HS_OPTION_I64, AT(approaching_again_ms), "1800000", 0,
     HS_MS_PER_DAY, .unit = "ms",
     .help = "A force is told once in this time that a vehicle is about to enter its area."},
    {"feedback.acknowledged_ms", HS_OPTION_I64, AT(acknowledged_ms), "1800000", 1000, HS_MS_PER_DAY,
     .unit = "ms", .help = "How long an acknowledgement lasts that does not say until when."},
    {"feedback.silenced_ms", HS_OPTION_I64, AT(silenced_ms), "1800000", 1000, HS_MS_PER_DAY,
     .unit = "ms", .help = "How long silence lasts that does not say until when."},
    {"feedback.answer_max_ms", HS_OPTION_I64, AT(answer_max_ms), "43200000", 1000,
     7 * HS_MS_PER_DAY, .unit = "ms",
     .help = "No acknowledgement and no silence lasts longer than this."},
    {"feedback.exclusion_ms", HS_OPTION_I64, AT(exclusion_ms), "2419200000", HS_MS_PER_MINUTE,
     365 * HS_MS_PER_DAY, .unit = "ms",
     .help = "How long 'not this vehicle' holds at most, and without an end of its own."},
    {"companions.before_ms", HS_OPTION_I64, AT(companions_before_ms), "20000", 0, HS_MS_PER_MINUTE,
     .unit = "ms",
     .help = "Vehicles that passed within this time before a hit are its companions."},
    {"companions.after_ms", HS_OPTION_I64, AT(companions_after_ms), "20000", 0, HS_MS_PER_MINUTE,
     .unit = "ms", .help = "And those within this time after it; 0 looks for none."},
    {"companions.settle_ms", HS_OPTION_I64, AT(companions_settle_ms), "5000", 0, HS_MS_PER_MINUTE,
     .unit = "ms",
     .help = "Reads that come out of order are waited for so long before who passed after a hit is "
             "told."},
    {"companions.max", HS_OPTION_U32, AT(companions_max), "16", 0, 64, .unit = "vehicles",
     .help = "How many companions are named on each side of a hit, the nearest; the rest are "
             "counted."},
    {"flow.window_ms", HS_OPTION_I64, AT(flow_window_ms), "180000", 1000, 10 * HS_MS_PER_MINUTE,
     .unit = "ms", .help = "The traffic at a site is counted over so long before a hit."},
    {"convoy.odds", HS_OPTION_U32, AT(convoy_odds), "300000", 0, 1000000000, .unit = "to 1",
     .help = "A companion is told as a convoy when its meetings are so many times likelier in "
             "company than by chance; 0 turns the rule off."},
    {"convoy.sites", HS_OPTION_U32, AT(convoy_sites), "3", 2, 16, .unit = "sites",
     .help = "Besides, it was met at so many sites of one journey that are not all on one unbroken "
             "stretch of road."},
    {"convoy.journeys", HS_OPTION_U32, AT(convoy_journeys), "2", 2, 100, .unit = "journeys",
     .help = "Or on so many separate journeys."},
    {"convoy.drift_ms", HS_OPTION_I64, AT(convoy_drift_ms), "2000", 1000, HS_MS_PER_MINUTE,
     .unit = "ms",
     .help = "Deviation of the gap between two vehicles that drive together, from camera to "
             "camera, beside an eighth of the gap."},
    {"convoy.remember_ms", HS_OPTION_I64, AT(convoy_remember_ms), "1209600000", 0,
     90 * HS_MS_PER_DAY, .unit = "ms",
     .help = "A companion of an earlier journey is forgotten when it was not met again for so "
             "long."},
    {"together.sites", HS_OPTION_U32, AT(together_sites), "2", 0, 16, .unit = "sites",
     .help = "Two vehicles of open lists that pass so many sites of one incident beside each other "
             "are told as together; 0 turns the rule off."},
    {"journey.fastest_kmh", HS_OPTION_U32, AT(journey_fastest_kmh), "180", 0, 400, .unit = "km/h",
     .help = "Faster than this on the straight line is impossible, where the road table knows no "
             "link; 0 turns the rule off."},
    {"journey.remember_ms", HS_OPTION_I64, AT(journey_remember_ms), "604800000", HS_MS_PER_HOUR,
     28 * HS_MS_PER_DAY, .unit = "ms",
     .help = "Sightings of one mark that contradict each other are held together over so long."},
    {"journey.repeat_ms", HS_OPTION_I64, AT(journey_repeat_ms), "604800000", HS_MS_PER_HOUR,
     90 * HS_MS_PER_DAY, .unit = "ms", .help = "A clone is told again after so long."},
    {"pattern.runs", HS_OPTION_U32, AT(pattern_runs), "3", 0, 24, .unit = "journeys",
     .help = "A vehicle is told as a courier after so many journeys from a hub area to a market "
             "and back "
             "at the earliest; 0 turns the rule off."},
    {"pattern.sure_permille", HS_OPTION_U32, AT(pattern_sure_permille), "900", 1, 999,
     .unit = "permille",
     .help =
         "And when its journeys are so likely a courier's, errands and habits together having the "
         "rest."},
    {"pattern.dwell_min_ms", HS_OPTION_I64, AT(pattern_dwell_min_ms), "1800000", HS_MS_PER_MINUTE,
     HS_MS_PER_DAY, .unit = "ms",
     .help = "Who stays shorter in a market area only passes through."},
    {"pattern.dwell_max_ms", HS_OPTION_I64, AT(pattern_dwell_max_ms), "21600000", HS_MS_PER_MINUTE,
     HS_MS_PER_DAY, .unit = "ms",
     .help = "A longer stay speaks for somebody who works or lives there."},
    {"pattern.journey_max_ms", HS_OPTION_I64, AT(pattern_journey_max_ms), "10800000",
     HS_MS_PER_MINUTE, HS_MS_PER_DAY, .unit = "ms",
     .help = "A journey between hub and market takes at most so long."},
    {"pattern.night_from", HS_OPTION_U32, AT(pattern_night_from), "20", 0, 23, .unit = "hours",
     .help = "The hour of London's day at which night begins."},
    {"pattern.night_to", HS_OPTION_U32, AT(pattern_night_to), "6", 0, 23, .unit = "hours",
     .help = "And at which it ends."},
    {"pattern.remember_ms", HS_OPTION_I64, AT(pattern_remember_ms), "2419200000", HS_MS_PER_DAY,
     90 * HS_MS_PER_DAY, .unit = "ms", .help = "Journeys longer ago are forgotten."},
    {"next.places", HS_OPTION_U32, AT(next_places), "3", 0, 5, .unit = "sites",
     .help =
         "So many sites are named at which the vehicle may be read next; 0 turns the rule off."},
    {"next.least_permille", HS_OPTION_U32, AT(next_least_permille), "2", 1, 1000,
     .unit = "permille", .help = "A site that is less likely to be the next is not named."},
    {"next.trust_pct", HS_OPTION_U32, AT(next_trust_pct), "400", 1, 10000, .unit = "percent",
     .help =
         "The vehicle's own past counts as much as what it is held against, the road's traffic or "
         "a shorter past, when it left the site so often, in hundredths of a time."},
    {"next.remember_ms", HS_OPTION_I64, AT(next_remember_ms), "2419200000", 2 * HS_MS_PER_DAY,
     90 * HS_MS_PER_DAY, .unit = "ms",
     .help = "What the vehicle did longer ago is forgotten; the older half of it counts half."},
    {"cameras.window_ms", HS_OPTION_I64, AT(cameras_window_ms), "600000", 0, HS_MS_PER_HOUR,
     .unit = "ms",
     .help = "A camera's reads are counted over so long, to find it silent, thin or its clock "
             "wrong; 0: no camera is found wrong."},
    {"cameras.clock_ms", HS_OPTION_I64, AT(cameras_clock_ms), "10000", 1000, HS_MS_PER_HOUR,
     .unit = "ms", .help = "A camera's clock is wrong when it is off by at least so much."},
    {"cameras.vehicles", HS_OPTION_U32, AT(cameras_vehicles), "5", 2, 40, .unit = "vehicles",
     .help = "The journeys of so many different vehicles accuse a camera, never fewer."},
    {.key = NULL},
};

void hs_rules_defaults(struct hs_rules *ret_rules)
{
    struct hs_bump none = {0}; // no row is a file, so nothing is allocated
    *ret_rules = (struct hs_rules){0};
    hs_options_defaults(table, ret_rules, &none);
}

// The fault stands at the first key, or at the other when only that is written.
static void check_order(const struct hs_yaml_node *root, const char *shorter_key,
                        int64_t shorter_ms, const char *longer_key, int64_t longer_ms,
                        struct hs_diags *diags)
{
    if (shorter_ms <= longer_ms) {
        return;
    }
    const char *key = hs_options_node(root, shorter_key) ? shorter_key : longer_key;
    const struct hs_yaml_node *at = hs_options_node(root, key);
    hs_yaml_fault(diags, at ? at : root, key, "%s (%lld ms) must not be longer than %s (%lld ms)",
                  shorter_key, (long long)shorter_ms, longer_key, (long long)longer_ms);
}

int hs_rules_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                   struct hs_rules *ret_rules)
{
    struct hs_yaml *document;
    struct hs_rules rules;
    struct hs_bump bump = {0};
    size_t errors = diags->errors;
    int rc = hs_yaml_parse(text, name, diags, &document);
    if (rc != 0) {
        return rc;
    }
    const struct hs_yaml_node *root = hs_yaml_root(document);
    hs_rules_defaults(&rules);
    hs_options_read(table, root, diags, &bump, &rules);
    check_order(root, "lateness.live_ms", rules.live_ms, "lateness.recent_ms", rules.recent_ms,
                diags);
    check_order(root, "incident.repeat_window_ms", rules.repeat_window_ms, "incident.quiet_ms",
                rules.quiet_ms, diags);
    check_order(root, "pattern.dwell_min_ms", rules.pattern_dwell_min_ms, "pattern.dwell_max_ms",
                rules.pattern_dwell_max_ms, diags);
    check_order(root, "feedback.acknowledged_ms", rules.acknowledged_ms, "feedback.answer_max_ms",
                rules.answer_max_ms, diags);
    check_order(root, "feedback.silenced_ms", rules.silenced_ms, "feedback.answer_max_ms",
                rules.answer_max_ms, diags);
    hs_yaml_free(document);
    hs_bump_fini(&bump);
    if (diags->errors != errors) {
        return HS_EFORMAT;
    }
    *ret_rules = rules;
    return 0;
}

void hs_rules_canonical(const struct hs_rules *rules, struct hs_buf *out)
{
    for (const struct hs_option *row = table; row->key; row++) {
        hs_buf_printf(out, "%s=", row->key);
        hs_option_value(row, rules, out);
        hs_buf_add_char(out, '\n');
    }
}

size_t hs_rules_count(void)
{
    return sizeof(table) / sizeof(table[0]) - 1;
}

const char *hs_rules_key(size_t index)
{
    return table[index].key;
}

void hs_rules_value(const struct hs_rules *rules, size_t index, struct hs_buf *out)
{
    hs_option_value(&table[index], rules, out);
}

int64_t hs_rules_longest_ms(const struct hs_rules *rules)
{
    int64_t longest_ms = 0;
    for (const struct hs_option *row = table; row->key; row++) {
        if (row->type == HS_OPTION_I64 && row->unit && strcmp(row->unit, "ms") == 0) {
            int64_t value_ms;
            memcpy(&value_ms, (const char *)rules + row->offset, sizeof(value_ms));
            longest_ms = value_ms > longest_ms ? value_ms : longest_ms;
        }
    }
    return longest_ms;
}

void hs_rules_reference(struct hs_buf *out)
{
    hs_options_reference(table, out);
}
