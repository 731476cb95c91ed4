// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_SNAPSHOT_FILE_H
#define HS_MATCH_SNAPSHOT_FILE_H
/*
 * For tests of the file on disk, which must get past its checksums to what stands behind them.
 *
 * Threads: any; pure. Ownership: the bytes are the caller's.
 */

#include <stddef.h>
#include <stdint.h>

// Makes size and checksums of a snapshot's file hold, whatever else it says.
void hs_snapshot_file_seal(uint8_t *file, size_t size_bytes);

#endif
