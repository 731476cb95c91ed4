// SPDX-License-Identifier: Apache-2.0
// What a person sees of 'hitctl controls', on a real Redis.
#include <unistd.h>

#include "support/hitctl_house.h"
#include "watchlist/store.h"

static const char cameras[] = "camera,site,road,force,area,latitude,longitude\n"
                              "c1,s1,A4,avon,east,51.4,-2.4\n"
                              "c2,s2,A36,wilts,border,51.3,-2.3\n";
static const char queues[] = "queues:\n"
                             "  intel:\n"
                             "    owner: avon\n"
                             "    kind: intelligence\n"
                             "    lists: [\"*\"]\n"
                             "    default: true\n";

static char edited[HS_TEST_PATH_BYTES]; // the folder of controls

static void write_controls(const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof(path), "edited/%s", name);
    assert_int_equal(hs_test_file_write(path_of(path), text), 0);
}

#define CONTROLS(exit_code, ...) RUN(exit_code, "controls", __VA_ARGS__)

// A fresh Redis and a good folder for each test.
static int setup(void **state)
{
    if (house_setup(state) != 0) {
        return -1;
    }
    snprintf(edited, sizeof(edited), "%s", path_of("edited"));
    if (mkdir(edited, 0755) != 0) {
        return -1;
    }
    write_controls("cameras.csv", cameras);
    write_controls("queues.yaml", queues);
    write_controls("rules.yaml", "");
    return 0;
}

static void a_bad_folder_is_refused_with_every_fault(void **state)
{
    (void)state;
    write_controls("cameras.csv", "camera,site,force,latitude,longitude\nc1,s1,,51,-2\n");
    write_controls("queues.yaml", "queues: {desk: {}}\n");
    write_controls("rulez.yaml", "");
    CONTROLS(REFUSED, "check", edited);
    says(err, "cameras.csv:2:7: force: the value is missing");
    says(err, "queues.yaml:1:10: queues.desk: 'desk': a queue needs an owner");
    says(err, "rulez.yaml: no file of the controls, did you mean 'rules.yaml'?");
    CONTROLS(REFUSED, "activate", edited);
    CONTROLS(OK, "show");
    says(out, "(none were activated)");
    CONTROLS(REFUSED, "check", path_of("nowhere"));
    CONTROLS(USAGE, "check");
}

static void activating_shows_the_difference_and_is_recorded(void **state)
{
    (void)state;
    CONTROLS(DIFFERS, "diff", edited);
    CONTROLS(OK, "activate", edited, "--authority", "OP/1");
    says(out, "+ camera c1: site s1; road A4; force avon");
    says(out, "+ queue intel: owner avon");
    says(out, "\nactive: ");
    CONTROLS(OK, "diff", edited);
    assert_string_equal(out, "");
    CONTROLS(OK, "activate", edited);
    says(err, "active already");
    write_controls("rules.yaml", "incident: {trail_max: 9}\n");
    CONTROLS(DIFFERS, "diff", edited);
    assert_string_equal(out, "~ rule incident.trail_max: '64' -> '9'\n");
    CONTROLS(OK, "activate", edited, "--dry-run");
    says(out, "nothing was changed");
    CONTROLS(DIFFERS, "diff", edited);
    CONTROLS(OK, "activate", edited);
    CONTROLS(OK, "history");
    says(out, "activate  ann (OP/1)\n");
    CONTROLS(OK, "history", "--max", "1", "--json");
    says(out, "\"operation\": \"activate\"");
    assert_null(strstr(out, "OP/1"));
}

static void a_change_made_against_an_older_head_shows_what_changed_since(void **state)
{
    (void)state;
    CONTROLS(OK, "activate", edited);
    CONTROLS(OK, "show", "--to", path_of("other"));
    write_controls("rules.yaml", "incident: {trail_max: 9}\n");
    CONTROLS(OK, "activate", edited);
    assert_int_equal(
        hs_test_file_write(path_of("other/rules.yaml"), "incident: {quiet_ms: 5000000}\n"), 0);
    CONTROLS(CONFLICT, "activate", path_of("other"));
    says(err, "~ rule incident.trail_max: '64' -> '9'");
    CONTROLS(OK, "show");
    says(out, "incident.quiet_ms                1800000");
    remove(path_of("other/.made-against"));
    CONTROLS(CONFLICT, "activate", path_of("other"));
    says(err, "say what the folder was made from");
}

static void rolling_back_restores_the_one_before(void **state)
{
    (void)state;
    CONTROLS(REFUSED, "rollback");
    CONTROLS(OK, "activate", edited);
    CONTROLS(REFUSED, "rollback");
    says(err, "there are no controls before these");
    char *first = hs_test_file_read(path_of("edited/.made-against"));
    first[strcspn(first, "\n")] = '\0';
    write_controls("rules.yaml", "incident: {trail_max: 9}\n");
    CONTROLS(OK, "activate", edited);
    CONTROLS(OK, "rollback");
    says(out, "~ rule incident.trail_max: '9' -> '64'");
    CONTROLS(OK, "show");
    says(out, first);
    CONTROLS(OK, "history");
    says(out, "rollback  ann");
    CONTROLS(REFUSED, "rollback", "0000");
    says(err, "no controls with hash '0000' are kept");
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
    CONTROLS(REFUSED, "activate", edited);
    says(err, "'ocg': no queue of its owner 'avon' may receive this covert list");
    write_controls("queues.yaml", "queues:\n"
                                  "  intel:\n    owner: wilts\n    kind: intelligence\n"
                                  "    covert_lists: [ocg, stolen]\n    lists: [ocgg]\n"
                                  "    default: true\n");
    CONTROLS(REFUSED, "activate", edited);
    says(err, "'ocg': a covert list is told to its owner 'avon' alone");
    says(err, "'stolen': this list is open: name it under 'lists'");
    says(err, "'ocgg': no such list yet, did you mean 'ocg'?");
    write_controls("queues.yaml", "queues:\n"
                                  "  intel:\n    owner: avon\n    kind: intelligence\n"
                                  "    covert_lists: [ocg]\n    lists: [stolen]\n"
                                  "    default: true\n");
    CONTROLS(OK, "activate", edited);
}

static void redis_away_is_told(void **state)
{
    (void)state;
    hs_redis_server_stop(&redis);
    CONTROLS(UNREACHABLE, "show");
    says(err, "hitctl controls show: redis: ");
    CONTROLS(OK, "check", edited); // needs no Redis
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bad_folder_is_refused_with_every_fault, setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(activating_shows_the_difference_and_is_recorded, setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(
            a_change_made_against_an_older_head_shows_what_changed_since, setup, house_teardown),
        cmocka_unit_test_setup_teardown(rolling_back_restores_the_one_before, setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(queues_must_fit_the_lists, setup, house_teardown),
        cmocka_unit_test_setup_teardown(redis_away_is_told, setup, house_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
