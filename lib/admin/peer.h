// SPDX-License-Identifier: Apache-2.0
#ifndef HS_ADMIN_PEER_H
#define HS_ADMIN_PEER_H
/*
 * Who is at the other end of a Unix socket, by the kernel, and whether it may give orders.
 *
 * Threads: any. Bounds: HS_PEER_GROUPS_MAX groups of a peer are looked at; who is in more is nobody.
 */

#include <stdbool.h>
#include <sys/types.h>

enum { HS_PEER_GROUPS_MAX = 1024 };

struct hs_peer {
    pid_t pid;
    uid_t uid; // of when it connected
    gid_t gid;
};

// HS_EPERM: the kernel does not say.
int hs_peer_of(int fd, struct hs_peer *ret_peer);
// Orders are root's, this process' own user's and those of the members of a group, also of who has
// it as one of several. The ids for what a user namespace has no name for are nobody.
bool hs_peer_may_order(int fd, const struct hs_peer *peer, gid_t group);

#endif
