// SPDX-License-Identifier: Apache-2.0
/*
 * One daemon under the same load for a long time, its lists changing all the while: what grows? Every window a line with
 * its memory, its descriptors, how long alerts took and how far it lags; and of each a straight line through all windows
 * after the first minutes, with the error of its slope (support/trend.h).
 *
 *     soak_bench           HS_SOAK_SECONDS: how long (1800); HS_SOAK_READS: a second (12000)
 */
#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "soak/changes.h"
#include "soak/stream.h"
#include "support/figure.h"
#include "support/kafka_util.h"
#include "support/trend.h"

enum {
    SECONDS = 1800,
    SECONDS_SMOKE = 6,
    READS_PER_S = 12000,
    ENTRIES = 100000,
    WARM_UP_S = 300, // and at most a sixth of the whole
    WINDOW_S = 10,
    WINDOWS_MAX = 100000,
};

// What each window is a row of.
enum column { AT_S, RSS_MB, DESCRIPTORS, ALERTS, P50_MS, P99_MS, MAX_MS, LAG, CHANGES, COLUMNS };
static const char *const names[COLUMNS] = {"seconds", "rss_mb", "descriptors", "alerts", "p50_ms",
                                           "p99_ms",  "max_ms", "lag",         "changes"};

struct soak {
    struct site site;
    struct stream stream;
    struct changes changes;
    unsigned seconds, window_s, reads_per_s;
    double *columns[COLUMNS]; // a value a window
    size_t windows;
    FILE *table; // soak.csv in the bench's folder
};

static unsigned setting(const char *name, unsigned usual)
{
    const char *text = getenv(name);
    unsigned long value = text && *text ? strtoul(text, NULL, 10) : usual;
    if (value == 0 || value > UINT32_MAX / 1000) {
        site_fail("%s: '%s' is no number of use", name, text);
    }
    return (unsigned)value;
}

static double descriptors_of(int pid)
{
    char path[64];
    double count = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    if (!folder) {
        site_fail("hitstreamd has ended");
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        count += isdigit((unsigned char)entry->d_name[0]) != 0;
    }
    closedir(folder);
    return count;
}

static void open_table(struct soak *soak)
{
    char path[HS_TEST_PATH_BYTES];
    snprintf(path, sizeof(path), "%s/soak.csv", soak->site.folder);
    soak->table = fopen(path, "we");
    if (!soak->table) {
        site_fail("cannot write '%s'", path);
    }
    for (size_t c = 0; c < COLUMNS; c++) {
        soak->columns[c] = calloc(WINDOWS_MAX, sizeof(double));
        if (!soak->columns[c]) {
            site_fail("out of memory");
        }
        fprintf(soak->table, "%s%c", names[c], c + 1 < COLUMNS ? ',' : '\n');
        fprintf(stderr, "%12s%s", names[c], c + 1 < COLUMNS ? "" : "\n");
    }
}

static void look(struct soak *soak, double at_s)
{
    const struct stream_window window = stream_window(&soak->stream);
    const double row[COLUMNS] = {
        [AT_S] = at_s,
        [RSS_MB] = (double)hs_bench_rss_bytes_of(soak->site.daemon.pid) / 1e6,
        [DESCRIPTORS] = descriptors_of(soak->site.daemon.pid),
        [ALERTS] = (double)window.alerts,
        [P50_MS] = window.p50_ms,
        [P99_MS] = window.p99_ms,
        [MAX_MS] = window.max_ms,
        [LAG] = site_metric(&soak->site, "hitstream_match_lag") +
                site_metric(&soak->site, "hitstream_correlate_lag_events"),
        [CHANGES] = (double)atomic_load(&soak->changes.made),
    };
    if (isnan(row[P99_MS])) {
        site_fail("no alert came for %u s", soak->window_s);
    }
    for (size_t c = 0; c < COLUMNS; c++) {
        soak->columns[c][soak->windows] = row[c];
        fprintf(soak->table, "%.6g%c", row[c], c + 1 < COLUMNS ? ',' : '\n');
        fprintf(stderr, "%12.6g%s", row[c], c + 1 < COLUMNS ? "" : "\n");
    }
    fflush(soak->table);
    soak->windows++;
}

// Reads are deleted behind the daemon, else they fill the disk: some 5 GB in half an hour.
static void make_topic_of_reads(void)
{
    static const char *const config[] = {"message.timestamp.type",
                                         "LogAppendTime",
                                         "retention.bytes",
                                         "100000000",
                                         "segment.bytes",
                                         "50000000",
                                         NULL};
    if (hs_test_topic_create(hs_bench_setting("HS_BENCH_KAFKA"), "anpr.reads",
                             SITE_READS_PARTITIONS, config)) {
        site_fail("cannot make 'anpr.reads'");
    }
}

