// SPDX-License-Identifier: Apache-2.0
#include "admin/peer.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59 // since Linux 4.13
#endif

// What the kernel says for ids that have no name in this user namespace (kernel.overflowuid).
#define OVERFLOW_ID 65534U

int hs_peer_of(int fd, struct hs_peer *ret_peer)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) {
        return HS_EPERM;
    }
    *ret_peer = (struct hs_peer){cred.pid, cred.uid, cred.gid};
    return 0;
}

static bool is_member(int fd, gid_t group)
{
    gid_t groups[HS_PEER_GROUPS_MAX];
    socklen_t len = sizeof(groups);
    bool member = false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0) {
        return false;
    }
    for (size_t i = 0; i < len / sizeof(groups[0]); i++) {
        member = member || groups[i] == group;
    }
    return member;
}

bool hs_peer_may_order(int fd, const struct hs_peer *peer, gid_t group)
{
    bool own = peer->uid == geteuid() && peer->uid != OVERFLOW_ID;
    bool grouped = group != OVERFLOW_ID && (peer->gid == group || is_member(fd, group));
    return peer->uid == 0 || own || grouped;
}
