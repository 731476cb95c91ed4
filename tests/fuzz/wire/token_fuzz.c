// SPDX-License-Identifier: Apache-2.0
// Reply tokens and Confluent's framing: any bytes, no crash; what opens seals to the same bytes
// again. A first byte of 0 has the rest sealed as a token first, so that what stands behind the
// seal is reached.
#include <stdlib.h>

#include "base/error.h"
#include "wire/framing.h"
#include "wire/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_token(const struct hs_token_key *key, struct hs_str token)
{
    struct hs_reply_to reply_to;
    struct hs_buf storage = {0}, again = {0};
    if (hs_token_open(key, token, &storage, &reply_to) == HS_OK) {
        hs_token_seal(key, &reply_to, &again);
        if (!hs_str_eq(token, hs_buf_str(&again))) {
            abort();
        }
    }
    hs_buf_fini(&storage);
    hs_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hs_token_key key = {{1, 2, 3}};
    struct hs_str payload;
    (void)hs_framing_strip(hs_str_n(data, size), &payload);
    open_token(&key, hs_str_n(data, size));
    if (size < 2 || data[0] != 0) {
        return 0;
    }
    struct hs_str rest = hs_str_n(data + 1, size - 1);
    struct hs_reply_to reply_to = {.incident = {{7}}};
    struct hs_buf token = {0};
    hs_str_split(&rest, '\n', &reply_to.vehicle);
    if (hs_str_split(&rest, '\n', &reply_to.audience)) {
        reply_to.queue = rest;
    }
    hs_token_seal(&key, &reply_to, &token);
    open_token(&key, hs_buf_str(&token));
    hs_buf_fini(&token);
    return 0;
}
