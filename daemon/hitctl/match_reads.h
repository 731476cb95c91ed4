// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_MATCH_READS_H
#define HITCTL_MATCH_READS_H
/*
 * Reads from a file, for matching without Kafka: CSV with a header, or JSON lines; one line a read.
 *
 * CSV columns, order free: vrm, camera and captured_at must be there; confidence (one number, or
 * one a character), candidates ("AB12CDE:60; AB12CDF:40"), read_id and lane may be; others are left
 * out. A line of JSON is a PlateRead in proto3 JSON, in which the same names may stand as well.
 * Threads: one. Trusts nothing about the file. Bounds: a line of HITCTL_LINE_MAX_BYTES.
 */

#include "base/str.h"

struct hitctl_match_reads;

// `path` "-": standard input. An exit code, after saying why.
int hitctl_match_reads_open(const char *path, struct hitctl_match_reads **ret_reads);
void hitctl_match_reads_free(struct hitctl_match_reads *reads);

// Appends the next line's read to `packed` as a PlateRead. 1: a read; 0: the end; HS_EFORMAT: the
// line is no read, `why` says so: go on; another error: the file cannot be read on. *ret_line is
// its line in any case.
int hitctl_match_reads_next(struct hitctl_match_reads *reads, struct hs_buf *packed,
                            struct hs_buf *why, uint64_t *ret_line);

#endif
