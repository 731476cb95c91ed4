// SPDX-License-Identifier: Apache-2.0
// Who gets in, and how far: a Kafka with TLS, SCRAM and ACLs and a Redis with ACL users, given
// exactly what 'hitctl rights print' prints. It is enough for an alert and its answer; whatever is
// wrong is told in so many words, and nothing is sent.
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

#include "access_house.h"
#include "base/clock.h"
#include "support/kafka_util.h"

// ---- what the rights are enough for ----

// A control room with a Kafka client of its own: a plain consumer in the group of its name.
static void desk_hears_an_alert(void)
{
    char why[256] = "";
    const char *const properties[] = {"bootstrap.servers", broker.secured[LISTENER_SOUND],
                                      "security.protocol", "sasl_ssl",
                                      "sasl.mechanism",    "SCRAM-SHA-512",
                                      "sasl.username",     "north",
                                      "sasl.password",     "of-the-desk",
                                      "ssl.ca.location",   path_of("ca.pem"),
                                      "group.id",          "dispatch.north",
                                      "auto.offset.reset", "earliest"};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i += 2) {
        assert_int_equal(
            rd_kafka_conf_set(conf, properties[i], properties[i + 1], why, sizeof(why)),
            RD_KAFKA_CONF_OK);
    }
    rd_kafka_t *desk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    assert_non_null(desk);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, "dispatch.north", RD_KAFKA_PARTITION_UA);
    assert_int_equal(rd_kafka_subscribe(desk, topics), 0);
    rd_kafka_topic_partition_list_destroy(topics);
    rd_kafka_message_t *message = rd_kafka_consumer_poll(desk, WAIT_MS);
    assert_non_null(message);
    if (message->err) {
        fail_msg("the desk hears '%s'", rd_kafka_message_errstr(message));
    }
    assert_non_null(memmem(message->payload, message->len, "AB12CDE", 7));
    rd_kafka_message_destroy(message);
    rd_kafka_consumer_close(desk);
    rd_kafka_destroy(desk);
}

static void printed_rights_are_enough_for_an_alert_and_its_answer(void **state)
{
    (void)state;
    const struct entry entry = sound_entry();
    daemon_comes_by(&entry);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    gateway_produces_a_read("AB12CDE");
    desk_hears_an_alert();
    must(AS("lea", "of-the-lead", "alerts", "tail", "north", "--from", "beginning", "--count", "1"),
         0);
    says("AB12CDE");
    house_await_answer(&house, "/readyz", "HTTP/1.1 200");
    assert_null(strstr(house.text, "not permitted"));
    assert_int_equal(house_count_log(&house, "uthorization failed"), 0);
    assert_int_equal(house_stop(&house), 0);
}

// Every function of the store runs by somebody's printed rights, so that none is forgotten.
static void people_do_what_their_roles_let_them(void **state)
{
    (void)state;
    assert_int_equal(
        hs_test_file_write(path_of("two.csv"), "VRM,action,weed date\nCD34EFG,STOP,2099-12-31\n"),
        0);
    char two[HS_TEST_PATH_BYTES * 2];
    snprintf(two, sizeof(two), "%s", path_of("two.csv"));
    const char *const lead[][12] = {
        {"list", "create", "lines", "--title", "t", "--owner-force", "north", "--purpose", "p",
         "--open"},
        {"list", "load", "lines", two, "--replace"},
        {"list", "put", "lines", "VRM=EF56GHJ", "action=STOP", "weed date=2099-12-31"},
        {"list", "drop", "lines", "EF56GHJ"},
        {"list", "load", "lines", two, "--replace"},
        {"list", "status", "lines", "live"},
        {"list", "show"},
        {"list", "show", "lines", "CD34EFG"},
        {"list", "history", "lines"},
        {"list", "due"},
        {"list", "rollback", "lines", "1"},
        {"list", "remove", "lines", "--force"},
        {"check", "AB12CDE"},
        {"trail", "AB12CDE"},
        {"cameras", "list"},
        {"alerts", "tail", "north", "--from", "beginning", "--until-idle-ms", "100", "--summary"},
        {"operation", "list"},
    };
    for (size_t i = 0; i < sizeof(lead) / sizeof(lead[0]); i++) {
        const char *words[24] = {"--config", person("lea", "of-the-lead"), "--who", "lea"};
        memcpy(words + 4, lead[i], sizeof(lead[i]));
        int exit_code = house_hitctl(&house, words);
        if (exit_code != 0) {
            fail_msg("%s %s: %d: %s", lead[i][0], lead[i][1], exit_code, house.text);
        }
    }
    must(AS("adm", "of-the-administrator", "topics", "create"), 0);
    must(AS("adm", "of-the-administrator", "topics", "check"), 0);
    must(AS("adm", "of-the-administrator", "status"),
         5); // no daemon any more, but what Redis knows of it
    says("\ntested ");
    must(AS("adm", "of-the-administrator", "dispatch", "replay", "north"), 0);
    must(AS("adm", "of-the-administrator", "deregister", "tested"), 0);
}

