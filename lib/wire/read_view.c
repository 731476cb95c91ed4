// SPDX-License-Identifier: Apache-2.0
#include "wire/read_view.h"

#include "base/error.h"
#include "wire/framing.h"

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_64BIT = 1,
    WIRE_BYTES = 2,
    WIRE_32BIT = 5,
    WIRE_ANY = 8, // of a field that is not known
};

enum { TAG_BYTES_MAX = 5, LENGTH_BYTES_MAX = 5, VARINT_BYTES_MAX = 10 };

// Numbers of PlateRead's fields; what they carry stands in read_wire_types.
enum {
    READ_VRM = 1,
    READ_CAMERA_ID = 2,
    READ_CAPTURED_AT_MS = 3,
    READ_CHAR_CONFIDENCE = 4,
    READ_CANDIDATES = 5,
    READ_POSITION = 10,
    READ_FIELDS = 17,
};
enum { CANDIDATE_VRM = 1, CANDIDATE_CONFIDENCE = 2, BATCH_READS = 1 };

static const uint8_t batch_wire_types[] = {WIRE_ANY, WIRE_BYTES};
static const uint8_t position_wire_types[] = {WIRE_ANY, WIRE_64BIT, WIRE_64BIT};
static const uint8_t candidate_wire_types[] = {WIRE_ANY, WIRE_BYTES, WIRE_VARINT};
static const uint8_t read_wire_types[READ_FIELDS] = {
    WIRE_ANY,   WIRE_BYTES,  WIRE_BYTES,  WIRE_VARINT, WIRE_BYTES, WIRE_BYTES,
    WIRE_BYTES, WIRE_VARINT, WIRE_VARINT, WIRE_VARINT, WIRE_BYTES, WIRE_BYTES,
    WIRE_BYTES, WIRE_BYTES,  WIRE_BYTES,  WIRE_BYTES,  WIRE_BYTES,
};

// One field as it stands in the message.
struct field {
    uint32_t number;
    const uint8_t *data; // of a text or message: behind its length
    uint32_t len;        // bytes of data
};

// The next field, with protobuf-c's limits: a tag of five bytes, a length of five bytes and 31
// bits, a varint of ten bytes, no groups, no field number 0 in one byte. Returns what follows it,
// or NULL for a malformed one.
static inline const uint8_t *next_field(const uint8_t *at, const uint8_t *end,
                                        const uint8_t *wire_types, size_t known,
                                        struct field *ret_field)
{
    if ((at[0] & 0xf8) == 0) {
        return NULL;
    }
    unsigned wire_type = at[0] & 7;
    uint32_t number = (at[0] & 0x7fU) >> 3;
    for (unsigned i = 1, shift = 4; at++, i <= TAG_BYTES_MAX && (at[-1] & 0x80); i++, shift += 7) {
        if (at == end || i == TAG_BYTES_MAX) {
            return NULL;
        }
        number |= (at[0] & 0x7fU) << shift;
    }
    unsigned expected = number < known ? wire_types[number] : WIRE_ANY;
    if (expected != WIRE_ANY && expected != wire_type) {
        return NULL;
    }
    size_t left = (size_t)(end - at);
    uint64_t len = 0;
    unsigned i = 0;
    switch (wire_type) {
    case WIRE_VARINT:
        while (i < VARINT_BYTES_MAX && i < left && (at[i] & 0x80)) {
            i++;
        }
        if (i == VARINT_BYTES_MAX || i == left) {
            return NULL;
        }
        len = i + 1;
        break;
    case WIRE_64BIT:
        len = 8;
        break;
    case WIRE_32BIT:
        len = 4;
        break;
    case WIRE_BYTES:
        for (;; i++) {
            if (i == LENGTH_BYTES_MAX || i == left) {
                return NULL;
            }
            len |= (uint64_t)(at[i] & 0x7f) << (7 * i);
            if (!(at[i] & 0x80)) {
                break;
            }
        }
        at += i + 1;
        left -= i + 1;
        break;
    default:
        return NULL;
    }
    if (len > left || len > INT32_MAX) {
        return NULL;
    }
    *ret_field = (struct field){number, at, (uint32_t)len};
    return at + len;
}

static uint64_t varint(const struct field *field)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < field->len; i++) {
        value |= (uint64_t)(field->data[i] & 0x7f) << (7 * i);
    }
    return value;
}

