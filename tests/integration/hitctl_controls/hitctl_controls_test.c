// SPDX-License-Identifier: Apache-2.0
// What a person sees of 'hitctl controls', on a real Redis.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/process.h"
#include "support/redis_server.h"
#include "watchlist/store.h"

enum { WORDS_MAX = 12, RUN_TIMEOUT_MS = 30000 };

// Exit codes as daemon/hitctl/command.h has them: scripts rely on the numbers.
enum { OK = 0, USAGE = 2, REFUSED = 3, CONFLICT = 4, UNREACHABLE = 5, DIFFERS = 8 };

static const char cameras[] = "camera,site,road,force,area,latitude,longitude\n"
                              "c1,s1,A4,avon,east,51.4,-2.4\n"
                              "c2,s2,A36,wilts,border,51.3,-2.3\n";
static const char queues[] = "queues:\n"
                             "  intel:\n"
                             "    owner: avon\n"
                             "    kind: intelligence\n"
                             "    lists: [\"*\"]\n"
                             "    default: true\n";

static struct hs_redis_server redis;
static char folder[HS_TEST_PATH_BYTES];
static char edited[HS_TEST_PATH_BYTES]; // the folder of controls
static char *out;                       // of the last command
static char *err;

static const char *path_of(const char *name)
{
    static char paths[4][HS_TEST_PATH_BYTES + 64];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void write_controls(const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof(path), "edited/%s", name);
    assert_int_equal(hs_test_file_write(path_of(path), text), 0);
}

// Runs 'hitctl --config ... --who ann WORDS' and fails when it ends with another code.
static void run(int exit_code, const char *const *words)
{
    const char *argv[WORDS_MAX + 6] = {HITCTL_PATH, "--config", path_of("hitstream.yaml"), "--who",
                                       "ann"};
    const char *out_path = path_of("out");
    const char *err_path = path_of("err");
    struct hs_process_spec spec = {.argv = argv, .output_path = out_path, .error_path = err_path};
    remove(out_path);
    remove(err_path);
    for (size_t i = 0; words[i]; i++) {
        assert_true(i < WORDS_MAX);
        argv[5 + i] = words[i];
    }
    int code = hs_process_run(&spec, RUN_TIMEOUT_MS);
    free(out);
    free(err);
    out = hs_test_file_read(out_path);
    err = hs_test_file_read(err_path);
    assert_true(out && err);
    if (code != exit_code) {
        fail_msg("exit %d, expected %d\n%s%s", code, exit_code, out, err);
    }
}
#define RUN(exit_code, ...) run(exit_code, (const char *const[]){"controls", __VA_ARGS__, NULL})

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("'%s' is missing in: %s", part, text);
    }
}

