// SPDX-License-Identifier: Apache-2.0
#include "wire/read_view.h"

#include "base/error.h"
#include "wire/framing.h"
#include "wire/scan.h"

// Numbers of PlateRead's fields; what they carry stands in read_wire_types.
enum {
    READ_VRM = 1,
    READ_CAMERA_ID = 2,
    READ_CAPTURED_AT_MS = 3,
    READ_CHAR_CONFIDENCE = 4,
    READ_CANDIDATES = 5,
    READ_LANE = 9,
    READ_POSITION = 10,
    READ_FIELDS = 17,
};
enum { CANDIDATE_VRM = 1, CANDIDATE_CONFIDENCE = 2, BATCH_READS = 1 };

static const uint8_t batch_wire_types[] = {HS_WIRE_ANY, HS_WIRE_BYTES};
static const struct hs_field_types batch_types = {batch_wire_types, 2};

static const uint8_t position_wire_types[] = {HS_WIRE_ANY, HS_WIRE_64BIT, HS_WIRE_64BIT};
static const struct hs_field_types position_types = {position_wire_types, 3};

static const uint8_t candidate_wire_types[] = {HS_WIRE_ANY, HS_WIRE_BYTES, HS_WIRE_VARINT};
static const struct hs_field_types candidate_types = {candidate_wire_types, 3};

static const uint8_t read_wire_types[READ_FIELDS] = {
    HS_WIRE_ANY,   HS_WIRE_BYTES,  HS_WIRE_BYTES,  HS_WIRE_VARINT, HS_WIRE_BYTES, HS_WIRE_BYTES,
    HS_WIRE_BYTES, HS_WIRE_VARINT, HS_WIRE_VARINT, HS_WIRE_VARINT, HS_WIRE_BYTES, HS_WIRE_BYTES,
    HS_WIRE_BYTES, HS_WIRE_BYTES,  HS_WIRE_BYTES,  HS_WIRE_BYTES,  HS_WIRE_BYTES,
};
static const struct hs_field_types read_types = {read_wire_types, READ_FIELDS};

// By tag: fields of one byte of tag that a view does not have.
enum skipped { NOT_SKIPPED, SKIPPED_TEXT, SKIPPED_NUMBER };
static const uint8_t skipped[256] = {
    [6 << 3 | HS_WIRE_BYTES] = SKIPPED_TEXT,  // read id
    [11 << 3 | HS_WIRE_BYTES] = SKIPPED_TEXT, // make
    [12 << 3 | HS_WIRE_BYTES] = SKIPPED_TEXT, // model
    [13 << 3 | HS_WIRE_BYTES] = SKIPPED_TEXT, // colour
    [14 << 3 | HS_WIRE_BYTES] = SKIPPED_TEXT, // images
    [15 << 3 | HS_WIRE_BYTES] = SKIPPED_TEXT,
    [7 << 3 | HS_WIRE_VARINT] = SKIPPED_NUMBER, // received at
    [8 << 3 | HS_WIRE_VARINT] = SKIPPED_NUMBER, // direction
};

// Behind any number of such fields, if they are short; a long one is left to hs_scan_field().
static inline const uint8_t *skip_fields(const uint8_t *at, const uint8_t *end)
{
    enum { COUNTRY_TAG_0 = (16 << 3 | HS_WIRE_BYTES) & 0x7f, COUNTRY_TAG_1 = 1 };
    uint64_t unused;
    while (end - at >= 3) {
        unsigned kind = skipped[at[0]], len = 0;
        if (kind == SKIPPED_TEXT && at[1] < 0x80 && at[1] <= end - at - 2) {
            len = 2U + at[1];
        } else if (kind == SKIPPED_NUMBER && end - at >= 9) {
            len = hs_scan_short_varint(at + 1, &unused);
            len += len != 0;
        } else if (at[0] == (COUNTRY_TAG_0 | 0x80) && at[1] == COUNTRY_TAG_1 && at[2] < 0x80 &&
                   at[2] <= end - at - 3) {
            len = 3U + at[2];
        }
        if (len == 0) {
            break;
        }
        at += len;
    }
    return at;
}

static uint8_t capped(uint32_t len)
{
    return (uint8_t)(len < UINT8_MAX ? len : UINT8_MAX);
}

