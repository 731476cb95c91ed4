// SPDX-License-Identifier: Apache-2.0
#include "stage/loops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "base/clock.h"
#include "hitstream/v1/read.pb-c.h"
#include "stage/site.h"
#include "support/figure.h"

#pragma GCC diagnostic ignored "-Wcast-qual"
#include <uthash.h>

struct entry {
    char vrm[SITE_MARK_MAX];
    UT_hash_handle hh;
};

struct loop {
    const struct loop_plan *plan;
    struct loop_result result;
    size_t messages;
    double cpu_before;
    int64_t began_ns;
    uint64_t memory_before;
    struct entry *table;
    uint64_t bytes;
};

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK) {
        site_fail("%s: %s", name, why);
    }
}

static void fill_table(struct loop *loop)
{
    struct entry *rows = calloc(loop->plan->entries, sizeof(*rows));
    for (size_t i = 0; rows && i < loop->plan->entries; i++) {
        site_plate(2 * i, rows[i].vrm);
        HASH_ADD_STR(loop->table, vrm, &rows[i]);
    }
}

static void look_up(struct loop *loop, const rd_kafka_message_t *message)
{
    Hitstream__V1__PlateReadBatch *batch =
        hitstream__v1__plate_read_batch__unpack(NULL, message->len, message->payload);
    for (size_t i = 0; batch && i < batch->n_reads; i++) {
        char vrm[16];
        size_t len = 0;
        for (const char *c = batch->reads[i]->vrm; *c && len < sizeof(vrm) - 1; c++) {
            if (*c != ' ' && *c != '-') {
                vrm[len++] = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
            }
        }
        vrm[len] = '\0';
        struct entry *found;
        HASH_FIND_STR(loop->table, vrm, found);
        loop->result.hits += found != NULL;
        loop->result.reads++;
    }
    hitstream__v1__plate_read_batch__free_unpacked(batch, NULL);
}

static void on_message(rd_kafka_message_t *message, void *ctx)
{
    struct loop *loop = ctx;
    if (message->err) {
        return;
    }
    if (loop->messages++ == 0) {
        loop->began_ns = hs_clock_monotonic_ns();
        loop->cpu_before = hs_bench_cpu_seconds();
    }
    loop->bytes += message->len;
    if (loop->plan->kind == LOOP_LOOKUP) {
        look_up(loop, message);
    }
}

static rd_kafka_t *consumer_new(const struct loop_plan *plan)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", plan->bootstrap);
    set(conf, "group.id", "bench-loop");
    set(conf, "enable.auto.commit", "false");
    set(conf, "enable.auto.offset.store", "false");
    set(conf, "check.crcs", "true");
    set(conf, "socket.nagle.disable", "true");
    if (plan->queue_messages) {
        set(conf, "queued.min.messages", plan->queue_messages);
    }
    if (plan->queue_kbytes) {
        set(conf, "queued.max.messages.kbytes", plan->queue_kbytes);
    }
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    if (!client) {
        site_fail("%s", why);
    }
    return client;
}

static void read_all(struct loop *loop)
{
    rd_kafka_t *client = consumer_new(loop->plan);
    rd_kafka_poll_set_consumer(client);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(SITE_READS_PARTITIONS);
    for (int p = 0; p < SITE_READS_PARTITIONS; p++) {
        rd_kafka_topic_partition_list_add(list, "anpr.reads", p)->offset = 0;
    }
    rd_kafka_assign(client, list);
    size_t looked = 0;
    while (loop->messages < loop->plan->messages) {
        rd_kafka_consume_callback_queue(queue, 100, on_message, loop);
        if (loop->messages - looked > 50000) {
            looked = loop->messages;
            uint64_t now = hs_bench_rss_bytes_of(getpid());
            if (now > loop->memory_before + loop->result.peak_bytes) {
                loop->result.peak_bytes = now - loop->memory_before;
            }
        }
    }
    loop->result.cpu_seconds = hs_bench_cpu_seconds() - loop->cpu_before;
    loop->result.wall_seconds = (double)(hs_clock_monotonic_ns() - loop->began_ns) / 1e9;
}

void loop_run(const struct loop_plan *plan, struct loop_result *ret_result)
{
    int ends[2];
    if (pipe(ends)) {
        site_fail("no pipe");
    }
    pid_t child = fork();
    if (child == 0) {
        struct loop loop = {.plan = plan};
        if (plan->kind == LOOP_LOOKUP) {
            fill_table(&loop);
        }
        loop.memory_before = hs_bench_rss_bytes_of(getpid());
        read_all(&loop);
        _exit(write(ends[1], &loop.result, sizeof(loop.result)) == sizeof(loop.result) ? 0 : 1);
    }
    close(ends[1]);
    int status;
    bool whole = read(ends[0], ret_result, sizeof(*ret_result)) == sizeof(*ret_result);
    close(ends[0]);
    if (waitpid(child, &status, 0) != child || !whole) {
        site_fail("a reference loop failed");
    }
}
