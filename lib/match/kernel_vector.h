// SPDX-License-Identifier: Apache-2.0
/*
 * The text of both vector kernels; included once by each, after its operations:
 *
 *    LANES                        keys in a register: a `vec` has one word of 64 bits for each
 *    vec_mul32(a, b)              the product of the lanes' lower halves
 *    vec_look_up(text, table)     for each byte its row of a table; what is no character is `odd`
 *    vec_pack(values)             two limbs (vrm.h) of eight values of characters
 *    vec_pick_bits(product)       hs_filter_bits(), from the product
 *    vec_store_halves(at, v)      the lanes' lower halves
 *    vec_nonzero(v)               a bit for each lane that is not 0
 *    load_reads(...), load_candidates(...)      the first and second eight bytes of LANES records
 *    stage_candidates(...)        copies those of one read; may write HS_READ_CANDIDATES_MAX
 *    put_numbers(at, first, of)   first + i for each bit i; may write HS_LISTED_ROOM
 *    vec_choose(by, a, b)         bits of a where `by` has ones, else of b
 *    vec_has_mask_bits(words, h)  bit 8 * i for each lane i whose word has hs_mask_bits(h)
 *
 * A record is turned at once, so that a lane has the first eight characters of one mark, and all
 * steps to its key are done for LANES marks together:
 *
 *    text     A B 1 2 C D E .     eight characters; most marks have no more
 *    values   1-36 of the skeleton, 0 for padding; or odd
 *    limbs    two of 21 bits, each in half a lane
 *    hash     index.h's; from it where the key stands in the filter
 *
 * What has a byte that is neither letter, digit nor padding is left to scalar code, as is any read
 * with a fault.
 *
 * Threads: any, each with its own batch; nothing is kept between calls. Ownership: reads and results
 * are the caller's (kernel.h).
 */

// Bytes of a record's second half: the end of the text, then numbers of the view.
#define HIGH_TEXT       UINT64_C(0x00000000ffffffff)
#define HIGH_CANDIDATES UINT64_C(0x0000ff0000000000)
#define HIGH_CAMERA     UINT64_C(0x00ff000000000000)
// The last two characters of a candidate's text have no place in a mark: zero, or odd.
#define HIGH_BEYOND UINT64_C(0x0000ffff00000000)
#define FIRST_BYTE  UINT64_C(0x00000000000000ff)
#define LAST_BYTE   UINT64_C(0xff00000000000000)

enum { ALL_LANES = (1 << LANES) - 1, LINE_BYTES = 64 };

// What comes so many bytes behind is on the way to the second-level cache: a worker's views, and their candidates, stand
// one behind the other, and were decoded long ago or not at all. More than a batch of HS_BATCH_READS_MAX views ahead.
enum { AHEAD_VIEWS_BYTES = 28800, AHEAD_CANDIDATES_BYTES = 4096 };
static inline void expect_ahead(const void *at, size_t ahead_bytes, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += LINE_BYTES) {
        __builtin_prefetch((const void *)((uintptr_t)at + ahead_bytes + i), 0, 2);
    }
}

static inline vec vec_all(uint64_t word)
{
    return (vec){0} + word;
}

static inline unsigned vec_zero(vec v)
{
    return ~vec_nonzero(v) & ALL_LANES;
}

static inline void vec_store(uint64_t *at, vec v)
{
    memcpy(at, &v, sizeof(v));
}

static inline vec vec_load(const uint64_t *at)
{
    vec v;
    memcpy(&v, at, sizeof(v));
    return v;
}

// hs_index_hash_limbs(), less the third limb's part of the sum.
static inline vec mix(vec sum)
{
    return vec_mul32(sum ^ sum >> 32, vec_all(HS_INDEX_FACTOR_MIX)) ^ sum;
}

static inline vec sum_of(vec values)
{
    vec limbs = vec_pack(values);
    return vec_mul32(limbs, vec_all(HS_INDEX_FACTOR_FIRST)) +
           vec_mul32(limbs >> 32, vec_all(HS_INDEX_FACTOR_SECOND));
}

