// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONFIG_FILE_H
#define HS_CONFIG_FILE_H
/*
 * Small files read whole: configuration, keys, passwords. Threads: any. Bounds: the caller's limit.
 */

#include "base/str.h"

// Appends the file to `out`. HS_ENOTFOUND, HS_EPERM, HS_EIO; HS_ELIMIT when it is longer than
// `limit_bytes`.
int hs_file_read(const char *path, size_t limit_bytes, struct hs_buf *out);
// A password or key: the file's text without white space at its ends, at most 4 KiB. HS_EFORMAT
// when empty.
int hs_file_read_secret(const char *path, struct hs_buf *out);

#endif
