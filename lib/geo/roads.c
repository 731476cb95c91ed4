// SPDX-License-Identifier: Apache-2.0
//
// The table itself: sorted links, and which sites share a corridor. Reading it is roads_csv.c's.
#include "geo/roads.h"

#include <stdlib.h>

#include "base/error.h"
#include "geo/roads_build.h"

// A site that some link names.
struct site {
    struct hs_str name;
    uint32_t corridor; // number of the first site of its stretch
};

struct hs_roads {
    struct hs_bump bump; // texts
    struct hs_road_row *rows;
    size_t count;
    struct site *sites; // in order of name
    size_t site_count;
};

static int compare_keys(struct hs_str from, struct hs_str direction, struct hs_str to,
                        const struct hs_road_link *link)
{
    int order = hs_str_cmp(from, link->from);
    order = order ? order : hs_str_cmp(direction, link->direction);
    return order ? order : hs_str_cmp(to, link->to);
}

int hs_roads_by_key(const void *a, const void *b)
{
    const struct hs_road_link *x = &((const struct hs_road_row *)a)->link;
    return compare_keys(x->from, x->direction, x->to, &((const struct hs_road_row *)b)->link);
}

static int by_name(const void *a, const void *b)
{
    return hs_str_cmp(((const struct site *)a)->name, ((const struct site *)b)->name);
}

static struct site *find_site(const struct hs_roads *roads, struct hs_str name)
{
    struct site key = {.name = name};
    return roads->site_count ? bsearch(&key, roads->sites, roads->site_count, sizeof(key), by_name)
                             : NULL;
}

static uint32_t root_of(struct site *sites, uint32_t at)
{
    while (sites[at].corridor != at) {
        sites[at].corridor = sites[sites[at].corridor].corridor;
        at = sites[at].corridor;
    }
    return at;
}

// Joins the sites of links along a corridor; the lowest number stands for the whole stretch.
static void join_corridors(struct hs_roads *roads)
{
    struct site *sites = roads->sites;
    for (size_t i = 0; i < roads->site_count; i++) {
        sites[i].corridor = (uint32_t)i;
    }
    for (size_t i = 0; i < roads->count; i++) {
        const struct hs_road_link *link = &roads->rows[i].link;
        if (link->corridor) {
            uint32_t a = root_of(sites, (uint32_t)(find_site(roads, link->from) - sites));
            uint32_t b = root_of(sites, (uint32_t)(find_site(roads, link->to) - sites));
            sites[a > b ? a : b].corridor = a < b ? a : b;
        }
    }
    for (size_t i = 0; i < roads->site_count; i++) {
        sites[i].corridor = root_of(sites, (uint32_t)i);
    }
}

static int collect_sites(struct hs_roads *roads)
{
    roads->sites = calloc(2 * roads->count + 1, sizeof(*roads->sites));
    if (!roads->sites) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < roads->count; i++) {
        roads->sites[2 * i].name = roads->rows[i].link.from;
        roads->sites[2 * i + 1].name = roads->rows[i].link.to;
    }
    qsort(roads->sites, 2 * roads->count, sizeof(*roads->sites), by_name);
    for (size_t i = 0; i < 2 * roads->count; i++) {
        if (roads->site_count == 0 ||
            by_name(&roads->sites[roads->site_count - 1], &roads->sites[i]) != 0) {
            roads->sites[roads->site_count++] = roads->sites[i];
        }
    }
    return 0;
}

int hs_roads_build(struct hs_bump *bump, struct hs_road_row *rows, size_t count,
                   struct hs_roads **ret_roads)
{
    struct hs_roads *roads = calloc(1, sizeof(*roads));
    if (!roads) {
        return HS_ENOMEM;
    }
    roads->rows = rows;
    roads->count = count;
    if (collect_sites(roads) != 0) {
        free(roads);
        return HS_ENOMEM;
    }
    join_corridors(roads);
    roads->bump = *bump;
    *bump = (struct hs_bump){0};
    *ret_roads = roads;
    return 0;
}

struct hs_roads *hs_roads_empty(void)
{
    struct hs_bump bump = {0};
    struct hs_roads *roads = NULL;
    return hs_roads_build(&bump, NULL, 0, &roads) == 0 ? roads : NULL;
}

void hs_roads_free(struct hs_roads *roads)
{
    if (roads) {
        hs_bump_fini(&roads->bump);
        free(roads->rows);
        free(roads->sites);
        free(roads);
    }
}

size_t hs_roads_count(const struct hs_roads *roads)
{
    return roads->count;
}

const struct hs_road_link *hs_roads_at(const struct hs_roads *roads, size_t index)
{
    return index < roads->count ? &roads->rows[index].link : NULL;
}