// What is constant while a chunk is folded.
struct folding {
    const uint64_t *near; // of the filter
    uint32_t near_shift;
    bool far; // its words are worth being asked for ahead
    struct hs_keys *keys;
    size_t at; // number of the stripe's first read
};

static inline struct folding folding_for(const struct hs_filter *filter, struct hs_keys *keys,
                                         size_t at)
{
    return (struct folding){filter->near, filter->near_shift, hs_filter_near_is_far(filter), keys,
                            at};
}

// Keys of these hashes from number `at` on.
static inline void put_keys(const struct folding *folding, size_t at, vec hashes)
{
    struct hs_keys *keys = folding->keys;
    vec_store(&keys->hashes[at], hashes);
    vec_store_halves(&keys->words[at], hashes >> folding->near_shift);
    for (unsigned i = 0; folding->far && i < LANES; i++) {
        __builtin_prefetch(&folding->near[keys->words[at + i]], 0, 2);
    }
}

// Keys of LANES marks, `low` their first eight characters and `high` the next four; bits of those that are odd.
static inline unsigned fold_marks(const struct folding *folding, size_t at, vec low, vec high)
{
    vec values = vec_look_up(low, skeleton_values);
    vec sum = sum_of(values), odd = values & EVERY_BYTE(ODD);
    if (__builtin_expect(vec_nonzero(high) != 0, 0)) {
        vec more = vec_look_up(high, skeleton_values);
        odd |= more & EVERY_BYTE(ODD);
        sum += vec_mul32(vec_pack(more), vec_all(HS_INDEX_FACTOR_THIRD));
    }
    put_keys(folding, at, mix(sum));
    return vec_nonzero(odd) | vec_zero(low & FIRST_BYTE);
}

static inline unsigned lack_time(const struct hs_read_view *reads)
{
    unsigned lack = 0;
    for (unsigned i = 0; i < LANES; i++) {
        if (__builtin_expect(reads[i].captured_at_ms <= 0, 0)) {
            lack |= 1U << i;
        }
    }
    return lack;
}

// Marks that are not surely legal. Surely legal are those of the form AA99AAA, with letters that may stand there and
// a code that was issued.
static inline unsigned doubt(vec low, vec high, const struct hs_issued *issued)
{
    const vec asked = vec_all(FORM_ASKED);
    vec forms = vec_look_up(low, form_places);
    vec first = low >> 16 & 15, second = low >> 24 & 15;
    vec code = (first << 3) + (first << 1) + second;
    vec upper = -(code >> 6 & 1); // all ones from code 64 on
    vec codes = (vec_all(issued->codes[0]) & ~upper) | (vec_all(issued->codes[1]) & upper);
    vec not_issued = ~(codes >> (code & 63)) & 1;
    return vec_nonzero(((forms & asked) ^ asked) | (low & LAST_BYTE) | high | not_issued);
}

// LANES reads from number i of the stripe on.
static inline void fold_reads(const struct folding *folding, const struct hs_read_view *reads,
                              size_t i, const struct hs_issued *issued, struct hs_folded *folded,
                              uint64_t *offering)
{
    vec low, high;
    expect_ahead(reads, AHEAD_VIEWS_BYTES, LANES * sizeof(*reads));
    load_reads(reads, &low, &high);
    uint64_t odd = fold_marks(folding, folding->at + i, low, high & HIGH_TEXT) |
                   vec_zero(high & HIGH_CAMERA) | lack_time(reads);
    folded->odd |= odd << i;
    *offering |= (uint64_t)vec_nonzero(high & HIGH_CANDIDATES) << i;
    if (issued) {
        folded->doubtful |= (uint64_t)doubt(low, high & HIGH_TEXT, issued) << i;
    }
}

// The last reads of a batch, fewer than LANES; behind them stands nothing.
static __attribute__((noinline)) void fold_rest(const struct folding *folding,
                                                const struct hs_read_view *reads, size_t rest,
                                                size_t i, const struct hs_issued *issued,
                                                struct hs_folded *folded, uint64_t *offering)
{
    struct hs_read_view padded[LANES] = {{.vrm_len = 0}};
    memcpy(padded, reads, rest * sizeof(padded[0]));
    fold_reads(folding, padded, i, issued, folded, offering);
}

