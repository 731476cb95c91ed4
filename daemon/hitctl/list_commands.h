// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_LIST_COMMANDS_H
#define HITCTL_LIST_COMMANDS_H
/*
 * The list commands that stand in files of their own; list.c holds the table.
 */

#include "hitctl/command.h"

extern const struct hitctl_option hitctl_list_load_options[];
int hitctl_list_load(struct hitctl *ctl, int argc, char **argv); // list_load.c

extern const struct hitctl_option hitctl_list_put_options[];
int hitctl_list_put(struct hitctl *ctl, int argc, char **argv); // list_put.c
extern const struct hitctl_option hitctl_list_drop_options[];
int hitctl_list_drop(struct hitctl *ctl, int argc, char **argv);

extern const struct hitctl_option hitctl_list_diff_options[];
int hitctl_list_diff(struct hitctl *ctl, int argc, char **argv); // list_revisions.c
extern const struct hitctl_option hitctl_list_rollback_options[];
int hitctl_list_rollback(struct hitctl *ctl, int argc, char **argv);
extern const struct hitctl_option hitctl_list_history_options[];
int hitctl_list_history(struct hitctl *ctl, int argc, char **argv);

extern const struct hitctl_option hitctl_list_set_options[];
int hitctl_list_set(struct hitctl *ctl, int argc, char **argv); // list_set.c
extern const struct hitctl_option hitctl_list_remove_options[];
int hitctl_list_remove(struct hitctl *ctl, int argc, char **argv);

extern const struct hitctl_option hitctl_list_show_options[];
int hitctl_list_show(struct hitctl *ctl, int argc, char **argv); // list_show.c
extern const struct hitctl_option hitctl_list_export_options[];
int hitctl_list_export(struct hitctl *ctl, int argc, char **argv);
extern const struct hitctl_option hitctl_list_due_options[];
int hitctl_list_due(struct hitctl *ctl, int argc, char **argv);

#endif
