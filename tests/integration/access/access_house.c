// SPDX-License-Identifier: Apache-2.0
#include "access_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "support/kafka_util.h"

char access_folder[HS_TEST_PATH_BYTES]; // certificates, passwords, settings of people
struct hs_broker broker;
struct house house;
static redisContext *keeper; // may do everything in Redis, whatever becomes of the others

static const char *const listeners[] = {"sound", "expired", NULL};
// Logins of Kafka with their passwords; 'bare' has no right.
static const struct hs_broker_security security = {
    .scram_users =
        "hitstream=of-the-daemon bare=of-nobody gateway=of-the-gateway north=of-the-desk "
        "adm=of-the-administrator lea=of-the-lead",
    .folder = access_folder,
    .listeners = listeners,
};

// ---- settings ----

const char *path_of(const char *format, ...)
{
    static char texts[8][HS_TEST_PATH_BYTES * 2];
    static unsigned next;
    char *text = texts[next++ % 8];
    int len = snprintf(text, sizeof(texts[0]), "%s/", access_folder);
    va_list args;
    va_start(args, format);
    vsnprintf(text + len, sizeof(texts[0]) - (size_t)len, format, args);
    va_end(args);
    return text;
}

void write_entry(const struct entry *entry, const char *path, const char *more)
{
    struct hs_buf text = {0};
    const char *redis_user = entry->redis_user ? entry->redis_user : entry->user;
    assert_int_equal(hs_test_file_write(path_of("%s.password", entry->user), entry->password), 0);
    assert_int_equal(
        hs_test_file_write(path_of("%s.redis-password", entry->user),
                           entry->redis_password ? entry->redis_password : entry->password),
        0);
    hs_buf_printf(&text,
                  "kafka:\n  bootstrap: %s\n  sasl_password_file: %s\n  properties:\n"
                  "    security.protocol: sasl_ssl\n    sasl.mechanism: SCRAM-SHA-512\n"
                  "    sasl.username: %s\n    ssl.ca.location: %s\n"
                  "redis:\n  socket: %s\n  user: %s\n  password_file: %s\n%s",
                  entry->bootstrap, path_of("%s.password", entry->user), entry->user,
                  path_of("%s.pem", entry->ca),
                  entry->redis_socket ? entry->redis_socket : house.redis.socket_path, redis_user,
                  path_of("%s.redis-password", entry->user), more);
    assert_int_equal(hs_test_file_write(path, hs_buf_text(&text)), 0);
    hs_buf_fini(&text);
}

struct entry sound_entry(void)
{
    return (struct entry){.user = "hitstream",
                          .password = "of-the-daemon",
                          .bootstrap = broker.secured[LISTENER_SOUND],
                          .ca = "ca"};
}

void daemon_comes_by(const struct entry *entry)
{
    char path[HS_TEST_PATH_BYTES * 2];
    snprintf(path, sizeof(path), "%s/conf.d", house.folder);
    mkdir(path, 0700);
    strcat(path, "/access.yaml");
    write_entry(entry, path, "");
}

// A person with hitctl; the daemon's conf.d is none of theirs.
const char *person(const char *name, const char *password)
{
    char more[HS_TEST_PATH_BYTES * 2];
    const char *path = path_of("%s.yaml", name);
    struct entry entry = sound_entry();
    entry.user = name;
    entry.password = password;
    snprintf(more, sizeof(more), "rights_file: %s\nadmin:\n  socket: %s\n", path_of("rights.yaml"),
             house.admin_path);
    write_entry(&entry, path, more);
    return path;
}
void must(int exit_code, int wanted)
{
    if (exit_code != wanted) {
        fail_msg("exit code %d instead of %d: %s", exit_code, wanted, house.text);
    }
}

void says(const char *part)
{
    if (!strstr(house.text, part)) {
        fail_msg("'%s' does not stand in: %s", part, house.text);
    }
}

// ---- the house ----

void command_redis(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = redisvCommand(keeper, format, args);
    va_end(args);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR) {
        fail_msg("redis: %s", reply->str);
    }
    freeReplyObject(reply);
}

static int make_certificates(void)
{
    const char *log = path_of("openssl.log");
    const char *argv[] = {HS_SOURCE_DIR "/tests/support/certificates.sh", access_folder, NULL};
    const struct hs_process_spec spec = {.argv = argv, .output_path = log, .error_path = log};
    int r = hs_process_run(&spec, WAIT_MS);
    if (r != 0) {
        char *text = hs_test_file_read(log);
        fprintf(stderr, "%s\n", text ? text : "");
        free(text);
    }
    return r;
}

