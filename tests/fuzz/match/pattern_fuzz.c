// SPDX-License-Identifier: Apache-2.0
// Marks and patterns: what is normalised packs and unpacks to itself, and every kernel makes the same key of it. Several lines
// are a list: every kernel proposes each of its patterns to the reads that it means, in the list's own lines and in those
// of an overlay.
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "match/kernel.h"
#include "match/pattern.h"
#include "match/snapshot_parts.h"
#include "reference/reference.h"
#include "vrm/grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_mark(const struct hs_vrm *vrm)
{
    struct hs_vrm again, skeleton = hs_vrm_skeleton(vrm);
    must(hs_vrm_normalise(hs_vrm_str(vrm), &again, NULL) == HS_OK && hs_vrm_eq(vrm, &again));
    must(hs_vrm_unpack(hs_vrm_pack(vrm), &again) == HS_OK && hs_vrm_eq(vrm, &again));
    must(hs_vrm_pack(&skeleton) == hs_vrm_pack_skeleton(vrm));
    must((hs_vrm_series(vrm, 20260921) != 0) == ref_is_legal(vrm->text, 20260921));
    struct hs_mask_set set = {.count = 0};
    if (hs_pattern_is(vrm)) {
        must(hs_mask_len(hs_pattern_mask(vrm)) == vrm->len);
        must(hs_mask_set_add(&set, hs_pattern_mask(vrm), 1) == HS_OK);
    }
}

// A read that is not left to scalar code has the key that scalar code would give it.
static void check_kernel(struct hs_str text)
{
    static const struct hs_candidate_view no_candidate;
    const struct hs_filter_size size = hs_filter_size_for(1);
    static const uint64_t words[64];
    const struct hs_filter filter = hs_filter_at(words, size);
    enum { VIEWS = 12 }; // whole registers and a rest
    struct hs_read_view views[VIEWS] = {{.vrm_len = 0}};
    for (unsigned i = 0; i < VIEWS; i++) {
        views[i].vrm_len = (uint8_t)text.len;
        views[i].camera_id_len = 1;
        views[i].captured_at_ms = 1;
        views[i].candidates = &no_candidate;
        if (text.len) {
            memcpy(views[i].vrm, text.ptr, text.len);
        }
    }
    const struct hs_kernel *kernels[HS_KERNELS_MAX + 1];
    static struct hs_keys keys;
    hs_kernels(kernels);
    for (size_t k = 0; kernels[k]; k++) {
        struct hs_folded folded;
        struct hs_vrm vrm;
        keys.candidate_count = 0;
        kernels[k]->fold(views, VIEWS, &filter, NULL, &keys, 0, &folded);
        for (unsigned i = 0; i < VIEWS; i++) {
            must((folded.odd >> i & 1) ||
                 (hs_vrm_normalise(text, &vrm, NULL) == HS_OK &&
                  keys.hashes[i] == hs_index_hash(hs_vrm_pack_skeleton(&vrm))));
        }
    }
}

enum { PATTERNS_MAX = 24, ENTRY_BYTES = 128 };
#define NOW_MS INT64_C(1790000000000)

// The patterns among an input's lines, of those that lines (mask_lines.h) hold.
struct patterns {
    struct hs_vrm vrms[PATTERNS_MAX];
    size_t count;
};

static void find_patterns(struct hs_str text, struct patterns *ret_patterns)
{
    struct hs_str line;
    struct hs_vrm vrm;
    ret_patterns->count = 0;
    while (ret_patterns->count < PATTERNS_MAX && hs_str_split(&text, '\n', &line)) {
        if (hs_vrm_normalise(line, &vrm, NULL) == HS_OK && hs_pattern_is(&vrm) &&
            hs_pattern_check(&vrm) == HS_OK && vrm.len <= HS_LANE_CHARS) {
            ret_patterns->vrms[ret_patterns->count++] = vrm;
        }
    }
}

