// SPDX-License-Identifier: Apache-2.0
#include "match/mask_lines.h"

#include <stdlib.h>

#include "base/error.h"
#include "match/list.h"

enum {
    SHARED_MIN = HS_PATTERN_FIXED_MIN, // positions that a group's masks share, at least
    KEYS_A_WORD = 3,                   // patterns that a word has, on average
    KEYS_A_WORD_MAX = 8,               // likewise, that of the mask that has most
};

// What is being made, and of what.
struct work {
    uint64_t *marks; // patterns of the segment, packed; owned
    size_t count;
    uint32_t keys[HS_MASK_NUMBERS];     // how many, by mask
    bool grouped[HS_MASK_NUMBERS];      // the old lines have the mask
    struct hs_mask_lines *lines;        // NULL: not yet
    uint16_t group_of[HS_MASK_NUMBERS]; // of each mask that is there
};

static unsigned number_of(const struct hs_vrm *pattern)
{
    return hs_mask_number(pattern->len, hs_pattern_mask(pattern) & ((1U << HS_LANE_CHARS) - 1));
}

static unsigned len_of(unsigned number)
{
    return 31U - (unsigned)__builtin_clz(number);
}

static unsigned hidden_of(unsigned number)
{
    return number & ~(1U << len_of(number));
}

static bool is_short_pattern(uint64_t mark, struct hs_vrm *ret_vrm)
{
    return hs_vrm_unpack(mark, ret_vrm) == HS_OK && hs_pattern_is(ret_vrm) &&
           ret_vrm->len <= HS_LANE_CHARS;
}

// Appends one, in steps that double.
static int add_mark(struct work *work, uint64_t mark)
{
    if ((work->count & (work->count - 1)) == 0) {
        size_t room = work->count ? 2 * work->count : 1;
        uint64_t *grown = realloc(work->marks, room * sizeof(*grown));
        if (!grown) {
            return HS_ENOMEM;
        }
        work->marks = grown;
    }
    work->marks[work->count++] = mark;
    return HS_OK;
}

static int find_patterns(struct work *work, const struct hs_segment *segment,
                         const struct hs_list *lists)
{
    for (uint32_t i = 0; i < segment->entry_count; i++) {
        const struct hs_slot *slot = &segment->slots[i];
        struct hs_vrm vrm;
        if (lists[hs_ref_list(slot->ref)].masks.count == 0 || !is_short_pattern(slot->mark, &vrm)) {
            continue;
        }
        int status = add_mark(work, slot->mark);
        if (status != HS_OK) {
            return status;
        }
        work->keys[number_of(&vrm)]++;
    }
    return HS_OK;
}

static uint64_t spread(unsigned bits)
{
    uint64_t bytes = 0;
    for (; bits; bits &= bits - 1) {
        bytes |= UINT64_C(0xff) << 8 * __builtin_ctz(bits);
    }
    return bytes;
}

static unsigned bits_in(unsigned bits)
{
    return (unsigned)__builtin_popcount(bits);
}

// Masks of one length that have no group yet.
struct rest {
    unsigned len;
    size_t count;
    uint16_t hidden[1 << HS_LANE_CHARS]; // positions of each, those that hide most first
};

static void take_rest(const struct work *work, unsigned len, struct rest *ret_rest)
{
    ret_rest->len = len;
    ret_rest->count = 0;
    for (unsigned many = len; many > 0; many--) {
        for (unsigned hidden = 1; hidden < 1U << len; hidden++) {
            unsigned number = hs_mask_number(len, hidden);
            if (bits_in(hidden) == many && work->keys[number] && !work->grouped[number]) {
                ret_rest->hidden[ret_rest->count++] = (uint16_t)hidden;
            }
        }
    }
}

// The masks that hide nothing beyond `within`: how many of them go into one group.
static unsigned count_within(const struct rest *rest, unsigned within)
{
    unsigned count = 0;
    for (size_t i = 0; i < rest->count && count < HS_MASKS_A_GROUP; i++) {
        count += (rest->hidden[i] & ~within) == 0;
    }
    return count;
}

// The positions, few enough, that most of the masks hide nothing beyond; or those of the first mask.
static unsigned best_positions(const struct rest *rest)
{
    unsigned best = rest->hidden[0], most = 0;
    for (unsigned within = 1; within < 1U << rest->len; within++) {
        if (bits_in(within) + SHARED_MIN > rest->len) {
            continue;
        }
        unsigned count = count_within(rest, within);
        if (count > most || (count == most && most && bits_in(within) < bits_in(best))) {
            best = within;
            most = count;
        }
    }
    return best;
}

