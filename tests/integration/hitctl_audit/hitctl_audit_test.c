// SPDX-License-Identifier: Apache-2.0
// What an auditor sees: whether the trail holds, and who was told, who changed, who looked. On a
// real Redis and broker.
#include <pwd.h>
#include <unistd.h>

#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/controls.pb-c.h"
#include "support/broker.h"
#include "support/hitctl_house.h"
#include "support/kafka_util.h"
#include "watchlist/store.h"

#define HEADER "VRM,make,action,weed date\n"

static struct hs_broker broker;
static unsigned round_number; // each test has queues of its own

static int open_broker(void **state)
{
    (void)state;
    if (hs_broker_start(&broker, NULL) != 0) {
        return -1;
    }
    static const char *const compacted[] = {"cleanup.policy", "compact", NULL};
    return hs_test_topic_create(broker.bootstrap, "anpr.controls", 1, compacted);
}

static int close_broker(void **state)
{
    (void)state;
    hs_broker_fini(&broker);
    return 0;
}

static void produce(const char *topic, const char *key, const ProtobufCMessage *message)
{
    struct hs_test_producer *producer;
    uint8_t packed[1024];
    assert_true(message ? protobuf_c_message_get_packed_size(message) <= sizeof(packed) : true);
    size_t len = message ? protobuf_c_message_pack(message, packed) : 0;
    assert_int_equal(hs_test_producer_new(broker.bootstrap, &producer), 0);
    assert_int_equal(hs_test_produce(producer, topic, -1, hs_str(key),
                                     message ? hs_str_n(packed, len) : (struct hs_str){0}, NULL, 0),
                     0);
    assert_int_equal(hs_test_producer_flush(producer, 30000), 0);
    hs_test_producer_free(producer);
}

static char queue[32], topic[64];

// List 'lines' with two entries by ann; a queue of this test's own.
static int setup(void **state)
{
    char text[1024];
    if (house_setup(state) != 0) {
        return -1;
    }
    snprintf(text, sizeof(text), "redis:\n  socket: %s\nkafka:\n  bootstrap: %s\n",
             redis.socket_path, broker.bootstrap);
    file("hitstream.yaml", text);
    file("two.csv", HEADER "AB12 CDE,FORD,STOP,2099-12-31\nOY12ABC,VW,SILENT,31/12/2099\n");
    snprintf(queue, sizeof(queue), "desk%u", round_number++);
    snprintf(topic, sizeof(topic), "dispatch.%s", queue);
    assert_int_equal(hs_test_topic_create(broker.bootstrap, topic, 1, NULL), 0);
    produce("anpr.controls", "anchor", NULL);
    RUN(OK, "list", "create", "lines", "--title", "County lines", "--owner-force", "Aven",
        "--purpose", "couriers", "--open", "--status", "live");
    RUN(OK, "--authority", "OP/1", "list", "load", "lines", "two.csv", "--replace");
    assert_int_equal(mkdir(path_of("controls"), 0755), 0);
    file("controls/cameras.csv",
         "camera,site,road,force,area,latitude,longitude\nc1,s1,A4,Aven,east,51.4,-2.4\n");
    snprintf(text, sizeof(text),
             "queues:\n  %s:\n    owner: Aven\n    kind: intelligence\n    lists: [\"*\"]\n"
             "    default: true\n",
             queue);
    file("controls/queues.yaml", text);
    file("controls/rules.yaml", "");
    RUN(OK, "controls", "activate", "controls");
    return 0;
}

static void tell(const char *vehicle)
{
    Hitstream__V1__Alert alert = HITSTREAM__V1__ALERT__INIT;
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__AlertOperation operation = HITSTREAM__V1__ALERT_OPERATION__INIT;
    Hitstream__V1__AlertOperation *operations[] = {&operation};
    char id[16] = "0123456789abcdef", mark[16], text[] = "stop it", list_id[] = "lines",
         rule[] = "incident", authority[] = "A/77", operation_id[] = "scorpion",
         operation_authority[] = "GOLD/3", entry_id[] = "e1";
    snprintf(mark, sizeof(mark), "%s", vehicle);
    list.list_id = list_id;
    entry.authority_reference = authority;
    entry.entry_id = entry_id;
    operation.operation_id = operation_id;
    operation.authority = operation_authority;
    alert.alert_id = (ProtobufCBinaryData){16, (uint8_t *)id};
    alert.kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED;
    alert.vehicle = mark;
    alert.headline = text;
    alert.rule = rule;
    alert.list = &list;
    alert.entry = &entry;
    alert.operations = operations;
    alert.n_operations = 1;
    produce(topic, "incident", &alert.base);
}

