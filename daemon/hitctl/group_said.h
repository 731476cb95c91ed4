// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_GROUP_SAID_H
#define HITCTL_GROUP_SAID_H
/*
 * What partners say of groups on feedback.<queue>: nominations as groups that wait for an officer's
 * yes, and all that was said, to be read. Threads: one. Ownership: a group's texts live in the rows
 * and in the caller's bump.
 */

#include "base/arena.h"
#include "controls/groups.h"
#include "hitctl/command.h"
#include "watchlist/said.h"

// Reads all; an exit code, after saying what is wrong.
int group_said_read(struct hs_store *store, struct hs_said_rows *ret_rows);
// Whether rows[index] is a nomination of which the controls have no group yet, and the queue's last
// word on it; *ret_group is what it proposes, nominated by "<queue>: <person>". One of a group that
// is there already waits for nobody: it is said of that group.
bool group_said_waits(const struct hs_said_rows *rows, size_t index, const struct hs_groups *groups,
                      struct hs_bump *bump, struct hs_group *ret_group);
// The one nomination of this id that waits; of `queue` (NULL: any, if only one queue's waits);
// which row it is, unless `ret_index` is NULL. An exit code.
int group_said_find(const struct hs_said_rows *rows, const struct hs_groups *groups, const char *id,
                    const char *queue, struct hs_bump *bump, struct hs_group *ret_group,
                    size_t *ret_index);

// hitctl group said
int group_said_run(struct hitctl *ctl, int argc, char **argv);

#endif
