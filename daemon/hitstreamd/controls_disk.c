// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/controls_disk.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "config/file.h"
#include "hitstreamd/controls_feed.h"
#include "hitstreamd/state_file.h"

HS_LOG_EVENT(ev_disk, "controls-not-saved", "111ec3ac9d294e278816aa3b3e5460e9");

enum { PATH_BYTES = 4096 };

struct hs_controls_disk {
    const char *state_dir; // borrowed
    pthread_t thread;
    pthread_mutex_t lock;        // all below
    pthread_cond_t changed;      // something waits, or the end
    struct hs_controls *waiting; // to be written; owned; NULL: nothing
    bool ending;
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

static void *run(void *arg)
{
    struct hs_controls_disk *disk = arg;
    pthread_mutex_lock(&disk->lock);
    while (disk->waiting || !disk->ending) {
        struct hs_controls *controls = disk->waiting;
        disk->waiting = NULL;
        if (!controls) {
            pthread_cond_wait(&disk->changed, &disk->lock);
            continue;
        }
        pthread_mutex_unlock(&disk->lock);
        write_file(disk->state_dir, controls);
        hs_controls_unref(controls);
        pthread_mutex_lock(&disk->lock);
    }
    pthread_mutex_unlock(&disk->lock);
    return NULL;
}

int hs_controls_disk_new(const char *state_dir, struct hs_controls_disk **ret_disk)
{
    struct hs_controls_disk *disk = calloc(1, sizeof(*disk));
    if (!disk) {
        return HS_ENOMEM;
    }
    disk->state_dir = state_dir;
    pthread_mutex_init(&disk->lock, NULL);
    pthread_cond_init(&disk->changed, NULL);
    if (pthread_create(&disk->thread, NULL, run, disk) != 0) {
        pthread_cond_destroy(&disk->changed);
        pthread_mutex_destroy(&disk->lock);
        free(disk);
        return HS_ENOMEM;
    }
    pthread_setname_np(disk->thread, "hs-controls-fs");
    *ret_disk = disk;
    return 0;
}

void hs_controls_disk_free(struct hs_controls_disk *disk)
{
    if (!disk) {
        return;
    }
    pthread_mutex_lock(&disk->lock);
    disk->ending = true;
    pthread_cond_signal(&disk->changed);
    pthread_mutex_unlock(&disk->lock);
    pthread_join(disk->thread, NULL);
    pthread_cond_destroy(&disk->changed);
    pthread_mutex_destroy(&disk->lock);
    free(disk);
}

void hs_controls_disk_save(struct hs_controls_disk *disk, struct hs_controls *controls)
{
    pthread_mutex_lock(&disk->lock);
    struct hs_controls *overtaken = disk->waiting;
    disk->waiting = hs_controls_ref(controls);
    pthread_cond_signal(&disk->changed);
    pthread_mutex_unlock(&disk->lock);
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
