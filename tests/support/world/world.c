// SPDX-License-Identifier: Apache-2.0
#include "support/world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kafka/client.h"
#include "support/kafka_util.h"

#define ID_KEY    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TOKEN_KEY "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

enum { STOP_MS = 30000, RESTS_MAX = 10 };

static const char *const forces[] = {"north", "south", "west"};

static const char *const names[] = {"cameras.csv", "queues.yaml", "rules.yaml"};

// Nothing is late by the wall clock here, however long a daemon was down, unless its clock is wrong:
// each alert has one right queue.
static const char rules[] = "lateness:\n  live_ms: 3600000\n  recent_ms: 86400000\n"
                            "publish:\n  live_ms: 1800000\n"
                            "incident:\n  quiet_ms: 60000\n  repeat_window_ms: 5000\n"
                            "companions:\n  after_ms: 1000\n  settle_ms: 500\n";

static void path_of(const struct world *world, const char *name, char ret_path[HS_TEST_PATH_BYTES])
{
    assert_true(snprintf(ret_path, HS_TEST_PATH_BYTES, "%s/%s", world->folder, name) <
                HS_TEST_PATH_BYTES);
}

static void write_file(const struct world *world, const char *name, const char *text)
{
    char path[HS_TEST_PATH_BYTES];
    path_of(world, name, path);
    assert_int_equal(hs_test_file_write(path, text), 0);
}

void world_vrm(enum world_list list, unsigned number, char ret_vrm[16])
{
    // letters outside all look-alike classes: no plate is another's misread
    static const char letters[] = "ACEFHJKLMNPRTUVWXY";
    static const char *const prefixes[] = {"AK23", "CP23", "RT23", "YX"};
    enum { BASE = sizeof(letters) - 1 };
    char digits[4] = "";
    if (list == WORLD_LIST_NONE) {
        snprintf(digits, sizeof(digits), "%02u", 2 + number / (BASE * BASE * BASE) % 20);
    }
    snprintf(ret_vrm, 16, "%s%s%c%c%c", prefixes[list], digits,
             letters[number / (BASE * BASE) % BASE], letters[number / BASE % BASE],
             letters[number % BASE]);
}

bool world_is_doubtful(const char *vrm)
{
    char doubtful[16];
    for (unsigned i = 0; i < WORLD_DOUBTFUL; i++) {
        world_vrm(WORLD_LIST_OPEN, i, doubtful);
        if (strcmp(vrm, doubtful) == 0) {
            return true;
        }
    }
    return false;
}

const char *world_other_desk(const char *queue)
{
    return strncmp(queue, "north", strlen("north")) == 0 ? "south-control" : "north-control";
}

const char *world_list_id(enum world_list list)
{
    static const char *const ids[] = {"stolen", "lantern", "trial", ""};
    return ids[list];
}

enum { WORDS_MAX = 24, ENV_MAX = 4 };

static void hitctl_words(struct world *world, const char *const *words,
                         const char *ret_argv[WORDS_MAX])
{
    const char *const first[] = {HITCTL_PATH, "--config", world->instances[0].config,
                                 "--who",     "test",     "--authority",
                                 "test"};
    size_t count = sizeof(first) / sizeof(first[0]);
    memcpy(ret_argv, first, sizeof(first));
    for (size_t i = 0; words[i]; i++) {
        assert_true(count < WORDS_MAX - 1);
        ret_argv[count++] = words[i];
    }
    ret_argv[count] = NULL;
}

void world_hitctl(struct world *world, const char *const *words)
{
    const char *argv[WORDS_MAX];
    char out[HS_TEST_PATH_BYTES];
    hitctl_words(world, words, argv);
    path_of(world, "out", out);
    remove(out);
    const struct hs_process_spec spec = {.argv = argv, .output_path = out, .error_path = out};
    int exit_code = hs_process_run(&spec, 60000);
    if (exit_code != 0) {
        char *text = hs_test_file_read(out);
        fprintf(stderr, "hitctl %s %s: exit %d\n%s\n", words[0], words[1], exit_code,
                text ? text : "");
        free(text);
    }
    assert_int_equal(exit_code, 0);
}

void world_hitctl_start(struct world *world, struct hs_process *ret_process,
                        const char *const *words)
{
    const char *argv[WORDS_MAX];
    hitctl_words(world, words, argv);
    const struct hs_process_spec spec = {.argv = argv, .output_path = "/dev/null"};
    assert_int_equal(hs_process_start(ret_process, &spec), 0);
}

