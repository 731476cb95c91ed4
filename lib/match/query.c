// SPDX-License-Identifier: Apache-2.0
#include "match/query.h"

#include "base/error.h"

enum { QUERY_TEXT_MAX = 120, MESSAGE_BYTES_MAX = 512 };

// Appends a text or bytes field of at most QUERY_TEXT_MAX bytes.
static size_t add_text(uint8_t *at, unsigned number, const void *bytes, size_t len_bytes)
{
    at[0] = (uint8_t)(number << 3 | 2);
    at[1] = (uint8_t)len_bytes;
    if (len_bytes) {
        memcpy(at + 2, bytes, len_bytes);
    }
    return 2 + len_bytes;
}

static size_t add_number(uint8_t *at, unsigned number, uint64_t value)
{
    size_t len = 0;
    at[len++] = (uint8_t)(number << 3);
    for (; value > 0x7f; value >>= 7) {
        at[len++] = (uint8_t)(value | 0x80);
    }
    at[len++] = (uint8_t)value;
    return len;
}

// The query as a PlateRead (fields of proto/hitstream/v1/read.proto): it takes the way of every
// read.
static size_t pack_query(const struct hs_match_query *query, uint8_t message[MESSAGE_BYTES_MAX])
{
    struct hs_str camera = query->camera_id.len ? query->camera_id : HS_STR("hitctl");
    uint8_t confidence[QUERY_TEXT_MAX];
    size_t len = add_text(message, 1, query->vrm.ptr, query->vrm.len);
    len += add_text(message + len, 2, camera.ptr, camera.len);
    len += add_number(message + len, 3, (uint64_t)query->at_ms);
    if (query->confidence_pct) {
        memset(confidence, (int)query->confidence_pct, query->vrm.len);
        len += add_text(message + len, 4, confidence, query->vrm.len);
    }
    return len;
}

int hs_match_query(const struct hs_snapshot *snapshot, const struct hs_match_context *context,
                   const struct hs_match_query *query, enum hs_read_fault *ret_fault,
                   hs_hit_sink *sink, void *sink_ctx)
{
    if (query->vrm.len > QUERY_TEXT_MAX || query->camera_id.len > QUERY_TEXT_MAX ||
        query->confidence_pct > 100) {
        *ret_fault = HS_READ_NO_PLATE;
        return HS_EINVAL;
    }
    uint8_t message[MESSAGE_BYTES_MAX];
    struct hs_read_view view;
    struct hs_candidate_view scratch[HS_READ_CANDIDATES_MAX];
    hs_read_view_of(hs_str_n(message, pack_query(query, message)), scratch, &view);
    struct hs_matcher *matcher;
    int status = hs_matcher_new(&matcher);
    if (status != HS_OK) {
        return status;
    }
    hs_matcher_run(matcher, snapshot, context, &view, 1, ret_fault, sink, sink_ctx);
    hs_matcher_free(matcher);
    return *ret_fault == HS_READ_OK ? HS_OK : HS_EINVAL;
}
