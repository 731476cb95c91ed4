// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_BROKER_H
#define HS_TEST_BROKER_H
/*
 * A real Apache Kafka for a test: one KRaft broker of its own in a folder of its own, on free
 * loopback ports.
 *
 *   struct hs_broker broker;
 *   assert_int_equal(hs_broker_start(&broker, NULL), 0);   ... broker.bootstrap ...
 *   hs_broker_fini(&broker);                               in the teardown, always
 *
 * The version is HS_KAFKA_VERSION of the environment, else 3.9.1; its jars are fetched once by
 * config/kafka-fetch.sh into HS_KAFKA_DIR, else into the build tree. Topics are never created by
 * use. Threads: one. A start takes 2 to 4 s: share one among the tests of a program (group setup),
 * with topics of their own.
 */

#include "support/process.h"

// How a broker is closed to everybody without a name and a right. Borrowed as long as the broker.
struct hs_broker_security {
    const char *scram_users;      // "name=password name=password"
    const char *folder;           // of the certificates
    const char *const *listeners; // one each, with the key and certificate of folder/NAME.pem; ends
                                  // with NULL; letters only
};
enum { HS_BROKER_LISTENERS_MAX = 4 };

struct hs_broker {
    struct hs_process process;
    char folder[HS_TEST_PATH_BYTES];
    char kafka[HS_TEST_PATH_BYTES];   // where the jars are
    char bootstrap[32];               // "127.0.0.1:12345"
    unsigned node;                    // its id among several; 0: the only one
    char address[20];                 // it listens there
    char voters[128];                 // of several: "1@127.0.0.1:12346,..."
    char network[HS_TEST_PATH_BYTES]; // namespace's path; "": the test's own
    uint16_t port;
    uint16_t controller_port;
    const char *const *properties;             // as given to hs_broker_start(), borrowed
    const struct hs_broker_security *security; // NULL: open to everybody
    char secured[HS_BROKER_LISTENERS_MAX][32]; // its listeners: "127.0.0.1:12345"
    uint16_t secured_ports[HS_BROKER_LISTENERS_MAX];
};

// Starts one and waits until it answers. `properties`: "name=value" for server.properties, ends
// with NULL; may be NULL; must live as long as the broker. Says on stderr why it could not.
int hs_broker_start(struct hs_broker *broker, const char *const *properties);
// One with listeners of their own for TLS and SCRAM-SHA-512 and with Kafka's authorizer, so that
// nobody may do anything without a right. Who comes by `bootstrap` is the test and may do
// everything.
int hs_broker_start_secured(struct hs_broker *broker, const struct hs_broker_security *security);
// One of several: node, address, voters, network, ports and properties are set by the caller. Makes
// its folder and fetches Kafka; starts it without waiting; waits until it answers.
int hs_broker_make(struct hs_broker *broker);
int hs_broker_launch(struct hs_broker *broker);
int hs_broker_await(struct hs_broker *broker);
// Stops it cleanly (bounded), or as a crash would.
void hs_broker_stop(struct hs_broker *broker);
void hs_broker_kill(struct hs_broker *broker);
// Stops its process where it stands, and lets it go on.
void hs_broker_freeze(struct hs_broker *broker);
void hs_broker_thaw(struct hs_broker *broker);
// Starts it again on the same ports and data.
int hs_broker_again(struct hs_broker *broker);
// Kills it and removes its folder; legal on a zeroed struct.
void hs_broker_fini(struct hs_broker *broker);

#endif
