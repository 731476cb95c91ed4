// SPDX-License-Identifier: Apache-2.0
#include "support/broker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "support/kafka_util.h"

enum {
    FETCH_MS = 300000,
    START_MS = 120000,
    STOP_MS = 15000,
    PROPERTIES_MAX = 32,
    PROPERTY_BYTES = 1024,
};

// Fetches the jars if they are not there yet.
static int find_kafka(struct hs_broker *broker)
{
    const char *version = getenv("HS_KAFKA_VERSION");
    const char *base = getenv("HS_KAFKA_DIR");
    version = version && *version ? version : "3.9.1";
    base = base && *base ? base : HS_BINARY_DIR "/kafka";
    snprintf(broker->kafka, sizeof(broker->kafka), "%s/%s", base, version);
    char setting[HS_TEST_PATH_BYTES + 16];
    char log[HS_TEST_PATH_BYTES + 16];
    snprintf(setting, sizeof(setting), "HS_KAFKA_DIR=%s", base);
    snprintf(log, sizeof(log), "%s/fetch.log", broker->folder);
    const char *argv[] = {HS_SOURCE_DIR "/config/kafka-fetch.sh", version, NULL};
    const char *env[] = {setting, NULL};
    const struct hs_process_spec spec = {.argv = argv, .env = env, .output_path = log};
    if (hs_process_run(&spec, FETCH_MS) == 0) {
        return HS_OK;
    }
    char *text = hs_test_file_read(log);
    fprintf(stderr, "cannot fetch Kafka %s: %s\n", version, text ? text : "");
    free(text);
    return HS_ENOTFOUND;
}

// ---- security ----

// Properties made here.
struct made {
    char texts[PROPERTIES_MAX][PROPERTY_BYTES];
    size_t count;
};

