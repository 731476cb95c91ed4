// SPDX-License-Identifier: Apache-2.0
#ifndef HS_METRICS_METRICS_H
#define HS_METRICS_METRICS_H
/*
 * Counters, gauges and histograms as a table, printed in Prometheus' text format (version 0.0.4).
 *
 * A series is registered once at start, then only its value changes. Labels never hold plates, and covert
 * lists never stand apart. Threads: any may add (relaxed atomics, one writer a series is the rule on hot
 * paths); one may print at the same time and sees each value whole.
 */

#include "base/str.h"

enum hs_metric_type {
    HS_METRIC_COUNTER,
    HS_METRIC_GAUGE,
    HS_METRIC_HISTOGRAM,
};

struct hs_metrics; // a registry
struct hs_metric;  // one series

struct hs_metrics *hs_metrics_new(void);
void hs_metrics_free(struct hs_metrics *metrics);

// A series of family `name` ("hitstream_reads_total") with labels as they will stand between the braces
// ("tier=\"exact\"", or "" for none). Registering the same again gives the same series. NULL: out of memory.
struct hs_metric *hs_metrics_counter(struct hs_metrics *metrics, const char *name, const char *labels,
                                     const char *help);
struct hs_metric *hs_metrics_gauge(struct hs_metrics *metrics, const char *name, const char *labels,
                                   const char *help);
// `bounds` are upper bounds in the family's base unit (seconds), rising, without +Inf.
struct hs_metric *hs_metrics_histogram(struct hs_metrics *metrics, const char *name, const char *labels,
                                       const char *help, const double *bounds, size_t bound_count);

void hs_metric_add(struct hs_metric *metric, uint64_t n);  // counter
void hs_metric_set(struct hs_metric *metric, double value); // gauge
void hs_metric_observe(struct hs_metric *metric, double value); // histogram
double hs_metric_value(const struct hs_metric *metric); // counter or gauge; of a histogram its count

void hs_metrics_print(struct hs_metrics *metrics, struct hs_buf *out);

#endif
