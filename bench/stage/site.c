// SPDX-License-Identifier: Apache-2.0
#include "stage/site.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "base/clock.h"
#include "hitstream/v1/read.pb-c.h"
#include "kafka/topics.h"
#include "support/figure.h"
#include "support/kafka_util.h"

enum {
    ANSWER_BYTES = 512 * 1024,
    READY_MS = 120000,
    STOP_MS = 60000,
    HITCTL_MS = 300000,
    IMAGE_BYTES = 56
};

void site_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

void site_plate(size_t n, char ret_vrm[SITE_MARK_MAX])
{
    static const char letters[] = "ABCDEFGHJKLMNPRSTUVWXY";
    enum { BASE = sizeof(letters) - 1 };
    static const unsigned ages[] = {2,  3,  5,  7,  9,  12, 14, 16, 18, 21,
                                    23, 25, 51, 53, 55, 58, 61, 64, 67, 72};
    size_t age = n % 20, serial = n / 20;
    snprintf(ret_vrm, SITE_MARK_MAX, "%c%c%02u%c%c%c", letters[serial % BASE],
             letters[serial / BASE % BASE], ages[age], letters[serial / BASE / BASE % BASE],
             letters[serial / BASE / BASE / BASE % BASE],
             letters[serial / BASE / BASE / BASE / BASE % BASE]);
}

static void path_of(const struct site *site, const char *name, char ret_path[HS_TEST_PATH_BYTES])
{
    snprintf(ret_path, HS_TEST_PATH_BYTES, "%s/%s", site->folder, name);
}

static void write_file(const struct site *site, const char *name, const char *text)
{
    char path[HS_TEST_PATH_BYTES];
    path_of(site, name, path);
    if (hs_test_file_write(path, text)) {
        site_fail("cannot write '%s'", path);
    }
}

static void program(const char *name, char ret_path[HS_TEST_PATH_BYTES])
{
    snprintf(ret_path, HS_TEST_PATH_BYTES, "%s/daemon/%s/%s", hs_bench_setting("HS_BENCH_BUILD"),
             name, name);
}

void site_hitctl(struct site *site, const char *const *words)
{
    char path[HS_TEST_PATH_BYTES], out[HS_TEST_PATH_BYTES];
    program("hitctl", path);
    path_of(site, "hitctl.out", out);
    const char *argv[24] = {path,    "--config",    site->config, "--who",
                            "bench", "--authority", "bench"};
    for (size_t i = 0; words[i] && i < 16; i++) {
        argv[7 + i] = words[i];
    }
    const struct hs_process_spec spec = {.argv = argv, .output_path = out, .error_path = out};
    if (hs_process_run(&spec, HITCTL_MS) != 0) {
        char *text = hs_test_file_read(out);
        site_fail("hitctl %s %s failed: %s", words[0], words[1], text ? text : "");
    }
}

void site_configure(struct site *site, const char *roles, const char *extra)
{
    char text[4096];
    snprintf(text, sizeof(text),
             "instance: bench\nroles: [%s]\nstate_dir: %s/state\nredis:\n  socket: %s\nkeys:\n"
             "  id_file: %s/id.key\n  token_file: %s/token.key\nadmin:\n  listen: 127.0.0.1:%u\n  "
             "socket: \"\"\n"
             "kafka:\n  bootstrap: %s\n%s",
             roles, site->folder, hs_bench_setting("HS_BENCH_REDIS"), site->folder, site->folder,
             site->admin_port, site->bootstrap, extra ? extra : "");
    write_file(site, "hitstream.yaml", text);
}

#define QUEUES                                                                                     \
    "queues:\n  control:\n    owner: north\n    kind: live\n    lists: [\"*\"]\n    default: "     \
    "true\n"

static void write_controls(struct site *site)
{
    struct hs_buf text = {0};
    hs_buf_add_text(&text, "camera,site,road,direction,force,area,latitude,longitude,kind\n");
    for (unsigned i = 0; i < SITE_CAMERAS; i++) {
        hs_buf_printf(&text, "cam-%04u,site-%04u,A%u,N,north,centre,51.%04u,-2.%04u,fixed\n", i, i,
                      i % 9 + 1, 3000 + i, 3000 + i);
    }
    write_file(site, "controls/cameras.csv", hs_buf_text(&text));
    write_file(site, "controls/queues.yaml", QUEUES);
    write_file(site, "controls/rules.yaml", // one list brings more than any desk could take: all
                                            // of it is told at once, as far as the figure goes
               "incident:\n  repeat_window_ms: 0\n"
               "flood:\n  entry_sightings: 0\n  list_sightings: 0\n");
    hs_buf_fini(&text);
}

