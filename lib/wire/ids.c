// SPDX-License-Identifier: Apache-2.0
#include "wire/ids.h"

#include <sodium.h>

#include "base/error.h"

static void put_le(uint8_t *out, uint64_t value, size_t len_bytes)
{
    for (size_t i = 0; i < len_bytes; i++) {
        out[i] = (uint8_t)(value >> (8 * i));
    }
}

// A part goes in as its length (4 bytes, little-endian) and its bytes, so that "ab"+"c" is not
// "a"+"bc".
static void add_part(crypto_generichash_state *state, const void *bytes, size_t len_bytes)
{
    uint8_t len[4];
    put_le(len, len_bytes, sizeof(len));
    crypto_generichash_update(state, len, sizeof(len));
    if (len_bytes > 0) {
        crypto_generichash_update(state, bytes, len_bytes);
    }
}

struct hs_id hs_id_make(const struct hs_id_key *key, const char *kind, const struct hs_str *parts,
                        size_t part_count)
{
    crypto_generichash_state state;
    struct hs_id id;
    crypto_generichash_init(&state, key->bytes, sizeof(key->bytes), sizeof(id.bytes));
    add_part(&state, kind, strlen(kind));
    for (size_t i = 0; i < part_count; i++) {
        add_part(&state, parts[i].ptr, parts[i].len);
    }
    crypto_generichash_final(&state, id.bytes, sizeof(id.bytes));
    return id;
}

struct hs_id hs_id_read(const struct hs_id_key *key, struct hs_str camera_id,
                        int64_t captured_at_ms, struct hs_str vrm)
{
    uint8_t at[8];
    put_le(at, (uint64_t)captured_at_ms, sizeof(at));
    const struct hs_str parts[] = {camera_id, hs_str_n(at, sizeof(at)), vrm};
    return hs_id_make(key, "read", parts, 3);
}

struct hs_id hs_id_hit(const struct hs_id_key *key, struct hs_str read_id, struct hs_str list_id,
                       struct hs_str entry_id)
{
    const struct hs_str parts[] = {read_id, list_id, entry_id};
    return hs_id_make(key, "hit", parts, 3);
}

struct hs_id hs_id_incident(const struct hs_id_key *key, struct hs_str audience,
                            struct hs_str vehicle, const struct hs_id *first_hit)
{
    const struct hs_str parts[] = {audience, vehicle, hs_str_n(first_hit->bytes, HS_ID_BYTES)};
    return hs_id_make(key, "incident", parts, 3);
}

struct hs_id hs_id_alert(const struct hs_id_key *key, const struct hs_id *incident,
                         const struct hs_id *cause, struct hs_str rule, struct hs_str queue)
{
    const struct hs_str parts[] = {hs_str_n(incident->bytes, HS_ID_BYTES),
                                   hs_str_n(cause->bytes, HS_ID_BYTES), rule, queue};
    return hs_id_make(key, "alert", parts, 4);
}

int hs_id_key_parse(struct hs_str text, struct hs_id_key *ret_key)
{
    if (text.len > 0 && text.ptr[text.len - 1] == '\n') {
        text.len--;
    }
    struct hs_id_key key;
    int status = hs_hex_decode(text, key.bytes, sizeof(key.bytes));
    if (status == HS_OK) {
        *ret_key = key;
    }
    sodium_memzero(&key, sizeof(key));
    return status;
}

void hs_id_key_fingerprint(const struct hs_id_key *key, char ret_text[17])
{
    struct hs_id id = hs_id_make(key, "fingerprint", NULL, 0);
    hs_hex_encode(id.bytes, 8, ret_text);
}

void hs_id_text(const struct hs_id *id, char ret_text[HS_ID_TEXT_BYTES])
{
    hs_hex_encode(id->bytes, sizeof(id->bytes), ret_text);
}

int hs_id_parse(struct hs_str text, struct hs_id *ret_id)
{
    struct hs_id id;
    int status = hs_hex_decode(text, id.bytes, sizeof(id.bytes));
    if (status == HS_OK) {
        *ret_id = id;
    }
    return status;
}

bool hs_id_eq(const struct hs_id *a, const struct hs_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