static void anchor_head(void)
{
    struct hs_redis_config config = {
        .socket = redis.socket_path, .connect_timeout_ms = 1000, .command_timeout_ms = 1000};
    struct hs_store *store;
    struct hs_position position;
    Hitstream__V1__AuditAnchor anchor = HITSTREAM__V1__AUDIT_ANCHOR__INIT;
    assert_int_equal(hs_store_open(&config, &store, NULL), 0);
    assert_int_equal(hs_store_head(store, &position), 0);
    hs_store_free(store);
    anchor.change_id = position.id;
    anchor.change_hash = position.hash;
    anchor.at_ms = 1795300000000;
    produce("anpr.controls", "anchor", &anchor.base);
}

static void a_trail_that_holds_is_said_to(void **state)
{
    (void)state;
    anchor_head();
    RUN(OK, "list", "show", "lines");
    RUN(OK, "audit", "verify");
    says(out, "4 records hold, from "); // create, load, controls, consulted
    says(out, "\n1 anchors hold\n");
    RUN(OK, "audit", "verify", "--chain-only", "--json");
    says(out, "{\"holds\":true,\"records\":4,");
}

static void the_first_break_is_named(void **state)
{
    (void)state;
    char command[256];
    RUN(OK, "list", "show", "lines");
    RUN(OK, "list", "show", "lines", "AB12CDE");
    struct hs_redis_config config = {
        .socket = redis.socket_path, .connect_timeout_ms = 1000, .command_timeout_ms = 1000};
    struct hs_store *store;
    struct hs_position position;
    assert_int_equal(hs_store_open(&config, &store, NULL), 0);
    assert_int_equal(hs_store_head(store, &position), 0);
    hs_store_free(store);
    RUN(OK, "list", "show", "lines");
    snprintf(command, sizeof(command), "XDEL hs:changes %s", position.id);
    meddle(command); // somebody takes out that he looked
    RUN(REFUSED, "audit", "verify");
    says(out, "the trail is broken behind record 4: ");
    says(out, "the chain is broken (expected hash ");
    says(out, position.hash); // that of the record that is gone
    RUN(REFUSED, "audit", "verify", "--json");
    says(out, "\"holds\":false");
    says(out, "\"position\":4");
}

static void a_chain_made_anew_does_not_hold_its_anchor(void **state)
{
    (void)state;
    anchor_head();
    meddle("FLUSHALL"); // a restored backup, or a chain written anew
    RUN(OK, "list", "create", "lines", "--title", "t", "--owner-force", "f", "--purpose", "p",
        "--open");
    RUN(OK, "audit", "verify", "--chain-only");
    RUN(REFUSED, "audit", "verify");
    says(out, "is missing, its anchor of 2026-11-2");
    says(out, "has seen it: expected hash ");
}

