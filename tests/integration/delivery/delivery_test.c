// SPDX-License-Identifier: Apache-2.0
// Every expected alert exactly once on its queue, none missing, none on another, while hitstreamd
// is killed at named points and at random, restarted, joined and left by another, frozen for twice
// the session timeout, or its broker frozen for longer than a message may take. Desks answer all the
// while: what follows from that (silence, stand-downs, the chain, hand-overs, exclusions) is told
// once as well, and is what the core alone makes of the same log.
//
//     delivery_test killed|restarted|two|frozen|stalled|upgraded [reads]
//
// upgraded: HS_EARLIER_HITSTREAMD is the hitstreamd of an earlier version; see tests/release/upgrade_test.sh.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/broker.h"
#include "support/redis_server.h"
#include "support/world/audit.h"
#include "support/world/responder.h"

enum {
    SHORT_SESSION_MS = 2000, // a killed member is missed so long
    SESSION_MS = 6000,
    DONE_MS = 120000,
    STOP_MS = 30000,
    KILL_WAIT_MS = 10000, // for a named point to be passed so often
};

static struct hs_broker broker;
static struct hs_redis_server redis;
static struct world world;
static struct feeder feeder;
static struct responder responder;
static size_t reads_wanted;

static int open_world(void **state)
{
    static const char *const properties[] = {"group.min.session.timeout.ms=1000", NULL};
    (void)state;
    return hs_broker_start(&broker, properties) || hs_redis_server_start(&redis);
}

static int close_world(void **state)
{
    (void)state;
    world_close(&world);
    feeder_fini(&feeder);
    hs_redis_server_fini(&redis);
    hs_broker_fini(&broker);
    return 0;
}

static size_t reads(size_t usual)
{
    return reads_wanted ? reads_wanted : usual;
}

static void begin(int session_ms, size_t reads, size_t per_second)
{
    char lines[HS_TEST_PATH_BYTES + 32];
    snprintf(lines, sizeof(lines), "  socket: %s\n", redis.socket_path);
    const struct world_place place = {
        .bootstrap = broker.bootstrap, .redis = lines, .session_ms = session_ms};
    world_open(&world, &place);
    feeder_start(&feeder, &world, reads, per_second, FEEDER_LISTED_PERMILLE);
    responder_start(&responder, &world);
}

// What is asked of a run's end.
enum strictness {
    EXACTLY_ONCE,  // all that the core makes of the log, to the byte
    REPEATS,       // the same, but for some that came twice
    OTHER_VERSION, // a version decided that is another than the judge: nothing lost of what was
                   // read, nothing twice, nothing on another queue
};

static void finish(const char *name, enum strictness strictness)
{
    struct audit audit;
    feeder_join(&feeder);
    responder_stop(&responder);
    world_rest(&world, DONE_MS);
    audit_run(&world, &feeder, name, &audit);
    if (audit.missing + audit.repeated + audit.wrong_queue + audit.unexpected + audit.altered +
            audit.hits_missing >
        0) {
        world_tell_logs(&world);
    }
    assert_int_equal(audit.hits_missing, 0);
    assert_int_equal(audit.wrong_queue, 0);
    if (strictness != OTHER_VERSION) {
        assert_int_equal(audit.missing, 0);
        assert_int_equal(audit.unexpected, 0);
        assert_int_equal(audit.altered, 0);
    }
    if (strictness != REPEATS) {
        assert_int_equal(audit.repeated, 0);
    }
    assert_true(audit.found * 10 >= audit.expected * 9);
    assert_true(audit.expected * 10 >= feeder.reads); // 10,000 of 100,000
    for (int kind = 1; kind < RESPONDER_KINDS; kind++) {
        assert_true(responder.answered[kind] > 0);
    }
    assert_true(audit.feedback > 0 && audit.stand_downs > 0 && audit.escalations > 0 &&
                audit.handed_over > 0);
    audit_fini(&audit);
}

// How a run ends.
struct way {
    const char *point; // NULL: at a random moment
    unsigned passings; // at most
    size_t killed;     // so often
};

