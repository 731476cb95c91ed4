// SPDX-License-Identifier: Apache-2.0
#include "town.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hitstream/v1/controls.pb-c.h"
#include "watchlist/store.h"

enum { RUN_TIMEOUT_MS = 120000, FLUSH_MS = 20000, READ_MS = 20000 };

static const struct hs_actor actor = {"ann", "A/1"};

static void path_of(const struct town *town, const char *name, char ret_path[HS_TEST_PATH_BYTES])
{
    assert_true(snprintf(ret_path, HS_TEST_PATH_BYTES, "%s/%s", town->folder, name) <
                HS_TEST_PATH_BYTES);
}

void town_write(struct town *town, const char *name, const char *text,
                char ret_path[HS_TEST_PATH_BYTES])
{
    path_of(town, name, ret_path);
    assert_int_equal(hs_test_file_write(ret_path, text), 0);
}

static void put(struct town *town, const char *topic, int32_t partition, struct hs_str key,
                struct hs_str value)
{
    assert_int_equal(hs_test_produce(town->producer, topic, partition, key, value, NULL, 0), 0);
}

// ---- opening ----

static void write_settings(struct town *town)
{
    char path[HS_TEST_PATH_BYTES], id[HS_TEST_PATH_BYTES], token[HS_TEST_PATH_BYTES], text[2048];
    char digits[65];
    memset(digits, '1', 64);
    digits[64] = '\0';
    town_write(town, "id.key", digits, id);
    memset(digits, '2', 64);
    town_write(town, "token.key", digits, token);
    snprintf(text, sizeof(text),
             "kafka:\n  bootstrap: %s\nredis:\n  socket: %s\nkeys:\n  id_file: %s\n  token_file: "
             "%s\n",
             town->broker.bootstrap, town->redis.socket_path, id, token);
    town_write(town, "hitstream.yaml", text, path);
}

static struct hs_store *open_store(const struct town *town)
{
    const struct hs_redis_config config = {
        .socket = town->redis.socket_path, .connect_timeout_ms = 5000, .command_timeout_ms = 5000};
    struct hs_store *store = NULL;
    struct hs_buf why = {0};
    assert_int_equal(hs_store_open(&config, &store, &why), 0);
    hs_buf_fini(&why);
    return store;
}

static void activate(struct town *town)
{
    struct hs_store *store = open_store(town);
    assert_int_equal(hs_store_controls_activate(store, "", hs_controls_hash(town->controls),
                                                hs_controls_packed(town->controls), "activate",
                                                &actor),
                     0);
    hs_store_free(store);
}

static void publish_controls(struct town *town)
{
    Hitstream__V1__ControlsPart part = HITSTREAM__V1__CONTROLS_PART__INIT;
    Hitstream__V1__ControlsManifest manifest = HITSTREAM__V1__CONTROLS_MANIFEST__INIT;
    struct hs_str packed = hs_controls_packed(town->controls);
    const char *hash = hs_controls_hash(town->controls);
    char key[HS_CONTROLS_HASH_BYTES + 4];
    uint8_t *bytes = malloc(packed.len + 1024);
    part.data.data = (uint8_t *)(uintptr_t)packed.ptr;
    part.data.len = packed.len;
    snprintf(key, sizeof(key), "%s/0", hash);
    size_t len = hitstream__v1__controls_part__pack(&part, bytes);
    put(town, "anpr.controls", 0, hs_str(key), hs_str_n(bytes, len));
    manifest.hash = (char *)(uintptr_t)hash;
    manifest.parts = 1;
    manifest.size_bytes = packed.len;
    len = hitstream__v1__controls_manifest__pack(&manifest, bytes);
    put(town, "anpr.controls", 0, hs_str(hash), hs_str_n(bytes, len));
    free(bytes);
}

// The controls as they are decide from this place of the log on.
static void decide_from_here(struct town *town)
{
    struct hs_buf packed = {0};
    story_pack_controls(hs_controls_hash(town->controls), &packed);
    for (int32_t p = 0; p < TOWN_PARTITIONS; p++) {
        put(town, "anpr.hits", p, HS_STR("partition"), hs_buf_str(&packed));
    }
    hs_buf_fini(&packed);
}

