// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_IDS_H
#define HS_WIRE_IDS_H
/*
 * Ids come from causes: keyed hashes (BLAKE2b-128 of length-prefixed parts under the installation's
 * id key), so that the same cause has the same id on every machine and run, and an id tells nobody
 * the plate.
 *
 * Threads: any. Ownership: plain values.
 */

#include "base/str.h"

enum { HS_ID_BYTES = 16, HS_ID_TEXT_BYTES = 33, HS_ID_KEY_BYTES = 32 };

struct hs_id {
    uint8_t bytes[HS_ID_BYTES];
};

// The installation's id key; never rotated.
struct hs_id_key {
    uint8_t bytes[HS_ID_KEY_BYTES];
};

// 64 hex digits with or without a line feed. HS_EFORMAT.
int hs_id_key_parse(struct hs_str text, struct hs_id_key *ret_key);
// What may be shown of a key: 16 hex digits of its hash, NUL-terminated.
void hs_id_key_fingerprint(const struct hs_id_key *key, char ret_text[17]);

struct hs_id hs_id_read(const struct hs_id_key *key, struct hs_str camera_id,
                        int64_t captured_at_ms, struct hs_str vrm);
struct hs_id hs_id_hit(const struct hs_id_key *key, struct hs_str read_id, struct hs_str list_id,
                       struct hs_str entry_id);
// `audience`: "open", "covert:<list>" or "trial:<list>".
struct hs_id hs_id_incident(const struct hs_id_key *key, struct hs_str audience,
                            struct hs_str vehicle, const struct hs_id *first_hit);
struct hs_id hs_id_alert(const struct hs_id_key *key, const struct hs_id *incident,
                         const struct hs_id *cause, struct hs_str rule, struct hs_str queue);
// For causes that are none of these: `kind` keeps them apart.
struct hs_id hs_id_make(const struct hs_id_key *key, const char *kind, const struct hs_str *parts,
                        size_t part_count);

// 32 hex digits, terminated.
void hs_id_text(const struct hs_id *id, char ret_text[HS_ID_TEXT_BYTES]);
int hs_id_parse(struct hs_str text, struct hs_id *ret_id);
bool hs_id_eq(const struct hs_id *a, const struct hs_id *b);

#endif
