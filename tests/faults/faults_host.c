// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "faults.h"
#include "support/kafka_util.h"

enum {
    CHUNK_BYTES = 65536,
    LOAD_MS = 60000,
    MEMORY_LEFT_BYTES = 1 << 20,
};

// ---- the folder of the last good lists ----

void disk_prepare(struct ground *ground)
{
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        const char *folder = ground->world.instances[i].state;
        assert_int_equal(mkdir(folder, 0700), 0);
        assert_int_equal(mount("tmpfs", folder, "tmpfs", 0, "size=16m"), 0);
        ground->mounted[i] = folder;
    }
}

static void filler_of(const struct ground *ground, size_t daemon, char ret_path[])
{
    snprintf(ret_path, HS_TEST_PATH_BYTES + 16, "%s/filler", ground->world.instances[daemon].state);
}

static void fill(const char *path)
{
    static const char chunk[CHUNK_BYTES];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, chunk, sizeof(chunk)) > 0) {
    }
    close(fd);
}

void disk_fill(struct ground *ground)
{
    char path[HS_TEST_PATH_BYTES + 16];
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        filler_of(ground, i, path);
        fill(path);
    }
    ground_change_a_list(ground); // so that there is something new to be written
}

static void kill_and_start_one(struct ground *ground)
{
    daemon_kill(ground);
    daemon_again(ground);
}

void disk_free(struct ground *ground)
{
    char path[HS_TEST_PATH_BYTES + 16];
    kill_and_start_one(ground);
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        filler_of(ground, i, path);
        assert_int_equal(unlink(path), 0);
    }
}

// Something may be written just now: a remount waits for that.
static void remount(const struct ground *ground, unsigned long flags)
{
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        const char *folder = ground->world.instances[i].state;
        int r = -1;
        for (int attempt = 0; attempt < 200 && r != 0; attempt++) {
            r = mount(NULL, folder, NULL, MS_REMOUNT | flags, "size=16m");
            if (r != 0) {
                hs_test_pause_ms(10);
            }
        }
        assert_int_equal(r, 0);
    }
}

void disk_read_only(struct ground *ground)
{
    remount(ground, MS_RDONLY);
    ground_change_a_list(ground); // so that there is something new to be written
}

void disk_writable(struct ground *ground)
{
    kill_and_start_one(ground);
    remount(ground, 0);
}

// ---- limits ----

static pid_t choose(struct ground *ground)
{
    ground->daemon = ground_dice(ground, WORLD_INSTANCES);
    return ground->world.instances[ground->daemon].process.pid;
}

static void limit(struct ground *ground, pid_t pid, enum __rlimit_resource resource, rlim_t current)
{
    struct rlimit rows;
    assert_int_equal(prlimit(pid, resource, NULL, &rows), 0);
    ground->limit_before = rows.rlim_cur;
    rows.rlim_cur = current;
    assert_int_equal(prlimit(pid, resource, &rows, NULL), 0);
}

static void unlimit(struct ground *ground, enum __rlimit_resource resource)
{
    pid_t pid = ground->world.instances[ground->daemon].process.pid;
    struct rlimit rows;
    if (pid != 0 && prlimit(pid, resource, NULL, &rows) == 0) {
        rows.rlim_cur = ground->limit_before;
        assert_int_equal(prlimit(pid, resource, &rows, NULL), 0);
    }
}

static rlim_t open_files(pid_t pid)
{
    char path[64];
    rlim_t count = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *row; (row = readdir(folder)) != NULL;) {
        count += row->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

// No file more than are open; and then connections end and must be made anew.
void files_exhaust(struct ground *ground)
{
    pid_t pid = choose(ground);
    limit(ground, pid, RLIMIT_NOFILE, open_files(pid) - 2);
    hs_redis_server_ask(cluster_primary(&ground->cluster), "CLIENT KILL TYPE normal SKIPME yes");
    broker_kill(ground);
}

void files_allow(struct ground *ground)
{
    unlimit(ground, RLIMIT_NOFILE);
    broker_again(ground);
}

static rlim_t address_space_bytes(pid_t pid)
{
    char path[64];
    unsigned long pages = 0;
    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    char *text = hs_test_file_read(path);
    assert_non_null(text);
    pages = strtoul(text, NULL, 10);
    free(text);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

// A list is loaded that finds no room.
void memory_exhaust(struct ground *ground)
{
    pid_t pid = choose(ground);
    limit(ground, pid, RLIMIT_AS, address_space_bytes(pid) + MEMORY_LEFT_BYTES);
    ground_start_load(ground, &ground->hitctl);
}

// What systemd does to a daemon that ended by it, is done here.
void memory_allow(struct ground *ground)
{
    unlimit(ground, RLIMIT_AS);
    if (!hs_process_running(&ground->world.instances[ground->daemon].process)) {
        printf("the daemon had ended\n");
        daemon_again(ground);
    }
    hs_process_wait(&ground->hitctl, LOAD_MS, NULL);
    hs_process_fini(&ground->hitctl);
}