static void make_topics(struct town *town)
{
    static const char *const by_append[] = {"message.timestamp.type", "LogAppendTime", NULL};
    const char *bootstrap = town->broker.bootstrap;
    const struct hs_routes *routes = hs_controls_routes(town->controls);
    assert_int_equal(hs_test_topic_create(bootstrap, "anpr.hits", TOWN_PARTITIONS, by_append), 0);
    assert_int_equal(hs_test_topic_create(bootstrap, "anpr.vehicles", TOWN_PARTITIONS, NULL), 0);
    assert_int_equal(hs_test_topic_create(bootstrap, "anpr.controls", 1, NULL), 0);
    assert_int_equal(hs_test_topic_create(bootstrap, "dispatch.unrouted", 1, by_append), 0);
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        struct hs_str queue = hs_routes_queue(routes, i)->name;
        char topic[160];
        snprintf(topic, sizeof(topic), "dispatch.%.*s", HS_STR_ARG(queue));
        assert_int_equal(hs_test_topic_create(bootstrap, topic, 1, by_append), 0);
        snprintf(topic, sizeof(topic), "undelivered.%.*s", HS_STR_ARG(queue));
        assert_int_equal(hs_test_topic_create(bootstrap, topic, 1, by_append), 0);
    }
}

void town_open(struct town *town)
{
    town_open_with(town, story_controls(NULL, NULL));
}

void town_open_with(struct town *town, struct hs_controls *controls)
{
    *town = (struct town){0};
    assert_int_equal(hs_test_folder_make("seeing", town->folder), 0);
    assert_int_equal(hs_broker_start(&town->broker, NULL), 0);
    assert_int_equal(hs_redis_server_start(&town->redis), 0);
    assert_int_equal(hs_test_producer_new(town->broker.bootstrap, &town->producer), 0);
    town->controls = controls;
    write_settings(town);
    make_topics(town);
    publish_controls(town);
    activate(town);
    decide_from_here(town);
}

void town_follow(struct town *town)
{
    char hash[HS_CONTROLS_HASH_BYTES];
    struct hs_store *store = open_store(town);
    struct hs_buf packed = {0};
    struct hs_diags diags = {0};
    assert_true(town->before_count < TOWN_CONTROLS_MAX);
    assert_int_equal(hs_store_controls_head(store, hash, &packed), 0);
    town->before[town->before_count++] = town->controls;
    assert_int_equal(hs_controls_unpack(hs_buf_str(&packed), &diags, &town->controls), 0);
    publish_controls(town);
    decide_from_here(town);
    hs_diags_fini(&diags);
    hs_buf_fini(&packed);
    hs_store_free(store);
}

void town_close(struct town *town)
{
    for (size_t p = 0; p < TOWN_PARTITIONS; p++) {
        hs_offline_free(town->cores[p]);
    }
    hs_controls_unref(town->controls);
    for (size_t i = 0; i < town->before_count; i++) {
        hs_controls_unref(town->before[i]);
    }
    hs_test_producer_free(town->producer);
    hs_broker_fini(&town->broker);
    hs_redis_server_fini(&town->redis);
    hs_test_folder_remove(town->folder);
}

void town_passes(struct town *town, const struct story_hit *hit)
{
    struct hs_buf packed = {0};
    story_pack_hit(hit, &packed);
    put(town, "anpr.hits", -1, hs_str(hit->vehicle), hs_buf_str(&packed));
    hs_buf_fini(&packed);
}

void town_says(struct town *town, const struct story_say *say, const struct hs_offline_alert *alert)
{
    struct hs_buf packed = {0};
    Hitstream__V1__Alert *told =
        hitstream__v1__alert__unpack(NULL, alert->payload.len, (const uint8_t *)alert->payload.ptr);
    assert_non_null(told);
    story_pack_say(say, told, &packed);
    put(town, "anpr.hits", -1, hs_str(told->vehicle), hs_buf_str(&packed));
    assert_int_equal(hs_test_producer_flush(town->producer, FLUSH_MS), 0);
    hitstream__v1__alert__free_unpacked(told, NULL);
    hs_buf_fini(&packed);
}

// ---- settling ----

