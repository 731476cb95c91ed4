// SPDX-License-Identifier: Apache-2.0
// Secrets are changed as hitstream-security(7) says, while a daemon runs: no alert is lost by it. (The
// token's key: tests/integration/intake; Redis' password also: access_test.c.)
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "access_house.h"

static void start_daemon(const struct entry *entry)
{
    daemon_comes_by(entry);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
}

// The next vehicle of the list is told; each once, so that each is a new incident.
static void an_alert_comes(void)
{
    static const char *const vehicles[] = {"LM12NPR", "NP34RST", "RS56TUV", "TU78VWX",
                                           "VW90XYZ", "XY12ABC", "BC34DEF", "DE56FGH",
                                           "FG78HJK", "HJ90KLM", NULL};
    static size_t next;
    char entry[16];
    int64_t before = alerts_of_desk();
    const char *vrm = vehicles[next++];
    assert_non_null(vrm);
    snprintf(entry, sizeof(entry), "VRM=%s", vrm);
    must(AS("lea", "of-the-lead", "list", "put", "stolen", entry, "action=STOP",
            "weed date=2099-12-31", "--wait"),
         0);
    gateway_produces_a_read(vrm);
    await_alert_behind(before);
}

static void a_file_becomes(const char *to, const char *const *parts)
{
    struct hs_buf text = {0};
    for (size_t i = 0; parts[i]; i++) {
        char *part = hs_test_file_read(path_of("%s", parts[i]));
        assert_non_null(part);
        hs_buf_add_text(&text, part);
        free(part);
    }
    assert_int_equal(hs_test_file_write(path_of("%s", to), hs_buf_text(&text)), 0);
    hs_buf_fini(&text);
}
#define FILE_BECOMES(to, ...) a_file_becomes(to, (const char *const[]){__VA_ARGS__, NULL})

// ---- Kafka's password ----

// kafka-configs.sh, as the manual has it.
static void kafka_learns_a_password(const char *password)
{
    char jars[HS_TEST_PATH_BYTES + 16], config[128];
    snprintf(jars, sizeof(jars), "%s/libs/*", broker.kafka);
    snprintf(config, sizeof(config), "SCRAM-SHA-512=[password=%s]", password);
    const char *const argv[] = {"java",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                jars,
                                "kafka.admin.ConfigCommand",
                                "--bootstrap-server",
                                broker.bootstrap,
                                "--alter",
                                "--add-config",
                                config,
                                "--entity-type",
                                "users",
                                "--entity-name",
                                "hitstream",
                                NULL};
    const char *log = path_of("kafka-configs.log");
    const struct hs_process_spec spec = {.argv = argv, .output_path = log, .error_path = log};
    int r = hs_process_run(&spec, WAIT_MS);
    if (r != 0) {
        char *text = hs_test_file_read(log);
        fail_msg("kafka-configs: %d: %s", r, text);
    }
}

static void a_kafka_password_is_changed_under_a_running_daemon(void **state)
{
    (void)state;
    struct entry entry = sound_entry();
    start_daemon(&entry);
    an_alert_comes();
    kafka_learns_a_password("of-tomorrow");
    an_alert_comes(); // connections that stand go on
    assert_int_equal(house_stop(&house), 0);

    daemon_comes_by(&entry); // the file was forgotten on this host
    house_start(&house, NULL);
    house_await_answer(&house, "/readyz", "SASL authentication error: Authentication failed");
    entry.password = "of-tomorrow";
    entry.redis_password = "of-the-daemon";
    assert_int_equal(house_stop(&house), 0);
    start_daemon(&entry);
    an_alert_comes();
    assert_int_equal(house_stop(&house), 0);
    kafka_learns_a_password("of-the-daemon");
}

// ---- certificates ----

// The broker comes back with this key and certificate where its own were.
static void broker_shows(const char *certificate)
{
    FILE_BECOMES("sound.pem", certificate);
    hs_broker_stop(&broker);
    assert_int_equal(hs_broker_again(&broker), 0);
}

static void a_renewed_certificate_needs_nothing_of_the_daemon(void **state)
{
    (void)state;
    const struct entry entry = sound_entry();
    start_daemon(&entry);
    an_alert_comes();
    broker_shows("renewed.pem");
    an_alert_comes();
    assert_int_equal(house_stop(&house), 0);
}

static void another_authority_is_believed_before_it_is_used(void **state)
{
    (void)state;
    struct entry entry = sound_entry();
    FILE_BECOMES("both.pem", "ca.pem", "stranger.pem");
    entry.ca = "both";
    start_daemon(&entry);
    an_alert_comes();
    FILE_BECOMES("ca.pem", "both.pem"); // and so do the people and gateways of this test
    broker_shows("moved.pem");
    an_alert_comes();
    assert_int_equal(house_stop(&house), 0);

    entry.ca = "stranger"; // the old one is taken out
    start_daemon(&entry);
    an_alert_comes();
    assert_int_equal(house_stop(&house), 0);
}

// ---- a login that is known to others ----

static void a_login_of_redis_that_others_know_is_shut_out_and_given_anew(void **state)
{
    (void)state;
    struct entry entry = sound_entry();
    start_daemon(&entry);
    command_redis("ACL SETUSER hitstream off");
    command_redis("CLIENT KILL USER hitstream");
    house_await_answer(&house, "/readyz", "note: lists: redis"); // the last lists serve
    command_redis("ACL SETUSER hitstream on resetpass >of-tomorrow");
    assert_int_equal(house_stop(&house), 0);
    entry.redis_password = "of-tomorrow";
    start_daemon(&entry);
    an_alert_comes();
    assert_int_equal(house_stop(&house), 0);
    command_redis("ACL SETUSER hitstream resetpass >of-the-daemon");
}

// Whatever came of it, the next one starts its own.
static int end(void **state)
{
    (void)state;
    hs_process_kill(&house.daemon);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_kafka_password_is_changed_under_a_running_daemon, end),
        cmocka_unit_test_teardown(a_renewed_certificate_needs_nothing_of_the_daemon, end),
        cmocka_unit_test_teardown(another_authority_is_believed_before_it_is_used, end),
        cmocka_unit_test_teardown(a_login_of_redis_that_others_know_is_shut_out_and_given_anew,
                                  end),
    };
    return cmocka_run_group_tests(tests, open_access, close_access);
}
