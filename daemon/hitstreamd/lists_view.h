// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_LISTS_VIEW_H
#define HITSTREAMD_LISTS_VIEW_H
/*
 * What others see of the lists: status, rows of open lists, metrics. Covert lists only as one sum.
 *
 * Threads: the store thread writes, any reads; a mutex orders them.
 */

#include "hitstreamd/lists.h"

struct hs_lists_view;

int hs_lists_view_new(struct hs_metrics *metrics, struct hs_lists_view **ret_view);
void hs_lists_view_free(struct hs_lists_view *view);

void hs_lists_view_publish(struct hs_lists_view *view, const struct hs_snapshot *snapshot,
                           const char *source, const struct hs_position *position);
// What is live also is what stands at this later position.
void hs_lists_view_position(struct hs_lists_view *view, const struct hs_position *position);
void hs_lists_view_stale(struct hs_lists_view *view, const char *why);
void hs_lists_view_fresh(struct hs_lists_view *view, int64_t as_of_ms);
void hs_lists_view_as_of(struct hs_lists_view *view, int64_t as_of_ms);
void hs_lists_view_loading(struct hs_lists_view *view, bool loading);
void hs_lists_view_redis(struct hs_lists_view *view, bool connected);

// Lists that are live, covert ones too.
uint64_t hs_lists_view_count(struct hs_lists_view *view);
// "none", "disk", "redis". Static storage.
const char *hs_lists_view_source(struct hs_lists_view *view);
void hs_lists_view_status(struct hs_lists_view *view, struct hs_lists_status *ret_status);
size_t hs_lists_view_rows(struct hs_lists_view *view, struct hs_lists_row *ret_rows, size_t max);

#endif