static void the_export_answers_by_vehicle_person_and_recipient(void **state)
{
    (void)state;
    RUN_AS("bob", OK, "--authority", "OP/2", "list", "show", "lines", "AB12CDE");
    RUN_AS("bob", OK, "check", "OY12ABC");
    RUN_AS("eve", OK, "list", "export", "lines");
    tell("AB12CDE");
    tell("OY12ABC");
    RUN(OK, "audit", "export");
    says(out, "load  who ann  authority OP/1  list lines  detail revision 1.0, 2 entries");
    says(out, "controls  who ann");
    says(out, "consulted  who bob  authority OP/2  list lines  vehicle AB12CDE  detail list show");
    says(out, "told  who hitstream  authority A/77; GOLD/3  list lines  entry e1  vehicle AB12CDE");
    says(out, "route rule incident, OPENED, operation scorpion  detail stop it  id 3031323334");

    RUN(OK, "audit", "export", "--vehicle", "ab12 cde");
    says(out, "told  who hitstream");
    says(out, "vehicle AB12CDE");
    says(out, "load  who ann");      // it came with that
    says(out, "consulted  who eve"); // who saw the whole list saw it too
    says_not(out, "OY12ABC");
    says_not(out, "controls  who ann");

    RUN(OK, "audit", "export", "--person", "bob");
    says(out, "vehicle AB12CDE  detail list show");
    says(out, "vehicle OY12ABC  detail check");
    says_not(out, "ann");
    says_not(out, "told");

    RUN(OK, "audit", "export", "--queue", queue, "--format", "csv");
    says(out, "at,what,who,authority,list,entry,vehicle,recipient,route,detail,id\n");
    says(out, ",\"told\",\"hitstream\",\"A/77; GOLD/3\",\"lines\",\"e1\",\"OY12ABC\",");
    says(out, "\"audit export\""); // asking is consultation, too
    says_not(out, "\"load\"");

    RUN(OK, "audit", "export", "--json", "--to", "2020-01-01T00:00:00Z");
    assert_string_equal(out, "");
    RUN(OK, "audit", "export", "--json", "--to", "2020-01-01"); // midnight in London
    assert_string_equal(out, "");
    RUN(OK, "audit", "export", "--json", "--from", "2020-01-01", "--queue", queue);
    says(out, "\"what\":\"told\"");
    RUN(OK, "audit", "export", "--json", "--queue", queue);
    says(out, "{\"at\":\"");
    says(out, "\"what\":\"told\"");
}

static void bad_questions_are_refused(void **state)
{
    (void)state;
    RUN(USAGE, "audit", "export", "--from", "yesterday", "--to", "now", "--vehicle", "!!");
    says(err, "--from 'yesterday' is no time; as in 2026-12-31T22:00:00Z");
    says(err, "--to 'now' is no time");
    says(err, "--vehicle '!!' is no plate");
    RUN(USAGE, "audit", "export", "--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z");
    says(err, "--from is not before --to");
    RUN(USAGE, "audit", "export", "--format", "xml");
    says(err, "--format 'xml' is unknown; allowed: text, jsonl or csv");
    RUN(REFUSED, "audit", "export", "--queue", "nosuch");
    says(err, "there is no topic 'dispatch.nosuch'");
}

static void an_auditor_without_the_covert_list_sees_nothing_of_it(void **state)
{
    (void)state;
    char text[1024];
    const struct passwd *user = getpwuid(getuid());
    RUN(OK, "list", "create", "secret", "--title", "t", "--owner-force", "Aven", "--purpose", "p",
        "--covert");
    RUN(OK, "audit", "export");
    says(out, "list secret");
    snprintf(text, sizeof(text),
             "redis:\n  socket: %s\nkafka:\n  bootstrap: %s\nrights_file: rights.yaml\n",
             redis.socket_path, broker.bootstrap);
    file("hitstream.yaml", text);
    snprintf(text, sizeof(text),
             "persons:\n"
             "  aud: {role: auditor, force: Aven, logins: %s, audiences: open}\n"
             "  all: {role: auditor, force: Aven, logins: %s, audiences: [open, secret]}\n"
             "  rea: {role: reader, force: Aven, logins: %s, audiences: open}\n",
             user->pw_name, user->pw_name, user->pw_name);
    file("rights.yaml", text);
    RUN_AS("aud", OK, "audit", "export");
    says(out, "list lines");
    says_not(out, "secret");
    RUN_AS("all", OK, "audit", "export");
    says(out, "list secret");
    RUN_AS("rea", REFUSED, "audit", "export");
    says(err, "refused: 'rea' (reader, Aven) may not audit");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_trail_that_holds_is_said_to),
        TEST(the_first_break_is_named),
        TEST(a_chain_made_anew_does_not_hold_its_anchor),
        TEST(the_export_answers_by_vehicle_person_and_recipient),
        TEST(bad_questions_are_refused),
        TEST(an_auditor_without_the_covert_list_sees_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, open_broker, close_broker);
}