static void rights_check_says_what_is_missing_and_what_too_much(void **state)
{
    (void)state;
    must(AS("adm", "of-the-administrator", "rights", "check"), 0);
    says("everybody has the rights that are needed, and no more\n");
    says("redis: note: 'keeper' reaches keys of ours, too\n");
    hs_test_acl_take(broker.bootstrap, "User:hitstream", "Write", "anpr.hits");
    hs_test_acl_give(broker.bootstrap, "User:north", "Read", "anpr.hits");
    command_redis("ACL SETUSER hitstream -hscan");
    command_redis("ACL SETUSER lea +flushall");
    must(AS("adm", "of-the-administrator", "rights", "check"), 8);
    says("kafka: missing: 'hitstream' needs Write of topic 'anpr.hits'\n");
    says("kafka: too much: 'User:north' may Read of topic 'anpr.hits'\n");
    says("redis: missing: 'hitstream' needs +hscan\n");
    says("redis: too much: 'lea' has +flushall\n");
    hs_test_acl_give(broker.bootstrap, "User:hitstream", "Write", "anpr.hits");
    hs_test_acl_take(broker.bootstrap, "User:north", "Read", "anpr.hits");
    command_redis("ACL SETUSER hitstream +hscan");
    command_redis("ACL SETUSER lea -flushall");
    must(AS("adm", "of-the-administrator", "rights", "check"), 0);
    AS("lea", "of-the-lead", "rights", "check", "--kafka"); // who may not ask is told so
    says("needs Describe of the cluster\n");
    must(AS("lea", "of-the-lead", "rights", "check", "--redis"), 3);
    says("Redis does not say who may do what: redis: NOPERM");
}

// ---- what is wrong ----

// Messages that stand in all topics together.
static int64_t messages_in_kafka(void)
{
    static const char *const topics[] = {
        "anpr.reads",        "anpr.hits",         "anpr.vehicles",     "anpr.controls",
        "dispatch.ops",      "dispatch.unrouted", "dispatch.north",    "dispatch.north-intel",
        "undelivered.north", "feedback.rejected", "anpr.observations", "anpr.cameras"};
    int64_t count = 0;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        int partitions = i < 3 ? 2 : 1;
        for (int p = 0; p < partitions; p++) {
            int64_t low, high;
            assert_int_equal(hs_test_watermarks(broker.bootstrap, topics[i], p, &low, &high), 0);
            count += high;
        }
    }
    return count;
}

// Starts by this way in: it says so, is not ready, and has sent nothing.
static void is_kept_out(const struct entry *entry, const char *why)
{
    int64_t before = messages_in_kafka();
    daemon_comes_by(entry);
    house_start(&house, NULL);
    house_await_answer(&house, "/readyz", why);
    says("HTTP/1.1 503");
    house_await_log(&house, why);
    assert_null(strstr(house_heard(&house), "READY=1"));
    assert_int_equal(house_stop(&house), 0);
    assert_int_equal(messages_in_kafka(), before);
}

static void a_broker_of_another_authority_is_not_believed(void **state)
{
    (void)state;
    struct entry entry = sound_entry();
    entry.ca = "stranger";
    is_kept_out(&entry, "its authority is not in ssl.ca.location");
}

static void a_broker_of_another_name_is_not_believed(void **state)
{
    (void)state;
    char bootstrap[64];
    struct entry entry = sound_entry();
    snprintf(bootstrap, sizeof(bootstrap), "localhost:%u",
             (unsigned)broker.secured_ports[LISTENER_SOUND]);
    entry.bootstrap = bootstrap; // the certificate is for 127.0.0.1
    is_kept_out(&entry, "it is for another host name");
}

