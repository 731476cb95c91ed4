// SPDX-License-Identifier: Apache-2.0
/*
 * A token: version 1, nonce, secretbox of a packed ReplyTo. Nonce and seal have keys of their own,
 * derived from the installation's; the nonce is a keyed hash of the contents, so that equal
 * contents give equal bytes and different ones never share a nonce.
 */
#include "wire/token.h"

#include <stdlib.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/error.h"
#include "hitstream/v1/alert.pb-c.h"
#include "wire/audience.h"

enum {
    TOKEN_VERSION = 1,
    TOKEN_NONCE_AT = 1,
    TOKEN_BOX_AT = TOKEN_NONCE_AT + crypto_secretbox_NONCEBYTES,
    TOKEN_LEAST_BYTES = TOKEN_BOX_AT + crypto_secretbox_MACBYTES,
    TOKEN_MAX_BYTES = 4096,
    SUBKEY_NONCE = 1,
    SUBKEY_SEAL = 2,
};

static const char subkey_context[crypto_kdf_CONTEXTBYTES + 1] = "hs-reply";

int hs_token_key_parse(struct hs_str text, struct hs_token_key *ret_key)
{
    if (text.len > 0 && text.ptr[text.len - 1] == '\n') {
        text.len--;
    }
    struct hs_token_key key;
    int status = hs_hex_decode(text, key.bytes, sizeof(key.bytes));
    if (status == HS_OK) {
        *ret_key = key;
    }
    sodium_memzero(&key, sizeof(key));
    return status;
}

static void derive(const struct hs_token_key *key, uint64_t number, uint8_t *ret_subkey)
{
    crypto_kdf_derive_from_key(ret_subkey, HS_TOKEN_KEY_BYTES, number, subkey_context, key->bytes);
}

static void seal_packed(const struct hs_token_key *key, const uint8_t *packed, size_t packed_len,
                        struct hs_buf *out)
{
    size_t token_len = TOKEN_LEAST_BYTES + packed_len;
    uint8_t *token = (uint8_t *)hs_buf_reserve(out, token_len);
    if (!token) {
        return;
    }
    uint8_t subkey[HS_TOKEN_KEY_BYTES];
    token[0] = TOKEN_VERSION;
    derive(key, SUBKEY_NONCE, subkey);
    crypto_generichash(token + TOKEN_NONCE_AT, crypto_secretbox_NONCEBYTES, packed, packed_len,
                       subkey, sizeof(subkey));
    derive(key, SUBKEY_SEAL, subkey);
    crypto_secretbox_easy(token + TOKEN_BOX_AT, packed, packed_len, token + TOKEN_NONCE_AT, subkey);
    sodium_memzero(subkey, sizeof(subkey));
    out->len += token_len;
}

void hs_token_seal(const struct hs_token_key *key, const struct hs_reply_to *reply_to,
                   struct hs_buf *out)
{
    struct hs_audience audience;
    struct hs_bump bump = {0};
    if (hs_audience_parse(reply_to->audience, &audience) != HS_OK) {
        audience =
            (struct hs_audience){0}; // no such audience: a token that hs_token_open() refuses
    }
    Hitstream__V1__Audience audience_message = HITSTREAM__V1__AUDIENCE__INIT;
    audience_message.kind = audience.kind;
    audience_message.list_id = hs_bump_copy(&bump, audience.list_id.ptr, audience.list_id.len);
    Hitstream__V1__ReplyTo message = HITSTREAM__V1__REPLY_TO__INIT;
    message.vehicle = hs_bump_copy(&bump, reply_to->vehicle.ptr, reply_to->vehicle.len);
    message.audience = &audience_message;
    message.incident_id.data = hs_bump_alloc(&bump, HS_ID_BYTES);
    message.queue = hs_bump_copy(&bump, reply_to->queue.ptr, reply_to->queue.len);
    if (!audience_message.list_id || !message.vehicle || !message.incident_id.data ||
        !message.queue) {
        out->status = HS_ENOMEM;
        hs_bump_fini(&bump);
        return;
    }
    memcpy(message.incident_id.data, reply_to->incident.bytes, HS_ID_BYTES);
    message.incident_id.len = HS_ID_BYTES;
    size_t packed_len = hitstream__v1__reply_to__get_packed_size(&message);
    uint8_t *packed = hs_bump_alloc(&bump, packed_len);
    if (packed) {
        hitstream__v1__reply_to__pack(&message, packed);
        seal_packed(key, packed, packed_len, out);
    } else {
        out->status = HS_ENOMEM;
    }
    hs_bump_fini(&bump);
}

// Copies the message's texts into storage and points the answer there.
static int fill_reply_to(const Hitstream__V1__ReplyTo *message, struct hs_buf *storage,
                         struct hs_reply_to *ret_reply_to)
{
    struct hs_audience audience;
    if (hs_audience_of(message->audience, &audience) != HS_OK ||
        message->incident_id.len != HS_ID_BYTES) {
        return HS_EFORMAT;
    }
    hs_buf_clear(storage);
    hs_buf_add_text(storage, message->vehicle);
    size_t audience_at = storage->len;
    hs_audience_print(&audience, storage);
    size_t queue_at = storage->len;
    hs_buf_add_text(storage, message->queue);
    if (hs_buf_status(storage) != HS_OK) {
        return HS_ENOMEM;
    }
    const char *text = hs_buf_text(storage);
    ret_reply_to->vehicle = hs_str_n(text, audience_at);
    ret_reply_to->audience = hs_str_n(text + audience_at, queue_at - audience_at);
    ret_reply_to->queue = hs_str_n(text + queue_at, storage->len - queue_at);
    memcpy(ret_reply_to->incident.bytes, message->incident_id.data, HS_ID_BYTES);
    return HS_OK;
}

int hs_token_open(const struct hs_token_key *key, struct hs_str token, struct hs_buf *storage,
                  struct hs_reply_to *ret_reply_to)
{
    if (token.len < TOKEN_LEAST_BYTES || token.len > TOKEN_MAX_BYTES ||
        token.ptr[0] != TOKEN_VERSION) {
        return HS_EFORMAT;
    }
    const uint8_t *bytes = (const uint8_t *)token.ptr;
    uint8_t packed[TOKEN_MAX_BYTES];
    uint8_t subkey[HS_TOKEN_KEY_BYTES];
    derive(key, SUBKEY_SEAL, subkey);
    int opened = crypto_secretbox_open_easy(packed, bytes + TOKEN_BOX_AT, token.len - TOKEN_BOX_AT,
                                            bytes + TOKEN_NONCE_AT, subkey);
    sodium_memzero(subkey, sizeof(subkey));
    if (opened != 0) {
        return HS_EPERM;
    }
    Hitstream__V1__ReplyTo *message =
        hitstream__v1__reply_to__unpack(NULL, token.len - TOKEN_LEAST_BYTES, packed);
    if (!message) {
        return HS_EFORMAT;
    }
    int status = fill_reply_to(message, storage, ret_reply_to);
    hitstream__v1__reply_to__free_unpacked(message, NULL);
    return status;
}
