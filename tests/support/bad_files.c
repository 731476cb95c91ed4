// SPDX-License-Identifier: Apache-2.0
#include "support/bad_files.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"

static const char *wanted_extension;

static int has_extension(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, wanted_extension) == 0;
}

static void read_file(const char *name, struct hs_buf *out)
{
    FILE *file = fopen(name, "re");
    if (!file) {
        return;
    }
    for (int c = getc(file); c != EOF; c = getc(file)) {
        hs_buf_add_char(out, (char)c);
    }
    fclose(file);
}

static void bless(const char *name, const struct hs_buf *said)
{
    FILE *file = fopen(name, "we");
    assert_non_null(file);
    fwrite(said->ptr, 1, said->len, file);
    fclose(file);
}

static void check_file(const char *name, hs_bad_file_reader *reader)
{
    char expected_name[512];
    struct hs_buf text = {0};
    struct hs_buf said = {0};
    struct hs_buf expected = {0};
    struct hs_diags diags = {0};
    snprintf(expected_name, sizeof(expected_name), "%.*s.expected",
             (int)(strrchr(name, '.') - name), name);
    read_file(name, &text);
    int rc = reader(hs_buf_str(&text), name, &diags);
    for (size_t i = 0; i < diags.count; i++) {
        hs_diag_format(&diags.rows[i], &said);
        hs_buf_add_char(&said, '\n');
    }
    if (getenv("HS_TEST_BLESS")) {
        bless(expected_name, &said);
    }
    read_file(expected_name, &expected);
    if (!hs_str_eq(hs_buf_str(&said), hs_buf_str(&expected)) || said.len == 0) {
        fail_msg("%s says\n%sexpected is\n%s", name, hs_buf_text(&said), hs_buf_text(&expected));
    }
    assert_int_equal(rc, strncmp(name, "warning-", 8) == 0 ? 0 : HS_EFORMAT);
    hs_buf_fini(&text);
    hs_buf_fini(&said);
    hs_buf_fini(&expected);
    hs_diags_fini(&diags);
}

void hs_bad_files_check(const char *folder, const char *extension, hs_bad_file_reader *reader)
{
    char path[1024];
    struct dirent **entries = NULL;
    snprintf(path, sizeof(path), HS_SOURCE_DIR "/tests/data/%s", folder);
    assert_int_equal(chdir(path), 0); // messages name the file as it was given
    wanted_extension = extension;
    int count = scandir(".", &entries, has_extension, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        check_file(entries[i]->d_name, reader);
        free(entries[i]);
    }
    free(entries);
}
