// SPDX-License-Identifier: Apache-2.0
#include "support/broker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "support/kafka_util.h"

enum { FETCH_MS = 300000, START_MS = 60000, STOP_MS = 15000, PROPERTIES_MAX = 32 };

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

int hs_broker_launch(struct hs_broker *broker)
{
    char port[16];
    char controller_port[16];
    char node[32], address[64], voters[160];
    char log[HS_TEST_PATH_BYTES + 16];
    const char *argv[6 + PROPERTIES_MAX + 1] = {HS_SOURCE_DIR "/config/kafka-run.sh", broker->kafka,
                                                broker->folder, port, controller_port};
    const char *const env[] = {node, address, voters, NULL};
    snprintf(port, sizeof(port), "%u", (unsigned)broker->port);
    snprintf(controller_port, sizeof(controller_port), "%u", (unsigned)broker->controller_port);
    snprintf(log, sizeof(log), "%s/kafka.log", broker->folder);
    snprintf(node, sizeof(node), "HS_KAFKA_NODE=%u", broker->node);
    snprintf(address, sizeof(address), "HS_KAFKA_ADDRESS=%s", broker->address);
    snprintf(voters, sizeof(voters), "HS_KAFKA_VOTERS=%s", broker->voters);
    for (size_t i = 0; broker->properties && broker->properties[i] && i < PROPERTIES_MAX; i++) {
        argv[5 + i] = broker->properties[i];
    }
    snprintf(broker->bootstrap, sizeof(broker->bootstrap), "%s:%u", broker->address,
             (unsigned)broker->port);
    const struct hs_process_spec spec = {.argv = argv,
                                         .env = broker->node ? env : NULL,
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

int hs_broker_start(struct hs_broker *broker, const char *const *properties)
{
    *broker = (struct hs_broker){.properties = properties, .address = "127.0.0.1"};
    int r = hs_broker_make(broker);
    for (int attempt = 0; r == HS_OK && attempt < 3; attempt++) { // another may take a port first
        if (hs_test_free_port(&broker->port) != HS_OK ||
            hs_test_free_port(&broker->controller_port) != HS_OK) {
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
