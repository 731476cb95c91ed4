// SPDX-License-Identifier: Apache-2.0
#include "reference/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/civil.h"
#include "reference/reference_plate.h"

enum { EXACT = 1, GLYPH, GRAMMAR, CONFUSED, LOOKALIKE, CANDIDATE, WILDCARD, HITS_MAX = 4096 };
#define BIT(tier) (1U << (tier))

static const unsigned worth[] = {0, 1000, 980, 900, 600, 500, 0, 400};

// One reading of a read.
struct reading {
    char mark[REF_TEXT];
    int pct[REF_TEXT]; // 0: not given
    int weakest;       // 0: not given
    bool candidate;
};

struct hit {
    const struct ref_entry *entry;
    int tier;
    unsigned score;
    bool unreadable; // WILDCARD by what the read does not say
    bool ambiguous;
    char matched[REF_TEXT];
};

static bool applies_now(const struct ref_entry *e, const struct ref_read *read)
{
    struct hs_civil now = hs_civil_london(read->captured_at_ms);
    unsigned date = (unsigned)now.year * 10000 + now.month * 100 + now.day;
    unsigned minute = now.hour * 60 + now.minute;
    if (read->captured_at_ms < e->valid_from_ms || (e->weed_date && date > e->weed_date)) {
        return false;
    }
    if (!e->days && !e->from_minute && !e->to_minute) {
        return true;
    }
    unsigned days = e->days ? e->days : 127;
    bool today = days & 1U << now.weekday, yesterday = days & 1U << (now.weekday + 6) % 7;
    if (e->from_minute < e->to_minute) {
        return today && e->from_minute <= minute && minute < e->to_minute;
    }
    return (today && minute >= e->from_minute) || (yesterday && minute < e->to_minute);
}

static bool is_one_of(const char here[REF_TEXT], char names[2][REF_TEXT])
{
    if ((!names[0][0] && !names[1][0]) || !here[0]) {
        return true;
    }
    return strcasecmp(here, names[0]) == 0 || strcasecmp(here, names[1]) == 0;
}

static bool applies_here(const struct ref_entry *entry, const struct ref_camera *camera)
{
    struct ref_entry e = *entry;
    return !camera->known || (is_one_of(camera->force, e.forces) &&
                              is_one_of(camera->area, e.areas) && is_one_of(camera->road, e.roads));
}

static bool is_excluded(const struct ref_entry *e, const struct ref_read *read, const char *own,
                        const char *matched)
{
    for (int i = 0; i < 2; i++) {
        char mark[REF_TEXT];
        int from[REF_TEXT];
        if (e->excluded[i][0] && read->captured_at_ms < e->excluded_until_ms[i] &&
            ref_normalise(e->excluded[i], mark, from) &&
            (ref_glyph_equal(mark, own) || ref_glyph_equal(mark, matched))) {
            return true;
        }
    }
    return false;
}

static bool holds_whole(int tier, const struct reading *r, const char *e, unsigned date)
{
    int len = (int)strlen(e), differences = 0, at = 0, remaining = 0, weak_at = 0;
    bool classes = true, all_illegal = true;
    if ((int)strlen(r->mark) != len || strchr(r->mark, '?') || strchr(e, '?')) {
        return false;
    }
    for (int i = 0; i < len; i++) {
        if (r->mark[i] == e[i]) {
            continue;
        }
        differences++;
        at = i;
        classes = classes && ref_class(r->mark[i]) == ref_class(e[i]);
        bool illegal = ref_illegal_at(e, date, i, r->mark[i]);
        all_illegal = all_illegal && illegal;
        char a[2] = {r->mark[i]}, b[2] = {e[i]};
        if (!illegal && !ref_glyph_equal(a, b)) {
            remaining++;
            weak_at = i;
        }
    }
    switch (tier) {
    case EXACT:
        return differences == 0;
    case GLYPH:
        return ref_glyph_equal(r->mark, e);
    case GRAMMAR:
        return classes && all_illegal;
    case CONFUSED:
        return differences == 1 && !r->candidate && !ref_is_legal(r->mark, date) &&
               ref_confused(r->mark[at], e[at]);
    case LOOKALIKE:
        return classes &&
               (remaining == 0 || (remaining == 1 && r->pct[weak_at] != 0 && r->pct[weak_at] < 80));
    default:
        return false;
    }
}

