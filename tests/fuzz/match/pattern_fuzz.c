// SPDX-License-Identifier: Apache-2.0
// Marks and patterns: what is normalised packs and unpacks to itself, and every kernel makes the
// same key of it.
#include <stdlib.h>

#include "base/error.h"
#include "match/kernel.h"
#include "match/pattern.h"
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
    return 0;
}
