// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_STATUS_H
#define HITSTREAMD_STATUS_H
/*
 * The admin pages: /healthz, /readyz, /metrics, /status; POST /reload, /resume on the local socket.
 *
 * /healthz: 200 while every thread makes progress, else 503. /readyz: 200 when the daemon does its
 * whole work, else 503 and a line a reason. Covert lists are shown as one sum. Threads: main.
 */

#include "admin/http.h"
#include "hitstreamd/daemon.h"

enum { HS_STATUS_ROUTES = 7 };

// Fills the table of routes, the last row empty; the handlers' ctx is the daemon.
void hs_status_routes(struct hs_daemon *daemon, struct hs_http_route ret_routes[HS_STATUS_ROUTES]);

#endif