static void write_configs(struct world *world, const struct world_place *place)
{
    int session_ms = place->session_ms;
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        struct world_instance *instance = &world->instances[i];
        char text[4096], name[32];
        snprintf(instance->name, sizeof(instance->name), "i%zu", i);
        snprintf(instance->network, sizeof(instance->network), "%s",
                 place->networks[i] ? place->networks[i] : "");
        snprintf(name, sizeof(name), "state%zu", i);
        path_of(world, name, instance->state);
        snprintf(name, sizeof(name), "i%zu.yaml", i);
        path_of(world, name, instance->config);
        snprintf(name, sizeof(name), "i%zu.log", i);
        path_of(world, name, instance->log);
        snprintf(name, sizeof(name), "i%zu.sock", i);
        path_of(world, name, instance->admin_socket);
        snprintf(text, sizeof(text),
                 "instance: i%zu\nstate_dir: %s\nkafka:\n  bootstrap: %s\n  "
                 "session_timeout_ms: %d\n"
                 "  lease_ms: %d\n  message_timeout_ms: %d\n%sredis:\n%skeys:\n"
                 "  id_file: %s/id.key\n  token_file: %s/token.key\ncorrelate:\n  "
                 "local_state_ms: 1000\nadmin:\n  listen: \"\"\n  "
                 "socket: %s\n",
                 i, instance->state,
                 place->daemons_bootstrap ? place->daemons_bootstrap : place->bootstrap, session_ms,
                 session_ms * 8 / 10, session_ms * 6 / 10, place->kafka ? place->kafka : "",
                 place->redis, world->folder, world->folder, instance->admin_socket);
        assert_int_equal(hs_test_file_write(instance->config, text), 0);
    }
    write_file(world, "id.key", ID_KEY "\n");
    write_file(world, "token.key", TOKEN_KEY "\n");
    assert_int_equal(hs_id_key_parse(HS_STR(ID_KEY), &world->id_key), 0);
    assert_int_equal(hs_token_key_parse(HS_STR(TOKEN_KEY), &world->token_key), 0);
}

static void write_cameras(struct world *world)
{
    struct hs_buf text = {0};
    hs_buf_add_text(&text, "camera,site,road,direction,force,area,latitude,longitude,kind\n");
    for (unsigned i = 0; i < WORLD_SITES; i++) {
        hs_buf_printf(&text, "cam-%u,site-%u,A%u,N,%s,%s-area,51.%03u,-2.%03u,fixed\n", i, i,
                      i % 7 + 1, forces[i % 3], forces[i % 3], 300 + i, 300 + i);
    }
    // where nothing passes: the chiefs are told by the chain alone
    hs_buf_add_text(&text, "cam-chief,site-chief,A9,N,north,chief,51.900,-2.900,fixed\n");
    write_file(world, "controls/cameras.csv", hs_buf_text(&text));
    hs_buf_fini(&text);
}

// What a fault holds up is told when it is over, however slow the machine: it is not given up.
static void write_queues(struct world *world, enum world_controls which)
{
    struct hs_buf text = {0};
    hs_buf_add_text(&text, "queues:\n");
    for (size_t i = 0; i < 3; i++) {
        const char *whose = forces[(i + (which == WORLD_CONTROLS_WRONG)) % 3];
        hs_buf_printf(
            &text,
            "  %s-control:\n    owner: %s\n    kind: live\n    lists: [\"*\"]\n    forces: [%s]\n"
            "    default: true\n    payload: %s\n    intelligence_queue: %s-intel\n"
            "    undelivered_after_ms: 600000\n"
            "    acknowledge_within_ms: 2000\n    escalate_to: [%s-chief]\n"
            "  %s-chief:\n    owner: %s\n    kind: live\n    lists: [\"*\"]\n    areas: [chief]\n"
            "    intelligence_queue: %s-intel\n"
            "  %s-intel:\n    owner: %s\n    kind: intelligence\n    lists: [\"*\"]\n    forces: "
            "[%s]\n%s",
            forces[i], forces[i], whose, i == 1 ? "json" : "protobuf", forces[i], forces[i],
            forces[i], forces[i], forces[i], forces[i], forces[i], whose,
            i == 0 ? "    covert_lists: [lantern]\n" : "");
    }
    hs_buf_add_text(
        &text, "  lantern-desk:\n    owner: north\n    kind: live\n    covert_lists: [lantern]\n"
               "    intelligence_queue: north-intel\n");
    write_file(world, "controls/queues.yaml", hs_buf_text(&text));
    hs_buf_fini(&text);
}

