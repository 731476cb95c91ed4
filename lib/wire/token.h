// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_TOKEN_H
#define HS_WIRE_TOKEN_H
/*
 * Reply tokens: vehicle, audience, incident and queue, sealed with the installation's token key
 * (libsodium secretbox; the nonce is derived from the contents, so that the same log gives the same
 * bytes).
 *
 * Threads: any.
 */

#include "base/str.h"
#include "wire/ids.h"

enum { HS_TOKEN_KEY_BYTES = 32 };

struct hs_token_key {
    uint8_t bytes[HS_TOKEN_KEY_BYTES];
};

int hs_token_key_parse(struct hs_str text, struct hs_token_key *ret_key);

struct hs_reply_to {
    struct hs_str vehicle;
    struct hs_str audience; // "open", "covert:<list>", "trial:<list>"
    struct hs_id incident;
    struct hs_str queue;
};

// Appends the sealed token.
void hs_token_seal(const struct hs_token_key *key, const struct hs_reply_to *reply_to,
                   struct hs_buf *out);
// HS_EFORMAT or HS_EPERM (not sealed with this key). Texts of *ret_reply_to point into *storage.
int hs_token_open(const struct hs_token_key *key, struct hs_str token, struct hs_buf *storage,
                  struct hs_reply_to *ret_reply_to);

#endif
