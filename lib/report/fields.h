// SPDX-License-Identifier: Apache-2.0
#ifndef HS_REPORT_FIELDS_H
#define HS_REPORT_FIELDS_H
/*
 * A loop over a packed message's fields, and reading one field of the type that is expected: one of
 * another type counts as malformed. Private to lib/report.
 *
 * Threads: any; pure. Ownership: fields borrow from the message.
 */

#include "wire/ids.h"
#include "wire/scan.h"

// A message under way.
struct hs_fields {
    const uint8_t *at;
    const uint8_t *end;
    bool bad; // malformed: the loop is over
};

static inline struct hs_fields hs_fields_of(struct hs_str packed)
{
    const uint8_t *at = (const uint8_t *)packed.ptr;
    return (struct hs_fields){at, at + packed.len, false};
}

// The next field; false at the end, or when the message is malformed.
static inline bool hs_fields_next(struct hs_fields *fields, struct hs_field *ret_field)
{
    static const struct hs_field_types any = {NULL, 0};
    if (fields->bad || fields->at >= fields->end) {
        return false;
    }
    fields->at = hs_scan_field(fields->at, fields->end, &any, ret_field);
    fields->bad = !fields->at;
    return !fields->bad;
}

static inline bool hs_fields_is(struct hs_fields *fields, const struct hs_field *field,
                                enum hs_wire_type type)
{
    fields->bad |= field->wire_type != (unsigned)type;
    return !fields->bad;
}

static inline struct hs_str hs_fields_text(struct hs_fields *fields, const struct hs_field *field)
{
    return hs_fields_is(fields, field, HS_WIRE_BYTES) ? hs_field_text(field) : HS_STR("");
}

// A sub-message, packed.
static inline struct hs_str hs_fields_message(struct hs_fields *fields,
                                              const struct hs_field *field)
{
    return hs_fields_is(fields, field, HS_WIRE_BYTES) ? hs_str_n(field->data, field->len)
                                                      : HS_STR("");
}

static inline uint64_t hs_fields_number(struct hs_fields *fields, const struct hs_field *field)
{
    return hs_fields_is(fields, field, HS_WIRE_VARINT) ? hs_field_number(field) : 0;
}

static inline void hs_fields_id(struct hs_fields *fields, const struct hs_field *field,
                                struct hs_id *ret_id)
{
    fields->bad |= field->wire_type != HS_WIRE_BYTES || field->len != HS_ID_BYTES;
    if (!fields->bad) {
        memcpy(ret_id->bytes, field->data, HS_ID_BYTES);
    }
}

#endif
