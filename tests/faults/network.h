// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_FAULTS_NETWORK_H
#define HS_TEST_FAULTS_NETWORK_H
/*
 * The network of a small installation: each host a network namespace with one link to a bridge, all
 * in a namespace of the test's own, so that nothing outside sees it and nothing of it outlives the
 * test. Faults are made at the bridge and so between hosts only: the test itself, which stands
 * there, reaches everybody at all times.
 *
 * Where namespaces are not allowed, or 'ip', 'tc' or 'nft' is missing, all hosts are on loopback
 * and links cannot be broken.
 *
 * Threads: network_open() before there is a second one, for a process enters namespaces thread by
 * thread; the rest from one.
 */

#include <stdbool.h>
#include <stdint.h>

enum network_host {
    HOST_KAFKA_1,
    HOST_KAFKA_2,
    HOST_KAFKA_3,
    HOST_REDIS_1,
    HOST_REDIS_2,
    HOST_SENTINEL, // the third of them; the others stand beside the two Redis
    HOST_DAEMON_1,
    HOST_DAEMON_2,
    HOSTS,
};

// Makes the network; false: loopback, and `*ret_why` says why (static text).
bool network_open(const char **ret_why);
bool network_is_open(void);

const char *network_address(enum network_host host);
// Its namespace's path, NULL on loopback.
const char *network_path(enum network_host host);
// A port for a host's service: the usual one in its own namespace, a free one on loopback.
uint16_t network_port(uint16_t usual);

// Nothing passes between the two, either way: what is sent is lost, nobody is told.
void network_cut(enum network_host a, enum network_host b);
// Nothing passes between it and any other.
void network_isolate(enum network_host host);
// Its link carries so much both ways, and loses so many packets in a hundred.
void network_slow(enum network_host host, unsigned kbit_s, unsigned lost_pct);
// All links are as they were.
void network_mend(void);

#endif