// A fresh Redis and a good folder for each test.
static int setup(void **state)
{
    char text[1024];
    (void)state;
    if (hs_test_folder_make("controls", folder) != 0 || hs_redis_server_start(&redis) != 0) {
        return -1;
    }
    snprintf(edited, sizeof(edited), "%s", path_of("edited"));
    snprintf(text, sizeof(text), "redis:\n  socket: %s\n", redis.socket_path);
    if (mkdir(edited, 0755) != 0 || hs_test_file_write(path_of("hitstream.yaml"), text) != 0) {
        return -1;
    }
    write_controls("cameras.csv", cameras);
    write_controls("queues.yaml", queues);
    write_controls("rules.yaml", "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hs_redis_server_fini(&redis);
    hs_test_folder_remove(folder);
    free(out);
    free(err);
    out = err = NULL;
    return 0;
}

static void a_bad_folder_is_refused_with_every_fault(void **state)
{
    (void)state;
    write_controls("cameras.csv", "camera,site,force,latitude,longitude\nc1,s1,,51,-2\n");
    write_controls("queues.yaml", "queues: {desk: {}}\n");
    write_controls("rulez.yaml", "");
    RUN(REFUSED, "check", edited);
    assert_says(err, "cameras.csv:2:7: force: the value is missing");
    assert_says(err, "queues.yaml:1:10: queues.desk: 'desk': a queue needs an owner");
    assert_says(err, "rulez.yaml: no file of the controls, did you mean 'rules.yaml'?");
    RUN(REFUSED, "activate", edited);
    RUN(OK, "show");
    assert_says(out, "(none were activated)");
    RUN(REFUSED, "check", path_of("nowhere"));
    RUN(USAGE, "check");
}

static void activating_shows_the_difference_and_is_recorded(void **state)
{
    (void)state;
    RUN(DIFFERS, "diff", edited);
    RUN(OK, "activate", edited, "--authority", "OP/1");
    assert_says(out, "+ camera c1: site s1; road A4; force avon");
    assert_says(out, "+ queue intel: owner avon");
    assert_says(out, "\nactive: ");
    RUN(OK, "diff", edited);
    assert_string_equal(out, "");
    RUN(OK, "activate", edited);
    assert_says(err, "active already");
    write_controls("rules.yaml", "incident: {trail_max: 9}\n");
    RUN(DIFFERS, "diff", edited);
    assert_string_equal(out, "~ rule incident.trail_max: '64' -> '9'\n");
    RUN(OK, "activate", edited, "--dry-run");
    assert_says(out, "nothing was changed");
    RUN(DIFFERS, "diff", edited);
    RUN(OK, "activate", edited);
    RUN(OK, "history");
    assert_says(out, "activate  ann (OP/1)\n");
    RUN(OK, "history", "--max", "1", "--json");
    assert_says(out, "\"operation\": \"activate\"");
    assert_null(strstr(out, "OP/1"));
}

static void a_change_made_against_an_older_head_shows_what_changed_since(void **state)
{
    (void)state;
    RUN(OK, "activate", edited);
    RUN(OK, "show", "--to", path_of("other"));
    write_controls("rules.yaml", "incident: {trail_max: 9}\n");
    RUN(OK, "activate", edited);
    assert_int_equal(
        hs_test_file_write(path_of("other/rules.yaml"), "incident: {quiet_ms: 5000000}\n"), 0);
    RUN(CONFLICT, "activate", path_of("other"));
    assert_says(err, "~ rule incident.trail_max: '64' -> '9'");
    RUN(OK, "show");
    assert_says(out, "incident.quiet_ms                1800000");
    remove(path_of("other/.made-against"));
    RUN(CONFLICT, "activate", path_of("other"));
    assert_says(err, "say what the folder was made from");
}

static void rolling_back_restores_the_one_before(void **state)
{
    (void)state;
    RUN(REFUSED, "rollback");
    RUN(OK, "activate", edited);
    RUN(REFUSED, "rollback");
    assert_says(err, "there are no controls before these");
    char *first = hs_test_file_read(path_of("edited/.made-against"));
    first[strcspn(first, "\n")] = '\0';
    write_controls("rules.yaml", "incident: {trail_max: 9}\n");
    RUN(OK, "activate", edited);
    RUN(OK, "rollback");
    assert_says(out, "~ rule incident.trail_max: '9' -> '64'");
    RUN(OK, "show");
    assert_says(out, first);
    RUN(OK, "history");
    assert_says(out, "rollback  ann");
    RUN(REFUSED, "rollback", "0000");
    assert_says(err, "no controls with hash '0000' are kept");
    free(first);
}

static void make_list(const char *id, bool covert, const char *owner)
{
    const struct hs_redis_config config = {
        .socket = redis.socket_path, .connect_timeout_ms = 1000, .command_timeout_ms = 5000};
    const struct hs_actor actor = {.who = "ann", .authority = ""};
    const struct hs_store_list list = {.list_id = hs_str(id),
                                       .title = HS_STR("t"),
                                       .owner_force = hs_str(owner),
                                       .purpose = HS_STR("p"),
                                       .covert = covert,
                                       .status = HS_STORE_LIVE};
    struct hs_store *store = NULL;
    struct hs_position position;
    assert_int_equal(hs_store_open(&config, &store, NULL), 0);
    assert_int_equal(hs_store_list_create(store, &actor, &list, &position), 0);
    hs_store_free(store);
}

static void queues_must_fit_the_lists(void **state)
{
    (void)state;
    make_list("ocg", true, "avon");
    make_list("stolen", false, "avon");
    RUN(REFUSED, "activate", edited);
    assert_says(err, "'ocg': no queue of its owner 'avon' may receive this covert list");
    write_controls("queues.yaml", "queues:\n"
                                  "  intel:\n    owner: wilts\n    kind: intelligence\n"
                                  "    covert_lists: [ocg, stolen]\n    lists: [ocgg]\n"
                                  "    default: true\n");
    RUN(REFUSED, "activate", edited);
    assert_says(err, "'ocg': a covert list is told to its owner 'avon' alone");
    assert_says(err, "'stolen': this list is open: name it under 'lists'");
    assert_says(err, "'ocgg': no such list yet, did you mean 'ocg'?");
    write_controls("queues.yaml", "queues:\n"
                                  "  intel:\n    owner: avon\n    kind: intelligence\n"
                                  "    covert_lists: [ocg]\n    lists: [stolen]\n"
                                  "    default: true\n");
    RUN(OK, "activate", edited);
}

static void redis_away_is_told(void **state)
{
    (void)state;
    hs_redis_server_stop(&redis);
    RUN(UNREACHABLE, "show");
    assert_says(err, "hitctl controls show: redis: ");
    RUN(OK, "check", edited); // needs no Redis
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bad_folder_is_refused_with_every_fault, setup, teardown),
        cmocka_unit_test_setup_teardown(activating_shows_the_difference_and_is_recorded, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            a_change_made_against_an_older_head_shows_what_changed_since, setup, teardown),
        cmocka_unit_test_setup_teardown(rolling_back_restores_the_one_before, setup, teardown),
        cmocka_unit_test_setup_teardown(queues_must_fit_the_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(redis_away_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
