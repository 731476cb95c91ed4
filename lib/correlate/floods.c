// SPDX-License-Identifier: Apache-2.0
#include "correlate/floods.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "correlate/hit_route.h"

typedef Hitstream__V1__FloodGuard pb_guard; // long names of the contract, short in this file
typedef Hitstream__V1__FloodEntry pb_entry;

enum { CELL_WORDS = HS_FLOOD_CELLS / 64, CELL_BYTES = HS_FLOOD_CELLS / 8 };

// One entry among the most seen.
struct entry_count {
    char *entry_id; // owned
    uint32_t sightings;
    bool floods;
    int64_t began_at_ms;
};

struct hs_flood_guard {
    struct hs_flood_guard *next;
    char *list_id; // owned
    Hitstream__V1__AudienceKind kind;
    int64_t window;    // number of the newest
    int64_t window_ms; // its length
    uint32_t sightings;
    bool floods;
    int64_t began_at_ms;
    uint64_t cells[CELL_WORDS]; // bits: what was seen in the window
    struct entry_count entries[HS_FLOOD_ENTRIES];
    size_t entry_count;
};

static void free_guard(struct hs_flood_guard *guard)
{
    for (size_t i = 0; i < guard->entry_count; i++) {
        free(guard->entries[i].entry_id);
    }
    free(guard->list_id);
    free(guard);
}

void hs_floods_fini(struct hs_floods *floods)
{
    while (floods->guards) {
        struct hs_flood_guard *next = floods->guards->next;
        free_guard(floods->guards);
        floods->guards = next;
    }
}

static struct hs_flood_guard *new_guard(struct hs_floods *floods, const char *list_id,
                                        Hitstream__V1__AudienceKind kind)
{
    struct hs_flood_guard *guard = calloc(1, sizeof(*guard));
    char *copy = guard ? hs_str_dup(hs_str(list_id)) : NULL;
    if (!copy) {
        free(guard);
        return NULL;
    }
    guard->list_id = copy;
    guard->kind = kind;
    guard->next = floods->guards;
    floods->guards = guard;
    return guard;
}

static bool is_guard_of(const struct hs_flood_guard *guard, const char *list_id,
                        Hitstream__V1__AudienceKind kind)
{
    return guard->kind == kind && strcmp(guard->list_id, list_id) == 0;
}

// Of too many open lists the one asked for longest ago leaves; the order among open ones is theirs
// alone, whatever covert lists do.
static void drop_beyond(struct hs_floods *floods)
{
    struct hs_flood_guard **last = NULL;
    size_t open = 0;
    for (struct hs_flood_guard **link = &floods->guards; *link; link = &(*link)->next) {
        if ((*link)->kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN) {
            open++;
            last = link;
        }
    }
    if (open > HS_FLOOD_LISTS_MAX) {
        struct hs_flood_guard *leaves = *last;
        *last = leaves->next;
        free_guard(leaves);
    }
}

// The list's guard, which comes first from now on. NULL: out of memory.
static struct hs_flood_guard *guard_of(struct hs_floods *floods, const Hitstream__V1__Hit *hit)
{
    const char *list_id = hit->list->list_id;
    Hitstream__V1__AudienceKind kind = hit->audience->kind;
    struct hs_flood_guard **link = &floods->guards;
    while (*link && !is_guard_of(*link, list_id, kind)) {
        link = &(*link)->next;
    }
    struct hs_flood_guard *found = *link;
    if (!found) {
        found = new_guard(floods, list_id, kind);
        drop_beyond(floods);
        return found;
    }
    *link = found->next;
    found->next = floods->guards;
    floods->guards = found;
    return found;
}

static bool is_beyond(uint32_t sightings, uint32_t limit)
{
    return limit > 0 && sightings > limit;
}