// A group of masks that hide nothing beyond `within`, which are then no rest any more; the positions that they share.
static unsigned make_group(struct rest *rest, unsigned within, struct hs_mask_group *group)
{
    unsigned hidden = 0;
    size_t kept = 0;
    *group = (struct hs_mask_group){.len = (uint8_t)rest->len};
    for (size_t i = 0; i < rest->count; i++) {
        if ((rest->hidden[i] & ~within) || group->mask_count == HS_MASKS_A_GROUP) {
            rest->hidden[kept++] = rest->hidden[i];
            continue;
        }
        hidden |= rest->hidden[i];
        group->numbers[group->mask_count++] = (uint16_t)hs_mask_number(rest->len, rest->hidden[i]);
    }
    rest->count = kept;
    return ((1U << rest->len) - 1) & ~hidden;
}

// Words that masks leave over go to those that have most patterns a word; returns how many these are now.
static uint32_t spread_masks(struct hs_mask_group *group, const uint32_t *keys)
{
    unsigned words[HS_MASKS_A_GROUP], most = 0;
    for (unsigned m = 0; m < HS_MASKS_A_GROUP; m++) {
        words[m] = 1;
        if (m >= group->mask_count) {
            group->numbers[m] = group->numbers[most];
            words[most]++;
        }
        for (unsigned k = most = 0; k < group->mask_count; k++) {
            bool more = keys[group->numbers[k]] * (uint64_t)words[most] >
                        keys[group->numbers[most]] * (uint64_t)words[k];
            most = more ? k : most;
        }
        group->hides[m] = spread(hidden_of(group->numbers[m]));
    }
    return keys[group->numbers[most]] / words[most];
}

// So many lines that words are filled as the constants say.
static uint32_t lines_for(const struct hs_mask_group *group, const uint32_t *keys, uint32_t most)
{
    uint64_t total = 0;
    for (unsigned m = 0; m < group->mask_count; m++) {
        total += keys[group->numbers[m]];
    }
    uint64_t even = total / (KEYS_A_WORD * HS_MASKS_A_GROUP), uneven = most / KEYS_A_WORD_MAX;
    return (uint32_t)(even > uneven ? even : uneven) + 1;
}

static void add_group(struct work *work, struct rest *rest, struct hs_mask_groups *of)
{
    struct hs_mask_group *group = &of->groups[of->group_count];
    struct hs_mask_row *row = &of->rows[of->group_count / HS_GROUPS_A_ROW];
    unsigned at = of->group_count++ % HS_GROUPS_A_ROW;
    row->shared[at] = spread(make_group(rest, best_positions(rest), group));
    uint32_t most = spread_masks(group, work->keys);
    row->first_line[at] = work->lines->line_count;
    row->line_count[at] = lines_for(group, work->keys, most);
    work->lines->line_count += (uint32_t)row->line_count[at];
    of->mask_count += group->mask_count;
}

// The old groups of one length, and those of new masks behind them.
static int group_length(struct work *work, const struct hs_mask_groups *old, unsigned len)
{
    struct hs_mask_groups *of = &work->lines->of_len[len];
    struct rest rest;
    for (uint32_t g = 0; g < old->group_count; g++) {
        for (unsigned m = 0; m < old->groups[g].mask_count; m++) {
            work->grouped[old->groups[g].numbers[m]] = true;
        }
    }
    take_rest(work, len, &rest);
    size_t room = old->group_count + rest.count, rows = room / HS_GROUPS_A_ROW + 1;
    if (room == 0) {
        return HS_OK;
    }
    of->groups = aligned_alloc(_Alignof(struct hs_mask_group), room * sizeof(*of->groups));
    of->rows = aligned_alloc(_Alignof(struct hs_mask_row), rows * sizeof(*of->rows));
    if (!of->groups || !of->rows) {
        return HS_ENOMEM;
    }
    memset(of->rows, 0, rows * sizeof(*of->rows));
    of->group_count = old->group_count;
    of->mask_count = old->mask_count;
    for (uint32_t g = 0; g < old->group_count; g++) {
        of->groups[g] = old->groups[g];
        of->rows[g / HS_GROUPS_A_ROW] = old->rows[g / HS_GROUPS_A_ROW];
    }
    while (rest.count) {
        add_group(work, &rest, of);
    }
    return HS_OK;
}