static void an_expired_certificate_is_not_believed(void **state)
{
    (void)state;
    struct entry entry = sound_entry();
    entry.bootstrap = broker.secured[LISTENER_EXPIRED];
    is_kept_out(&entry, "it has expired");
}

static void a_wrong_password_is_told(void **state)
{
    (void)state;
    struct entry entry = sound_entry();
    entry.password = "of-somebody-else";
    entry.redis_user = "adm"; // whatever it is: Kafka comes first
    is_kept_out(&entry, "SASL authentication error: Authentication failed");
}

static void who_has_no_right_is_told_where_to_look(void **state)
{
    (void)state;
    struct entry entry = sound_entry();
    entry.user = "bare";
    entry.password = "of-nobody";
    command_redis("ACL SETUSER bare on >of-nobody %%R~hs:* +@read");
    is_kept_out(&entry, "topic 'anpr.controls' cannot be read: not permitted, see 'hitctl rights "
                        "check'");
    command_redis("ACL DELUSER bare");
}

// A right to write is asked for by the first message, not before: what it follows from is read
// again until the right is there.
static void a_missing_right_to_write_holds_up_and_loses_nothing(void **state)
{
    (void)state;
    int64_t before = alerts_of_desk();
    const struct entry entry = sound_entry();
    hs_test_acl_take(broker.bootstrap, "User:hitstream", "Write", "anpr.hits");
    daemon_comes_by(&entry);
    house_start(&house, NULL);
    house_await_answer(&house, "/readyz", "Broker: Topic authorization failed");
    says("HTTP/1.1 503");
    gateway_produces_a_read("GH78JKL");
    hs_test_acl_give(broker.bootstrap, "User:hitstream", "Write", "anpr.hits");
    house_await_answer(&house, "/readyz", "HTTP/1.1 200");
    await_alert_behind(before);
    assert_int_equal(house_stop(&house), 0);
}

// Whoever crowds the admin port disturbs the pages, not the work, and no order by the socket.
static void alerts_and_orders_go_on_while_the_port_is_crowded(void **state)
{
    (void)state;
    enum { CROWD = 800 };
    int crowd[CROWD];
    int64_t before = alerts_of_desk();
    const struct entry entry = sound_entry();
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(house.admin_port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    daemon_comes_by(&entry);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(crowd[i] >= 0);
        (void)connect(crowd[i], (const struct sockaddr *)&address, sizeof(address));
        (void)!send(crowd[i], "GET /met", 8, MSG_NOSIGNAL);
    }
    gateway_produces_a_read("JK90MNP");
    await_alert_behind(before);
    must(HITCTL(&house, "reload"), 0);
    for (int i = 0; i < CROWD; i++) {
        close(crowd[i]);
    }
    house_await_answer(&house, "/readyz", "HTTP/1.1 200");
    assert_int_equal(house_stop(&house), 0);
}

// ---- Redis ----

// Comes up with the lists of its disk, says what is wrong, and tells alerts by them.
static void last_lists_serve(const struct entry *entry, const char *why)
{
    daemon_comes_by(entry);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/readyz", why);
    says("HTTP/1.1 200");
    says("note: lists: redis");
    assert_true(house_metric(&house, "hitstream_lists_entries") >= 2);
}

static void a_wrong_redis_password_is_told_and_the_last_lists_serve(void **state)
{
    (void)state;
    struct entry entry = sound_entry();
    entry.redis_password = "of-somebody-else";
    last_lists_serve(&entry, "WRONGPASS");
    assert_int_equal(house_stop(&house), 0);
}

static void a_missing_redis_right_is_told_and_heals_by_itself(void **state)
{
    (void)state;
    const struct entry entry = sound_entry();
    command_redis("ACL SETUSER hitstream -xrange -hscan");
    last_lists_serve(&entry, "NOPERM");
    assert_true(house_count_log(&house, "NOPERM") < 50); // said, not shouted
    command_redis("ACL SETUSER hitstream +xrange +hscan");
    while (strstr(house_ask(&house, false, "GET", "/readyz"), "note: lists:")) {
        hs_test_pause_ms(50);
    }
    assert_int_equal(house_stop(&house), 0);
}

