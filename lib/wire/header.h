// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_HEADER_H
#define HS_WIRE_HEADER_H
/*
 * The headers of a produced message, as a person reads them with kcat (CloudEvents names).
 *
 * Threads: one a set. Ownership: the set owns its texts until hs_headers_fini().
 */

#include "base/str.h"
#include "wire/ids.h"

enum { HS_HEADERS_MAX = 24 };

struct hs_header {
    const char *name;    // static
    struct hs_str value; // into the set's text
};

struct hs_headers {
    struct {
        const char *name; // static storage
        uint32_t at;      // where its value begins in text
        uint32_t len;     // bytes
    } rows[HS_HEADERS_MAX];
    size_t count;
    struct hs_buf text; // all values
};

void hs_headers_fini(struct hs_headers *headers);
void hs_headers_clear(struct hs_headers *headers);
// `name` is kept, not copied. More than HS_HEADERS_MAX is a programming error.
void hs_headers_add(struct hs_headers *headers, const char *name, struct hs_str value);
void hs_headers_addf(struct hs_headers *headers, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct hs_header hs_headers_get(const struct hs_headers *headers, size_t index);
// The six every message carries: ce_id, ce_type, ce_source, ce_time (RFC 3339), ce_specversion,
// content-type.
void hs_headers_add_event(struct hs_headers *headers, struct hs_str id, const char *type,
                          struct hs_str source, int64_t at_ms, const char *content_type);

#endif