static uint16_t offset_in(const struct hs_read_view *view, const struct hs_field *field)
{
    size_t offset = (size_t)(field->data - view->raw);
    return (uint16_t)(offset < UINT16_MAX ? offset : UINT16_MAX);
}

static bool position_is_sound(const struct hs_field *message)
{
    const uint8_t *end = message->data + message->len;
    struct hs_field field;
    for (const uint8_t *at = message->data; at && at < end;) {
        at = hs_scan_field(at, end, &position_types, &field);
        if (!at) {
            return false;
        }
    }
    return true;
}

// Adds the candidate to the view's unless there is no room for it; false when it is malformed.
static bool take_candidate(struct hs_read_view *view, const struct hs_field *message,
                           struct hs_candidate_view *scratch)
{
    const uint8_t *end = message->data + message->len;
    struct hs_field field, vrm = {0};
    uint32_t confidence_pct = 0;
    for (const uint8_t *at = message->data; at < end;) {
        at = hs_scan_field(at, end, &candidate_types, &field);
        if (!at) {
            return false;
        }
        if (field.number == CANDIDATE_VRM) {
            vrm = field;
            vrm.len = (uint32_t)hs_field_text(&field).len;
        } else if (field.number == CANDIDATE_CONFIDENCE) {
            confidence_pct = (uint32_t)hs_field_number(&field);
        }
    }
    if (view->candidate_count < HS_READ_CANDIDATES_MAX && vrm.len <= HS_CANDIDATE_TEXT_BYTES) {
        struct hs_candidate_view *candidate = &scratch[view->candidate_count++];
        *candidate = (struct hs_candidate_view){
            .vrm_len = (uint8_t)vrm.len,
            .confidence_pct = (uint8_t)(confidence_pct < 100 ? confidence_pct : 100),
        };
        if (vrm.len) {
            memcpy(candidate->vrm, vrm.data, vrm.len);
        }
    }
    return true;
}

// One field into the view; false when a message within it is malformed.
static inline __attribute__((always_inline)) bool take_field(struct hs_read_view *view,
                                                             const struct hs_field *field,
                                                             struct hs_candidate_view *scratch)
{
    uint32_t len;
    switch (field->number) {
    case READ_VRM:
        len = (uint32_t)hs_field_text(field).len;
        view->vrm_len = capped(len);
        memset(view->vrm, 0, sizeof(view->vrm));
        if (len && len <= sizeof(view->vrm)) {
            memcpy(view->vrm, field->data, len);
        }
        return true;
    case READ_CAMERA_ID:
        view->camera_id_len = capped((uint32_t)hs_field_text(field).len);
        view->camera_id_at = offset_in(view, field);
        return true;
    case READ_CAPTURED_AT_MS:
        view->captured_at_ms = (int64_t)hs_field_number(field);
        return true;
    case READ_CHAR_CONFIDENCE:
        view->char_confidence_len = capped(field->len);
        view->char_confidence_at = offset_in(view, field);
        return true;
    case READ_LANE:
        view->lane = capped((uint32_t)hs_field_number(field));
        return true;
    case READ_CANDIDATES:
        return take_candidate(view, field, scratch);
    case READ_POSITION:
        return position_is_sound(field);
    default:
        return true;
    }
}

// A short text of this tag, if it is what comes next: *ret_text, and what follows it. Else `at`.
static inline const uint8_t *take_next(const uint8_t *at, const uint8_t *end, unsigned number,
                                       struct hs_field *ret_text)
{
    if (end - at < 2 || at[0] != (number << 3 | HS_WIRE_BYTES) || (at[1] & 0x80) ||
        at[1] > end - at - 2) {
        return at;
    }
    *ret_text = (struct hs_field){.number = number, .len = at[1], .data = at + 2};
    return at + 2 + at[1];
}

