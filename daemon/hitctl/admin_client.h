// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_ADMIN_CLIENT_H
#define HITCTL_ADMIN_CLIENT_H
/*
 * Asks the daemon of this machine, over its admin socket.
 *
 * Threads: one. Bounds: ADMIN_ANSWER_MAX_BYTES an answer, ADMIN_TIMEOUT_MS a silence.
 */

#include "base/str.h"

enum { ADMIN_ANSWER_MAX_BYTES = 8 * 1024 * 1024, ADMIN_TIMEOUT_MS = 30000 };

// One request: "GET" or "POST", a path; the answer's body is appended. `ret_status` gets the HTTP
// status. HS_EUNREACHABLE: nobody listens; HS_EPERM: the socket is not for this user; HS_ETIMEDOUT;
// HS_EPROTO; HS_ELIMIT.
int admin_ask(const char *socket_path, const char *method, const char *path, int *ret_status,
              struct hs_buf *body);

#endif
