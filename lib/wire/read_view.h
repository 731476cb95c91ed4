// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_READ_VIEW_H
#define HS_WIRE_READ_VIEW_H
/*
 * A view of the few fields of a PlateRead that matching needs, with the semantics of protobuf-c:
 * the last value of a field wins, unknown fields are skipped, texts end at their first NUL.
 *
 * A view is 48 bytes: what every read is asked for stands in it, so that the matcher streams
 * through views and touches the message again only for a hit. Ask the accessors for the texts, not
 * the members.
 *
 * Threads: any. Ownership: views borrow from the message's bytes and from `scratch`. Bounds:
 * HS_BATCH_READS_MAX reads a message, HS_READ_CANDIDATES_MAX candidates a read: the first ones
 * count, further ones and those longer than HS_CANDIDATE_TEXT_BYTES as offered are left out of the
 * view.
 */

#include "base/str.h"

enum {
    HS_BATCH_READS_MAX = 500,
    HS_READ_CANDIDATES_MAX = 4,
    HS_VIEW_TEXT_BYTES = 12,           // of a read's mark, kept in the view
    HS_CANDIDATE_TEXT_BYTES = 14,      // of a candidate's mark
    HS_READ_BYTES_MAX = (1 << 24) - 1, // a longer read counts as malformed
};

// Another reading that the camera offered. 16 bytes.
struct hs_candidate_view {
    char vrm[HS_CANDIDATE_TEXT_BYTES]; // as offered, zero-padded
    uint8_t vrm_len;                   // bytes
    uint8_t confidence_pct;            // 0 to 100; more is 100
};

// One decoded read.
struct hs_read_view {
    char vrm[HS_VIEW_TEXT_BYTES]; // as read, zero-padded; all zeros when it is longer than this
    uint8_t vrm_len;              // bytes, 255 stands for 255 and more
    uint8_t candidate_count;
    uint8_t camera_id_len; // bytes, 255 stands for 255 and more
    uint8_t lane;          // 0: not given; 255 stands for 255 and more
    int64_t captured_at_ms;
    const uint8_t *raw; // the encoded PlateRead, for fields that are not hot
    const struct hs_candidate_view *candidates;
    uint32_t raw_len : 24;            // bytes
    uint32_t char_confidence_len : 8; // bytes, 255 stands for 255 and more
    uint16_t camera_id_at;            // offset in raw; UINT16_MAX: it is looked for
    uint16_t char_confidence_at;      // likewise
};

// A read that protobuf-c would refuse stands as a view of which only raw and raw_len are meant.
static inline bool hs_read_view_malformed(const struct hs_read_view *view)
{
    return view->candidates == NULL;
}

// Decodes one Kafka message (PlateReadBatch, with or without Confluent's framing) into at most
// `max` views. `scratch` holds the candidates and must have room for max * HS_READ_CANDIDATES_MAX.
// HS_EFORMAT: the message as a whole cannot be decoded; HS_ELIMIT: more than `max` reads.
int hs_read_views(struct hs_str message, struct hs_read_view *ret_views, size_t max,
                  struct hs_candidate_view *scratch, size_t *ret_count);

// The message's bytes now lie at `to`, a copy of those at `from`: so does the view's read.
static inline void hs_read_view_move(struct hs_read_view *view, const char *from, const char *to)
{
    if (view->raw_len > 0) {
        view->raw = (const uint8_t *)to + ((const char *)view->raw - from);
    }
}

// One packed PlateRead; `scratch` has room for HS_READ_CANDIDATES_MAX.
void hs_read_view_of(struct hs_str read, struct hs_candidate_view *scratch,
                     struct hs_read_view *ret_view);

// The mark as read, whole.
struct hs_str hs_read_view_vrm(const struct hs_read_view *view);
struct hs_str hs_read_view_camera_id(const struct hs_read_view *view);
// One byte a character of the mark as read; empty: not given.
struct hs_str hs_read_view_char_confidence(const struct hs_read_view *view);

#endif