static bool fits_pattern(const char *mark, const char *pattern)
{
    if (strlen(mark) != strlen(pattern)) {
        return false;
    }
    for (int i = 0; pattern[i]; i++) {
        if (pattern[i] != '?' && pattern[i] != mark[i]) {
            return false;
        }
    }
    return true;
}

static bool lost_one(const char *mark, const char *e, unsigned date)
{
    if (strlen(mark) != 6 || strlen(e) != 7 || strchr(mark, '?') || ref_is_civil(mark, date) ||
        !ref_is_legal(e, date)) {
        return false;
    }
    for (int skip = 0; skip < 7; skip++) {
        char shorter[REF_TEXT];
        int n = 0;
        for (int i = 0; i < 7; i++) {
            if (i != skip) {
                shorter[n++] = e[i];
            }
        }
        shorter[n] = '\0';
        if (strcmp(shorter, mark) == 0) {
            return true;
        }
    }
    return false;
}

static bool holds_wildcard(const struct reading *r, const char *e, unsigned date, bool *unreadable)
{
    *unreadable = false;
    if (r->candidate) {
        return false;
    }
    if (strchr(e, '?')) {
        return fits_pattern(r->mark, e);
    }
    *unreadable = true;
    const char *hidden = strchr(r->mark, '?');
    bool one_hidden = hidden && !strchr(hidden + 1, '?');
    return (one_hidden && fits_pattern(e, r->mark)) || lost_one(r->mark, e, date);
}

// The first tier that holds and is allowed.
static int tier_of(const struct reading *r, const struct ref_entry *e, unsigned allowed,
                   unsigned date, unsigned *score, bool *unreadable)
{
    *unreadable = false;
    unsigned weakest = r->weakest ? (unsigned)r->weakest : 100;
    for (int tier = EXACT; tier <= LOOKALIKE; tier++) {
        bool tried = r->candidate ? tier <= GRAMMAR : (allowed & BIT(tier)) != 0;
        if (tried && holds_whole(tier, r, e->vrm, date)) {
            unsigned base = r->candidate ? worth[tier] * 800 / 1000 : worth[tier];
            *score = base * weakest / 100;
            return !r->candidate ? tier : allowed & BIT(CANDIDATE) ? CANDIDATE : 0;
        }
    }
    if ((allowed & BIT(WILDCARD)) && holds_wildcard(r, e->vrm, date, unreadable)) {
        *score = worth[WILDCARD] * weakest / 100;
        return WILDCARD;
    }
    return 0;
}

static bool make_reading(const struct ref_read *read, int k, struct reading *r)
{
    int from[REF_TEXT];
    *r = (struct reading){.candidate = k > 0};
    if (k > 0) {
        if (strlen(read->candidates[k - 1]) > 14) {
            return false;
        }
        unsigned pct = read->candidate_pct[k - 1];
        r->weakest = pct > 100 ? 100 : (int)pct;
        return ref_normalise(read->candidates[k - 1], r->mark, from);
    }
    if (!ref_normalise(read->vrm, r->mark, from)) {
        return false;
    }
    for (int i = 0; read->has_confidence && r->mark[i]; i++) {
        int pct = read->confidence_pct[from[i]];
        r->pct[i] = pct > 100 ? 100 : pct < 1 ? 1 : pct;
        if (r->mark[i] != '?' && (r->weakest == 0 || r->pct[i] < r->weakest)) {
            r->weakest = r->pct[i];
        }
    }
    return true;
}

// Two entries share an audience when their lists do.
static bool same_audience(const struct ref_list *lists, const struct ref_entry *a,
                          const struct ref_entry *b)
{
    const struct ref_list *x = &lists[a->list], *y = &lists[b->list];
    bool open_x = !x->covert && x->status == 1, open_y = !y->covert && y->status == 1;
    return (open_x && open_y) || x == y;
}

static int compare_hits(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    // the id of a list is part of its entries' place, which the caller has put in order
    if (x->entry->list != y->entry->list) {
        return x->entry->list - y->entry->list;
    }
    return x->tier != y->tier ? x->tier - y->tier : strcmp(x->entry->id, y->entry->id);
}

struct state {
    const struct ref_list *lists;
    struct hit hits[HITS_MAX];
    int count;
};

static void drop(struct state *s, int i)
{
    s->hits[i] = s->hits[--s->count];
}

