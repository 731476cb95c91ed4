// SPDX-License-Identifier: Apache-2.0
// What a person sees of 'hitctl operation', on a real Redis.
#include <unistd.h>

#include "support/hitctl_house.h"
#include "watchlist/store.h"

static const char cameras[] = "camera,site,road,force,area,latitude,longitude\n"
                              "c1,s1,A4,avon,east,51.4,-2.4\n"
                              "c2,s2,A36,wilts,border,51.3,-2.3\n";
static const char queues[] =
    "queues:\n"
    "  avon-intel: {owner: avon, kind: intelligence, lists: [\"*\"], covert_lists: [mole],\n"
    "    default: true}\n"
    "  joint: {owner: avon, kind: live, lists: [], intelligence_queue: avon-intel}\n"
    "  wilts-desk: {owner: wilts, kind: live, lists: [\"*\"], forces: [wilts], default: true,\n"
    "    intelligence_queue: wilts-intel}\n"
    "  wilts-intel: {owner: wilts, kind: intelligence, lists: [\"*\"]}\n";

#define OPERATION(exit_code, ...) RUN(exit_code, "operation", __VA_ARGS__)

static void write_controls(const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof(path), "edited/%s", name);
    assert_int_equal(hs_test_file_write(path_of(path), text), 0);
}

static void make_list(const char *id, bool covert)
{
    const struct hs_redis_config config = {
        .socket = redis.socket_path, .connect_timeout_ms = 1000, .command_timeout_ms = 5000};
    const struct hs_actor actor = {.who = "ann", .authority = ""};
    const struct hs_store_list list = {.list_id = hs_str(id),
                                       .title = HS_STR("t"),
                                       .owner_force = HS_STR("avon"),
                                       .purpose = HS_STR("p"),
                                       .covert = covert,
                                       .status = HS_STORE_LIVE};
    struct hs_store *store = NULL;
    struct hs_position position;
    assert_int_equal(hs_store_open(&config, &store, NULL), 0);
    assert_int_equal(hs_store_list_create(store, &actor, &list, &position), 0);
    hs_store_free(store);
}

// Two forces, an open and a covert list, controls without operations.
static int setup(void **state)
{
    if (house_setup(state) != 0 || mkdir(path_of("edited"), 0755) != 0) {
        return -1;
    }
    write_controls("cameras.csv", cameras);
    write_controls("queues.yaml", queues);
    write_controls("rules.yaml", "");
    make_list("drugs", false);
    make_list("mole", true);
    RUN(OK, "controls", "activate", path_of("edited"));
    return 0;
}

#define SCORPION                                                                                   \
    "scorpion", "--lead", "avon", "--forces", "wilts", "--lists", "drugs", "--queues",             \
        "joint,wilts-desk", "--from", "2026-01-13T06:00:00", "--to", "2026-01-15T22:00:00",        \
        "--name", "Op \"Scorpion\"", "--roads", "A4, A36", "--priority", "high",                   \
        "--repeat-window", "60000", "--authority", "ACC Smith OP/7"

static void an_operation_is_created_shown_and_closed(void **state)
{
    (void)state;
    OPERATION(OK, "list");
    OPERATION(OK, "create", SCORPION, "--dry-run");
    says(out, "nothing was changed");
    OPERATION(OK, "create", SCORPION);
    says(out, "+ operation scorpion: name Op \"Scorpion\"; authority ACC Smith OP/7; lead avon; "
              "forces wilts; from 2026-01-13T06:00:00.000Z; to 2026-01-15T22:00:00.000Z; lists "
              "drugs; queues joint, wilts-desk; roads A36, A4; priority high; repeat_window_ms "
              "60000");
    OPERATION(REFUSED, "create", SCORPION);
    says(err, "there is an operation 'scorpion' already");
    OPERATION(OK, "show", "scorpion", "--at", "2026-01-14T00:00:00");
    says(out, "scorpion: Op \"Scorpion\", running\n");
    says(out, "2026-01-13 06:00:00 to 2026-01-15 22:00:00");
    OPERATION(OK, "list", "--at", "2026-01-15T22:00:00Z");
    says(out, "scorpion             over");
    OPERATION(OK, "close", "scorpion", "--at", "2026-01-14T12:00:00", "--authority", "ACC Smith");
    says(out, "~ operation scorpion to: '2026-01-15T22:00:00.000Z' -> '2026-01-14T12:00:00.000Z'");
    OPERATION(REFUSED, "close", "scorpion", "--at", "2026-01-14T12:00:00");
    says(err, "'scorpion' ends at 2026-01-14T12:00:00.000Z already");
    OPERATION(REFUSED, "show", "hydra");
    says(err, "there is no operation 'hydra'");
    RUN(OK, "controls", "history");
    says(out, "operation create ann (ACC Smith OP/7)");
    says(out, "operation close ann (ACC Smith)");
    OPERATION(OK, "show", "scorpion", "--json");
    says(out, "\"repeat_window_ms\": 60000");
}