void site_open(struct site *site, const char *roles, const char *extra)
{
    char path[HS_TEST_PATH_BYTES];
    *site = (struct site){.bootstrap = hs_bench_setting("HS_BENCH_KAFKA"),
                          .folder = hs_bench_setting("HS_BENCH_FOLDER")};
    hs_test_free_port(&site->admin_port);
    path_of(site, "hitstream.yaml", site->config);
    write_file(site, "id.key",
               "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    write_file(site, "token.key",
               "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\n");
    site_configure(site, roles, extra);
    path_of(site, "controls", path);
    const char *const argv[] = {"mkdir", "-p", path, NULL};
    const struct hs_process_spec spec = {.argv = argv};
    hs_process_run(&spec, 5000);
    write_controls(site);
    SITE_HITCTL(site, "controls", "activate", path);
    SITE_HITCTL(site, "topics", "create", "--partitions", "4", "--hits-partitions", "4");
}

void site_load_list(struct site *site, size_t entries)
{
    char path[HS_TEST_PATH_BYTES], vrm[SITE_MARK_MAX];
    struct hs_buf text = {0};
    hs_buf_add_text(&text, "VRM,action,reason,weed date,entry id,information\n");
    for (size_t i = 0; i < entries; i++) {
        site_plate(2 * i, vrm);
        hs_buf_printf(&text, "%s,STOP,no insurance,2099-12-31,e%zu,seen lately on the A4\n", vrm,
                      i);
    }
    path_of(site, "list.csv", path);
    if (hs_test_file_write(path, hs_buf_text(&text))) {
        site_fail("cannot write '%s'", path);
    }
    hs_buf_fini(&text);
    SITE_HITCTL(site, "list", "create", "listed", "--title", "listed", "--owner-force", "north",
                "--purpose", "bench", "--open", "--status", "live");
    SITE_HITCTL(site, "list", "load", "listed", path, "--replace");
}

static size_t site_pack(uint8_t *packed, size_t capacity, size_t number, const char *vrm,
                        unsigned camera, size_t reads, size_t one_in, size_t entries)
{
    static const uint8_t confidence[SITE_MARK_MAX] = {98, 97, 99, 95, 98, 96, 97};
    char marks[50][SITE_MARK_MAX], ids[50][24], cameras[16], image[96];
    Hitstream__V1__PlateRead rows[50], *ptrs[50];
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    snprintf(cameras, sizeof(cameras), "cam-%04u", camera);
    snprintf(image, sizeof(image), "s3://plates/2026/11/21/%s/%012zu-plate-and-overview.jpg",
             cameras, number);
    image[IMAGE_BYTES] = '\0';
    for (size_t i = 0; i < reads; i++) {
        hitstream__v1__plate_read__init(&rows[i]);
        ptrs[i] = &rows[i];
        size_t n = number + i, serial = n * 2654435761u % 10000000;
        if (vrm) {
            snprintf(marks[i], SITE_MARK_MAX, "%s", vrm);
        } else {
            site_plate(n % one_in == one_in / 2 ? 2 * (n * 7919 % entries) : 2 * serial + 1,
                       marks[i]);
        }
        snprintf(ids[i], sizeof(ids[i]), SITE_READ "%010zu-%zu", n, n % 997);
        rows[i].vrm = marks[i];
        rows[i].camera_id = cameras;
        rows[i].read_id = ids[i];
        rows[i].captured_at_ms = hs_clock_realtime_ms();
        rows[i].received_at_ms = rows[i].captured_at_ms + 40;
        rows[i].char_confidence_pct = (ProtobufCBinaryData){
            .len = strlen(marks[i]), .data = (uint8_t *)(uintptr_t)confidence};
        rows[i].lane = 1 + n % 3;
        rows[i].direction = HITSTREAM__V1__DIRECTION__DIRECTION_APPROACHING;
        rows[i].plate_image_ref = image;
        rows[i].make = (char *)(uintptr_t) "VAUXHALL";
        rows[i].colour = (char *)(uintptr_t) "SILVER";
        rows[i].country = (char *)(uintptr_t) "GB";
    }
    batch.n_reads = reads;
    batch.reads = ptrs;
    size_t len = hitstream__v1__plate_read_batch__get_packed_size(&batch);
    if (len > capacity) {
        site_fail("a message of %zu bytes is too large", len);
    }
    return hitstream__v1__plate_read_batch__pack(&batch, packed);
}

size_t site_pack_one(uint8_t *packed, size_t capacity, size_t number, const char *vrm,
                     unsigned camera)
{
    return site_pack(packed, capacity, number, vrm, camera, 1, 1, 1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK) {
        site_fail("%s: %s", name, why);
    }
}