// The first link that does not stand before the key.
static size_t lower_bound(const struct hs_roads *roads, struct hs_str from, struct hs_str direction,
                          struct hs_str to)
{
    size_t low = 0;
    size_t high = roads->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(from, direction, to, &roads->rows[middle].link) > 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const struct hs_road_link *find_exact(const struct hs_roads *roads, struct hs_str from,
                                             struct hs_str direction, struct hs_str to)
{
    size_t at = lower_bound(roads, from, direction, to);
    return at < roads->count && compare_keys(from, direction, to, &roads->rows[at].link) == 0
               ? &roads->rows[at].link
               : NULL;
}

const struct hs_road_link *hs_roads_find(const struct hs_roads *roads, struct hs_str from,
                                         struct hs_str direction, struct hs_str to)
{
    const struct hs_road_link *link = find_exact(roads, from, direction, to);
    return link || direction.len == 0 ? link : find_exact(roads, from, HS_STR(""), to);
}

static bool leaves(const struct hs_road_row *row, struct hs_str from, struct hs_str direction)
{
    return hs_str_eq(row->link.from, from) && hs_str_eq(row->link.direction, direction);
}

static size_t exits_exact(const struct hs_roads *roads, struct hs_str from, struct hs_str direction,
                          size_t *ret_first)
{
    size_t first = lower_bound(roads, from, direction, HS_STR(""));
    size_t end = first;
    while (end < roads->count && leaves(&roads->rows[end], from, direction)) {
        end++;
    }
    *ret_first = first;
    return end - first;
}

size_t hs_roads_exits(const struct hs_roads *roads, struct hs_str from, struct hs_str direction,
                      size_t *ret_first)
{
    size_t count = exits_exact(roads, from, direction, ret_first);
    return count || direction.len == 0 ? count : exits_exact(roads, from, HS_STR(""), ret_first);
}

bool hs_roads_same_corridor(const struct hs_roads *roads, struct hs_str a, struct hs_str b)
{
    const struct site *x = find_site(roads, a);
    const struct site *y = find_site(roads, b);
    return hs_str_eq(a, b) || (x && y && x->corridor == y->corridor);
}

void hs_roads_check_sites(const struct hs_roads *roads, const char *name,
                          bool (*is_known)(void *ctx, struct hs_str site), void *ctx,
                          struct hs_diags *diags)
{
    for (size_t i = 0; i < roads->count; i++) {
        const struct hs_road_row *row = &roads->rows[i];
        const struct hs_str ends[] = {row->link.from, row->link.to};
        for (size_t end = 0; end < 2; end++) {
            if (!is_known(ctx, ends[end])) {
                struct hs_diag_place place = {.file = name,
                                              .line = row->line,
                                              .key = end ? "to" : "from",
                                              .value = ends[end]};
                hs_diags_add(diags, HS_DIAG_ERROR, &place,
                             "no camera of cameras.csv stands at this site");
            }
        }
    }
}

static void add_field(struct hs_buf *out, struct hs_str text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        quoted = quoted || text.ptr[i] == ',' || text.ptr[i] == '"';
    }
    if (quoted) {
        hs_buf_add_char(out, '"');
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"') {
            hs_buf_add_char(out, '"');
        }
        hs_buf_add_char(out, text.ptr[i]);
    }
    hs_buf_add_text(out, quoted ? "\"," : ",");
}

// Seconds with as many digits behind the point as are needed.
static void add_seconds(struct hs_buf *out, int64_t span_ms)
{
    hs_buf_printf(out, "%lld", (long long)(span_ms / 1000));
    int rest = (int)(span_ms % 1000);
    for (int digit = 100; rest > 0; digit /= 10) {
        hs_buf_printf(out, "%s%d", digit == 100 ? "." : "", rest / digit);
        rest %= digit;
    }
}

void hs_roads_print_header(struct hs_buf *out)
{
    hs_buf_add_text(out, "from,direction,to,distance_m,fastest_s,free_s,typical_s,spread_pct,"
                         "share_ppm,corridor\n");
}

void hs_roads_print_times(const struct hs_road_link *link, struct hs_buf *out)
{
    bool flat = true;
    for (size_t hour = 1; hour < HS_ROADS_HOURS; hour++) {
        flat = flat && link->typical_ms[hour] == link->typical_ms[0];
    }
    add_seconds(out, link->fastest_ms);
    hs_buf_add_char(out, ',');
    add_seconds(out, link->free_ms);
    for (size_t hour = 0; hour < (flat ? 1 : HS_ROADS_HOURS); hour++) {
        hs_buf_add_char(out, hour ? ';' : ',');
        add_seconds(out, link->typical_ms[hour]);
    }
}

void hs_roads_print_link(const struct hs_road_link *link, struct hs_buf *out)
{
    add_field(out, link->from);
    add_field(out, link->direction);
    add_field(out, link->to);
    hs_buf_printf(out, "%u,", link->distance_m);
    hs_roads_print_times(link, out);
    hs_buf_printf(out, ",%u,%u,%s\n", link->spread_pct, link->share_ppm,
                  link->corridor ? "yes" : "");
}

void hs_roads_canonical(const struct hs_roads *roads, struct hs_buf *out)
{
    hs_roads_print_header(out);
    for (size_t i = 0; i < roads->count; i++) {
        hs_roads_print_link(&roads->rows[i].link, out);
    }
}
