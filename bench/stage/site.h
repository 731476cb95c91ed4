// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_STAGE_SITE_H
#define HS_BENCH_STAGE_SITE_H
/*
 * An installation to be measured: settings, controls, one list, topics, reads, one hitstreamd.
 *
 * What goes wrong ends the program with a message. Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

#include "support/process.h"

enum { SITE_CAMERAS = 500, SITE_READS_PARTITIONS = 4, SITE_HITS_PARTITIONS = 4, SITE_MARK_MAX = 8 };

struct site {
    const char *bootstrap;
    const char *folder;
    char config[HS_TEST_PATH_BYTES];
    uint16_t admin_port;
    struct hs_process daemon;
};

// Settings with these roles ("match" or "match, correlate") and further YAML; controls and topics.
void site_open(struct site *site, const char *roles, const char *extra);
// Further settings for the next start.
void site_configure(struct site *site, const char *roles, const char *extra);
// One list of `entries` plates, live. Entry n has plate 2 n; passers-by are odd.
void site_load_list(struct site *site, size_t entries);
void site_hitctl(struct site *site, const char *const *words);
#define SITE_HITCTL(site, ...) site_hitctl(site, (const char *const[]){__VA_ARGS__, NULL})

// `messages` of `reads` each into anpr.reads; one read in `one_in` is of a listed plate.
void site_fill(const struct site *site, size_t messages, size_t reads, size_t one_in,
               size_t entries);
// Plate number n of some 20 million.
void site_plate(size_t n, char ret_vrm[SITE_MARK_MAX]);
// A message of one read of this plate, whose id is SITE_READ and its number in ten digits; returns its length.
#define SITE_READ "read#"
size_t site_pack_one(uint8_t *packed, size_t capacity, size_t number, const char *vrm,
                     unsigned camera);

// Starts the daemon; `before` (ends with NULL, may be NULL) stands in front of its command.
void site_start(struct site *site, const char *const *before);
void site_await_ready(struct site *site);
// SIGTERM; its exit code is checked.
void site_stop(struct site *site);
// A number from its metrics; -1 when there is none.
double site_metric(const struct site *site, const char *series);
// Waits until it reads /readyz with `text` in it.
void site_await_text(const struct site *site, const char *text);
// Reading begins at the first message, or (forgotten) not before somebody says where; the daemon
// must not be a member of its group.
void site_rewind(const struct site *site);
void site_forget(const struct site *site);
// Waits until the daemon does nothing more.
void site_await_quiet(const struct site *site);

_Noreturn void site_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