// Candidates of a stripe's reads one after the other, each with its read and its place; how many.
static inline size_t gather_candidates(const struct hs_read_view *reads, size_t at,
                                       uint64_t offering, struct hs_keys *keys)
{
    const uint32_t places = 1 | 2 << 8 | 3 << 16 | 4 << 24;
    size_t first = HS_CHUNK_READS + keys->candidate_count, count = 0;
    for (; offering; offering &= offering - 1) {
        unsigned i = (unsigned)__builtin_ctzll(offering);
        uint64_t names = (at + i) * UINT64_C(0x0001000100010001);
        stage_candidates(&reads[i], &keys->staged[count]);
        expect_ahead(reads[i].candidates, AHEAD_CANDIDATES_BYTES, 1);
        memcpy(&keys->reads[first + count], &names, sizeof(names));
        memcpy(&keys->readings[first + count], &places, sizeof(places));
        count += reads[i].candidate_count;
    }
    return count;
}

// Keys of `count` candidates; bits of the stripe's reads that have an odd one.
static uint64_t fold_candidates(const struct folding *folding, size_t count)
{
    const struct hs_keys *keys = folding->keys;
    size_t first = HS_CHUNK_READS + keys->candidate_count;
    uint64_t odd_reads = 0;
    for (size_t i = 0; i < count; i += LANES) {
        vec low, high;
        load_candidates(&keys->staged[i], &low, &high);
        unsigned odd =
            fold_marks(folding, first + i, low, high & HIGH_TEXT) | vec_nonzero(high & HIGH_BEYOND);
        for (; __builtin_expect(odd != 0, 0); odd &= odd - 1) {
            size_t k = i + (unsigned)__builtin_ctz(odd);
            odd_reads |= k < count ? UINT64_C(1) << (keys->reads[first + k] - folding->at) : 0;
        }
    }
    return odd_reads;
}

// Takes the last `count` candidates out again as far as they are of these reads; how many are left of them.
static size_t unlist_candidates(struct hs_keys *keys, size_t at, size_t count, uint64_t of_reads)
{
    size_t first = HS_CHUNK_READS + keys->candidate_count, kept = first;
    for (size_t i = first; i < first + count; i++) {
        if (!(of_reads >> (keys->reads[i] - at) & 1)) {
            keys->hashes[kept] = keys->hashes[i];
            keys->words[kept] = keys->words[i];
            keys->reads[kept] = keys->reads[i];
            keys->readings[kept] = keys->readings[i];
            kept++;
        }
    }
    return kept - first;
}

static void fold(const struct hs_read_view *reads, size_t count, const struct hs_filter *filter,
                 struct hs_issued *issued, struct hs_keys *keys, size_t at,
                 struct hs_folded *ret_folded)
{
    const struct folding folding = folding_for(filter, keys, at);
    struct hs_folded folded = {0};
    uint64_t all = hs_stripe_bits(count), offering = 0;
    size_t i = 0;
    if (issued) {
        hs_issue_to_oldest(reads, count, issued);
    }
    for (; i + LANES <= count; i += LANES) {
        fold_reads(&folding, &reads[i], i, issued, &folded, &offering);
    }
    if (i < count) {
        fold_rest(&folding, &reads[i], count - i, i, issued, &folded, &offering);
    }
    size_t candidates = gather_candidates(reads, at, offering, keys);
    folded.odd_candidates = fold_candidates(&folding, candidates);
    if (__builtin_expect(folded.odd_candidates != 0, 0)) {
        candidates = unlist_candidates(keys, at, candidates, folded.odd_candidates);
    }
    keys->candidate_count += candidates;
    folded.odd &= all;
    folded.doubtful &= all;
    *ret_folded = folded;
}

