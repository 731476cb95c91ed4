// SPDX-License-Identifier: Apache-2.0
/*
 * Lists through hitctl, Redis and the daemon.
 *
 *   list-load       1 M-entry CSV: 'hitctl list load --wait' to live on the daemon, beside
 * 'redis-cli --pipe' of the same entries into the same Redis list-put        one 'hitctl list put
 * --wait', the whole program from its start to its end: p99 start           exec of hitstreamd to
 * lists live, 1 M entries from the snapshot on disk, beside reading that file memory resident
 * memory at 1 M entries less 64 MB, beside the sum of the packed entries; the peak while another
 * load is built is in the note memory-reloads  the same after 100 reloads, beside after the first
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "lists/reload.h"
#include "lists/site.h"
#include "support/figure.h"

enum { ENTRIES = 1000000, SMOKE_ENTRIES = 5000, LOADS = 5, PUTS = 500, STARTS = 5, RELOADS = 100 };

static unsigned long entries(void)
{
    return hs_bench_smoke() ? SMOKE_ENTRIES : ENTRIES;
}

static unsigned runs(unsigned full)
{
    return hs_bench_smoke() ? 1 : full;
}

static void load(struct site *site, const char *name)
{
    char path[HS_TEST_PATH_BYTES + 32];
    snprintf(path, sizeof(path), "%s/%s", site->folder, name);
    SITE_HITCTL(site, "list", "load", "big", path, "--replace", "--wait", "--timeout", "120");
}

// ---- list-load ----

static double run_load(void *ctx)
{
    int64_t from_ns = hs_clock_monotonic_ns();
    load(ctx, "voi.csv");
    return (double)(hs_clock_monotonic_ns() - from_ns) / 1e9;
}

static double run_pipe(void *ctx)
{
    return site_pipe(ctx, "voi.pipe");
}

static void list_load(struct site *site)
{
    double value, reference;
    site_write_voi(site, "voi.csv", entries(), 1);
    site_start(site, 0);
    load(site, "voi.csv");
    site_write_pipe(site, "voi.pipe");
    hs_bench_alternate(runs(LOADS), run_load, run_pipe, site, &value, &reference);
    struct hs_figure figure = {.name = "list-load",
                               .unit = "s",
                               .value = value,
                               .reference = reference,
                               .bar = HS_BAR_RATIO_AT_MOST,
                               .limit = 3,
                               .runs = runs(LOADS),
                               .note = value <= 5 ? "at most 5 s: holds"
                                                  : "at most 5 s: does not hold"};
    hs_figure_print(&figure);
}

// ---- list-put ----

static void list_put(struct site *site)
{
    static double seconds[PUTS];
    unsigned count = hs_bench_smoke() ? 20 : PUTS;
    char vrm[32];
    site_write_voi(site, "voi.csv", entries(), 1);
    site_start(site, 0);
    load(site, "voi.csv");
    for (unsigned i = 0; i < count; i++) {
        snprintf(vrm, sizeof(vrm), "VRM=ZZ99Z%c%c", 'A' + i % 23, 'A' + i / 23 % 23);
        seconds[i] = SITE_HITCTL(site, "list", "put", "big", vrm, "action=STOP",
                                 "weed date=2099-12-31", "--wait");
    }
    double p99 = hs_bench_permille(seconds, count, 990) * 1000;
    double p50 = hs_bench_permille(seconds, count, 500) * 1000;
    char note[64];
    snprintf(note, sizeof(note), "p50 %.1f ms, the whole of hitctl included", p50);
    struct hs_figure figure = {.name = "list-put",
                               .unit = "ms, p99",
                               .value = p99,
                               .bar = HS_BAR_VALUE_AT_MOST,
                               .limit = 50,
                               .runs = count,
                               .note = note};
    hs_figure_print(&figure);
}

// ---- start ----

// Reads every file of the state folder once; seconds. They are cached.
static double read_state(const struct site *site)
{
    static char piece[1 << 20];
    char path[HS_TEST_PATH_BYTES + 300];
    struct dirent *row;
    int64_t from_ns = hs_clock_monotonic_ns();
    snprintf(path, sizeof(path), "%s/state", site->folder);
    DIR *folder = opendir(path);
    while (folder && (row = readdir(folder))) {
        snprintf(path, sizeof(path), "%s/state/%s", site->folder, row->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        while (fd >= 0 && read(fd, piece, sizeof(piece)) > 0) {
        }
        close(fd);
    }
    if (folder) {
        closedir(folder);
    }
    return (double)(hs_clock_monotonic_ns() - from_ns) / 1e9;
}

static double run_start(void *ctx)
{
    double seconds = site_start(ctx, entries());
    site_stop(ctx);
    return seconds;
}

static double run_read(void *ctx)
{
    return read_state(ctx);
}

// The daemon writes its snapshot in its own time; a clean stop does not end before.
static void start(struct site *site)
{
    double value, reference;
    site_write_voi(site, "voi.csv", entries(), 1);
    site_start(site, 0);
    load(site, "voi.csv");
    site_stop(site);
    hs_bench_alternate(runs(STARTS), run_start, run_read, site, &value, &reference);
    struct hs_figure figure = {.name = "start",
                               .unit = "s",
                               .value = value,
                               .reference = reference,
                               .bar = HS_BAR_VALUE_AT_MOST,
                               .limit = 2,
                               .runs = runs(STARTS),
                               .note = "reference: reading the file"};
    hs_figure_print(&figure);
}

// ---- memory ----

// A line of /proc/PID/status, in bytes.
static uint64_t status_bytes(int pid, const char *key)
{
    char path[64], line[256];
    unsigned long kilobytes = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, key, strlen(key)) == 0) {
            kilobytes = strtoul(line + strlen(key) + 1, NULL, 10);
        }
    }
    if (file) {
        fclose(file);
    }
    return (uint64_t)kilobytes * 1024;
}

// Until memory has not changed by a hundredth for a second: what was replaced is freed, the file is
// written.
static uint64_t at_rest(int pid)
{
    uint64_t before = 0, now = status_bytes(pid, "VmRSS:");
    for (int i = 0; i < 60; i++) {
        hs_test_pause_ms(hs_bench_smoke() ? 100 : 1000);
        before = now;
        now = status_bytes(pid, "VmRSS:");
        if (now < before + before / 100 && before < now + now / 100 && i > 1) {
            break;
        }
    }
    return now;
}

static void forget_peak(int pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
    FILE *file = fopen(path, "we");
    if (file) {
        fputs("5", file);
        fclose(file);
    }
}

static void memory(struct site *site)
{
    const double megabyte = 1e6;
    char note[160];
    site_write_voi(site, "voi.csv", entries(), 1);
    site_write_voi(site, "other.csv", entries(), 2);
    site_start(site, 0);
    load(site, "voi.csv");
    uint64_t packed = site_write_pipe(site, "voi.pipe");
    uint64_t rest = at_rest(site->daemon.pid);
    forget_peak(site->daemon.pid);
    load(site, "other.csv");
    at_rest(site->daemon.pid);
    uint64_t peak = status_bytes(site->daemon.pid, "VmHWM:");
    snprintf(note, sizeof(note), "%.0f MB resident at rest, %.0f MB at the peak of another load",
             (double)rest / megabyte, (double)peak / megabyte);
    struct hs_figure figure = {.name = "memory",
                               .unit = "MB beyond 64",
                               .value = ((double)rest - 64 * megabyte) / megabyte,
                               .reference = (double)packed / megabyte,
                               .bar = HS_BAR_RATIO_AT_MOST,
                               .limit = 1.3,
                               .runs = 1,
                               .note = note};
    hs_figure_print(&figure);
}

static void memory_reloads(struct site *site)
{
    const double megabyte = 1e6;
    unsigned reloads = hs_bench_smoke() ? 2 : RELOADS;
    struct reload_set sets[2];
    char note[96];
    site_write_voi(site, "voi.csv", entries(), 1);
    site_write_voi(site, "other.csv", entries(), 2);
    site_start(site, 0);
    load(site, "voi.csv");
    reload_set_read(site, &sets[0]);
    load(site, "other.csv");
    reload_set_read(site, &sets[1]);
    uint64_t first = at_rest(site->daemon.pid);
    int64_t from_ns = hs_clock_monotonic_ns();
    for (unsigned i = 1; i < reloads; i++) {
        reload(site, &sets[(i - 1) % 2]);
    }
    double took_s = (double)(hs_clock_monotonic_ns() - from_ns) / 1e9;
    uint64_t last = at_rest(site->daemon.pid);
    snprintf(note, sizeof(note), "reference: after the first reload; %.1f s a reload",
             took_s / (reloads - 1));
    struct hs_figure figure = {.name = "memory-reloads",
                               .unit = "MB",
                               .value = (double)last / megabyte,
                               .reference = (double)first / megabyte,
                               .bar = HS_BAR_RATIO_AT_MOST,
                               .limit = 1.05,
                               .runs = reloads,
                               .note = note};
    hs_figure_print(&figure);
    reload_set_fini(&sets[0]);
    reload_set_fini(&sets[1]);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*measure)(struct site *site);
    } figures[] = {{"list-load", list_load},
                   {"list-put", list_put},
                   {"start", start},
                   {"memory", memory},
                   {"memory-reloads", memory_reloads}};
    struct site site;
    for (size_t i = 0; argc == 2 && i < sizeof(figures) / sizeof(figures[0]); i++) {
        if (strcmp(argv[1], figures[i].name) == 0) {
            site_open(&site);
            figures[i].measure(&site);
            site_close(&site);
            return 0;
        }
    }
    fprintf(stderr, "usage: lists_bench list-load|list-put|start|memory|memory-reloads\n");
    return 2;
}