// A later window: what floods goes on only if the one just before it was beyond the limit.
static void begin_window(struct hs_flood_guard *guard, const struct hs_rules *rules, int64_t window)
{
    bool follows = window == guard->window + 1 && guard->window_ms == rules->flood_window_ms;
    size_t kept = 0;
    guard->floods =
        guard->floods && follows && is_beyond(guard->sightings, rules->flood_list_sightings);
    for (size_t i = 0; i < guard->entry_count; i++) {
        struct entry_count *entry = &guard->entries[i];
        if (entry->floods && follows && is_beyond(entry->sightings, rules->flood_entry_sightings)) {
            entry->sightings = 0;
            guard->entries[kept++] = *entry;
        } else {
            free(entry->entry_id);
        }
    }
    guard->entry_count = kept;
    guard->sightings = 0;
    memset(guard->cells, 0, sizeof(guard->cells));
    guard->window = window;
    guard->window_ms = rules->flood_window_ms;
}

// False: it was seen there before in this window.
static bool is_new(struct hs_flood_guard *guard, const char *vehicle, const Hitstream__V1__Hit *hit)
{
    uint64_t hash = hs_hash_bytes(vehicle, strlen(vehicle), 0);
    hash = hs_hash_bytes(hit->place->site_id, strlen(hit->place->site_id), hash);
    hash = hs_hash_bytes(hit->entry->entry_id, strlen(hit->entry->entry_id), hash);
    uint64_t cell = hs_hash_u64(hash) % HS_FLOOD_CELLS;
    uint64_t bit = UINT64_C(1) << (cell % 64);
    bool seen = guard->cells[cell / 64] & bit;
    guard->cells[cell / 64] |= bit;
    return !seen;
}

static struct entry_count *find_entry(struct hs_flood_guard *guard, const char *entry_id)
{
    for (size_t i = 0; i < guard->entry_count; i++) {
        if (strcmp(guard->entries[i].entry_id, entry_id) == 0) {
            return &guard->entries[i];
        }
    }
    return NULL;
}

// Every entry loses one sighting; those without any leave, but for what floods.
static void make_room(struct hs_flood_guard *guard)
{
    size_t kept = 0;
    for (size_t i = 0; i < guard->entry_count; i++) {
        struct entry_count *entry = &guard->entries[i];
        entry->sightings -= entry->sightings > 0;
        if (entry->sightings > 0 || entry->floods) {
            guard->entries[kept++] = *entry;
        } else {
            free(entry->entry_id);
        }
    }
    guard->entry_count = kept;
}

static int count_entry(struct hs_flood_guard *guard, const char *entry_id)
{
    struct entry_count *entry = find_entry(guard, entry_id);
    if (entry) {
        entry->sightings++;
        return 0;
    }
    if (guard->entry_count == HS_FLOOD_ENTRIES) {
        make_room(guard);
        return 0;
    }
    char *copy = hs_str_dup(hs_str(entry_id));
    if (!copy) {
        return HS_ENOMEM;
    }
    guard->entries[guard->entry_count++] = (struct entry_count){.entry_id = copy, .sightings = 1};
    return 0;
}

// Counts it where it is new; `at_ms` is its event time.
static int count(struct hs_flood_guard *guard, const struct hs_rules *rules, const char *vehicle,
                 const Hitstream__V1__Hit *hit, int64_t at_ms)
{
    int64_t window = at_ms / rules->flood_window_ms;
    if (window > guard->window || guard->window_ms != rules->flood_window_ms) {
        begin_window(guard, rules, window);
    }
    if (window < guard->window || !is_new(guard, vehicle, hit)) {
        return 0;
    }
    guard->sightings++;
    return count_entry(guard, hit->entry->entry_id);
}

// Begins it when it goes beyond the limit; returns whether it did now.
static bool begin(uint32_t sightings, uint32_t limit, int64_t at_ms, bool *floods,
                  int64_t *began_at_ms)
{
    if (*floods || !is_beyond(sightings, limit)) {
        return false;
    }
    *floods = true;
    *began_at_ms = at_ms;
    return true;
}