void world_activate(struct world *world, enum world_controls which)
{
    char path[HS_TEST_PATH_BYTES];
    char *texts[3];
    struct hs_controls_file files[3];
    struct hs_diags diags = {0};
    path_of(world, "controls", path);
    const char *const argv[] = {"mkdir", "-p", path, NULL};
    const struct hs_process_spec spec = {.argv = argv};
    assert_int_equal(hs_process_run(&spec, 5000), 0);
    write_cameras(world);
    write_queues(world, which);
    write_file(world, "controls/rules.yaml", rules);
    WORLD_HITCTL(world, "controls", "activate", path);
    for (size_t i = 0; i < 3; i++) {
        char file[HS_TEST_PATH_BYTES], name[64];
        snprintf(name, sizeof(name), "controls/%s", names[i]);
        path_of(world, name, file);
        texts[i] = hs_test_file_read(file);
        files[i] = (struct hs_controls_file){hs_str(names[i]), hs_str(texts[i])};
    }
    hs_controls_unref(world->controls[which]);
    assert_int_equal(hs_controls_parse(files, 3, &diags, &world->controls[which]), 0);
    hs_diags_fini(&diags);
    for (size_t i = 0; i < 3; i++) {
        free(texts[i]);
    }
}

static void load_list(struct world *world, enum world_list list, unsigned count)
{
    const char *id = world_list_id(list);
    char name[32], path[HS_TEST_PATH_BYTES];
    struct hs_buf text = {0};
    hs_buf_add_text(&text, "VRM,action,reason,weed date,entry id,priority\n");
    for (unsigned i = 0; i < count; i++) {
        char vrm[16];
        world_vrm(list, i, vrm);
        hs_buf_printf(&text, "%s,%s,test,2099-12-31,e%u,%s\n", vrm, i % 3 ? "STOP" : "SILENT", i,
                      i % 5 ? "medium" : "high");
    }
    snprintf(name, sizeof(name), "%s.csv", id);
    write_file(world, name, hs_buf_text(&text));
    path_of(world, name, path);
    hs_buf_fini(&text);
    WORLD_HITCTL(world, "list", "create", id, "--title", id, "--owner-force", "north", "--purpose",
                 "test", list == WORLD_LIST_COVERT ? "--covert" : "--open", "--status",
                 list == WORLD_LIST_TRIAL ? "trial" : "live");
    WORLD_HITCTL(world, "list", "load", id, path, "--replace");
}

void world_open(struct world *world, const struct world_place *place)
{
    memset(world, 0, sizeof(*world));
    assert_int_equal(hs_test_folder_make("world", world->folder), 0);
    snprintf(world->bootstrap, sizeof(world->bootstrap), "%s", place->bootstrap);
    write_configs(world, place);
    world_activate(world, WORLD_CONTROLS_RIGHT);
    WORLD_HITCTL(world, "topics", "create", "--reads-from", "beginning", "--partitions", "4",
                 "--hits-partitions", "4");
    load_list(world, WORLD_LIST_OPEN, WORLD_OPEN);
    load_list(world, WORLD_LIST_COVERT, WORLD_COVERT);
    load_list(world, WORLD_LIST_TRIAL, WORLD_TRIAL);
}

void world_close(struct world *world)
{
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        hs_process_fini(&world->instances[i].process);
    }
    for (size_t i = 0; i < WORLD_CONTROLS; i++) {
        hs_controls_unref(world->controls[i]);
    }
    hs_test_messages_fini(&world->kept);
    if (world->folder[0]) {
        hs_test_folder_remove(world->folder);
    }
}