static struct way ways[] = {
    {.point = "hit-acked", .passings = 600},   {.point = "alert-acked", .passings = 1000},
    {.point = "state-acked", .passings = 400}, {.point = "before-commit", .passings = 4},
    {.point = NULL, .passings = 4000},
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

// Starts it and waits until it has been killed.
static void live_and_die(struct way *way, unsigned *seed)
{
    char environment[64];
    struct hs_process *process = &world.instances[0].process;
    unsigned after = 1 + (unsigned)rand_r(seed) % way->passings;
    snprintf(environment, sizeof(environment), "HS_KILL_POINT=%s:%u",
             way->point ? way->point : "none", after);
    world_start(&world, 0, environment);
    int exit_code;
    if (way->point && hs_process_wait(process, KILL_WAIT_MS, &exit_code) == 0) {
        if (exit_code != 128 + SIGKILL) {
            world_tell_logs(&world);
        }
        assert_int_equal(exit_code, 128 + SIGKILL);
        way->killed++;
        return;
    }
    if (!way->point) {
        world_await_ready(&world, 0);
        hs_test_pause_ms((int64_t)(1 + (unsigned)rand_r(seed) % 3000));
        way->killed++;
    }
    hs_process_kill(process);
}

static void killed_at_named_points_and_at_random(void **state)
{
    (void)state;
    unsigned seed = 7;
    begin(SHORT_SESSION_MS, reads(100000), 2500);
    for (size_t i = 0; !feeder_done(&feeder) || i < 2 * WAYS; i++) {
        live_and_die(&ways[i % WAYS], &seed);
    }
    world_start(&world, 0, NULL);
    for (size_t i = 0; i < WAYS; i++) {
        printf("killed %s: %zu times\n", ways[i].point ? ways[i].point : "at random",
               ways[i].killed);
        assert_true(ways[i].killed > 0);
    }
    finish("killed", EXACTLY_ONCE);
}

static void restarted(void **state)
{
    (void)state;
    size_t restarts = 0;
    begin(SESSION_MS, reads(30000), 1500);
    while (!feeder_done(&feeder)) {
        world_start(&world, 0, NULL);
        world_await_ready(&world, 0);
        hs_test_pause_ms(2000);
        assert_int_equal(hs_process_stop(&world.instances[0].process, STOP_MS), 0);
        restarts++;
    }
    world_start(&world, 0, NULL);
    printf("restarted %zu times\n", restarts);
    finish("restarted", EXACTLY_ONCE);
}

static void two_join_and_leave(void **state)
{
    (void)state;
    size_t changes = 0;
    begin(SESSION_MS, reads(40000), 1500);
    world_start(&world, 0, NULL);
    world_await_ready(&world, 0);
    for (size_t next = 1; !feeder_done(&feeder); next = 1 - next, changes += 2) {
        world_start(&world, next, NULL);
        world_await_ready(&world, next);
        hs_test_pause_ms(2500);
        assert_int_equal(hs_process_stop(&world.instances[1 - next].process, STOP_MS), 0);
        hs_test_pause_ms(1500);
    }
    printf("joined or left %zu times\n", changes);
    finish("two", EXACTLY_ONCE);
}

static void frozen_for_twice_the_session(void **state)
{
    (void)state;
    begin(SESSION_MS, reads(40000), 1000);
    for (size_t i = 0; i < 2; i++) {
        world_start(&world, i, NULL);
        world_await_ready(&world, i);
    }
    hs_test_pause_ms(5000);
    for (size_t i = 0; i < 2; i++) {
        hs_process_signal(&world.instances[i].process, SIGSTOP);
        hs_test_pause_ms(2 * SESSION_MS);
        hs_process_signal(&world.instances[i].process, SIGCONT);
        hs_test_pause_ms(3000);
    }
    finish("frozen", REPEATS); // what was on its way at the freeze may come again under the same id
}

// What a broker was sent before it froze it writes when it goes on, long after its sender gave it up:
// before the queues are read back, not behind it.
static void broker_frozen_for_longer_than_a_message_may_take(void **state)
{
    (void)state;
    begin(SESSION_MS, reads(40000), 1000);
    world_start(&world, 0, NULL);
    world_await_ready(&world, 0);
    for (int i = 0; i < 5; i++) {
        hs_test_pause_ms(2000);
        hs_broker_freeze(&broker); // within the session, and beyond it
        hs_test_pause_ms(i % 2 ? SESSION_MS + 3000 : SESSION_MS * 6 / 10 + 1000);
        hs_broker_thaw(&broker);
    }
    finish("stalled", EXACTLY_ONCE);
}

// Two instances of an earlier version, one after the other replaced by this one, and back, as who is
// not content would do.
static void replaced_by_this_version(void **state)
{
    (void)state;
    const char *earlier = getenv("HS_EARLIER_HITSTREAMD");
    if (!earlier) {
        fail_msg("HS_EARLIER_HITSTREAMD names none");
    }
    begin(SESSION_MS, reads(40000), 1000);
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        world.instances[i].program = earlier;
        world_start(&world, i, NULL);
        world_await_ready(&world, i);
    }
    for (size_t turn = 0; turn < 3 * WORLD_INSTANCES; turn++) {
        struct world_instance *instance = &world.instances[turn % WORLD_INSTANCES];
        hs_test_pause_ms(3000);
        assert_int_equal(hs_process_stop(&instance->process, STOP_MS), 0);
        instance->program = turn / WORLD_INSTANCES == 1 ? earlier : NULL;
        world_start(&world, turn % WORLD_INSTANCES, NULL);
        world_await_ready(&world, turn % WORLD_INSTANCES);
    }
    finish("upgraded", OTHER_VERSION);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        struct CMUnitTest test;
    } variants[] = {
        {"killed", cmocka_unit_test_setup_teardown(killed_at_named_points_and_at_random, open_world,
                                                   close_world)},
        {"restarted", cmocka_unit_test_setup_teardown(restarted, open_world, close_world)},
        {"two", cmocka_unit_test_setup_teardown(two_join_and_leave, open_world, close_world)},
        {"frozen",
         cmocka_unit_test_setup_teardown(frozen_for_twice_the_session, open_world, close_world)},
        {"stalled", cmocka_unit_test_setup_teardown(
                        broker_frozen_for_longer_than_a_message_may_take, open_world, close_world)},
        {"upgraded",
         cmocka_unit_test_setup_teardown(replaced_by_this_version, open_world, close_world)},
    };
    reads_wanted = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        if (argc > 1 && strcmp(argv[1], variants[i].name) == 0) {
            const struct CMUnitTest tests[] = {variants[i].test};
            return cmocka_run_group_tests_name(variants[i].name, tests, NULL, NULL);
        }
    }
    fputs("usage: delivery_test killed|restarted|two|frozen|stalled|upgraded [reads]\n", stderr);
    return 2;
}
