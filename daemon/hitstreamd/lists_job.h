// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_LISTS_JOB_H
#define HITSTREAMD_LISTS_JOB_H
/*
 * What takes long with a snapshot, done beside the store thread: saving it to disk, folding its
 * overlay in.
 *
 * One job at a time, each in a thread of its own on a handle of its own (a snapshot that shares the
 * lists). Threads: all functions from the store thread. Ownership: the job owns its handle and what
 * it makes until hs_lists_job_take(). Bounds: while it folds, two snapshots are in memory.
 */

#include "hitstreamd/lists.h"

#define HS_LISTS_FILE "lists.snapshot"

struct hs_lists_job;

int hs_lists_job_new(const char *state_dir, struct hs_metrics *metrics,
                     struct hs_lists_job **ret_job);
// Waits for what runs.
void hs_lists_job_free(struct hs_lists_job *job);

// Is the overlay so full that it should be folded in?
bool hs_lists_job_fold_due(const struct hs_snapshot *snapshot);
// Begins; nothing may run. The snapshot stays the caller's.
int hs_lists_job_fold(struct hs_lists_job *job, const struct hs_snapshot *snapshot,
                      int64_t as_of_ms, const char *mark);
int hs_lists_job_save(struct hs_lists_job *job, const struct hs_snapshot *snapshot,
                      int64_t as_of_ms, const char *mark);

bool hs_lists_job_busy(const struct hs_lists_job *job);
// A fold runs whose result is still wanted.
bool hs_lists_job_folding(const struct hs_lists_job *job);
// The result of what runs is of no use any more.
void hs_lists_job_forget(struct hs_lists_job *job);
// True when a job has ended just now; the caller gets what a fold made, or NULL.
bool hs_lists_job_take(struct hs_lists_job *job, struct hs_snapshot **ret_folded);
// Waits for the end of what runs; a fold's result is dropped.
void hs_lists_job_wait(struct hs_lists_job *job);

#endif
