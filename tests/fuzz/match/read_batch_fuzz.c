// SPDX-License-Identifier: Apache-2.0
// The view of reads says what protobuf-c says, on every input.
#include <stdlib.h>

#include "base/error.h"
#include "hitstream/v1/read.pb-c.h"
#include "wire/framing.h"
#include "wire/read_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { READS_MAX = 64 };

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void same_text(struct hs_str view, const char *text)
{
    must(hs_str_is(view, text));
}

static void same_candidates(const struct hs_read_view *view, const Hitstream__V1__PlateRead *read)
{
    size_t at = 0;
    for (size_t i = 0; i < read->n_candidates && at < HS_READ_CANDIDATES_MAX; i++) {
        const Hitstream__V1__Candidate *candidate = read->candidates[i];
        if (strlen(candidate->vrm) <= HS_CANDIDATE_TEXT_BYTES) {
            const struct hs_candidate_view *of = &view->candidates[at++];
            uint32_t pct = candidate->confidence_pct;
            same_text(hs_str_n(of->vrm, of->vrm_len), candidate->vrm);
            must(of->confidence_pct == (pct < 100 ? pct : 100));
        }
    }
    must(at == view->candidate_count);
}

static void same_read(const struct hs_read_view *view)
{
    Hitstream__V1__PlateRead *read =
        hitstream__v1__plate_read__unpack(NULL, view->raw_len, view->raw);
    must(hs_read_view_malformed(view) == (read == NULL));
    if (read) {
        struct hs_str confidence = hs_read_view_char_confidence(view);
        same_text(hs_read_view_vrm(view), read->vrm);
        same_text(hs_read_view_camera_id(view), read->camera_id);
        must(hs_str_eq(confidence,
                       hs_str_n(read->char_confidence_pct.data, read->char_confidence_pct.len)));
        must(view->captured_at_ms == read->captured_at_ms);
        same_candidates(view, read);
        hitstream__v1__plate_read__free_unpacked(read, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_read_view views[READS_MAX];
    struct hs_candidate_view scratch[READS_MAX * HS_READ_CANDIDATES_MAX];
    struct hs_str payload;
    size_t count = 0;
    int status = hs_read_views(hs_str_n(data, size), views, READS_MAX, scratch, &count);
    bool malformed = false;
    for (size_t i = 0; i < count; i++) {
        same_read(&views[i]);
        malformed |= hs_read_view_malformed(&views[i]);
    }
    if (hs_framing_strip(hs_str_n(data, size), &payload) != HS_OK || status == HS_ELIMIT) {
        return 0;
    }
    Hitstream__V1__PlateReadBatch *batch =
        hitstream__v1__plate_read_batch__unpack(NULL, payload.len, (const uint8_t *)payload.ptr);
    must((batch != NULL) == (status == HS_OK && !malformed));
    if (batch) {
        must(batch->n_reads == count);
        hitstream__v1__plate_read_batch__free_unpacked(batch, NULL);
    }
    return 0;
}
