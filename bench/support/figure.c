// SPDX-License-Identifier: Apache-2.0
#include "support/figure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static bool holds(const struct hs_figure *figure)
{
    double ratio = figure->reference != 0 ? figure->value / figure->reference : NAN;
    switch (figure->bar) {
    case HS_BAR_RATIO_AT_MOST:
        return ratio <= figure->limit;
    case HS_BAR_RATIO_AT_LEAST:
        return ratio >= figure->limit;
    case HS_BAR_VALUE_AT_MOST:
        return figure->value <= figure->limit;
    case HS_BAR_VALUE_AT_LEAST:
        return figure->value >= figure->limit;
    case HS_BAR_NONE:
    default:
        return true;
    }
}

bool hs_figure_print(const struct hs_figure *figure)
{
    static const char *const words[] = {"", "ratio <= ", "ratio >= ", "value <= ", "value >= "};
    bool good = holds(figure);
    printf("{\"figure\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",", figure->name, figure->value,
           figure->unit);
    if (figure->reference != 0) {
        printf("\"reference\":%.6g,\"ratio\":%.4g,", figure->reference,
               figure->value / figure->reference);
    } else {
        printf("\"reference\":null,\"ratio\":null,");
    }
    if (figure->bar == HS_BAR_NONE) {
        printf("\"bar\":null,\"holds\":null,");
    } else {
        printf("\"bar\":\"%s%.6g\",\"holds\":%s,", words[figure->bar], figure->limit,
               good ? "true" : "false");
    }
    printf("\"runs\":%u", figure->runs);
    if (figure->note) {
        printf(",\"note\":\"%s\"", figure->note);
    }
    puts("}");
    fflush(stdout);
    return good;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

double hs_bench_permille(double *values, unsigned long count, unsigned permille)
{
    if (count == 0) {
        return NAN;
    }
    qsort(values, count, sizeof(*values), by_value);
    return values[(count - 1) * permille / 1000];
}

double hs_bench_median(double *values, unsigned count)
{
    double low = hs_bench_permille(values, count, 500);
    return count % 2 == 0 && count > 0 ? (low + values[count / 2]) / 2 : low;
}

void hs_bench_alternate(unsigned runs, hs_bench_run *subject, hs_bench_run *reference, void *ctx,
                        double *ret_value, double *ret_reference)
{
    double values[HS_BENCH_RUNS_MAX];
    double references[HS_BENCH_RUNS_MAX];
    if (runs > HS_BENCH_RUNS_MAX) {
        runs = HS_BENCH_RUNS_MAX;
    }
    for (unsigned i = 0; i < runs; i++) {
        values[i] = subject(ctx);
        references[i] = reference ? reference(ctx) : 0;
    }
    *ret_value = hs_bench_median(values, runs);
    *ret_reference = hs_bench_median(references, runs);
}

bool hs_bench_smoke(void)
{
    const char *text = getenv("HS_BENCH_SMOKE");
    return text && *text && *text != '0';
}

const char *hs_bench_setting(const char *name)
{
    const char *text = getenv(name);
    if (!text || !*text) {
        fprintf(stderr, "%s is not set: run this by bench/run.sh\n", name);
        exit(2);
    }
    return text;
}

double hs_bench_cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           1e-6 * ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec);
}

double hs_bench_cpu_seconds_of(int pid)
{
    char path[64];
    char line[1024];
    unsigned long user;
    unsigned long system;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file) {
        return -1;
    }
    size_t len = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[len] = '\0';
    const char *behind_name = NULL; // the name is in parentheses and may hold any character
    for (size_t i = 0; i < len; i++) {
        behind_name = line[i] == ')' ? line + i + 1 : behind_name;
    }
    if (!behind_name || sscanf(behind_name, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                               &user, &system) != 2) {
        return -1;
    }
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

uint64_t hs_bench_rss_bytes_of(int pid)
{
    char path[64];
    uint64_t pages = 0;
    snprintf(path, sizeof(path), "/proc/%d/statm", pid);
    FILE *file = fopen(path, "re");
    if (!file) {
        return 0;
    }
    if (fscanf(file, "%*u %" SCNu64, &pages) != 1) {
        pages = 0;
    }
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