// Two passwords hold at once, so that no daemon is ever shut out.
static void a_redis_password_is_changed_without_a_gap(void **state)
{
    (void)state;
    struct entry entry = sound_entry();
    entry.redis_password = "of-tomorrow";
    command_redis("ACL SETUSER hitstream >of-tomorrow");
    daemon_comes_by(&entry);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    command_redis("ACL SETUSER hitstream <of-the-daemon");
    must(AS("lea", "of-the-lead", "list", "put", "stolen", "VRM=CD34EFG", "action=STOP",
            "weed date=2099-12-31"),
         0);
    house_await_answer(&house, "/status", "\"entries\": 4");
    assert_int_equal(house_stop(&house), 0);
    command_redis("ACL SETUSER hitstream >of-the-daemon");
}

// Redis speaks TLS on a port; a tunnel before it is what the manual says.
static void open_tunnel(struct hs_process *tunnel, const char *ca, const char *socket_path)
{
    uint16_t port;
    char config[HS_TEST_PATH_BYTES * 8];
    assert_int_equal(hs_test_free_port(&port), 0);
    command_redis("CONFIG SET tls-cert-file %s tls-key-file %s tls-ca-cert-file %s "
                  "tls-auth-clients no tls-port %u",
                  path_of("sound.crt"), path_of("sound.key"), path_of("ca.pem"), (unsigned)port);
    snprintf(config, sizeof(config),
             "foreground = yes\npid =\n[redis]\nclient = yes\naccept = %s\nconnect = 127.0.0.1:%u\n"
             "CAfile = %s\nverifyChain = yes\ncheckIP = 127.0.0.1\n",
             socket_path, (unsigned)port, path_of("%s.pem", ca));
    assert_int_equal(hs_test_file_write(path_of("stunnel.conf"), config), 0);
    const char *const argv[] = {STUNNEL_PATH, path_of("stunnel.conf"), NULL};
    const char *log = path_of("stunnel.log");
    const struct hs_process_spec spec = {.argv = argv, .output_path = log, .error_path = log};
    assert_int_equal(hs_process_start(tunnel, &spec), 0);
    while (hs_process_running(tunnel) && access(socket_path, F_OK) != 0) {
        hs_test_pause_ms(10);
    }
    assert_true(hs_process_running(tunnel));
}

static void redis_is_reached_by_tls_through_a_tunnel(void **state)
{
    (void)state;
    struct hs_process tunnel = {0};
    struct entry entry = sound_entry();
    char socket_path[HS_TEST_PATH_BYTES * 2];
    if (!STUNNEL_PATH[0]) {
        skip();
    }
    snprintf(socket_path, sizeof(socket_path), "%s", path_of("tunnel"));
    entry.redis_socket = socket_path;
    open_tunnel(&tunnel, "ca", socket_path);
    daemon_comes_by(&entry);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/status", "\"current\": true");
    assert_int_equal(house_stop(&house), 0);
    hs_process_fini(&tunnel);
    remove(socket_path);

    open_tunnel(&tunnel, "stranger", socket_path); // does not believe what answers
    last_lists_serve(&entry, "redis cannot be reached");
    assert_int_equal(house_stop(&house), 0);
    hs_process_fini(&tunnel);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printed_rights_are_enough_for_an_alert_and_its_answer),
        cmocka_unit_test(people_do_what_their_roles_let_them),
        cmocka_unit_test(rights_check_says_what_is_missing_and_what_too_much),
        cmocka_unit_test(a_broker_of_another_authority_is_not_believed),
        cmocka_unit_test(a_broker_of_another_name_is_not_believed),
        cmocka_unit_test(an_expired_certificate_is_not_believed),
        cmocka_unit_test(a_wrong_password_is_told),
        cmocka_unit_test(who_has_no_right_is_told_where_to_look),
        cmocka_unit_test(a_missing_right_to_write_holds_up_and_loses_nothing),
        cmocka_unit_test(alerts_and_orders_go_on_while_the_port_is_crowded),
        cmocka_unit_test(a_wrong_redis_password_is_told_and_the_last_lists_serve),
        cmocka_unit_test(a_missing_redis_right_is_told_and_heals_by_itself),
        cmocka_unit_test(a_redis_password_is_changed_without_a_gap),
        cmocka_unit_test(redis_is_reached_by_tls_through_a_tunnel),
    };
    return cmocka_run_group_tests(tests, open_access, close_access);
}
