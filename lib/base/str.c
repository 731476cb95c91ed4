// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

int hs_str_cmp(struct hs_str a, struct hs_str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool hs_str_eq_nocase(struct hs_str a, struct hs_str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct hs_str hs_str_trim(struct hs_str s)
{
    while (s.len > 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

bool hs_str_split(struct hs_str *rest, char separator, struct hs_str *ret_field)
{
    if (!rest->ptr) {
        return false;
    }
    const char *end = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
    if (!end) {
        *ret_field = *rest;
        *rest = (struct hs_str){NULL, 0};
        return true;
    }
    size_t len = (size_t)(end - rest->ptr);
    *ret_field = (struct hs_str){rest->ptr, len};
    *rest = (struct hs_str){end + 1, rest->len - len - 1};
    return true;
}

int hs_str_to_u64(struct hs_str s, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (s.len == 0) {
        return HS_EFORMAT;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return HS_EFORMAT;
        }
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value)) {
            return HS_ELIMIT;
        }
    }
    *ret_value = value;
    return 0;
}

int hs_str_to_i64(struct hs_str s, int64_t *ret_value)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t magnitude;
    int rc = hs_str_to_u64(negative ? hs_str_n(s.ptr + 1, s.len - 1) : s, &magnitude);
    if (rc != 0) {
        return rc;
    }
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return HS_ELIMIT;
    }
    *ret_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return 0;
}

int hs_str_to_double(struct hs_str s, double *ret_value)
{
    char text[64];
    if (s.len == 0 || s.len >= sizeof(text) || is_space(s.ptr[0])) {
        return HS_EFORMAT;
    }
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (*end != '\0' || value != value || value - value != 0) {
        return HS_EFORMAT;
    }
    *ret_value = value;
    return 0;
}

