// SPDX-License-Identifier: Apache-2.0
#include "lists/site.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "support/figure.h"

enum { COMMAND_MS = 300000, LIVE_MS = 120000, WORDS_MAX = 24 };

static const char cameras[] =
    "camera,site,road,force,area,latitude,longitude\nc1,s1,A4,Aven,east,51.4,-2.4\n";
static const char queues[] =
    "queues:\n"
    "  intel:\n    owner: Aven\n    kind: intelligence\n    lists: [\"*\"]\n    default: true\n";

void site_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static void path_of(const struct site *site, const char *name,
                    char ret_path[HS_TEST_PATH_BYTES + 32])
{
    snprintf(ret_path, HS_TEST_PATH_BYTES + 32, "%s/%s", site->folder, name);
}

static void write_text(const struct site *site, const char *name, const char *text)
{
    char path[HS_TEST_PATH_BYTES + 32];
    path_of(site, name, path);
    if (hs_test_file_write(path, text) != 0) {
        site_fail("cannot write '%s'", path);
    }
}

static void write_settings(const struct site *site)
{
    char text[4096];
    snprintf(text, sizeof(text),
             "instance: bench\nroles: [match]\nstate_dir: %s/state\n"
             "keys:\n  id_file: %s/id.key\n  token_file: %s/token.key\n"
             "admin:\n  listen: \"\"\n  socket: %s/admin.sock\n"
             "kafka:\n  bootstrap: %s\nredis:\n  socket: %s\n  command_timeout_ms: 30000\n",
             site->folder, site->folder, site->folder, site->folder,
             hs_bench_setting("HS_BENCH_KAFKA"), hs_bench_setting("HS_BENCH_REDIS"));
    write_text(site, "hitstream.yaml", text);
    write_text(site, "id.key",
               "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    write_text(site, "token.key",
               "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\n");
}

static void make_folder(const struct site *site, const char *name)
{
    char path[HS_TEST_PATH_BYTES + 32];
    path_of(site, name, path);
    if (mkdir(path, 0755) != 0) {
        site_fail("cannot make '%s'", path);
    }
}

static void activate_controls(struct site *site)
{
    char path[HS_TEST_PATH_BYTES + 32];
    make_folder(site, "controls");
    write_text(site, "controls/cameras.csv", cameras);
    write_text(site, "controls/queues.yaml", queues);
    write_text(site, "controls/rules.yaml", "");
    path_of(site, "controls", path);
    SITE_HITCTL(site, "controls", "activate", path);
    SITE_HITCTL(site, "topics", "create", "--reads-from", "end");
}

void site_open(struct site *site)
{
    const char *build = hs_bench_setting("HS_BENCH_BUILD");
    struct hs_redis_config redis = {.socket = hs_bench_setting("HS_BENCH_REDIS"),
                                    .connect_timeout_ms = 5000,
                                    .command_timeout_ms = 60000};
    struct hs_buf why = {0};
    memset(site, 0, sizeof(*site));
    snprintf(site->folder, sizeof(site->folder), "%s", hs_bench_setting("HS_BENCH_FOLDER"));
    snprintf(site->hitctl, sizeof(site->hitctl), "%s/daemon/hitctl/hitctl", build);
    snprintf(site->hitstreamd, sizeof(site->hitstreamd), "%s/daemon/hitstreamd/hitstreamd", build);
    path_of(site, "hitstream.yaml", site->config);
    make_folder(site, "state");
    write_settings(site);
    if (hs_store_open(&redis, &site->store, &why) != 0) {
        site_fail("%s", hs_buf_text(&why));
    }
    activate_controls(site);
    SITE_HITCTL(site, "list", "create", "big", "--title", "t", "--owner-force", "Aven", "--purpose",
                "bench", "--open", "--status", "live", "--keep", "1");
}

void site_close(struct site *site)
{
    site_stop(site);
    hs_store_free(site->store);
}

// ---- programs ----

double site_hitctl(struct site *site, const char *const *words)
{
    char log[HS_TEST_PATH_BYTES + 32];
    const char *argv[WORDS_MAX + 4] = {site->hitctl, "--config", site->config};
    struct hs_process_spec spec = {.argv = argv, .output_path = log, .error_path = log};
    path_of(site, "hitctl.log", log);
    for (size_t i = 0; words[i] && i < WORDS_MAX; i++) {
        argv[3 + i] = words[i];
    }
    int64_t from_ns = hs_clock_monotonic_ns();
    int code = hs_process_run(&spec, COMMAND_MS);
    double seconds = (double)(hs_clock_monotonic_ns() - from_ns) / 1e9;
    if (code != 0) {
        char *text = hs_test_file_read(log);
        site_fail("hitctl %s %s ended with %d:\n%s", words[0], words[1] ? words[1] : "", code,
                  text ? text : "");
    }
    return seconds;
}

static uint64_t registered_entries(struct site *site)
{
    struct hs_bump bump = {0};
    struct hs_instance *rows;
    size_t count;
    if (hs_store_instances(site->store, &bump, &rows, &count) != 0) {
        site_fail("%s", hs_store_why(site->store));
    }
    uint64_t entries = count > 0 && hs_str_is(rows[0].state, "live") ? rows[0].entries : 0;
    bool any = count > 0 && hs_str_is(rows[0].state, "live");
    hs_bump_fini(&bump);
    return any ? entries + 1 : 0;
}