int hs_floods_count(struct hs_floods *floods, const struct hs_rules *rules, const char *vehicle,
                    const Hitstream__V1__Hit *hit, struct hs_flood *ret_flood)
{
    int64_t at_ms = hs_hit_event_time_ms(hit);
    *ret_flood = (struct hs_flood){.window_ms = rules->flood_window_ms};
    if (hit->audience->kind != HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN &&
        hit->audience->kind != HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT) {
        return 0;
    }
    struct hs_flood_guard *guard = guard_of(floods, hit);
    if (!guard || count(guard, rules, vehicle, hit, at_ms) != 0) {
        return HS_ENOMEM;
    }
    struct entry_count *entry = find_entry(guard, hit->entry->entry_id);
    bool entry_began = entry && begin(entry->sightings, rules->flood_entry_sightings, at_ms,
                                      &entry->floods, &entry->began_at_ms);
    bool list_began = begin(guard->sightings, rules->flood_list_sightings, at_ms, &guard->floods,
                            &guard->began_at_ms);
    if (entry && entry->floods) {
        ret_flood->floods = ret_flood->of_entry = true;
        ret_flood->began = entry_began;
        ret_flood->began_at_ms = entry->began_at_ms;
        ret_flood->sightings = entry->sightings;
        ret_flood->limit = rules->flood_entry_sightings;
    } else if (guard->floods) {
        ret_flood->floods = true;
        ret_flood->began = list_began;
        ret_flood->began_at_ms = guard->began_at_ms;
        ret_flood->sightings = guard->sightings;
        ret_flood->limit = rules->flood_list_sightings;
    }
    return 0;
}

void hs_flood_fill(const struct hs_flood *flood, const Hitstream__V1__Hit *hit,
                   Hitstream__V1__Flood *out)
{
    hitstream__v1__flood__init(out);
    out->list_id = hit->list->list_id;
    out->entry_id = flood->of_entry ? hit->entry->entry_id : out->entry_id;
    out->began_at_ms = flood->began_at_ms;
    out->sightings = flood->sightings;
    out->limit = flood->limit;
    out->window_ms = flood->window_ms;
}

void hs_flood_read(const Hitstream__V1__Flood *from, struct hs_flood *ret_flood)
{
    *ret_flood = (struct hs_flood){
        .floods = true,
        .of_entry = *from->entry_id,
        .began_at_ms = from->began_at_ms,
        .sightings = from->sightings,
        .limit = from->limit,
        .window_ms = from->window_ms,
    };
}

// ---------------------------------------------------------------- state

// Cells by number while that is shorter than all of them as bits.
static bool pack_cells(const struct hs_flood_guard *guard, struct hs_bump *bump, pb_guard *row)
{
    uint8_t *at = hs_bump_alloc(bump, CELL_BYTES);
    size_t len = 0;
    if (!at) {
        return false;
    }
    bool as_bits = 2 * (size_t)guard->sightings >= CELL_BYTES;
    for (size_t cell = 0; cell < HS_FLOOD_CELLS; cell++) {
        if (!(guard->cells[cell / 64] & UINT64_C(1) << (cell % 64))) {
            continue;
        }
        if (as_bits) {
            at[cell / 8] |= (uint8_t)(1U << (cell % 8));
        } else {
            at[len++] = (uint8_t)(cell & 0xff);
            at[len++] = (uint8_t)(cell >> 8);
        }
    }
    row->seen = (ProtobufCBinaryData){as_bits ? CELL_BYTES : len, at};
    return true;
}

static bool pack_entries(const struct hs_flood_guard *guard, struct hs_bump *bump, pb_guard *row)
{
    pb_entry *entries = hs_bump_alloc(bump, (guard->entry_count + 1) * sizeof(*entries));
    row->n_entries = guard->entry_count;
    row->entries = hs_bump_alloc(bump, (guard->entry_count + 1) * sizeof(*row->entries));
    if (!entries || !row->entries) {
        return false;
    }
    for (size_t i = 0; i < guard->entry_count; i++) {
        hitstream__v1__flood_entry__init(&entries[i]);
        entries[i].entry_id = guard->entries[i].entry_id;
        entries[i].sightings = guard->entries[i].sightings;
        entries[i].floods = guard->entries[i].floods;
        entries[i].began_at_ms = guard->entries[i].began_at_ms;
        row->entries[i] = &entries[i];
    }
    return true;
}

