// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/controls_disk.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "config/file.h"
#include "hitstreamd/controls_feed.h"
#include "hitstreamd/state_file.h"
#include "hitstreamd/thread.h"

HS_LOG_EVENT(ev_disk, "controls-not-saved", "111ec3ac9d294e278816aa3b3e5460e9");

enum { PATH_BYTES = 4096 };

struct hs_controls_disk {
    const char *state_dir; // borrowed
    struct hs_thread thread;
    pthread_mutex_t lock;        // all below
    struct hs_controls *waiting; // to be written; owned; NULL: nothing
};

static void write_file(const char *state_dir, const struct hs_controls *controls)
{
    char path[PATH_BYTES];
    struct hs_buf text = {0};
    hs_buf_printf(&text, "%s\n", hs_controls_hash(controls));
    hs_buf_add_str(&text, hs_controls_packed(controls));
    int rc = hs_state_path(state_dir, "controls", path, sizeof(path));
    if (rc == 0) {
        rc = hs_buf_status(&text);
    }
    if (rc == 0) {
        rc = hs_state_write(path, hs_buf_str(&text));
    }
    if (rc < 0) {
        hs_log(HS_LOG_WARNING, &ev_disk, "controls cannot be saved to '%s': %s, ignoring", path,
               hs_strerror(rc));
    }
    hs_buf_fini(&text);
}

static struct hs_controls *take(struct hs_controls_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    struct hs_controls *controls = disk->waiting;
    disk->waiting = NULL;
    pthread_mutex_unlock(&disk->lock);
    return controls;
}

static void run(void *arg)
{
    struct hs_controls_disk *disk = arg;
    for (;;) {
        bool last = hs_thread_stopping(&disk->thread); // what waits by then is written
        struct hs_controls *controls = take(disk);
        if (controls) {
            write_file(disk->state_dir, controls);
            hs_controls_unref(controls);
        } else if (last) {
            return;
        } else {
            hs_thread_rest(&disk->thread, HS_THREAD_FOREVER);
        }
    }
}

int hs_controls_disk_new(const char *state_dir, struct hs_controls_disk **ret_disk)
{
    struct hs_controls_disk *disk = calloc(1, sizeof(*disk));
    if (!disk) {
        return HS_ENOMEM;
    }
    disk->state_dir = state_dir;
    hs_thread_init(&disk->thread);
    pthread_mutex_init(&disk->lock, NULL);
    int rc = hs_thread_start(&disk->thread, "hs-controls-fs", run, disk);
    if (rc < 0) {
        hs_controls_disk_free(disk);
        return rc;
    }
    *ret_disk = disk;
    return 0;
}

void hs_controls_disk_free(struct hs_controls_disk *disk)
{
    if (disk) {
        hs_thread_stop(&disk->thread, HS_THREAD_FOREVER);
        pthread_mutex_destroy(&disk->lock);
        hs_thread_fini(&disk->thread);
        free(disk);
    }
}

void hs_controls_disk_save(struct hs_controls_disk *disk, struct hs_controls *controls)
{
    pthread_mutex_lock(&disk->lock);
    struct hs_controls *overtaken = disk->waiting;
    disk->waiting = hs_controls_ref(controls);
    pthread_mutex_unlock(&disk->lock);
    hs_thread_wake(&disk->thread);
    hs_controls_unref(overtaken);
}

bool hs_controls_disk_read(const char *state_dir, struct hs_buf *text,
                           char ret_hash[HS_CONTROLS_HASH_BYTES], struct hs_str *ret_packed)
{
    char path[PATH_BYTES];
    int rc = hs_state_path(state_dir, "controls", path, sizeof(path));
    if (rc == 0) {
        rc = hs_file_read(path, HS_CONTROLS_FEED_OBJECT_MAX_BYTES + 128, text);
    }
    struct hs_str rest = hs_buf_str(text), first;
    if (rc != 0 || !hs_str_split(&rest, '\n', &first) || first.len != HS_CONTROLS_HASH_BYTES - 1) {
        return false;
    }
    memcpy(ret_hash, first.ptr, first.len);
    ret_hash[first.len] = '\0';
    *ret_packed = rest;
    return true;
}
