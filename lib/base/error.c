// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

const char *hs_strerror(int code)
{
    switch (code) {
#define X(name, value, text)                                                                       \
    case name:                                                                                     \
        return text;
        HS_ERROR_TABLE(X)
#undef X
    default:
        return "unknown error";
    }
}
