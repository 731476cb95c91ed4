// SPDX-License-Identifier: Apache-2.0
#include "stage/clients.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "hitstream/v1/read.pb-c.h"

enum { ANSWER_MS = 10000, READ_BYTES = 512 };

struct property {
    const char *name;
    const char *value;
};

static rd_kafka_t *client_new(const struct site *site, rd_kafka_type_t type,
                              const struct property *properties, size_t count)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const struct property shared[] = {{"bootstrap.servers", site->bootstrap},
                                      {"socket.nagle.disable", "true"}};
    for (size_t i = 0; i < count + 2; i++) {
        const struct property *p = i < 2 ? &shared[i] : &properties[i - 2];
        if (rd_kafka_conf_set(conf, p->name, p->value, why, sizeof(why)) != RD_KAFKA_CONF_OK) {
            site_fail("%s: %s", p->name, why);
        }
    }
    rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof(why));
    if (!client) {
        site_fail("%s", why);
    }
    return client;
}

rd_kafka_t *site_writer_new(const struct site *site)
{
    static const struct property properties[] = {{"acks", "all"},
                                                 {"enable.idempotence", "true"},
                                                 {"linger.ms", "0"},
                                                 {"partitioner", "murmur2_random"}};
    return client_new(site, RD_KAFKA_PRODUCER, properties,
                      sizeof(properties) / sizeof(properties[0]));
}

void site_send(rd_kafka_t *writer, const char *topic, const char *key, const void *value,
               size_t len_bytes)
{
    rd_kafka_producev(writer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(key, strlen(key)),
                      RD_KAFKA_V_VALUE((void *)(uintptr_t)value, len_bytes),
                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    rd_kafka_poll(writer, 0);
}

void site_send_read(rd_kafka_t *writer, const char *topic, size_t number, const char *vrm,
                    unsigned camera)
{
    char key[16];
    uint8_t packed[READ_BYTES];
    snprintf(key, sizeof(key), "site-%04u", camera);
    site_send(writer, topic, key, packed,
              site_pack_one(packed, sizeof(packed), number, vrm, camera));
}

void site_send_test_read(rd_kafka_t *writer, const char *topic, size_t number, const char *queue)
{
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT, *reads[] = {&read};
    char camera[] = "test", id[sizeof(SITE_TEST_READ) + 10], desk[64], key[80];
    uint8_t packed[READ_BYTES];
    snprintf(id, sizeof(id), SITE_TEST_READ "%010zu", number % 10000000000);
    snprintf(desk, sizeof(desk), "%s", queue);
    snprintf(key, sizeof(key), "test:%s", desk);
    read.camera_id = camera;
    read.read_id = id;
    read.test_queue = desk;
    read.captured_at_ms = read.received_at_ms = hs_clock_realtime_ms();
    batch.reads = reads;
    batch.n_reads = 1;
    site_send(writer, topic, key, packed, hitstream__v1__plate_read_batch__pack(&batch, packed));
}

// Adds the topic's partitions, where reading begins.
static void add_topic(rd_kafka_t *client, const char *topic, enum site_from from,
                      rd_kafka_topic_partition_list_t *list)
{
    const struct rd_kafka_metadata *about;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    if (!handle || rd_kafka_metadata(client, 0, handle, &about, ANSWER_MS) ||
        about->topic_cnt != 1 || about->topics[0].partition_cnt == 0) {
        site_fail("topic '%s' does not answer", topic);
    }
    for (int32_t p = 0; p < about->topics[0].partition_cnt; p++) {
        int64_t low = 0, high = 0;
        if (from == SITE_FROM_END &&
            rd_kafka_query_watermark_offsets(client, topic, p, &low, &high, ANSWER_MS)) {
            site_fail("topic '%s' does not answer", topic);
        }
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = high;
    }
    rd_kafka_metadata_destroy(about);
    rd_kafka_topic_destroy(handle);
}

rd_kafka_t *site_reader_new(const struct site *site, const char *const *topics, enum site_from from)
{
    static const struct property properties[] = {{"group.id", "bench"},
                                                 {"enable.auto.commit", "false"}};
    rd_kafka_t *client =
        client_new(site, RD_KAFKA_CONSUMER, properties, sizeof(properties) / sizeof(properties[0]));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    for (; *topics; topics++) {
        add_topic(client, *topics, from, list);
    }
    rd_kafka_poll_set_consumer(client);
    rd_kafka_assign(client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return client;
}

Hitstream__V1__Alert *site_next_alert(rd_kafka_t *reader, int timeout_ms)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, timeout_ms);
    Hitstream__V1__Alert *alert =
        message && !message->err
            ? hitstream__v1__alert__unpack(NULL, message->len, message->payload)
            : NULL;
    if (message) {
        rd_kafka_message_destroy(message);
    }
    return alert;
}