static void every_fault_is_told_at_once(void **state)
{
    (void)state;
    OPERATION(REFUSED, "create", "scorpion", "--lead", "avn", "--lists", "drugs,Mole", "--queues",
              "joynt", "--sites", "s9", "--from", "2026-01-13T06:00:00", "--to",
              "2026-01-13T05:00:00");
    says(err, "an operation needs an authority");
    says(err, "the operation ends before it has begun");
    says(err, "'Mole' cannot be a list's id");
    says(err, "no such queue as 'joynt', did you mean 'joint'?");
    says(err, "no camera stands in 's9'");
    says(err, "no camera stands in 'avn', and no queue is its own, did you mean 'avon'?");
    OPERATION(REFUSED, "create", "scorpion", "--lead", "avon", "--lists", "drgs", "--queues",
              "joint", "--authority", "x");
    says(err, "operations.scorpion.lists: 'drgs': no such list, did you mean 'drugs'?");
    OPERATION(REFUSED, "create", "scorpion", "--lead", "avon", "--lists", "mole", "--queues",
              "joint", "--authority", "x");
    says(err, "'mole' is a covert list");
    OPERATION(USAGE, "create", "scorpion", "--from", "tuesday");
    OPERATION(USAGE, "create");
    OPERATION(OK, "list");
    assert_null(strstr(out, "scorpion"));
}

static void a_change_decided_on_older_controls_is_refused(void **state)
{
    (void)state;
    char *head = hs_test_file_read(path_of("edited/.made-against"));
    head[strcspn(head, "\n")] = '\0';
    OPERATION(OK, "create", SCORPION);
    OPERATION(CONFLICT, "close", "scorpion", "--against", head);
    says(err, "changed since:\n+ operation scorpion");
    OPERATION(OK, "create", "hydra", "--lead", "avon", "--covert-lists", "mole", "--covert-queues",
              "avon-intel", "--authority", "x");
    OPERATION(OK, "show", "hydra");
    says(out, "to open-ended");
    says(out, "mole");
    free(head);
}

static void the_route_is_explained_for_each_queue(void **state)
{
    (void)state;
    OPERATION(OK, "create", SCORPION);
#define EXPLAIN(...) RUN(OK, "route", "explain", "--list", __VA_ARGS__)
    EXPLAIN("drugs", "--site", "s2", "--at", "2026-01-14T00:00:00");
    says(out, "told     joint                    may not by itself receive list 'drugs'; operation "
              "'scorpion' permits it; cares for all places\n");
    says(out, "told     wilts-desk               may receive list 'drugs', as all open lists");
    EXPLAIN("drugs", "--site", "s1", "--at", "2026-01-15T22:00:00");
    says(out, "not told joint                    may not by itself receive list 'drugs'; operation "
              "'scorpion' is over");
    says(out, "does not care for force 'avon', area 'east'");
    EXPLAIN("drugs", "--site", "s2", "--late", "--at", "2026-01-14T00:00:00");
    says(out, "not told joint");
    says(out, "too late for a live queue: diverted to avon-intel");
    EXPLAIN("mole", "--handling", "monitor", "--json");
    says(out, "\"queue\": \"avon-intel\", \"told\": true");
    RUN(REFUSED, "route", "explain", "--list", "mule");
    RUN(REFUSED, "route", "explain", "--list", "drugs", "--site", "s9");
    RUN(USAGE, "route", "explain", "--list", "drugs", "--handling", "arrest");
    RUN(USAGE, "route", "explain");
}

