// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_BAD_FILES_H
#define HS_TEST_BAD_FILES_H
/*
 * One bad file a case, its name says what is wrong, and beside it NAME.expected: what a person is
 * told.
 *
 * HS_TEST_BLESS=1 writes what is said now, for review. Threads: one. Call from a cmocka test.
 */

#include "base/diag.h"

// Reads the file of this name and text; returns the reader's error.
typedef int hs_bad_file_reader(struct hs_str text, const char *name, struct hs_diags *diags);

// Every file of tests/data/<folder> that ends with `extension`; fails with the first that says
// something else. A file whose name begins with 'warning-' must be read all the same.
void hs_bad_files_check(const char *folder, const char *extension, hs_bad_file_reader *reader);

#endif
