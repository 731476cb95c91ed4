// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_YAML_TEXT_H
#define HITCTL_YAML_TEXT_H
/*
 * Writing the files of the controls that hitctl itself keeps: operations.yaml, groups.yaml. A value
 * that says nothing is left out. Threads: any. Ownership: appends to the caller's buffer.
 */

#include "base/arena.h"
#include "base/str.h"

// The comment at the head of a file and its one key.
void yaml_begin(struct hs_buf *out, const char *section);
// A row of the section.
void yaml_row(struct hs_buf *out, struct hs_str id);
void yaml_text(struct hs_buf *out, const char *key, struct hs_str value);
void yaml_names(struct hs_buf *out, const char *key, const struct hs_str *names, size_t count);
// Nothing where it is INT64_MAX.
void yaml_instant(struct hs_buf *out, const char *key, int64_t at_ms);
// Nothing where it is `none`.
void yaml_number(struct hs_buf *out, const char *key, int64_t value, int64_t none);

// "a, b,c" of a command line as names in `bump`, those between commas without spaces. HS_ENOMEM.
int yaml_split_names(struct hs_bump *bump, const char *text, const struct hs_str **ret_names,
                     size_t *ret_count);

#endif