static void make(struct made *made, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void make(struct made *made, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (made->count < PROPERTIES_MAX) {
        vsnprintf(made->texts[made->count++], PROPERTY_BYTES, format, args);
    }
    va_end(args);
}

static void make_listener(struct made *made, const char *folder, const char *name)
{
    make(made, "listener.name.%s.ssl.keystore.type=PEM", name);
    make(made, "listener.name.%s.ssl.keystore.location=%s/%s.pem", name, folder, name);
    make(made,
         "listener.name.%s.scram-sha-512.sasl.jaas.config="
         "org.apache.kafka.common.security.scram.ScramLoginModule required;",
         name);
}

static void secure(const struct hs_broker *broker, struct made *made)
{
    const struct hs_broker_security *security = broker->security;
    char listeners[PROPERTY_BYTES / 2], kinds[PROPERTY_BYTES / 2];
    int len = snprintf(listeners, sizeof(listeners), "PLAINTEXT://%s", broker->bootstrap);
    int kinds_len = snprintf(kinds, sizeof(kinds), "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    for (size_t i = 0; security->listeners[i]; i++) {
        len += snprintf(listeners + len, sizeof(listeners) - (size_t)len, ",%s://%s",
                        security->listeners[i], broker->secured[i]);
        kinds_len += snprintf(kinds + kinds_len, sizeof(kinds) - (size_t)kinds_len, ",%s:SASL_SSL",
                              security->listeners[i]);
        make_listener(made, security->folder, security->listeners[i]);
    }
    make(made, "listeners=%s,CONTROLLER://127.0.0.1:%u", listeners,
         (unsigned)broker->controller_port);
    make(made, "advertised.listeners=%s", listeners);
    make(made, "listener.security.protocol.map=%s", kinds);
    make(made, "sasl.enabled.mechanisms=SCRAM-SHA-512");
    make(made, "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer");
    make(made, "super.users=User:ANONYMOUS");
}

static int find_secured_ports(struct hs_broker *broker)
{
    int r = HS_OK;
    for (size_t i = 0; broker->security && broker->security->listeners[i] && r == HS_OK; i++) {
        if (i == HS_BROKER_LISTENERS_MAX) {
            return HS_ELIMIT;
        }
        r = hs_test_free_port(&broker->secured_ports[i]);
        snprintf(broker->secured[i], sizeof(broker->secured[i]), "127.0.0.1:%u",
                 (unsigned)broker->secured_ports[i]);
    }
    return r;
}

// ---- life ----

int hs_broker_launch(struct hs_broker *broker)
{
    struct made made = {.count = 0};
    char users[PROPERTY_BYTES];
    char port[16];
    char controller_port[16];
    char node[32], address[64], voters[160];
    char log[HS_TEST_PATH_BYTES + 16];
    const char *argv[6 + PROPERTIES_MAX + 1] = {HS_SOURCE_DIR "/config/kafka-run.sh", broker->kafka,
                                                broker->folder, port, controller_port};
    const char *env[] = {NULL, NULL, NULL, NULL};
    snprintf(port, sizeof(port), "%u", (unsigned)broker->port);
    snprintf(controller_port, sizeof(controller_port), "%u", (unsigned)broker->controller_port);
    snprintf(log, sizeof(log), "%s/kafka.log", broker->folder);
    snprintf(node, sizeof(node), "HS_KAFKA_NODE=%u", broker->node);
    snprintf(address, sizeof(address), "HS_KAFKA_ADDRESS=%s", broker->address);
    snprintf(voters, sizeof(voters), "HS_KAFKA_VOTERS=%s", broker->voters);
    snprintf(broker->bootstrap, sizeof(broker->bootstrap), "%s:%u", broker->address,
             (unsigned)broker->port);
    for (size_t i = 0; broker->properties && broker->properties[i] && i < PROPERTIES_MAX; i++) {
        argv[5 + i] = broker->properties[i];
    }
    if (broker->security) {
        secure(broker, &made);
        snprintf(users, sizeof(users), "HS_KAFKA_SCRAM=%s", broker->security->scram_users);
        env[0] = users;
    } else if (broker->node) {
        env[0] = node, env[1] = address, env[2] = voters;
    }
    for (size_t i = 0; i < made.count; i++) {
        argv[5 + i] = made.texts[i];
    }
    const struct hs_process_spec spec = {.argv = argv,
                                         .env = env,
                                         .output_path = log,
                                         .network = broker->network[0] ? broker->network : NULL};
    return hs_process_start(&broker->process, &spec);
}

int hs_broker_await(struct hs_broker *broker)
{
    int64_t deadline_ms = hs_clock_boottime_ms() + START_MS;
    while (hs_test_kafka_answers(broker->bootstrap, 1000) != HS_OK) {
        if (!hs_process_running(&broker->process) || hs_clock_boottime_ms() > deadline_ms) {
            return HS_EUNREACHABLE;
        }
    }
    return HS_OK;
}

int hs_broker_again(struct hs_broker *broker)
{
    int r = hs_broker_launch(broker);
    return r == HS_OK ? hs_broker_await(broker) : r;
}

static void show_log(const struct hs_broker *broker)
{
    char log[HS_TEST_PATH_BYTES + 16];
    snprintf(log, sizeof(log), "%s/kafka.log", broker->folder);
    char *text = hs_test_file_read(log);
    size_t len = text ? strlen(text) : 0;
    fprintf(stderr, "Kafka did not start:\n%s\n", text ? text + (len > 4000 ? len - 4000 : 0) : "");
    free(text);
}

int hs_broker_make(struct hs_broker *broker)
{
    int r = hs_test_folder_make("kafka", broker->folder);
    return r == HS_OK ? find_kafka(broker) : r;
}

static int start(struct hs_broker *broker)
{
    int r = hs_broker_make(broker);
    for (int attempt = 0; r == HS_OK && attempt < 3; attempt++) { // another may take a port first
        if (hs_test_free_port(&broker->port) != HS_OK ||
            hs_test_free_port(&broker->controller_port) != HS_OK ||
            find_secured_ports(broker) != HS_OK) {
            break;
        }
        if (hs_broker_again(broker) == HS_OK) {
            return HS_OK;
        }
        hs_broker_kill(broker);
    }
    show_log(broker);
    hs_broker_fini(broker);
    return r == HS_OK ? HS_EUNREACHABLE : r;
}

int hs_broker_start(struct hs_broker *broker, const char *const *properties)
{
    *broker = (struct hs_broker){.properties = properties, .address = "127.0.0.1"};
    return start(broker);
}

int hs_broker_start_secured(struct hs_broker *broker, const struct hs_broker_security *security)
{
    *broker = (struct hs_broker){.security = security, .address = "127.0.0.1"};
    return start(broker);
}

void hs_broker_stop(struct hs_broker *broker)
{
    hs_process_stop(&broker->process, STOP_MS);
}

void hs_broker_kill(struct hs_broker *broker)
{
    hs_process_kill(&broker->process);
}

void hs_broker_freeze(struct hs_broker *broker)
{
    siginfo_t info;
    hs_process_signal(&broker->process, SIGSTOP);
    if (broker->process.pid != 0) { // a stop takes its time: until it has come about
        waitid(P_PID, (id_t)broker->process.pid, &info, WSTOPPED | WNOWAIT);
    }
}

void hs_broker_thaw(struct hs_broker *broker)
{
    hs_process_signal(&broker->process, SIGCONT);
}

void hs_broker_fini(struct hs_broker *broker)
{
    hs_broker_kill(broker);
    hs_test_folder_remove(broker->folder);
    broker->folder[0] = '\0';
}
