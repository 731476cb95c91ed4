// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/keys.h"

#include <sodium.h>

#include "base/error.h"
#include "config/file.h"

// The text of a key file; its value never stands in a message.
static bool read_key(const char *path, const char *key, struct hs_diags *diags, struct hs_buf *text)
{
    int rc = hs_file_read_secret(path, text);
    if (rc < 0) {
        const struct hs_diag_place place = {.file = path, .key = key};
        hs_diags_add(diags, HS_DIAG_ERROR, &place,
                     "cannot be read: %s; make one with 'openssl rand -hex 32'", hs_strerror(rc));
    }
    return rc == 0;
}

static void refuse(struct hs_diags *diags, const char *path, const char *key)
{
    const struct hs_diag_place place = {.file = path, .key = key};
    hs_diags_add(diags, HS_DIAG_ERROR, &place, "is no key: 64 hex digits are allowed");
}

static void wipe(struct hs_buf *text)
{
    if (text->ptr) {
        sodium_memzero(text->ptr, text->capacity);
    }
    hs_buf_fini(text);
}

int hs_keys_load(const struct hs_settings *settings, struct hs_diags *diags,
                 struct hs_keys *ret_keys)
{
    struct hs_keys keys;
    struct hs_buf id = {0}, token = {0};
    size_t errors = diags->errors;
    if (read_key(settings->id_key_file, "keys.id_file", diags, &id) &&
        hs_id_key_parse(hs_buf_str(&id), &keys.id) < 0) {
        refuse(diags, settings->id_key_file, "keys.id_file");
    }
    if (read_key(settings->token_key_file, "keys.token_file", diags, &token) &&
        hs_token_key_parse(hs_buf_str(&token), &keys.token) < 0) {
        refuse(diags, settings->token_key_file, "keys.token_file");
    }
    wipe(&id);
    wipe(&token);
    if (diags->errors > errors) {
        return HS_EFORMAT;
    }
    *ret_keys = keys;
    sodium_memzero(&keys, sizeof(keys));
    return 0;
}