static pb_guard *pack_guard(const struct hs_flood_guard *guard, struct hs_bump *bump)
{
    pb_guard *row = hs_bump_alloc(bump, sizeof(*row));
    Hitstream__V1__Audience *audience = hs_bump_alloc(bump, sizeof(*audience));
    if (!row || !audience) {
        return NULL;
    }
    hitstream__v1__flood_guard__init(row);
    hitstream__v1__audience__init(audience);
    audience->kind = guard->kind;
    if (guard->kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT) {
        audience->list_id = guard->list_id;
    }
    row->audience = audience;
    row->list_id = guard->list_id;
    row->window = guard->window;
    row->window_ms = guard->window_ms;
    row->sightings = guard->sightings;
    row->floods = guard->floods;
    row->began_at_ms = guard->began_at_ms;
    return pack_cells(guard, bump, row) && pack_entries(guard, bump, row) ? row : NULL;
}

bool hs_floods_pack(const struct hs_floods *floods, struct hs_bump *bump,
                    Hitstream__V1__PartitionState *state)
{
    size_t count = 0;
    for (const struct hs_flood_guard *guard = floods->guards; guard; guard = guard->next) {
        count++;
    }
    state->floods = hs_bump_alloc(bump, (count + 1) * sizeof(*state->floods));
    state->n_floods = 0;
    for (const struct hs_flood_guard *guard = floods->guards; state->floods && guard;
         guard = guard->next) {
        state->floods[state->n_floods] = pack_guard(guard, bump);
        if (!state->floods[state->n_floods++]) {
            return false;
        }
    }
    return state->floods;
}

static int unpack_cells(struct hs_flood_guard *guard, ProtobufCBinaryData seen)
{
    bool as_bits = seen.len == CELL_BYTES;
    for (size_t cell = 0; as_bits && cell < HS_FLOOD_CELLS; cell++) {
        guard->cells[cell / 64] |= (uint64_t)(seen.data[cell / 8] >> (cell % 8) & 1) << (cell % 64);
    }
    if (as_bits || seen.len % 2 != 0) {
        return as_bits ? 0 : HS_EFORMAT;
    }
    for (size_t i = 0; i < seen.len; i += 2) {
        size_t cell = seen.data[i] | (size_t)seen.data[i + 1] << 8;
        if (cell >= HS_FLOOD_CELLS) {
            return HS_EFORMAT;
        }
        guard->cells[cell / 64] |= UINT64_C(1) << (cell % 64);
    }
    return 0;
}

static int unpack_guard(struct hs_floods *floods, const pb_guard *row)
{
    if (!row->audience || !*row->list_id || row->n_entries > HS_FLOOD_ENTRIES) {
        return HS_EFORMAT;
    }
    struct hs_flood_guard *guard = new_guard(floods, row->list_id, row->audience->kind);
    if (!guard) {
        return HS_ENOMEM;
    }
    guard->window = row->window;
    guard->window_ms = row->window_ms;
    guard->sightings = row->sightings;
    guard->floods = row->floods;
    guard->began_at_ms = row->began_at_ms;
    for (size_t i = 0; i < row->n_entries; i++) {
        char *copy = hs_str_dup(hs_str(row->entries[i]->entry_id));
        if (!copy) {
            return HS_ENOMEM;
        }
        guard->entries[guard->entry_count++] =
            (struct entry_count){.entry_id = copy,
                                 .sightings = row->entries[i]->sightings,
                                 .floods = row->entries[i]->floods,
                                 .began_at_ms = row->entries[i]->began_at_ms};
    }
    return unpack_cells(guard, row->seen);
}

int hs_floods_unpack(struct hs_floods *floods, const Hitstream__V1__PartitionState *state)
{
    int rc = 0;
    hs_floods_fini(floods);
    for (size_t i = state->n_floods; rc == 0 && i > 0;
         i--) { // the first comes to stand first again
        rc = unpack_guard(floods, state->floods[i - 1]);
    }
    return rc;
}