// The numbers of those of keys from..to, 64 at a time, whose bit is set in the filter's first part, from
// keys->listed[listed] on.
static size_t keep_near(const struct hs_filter *filter, struct hs_keys *keys, size_t from,
                        size_t to, size_t listed)
{
    enum { KEYS = 64 };
    const uint64_t *near = filter->near;
#pragma GCC unroll 8
    for (size_t i = from; i < to; i++) { // first all loads, which wait for nothing
        keys->found[i] = near[keys->words[i]];
    }
    for (size_t at = from; at < to; at += KEYS) {
        uint64_t has = 0;
        for (size_t i = at; i < at + KEYS && i < to; i += LANES) {
            vec hashes = vec_load(&keys->hashes[i]), found = vec_load(&keys->found[i]);
            vec both =
                found >> (hashes >> HS_NEAR_FIRST & 63) & found >> (hashes >> HS_NEAR_SECOND & 63);
            has |= (uint64_t)vec_nonzero(both & 1) << (i - at);
        }
        has &= to - at < KEYS ? (UINT64_C(1) << (to - at)) - 1 : UINT64_MAX;
        listed += put_numbers(&keys->listed[listed], at, has);
    }
    return listed;
}

// Those of keys->listed that the second part has too.
static size_t keep_far(const struct hs_filter *filter, struct hs_keys *keys, size_t count)
{
    const uint64_t *cells = filter->cells;
    const vec cell_count = vec_all(filter->cell_count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        keys->passed[i] = keys->hashes[keys->listed[i]];
    }
    for (size_t i = 0; i < count; i += LANES) {
        vec hashes = vec_load(&keys->passed[i]);
        vec at = vec_mul32(hashes, cell_count) >> 32;
        vec product = vec_mul32(hashes >> 32, vec_all(HS_FILTER_FACTOR));
        vec_store_halves(&keys->cells[i], at);
        vec_store(&keys->bits[i], vec_pick_bits(product));
        for (unsigned k = 0; k < LANES; k++) {
            __builtin_prefetch(&cells[keys->cells[i + k]]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        keys->listed[kept] = keys->listed[i];
        kept += (keys->bits[i] & ~cells[keys->cells[i]]) == 0;
    }
    return kept;
}

static size_t keep(const struct hs_filter *filter, struct hs_keys *keys, size_t own,
                   size_t candidates)
{
    size_t count = keep_near(filter, keys, 0, own, 0);
    count = keep_near(filter, keys, HS_CHUNK_READS, HS_CHUNK_READS + candidates, count);
    return keep_far(filter, keys, count);
}

static inline vec mask_hash(vec values)
{
    return vec_mul32(values, vec_all(HS_MASK_FACTOR_LOW)) +
           vec_mul32(values >> 32, vec_all(HS_MASK_FACTOR_HIGH));
}

// What a read's characters come to, and the numbers of its lines, which are on the way.
static inline void expect_lines(const struct hs_mask_lines *lines, const struct hs_mask_groups *of,
                                const struct hs_read_view *read, uint64_t *ret_values,
                                uint32_t *ret_lines)
{
    uint64_t text;
    memcpy(&text, read->vrm, sizeof(text));
    vec values = vec_look_up(vec_all(text), skeleton_values);
    for (uint32_t g = 0; g < of->group_count; g += LANES) {
        const struct hs_mask_row *row = &of->rows[g / HS_GROUPS_A_ROW];
        unsigned at = g % HS_GROUPS_A_ROW;
        vec hash = mask_hash(values & vec_load(&row->shared[at]));
        vec line = vec_load(&row->first_line[at]) +
                   (vec_mul32(hash, vec_load(&row->line_count[at])) >> 32);
        vec_store_halves(&ret_lines[g], line);
    }
    for (uint32_t g = 0; g < of->group_count; g++) {
        __builtin_prefetch(&lines->words[(size_t)ret_lines[g] * HS_MASKS_A_GROUP]);
    }
    *ret_values = values[0];
}

// The words of a line that a read passes: bit 8 * m for word m.
static inline uint64_t ask_line(const uint64_t *line, const struct hs_mask_group *group, vec values)
{
    const vec any = vec_all(EVERY_BYTE(HS_VRM_VALUE_ANY));
    uint64_t has = 0;
    for (unsigned m = 0; m < HS_MASKS_A_GROUP; m += LANES) {
        vec masked = vec_choose(vec_load(&group->hides[m]), any, values);
        has |= vec_has_mask_bits(vec_load(&line[m]), mask_hash(masked)) << 8 * m;
    }
    return has;
}

// What a read passes of up to HS_GROUPS_A_ROW lines: bit 8 * m + g for word m of group g.
static inline uint64_t ask_row(const struct hs_mask_lines *lines,
                               const struct hs_mask_group *groups, const uint32_t *line,
                               uint32_t count, vec values)
{
    uint64_t passes = 0;
    for (uint32_t g = 0; g < count; g++) {
        passes |= ask_line(&lines->words[(size_t)line[g] * HS_MASKS_A_GROUP], &groups[g], values)
                  << g;
    }
    return passes;
}

// Asks all reads before any that passes is looked at, so that nothing has to be guessed meanwhile. What passes goes to
// keys->passed, of which read to keys->listed, from which group on to keys->froms; returns how many.
static size_t ask_lines(const struct hs_mask_lines *lines, const struct hs_mask_groups *of,
                        size_t count, size_t stride, struct hs_keys *keys)
{
    size_t passing = 0;
    for (size_t i = 0; i < count; i++) {
        vec values = vec_all(keys->found[i]);
        for (uint32_t first = 0; first < of->group_count; first += HS_GROUPS_A_ROW) {
            uint32_t rest = of->group_count - first;
            keys->passed[passing] =
                ask_row(lines, &of->groups[first], &keys->cells[i * stride + first],
                        rest < HS_GROUPS_A_ROW ? rest : HS_GROUPS_A_ROW, values);
            keys->listed[passing] = (uint16_t)i;
            keys->froms[passing] = (uint16_t)first;
            passing += keys->passed[passing] != 0;
        }
    }
    return passing;
}

// A read's keys under the masks that it passes, from number `at` on; the number behind them.
static inline size_t put_passing(const struct hs_mask_group *groups, uint64_t passes, size_t read,
                                 struct hs_keys *keys, size_t at)
{
    for (; passes; passes &= passes - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(passes);
        uint64_t hides = groups[bit % 8].hides[bit / 8];
        keys->masked[at] = (keys->found[read] & ~hides) | (hides & EVERY_BYTE(HS_VRM_VALUE_ANY));
        keys->reads[at++] = (uint16_t)read;
    }
    return at;
}

static size_t mask(const struct hs_mask_lines *lines, const struct hs_filter *filter,
                   const struct hs_read_view *reads, size_t count, struct hs_keys *keys)
{
    const struct hs_mask_groups *of = &lines->of_len[reads[0].vrm_len];
    const size_t stride = (of->group_count + LANES - 1) / LANES * LANES; // of line numbers
    size_t passing, found = 0, kept;
    for (size_t i = 0; i < count; i++) {
        expect_lines(lines, of, &reads[i], &keys->found[i], &keys->cells[i * stride]);
    }
    passing = ask_lines(lines, of, count, stride, keys);
    for (size_t i = 0; i < passing; i++) {
        const struct hs_mask_group *groups = &of->groups[keys->froms[i]];
        found = put_passing(groups, keys->passed[i], keys->listed[i], keys, found);
    }
    for (size_t i = 0; i < found; i += LANES) {
        vec_store(&keys->hashes[i], mix(sum_of(vec_load(&keys->masked[i]))));
    }
    for (size_t i = 0; i < found; i++) {
        keys->listed[i] = (uint16_t)i;
    }
    kept = keep_far(filter, keys, found);
    for (size_t i = 0; i < kept; i++) { // they rise, so none is written before it is read
        keys->hashes[i] = keys->hashes[keys->listed[i]];
        keys->reads[i] = keys->reads[keys->listed[i]];
    }
    return kept;
}
