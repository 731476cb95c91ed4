// SPDX-License-Identifier: Apache-2.0
#include "soak/changes.h"

#include <stdio.h>

#include "base/str.h"
#include "soak/stream.h"
#include "support/process.h"

enum { FIRST_PLATE = 6000000, COMING = 1000 }; // plates that nobody drives

// Which of its two contents the list 'replaced' gets: half of the entries are the same.
static void write_list(const struct site *site, unsigned content, char ret_path[HS_TEST_PATH_BYTES])
{
    struct hs_buf text = {0};
    hs_buf_add_text(&text, "VRM,action,reason,weed date,entry id,information\n");
    for (size_t i = 0; i < CHANGES_LOADED; i++) {
        char vrm[SITE_MARK_MAX];
        site_plate(FIRST_PLATE + COMING + i + content * CHANGES_LOADED / 2, vrm);
        hs_buf_printf(&text, "%s,STOP,no insurance,2099-12-31,e-%s,content %u\n", vrm, vrm,
                      content);
    }
    snprintf(ret_path, HS_TEST_PATH_BYTES, "%s/replaced-%u.csv", site->folder, content);
    if (hs_test_file_write(ret_path, hs_buf_text(&text))) {
        site_fail("cannot write '%s'", ret_path);
    }
    hs_buf_fini(&text);
}

static void put(struct site *site, const char *vrm, const char *entry, size_t n)
{
    char words[3][64];
    snprintf(words[0], sizeof(words[0]), "VRM=%s", vrm);
    snprintf(words[1], sizeof(words[1]), "entry id=%s", entry);
    snprintf(words[2], sizeof(words[2]), "information=change %zu", n);
    SITE_HITCTL(site, "list", "put", "listed", words[0], words[1], words[2], "action=STOP",
                "reason=no insurance", "weed date=2099-12-31");
}

// A vehicle that is on the road is found, and listed again.
static void on_the_road(struct site *site, size_t n)
{
    char vrm[SITE_MARK_MAX], entry[16];
    size_t vehicle = n / 4 % STREAM_VEHICLES;
    stream_plate(vehicle, vrm);
    snprintf(entry, sizeof(entry), "e%zu", vehicle);
    if (n % 4 == 0) {
        SITE_HITCTL(site, "list", "drop", "listed", entry);
    } else {
        put(site, vrm, entry, n);
    }
}

// An entry of a vehicle that nobody sees; every other one goes again.
static void elsewhere(struct site *site, size_t n)
{
    char vrm[SITE_MARK_MAX], entry[16];
    size_t which = n / 4 % COMING;
    site_plate(FIRST_PLATE + which, vrm);
    snprintf(entry, sizeof(entry), "x%zu", which);
    if (n % 4 == 2) {
        put(site, vrm, entry, n);
    } else if (n / 4 % 2) {
        SITE_HITCTL(site, "list", "drop", "listed", entry);
    }
}

static void *change(void *ctx)
{
    struct changes *changes = ctx;
    char paths[2][HS_TEST_PATH_BYTES];
    for (unsigned i = 0; i < 2; i++) {
        write_list(changes->site, i, paths[i]);
    }
    for (size_t n = 0; !atomic_load_explicit(&changes->stop, memory_order_relaxed); n++) {
        if (n % CHANGES_LOAD_EVERY == CHANGES_LOAD_EVERY - 1) {
            SITE_HITCTL(changes->site, "list", "load", "replaced",
                        paths[n / CHANGES_LOAD_EVERY % 2], "--replace", "--force");
        }
        n % 4 < 2 ? on_the_road(changes->site, n) : elsewhere(changes->site, n);
        atomic_store_explicit(&changes->made, n + 1, memory_order_relaxed);
        hs_test_pause_ms(CHANGES_PAUSE_MS);
    }
    return NULL;
}

void changes_start(struct changes *changes, struct site *site)
{
    *changes = (struct changes){.site = site};
    SITE_HITCTL(site, "list", "create", "replaced", "--title", "replaced", "--owner-force", "north",
                "--purpose", "bench", "--open", "--status", "live");
    if (pthread_create(&changes->thread, NULL, change, changes) != 0) {
        site_fail("no thread");
    }
}

void changes_stop(struct changes *changes)
{
    atomic_store(&changes->stop, true);
    pthread_join(changes->thread, NULL);
}
