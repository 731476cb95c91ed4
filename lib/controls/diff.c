// SPDX-License-Identifier: Apache-2.0
//
// Each camera, queue, link of the road table and rule is described as a row of texts; two rows of one name are compared
// text by text.
#include "controls/diff.h"

#include "base/civil.h"
#include "base/error.h"

enum { FIELDS_MAX = 24 };

// One thing, described.
struct description {
    struct hs_str name;
    struct hs_buf name_text;            // of a name made for this
    struct hs_buf text;                 // the fields' values, one behind the other
    size_t ends[FIELDS_MAX];            // of each value in `text`
    const char *fields[FIELDS_MAX + 1]; // their names; ends with NULL
    size_t count;
};

struct comparison {
    hs_controls_difference_fn *difference;
    void *ctx;
    int64_t count;
    int status; // HS_ENOMEM once a text could not be made
};

// One kind of thing: how many an object has, and the description of one, in order of name.
struct kind {
    const char *what;
    size_t (*count)(const struct hs_controls *controls);
    void (*describe)(const struct hs_controls *controls, size_t index, struct description *ret);
};

// ------------------------------------------------------------------ descriptions

static void end_field(struct description *description, const char *field)
{
    description->fields[description->count] = field;
    description->ends[description->count++] = description->text.len;
    description->fields[description->count] = NULL;
}

static void add_field(struct description *description, const char *field, struct hs_str value)
{
    hs_buf_add_str(&description->text, value);
    end_field(description, field);
}

static void add_names(struct description *description, const char *field,
                      const struct hs_str *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hs_buf_add_text(&description->text, i > 0 ? ", " : "");
        hs_buf_add_str(&description->text, names[i]);
    }
    end_field(description, field);
}

// Nothing where it is 0.
static void add_time_ms(struct description *description, const char *field, int64_t time_ms)
{
    if (time_ms != 0) {
        hs_buf_printf(&description->text, "%lld", (long long)time_ms);
    }
    end_field(description, field);
}

// Nothing where it is open-ended.
static void add_instant(struct description *description, const char *field, int64_t at_ms)
{
    char text[HS_CIVIL_TEXT_BYTES] = "";
    if (at_ms != INT64_MAX) {
        hs_civil_format(at_ms, text);
    }
    hs_buf_add_text(&description->text, text);
    end_field(description, field);
}

static struct hs_str field_value(const struct description *description, size_t field)
{
    size_t from = field > 0 ? description->ends[field - 1] : 0;
    return hs_str_n(description->text.ptr + from, description->ends[field] - from);
}

static size_t count_cameras(const struct hs_controls *controls)
{
    return hs_cameras_count(hs_controls_cameras(controls));
}

static void describe_camera(const struct hs_controls *controls, size_t index,
                            struct description *ret)
{
    const struct hs_camera *camera = hs_cameras_at(hs_controls_cameras(controls), index);
    ret->name = camera->camera_id;
    add_field(ret, "site", camera->site_id);
    add_field(ret, "road", camera->road);
    add_field(ret, "direction", camera->direction);
    add_field(ret, "force", camera->force);
    add_field(ret, "area", camera->area);
    if (camera->has_position) {
        hs_buf_printf(&ret->text, "%.6f %.6f", camera->position.latitude_deg,
                      camera->position.longitude_deg);
    }
    end_field(ret, "position");
    add_field(ret, "kind", camera->mobile ? HS_STR("mobile") : HS_STR("fixed"));
    add_field(ret, "model", camera->model);
    add_names(ret, "next", camera->next_sites, camera->next_count);
    static const char *const classes[] = {"", "hub", "market"};
    add_field(ret, "class", hs_str(classes[camera->area_class]));
}

static size_t count_queues(const struct hs_controls *controls)
{
    return hs_routes_queue_count(hs_controls_routes(controls));
}