// A text's length as C sees it.
static uint32_t text_len(const struct field *field)
{
    const uint8_t *nul = field->len ? memchr(field->data, 0, field->len) : NULL;
    return nul ? (uint32_t)(nul - field->data) : field->len;
}

static uint8_t capped(uint32_t len)
{
    return (uint8_t)(len < UINT8_MAX ? len : UINT8_MAX);
}

static uint16_t offset_in(const struct hs_read_view *view, const struct field *field)
{
    size_t offset = (size_t)(field->data - view->raw);
    return (uint16_t)(offset < UINT16_MAX ? offset : UINT16_MAX);
}

static bool position_is_sound(const struct field *message)
{
    const uint8_t *end = message->data + message->len;
    struct field field;
    for (const uint8_t *at = message->data; at && at < end;) {
        at = next_field(at, end, position_wire_types, sizeof(position_wire_types), &field);
        if (!at) {
            return false;
        }
    }
    return true;
}

// Adds the candidate to the view's unless there is no room for it; false when it is malformed.
static bool take_candidate(struct hs_read_view *view, const struct field *message,
                           struct hs_candidate_view *scratch)
{
    const uint8_t *end = message->data + message->len;
    struct field field, vrm = {0};
    uint32_t confidence_pct = 0;
    for (const uint8_t *at = message->data; at < end;) {
        at = next_field(at, end, candidate_wire_types, sizeof(candidate_wire_types), &field);
        if (!at) {
            return false;
        }
        if (field.number == CANDIDATE_VRM) {
            vrm = field;
            vrm.len = text_len(&field);
        } else if (field.number == CANDIDATE_CONFIDENCE) {
            confidence_pct = (uint32_t)varint(&field);
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
static inline bool take_field(struct hs_read_view *view, const struct field *field,
                              struct hs_candidate_view *scratch)
{
    uint32_t len;
    switch (field->number) {
    case READ_VRM:
        len = text_len(field);
        view->vrm_len = capped(len);
        memset(view->vrm, 0, sizeof(view->vrm));
        if (len) {
            memcpy(view->vrm, field->data, len < sizeof(view->vrm) ? len : sizeof(view->vrm));
        }
        return true;
    case READ_CAMERA_ID:
        view->camera_id_len = capped(text_len(field));
        view->camera_id_at = offset_in(view, field);
        return true;
    case READ_CAPTURED_AT_MS:
        view->captured_at_ms = (int64_t)varint(field);
        return true;
    case READ_CHAR_CONFIDENCE:
        view->char_confidence_len = capped(field->len);
        view->char_confidence_at = offset_in(view, field);
        return true;
    case READ_CANDIDATES:
        return take_candidate(view, field, scratch);
    case READ_POSITION:
        return position_is_sound(field);
    default:
        return true;
    }
}

static void view_of(const struct field *read, struct hs_candidate_view *scratch,
                    struct hs_read_view *ret_view)
{
    struct hs_read_view view = {.raw = read->data, .raw_len = read->len, .candidates = scratch};
    const uint8_t *end = read->data + read->len;
    struct field field;
    for (const uint8_t *at = read->data; at < end;) {
        at = next_field(at, end, read_wire_types, READ_FIELDS, &field);
        if (!at || !take_field(&view, &field, scratch)) {
            view = (struct hs_read_view){.raw = read->data, .raw_len = read->len};
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
    const uint8_t *end = (const uint8_t *)payload.ptr + payload.len;
    struct field field;
    size_t count = 0;
    for (const uint8_t *at = (const uint8_t *)payload.ptr; at < end;) {
        at = next_field(at, end, batch_wire_types, sizeof(batch_wire_types), &field);
        if (!at) {
            return HS_EFORMAT;
        }
        if (field.number != BATCH_READS) {
            continue;
        }
        if (count == max) {
            return HS_ELIMIT;
        }
        view_of(&field, scratch + count * HS_READ_CANDIDATES_MAX, &ret_views[count]);
        count++;
    }
    *ret_count = count;
    return HS_OK;
}

// The last value of a text or bytes field of the read, by a walk over it.
static struct hs_str look_for(const struct hs_read_view *view, uint32_t number)
{
    const uint8_t *end = view->raw + view->raw_len;
    struct field field, last = {0};
    for (const uint8_t *at = view->raw; at && at < end;) {
        at = next_field(at, end, read_wire_types, READ_FIELDS, &field);
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