void site_fill(const struct site *site, size_t messages, size_t reads, size_t one_in,
               size_t entries)
{
    uint8_t packed[16384];
    char why[256], key[16];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", site->bootstrap);
    set(conf, "acks", "1");
    set(conf, "linger.ms", "50");
    set(conf, "batch.size", "900000");
    set(conf, "queue.buffering.max.messages", "500000");
    set(conf, "partitioner", "murmur2_random");
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    size_t bytes = 0;
    for (size_t i = 0; client && i < messages; i++) {
        unsigned camera = (unsigned)(i * 7919 % SITE_CAMERAS);
        size_t len =
            site_pack(packed, sizeof(packed), i * reads, NULL, camera, reads, one_in, entries);
        snprintf(key, sizeof(key), "site-%04u", camera);
        bytes += len;
        while (rd_kafka_producev(client, RD_KAFKA_V_TOPIC("anpr.reads"),
                                 RD_KAFKA_V_KEY(key, strlen(key)), RD_KAFKA_V_VALUE(packed, len),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                 RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_poll(client, 10);
        }
        if (i % 1024 == 0) {
            rd_kafka_poll(client, 0);
        }
    }
    if (!client || rd_kafka_flush(client, 60000)) {
        site_fail("cannot produce reads");
    }
    rd_kafka_destroy(client);
    fprintf(stderr, "%zu messages of %zu reads, %.1f bytes each\n", messages, reads,
            (double)bytes / (double)messages);
}

void site_start(struct site *site, const char *const *before)
{
    char path[HS_TEST_PATH_BYTES], log[HS_TEST_PATH_BYTES];
    const char *argv[16];
    size_t count = 0;
    program("hitstreamd", path);
    path_of(site, "hitstreamd.log", log);
    for (; before && before[count]; count++) {
        argv[count] = before[count];
    }
    argv[count++] = path;
    argv[count++] = "--config";
    argv[count++] = site->config;
    argv[count] = NULL;
    const struct hs_process_spec spec = {.argv = argv, .output_path = log, .error_path = log};
    if (hs_process_start(&site->daemon, &spec)) {
        site_fail("cannot start '%s'", path);
    }
}

static void ask(const struct site *site, const char *path, char *ret_answer)
{
    char request[256];
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(site->admin_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    size_t len = 0;
    ssize_t n;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ret_answer[0] = '\0';
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return;
    }
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             path);
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) > 0) {
        while (len + 1 < ANSWER_BYTES &&
               (n = read(fd, ret_answer + len, ANSWER_BYTES - 1 - len)) > 0) {
            len += (size_t)n;
        }
    }
    ret_answer[len] = '\0';
    close(fd);
}

void site_await_text(const struct site *site, const char *text)
{
    static char answer[ANSWER_BYTES];
    int64_t until_ns = hs_clock_monotonic_ns() + READY_MS * INT64_C(1000000);
    do {
        ask(site, "/readyz", answer);
        if (hs_clock_monotonic_ns() > until_ns) {
            site_fail("'%s' does not come; last answer: %s", text, answer);
        }
        hs_test_pause_ms(20);
    } while (!strstr(answer, text));
}

void site_await_ready(struct site *site)
{
    site_await_text(site, "200 OK");
}

void site_stop(struct site *site)
{
    int exit_code = hs_process_stop(&site->daemon, STOP_MS);
    if (exit_code != 0) {
        site_fail("hitstreamd ended with %d", exit_code);
    }
}

double site_metric(const struct site *site, const char *series)
{
    static char answer[ANSWER_BYTES];
    char line[256];
    ask(site, "/metrics", answer);
    snprintf(line, sizeof(line), "\n%s ", series);
    const char *at = strstr(answer, line);
    return at ? strtod(at + strlen(line), NULL) : -1;
}

void site_rewind(const struct site *site)
{
    struct hs_settings settings = {.kafka_bootstrap = site->bootstrap,
                                   .kafka_session_timeout_ms = 6000};
    int r = hs_topics_read_from(&settings, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS,
                                HS_KAFKA_OFFSET_BEGINNING, -1, true, 30000);
    if (r < 0) {
        site_fail("cannot set offsets: %d", r);
    }
}

void site_forget(const struct site *site)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", site->bootstrap);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_DeleteGroup_t *group = rd_kafka_DeleteGroup_new(HS_KAFKA_GROUP_MATCH);
    rd_kafka_DeleteGroups(client, &group, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 30000);
    if (!event || rd_kafka_event_error(event)) {
        site_fail("cannot forget the group's offsets");
    }
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteGroup_destroy(group);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
}

void site_await_quiet(const struct site *site)
{
    enum { STEP_MS = 500, QUIET_STEPS = 2 };
    double before = hs_bench_cpu_seconds_of(site->daemon.pid);
    for (int quiet = 0; quiet < QUIET_STEPS;) {
        hs_test_pause_ms(STEP_MS);
        double now = hs_bench_cpu_seconds_of(site->daemon.pid);
        quiet = now - before < 0.05 ? quiet + 1 : 0;
        before = now;
    }
}