// The four fields that matching needs, as far as they come first and in order, as they do from every encoder. What
// follows is read field by field, so that a later value wins here as well.
static inline const uint8_t *take_first_fields(struct hs_read_view *view, const uint8_t *at,
                                               const uint8_t *end)
{
    struct hs_field field;
    const uint8_t *next = take_next(at, end, READ_VRM, &field);
    if (next != at) {
        take_field(view, &field, NULL);
    }
    at = next;
    next = take_next(at, end, READ_CAMERA_ID, &field);
    if (next != at) {
        take_field(view, &field, NULL);
    }
    at = next;
    if (end - at >= 9 && at[0] == (READ_CAPTURED_AT_MS << 3 | HS_WIRE_VARINT)) {
        uint64_t captured_at_ms;
        unsigned len = hs_scan_short_varint(at + 1, &captured_at_ms);
        view->captured_at_ms = len ? (int64_t)captured_at_ms : 0;
        at += len ? 1 + len : 0;
    }
    next = take_next(at, end, READ_CHAR_CONFIDENCE, &field);
    if (next != at) {
        take_field(view, &field, NULL);
    }
    return next;
}

void hs_read_view_of(struct hs_str read, struct hs_candidate_view *scratch,
                     struct hs_read_view *ret_view)
{
    const uint8_t *raw = (const uint8_t *)read.ptr;
    const uint8_t *end = read.len ? raw + read.len : raw;
    struct hs_read_view view = {.raw = raw, .raw_len = (uint32_t)read.len, .candidates = scratch};
    struct hs_field field;
    if (read.len > HS_READ_BYTES_MAX) {
        *ret_view = (struct hs_read_view){0};
        return;
    }
    const uint8_t *at = take_first_fields(&view, raw, end);
    while ((at = skip_fields(at, end)) < end) {
        at = hs_scan_field(at, end, &read_types, &field);
        if (!at || !take_field(&view, &field, scratch)) {
            view = (struct hs_read_view){.raw = raw, .raw_len = (uint32_t)read.len};
            break;
        }
    }
    *ret_view = view;
}

int hs_read_views(struct hs_str message, struct hs_read_view *ret_views, size_t max,
                  struct hs_candidate_view *scratch, size_t *ret_count)
{
    struct hs_str payload;
    int status = hs_framing_strip(message, &payload);
    if (status != HS_OK) {
        return status;
    }
    const uint8_t *end = (const uint8_t *)(payload.len ? payload.ptr + payload.len : payload.ptr);
    struct hs_field field;
    size_t count = 0, candidates = 0;
    for (const uint8_t *at = (const uint8_t *)payload.ptr; at < end;) {
        at = hs_scan_field(at, end, &batch_types, &field);
        if (!at) {
            return HS_EFORMAT;
        }
        if (field.number != BATCH_READS) {
            continue;
        }
        if (count == max) {
            return HS_ELIMIT;
        }
        hs_read_view_of(hs_str_n(field.data, field.len), scratch + candidates, &ret_views[count]);
        candidates += ret_views[count++].candidate_count;
    }
    *ret_count = count;
    return HS_OK;
}

// The last value of a text or bytes field of the read, by a walk over it.
static struct hs_str look_for(const struct hs_read_view *view, uint32_t number)
{
    const uint8_t *end = view->raw + view->raw_len;
    struct hs_field field, last = {0};
    for (const uint8_t *at = view->raw; at && at < end;) {
        at = hs_scan_field(at, end, &read_types, &field);
        if (at && field.number == number) {
            last = field;
        }
    }
    return hs_str_n(last.data, last.len);
}

static struct hs_str cut_at_nul(struct hs_str text)
{
    return hs_str_n(text.ptr, text.len ? strnlen(text.ptr, text.len) : 0);
}

struct hs_str hs_read_view_vrm(const struct hs_read_view *view)
{
    if (view->vrm_len <= HS_VIEW_TEXT_BYTES) {
        return hs_str_n(view->vrm, view->vrm_len);
    }
    return cut_at_nul(look_for(view, READ_VRM));
}

struct hs_str hs_read_view_camera_id(const struct hs_read_view *view)
{
    if (view->camera_id_len == UINT8_MAX || view->camera_id_at == UINT16_MAX) {
        return cut_at_nul(look_for(view, READ_CAMERA_ID));
    }
    return hs_str_n(view->raw + view->camera_id_at, view->camera_id_len);
}

struct hs_str hs_read_view_char_confidence(const struct hs_read_view *view)
{
    if (view->char_confidence_len == UINT8_MAX || view->char_confidence_at == UINT16_MAX) {
        return look_for(view, READ_CHAR_CONFIDENCE);
    }
    return hs_str_n(view->raw + view->char_confidence_at, view->char_confidence_len);
}
