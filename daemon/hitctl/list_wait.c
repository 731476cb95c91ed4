// SPDX-License-Identifier: Apache-2.0
// Waiting until every registered daemon has a change live.
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "hitctl/list_common.h"

enum { LOOK_EVERY_MS = 2 };

struct census {
    size_t all;
    size_t behind; // without the change
    size_t silent; // of those behind: not seen for HITCTL_SILENT_MS
};

static struct census count_instances(const struct hs_instance *rows, size_t count,
                                     const char *change_id)
{
    struct census census = {.all = count};
    int64_t now_ms = hs_clock_realtime_ms();
    for (size_t i = 0; i < count; i++) {
        // Texts of instances are copies, terminated.
        if (rows[i].change_id.len > 0 && hs_change_id_cmp(rows[i].change_id.ptr, change_id) >= 0) {
            continue;
        }
        census.behind++;
        census.silent += now_ms - rows[i].last_seen_ms > HITCTL_SILENT_MS;
    }
    return census;
}

static void say_behind(const struct hs_instance *rows, size_t count, const char *change_id,
                       json_t *names)
{
    int64_t now_ms = hs_clock_realtime_ms();
    for (size_t i = 0; i < count; i++) {
        if (rows[i].change_id.len > 0 && hs_change_id_cmp(rows[i].change_id.ptr, change_id) >= 0) {
            continue;
        }
        if (names) {
            json_array_append_new(names, hitctl_json_text(rows[i].instance_id));
        } else {
            fprintf(stderr, "  '%.*s' has not got it: last seen %.1f s ago\n",
                    HS_STR_ARG(rows[i].instance_id),
                    (double)(now_ms - rows[i].last_seen_ms) / 1000);
        }
    }
}

static void report(const struct hs_instance *rows, const struct census *census,
                   const char *change_id, double seconds, json_t *result)
{
    size_t live = census->all - census->behind;
    if (result) {
        json_t *names = json_array();
        json_object_set_new(result, "live_on", json_integer((json_int_t)live));
        json_object_set_new(result, "live_after_ms", json_real(seconds * 1000));
        say_behind(rows, census->all, change_id, names);
        json_object_set_new(result, "silent", names);
        return;
    }
    if (census->all == 0) {
        fprintf(stderr, "no daemon is registered: nobody uses the list\n");
    } else if (census->behind == 0) {
        printf("live on %zu daemon%s after %.3f s\n", live, live == 1 ? "" : "s", seconds);
    } else {
        fprintf(stderr, "after %.3f s live on %zu of %zu daemons:\n", seconds, live, census->all);
        say_behind(rows, census->all, change_id, NULL);
    }
}

int hitctl_wait_live(struct hs_store *store, const struct hs_position *position, int64_t since_ns,
                     int64_t timeout_s, json_t *result)
{
    for (;;) {
        struct hs_bump bump = {0};
        struct hs_instance *rows = NULL;
        size_t count = 0;
        int rc = hs_store_instances(store, &bump, &rows, &count);
        if (rc != 0) {
            hs_bump_fini(&bump);
            return hitctl_store_failed(store, rc, "cannot see who has it live");
        }
        double seconds = (double)(hs_clock_monotonic_ns() - since_ns) / 1e9;
        struct census census = count_instances(rows, count, position->id);
        bool over = census.behind == census.silent || seconds > (double)timeout_s;
        if (over) {
            report(rows, &census, position->id, seconds, result);
        }
        hs_bump_fini(&bump);
        if (over) {
            return census.behind == 0 ? HITCTL_OK : HITCTL_TIMEOUT;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000L}, NULL);
    }
}
