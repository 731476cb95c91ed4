// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_HITCTL_HOUSE_H
#define HS_TEST_HITCTL_HOUSE_H
/*
 * What tests of hitctl's commands share: a fresh Redis and folder for each test, and a way to run a
 * command and to look at what it says. Built into each such test, which defines HITCTL_PATH.
 * Threads: one.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "support/process.h"
#include "support/redis_server.h"

// Exit codes as daemon/hitctl/command.h has them: scripts rely on the numbers.
enum {
    OK = 0,
    FAILED = 1,
    USAGE = 2,
    REFUSED = 3,
    CONFLICT = 4,
    UNREACHABLE = 5,
    CONFIG = 6,
    TIMEOUT = 7,
    DIFFERS = 8
};

extern struct hs_redis_server redis;
extern char folder[HS_TEST_PATH_BYTES];
extern char *out; // of the last command
extern char *err;

// A path in the test's folder, of the last four asked for.
const char *path_of(const char *name);
// Writes a file there.
void file(const char *name, const char *text);
// Runs 'hitctl --config hitstream.yaml --who ann WORDS' in the test's folder and fails when it ends
// with another code.
void run(int exit_code, const char *const *words);
#define RUN(exit_code, ...) run(exit_code, (const char *const[]){__VA_ARGS__, NULL})
// The same as this person; NULL: without --who.
void run_as(const char *who, int exit_code, const char *const *words);
#define RUN_AS(who, exit_code, ...) run_as(who, exit_code, (const char *const[]){__VA_ARGS__, NULL})
// Fails unless `part` stands in `text`.
void says(const char *text, const char *part);
// Fails if it does.
void says_not(const char *text, const char *part);
// A command to Redis of somebody who is not us.
void meddle(const char *command);

int house_setup(void **state);
int house_teardown(void **state);

#endif