static void describe_queue(const struct hs_controls *controls, size_t index,
                           struct description *ret)
{
    static const char *const kinds[] = {"live", "intelligence", "ops"};
    static const char *const handlings[] = {"none", "stop", "monitor", "stop, monitor"};
    const struct hs_queue *queue = hs_routes_queue(hs_controls_routes(controls), index);
    ret->name = queue->name;
    add_field(ret, "owner", queue->owner_force);
    add_field(ret, "kind", hs_str(kinds[queue->kind]));
    add_field(ret, "payload",
              queue->format == HS_PAYLOAD_JSON ? HS_STR("json") : HS_STR("protobuf"));
    add_names(ret, "lists", queue->lists, queue->list_count);
    add_names(ret, "covert_lists", queue->covert_lists, queue->covert_list_count);
    add_names(ret, "forces", queue->forces, queue->force_count);
    add_names(ret, "areas", queue->areas, queue->area_count);
    add_field(ret, "handling", hs_str(handlings[queue->handling & 3]));
    add_field(ret, "default", queue->is_default ? HS_STR("true") : HS_STR("false"));
    add_field(ret, "intelligence_queue", queue->intelligence_queue);
    hs_buf_printf(&ret->text, "%lld", (long long)queue->undelivered_after_ms);
    end_field(ret, "undelivered_after_ms");
    add_time_ms(ret, "acknowledge_within_ms", queue->acknowledge_within_ms);
    add_names(ret, "escalate_to", queue->escalate_to, queue->escalate_count);
    add_time_ms(ret, "test_interval_ms", queue->test_interval_ms);
    hs_buf_printf(&ret->text, "%lld", (long long)queue->feedback_per_minute);
    end_field(ret, "feedback_per_minute");
    hs_queue_say_bits(queue, &ret->text, HS_QUEUE_SAFEGUARDING);
    end_field(ret, "safeguarding");
    add_field(ret, "partner", queue->partner ? HS_STR("true") : HS_STR(""));
    hs_queue_say_bits(queue, &ret->text, HS_QUEUE_DISCLOSE);
    end_field(ret, "disclose");
}

static size_t count_operations(const struct hs_controls *controls)
{
    return hs_routes_operation_count(hs_controls_routes(controls));
}

static void describe_operation(const struct hs_controls *controls, size_t index,
                               struct description *ret)
{
    const struct hs_operation *o = hs_routes_operation(hs_controls_routes(controls), index);
    ret->name = o->id;
    add_field(ret, "name", o->name);
    add_field(ret, "authority", o->authority);
    add_field(ret, "lead", o->lead_force);
    add_names(ret, "forces", o->forces, o->force_count);
    add_instant(ret, "from", o->from_ms);
    add_instant(ret, "to", o->to_ms);
    add_names(ret, "lists", o->lists, o->list_count);
    add_names(ret, "queues", o->queues, o->queue_count);
    add_names(ret, "covert_lists", o->covert_lists, o->covert_list_count);
    add_names(ret, "covert_queues", o->covert_queues, o->covert_queue_count);
    add_names(ret, "roads", o->roads, o->road_count);
    add_names(ret, "sites", o->sites, o->site_count);
    add_names(ret, "areas", o->areas, o->area_count);
    add_field(ret, "priority", hs_str(hs_operation_priority_text(o->priority_floor)));
    if (o->repeat_window_ms >= 0) {
        hs_buf_printf(&ret->text, "%lld", (long long)o->repeat_window_ms);
    }
    end_field(ret, "repeat_window_ms");
    add_time_ms(ret, "acknowledge_within_ms", o->acknowledge_within_ms);
}

static size_t count_groups(const struct hs_controls *controls)
{
    return hs_groups_count(hs_controls_groups(controls));
}

static void describe_group(const struct hs_controls *controls, size_t index,
                           struct description *ret)
{
    const struct hs_group *group = hs_groups_at(hs_controls_groups(controls), index);
    ret->name = group->id;
    add_field(ret, "name", group->name);
    add_field(ret, "state", hs_str(hs_group_state_text(group->state)));
    add_field(ret, "lead", group->lead);
    add_field(ret, "owner", group->owner_force);
    add_field(ret, "district", group->district);
    add_field(ret, "four_p", hs_str(hs_group_four_p_text(group->four_p)));
    add_field(ret, "plan", group->plan_reference);
    add_time_ms(ret, "review_date", group->review_date);
    add_field(ret, "county_line", group->county_line);
    add_field(ret, "hub", group->hub);
    add_names(ret, "markets", group->markets, group->market_count);
    add_field(ret, "covert_list", group->covert_list);
    add_field(ret, "authority", group->authority);
    add_field(ret, "nominated_by", group->nominated_by);
    add_field(ret, "accepted_by", group->accepted_by);
}

static size_t count_links(const struct hs_controls *controls)
{
    return hs_roads_count(hs_controls_roads(controls));
}

// Tabs keep the order of the names that of the links.
static void describe_link(const struct hs_controls *controls, size_t index, struct description *ret)
{
    const struct hs_road_link *link = hs_roads_at(hs_controls_roads(controls), index);
    hs_buf_clear(&ret->name_text);
    hs_buf_printf(&ret->name_text, "%.*s\t%.*s\t%.*s", HS_STR_ARG(link->from),
                  HS_STR_ARG(link->direction), HS_STR_ARG(link->to));
    ret->name = hs_buf_str(&ret->name_text);
    hs_roads_print_times(link, &ret->text);
    end_field(ret, "times");
    hs_buf_printf(&ret->text, "%u", link->distance_m);
    end_field(ret, "distance_m");
    hs_buf_printf(&ret->text, "%u", link->share_ppm);
    end_field(ret, "share_ppm");
    hs_buf_printf(&ret->text, "%u", link->spread_pct);
    end_field(ret, "spread_pct");
    add_field(ret, "corridor", link->corridor ? HS_STR("yes") : HS_STR("no"));
}