static void write_rights(void)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "persons:\n"
             "  adm: {role: administrator, force: north, logins: %s}\n"
             "  lea: {role: lead, force: north, lists: [\"*\", stolen], audiences: open, queues: "
             "[north],\n"
             "        logins: %s}\n",
             getuid() == 0 ? "root" : getenv("USER"), getuid() == 0 ? "root" : getenv("USER"));
    assert_int_equal(hs_test_file_write(path_of("rights.yaml"), text), 0);
    assert_int_equal(chmod(path_of("rights.yaml"), 0600), 0);
}

// Everything stands before anybody is shut out: by the listener that is the test's own.
static void furnish(void)
{
    house_activate_texts(
        &house, "camera,site,road,force,area,latitude,longitude\nc1,s1,A4,north,east,51.4,-2.4\n",
        "queues:\n"
        "  north:\n    owner: north\n    kind: live\n    lists: [\"*\"]\n    default: true\n"
        "    intelligence_queue: north-intel\n    payload: json\n"
        "  north-intel:\n    owner: north\n    kind: intelligence\n    lists: [\"*\"]\n",
        "");
    must(HITCTL(&house, "topics", "create", "--reads-from", "end", "--partitions", "2",
                "--hits-partitions", "2"),
         0);
    house_create_list(&house, "stolen", false);
    house_put(&house, "stolen", "e1", "AB12CDE");
    house_put(&house, "stolen", "e2", "GH78JKL");
    house_put(&house, "stolen", "e3", "JK90MNP");
}

// The script as printed is what both get.
static void give_printed_rights(void)
{
    char *config = hs_test_file_read(house.config);
    char path[HS_TEST_PATH_BYTES * 2];
    struct hs_buf text = {0};
    hs_buf_printf(&text, "%srights_file: %s\n", config, path_of("rights.yaml"));
    snprintf(path, sizeof(path), "%s", path_of("open.yaml"));
    assert_int_equal(hs_test_file_write(path, hs_buf_text(&text)), 0);
    must(HITCTL(&house, "--config", path, "--who", "adm", "rights", "print", "--command-config",
                "admin.properties"),
         0);
    assert_true(hs_test_rights_to_kafka(broker.bootstrap, house.text) > 50);
    assert_int_equal(hs_test_rights_to_redis(house.redis.socket_path, house.text), 3);
    hs_buf_fini(&text);
    free(config);
}

// ---- what comes and goes ----

void gateway_produces_a_read(const char *vrm)
{
    char line[256], cameras[HS_TEST_PATH_BYTES * 2];
    snprintf(line, sizeof(line), "{\"vrm\":\"%s\",\"cameraId\":\"c1\",\"capturedAtMs\":\"%lld\"}\n",
             vrm, (long long)hs_clock_realtime_ms());
    assert_int_equal(hs_test_file_write(path_of("reads"), line), 0);
    snprintf(cameras, sizeof(cameras), "%s/controls/cameras.csv", house.folder);
    struct entry entry = sound_entry();
    entry.user = "gateway";
    entry.password = "of-the-gateway";
    char path[HS_TEST_PATH_BYTES * 2];
    snprintf(path, sizeof(path), "%s", path_of("gateway.yaml"));
    write_entry(&entry, path, "");
    must(HITCTL(&house, "--config", path, "reads", "produce", path_of("reads"), "--cameras",
                cameras),
         0);
}

int64_t alerts_of_desk(void)
{
    int64_t low, high;
    assert_int_equal(hs_test_watermarks(broker.bootstrap, "dispatch.north", 0, &low, &high), 0);
    return high;
}

void await_alert_behind(int64_t before)
{
    int64_t until_ms = hs_clock_boottime_ms() + WAIT_MS;
    while (alerts_of_desk() == before && hs_clock_boottime_ms() < until_ms) {
        hs_test_pause_ms(20);
    }
    assert_int_equal(alerts_of_desk(), before + 1);
}

int open_access(void **state)
{
    (void)state;
    if (hs_test_folder_make("access", access_folder) != 0 || make_certificates() != 0 ||
        hs_broker_start_secured(&broker, &security) != 0) {
        return -1;
    }
    write_rights();
    house_open(&house, broker.bootstrap);
    keeper = redisConnectUnix(house.redis.socket_path);
    assert_non_null(keeper);
    command_redis("ACL SETUSER keeper on >kept ~* &* +@all");
    command_redis("AUTH keeper kept");
    furnish();
    give_printed_rights();
    command_redis("ACL SETUSER hitstream >of-the-daemon");
    command_redis("ACL SETUSER adm >of-the-administrator");
    command_redis("ACL SETUSER lea >of-the-lead");
    command_redis("ACL SETUSER default off");
    return 0;
}

int close_access(void **state)
{
    (void)state;
    if (keeper) {
        redisFree(keeper);
    }
    house_close(&house);
    hs_broker_fini(&broker);
    hs_test_folder_remove(access_folder);
    return 0;
}
