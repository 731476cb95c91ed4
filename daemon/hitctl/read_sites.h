// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_READ_SITES_H
#define HITCTL_READ_SITES_H
/*
 * Which site a read belongs to: its line says so, or its camera's place in a register does.
 *
 * Threads: one. Ownership: sites are borrowed from the line or from the register.
 */

#include "hitctl/command.h"

struct json_t;
struct hitctl_read_sites;

// `field`: the line's field that names the site; NULL: "site". `cameras_path`: a register in a
// file; NULL: that of the controls in force, asked for when the first line without a site comes.
// HITCTL_OK, or the exit code after saying why.
int hitctl_read_sites_new(const struct hitctl *ctl, const char *field, const char *cameras_path,
                          struct hitctl_read_sites **ret_sites);
void hitctl_read_sites_free(struct hitctl_read_sites *sites);
// The site of a line; empty with the reason appended to `why` when there is none.
struct hs_str hitctl_read_site(struct hitctl_read_sites *sites, const struct json_t *line,
                               struct hs_buf *why);

#endif
