// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_RIGHTS_SCRIPT_H
#define HS_TEST_RIGHTS_SCRIPT_H
/*
 * Runs what 'hitctl rights print' prints, as a shell with kafka-acls.sh and redis-cli would, but
 * without a Java machine for each line: the words are read strictly, and what they ask for is done by
 * the client libraries. Threads: one.
 */

// The lines of kafka-acls.sh; returns rows given, or a negative error after saying which word it
// does not know.
int hs_test_rights_to_kafka(const char *bootstrap, const char *script);
// The lines of redis-cli, over this socket; returns users, or a negative error.
int hs_test_rights_to_redis(const char *socket_path, const char *script);
// One row of Kafka's, given or taken.
int hs_test_acl_give(const char *bootstrap, const char *principal, const char *operation,
                     const char *topic);
int hs_test_acl_take(const char *bootstrap, const char *principal, const char *operation,
                     const char *topic);

#endif