void world_start(struct world *world, size_t index, const char *kill_point)
{
    struct world_instance *instance = &world->instances[index];
    const char *argv[WORDS_MAX + 4];
    const char *env[ENV_MAX + 1];
    size_t count = 0, env_count = 0;
    if (kill_point) {
        env[env_count++] = kill_point;
    }
    for (size_t i = 0; instance->env && instance->env[i] && env_count < ENV_MAX; i++) {
        env[env_count++] = instance->env[i];
    }
    env[env_count] = NULL;
    for (size_t i = 0; instance->wrapped && instance->wrapped[i] && count < WORDS_MAX; i++) {
        argv[count++] = instance->wrapped[i];
    }
    argv[count++] = instance->program ? instance->program : HITSTREAMD_PATH;
    argv[count++] = "--config";
    argv[count++] = instance->config;
    argv[count] = NULL;
    const struct hs_process_spec spec = {.argv = argv,
                                         .env = env,
                                         .output_path = instance->log,
                                         .error_path = instance->log,
                                         .network =
                                             instance->network[0] ? instance->network : NULL};
    assert_int_equal(hs_process_start(&instance->process, &spec), 0);
}

void world_keep(struct world *world, const char *topic)
{
    snprintf(world->kept_topic, sizeof(world->kept_topic), "%s", topic);
    assert_int_equal(hs_test_topic_read(world->bootstrap, topic, 60000, &world->kept), 0);
}

static int64_t size_of(const char *path)
{
    char *text = hs_test_file_read(path);
    int64_t size = text ? (int64_t)strlen(text) : 0;
    free(text);
    return size;
}

void world_await_ready(struct world *world, size_t index)
{
    struct world_instance *instance = &world->instances[index];
    int64_t from = size_of(instance->log),
            until_ns = hs_clock_monotonic_ns() + INT64_C(60000000000);
    bool ready = false;
    while (!ready && hs_process_running(&instance->process)) {
        char *text = hs_test_file_read(instance->log);
        ready = text && (int64_t)strlen(text) > from && strstr(text + from, " ready");
        free(text);
        if (hs_clock_monotonic_ns() > until_ns) {
            world_tell_logs(world);
            fail_msg("instance %zu does not become ready", index);
        }
        hs_test_pause_ms(50);
    }
}

static bool is_done(struct world *world, const char *group, const char *topic, int32_t partitions)
{
    for (int32_t p = 0; p < partitions; p++) {
        int64_t low, high, committed;
        if (hs_test_watermarks(world->bootstrap, topic, p, &low, &high) ||
            hs_test_committed(world->bootstrap, group, topic, p, &committed) ||
            (high > 0 && committed < high)) {
            return false;
        }
    }
    return true;
}

static bool is_feedback_done(struct world *world)
{
    const struct hs_routes *routes = hs_controls_routes(world->controls[WORLD_CONTROLS_RIGHT]);
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        char topic[64];
        snprintf(topic, sizeof(topic), "feedback.%.*s", HS_STR_ARG(queue->name));
        if (queue->kind != HS_QUEUE_OPS && !is_done(world, HS_KAFKA_GROUP_INTAKE, topic, 1)) {
            return false;
        }
    }
    return true;
}

bool world_is_applied(struct world *world)
{
    return is_done(world, HS_KAFKA_GROUP_CORRELATE, HS_KAFKA_HITS, WORLD_PARTITIONS);
}

void world_await_done(struct world *world, int64_t timeout_ms)
{
    int64_t until_ns = hs_clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
    for (int steady = 0; steady < 3;) {
        bool done = is_done(world, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS, WORLD_PARTITIONS) &&
                    is_feedback_done(world) && world_is_applied(world);
        steady = done ? steady + 1 : 0;
        if (hs_clock_monotonic_ns() > until_ns) {
            world_tell_logs(world);
            fail_msg("not everything was read and committed in time");
        }
        hs_test_pause_ms(500);
    }
}

void world_stop(struct world *world)
{
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        if (world->instances[i].process.pid) {
            assert_int_equal(hs_process_stop(&world->instances[i].process, STOP_MS), 0);
        }
    }
}

void world_rest(struct world *world, int64_t timeout_ms)
{
    world_await_done(world, timeout_ms);
    world_stop(world);
    for (int round = 0; !world_is_applied(world); round++) {
        assert_true(round < RESTS_MAX);
        world_start(world, 0, NULL);
        world_await_done(world, timeout_ms);
        world_stop(world);
    }
}

void world_tell_logs(const struct world *world)
{
    enum { SHOWN = 6000 };
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        char *text = hs_test_file_read(world->instances[i].log);
        size_t len = text ? strlen(text) : 0;
        if (len > 0) {
            fprintf(stderr, "---- end of log of instance %zu\n%s\n", i,
                    text + (len > SHOWN ? len - SHOWN : 0));
        }
        free(text);
    }
}
