// SPDX-License-Identifier: Apache-2.0
#ifndef HS_ADMIN_ADDRESS_H
#define HS_ADMIN_ADDRESS_H
/*
 * Where the administrators' server listens: loopback addresses and Unix sockets, nothing else.
 *
 * Threads: any.
 */

#include <sys/socket.h>

#include "base/str.h"

// "127.0.0.1:9187", "[::1]:9187" or "localhost:9187". HS_EFORMAT, or HS_EREFUSED when it is not
// loopback.
int hs_address_parse_loopback(const char *text, struct sockaddr_storage *ret_address,
                              socklen_t *ret_len);
// HS_ELIMIT when the path is too long for a Unix socket.
int hs_address_unix(const char *path, struct sockaddr_storage *ret_address, socklen_t *ret_len);
// Makes way for a new socket: removes one that nobody listens on. HS_EEXIST when somebody does, or
// when what stands there is no socket.
int hs_address_unix_clear(const char *path);

#endif
