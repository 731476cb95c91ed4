// SPDX-License-Identifier: Apache-2.0
#include "reference/world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/watchlist.pb-c.h"

#define NOW_MS INT64_C(1790000000000) // September 2026
#define DAY_MS INT64_C(86400000)

const char world_cameras[] = "camera,site,road,direction,force,area,latitude,longitude,kind\n"
                             "c0,s0,A1,N,north,leeds,53.8,-1.5,fixed\n"
                             "c1,s1,M4,W,south,bath,51.4,-2.4,fixed\n"
                             "c2,s2,,,south,wells,51.2,-2.6,fixed\n";

static const struct {
    const char *id, *force, *area, *road;
} cameras[] = {
    {"c0", "north", "leeds", "A1"}, {"c1", "south", "bath", "M4"}, {"c2", "south", "wells", ""}};

// splitmix64
static uint64_t next(struct world *w)
{
    uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned world_pick(struct world *world, unsigned n)
{
    return (unsigned)(next(world) % n);
}

static bool one_in(struct world *w, unsigned n)
{
    return world_pick(w, n) == 0;
}

static char letter(struct world *w)
{
    static const char liked[] = "BDOQISZGAPRCVWXYKFE"; // those that are taken for others
    return one_in(w, 4) ? (char)('A' + world_pick(w, 26)) : liked[world_pick(w, sizeof(liked) - 1)];
}

static char digit(struct world *w)
{
    static const char liked[] = "0125689347";
    return liked[world_pick(w, one_in(w, 3) ? 10 : 6)];
}

// A mark of one of the forms that plates have, or of none.
static void make_mark(struct world *w, char out[REF_TEXT])
{
    static const char *const forms[] = {
        "LLDDLLL", "LLDDLLL",      "LLDDLLL",  "LDDDLLL",   "LLLDDDL", "LLDDDD",
        "LLLDDDD", "DDDLDDD",      "DDLLDD",   "LLDDLL",    "DDLDDDD", "LD",
        "DDDLL",   "LLLLDDDDLLLL", "LDLDLDLD", "DDDDDDDDD", "LDLLL",   "QDDDLLL"};
    const char *form = forms[world_pick(w, sizeof(forms) / sizeof(forms[0]))];
    int i = 0;
    for (; form[i]; i++) {
        out[i] = form[i] == 'L' ? letter(w) : form[i] == 'D' ? digit(w) : form[i];
    }
    out[i] = '\0';
    if (strncmp(form, "LLDDLLL", 7) == 0 && !one_in(w, 4)) { // mostly an age code that was issued
        out[2] = one_in(w, 2) ? '1' : '6';
    }
}

static char swap_in_class(struct world *w, char c)
{
    static const char *const classes[] = {"0ODQ", "1I", "2Z", "5S", "8B", "6G"};
    for (int i = 0; i < 6; i++) {
        if (strchr(classes[i], c)) {
            return classes[i][world_pick(w, (unsigned)strlen(classes[i]))];
        }
    }
    return c;
}

static char swap_by_table(struct world *w, char c)
{
    static const char pairs[] = "PBPRCGA4KXFEVWXYVYVU7Z1LTI685358083949WNMN";
    for (int tries = 0; tries < 40; tries++) {
        unsigned at = world_pick(w, (sizeof(pairs) - 1) / 2) * 2;
        if (pairs[at] == c || pairs[at + 1] == c) {
            return pairs[at] == c ? pairs[at + 1] : pairs[at];
        }
    }
    return c;
}

// Changes a mark as cameras do.
static void misread(struct world *w, char mark[REF_TEXT])
{
    size_t len = strlen(mark);
    for (unsigned times = world_pick(w, 4); times > 0; times--) {
        size_t at = world_pick(w, (unsigned)len);
        switch (world_pick(w, 8)) {
        case 0:
        case 1:
        case 2:
            mark[at] = swap_in_class(w, mark[at]);
            break;
        case 3:
        case 4:
            mark[at] = swap_by_table(w, mark[at]);
            break;
        case 5:
            mark[at] = '?';
            break;
        case 6:
            if (len > 2) {
                memmove(mark + at, mark + at + 1, len - at);
                len--;
            }
            break;
        default:
            mark[at] = one_in(w, 2) ? letter(w) : digit(w);
        }
    }
}

// Spaces, punctuation, lower case: as a camera might write it.
static void dress(struct world *w, char text[REF_TEXT])
{
    if (one_in(w, 4)) {
        for (int i = 0; text[i]; i++) {
            text[i] =
                (char)(text[i] >= 'A' && text[i] <= 'Z' && one_in(w, 2) ? text[i] + 32 : text[i]);
        }
    }
    if (one_in(w, 5)) {
        static const char marks[] = " -. _~{[";
        size_t len = strlen(text), at = world_pick(w, (unsigned)len + 1);
        memmove(text + at + 1, text + at, len - at + 1);
        text[at] = marks[world_pick(w, sizeof(marks) - 1)];
    }
}

static void near_entry(struct world *w, char out[REF_TEXT])
{
    strcpy(out, w->entries[world_pick(w, (unsigned)w->entry_count)].vrm);
    for (int i = 0; out[i]; i++) {
        out[i] = (char)(out[i] != '?' ? out[i] : one_in(w, 2) ? letter(w) : digit(w));
    }
    misread(w, out);
}

static void make_list(struct world *w, int i)
{
    struct ref_list *list = &w->lists[i];
    *list =
        (struct ref_list){.covert = one_in(w, 3), .status = one_in(w, 3) ? 2 + one_in(w, 2) : 1};
    snprintf(list->id, sizeof(list->id), "l%d", i);
    if (!one_in(w, 3)) {
        list->tiers = (world_pick(w, 256) | (one_in(w, 2) ? 0xffU : 2U)) & 0xfeU;
    }
    list->max_confused = one_in(w, 3) ? 1 + world_pick(w, 20) : 0;
    list->max_lookalike = one_in(w, 3) ? 1 + world_pick(w, 20) : 0;
    list->min_confidence_pct = one_in(w, 4) ? world_pick(w, 100) : 0;
}

static void make_terms(struct world *w, struct ref_entry *e)
{
    static const char *const forces[] = {"north", "South", "west"},
                             *const roads[] = {"A1", "m4", "A36"},
                             *const areas[] = {"leeds", "bath", "wells"};
    e->weed_date = 20301231;
    if (one_in(w, 6)) {
        e->weed_date = 20260101 + world_pick(w, 12) * 100 + world_pick(w, 28);
    }
    if (one_in(w, 8)) {
        e->valid_from_ms = NOW_MS + ((int64_t)world_pick(w, 400) - 200) * DAY_MS;
    }
    if (one_in(w, 6)) {
        e->days = world_pick(w, 128);
        e->from_minute = world_pick(w, 1440);
        e->to_minute = world_pick(w, 1441);
    }
    if (one_in(w, 8)) {
        strcpy(e->forces[0], forces[world_pick(w, 3)]);
    }
    if (one_in(w, 10)) {
        strcpy(e->areas[0], areas[world_pick(w, 3)]);
        strcpy(e->areas[1], areas[world_pick(w, 3)]);
    }
    if (one_in(w, 10)) {
        strcpy(e->roads[1], roads[world_pick(w, 3)]);
    }
    if (one_in(w, 6)) {
        strcpy(e->excluded[0], e->vrm);
        misread(w, e->excluded[0]);
        e->excluded_until_ms[0] = NOW_MS + ((int64_t)world_pick(w, 400) - 100) * DAY_MS;
    }
}

static void make_entry(struct world *w, int i)
{
    struct ref_entry *e = &w->entries[i];
    *e = (struct ref_entry){.list = (int)world_pick(w, (unsigned)w->list_count)};
    snprintf(e->id, sizeof(e->id), "e%d", i);
    if (i > 0 && one_in(w, 3)) {
        strcpy(e->vrm, w->entries[world_pick(w, (unsigned)i)].vrm);
        for (int k = 0; e->vrm[k]; k++) {
            e->vrm[k] = swap_in_class(w, e->vrm[k] == '?' ? 'A' : e->vrm[k]);
        }
    } else {
        make_mark(w, e->vrm);
    }
    if (i < 8 && strlen(e->vrm) > 5) { // a few patterns: fewer masks than any cap
        e->vrm[world_pick(w, 6)] = '?';
        e->vrm[world_pick(w, 2)] = '?';
    }
    if (one_in(w, 3)) {
        e->permitted = (world_pick(w, 256) | (one_in(w, 2) ? 0x82U : 0x80U)) & 0xfeU;
    }
    make_terms(w, e);
}

void world_make(uint64_t seed, struct world *ret_world)
{
    struct world *w = ret_world;
    *w = (struct world){.random = seed};
    w->list_count = 1 + (int)world_pick(w, WORLD_LISTS);
    for (int i = 0; i < w->list_count; i++) {
        make_list(w, i);
    }
    w->entry_count = 4 + (int)world_pick(w, WORLD_ENTRIES - 4);
    for (int i = 0; i < w->entry_count; i++) {
        make_entry(w, i);
    }
}

void world_read(struct world *world, struct ref_read *ret_read, const char **ret_camera_id)
{
    struct world *w = world;
    struct ref_read *r = ret_read;
    *r = (struct ref_read){.captured_at_ms =
                               NOW_MS + ((int64_t)world_pick(w, 600000) - 300000) * 60000};
    if (one_in(w, 8)) {
        make_mark(w, r->vrm);
    } else {
        near_entry(w, r->vrm);
    }
    dress(w, r->vrm);
    r->has_confidence = one_in(w, 2);
    for (size_t i = 0; i < strlen(r->vrm); i++) {
        r->confidence_pct[i] =
            (uint8_t)(one_in(w, 8) ? world_pick(w, 130) : 60 + world_pick(w, 41));
    }
    r->candidate_count = one_in(w, 3) ? (int)world_pick(w, REF_SMALL + 1) : 0;
    for (int i = 0; i < r->candidate_count; i++) {
        near_entry(w, r->candidates[i]);
        dress(w, r->candidates[i]);
        r->candidate_pct[i] = world_pick(w, 110);
    }
    unsigned at = world_pick(w, 4);
    *ret_camera_id = at < 3 ? cameras[at].id : "cx";
    if (at < 3) {
        r->camera.known = true;
        strcpy(r->camera.force, cameras[at].force);
        strcpy(r->camera.area, cameras[at].area);
        strcpy(r->camera.road, cameras[at].road);
    }
}

static struct hs_str pack_entry(const struct ref_entry *from, uint8_t *out)
{
    struct ref_entry e = *from;
    Hitstream__V1__WatchlistEntry m = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__Hours hours = HITSTREAM__V1__HOURS__INIT;
    Hitstream__V1__Exclusion exclusion = HITSTREAM__V1__EXCLUSION__INIT,
                             *exclusions[] = {&exclusion};
    Hitstream__V1__MatchTier tiers[8];
    char *forces[] = {e.forces[0]}, *areas[] = {e.areas[0], e.areas[1]}, *roads[] = {e.roads[1]};
    m.entry_id = e.id;
    m.vrm = e.vrm;
    m.weed_date = e.weed_date;
    m.valid_from_ms = e.valid_from_ms;
    for (unsigned t = 1; t <= 7; t++) {
        if (e.permitted >> t & 1) {
            tiers[m.n_permitted_tiers++] = (Hitstream__V1__MatchTier)t;
        }
    }
    m.permitted_tiers = tiers;
    m.n_forces = e.forces[0][0] != '\0';
    m.forces = forces;
    m.n_areas = e.areas[0][0] ? 2 : 0;
    m.areas = areas;
    m.n_roads = e.roads[1][0] != '\0';
    m.roads = roads;
    hours.days = e.days;
    hours.from_minute = e.from_minute;
    hours.to_minute = e.to_minute;
    m.hours = &hours;
    exclusion.vrm = e.excluded[0];
    exclusion.expires_at_ms = e.excluded_until_ms[0];
    m.n_exclusions = e.excluded[0][0] != '\0';
    m.exclusions = exclusions;
    return hs_str_n(out, hitstream__v1__watchlist_entry__pack(&m, out));
}

static struct hs_list_spec spec_of(const struct ref_list *list, uint8_t *out)
{
    Hitstream__V1__MatchPolicy policy = HITSTREAM__V1__MATCH_POLICY__INIT;
    Hitstream__V1__MatchTier tiers[8];
    for (unsigned t = 1; t <= 7; t++) {
        if (list->tiers >> t & 1) {
            tiers[policy.n_tiers++] = (Hitstream__V1__MatchTier)t;
        }
    }
    policy.tiers = tiers;
    policy.max_entries_confused = list->max_confused;
    policy.max_entries_lookalike = list->max_lookalike;
    policy.min_confidence_pct = list->min_confidence_pct;
    return (struct hs_list_spec){
        .list_id = hs_str(list->id),
        .covert = list->covert,
        .status = (enum hs_list_status)list->status,
        .policy = hs_str_n(out, hitstream__v1__match_policy__pack(&policy, out)),
    };
}

static void must(int status)
{
    if (status != 0) {
        fprintf(stderr, "world: status %d\n", status);
        abort();
    }
}

// What is built before the changes: true entries, others under their ids, and some that will go.
static struct hs_snapshot *build_base(struct world *w, const bool *later)
{
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    uint8_t out[2048];
    must(hs_snapshot_builder_new(&builder));
    for (int l = 0; l < w->list_count; l++) {
        struct hs_list_spec spec = spec_of(&w->lists[l], out);
        must(hs_snapshot_builder_list(builder, &spec));
        for (int i = 0; i < w->entry_count; i++) {
            struct ref_entry e = w->entries[i];
            if (e.list != l || (later[i] && one_in(w, 2))) {
                continue;
            }
            if (later[i]) { // stands under the same id, and will be replaced
                make_mark(w, e.vrm);
            }
            must(hs_snapshot_builder_entry(builder, pack_entry(&e, out)));
        }
        struct ref_entry decoy = {.id = "decoy"};
        make_mark(w, decoy.vrm);
        must(hs_snapshot_builder_entry(builder, pack_entry(&decoy, out)));
    }
    must(hs_snapshot_builder_build(builder, NOW_MS, HS_STR("1-0"), &snapshot));
    return snapshot;
}

static struct hs_snapshot *apply(struct hs_snapshot *old, const struct hs_snapshot_change *changes,
                                 size_t count)
{
    struct hs_snapshot *made;
    must(hs_snapshot_apply(old, changes, count, NOW_MS, HS_STR("2-0"), &made));
    hs_snapshot_free(old);
    return made;
}

struct hs_snapshot *world_snapshot(struct world *world)
{
    struct world *w = world;
    bool later[WORLD_ENTRIES];
    unsigned share = 1 + world_pick(w, 4);
    for (int i = 0; i < w->entry_count; i++) {
        later[i] = one_in(w, share);
    }
    struct hs_snapshot *snapshot = build_base(w, later);
    static uint8_t entries[WORLD_ENTRIES][2048], policy[256];
    struct hs_snapshot_change changes[WORLD_ENTRIES];
    size_t count = 0;
    for (int i = 0; i < w->entry_count; i++) {
        if (later[i]) {
            changes[count++] =
                (struct hs_snapshot_change){.kind = HS_CHANGE_PUT,
                                            .spec = spec_of(&w->lists[w->entries[i].list], policy),
                                            .entry = pack_entry(&w->entries[i], entries[i])};
        }
        if (count && one_in(w, 3)) {
            snapshot = apply(snapshot, changes, count);
            count = 0;
        }
    }
    snapshot = apply(snapshot, changes, count);
    for (int l = 0; l < w->list_count; l++) {
        struct hs_snapshot_change drop = {.kind = HS_CHANGE_DROP,
                                          .spec = spec_of(&w->lists[l], policy),
                                          .entry_id = HS_STR("decoy")};
        snapshot = apply(snapshot, &drop, 1);
    }
    return snapshot;
}

size_t world_pack(const struct ref_read *reads, const char *const *camera_ids, size_t count,
                  uint8_t *out, size_t size)
{
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    Hitstream__V1__PlateRead messages[HS_BATCH_READS_MAX], *pointers[HS_BATCH_READS_MAX];
    Hitstream__V1__Candidate candidates[HS_BATCH_READS_MAX][REF_SMALL],
        *candidate_pointers[HS_BATCH_READS_MAX][REF_SMALL];
    static struct ref_read copies[HS_BATCH_READS_MAX];
    static char ids[HS_BATCH_READS_MAX][REF_TEXT];
    for (size_t i = 0; i < count; i++) {
        copies[i] = reads[i];
        strcpy(ids[i], camera_ids[i]);
        hitstream__v1__plate_read__init(&messages[i]);
        messages[i].vrm = copies[i].vrm;
        messages[i].camera_id = ids[i];
        messages[i].captured_at_ms = copies[i].captured_at_ms;
        if (copies[i].has_confidence) {
            messages[i].char_confidence_pct.data = copies[i].confidence_pct;
            messages[i].char_confidence_pct.len = strlen(copies[i].vrm);
        }
        for (int k = 0; k < copies[i].candidate_count; k++) {
            hitstream__v1__candidate__init(&candidates[i][k]);
            candidates[i][k].vrm = copies[i].candidates[k];
            candidates[i][k].confidence_pct = copies[i].candidate_pct[k];
            candidate_pointers[i][k] = &candidates[i][k];
        }
        messages[i].candidates = candidate_pointers[i];
        messages[i].n_candidates = (size_t)copies[i].candidate_count;
        pointers[i] = &messages[i];
    }
    batch.reads = pointers;
    batch.n_reads = count;
    assert(hitstream__v1__plate_read_batch__get_packed_size(&batch) <= size);
    (void)size;
    return hitstream__v1__plate_read_batch__pack(&batch, out);
}