static void tell(struct town *town, const struct hs_offline *core)
{
    for (size_t i = 0; i < core->alert_count; i++) {
        const struct hs_offline_alert *alert = &core->alerts[i];
        char id[HS_ID_TEXT_BYTES], incident[HS_ID_TEXT_BYTES], topic[160];
        hs_id_text(&alert->id, id);
        hs_id_text(&alert->incident, incident);
        snprintf(topic, sizeof(topic), "dispatch.%s", alert->queue);
        const struct hs_test_header headers[] = {{"ce_id", hs_str(id)}};
        assert_int_equal(
            hs_test_produce(town->producer, topic, 0, hs_str(incident), alert->payload, headers, 1),
            0);
    }
}

// A record of a checkpoint.
struct keeping {
    struct town *town;
    int32_t partition;
};

static void on_record(void *ctx, struct hs_str key, struct hs_str value)
{
    struct keeping *keeping = ctx;
    put(keeping->town, "anpr.vehicles", keeping->partition, key, value);
}

void town_settle(struct town *town)
{
    struct hs_test_messages log = {0};
    assert_int_equal(hs_test_producer_flush(town->producer, FLUSH_MS), 0);
    assert_int_equal(hs_test_topic_read(town->broker.bootstrap, "anpr.hits", READ_MS, &log), 0);
    for (int32_t p = 0; p < TOWN_PARTITIONS; p++) {
        town->cores[p] = hs_offline_new();
        hs_offline_know(town->cores[p], hs_controls_ref(town->controls));
        for (size_t i = 0; i < town->before_count; i++) {
            hs_offline_know(town->cores[p], hs_controls_ref(town->before[i]));
        }
    }
    for (size_t i = 0; i < log.count; i++) {
        const struct hs_test_message *m = &log.rows[i];
        assert_int_equal(hs_offline_apply(town->cores[m->partition], (uint64_t)m->offset,
                                          m->timestamp_ms, m->value, hs_str("")),
                         0);
    }
    for (int32_t p = 0; p < TOWN_PARTITIONS; p++) {
        struct keeping keeping = {town, p};
        tell(town, town->cores[p]);
        assert_int_equal(
            hs_correlator_checkpoint(town->cores[p]->correlator, 0, 1, on_record, &keeping), 0);
    }
    assert_int_equal(hs_test_producer_flush(town->producer, FLUSH_MS), 0);
    hs_test_messages_fini(&log);
}

const struct hs_offline_alert *town_alert(const struct town *town, const char *queue, size_t number)
{
    for (size_t p = 0; p < TOWN_PARTITIONS; p++) {
        for (size_t i = 0; i < town->cores[p]->alert_count; i++) {
            const struct hs_offline_alert *alert = &town->cores[p]->alerts[i];
            if (strcmp(alert->queue, queue) == 0 && number-- == 0) {
                return alert;
            }
        }
    }
    return NULL;
}

// ---- asking ----

struct counting {
    const char *command;
    size_t count;
};

static int on_change(void *ctx, const struct hs_change *change)
{
    struct counting *counting = ctx;
    counting->count +=
        change->op == HS_OP_CONSULTED && hs_str_is(change->looked.command, counting->command);
    return 0;
}

size_t town_consulted(struct town *town, const char *command)
{
    struct counting counting = {command, 0};
    struct hs_store *store = open_store(town);
    assert_int_equal(hs_store_history(store, hs_str(""), on_change, &counting), 0);
    hs_store_free(store);
    return counting.count;
}

struct outcome town_run(struct town *town, const char *const *words)
{
    char config[HS_TEST_PATH_BYTES], out[HS_TEST_PATH_BYTES], err[HS_TEST_PATH_BYTES];
    const char *argv[TOWN_WORDS_MAX + 4] = {HITCTL_PATH, "--config", config};
    path_of(town, "hitstream.yaml", config);
    path_of(town, "out", out);
    path_of(town, "err", err);
    remove(out);
    remove(err);
    for (size_t i = 0; words[i]; i++) {
        assert_true(i < TOWN_WORDS_MAX);
        argv[3 + i] = words[i];
    }
    const struct hs_process_spec spec = {.argv = argv, .output_path = out, .error_path = err};
    struct outcome outcome = {.exit_code = hs_process_run(&spec, RUN_TIMEOUT_MS)};
    outcome.out = hs_test_file_read(out);
    outcome.err = hs_test_file_read(err);
    assert_non_null(outcome.out);
    assert_non_null(outcome.err);
    return outcome;
}

void outcome_fini(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
}