static struct hs_str pack_entry(const struct hs_vrm *vrm, size_t number,
                                uint8_t packed[ENTRY_BYTES])
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char id[24], mark[HS_VRM_MAX + 1];
    snprintf(id, sizeof(id), "e%zu", number);
    snprintf(mark, sizeof(mark), "%.*s", HS_STR_ARG(hs_vrm_str(vrm)));
    entry.entry_id = id;
    entry.vrm = mark;
    entry.weed_date = 20301231;
    return hs_str_n(packed, hitstream__v1__watchlist_entry__pack(&entry, packed));
}

// The first half of them as a list, the rest laid over it.
static struct hs_snapshot *list_of(const struct patterns *patterns)
{
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *base, *made = NULL;
    struct hs_snapshot_change changes[PATTERNS_MAX];
    uint8_t packed[PATTERNS_MAX][ENTRY_BYTES];
    const struct hs_list_spec spec = {.list_id = HS_STR("wanted"), .status = HS_LIST_LIVE};
    size_t based = (patterns->count + 1) / 2;
    must(hs_snapshot_builder_new(&builder) == HS_OK &&
         hs_snapshot_builder_list(builder, &spec) == HS_OK);
    for (size_t i = 0; i < patterns->count; i++) {
        struct hs_str entry = pack_entry(&patterns->vrms[i], i, packed[i]);
        changes[i] =
            (struct hs_snapshot_change){.kind = HS_CHANGE_PUT,
                                        .spec = {.list_id = HS_STR("wanted"), .sequence = 1},
                                        .entry = entry};
        must(i >= based || hs_snapshot_builder_entry(builder, entry) == HS_OK);
    }
    must(hs_snapshot_builder_build(builder, NOW_MS, HS_STR("1-0"), &base) == HS_OK);
    if (based == patterns->count) {
        return base;
    }
    must(hs_snapshot_apply(base, &changes[based], patterns->count - based, NOW_MS, HS_STR("2-0"),
                           &made) == HS_OK);
    hs_snapshot_free(base);
    return made;
}

// The pattern's own key is among those that pass for a read that it means.
static void check_proposed(const struct hs_snapshot *snapshot, const struct hs_kernel *kernel,
                           const struct hs_vrm *pattern)
{
    static struct hs_keys keys;
    struct hs_read_view view = {.vrm_len = pattern->len};
    for (unsigned i = 0; i < pattern->len; i++) {
        view.vrm[i] = pattern->text[i] == '?' ? (char)('A' + i) : pattern->text[i];
    }
    uint64_t hash = hs_index_hash(hs_vrm_pack_skeleton(pattern));
    size_t count = kernel->mask(snapshot->lines, &snapshot->filter, &view, 1, &keys), at = 0;
    while (at < count && keys.hashes[at] != hash) {
        at++;
    }
    must(at < count);
}

static void check_lines(struct hs_str text)
{
    static struct patterns patterns;
    const struct hs_kernel *kernels[HS_KERNELS_MAX + 1];
    find_patterns(text, &patterns);
    if (patterns.count == 0) {
        return;
    }
    struct hs_snapshot *snapshot = list_of(&patterns);
    must(snapshot->lines != NULL);
    hs_kernels(kernels);
    for (size_t k = 0; kernels[k]; k++) {
        for (size_t i = 0; i < patterns.count; i++) {
            check_proposed(snapshot, kernels[k], &patterns.vrms[i]);
        }
    }
    hs_snapshot_free(snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_vrm vrm;
    struct hs_str text = hs_str_n(data, size);
    if (hs_vrm_normalise(text, &vrm, NULL) == HS_OK) {
        check_mark(&vrm);
    }
    if (size <= HS_VIEW_TEXT_BYTES && !(size && memchr(data, 0, size))) {
        check_kernel(text);
    }
    if (size && memchr(data, '\n', size)) {
        check_lines(text);
    }
    return 0;
}
