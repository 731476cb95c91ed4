// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_FIGURE_H
#define HS_BENCH_FIGURE_H
/*
 * What every benchmark shares: alternating runs of a subject and its reference, medians, the one
 * line of JSON.
 *
 * Threads: one. Plain values.
 */

#include <stdbool.h>
#include <stdint.h>

enum { HS_BENCH_RUNS_MAX = 101 };

// How a figure is held to its bar.
enum hs_bar {
    HS_BAR_NONE,
    HS_BAR_RATIO_AT_MOST, // value / reference
    HS_BAR_RATIO_AT_LEAST,
    HS_BAR_VALUE_AT_MOST,
    HS_BAR_VALUE_AT_LEAST,
};

struct hs_figure {
    const char *name; // "stage-cpu"
    const char *unit; // "CPU s per million reads"
    double value;
    double reference; // 0: none
    enum hs_bar bar;
    double limit;     // of the bar
    unsigned runs;    // that the medians are of
    const char *note; // NULL, or what else a reader must know; no quotes in it
};

// {"figure":...,"value":...,"unit":...,"reference":...,"ratio":...,"bar":"ratio
// <= 1.3","holds":true,"runs":5} on stdout; bench/run.sh adds the machine. Returns whether the bar
// holds.
bool hs_figure_print(const struct hs_figure *figure);

// The median of `count` values; sorts them.
double hs_bench_median(double *values, unsigned count);
// The value below which `permille` of the values lie; sorts them.
double hs_bench_permille(double *values, unsigned long count, unsigned permille);

// Measures something once.
typedef double hs_bench_run(void *ctx);
// Medians of `runs` runs each, in turn: subject, reference, subject, ... `reference` may be NULL.
void hs_bench_alternate(unsigned runs, hs_bench_run *subject, hs_bench_run *reference, void *ctx,
                        double *ret_value, double *ret_reference);

// True when run to see that it works, not to measure: keep it to a second or two.
bool hs_bench_smoke(void);
// A setting that bench/run.sh made: HS_BENCH_KAFKA ("127.0.0.1:12345"), HS_BENCH_REDIS (a socket's
// path), HS_BENCH_FOLDER (to write into), HS_BENCH_BUILD (where the programs are). Ends the program
// when it is not set.
const char *hs_bench_setting(const char *name);

// CPU seconds of this process so far, user and system.
double hs_bench_cpu_seconds(void);
// CPU seconds of another process; of its threads together. Negative when it is gone.
double hs_bench_cpu_seconds_of(int pid);
// Resident memory of a process in bytes, file mappings included; 0 when it is gone.
uint64_t hs_bench_rss_bytes_of(int pid);

#endif
