// SPDX-License-Identifier: Apache-2.0
/*
 * Encoders write fields in order of their numbers, most of them short. So a read is first walked in a straight line
 * that expects this (take_in_order), and only what it does not understand is read field by field (take_rest), where a
 * later value wins as well.
 */
#include "wire/read_view.h"

#include <emmintrin.h>

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
    READ_READ_ID = 6,
    READ_RECEIVED_AT_MS = 7,
    READ_DIRECTION = 8,
    READ_LANE = 9,
    READ_POSITION = 10,
    READ_MAKE = 11,
    READ_MODEL = 12,
    READ_COLOUR = 13,
    READ_PLATE_IMAGE = 14,
    READ_OVERVIEW_IMAGE = 15,
    READ_FIELDS = 18,
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
    HS_WIRE_BYTES, HS_WIRE_BYTES,  HS_WIRE_BYTES,  HS_WIRE_BYTES,  HS_WIRE_BYTES, HS_WIRE_BYTES,
};
static const struct hs_field_types read_types = {read_wire_types, READ_FIELDS};

static uint8_t capped(uint32_t len)
{
    return (uint8_t)(len < UINT8_MAX ? len : UINT8_MAX);
}

static uint16_t offset_in(const struct hs_read_view *view, const uint8_t *data)
{
    size_t offset = (size_t)(data - view->raw);
    return (uint16_t)(offset < UINT16_MAX ? offset : UINT16_MAX);
}

// The text to its first NUL, as hs_field_text() gives it: at once where 16 bytes can be read. Data and
// length are handed on as two scalars: a struct would be stored in pieces and loaded in one, which waits.
enum { GLANCE_BYTES = 16 };
static inline __attribute__((always_inline)) bool can_glance(const uint8_t *data, uint32_t len,
                                                             const uint8_t *end)
{
    return len <= GLANCE_BYTES && end - data >= GLANCE_BYTES;
}

static inline __attribute__((always_inline)) uint32_t glance_len(__m128i text, uint32_t len)
{
    unsigned nuls = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_setzero_si128()));
    return (uint32_t)__builtin_ctz(nuls | 1U << len);
}

static inline __attribute__((always_inline)) __m128i glance(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static uint32_t any_text_len(const uint8_t *data, uint32_t len)
{
    return (uint32_t)strnlen((const char *)data, len);
}

static inline __attribute__((always_inline)) uint32_t text_len(const uint8_t *data, uint32_t len,
                                                               const uint8_t *end)
{
    return can_glance(data, len, end) ? glance_len(glance(data), len) : any_text_len(data, len);
}

// Keeps the first `len` of 16 bytes; the mark's place has room for twelve.
static inline __attribute__((always_inline)) void copy_mark(char ret_vrm[HS_VIEW_TEXT_BYTES],
                                                            __m128i text, uint32_t len)
{
    static const uint8_t keep[2 * GLANCE_BYTES] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    };
    _Static_assert(HS_VIEW_TEXT_BYTES == 12, "eight bytes and four");
    text = _mm_and_si128(text, glance(keep + GLANCE_BYTES - len));
    int32_t tail = _mm_cvtsi128_si32(_mm_srli_si128(text, 8));
    _mm_storel_epi64((__m128i *)(void *)ret_vrm, text);
    memcpy(ret_vrm + 8, &tail, sizeof(tail));
}

static __attribute__((noinline)) void take_any_vrm(struct hs_read_view *view, const uint8_t *data,
                                                   uint32_t len)
{
    len = any_text_len(data, len);
    view->vrm_len = capped(len);
    memset(view->vrm, 0, sizeof(view->vrm));
    if (len && len <= sizeof(view->vrm)) {
        memcpy(view->vrm, data, len);
    }
}

static inline __attribute__((always_inline)) void
take_vrm(struct hs_read_view *view, const uint8_t *data, uint32_t len, const uint8_t *end)
{
    if (__builtin_expect(len <= HS_VIEW_TEXT_BYTES && can_glance(data, len, end), 1)) {
        __m128i text = glance(data);
        len = glance_len(text, len);
        view->vrm_len = (uint8_t)len;
        copy_mark(view->vrm, text, len);
    } else {
        take_any_vrm(view, data, len);
    }
}

static inline __attribute__((always_inline)) void
take_camera_id(struct hs_read_view *view, const uint8_t *data, uint32_t len, const uint8_t *end)
{
    view->camera_id_len = capped(text_len(data, len, end));
    view->camera_id_at = offset_in(view, data);
}

