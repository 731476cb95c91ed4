// SPDX-License-Identifier: Apache-2.0
#ifndef HS_FUZZ_FUZZ_H
#define HS_FUZZ_FUZZ_H
/*
 * What fuzz targets share: the entry point, how a broken promise ends the run, and how one input is cut
 * into several.
 */

#include <stdlib.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_must(bool holds)
{
    if (!holds) {
        abort();
    }
}

// Takes a number of two bytes, the lower first, off the input; 0 at its end.
static inline size_t fuzz_number(struct hs_str *input)
{
    size_t number = 0;
    if (input->len >= 2) {
        number = (uint8_t)input->ptr[0] | (size_t)(uint8_t)input->ptr[1] << 8;
        *input = hs_str_n(input->ptr + 2, input->len - 2);
    } else {
        input->len = 0;
    }
    return number;
}

// Takes a piece off the input: its length, as fuzz_number(), then as many bytes as there are.
static inline struct hs_str fuzz_piece(struct hs_str *input)
{
    size_t len = fuzz_number(input);
    struct hs_str piece = hs_str_n(input->ptr, len < input->len ? len : input->len);
    *input = hs_str_n(input->ptr + piece.len, input->len - piece.len);
    return piece;
}

#endif
