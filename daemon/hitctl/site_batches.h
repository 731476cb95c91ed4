// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_SITE_BATCHES_H
#define HITCTL_SITE_BATCHES_H
/*
 * Reads gathered into PlateReadBatch messages, one open batch a site.
 *
 * A batch is handed to the sink when it holds as many reads as asked for, when the next read would
 * make it longer than 256 KiB, when it is older than the linger time, or at a flush; a site's reads
 * keep their order. Threads: one. Ownership: sites and reads are copied; what the sink gets is
 * borrowed. Bounds: SITES_MAX sites (then all batches are handed over and forgotten).
 */

#include "base/str.h"

enum { HITCTL_BATCH_READS_MAX = 500, HITCTL_BATCH_MAX_BYTES = 256 << 10 };

// Gets each full batch: a packed PlateReadBatch. Not 0 stops: the caller of add or flush gets it.
typedef int hitctl_batch_sink(void *ctx, struct hs_str site, struct hs_str packed, uint32_t reads);

struct hitctl_batches;

// `reads_max` from 1 to HITCTL_BATCH_READS_MAX. NULL: out of memory.
struct hitctl_batches *hitctl_batches_new(uint32_t reads_max, hitctl_batch_sink *sink, void *ctx);
void hitctl_batches_free(struct hitctl_batches *batches);
// Adds one packed PlateRead. HS_ELIMIT: it alone is longer than a message may be.
int hitctl_batches_add(struct hitctl_batches *batches, struct hs_str site, struct hs_str read,
                       int64_t now_ns);
// Hands over what was begun at or before this time (INT64_MAX: everything), oldest site first.
int hitctl_batches_flush(struct hitctl_batches *batches, int64_t begun_until_ns);

#endif
