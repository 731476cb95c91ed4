// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_READ_VIEW_H
#define HS_WIRE_READ_VIEW_H
/*
 * A zero-copy view of the few fields of a PlateRead that matching needs, with the semantics of protobuf-c.
 *
 * Threads: any. Ownership: views borrow from the message's bytes. Bounds: HS_BATCH_READS_MAX reads a message,
 * HS_READ_CANDIDATES_MAX candidates a read (further ones are ignored and counted by the caller's view).
 */

#include "base/str.h"

enum { HS_BATCH_READS_MAX = 500, HS_READ_CANDIDATES_MAX = 4 };

struct hs_candidate_view {
    const char *vrm;
    uint8_t vrm_len;         // bytes, 255 stands for 255 and more
    uint8_t confidence_pct;  // 0 to 100
};

// One decoded read. Texts are borrowed and not terminated.
struct hs_read_view {
    const char *vrm;
    const char *camera_id;
    const uint8_t *char_confidence_pct; // NULL: not given
    const struct hs_candidate_view *candidates;
    int64_t captured_at_ms;
    const uint8_t *raw;      // the encoded PlateRead, for fields that are not hot
    uint32_t raw_len;        // bytes
    uint8_t vrm_len;         // bytes, 255 stands for 255 and more
    uint8_t camera_id_len;   // likewise
    uint8_t char_confidence_len;
    uint8_t candidate_count;
};

// Decodes one Kafka message (PlateReadBatch, with or without Confluent's framing) into at most `max` views.
// `scratch` holds the candidates and must have room for max * HS_READ_CANDIDATES_MAX. HS_EFORMAT: the message
// as a whole cannot be decoded; HS_ELIMIT: more than `max` reads.
int hs_read_views(struct hs_str message, struct hs_read_view *ret_views, size_t max,
                  struct hs_candidate_view *scratch, size_t *ret_count);

#endif