static inline __attribute__((always_inline)) void take_confidence(struct hs_read_view *view,
                                                                  const uint8_t *data, uint32_t len)
{
    view->char_confidence_len = capped(len);
    view->char_confidence_at = offset_in(view, data);
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

// Adds the candidate to the view's unless there is no room for it.
static inline void add_candidate(struct hs_read_view *view, const uint8_t *vrm, uint32_t vrm_len,
                                 uint32_t confidence_pct, struct hs_candidate_view *scratch)
{
    if (view->candidate_count < HS_READ_CANDIDATES_MAX && vrm_len <= HS_CANDIDATE_TEXT_BYTES) {
        struct hs_candidate_view *candidate = &scratch[view->candidate_count++];
        *candidate = (struct hs_candidate_view){
            .vrm_len = (uint8_t)vrm_len,
            .confidence_pct = (uint8_t)(confidence_pct < 100 ? confidence_pct : 100),
        };
        if (vrm_len) {
            memcpy(candidate->vrm, vrm, vrm_len);
        }
    }
}

// False when the candidate is malformed.
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
    add_candidate(view, vrm.data, vrm.len, confidence_pct, scratch);
    return true;
}

// One field into the view; false when a message within it is malformed.
static bool take_field(struct hs_read_view *view, const struct hs_field *field,
                       struct hs_candidate_view *scratch)
{
    const uint8_t *end = view->raw + view->raw_len;
    switch (field->number) {
    case READ_VRM:
        take_vrm(view, field->data, field->len, end);
        return true;
    case READ_CAMERA_ID:
        take_camera_id(view, field->data, field->len, end);
        return true;
    case READ_CAPTURED_AT_MS:
        view->captured_at_ms = (int64_t)hs_field_number(field);
        return true;
    case READ_CHAR_CONFIDENCE:
        take_confidence(view, field->data, field->len);
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

// Whether a short text of this number is what comes next.
static inline __attribute__((always_inline)) bool next_is_text(const uint8_t *at,
                                                               const uint8_t *end, unsigned number)
{
    return __builtin_expect(end - at >= 2 && at[0] == (number << 3 | HS_WIRE_BYTES) &&
                                at[1] < 0x80 && at[1] <= end - at - 2,
                            1);
}

// Tags of texts that a view does not ask for.
static const bool is_skipped_text[UINT8_MAX + 1] = {
    [READ_READ_ID << 3 | HS_WIRE_BYTES] = true,
    [READ_MAKE << 3 | HS_WIRE_BYTES] = true,
    [READ_MODEL << 3 | HS_WIRE_BYTES] = true,
    [READ_COLOUR << 3 | HS_WIRE_BYTES] = true,
    [READ_PLATE_IMAGE << 3 | HS_WIRE_BYTES] = true,
    [READ_OVERVIEW_IMAGE << 3 | HS_WIRE_BYTES] = true,
};

// Behind all such short texts that come now, whatever their order.
static inline __attribute__((always_inline)) const uint8_t *skip_texts(const uint8_t *at,
                                                                       const uint8_t *end)
{
    while (end - at >= 2 && is_skipped_text[at[0]] && at[1] < 0x80 && at[1] <= end - at - 2) {
        at += 2 + at[1];
    }
    return at;
}

// Behind a varint of this number of one byte, if there is one, which is left in *ret_value.
static inline __attribute__((always_inline)) const uint8_t *
take_byte(const uint8_t *at, const uint8_t *end, unsigned number, uint8_t *ret_value)
{
    if (__builtin_expect(end - at >= 2 && at[0] == (number << 3 | HS_WIRE_VARINT) && at[1] < 0x80,
                         1)) {
        *ret_value = at[1];
        at += 2;
    }
    return at;
}

// Likewise of six bytes: what a time in milliseconds takes from 2004 to 2109. Seven bits a byte are
// drawn together in two steps.
static inline __attribute__((always_inline)) const uint8_t *
take_time(const uint8_t *at, const uint8_t *end, unsigned number, int64_t *ret_at_ms)
{
    const uint64_t stops = UINT64_C(0x808080808080), of_six = UINT64_C(0x008080808080);
    uint64_t word;
    if (end - at < 9) {
        return at;
    }
    memcpy(&word, at + 1, sizeof(word));
    if (__builtin_expect(at[0] == (number << 3 | HS_WIRE_VARINT) && (word & stops) == of_six, 1)) {
        word = (word & UINT64_C(0x007f007f007f)) | (word >> 1 & UINT64_C(0x3f803f803f80));
        *ret_at_ms = (int64_t)((word & 0x3fff) | (word >> 2 & 0x3fff << 14) |
                               (word >> 4 & UINT64_C(0x3fff) << 28));
        at += 7;
    }
    return at;
}

// A candidate as every encoder writes it: its mark, and its confidence in one byte. Else `at`.
static inline const uint8_t *take_plain_candidate(struct hs_read_view *view, const uint8_t *at,
                                                  const uint8_t *end,
                                                  struct hs_candidate_view *scratch)
{
    const uint8_t *mark = at + 2, *confidence = mark + 2 + mark[1], *next = at + 2 + at[1];
    if (!next_is_text(mark, next, CANDIDATE_VRM) || next - confidence != 2 ||
        confidence[0] != (CANDIDATE_CONFIDENCE << 3 | HS_WIRE_VARINT) || confidence[1] >= 0x80) {
        return at;
    }
    add_candidate(view, mark + 2, text_len(mark + 2, mark[1], end), confidence[1], scratch);
    return next;
}

// Fields as far as they come in order, each at most once but for candidates; what follows them.
static inline const uint8_t *take_in_order(struct hs_read_view *view, const uint8_t *at,
                                           const uint8_t *end, struct hs_candidate_view *scratch)
{
    enum { COUNTRY_TAG_0 = 0x80 | ((16 << 3 | HS_WIRE_BYTES) & 0x7f), COUNTRY_TAG_1 = 1 };
    int64_t received_at_ms;
    uint8_t direction;
    if (next_is_text(at, end, READ_VRM)) {
        take_vrm(view, at + 2, at[1], end);
        at += 2 + at[1];
    }
    if (next_is_text(at, end, READ_CAMERA_ID)) {
        take_camera_id(view, at + 2, at[1], end);
        at += 2 + at[1];
    }
    at = take_time(at, end, READ_CAPTURED_AT_MS, &view->captured_at_ms);
    if (next_is_text(at, end, READ_CHAR_CONFIDENCE)) {
        take_confidence(view, at + 2, at[1]);
        at += 2 + at[1];
    }
    while (next_is_text(at, end, READ_CANDIDATES) && at[1] >= 2) {
        const uint8_t *next = take_plain_candidate(view, at, end, scratch);
        if (next == at) {
            return at;
        }
        at = next;
    }
    at = skip_texts(at, end);
    at = take_time(at, end, READ_RECEIVED_AT_MS, &received_at_ms);
    at = take_byte(at, end, READ_DIRECTION, &direction);
    at = take_byte(at, end, READ_LANE, &view->lane);
    at = skip_texts(at, end);
    if (end - at >= 3 && at[0] == COUNTRY_TAG_0 && at[1] == COUNTRY_TAG_1 && at[2] < 0x80 &&
        at[2] <= end - at - 3) {
        at += 3 + at[2];
    }
    return at;
}

// All further fields; false when one is malformed.
static __attribute__((noinline)) bool take_rest(struct hs_read_view *view, const uint8_t *at,
                                                const uint8_t *end,
                                                struct hs_candidate_view *scratch)
{
    struct hs_field field;
    while (at < end) {
        at = hs_scan_field(at, end, &read_types, &field);
        if (!at || !take_field(view, &field, scratch)) {
            return false;
        }
    }
    return true;
}

static inline __attribute__((always_inline)) void
view_of(struct hs_str read, struct hs_candidate_view *scratch, struct hs_read_view *ret_view)
{
    const uint8_t *raw = (const uint8_t *)read.ptr;
    const uint8_t *end = read.len ? raw + read.len : raw;
    if (read.len > HS_READ_BYTES_MAX) {
        *ret_view = (struct hs_read_view){0};
        return;
    }
    *ret_view =
        (struct hs_read_view){.raw = raw, .raw_len = (uint32_t)read.len, .candidates = scratch};
    const uint8_t *at = take_in_order(ret_view, raw, end, scratch);
    if (__builtin_expect(at != end, 0) && !take_rest(ret_view, at, end, scratch)) {
        *ret_view = (struct hs_read_view){.raw = raw, .raw_len = (uint32_t)read.len};
    }
}

void hs_read_view_of(struct hs_str read, struct hs_candidate_view *scratch,
                     struct hs_read_view *ret_view)
{
    view_of(read, scratch, ret_view);
}

// The next field of a batch, when it is a read: behind its head, with its length. A read's length mostly
// takes two bytes. Else NULL.
static inline __attribute__((always_inline)) const uint8_t *
next_read(const uint8_t *at, const uint8_t *end, uint32_t *ret_len)
{
    enum { TAG = BATCH_READS << 3 | HS_WIRE_BYTES };
    if (end - at < 3 || at[0] != TAG || at[1] < 0x80 || at[2] >= 0x80) {
        return NULL;
    }
    *ret_len = (at[1] & 0x7fU) | (uint32_t)at[2] << 7;
    return *ret_len <= end - at - 3 ? at + 3 : NULL;
}

int hs_read_views(struct hs_str message, struct hs_read_view *ret_views, size_t max,
                  struct hs_candidate_view *scratch, size_t *ret_count)
{
    struct hs_str payload = message;
    if (message.len > 0 && message.ptr[0] == '\0') {
        int status = hs_framing_strip(message, &payload);
        if (status != HS_OK) {
            return status;
        }
    }
    const uint8_t *end = (const uint8_t *)(payload.len ? payload.ptr + payload.len : payload.ptr);
    size_t count = 0;
    for (const uint8_t *at = (const uint8_t *)payload.ptr; at < end;) {
        uint32_t len;
        const uint8_t *read = next_read(at, end, &len);
        if (!read) {
            struct hs_field field;
            at = hs_scan_field(at, end, &batch_types, &field);
            if (!at) {
                return HS_EFORMAT;
            }
            if (field.number != BATCH_READS) {
                continue;
            }
            read = field.data;
            len = field.len;
        } else {
            at = read + len;
        }
        if (count == max) {
            return HS_ELIMIT;
        }
        view_of(hs_str_n(read, len), scratch, &ret_views[count]);
        scratch += ret_views[count++].candidate_count;
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
