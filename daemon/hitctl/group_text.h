// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_GROUP_TEXT_H
#define HITCTL_GROUP_TEXT_H
/*
 * Organised-crime groups as groups.yaml has them, as a person reads them, and as JSON. Threads: any.
 */

#include <stdio.h>

#include <jansson.h>

#include "controls/groups.h"
#include "hitctl/command.h"

#define GROUPS_FILE "groups.yaml"

// One row of groups.yaml.
void group_yaml(struct hs_buf *out, const struct hs_group *group);
// groups.yaml of all groups but one.
void groups_yaml_without(struct hs_buf *out, const struct hs_groups *groups,
                         struct hs_str left_out);
// Whether the person may know of it: a covert list's only who sees that list.
bool group_visible(const struct hitctl *ctl, const struct hs_group *group);
void group_print_head(FILE *out);
void group_print_line(const struct hs_group *group, FILE *out);
void group_print(const struct hs_group *group, FILE *out);
json_t *group_json(const struct hs_group *group);

#endif