// The groups of all lengths; then it is known which one each mask is in.
static int make_groups(struct work *work, const struct hs_mask_lines *old)
{
    static const struct hs_mask_lines none;
    int status = HS_OK;
    old = old ? old : &none;
    work->lines->line_count = old->line_count;
    for (unsigned len = 0; len <= HS_LANE_CHARS && status == HS_OK; len++) {
        status = group_length(work, &old->of_len[len], len);
        const struct hs_mask_groups *of = &work->lines->of_len[len];
        for (uint32_t g = 0; g < of->group_count; g++) {
            for (unsigned m = 0; m < of->groups[g].mask_count; m++) {
                work->group_of[of->groups[g].numbers[m]] = (uint16_t)g;
            }
        }
    }
    return status;
}

static uint64_t values_of(const struct hs_vrm *pattern)
{
    uint64_t values = 0;
    for (unsigned i = 0; i < pattern->len; i++) {
        values |= (uint64_t)hs_vrm_class_value_of(pattern->text[i]) << 8 * i;
    }
    return values;
}

// Which word of its line a pattern goes to: of those that its mask has, one by its hash.
static unsigned word_of(const struct hs_mask_group *group, unsigned number, uint64_t hash)
{
    uint8_t words[HS_MASKS_A_GROUP];
    unsigned count = 0;
    for (unsigned m = 0; m < HS_MASKS_A_GROUP; m++) {
        if (group->numbers[m] == number) {
            words[count++] = (uint8_t)m;
        }
    }
    return words[(hash >> HS_MASK_WORD_AT) % count];
}

static void lay_pattern(const struct work *work, uint64_t mark, uint64_t *words)
{
    struct hs_vrm pattern;
    hs_vrm_unpack(mark, &pattern);
    unsigned number = number_of(&pattern);
    const struct hs_mask_groups *of = &work->lines->of_len[pattern.len];
    unsigned g = work->group_of[number];
    uint64_t values = values_of(&pattern), hash = hs_mask_hash(values);
    uint64_t line = hs_mask_line(&of->rows[g / HS_GROUPS_A_ROW], g % HS_GROUPS_A_ROW, values);
    words[line * HS_MASKS_A_GROUP + word_of(&of->groups[g], number, hash)] |= hs_mask_bits(hash);
}

static int lay_lines(struct work *work, const struct hs_mask_lines *old)
{
    enum { LINE_BYTES = HS_MASKS_A_GROUP * sizeof(uint64_t) };
    struct hs_mask_lines *lines = work->lines;
    int status = hs_arena_grow(&lines->arena, (size_t)lines->line_count * LINE_BYTES);
    if (status != HS_OK) {
        return status;
    }
    uint64_t *words = (uint64_t *)(void *)lines->arena.ptr;
    if (old) {
        memcpy(words, old->words, (size_t)old->line_count * LINE_BYTES);
    }
    for (size_t i = 0; i < work->count; i++) {
        lay_pattern(work, work->marks[i], words);
    }
    hs_arena_seal(&lines->arena);
    lines->words = words;
    return HS_OK;
}

static int make_lines(struct work *work, const struct hs_mask_lines *old)
{
    work->lines = calloc(1, sizeof(*work->lines));
    if (!work->lines) {
        return HS_ENOMEM;
    }
    int status = make_groups(work, old);
    return status == HS_OK ? lay_lines(work, old) : status;
}

int hs_mask_lines_new(const struct hs_mask_lines *old, const struct hs_segment *segment,
                      const struct hs_list *lists, struct hs_mask_lines **ret_lines)
{
    struct work *work = calloc(1, sizeof(*work));
    int status = work ? find_patterns(work, segment, lists) : HS_ENOMEM;
    if (status == HS_OK && work->count) {
        status = make_lines(work, old);
    }
    if (status == HS_OK) {
        *ret_lines = work->lines;
        work->lines = NULL;
    }
    if (work) {
        hs_mask_lines_free(work->lines);
        free(work->marks);
    }
    free(work);
    return status;
}

void hs_mask_lines_free(struct hs_mask_lines *lines)
{
    if (lines) {
        hs_arena_fini(&lines->arena);
        for (unsigned len = 0; len <= HS_LANE_CHARS; len++) {
            free(lines->of_len[len].groups);
            free(lines->of_len[len].rows);
        }
        free(lines);
    }
}
