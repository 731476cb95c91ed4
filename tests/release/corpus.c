// SPDX-License-Identifier: Apache-2.0
#include "release/corpus.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/file.h"

enum { FILE_MAX = 16 << 20, HEAD_BYTES = 20 };

const char *const corpus_plates[] = {"AB12CDE", "A812CDE", "AB1ZCDE", "ABI2CDE", "XY12ABC",
                                     "XY12A8C", "CD34EFG", "CD34EF6", "ZZ99ZZZ", NULL};

void corpus_add_row(struct hs_buf *out, uint64_t number, int64_t time_ms, struct hs_str bytes)
{
    uint64_t words[2] = {htole64(number), htole64((uint64_t)time_ms)};
    uint32_t len = htole32((uint32_t)bytes.len);
    hs_buf_add(out, words, sizeof(words));
    hs_buf_add(out, &len, sizeof(len));
    hs_buf_add_str(out, bytes);
}

void corpus_read(const char *folder, const char *name, struct hs_buf *out)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (hs_file_read(path, FILE_MAX, out) != 0) {
        fail_msg("'%s' cannot be read", path);
    }
}

void corpus_read_rows(const char *folder, const char *name, struct corpus_rows *ret_rows)
{
    *ret_rows = (struct corpus_rows){0};
    corpus_read(folder, name, &ret_rows->file);
    struct hs_str rest = hs_buf_str(&ret_rows->file);
    ret_rows->rows = calloc(rest.len / HEAD_BYTES + 1, sizeof(*ret_rows->rows));
    assert_non_null(ret_rows->rows);
    while (rest.len > 0) {
        uint64_t words[2];
        uint32_t len;
        assert_true(rest.len >= HEAD_BYTES);
        memcpy(words, rest.ptr, sizeof(words));
        memcpy(&len, rest.ptr + sizeof(words), sizeof(len));
        len = le32toh(len);
        assert_true(rest.len - HEAD_BYTES >= len);
        ret_rows->rows[ret_rows->count++] = (struct corpus_row){
            le64toh(words[0]), (int64_t)le64toh(words[1]), hs_str_n(rest.ptr + HEAD_BYTES, len)};
        rest = hs_str_n(rest.ptr + HEAD_BYTES + len, rest.len - HEAD_BYTES - len);
    }
}

void corpus_rows_fini(struct corpus_rows *rows)
{
    hs_buf_fini(&rows->file);
    free(rows->rows);
}