static void prepare(struct soak *soak)
{
    soak->seconds = setting("HS_SOAK_SECONDS", hs_bench_smoke() ? SECONDS_SMOKE : SECONDS);
    soak->reads_per_s = setting("HS_SOAK_READS", READS_PER_S);
    soak->window_s = soak->seconds < 12 * WINDOW_S ? 1 : WINDOW_S;
    make_topic_of_reads();
    site_open(&soak->site, "match, correlate", NULL);
    site_load_list(&soak->site, ENTRIES);
    site_rewind(&soak->site);
    site_start(&soak->site, NULL);
    site_await_ready(&soak->site);
    site_await_quiet(&soak->site);
    open_table(soak);
}

static void live(struct soak *soak)
{
    stream_start(&soak->stream, &soak->site, soak->reads_per_s);
    changes_start(&soak->changes, &soak->site);
    int64_t began_ns = hs_clock_monotonic_ns();
    for (unsigned at_s = soak->window_s; at_s <= soak->seconds && soak->windows < WINDOWS_MAX;
         at_s += soak->window_s) {
        int64_t passed_ms = (hs_clock_monotonic_ns() - began_ns) / 1000000;
        if (passed_ms < (int64_t)at_s * 1000) {
            hs_test_pause_ms((int64_t)at_s * 1000 - passed_ms);
        }
        look(soak, (double)(hs_clock_monotonic_ns() - began_ns) / 1e9);
    }
    changes_stop(&soak->changes);
    size_t reads = stream_stop(&soak->stream);
    double mean = (double)reads / soak->columns[AT_S][soak->windows - 1];
    fprintf(stderr, "%zu reads, %.0f a second; %.0f changes of lists\n", reads, mean,
            soak->columns[CHANGES][soak->windows - 1]);
    if (mean < 0.95 * soak->reads_per_s && !hs_bench_smoke()) {
        site_fail("the machine did not make the load: %.0f reads a second", mean);
    }
}

// The trend of a column after the first minutes, told as a figure.
static bool judge(const struct soak *soak, const char *name, enum column column, const char *unit,
                  enum hs_bar bar, double limit, double (*value)(const struct hs_trend *, double))
{
    size_t from = soak->seconds / 6 < WARM_UP_S ? soak->windows / 6 : WARM_UP_S / soak->window_s;
    size_t count = soak->windows - from;
    const struct hs_trend trend =
        hs_bench_trend(soak->columns[AT_S] + from, soak->columns[column] + from, count);
    double span_s = soak->columns[AT_S][soak->windows - 1] - soak->columns[AT_S][from];
    char note[192];
    snprintf(
        note, sizeof(note),
        "%s %.4g on average, %+.3g an hour, standard error %.2g; %zu windows of %u s after %zu",
        names[column], trend.mean, trend.slope * 3600, trend.slope_error * 3600, count,
        soak->window_s, from);
    const struct hs_figure figure = {.name = name,
                                     .unit = unit,
                                     .value = value(&trend, span_s),
                                     .bar = bar,
                                     .limit = limit,
                                     .runs = (unsigned)count,
                                     .note = note};
    return hs_figure_print(&figure);
}

static double slope_an_hour(const struct hs_trend *trend, double span_s)
{
    (void)span_s;
    return trend->slope * 3600;
}

static double sure_rise(const struct hs_trend *trend, double span_s)
{
    return hs_trend_sure_rise(trend, span_s);
}

static double sure_rise_pct(const struct hs_trend *trend, double span_s)
{
    return hs_trend_sure_rise(trend, span_s) / trend->mean * 100;
}

int main(void)
{
    static struct soak soak;
    prepare(&soak);
    live(&soak);
    site_stop(&soak.site);
    bool holds = judge(&soak, "soak", RSS_MB, "MB an hour", HS_BAR_VALUE_AT_MOST, 1, slope_an_hour);
    holds = judge(&soak, "soak-p99", P99_MS, "% over the run, beyond its error",
                  HS_BAR_VALUE_AT_MOST, 5, sure_rise_pct) &&
            holds;
    holds = judge(&soak, "soak-descriptors", DESCRIPTORS, "over the run, beyond its error",
                  HS_BAR_VALUE_AT_MOST, 0, sure_rise) &&
            holds;
    holds = judge(&soak, "soak-lag", LAG, "messages over the run, beyond its error",
                  HS_BAR_VALUE_AT_MOST, READS_PER_S / 10, sure_rise) &&
            holds;
    fclose(soak.table);
    for (size_t c = 0; c < COLUMNS; c++) {
        free(soak.columns[c]);
    }
    return holds ? 0 : 3;
}