static void settle(struct state *s)
{
    bool gone[HITS_MAX] = {false};
    for (int i = 0; i < s->count; i++) {
        for (int j = 0; j < s->count; j++) {
            const struct hit *a = &s->hits[i], *b = &s->hits[j];
            bool silenced =
                a->tier != EXACT && b->tier == EXACT && a->entry->list == b->entry->list;
            bool guess = a->unreadable && b->unreadable &&
                         same_audience(s->lists, a->entry, b->entry) &&
                         strcmp(a->entry->vrm, b->entry->vrm) != 0;
            gone[i] = gone[i] || silenced || guess;
        }
    }
    for (int i = s->count - 1; i >= 0; i--) {
        if (gone[i]) {
            drop(s, i);
        }
    }
    for (int i = 0; i < s->count; i++) {
        for (int j = 0; j < s->count; j++) {
            const struct hit *a = &s->hits[i], *b = &s->hits[j];
            s->hits[i].ambiguous |= a->tier == b->tier && a->score == b->score &&
                                    same_audience(s->lists, a->entry, b->entry) &&
                                    strcmp(a->entry->vrm, b->entry->vrm) != 0 &&
                                    !strchr(a->entry->vrm, '?') && !strchr(b->entry->vrm, '?');
        }
    }
    qsort(s->hits, (size_t)s->count, sizeof(s->hits[0]), compare_hits);
}

static unsigned allowed_for(const struct ref_list *list, const struct ref_entry *e,
                            unsigned on_list)
{
    unsigned tiers = list->tiers ? list->tiers
                                 : BIT(EXACT) | BIT(GLYPH) | BIT(GRAMMAR) | BIT(CONFUSED) |
                                       BIT(CANDIDATE) | BIT(WILDCARD);
    if (on_list > (list->max_confused ? list->max_confused : 100000)) {
        tiers &= ~BIT(CONFUSED);
    }
    if (on_list > (list->max_lookalike ? list->max_lookalike : 100000)) {
        tiers &= ~BIT(LOOKALIKE);
    }
    if (e->permitted) {
        return tiers & e->permitted;
    }
    return strchr(e->vrm, '?') ? tiers : tiers & ~BIT(WILDCARD);
}

static void try_entry(struct state *s, const struct ref_entry *e, unsigned on_list,
                      const struct ref_read *read, const struct reading *readings,
                      const bool *usable)
{
    const struct ref_list *list = &s->lists[e->list];
    unsigned date = hs_civil_date(read->captured_at_ms);
    struct hit best = {.entry = e};
    for (int k = 0; k <= read->candidate_count && k <= REF_SMALL; k++) {
        const struct reading *r = &readings[k];
        struct hit hit = {.entry = e};
        if (!usable[k] || (r->weakest && (unsigned)r->weakest < list->min_confidence_pct) ||
            is_excluded(e, read, readings[0].mark, r->mark)) {
            continue;
        }
        hit.tier = tier_of(r, e, allowed_for(list, e, on_list), date, &hit.score, &hit.unreadable);
        strcpy(hit.matched, r->mark);
        if (hit.tier && (!best.tier || hit.tier < best.tier ||
                         (hit.tier == best.tier && hit.score > best.score))) {
            best = hit;
        }
    }
    if (best.tier && s->count < HITS_MAX) {
        s->hits[s->count++] = best;
    }
}

void ref_match(const struct ref_list *lists, int list_count, const struct ref_entry *entries,
               int entry_count, const struct ref_read *read, char *out, size_t size)
{
    static struct state s;
    struct reading readings[1 + REF_SMALL];
    bool usable[1 + REF_SMALL] = {false};
    unsigned on_list[64] = {0};
    s.lists = lists;
    s.count = 0;
    (void)list_count;
    for (int k = 0; k <= read->candidate_count; k++) {
        usable[k] = make_reading(read, k, &readings[k]);
    }
    for (int i = 0; i < entry_count; i++) {
        on_list[entries[i].list]++;
    }
    for (int i = 0; usable[0] && i < entry_count; i++) {
        if (lists[entries[i].list].status != 3 && applies_now(&entries[i], read) &&
            applies_here(&entries[i], &read->camera)) {
            try_entry(&s, &entries[i], on_list[entries[i].list], read, readings, usable);
        }
    }
    settle(&s);
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0; i < s.count && at < size; i++) {
        const struct hit *h = &s.hits[i];
        at += (size_t)snprintf(out + at, size - at, "%s/%s %d %u%s ~%s;", lists[h->entry->list].id,
                               h->entry->id, h->tier, h->score, h->ambiguous ? " ambiguous" : "",
                               h->matched);
    }
}