static void what_does_not_fit_together_is_told(void **state)
{
    (void)state;
    RUN(OK, "route", "check");
    says(err, "'joint': no list reaches this queue, by itself or by an operation");
    says(out, "0 errors, 1 warnings");
    OPERATION(OK, "create", SCORPION);
    RUN(OK, "route", "check");
    says(out, "0 errors, 0 warnings");
    write_controls("queues.yaml", "queues:\n"
                                  "  intel: {owner: avon, kind: intelligence, lists: [stolen],\n"
                                  "    default: true}\n");
    RUN(REFUSED, "route", "check", path_of("edited"));
    says(err, "'mole': no queue of its owner 'avon' may receive this covert list");
    says(err, "'drugs': no queue may receive this list: its alerts go to dispatch.unrouted");
    write_controls("queues.yaml", "queues:\n"
                                  "  hub: {owner: council, kind: intelligence, lists: [drugs],\n"
                                  "    partner: true, default: true}\n");
    RUN(REFUSED, "route", "check", path_of("edited"));
    says(err, "a partner is not told in full");
}

#define GROUP(exit_code, ...) RUN(exit_code, "group", __VA_ARGS__)

static void a_group_is_made_and_changed(void **state)
{
    (void)state;
    GROUP(REFUSED, "create", "jay", "--owner", "avon", "--hub", "bristol");
    says(err, "a group needs an authority");
    says(err, "a group needs a lead");
    says(err, "'review_date' is missing");
    says(err, "of which line?");
    GROUP(OK, "create", "jay", "--lead", "DI Jones", "--owner", "avon", "--review", "2026-12-31",
          "--county-line", "JAY", "--hub", "bristol", "--markets", "wells,bath", "--four-p",
          "pursue", "--authority", "ACC/3");
    says(out, "+ group jay: name jay; state active; lead DI Jones; owner avon; four_p pursue");
    GROUP(REFUSED, "create", "jay");
    GROUP(OK, "set", "jay", "--state", "disrupted", "--lead", "DI Smith");
    says(out, "~ group jay state: 'active' -> 'disrupted'");
    says(out, "~ group jay lead: 'DI Jones' -> 'DI Smith'");
    GROUP(USAGE, "set", "jay", "--state", "nominated");
    GROUP(USAGE, "set", "jay", "--review", "soon");
    GROUP(OK, "close", "jay");
    GROUP(REFUSED, "close", "jay");
    GROUP(OK, "list");
    says(out, "jay                  dismantled  avon");
    GROUP(OK, "show", "jay", "--json");
    says(out, "\"markets\": [\"bath\", \"wells\"]");
    GROUP(REFUSED, "show", "kay");
}

static void a_nomination_waits_for_an_officers_yes(void **state)
{
    (void)state;
    GROUP(USAGE, "nominate", "kay");
    GROUP(OK, "nominate", "kay", "--by", "Bath council", "--district", "bath");
    GROUP(OK, "list");
    says(out, "kay                  nominated");
    GROUP(REFUSED, "set", "kay", "--state", "active");
    GROUP(REFUSED, "close", "kay");
    GROUP(REFUSED, "accept", "kay");
    says(err, "a group needs an authority");
    GROUP(OK, "accept", "kay", "--lead", "DI Jones", "--owner", "avon", "--review", "2026-12-31",
          "--authority", "ACC/4");
    GROUP(OK, "show", "kay");
    says(out, "  nominated_by   Bath council\n");
    says(out, "  accepted_by    ann\n");
    GROUP(REFUSED, "accept", "kay");
    RUN(OK, "controls", "history");
    says(out, "group nominate ann\n");
    says(out, "group accept ann (ACC/4)");
}