static size_t count_rules(const struct hs_controls *controls)
{
    (void)controls;
    return hs_rules_count();
}

static void describe_rule(const struct hs_controls *controls, size_t index, struct description *ret)
{
    ret->name = hs_str(hs_rules_key(index));
    hs_rules_value(hs_controls_rules(controls), index, &ret->text);
    end_field(ret, "");
}

// ------------------------------------------------------------------ comparing

static void tell(struct comparison *comparison, const struct hs_controls_difference *difference)
{
    comparison->count++;
    comparison->difference(comparison->ctx, difference);
}

// "site n1, road A1, ..." of the fields that are not empty.
static void summarise(const struct description *description, struct hs_buf *out)
{
    for (size_t i = 0; i < description->count; i++) {
        struct hs_str value = field_value(description, i);
        if (value.len > 0) {
            hs_buf_printf(out, "%s%s ", out->len > 0 ? "; " : "", description->fields[i]);
            hs_buf_add_str(out, value);
        }
    }
}

static void tell_whole(struct comparison *comparison, const char *what,
                       enum hs_controls_change change, const struct description *description)
{
    struct hs_buf summary = {0};
    summarise(description, &summary);
    struct hs_controls_difference difference = {
        .change = change, .what = what, .name = description->name, .field = ""};
    *(change == HS_CONTROLS_ADDED ? &difference.after : &difference.before) = hs_buf_str(&summary);
    tell(comparison, &difference);
    comparison->status = comparison->status ? comparison->status : hs_buf_status(&summary);
    hs_buf_fini(&summary);
}

static void tell_fields(struct comparison *comparison, const char *what,
                        const struct description *before, const struct description *after)
{
    for (size_t i = 0; i < before->count; i++) {
        struct hs_controls_difference difference = {
            .change = HS_CONTROLS_CHANGED,
            .what = what,
            .name = after->name,
            .field = after->fields[i],
            .before = field_value(before, i),
            .after = field_value(after, i),
        };
        if (!hs_str_eq(difference.before, difference.after)) {
            tell(comparison, &difference);
        }
    }
}

static void describe(const struct kind *kind, const struct hs_controls *controls, size_t index,
                     struct description *ret)
{
    hs_buf_clear(&ret->text);
    ret->count = 0;
    kind->describe(controls, index, ret);
}

// Both are in order of name: one walk over the two.
static void compare_kind(struct comparison *comparison, const struct kind *kind,
                         const struct hs_controls *before, const struct hs_controls *after)
{
    struct description old = {0};
    struct description new = {0};
    size_t o = 0;
    size_t n = 0;
    while (o < kind->count(before) || n < kind->count(after)) {
        bool has_old = o < kind->count(before);
        bool has_new = n < kind->count(after);
        if (has_old) {
            describe(kind, before, o, &old);
        }
        if (has_new) {
            describe(kind, after, n, &new);
        }
        int order = !has_old ? 1 : !has_new ? -1 : hs_str_cmp(old.name, new.name);
        if (order < 0) {
            tell_whole(comparison, kind->what, HS_CONTROLS_REMOVED, &old);
        } else if (order > 0) {
            tell_whole(comparison, kind->what, HS_CONTROLS_ADDED, &new);
        } else {
            tell_fields(comparison, kind->what, &old, &new);
        }
        o += order <= 0;
        n += order >= 0;
    }
    if (hs_buf_status(&old.text) != 0 || hs_buf_status(&new.text) != 0) {
        comparison->status = HS_ENOMEM;
    }
    hs_buf_fini(&old.text);
    hs_buf_fini(&old.name_text);
    hs_buf_fini(&new.text);
    hs_buf_fini(&new.name_text);
}

int64_t hs_controls_diff(const struct hs_controls *before, const struct hs_controls *after,
                         hs_controls_difference_fn *difference, void *ctx)
{
    static const struct kind kinds[] = {
        {"camera", count_cameras, describe_camera},
        {"queue", count_queues, describe_queue},
        {"operation", count_operations, describe_operation},
        {"group", count_groups, describe_group},
        {"link", count_links, describe_link},
        {"rule", count_rules, describe_rule},
    };
    struct comparison comparison = {.difference = difference, .ctx = ctx};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        compare_kind(&comparison, &kinds[i], before, after);
    }
    return comparison.status ? comparison.status : comparison.count;
}
