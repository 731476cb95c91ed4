// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_KEYS_H
#define HITSTREAMD_KEYS_H
/*
 * The installation's keys, read from files (or systemd's credentials) at start.
 *
 * Threads: main.
 */

#include "config/settings.h"
#include "wire/ids.h"
#include "wire/token.h"

struct hs_keys {
    struct hs_id_key id;       // never rotated; the same on every daemon
    struct hs_token_key token; // the same on every daemon
};

// Every fault goes to `diags`. HS_EFORMAT when there was one.
int hs_keys_load(const struct hs_settings *settings, struct hs_diags *diags,
                 struct hs_keys *ret_keys);

#endif
