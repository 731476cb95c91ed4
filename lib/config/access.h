// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONFIG_ACCESS_H
#define HS_CONFIG_ACCESS_H
/*
 * Who comes to Kafka and Redis, as far as access rights tell them apart.
 *
 * What each may do stands with the thing it is done to: every topic's and group's row in
 * kafka/topics.h, every key's in watchlist/keys.h. kafka/rights.h and watchlist/rights.h make rights
 * of these rows. Threads: any; constants only.
 */

// Bits: one login may be several of them.
enum hs_access_role {
    HS_ACCESS_MATCH = 1,     // hitstreamd's matchers
    HS_ACCESS_CORRELATE = 2, // its correlator, with what gathers about cameras
    HS_ACCESS_INTAKE = 4,    // its intake of what desks say
    HS_ACCESS_GATEWAY = 8,   // whoever produces the cameras' reads
    HS_ACCESS_DESK = 16,     // a control room: its own queues with any Kafka client
    // people with hitctl, by the roles of the rights file
    HS_ACCESS_READER = 32,
    HS_ACCESS_CONTROLLER = 64,
    HS_ACCESS_LEAD = 128,
    HS_ACCESS_ADMINISTRATOR = 256,
    HS_ACCESS_AUDITOR = 512,
};

// All who may see vehicles with hitctl.
#define HS_ACCESS_SEEING                                                                           \
    (HS_ACCESS_READER | HS_ACCESS_CONTROLLER | HS_ACCESS_LEAD | HS_ACCESS_AUDITOR)
#define HS_ACCESS_PEOPLE (HS_ACCESS_SEEING | HS_ACCESS_ADMINISTRATOR)

#endif