// Length of the well-formed sequence at p, or 0.
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char first_from, first_to, second_from, second_to, len;
    } rows[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    if (p[0] < 0x80) {
        return 1;
    }
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        if (p[0] < rows[r].first_from || p[0] > rows[r].first_to) {
            continue;
        }
        if (left < rows[r].len || p[1] < rows[r].second_from || p[1] > rows[r].second_to) {
            return 0;
        }
        for (size_t i = 2; i < rows[r].len; i++) {
            if ((p[i] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return rows[r].len;
    }
    return 0;
}

size_t hs_str_utf8_len(struct hs_str s)
{
    return s.len > 0 ? utf8_sequence((const unsigned char *)s.ptr, s.len) : 0;
}

bool hs_str_is_utf8(struct hs_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len;) {
        size_t n = utf8_sequence(p + i, s.len - i);
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}

enum { NEAREST_MAX_BYTES = 64 }; // the positions of a word: a bit each

// Where each character stands in a word, in either case.
struct positions {
    uint64_t of[UCHAR_MAX + 1];
    unsigned len;
};

static void find_positions(struct hs_str word, struct positions *ret_positions)
{
    *ret_positions = (struct positions){.len = (unsigned)word.len};
    for (size_t i = 0; i < word.len; i++) {
        char c = lower(word.ptr[i]);
        ret_positions->of[(unsigned char)c] |= UINT64_C(1) << i;
        if (c >= 'a' && c <= 'z') {
            ret_positions->of[c - 'a' + 'A'] |= UINT64_C(1) << i;
        }
    }
}

// Levenshtein distance, case folded. A column of the usual table at once, as the bits of where it rises and falls from one
// row to the next (Myers, 'A fast bit-vector algorithm for approximate string matching', 1999; for whole strings Hyyro, 2003).
static unsigned edit_distance(const struct positions *word, struct hs_str other)
{
    uint64_t rises = UINT64_MAX, falls = 0;
    unsigned distance = word->len;
    if (word->len == 0) {
        return (unsigned)other.len;
    }
    const unsigned last = word->len - 1;
    for (size_t i = 0; i < other.len; i++) {
        uint64_t equal = word->of[(unsigned char)other.ptr[i]];
        uint64_t level = equal | falls;
        uint64_t diagonal = (((equal & rises) + rises) ^ rises) | equal;
        uint64_t rises_to = falls | ~(diagonal | rises); // from this column to the next
        uint64_t falls_to = rises & diagonal;
        distance += rises_to >> last & 1;
        distance -= falls_to >> last & 1;
        rises_to = rises_to << 1 | 1;
        falls_to <<= 1;
        rises = falls_to | ~(level | rises_to);
        falls = rises_to & level;
    }
    return distance;
}

const char *hs_str_nearest(struct hs_str word, const char *const *candidates)
{
    const char *best = NULL;
    unsigned best_distance = (unsigned)word.len / 3 + 2;
    struct positions positions;
    if (word.len > NEAREST_MAX_BYTES) {
        return NULL;
    }
    find_positions(word, &positions);
    for (; *candidates; candidates++) {
        unsigned distance = edit_distance(&positions, hs_str(*candidates));
        if (distance < best_distance && distance < strlen(*candidates)) {
            best = *candidates;
            best_distance = distance;
        }
    }
    return best;
}

char *hs_str_dup(struct hs_str s)
{
    char *copy = malloc(s.len + 1);
    if (copy) {
        if (s.len) {
            memcpy(copy, s.ptr, s.len);
        }
        copy[s.len] = '\0';
    }
    return copy;
}

void hs_str_to_field(struct hs_str s, char *field, size_t size_bytes)
{
    size_t len = s.len < size_bytes ? s.len : size_bytes - 1;
    while (len > 0 && len < s.len && ((unsigned char)s.ptr[len] & 0xc0) == 0x80) {
        len--; // within a character of UTF-8
    }
    if (len > 0) {
        memcpy(field, s.ptr, len);
    }
    memset(field + len, 0, size_bytes - len);
}

void hs_buf_fini(struct hs_buf *buf)
{
    free(buf->ptr);
    *buf = (struct hs_buf){0};
}

char *hs_buf_reserve(struct hs_buf *buf, size_t more_bytes)
{
    if (buf->status != 0) {
        return NULL;
    }
    if (buf->capacity - buf->len < more_bytes) {
        size_t capacity = buf->capacity ? buf->capacity : 256;
        while (capacity - buf->len < more_bytes) {
            if (__builtin_mul_overflow(capacity, 2, &capacity)) {
                buf->status = HS_ENOMEM;
                return NULL;
            }
        }
        char *ptr = realloc(buf->ptr, capacity);
        if (!ptr) {
            buf->status = HS_ENOMEM;
            return NULL;
        }
        buf->ptr = ptr;
        buf->capacity = capacity;
    }
    return buf->ptr + buf->len;
}

void hs_buf_add(struct hs_buf *buf, const void *bytes, size_t len_bytes)
{
    char *at = len_bytes ? hs_buf_reserve(buf, len_bytes) : NULL;
    if (at) {
        memcpy(at, bytes, len_bytes);
        buf->len += len_bytes;
    }
}

void hs_buf_add_str(struct hs_buf *buf, struct hs_str s)
{
    hs_buf_add(buf, s.ptr, s.len);
}

void hs_buf_add_text(struct hs_buf *buf, const char *text)
{
    hs_buf_add(buf, text, strlen(text));
}

void hs_buf_add_texts(struct hs_buf *buf, const char *first, ...)
{
    va_list rest;
    va_start(rest, first);
    for (const char *text = first; text; text = va_arg(rest, const char *)) {
        hs_buf_add_text(buf, text);
    }
    va_end(rest);
}

void hs_buf_add_char(struct hs_buf *buf, char c)
{
    hs_buf_add(buf, &c, 1);
}

void hs_buf_vprintf(struct hs_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    size_t room = buf->status == 0 ? buf->capacity - buf->len : 0;
    int len = vsnprintf(room ? buf->ptr + buf->len : NULL, room, format, args);
    char *at = len >= 0 ? hs_buf_reserve(buf, (size_t)len + 1) : NULL;
    if (at && (size_t)len >= room) { // it was cut off
        vsnprintf(at, (size_t)len + 1, format, again);
    }
    buf->len += at ? (size_t)len : 0;
    va_end(again);
}

void hs_buf_printf(struct hs_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    hs_buf_vprintf(buf, format, args);
    va_end(args);
}

const char *hs_buf_text(struct hs_buf *buf)
{
    char *end = hs_buf_reserve(buf, 1);
    if (!end) {
        return "";
    }
    *end = '\0';
    return buf->ptr;
}

void hs_hex_encode(const void *bytes, size_t len_bytes, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len_bytes; i++) {
        ret_text[2 * i] = digits[p[i] >> 4];
        ret_text[2 * i + 1] = digits[p[i] & 15];
    }
    ret_text[2 * len_bytes] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hs_hex_decode(struct hs_str text, void *ret_bytes, size_t len_bytes)
{
    if (text.len != 2 * len_bytes) {
        return HS_EFORMAT;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (hex_digit(text.ptr[i]) < 0) {
            return HS_EFORMAT;
        }
    }
    unsigned char *out = ret_bytes;
    for (size_t i = 0; i < len_bytes; i++) {
        out[i] = (unsigned char)(hex_digit(text.ptr[2 * i]) << 4 | hex_digit(text.ptr[2 * i + 1]));
    }
    return 0;
}
