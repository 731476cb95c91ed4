// SPDX-License-Identifier: Apache-2.0
// Every fault that can befall an installation of three brokers, a Redis with its replica and two
// daemons, one after the other, each on a fresh ground; and a table of what came of it.
//
//     faults_test [--seed N] [--runs N] [--list] [FAULT...]      each in a run of its own
//     faults_test [--seed N] --together FAULT...                 one after the other in one run
//     faults_test [--seed N] --choose N                          so many quick ones in one run
//
//   --seed N     moments, victims and choice follow from it; default HS_FAULTS_SEED, else the time
//   --runs N     each so often, with seeds that follow
//   --timed      how long it took is part of the verdict: bars hold on a machine that has nothing
//                else to do, elsewhere a row says when it took longer
//   --list       names the faults
#include <getopt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "network.h"
#include "run.h"

enum { FAULTS_MAX = 64 };

// What is to happen, and what came of its runs together.
struct task {
    struct run_plan plan;
    unsigned seed;
    size_t runs;
    struct run_result sum;
    bool failed;
};

static struct task tasks[FAULTS_MAX];
static size_t task_count;
static size_t runs_each = 1;
static bool timed;
static struct ground ground;

static void run_task(void **state)
{
    struct task *task = *state;
    struct run_result result;
    task->failed = true; // until it is known better
    ground.seed = task->seed + (unsigned)task->runs;
    run_carry_out(&ground, &task->plan, &result);
    task->runs++;
    task->sum.reads += result.reads;
    task->sum.alerts += result.alerts;
    task->sum.lost += result.lost;
    task->sum.duplicated += result.duplicated;
    task->sum.misrouted += result.misrouted;
    if (result.recovery_ms > task->sum.recovery_ms) {
        task->sum.recovery_ms = result.recovery_ms;
    }
    if (result.matching_ms > task->sum.matching_ms) {
        task->sum.matching_ms = result.matching_ms;
    }
    run_judge(&ground, &task->plan, &result, timed);
    task->failed = false;
}

static int setup(void **state)
{
    (void)state;
    memset(&ground, 0, sizeof(ground));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    run_close(&ground);
    return 0;
}

// Why it cannot happen here, or NULL.
static const char *hindrance(const struct fault *fault)
{
    return (fault->network || fault->mounts) && !network_is_open() ? "no network namespaces" : NULL;
}

static const struct fault *find(const char *name)
{
    for (const struct fault *fault = fault_table; fault->name; fault++) {
        if (strcmp(fault->name, name) == 0) {
            return fault;
        }
    }
    return NULL;
}

static void add(const struct fault *fault, unsigned seed)
{
    const char *why = hindrance(fault);
    if (why) {
        printf("skipped: %s, %s\n", fault->name, why);
    } else if (task_count < FAULTS_MAX) {
        tasks[task_count++] = (struct task){.plan = {{fault}, 1}, .seed = seed};
    }
}

// One task of so many quick faults, which ones the seed says.
static void choose(size_t count, unsigned seed)
{
    const struct fault *quick[FAULTS_MAX];
    size_t quick_count = 0;
    struct task task = {.seed = seed};
    for (const struct fault *fault = fault_table; fault->name; fault++) {
        if (fault->quick && !hindrance(fault)) {
            quick[quick_count++] = fault;
        }
    }
    while (task.plan.count < count && task.plan.count < RUN_FAULTS_MAX && quick_count > 0) {
        size_t taken = (unsigned)rand_r(&seed) % quick_count;
        task.plan.faults[task.plan.count++] = quick[taken];
        quick[taken] = quick[--quick_count];
    }
    tasks[task_count++] = task;
}

// All tasks become one.
static void join(void)
{
    for (size_t i = 1; i < task_count && tasks[0].plan.count < RUN_FAULTS_MAX; i++) {
        tasks[0].plan.faults[tasks[0].plan.count++] = tasks[i].plan.faults[0];
    }
    task_count = task_count > 0;
}

static void print_row(const struct task *task)
{
    for (size_t i = 0; i < task->plan.count; i++) {
        const struct fault *fault = task->plan.faults[i];
        printf("%s`%s`: %s", i ? "; " : "| ", fault->name, fault->what);
    }
    printf(" | %zu | %zu | %zu | %zu | %zu | %zu | %.1f s%s%s |\n", task->runs, task->sum.reads,
           task->sum.alerts, task->sum.lost, task->sum.duplicated, task->sum.misrouted,
           (double)task->sum.recovery_ms / 1000,
           run_is_late(&task->plan, &task->sum) ? ", over its bar" : "",
           task->failed ? ", FAILED" : "");
}

static void print_table(void)
{
    puts("\n| fault | runs | reads | alerts | lost | duplicated | misrouted | recovery |\n"
         "| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (size_t i = 0; i < task_count; i++) {
        print_row(&tasks[i]);
    }
}

static int run_tasks(void)
{
    int failed = 0;
    for (size_t i = 0; i < task_count * runs_each; i++) {
        struct task *task = &tasks[i / runs_each];
        const char *name = task->plan.faults[0]->name;
        const struct CMUnitTest test[] = {{name, run_task, setup, teardown, task}};
        failed += cmocka_run_group_tests_name(name, test, NULL, NULL) != 0;
    }
    return failed;
}

static void list_faults(void)
{
    for (const struct fault *fault = fault_table; fault->name; fault++) {
        printf("%-22s %s\n", fault->name, fault->what);
    }
}

static int read_options(int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"choose", required_argument, NULL, 'c'},
                                            {"runs", required_argument, NULL, 'r'},
                                            {"together", no_argument, NULL, 't'},
                                            {"list", no_argument, NULL, 'l'},
                                            {"timed", no_argument, NULL, 'b'},
                                            {NULL, 0, NULL, 0}};
    const char *given = getenv("HS_FAULTS_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    size_t chosen = 0;
    bool together = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 's':
            seed = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'c':
            chosen = strtoul(optarg, NULL, 10);
            break;
        case 'r':
            runs_each = strtoul(optarg, NULL, 10);
            break;
        case 't':
            together = true;
            break;
        case 'b':
            timed = true;
            break;
        case 'l':
            list_faults();
            exit(0);
        default:
            return 2;
        }
    }
    printf("seed %u\n", seed);
    for (int i = optind; i < argc; i++) {
        const struct fault *fault = find(argv[i]);
        if (!fault) {
            fprintf(stderr, "no fault '%s'; --list names them\n", argv[i]);
            return 2;
        }
        add(fault, seed);
    }
    if (chosen > 0) {
        choose(chosen, seed);
        return 0;
    }
    for (const struct fault *fault = fault_table; optind == argc && fault->name; fault++) {
        add(fault, seed);
    }
    if (together) {
        join();
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *why;
    setlinebuf(stdout);
    setenv("HS_KAFKA_JAVA_OPTS", "-Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1", 0);
    if (!network_open(&why)) {
        printf("all hosts on loopback: %s\n", why);
    }
    int r = read_options(argc, argv);
    if (r != 0) {
        return r;
    }
    r = run_tasks();
    print_table();
    return r != 0;
}
