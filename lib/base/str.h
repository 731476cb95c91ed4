// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_STR_H
#define HS_BASE_STR_H
/*
 * Text: borrowed views (struct hs_str) and growing buffers (struct hs_buf).
 *
 * Threads: no shared state. Ownership: a view borrows; a buffer owns its bytes until hs_buf_fini().
 * Allocation failure in a buffer is sticky: later appends do nothing, hs_buf_status() tells at the
 * end.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Bytes somewhere else; not terminated.
struct hs_str {
    const char *ptr; // may be NULL when len is 0
    size_t len;      // bytes
};

#define HS_STR(literal) ((struct hs_str){(literal), sizeof(literal) - 1})
// For printf: printf("%.*s", HS_STR_ARG(s)).
#define HS_STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

// A view of a terminated string; NULL gives the empty view.
static inline struct hs_str hs_str(const char *text)
{
    return (struct hs_str){text, text ? strlen(text) : 0};
}

static inline struct hs_str hs_str_n(const void *ptr, size_t len_bytes)
{
    return (struct hs_str){ptr, len_bytes};
}

static inline bool hs_str_eq(struct hs_str a, struct hs_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool hs_str_is(struct hs_str a, const char *text)
{
    return hs_str_eq(a, hs_str(text));
}

// Bytewise order, shorter first among equal prefixes; < 0, 0, > 0.
int hs_str_cmp(struct hs_str a, struct hs_str b);

// Equal but for ASCII case.
bool hs_str_eq_nocase(struct hs_str a, struct hs_str b);

// Without ASCII white space at both ends.
struct hs_str hs_str_trim(struct hs_str s);

// Cuts the text up to the next separator off the front of *rest; false when *rest was already used
// up (its ptr is then NULL). "a,,b" gives "a", "", "b"; "" gives one empty field.
bool hs_str_split(struct hs_str *rest, char separator, struct hs_str *ret_field);

// Whole-text decimal numbers; HS_EFORMAT for anything else, HS_ELIMIT outside the type.
int hs_str_to_i64(struct hs_str s, int64_t *ret_value);
int hs_str_to_u64(struct hs_str s, uint64_t *ret_value);
int hs_str_to_double(struct hs_str s, double *ret_value);

// Well-formed UTF-8 (RFC 3629).
bool hs_str_is_utf8(struct hs_str s);
// Bytes of the first character if it is well-formed UTF-8; 0 if not, or when there is none.
size_t hs_str_utf8_len(struct hs_str s);

// The candidate nearest to `word` by edit distance, or NULL when none is within a third of its
// length. Candidates end with NULL. For 'did you mean'; not for plates.
const char *hs_str_nearest(struct hs_str word, const char *const *candidates);

// A NUL-terminated copy in malloc'd memory, or NULL.
char *hs_str_dup(struct hs_str s);
// A NUL-terminated copy in a field of a struct, cut before the character that does not fit whole;
// zeros fill the rest, so that equal fields are equal bytes.
void hs_str_to_field(struct hs_str s, char *field, size_t size_bytes);

// A growing byte buffer. Zero-initialised is empty and valid.
struct hs_buf {
    char *ptr;       // malloc'd, or NULL
    size_t len;      // bytes used
    size_t capacity; // bytes allocated
    int status;      // 0, or HS_ENOMEM once an allocation failed
};

void hs_buf_fini(struct hs_buf *buf);
static inline void hs_buf_clear(struct hs_buf *buf)
{
    buf->len = 0;
}
static inline struct hs_str hs_buf_str(const struct hs_buf *buf)
{
    return (struct hs_str){buf->ptr, buf->len};
}
static inline int hs_buf_status(const struct hs_buf *buf)
{
    return buf->status;
}

// Room for `more` bytes at the end; returns where they go, or NULL (status is set).
char *hs_buf_reserve(struct hs_buf *buf, size_t more_bytes);
void hs_buf_add(struct hs_buf *buf, const void *bytes, size_t len_bytes);
void hs_buf_add_str(struct hs_buf *buf, struct hs_str s);
void hs_buf_add_text(struct hs_buf *buf, const char *text);
// Several texts one after the other, ending with NULL: a tenth of what a format costs.
void hs_buf_add_texts(struct hs_buf *buf, const char *first, ...) __attribute__((sentinel));
void hs_buf_add_char(struct hs_buf *buf, char c);
void hs_buf_printf(struct hs_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void hs_buf_vprintf(struct hs_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
// Terminated text of the buffer, valid until its next change; "" when empty or failed.
const char *hs_buf_text(struct hs_buf *buf);

// Lower-case hex of `len` bytes; `ret_text` has room for 2 * len + 1.
void hs_hex_encode(const void *bytes, size_t len_bytes, char *ret_text);
// HS_EFORMAT unless `text` is exactly 2 * len_bytes hex digits.
int hs_hex_decode(struct hs_str text, void *ret_bytes, size_t len_bytes);

#endif
