// SPDX-License-Identifier: Apache-2.0
#include "wire/header.h"

#include <assert.h>

#include "base/civil.h"

void hs_headers_fini(struct hs_headers *headers)
{
    hs_buf_fini(&headers->text);
    headers->count = 0;
}

void hs_headers_clear(struct hs_headers *headers)
{
    hs_buf_clear(&headers->text);
    headers->count = 0;
}

// The row for what was appended to the text since `at`.
static void add_row(struct hs_headers *headers, const char *name, size_t at)
{
    assert(headers->count < HS_HEADERS_MAX);
    size_t len = headers->text.len > at ? headers->text.len - at : 0;
    headers->rows[headers->count].name = name;
    headers->rows[headers->count].at = (uint32_t)at;
    headers->rows[headers->count].len = (uint32_t)len;
    headers->count++;
}

void hs_headers_add(struct hs_headers *headers, const char *name, struct hs_str value)
{
    size_t at = headers->text.len;
    hs_buf_add_str(&headers->text, value);
    add_row(headers, name, at);
}

void hs_headers_addf(struct hs_headers *headers, const char *name, const char *format, ...)
{
    size_t at = headers->text.len;
    va_list args;
    va_start(args, format);
    hs_buf_vprintf(&headers->text, format, args);
    va_end(args);
    add_row(headers, name, at);
}

struct hs_header hs_headers_get(const struct hs_headers *headers, size_t index)
{
    assert(index < headers->count);
    const char *text = headers->text.ptr ? headers->text.ptr : "";
    return (struct hs_header){
        headers->rows[index].name,
        hs_str_n(text + headers->rows[index].at, headers->rows[index].len),
    };
}

void hs_headers_add_event(struct hs_headers *headers, struct hs_str id, const char *type,
                          struct hs_str source, int64_t at_ms, const char *content_type)
{
    char at[HS_CIVIL_TEXT_BYTES];
    hs_civil_format(at_ms, at);
    hs_headers_add(headers, "ce_id", id);
    hs_headers_add(headers, "ce_type", hs_str(type));
    hs_headers_add(headers, "ce_source", source);
    hs_headers_add(headers, "ce_time", hs_str(at));
    hs_headers_add(headers, "ce_specversion", HS_STR("1.0"));
    hs_headers_add(headers, "content-type", hs_str(content_type));
}