double site_start(struct site *site, uint64_t entries)
{
    char log[HS_TEST_PATH_BYTES + 32];
    const char *argv[] = {site->hitstreamd, "--config", site->config, NULL};
    struct hs_process_spec spec = {.argv = argv, .output_path = log, .error_path = log};
    path_of(site, "daemon.log", log);
    hs_store_deregister(site->store, HS_STR("bench"));
    int64_t from_ns = hs_clock_monotonic_ns();
    if (hs_process_start(&site->daemon, &spec) != 0) {
        site_fail("cannot start '%s'", site->hitstreamd);
    }
    while (registered_entries(site) < entries + 1) {
        if (!hs_process_running(&site->daemon) ||
            hs_clock_monotonic_ns() - from_ns > LIVE_MS * INT64_C(1000000)) {
            char *text = hs_test_file_read(log);
            site_fail("the daemon did not get its lists live:\n%s", text ? text : "");
        }
        hs_test_pause_ms(1);
    }
    return (double)(hs_clock_monotonic_ns() - from_ns) / 1e9;
}

void site_stop(struct site *site)
{
    if (site->daemon.pid) {
        hs_process_stop(&site->daemon, COMMAND_MS);
        hs_store_deregister(site->store, HS_STR("bench"));
    }
}

// ---- files ----

// Plate number i of the current series: distinct, and spread over the alphabet.
static void plate(unsigned long i, char ret_text[8])
{
    static const char letters[] = "ABCDEFGHJKLMNPRSTUVWXY";
    enum { LETTERS = sizeof(letters) - 1, AGES = 24 };
    unsigned long space = 1, n;
    for (int k = 0; k < 5; k++) {
        space *= LETTERS;
    }
    space *= AGES;
    n = i * 7919 % space; // 7919 is prime and no factor of the space
    for (int at = 0; at < 7; at++) {
        if (at == 2) {
            unsigned long age = 2 + n % AGES;
            ret_text[at++] = (char)('0' + age / 10);
            ret_text[at] = (char)('0' + age % 10);
            n /= AGES;
        } else {
            ret_text[at] = letters[n % LETTERS];
            n /= LETTERS;
        }
    }
    ret_text[7] = '\0';
}

void site_write_voi(const struct site *site, const char *name, unsigned long count, unsigned seed)
{
    static const char *const makes[] = {"FORD", "VAUXHALL", "BMW", "AUDI", "NISSAN"};
    char path[HS_TEST_PATH_BYTES + 32], vrm[8];
    path_of(site, name, path);
    FILE *file = fopen(path, "we");
    if (!file) {
        site_fail("cannot write '%s'", path);
    }
    fputs("VRM,make,model,colour,action,warning markers,reason,NIM intelligence "
          "grading,information,force and area,"
          "weed date,PNC id,protective marking,CAD information,spare 1,spare 2\n",
          file);
    for (unsigned long i = 0; i < count; i++) {
        plate(i, vrm);
        fprintf(file,
                "%s,%s,MODEL %lu,BLUE,%s,%s,recovered intelligence %lu,E41,seen near the market "
                "with two others,"
                "Aven / North,2099-06-%02lu,%lu/%luX,OFFICIAL-SENSITIVE,,call the owner "
                "first,REF/%u/%lu\n",
                vrm, makes[i % 5], i % 50, i % 3 ? "STOP" : "SILENT", i % 7 ? "" : "FI VI", i % 100,
                i % 28 + 1, i % 100, i, seed, i);
    }
    if (fclose(file) != 0) {
        site_fail("cannot write '%s'", path);
    }
}

struct pipe_file {
    FILE *file;
    uint64_t bytes;
};

static int pipe_entry(void *ctx, struct hs_str id, struct hs_str entry)
{
    struct pipe_file *out = ctx;
    fprintf(out->file, "*4\r\n$4\r\nHSET\r\n$3\r\nref\r\n$%zu\r\n%.*s\r\n$%zu\r\n", id.len,
            HS_STR_ARG(id), entry.len);
    fwrite(entry.ptr, 1, entry.len, out->file);
    fputs("\r\n", out->file);
    out->bytes += entry.len;
    return 0;
}

uint64_t site_write_pipe(struct site *site, const char *name)
{
    char path[HS_TEST_PATH_BYTES + 32];
    struct hs_bump bump = {0};
    struct hs_store_list list;
    path_of(site, name, path);
    struct pipe_file out = {fopen(path, "we"), 0};
    if (!out.file || hs_store_list_get(site->store, HS_STR("big"), &bump, &list) != 0 ||
        hs_store_entries(site->store, &list, 0, pipe_entry, &out) != 0 || fclose(out.file) != 0) {
        site_fail("cannot write '%s': %s", path, hs_store_why(site->store));
    }
    hs_bump_fini(&bump);
    return out.bytes;
}

static void empty_reference(void)
{
    redisContext *context = redisConnectUnix(hs_bench_setting("HS_BENCH_REDIS"));
    redisReply *reply = context && !context->err ? redisCommand(context, "UNLINK ref") : NULL;
    if (!reply) {
        site_fail("redis is away");
    }
    freeReplyObject(reply);
    redisFree(context);
}

double site_pipe(struct site *site, const char *name)
{
    char input[HS_TEST_PATH_BYTES + 32], log[HS_TEST_PATH_BYTES + 32];
    const char *argv[] = {"redis-cli", "-s", hs_bench_setting("HS_BENCH_REDIS"), "--pipe", NULL};
    struct hs_process_spec spec = {
        .argv = argv, .input_path = input, .output_path = log, .error_path = log};
    path_of(site, name, input);
    path_of(site, "pipe.log", log);
    empty_reference();
    hs_test_pause_ms(
        500); // what was unlinked is freed in the background: not during the measurement
    int64_t from_ns = hs_clock_monotonic_ns();
    if (hs_process_run(&spec, COMMAND_MS) != 0) {
        site_fail("redis-cli --pipe failed");
    }
    double seconds = (double)(hs_clock_monotonic_ns() - from_ns) / 1e9;
    empty_reference();
    return seconds;
}