static void an_officers_no_ends_a_nomination(void **state)
{
    (void)state;
    GROUP(OK, "nominate", "kay", "--by", "Bath council");
    GROUP(OK, "nominate", "lou", "--by", "Wells council");
    GROUP(REFUSED, "decline", "max");
    GROUP(OK, "decline", "kay", "--authority", "DI Jones, not ours");
    says(out, "declined: kay, nominated by Bath council\n");
    GROUP(OK, "list");
    says_not(out, "kay");
    says(out, "lou                  nominated");
    GROUP(REFUSED, "accept", "kay", "--lead", "DI Jones", "--owner", "avon", "--review",
          "2026-12-31", "--authority", "ACC/4");
    GROUP(REFUSED, "decline", "kay"); // once
    GROUP(OK, "accept", "lou", "--lead", "DI Jones", "--owner", "avon", "--review", "2026-12-31",
          "--authority", "ACC/4");
    GROUP(REFUSED, "decline", "lou");
    says(err, "'lou' is no nomination, it is active");
    RUN(OK, "controls", "history"); // both are on record
    says(out, "group nominate ann\n");
    says(out, "group decline ann (DI Jones, not ours)");
}

// The last one leaves a file without any.
static void the_only_nomination_is_declined(void **state)
{
    (void)state;
    GROUP(OK, "nominate", "kay", "--by", "Bath council");
    GROUP(OK, "decline", "kay");
    GROUP(OK, "list");
    says_not(out, "kay");
    GROUP(OK, "nominate", "kay", "--by", "Bath council"); // the partner insists
    GROUP(OK, "list");
    says(out, "kay                  nominated");
}

static int keep_consultations(void *ctx, const struct hs_change *change)
{
    if (change->op == HS_OP_CONSULTED) {
        hs_buf_printf(ctx, "%.*s (%.*s): %.*s\n", HS_STR_ARG(change->who),
                      HS_STR_ARG(change->authority), HS_STR_ARG(change->looked.command));
    }
    return 0;
}

static void who_looked_at_an_operation_or_a_group_is_recorded(void **state)
{
    (void)state;
    const struct hs_redis_config config = {
        .socket = redis.socket_path, .connect_timeout_ms = 1000, .command_timeout_ms = 5000};
    struct hs_store *store = NULL;
    struct hs_buf text = {0};
    OPERATION(OK, "create", SCORPION);
    GROUP(OK, "nominate", "kay", "--by", "Bath council");
    OPERATION(OK, "show", "scorpion", "--authority", "OP/7");
    GROUP(OK, "show", "kay", "--authority", "OP/8");
    GROUP(OK, "said", "kay", "--authority", "OP/9");
    OPERATION(OK, "list"); // names alone
    GROUP(OK, "list");
    assert_int_equal(hs_store_open(&config, &store, NULL), 0);
    assert_int_equal(hs_store_history(store, hs_str(""), keep_consultations, &text), 0);
    assert_string_equal(hs_buf_text(&text), "ann (OP/7): operation show scorpion\n"
                                            "ann (OP/8): group show kay\n"
                                            "ann (OP/9): group said kay\n");
    hs_buf_fini(&text);
    hs_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_operation_is_created_shown_and_closed, setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(every_fault_is_told_at_once, setup, house_teardown),
        cmocka_unit_test_setup_teardown(the_route_is_explained_for_each_queue, setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_together_is_told, setup, house_teardown),
        cmocka_unit_test_setup_teardown(a_group_is_made_and_changed, setup, house_teardown),
        cmocka_unit_test_setup_teardown(a_nomination_waits_for_an_officers_yes, setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(an_officers_no_ends_a_nomination, setup, house_teardown),
        cmocka_unit_test_setup_teardown(the_only_nomination_is_declined, setup, house_teardown),
        cmocka_unit_test_setup_teardown(who_looked_at_an_operation_or_a_group_is_recorded, setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(a_change_decided_on_older_controls_is_refused, setup,
                                        house_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
