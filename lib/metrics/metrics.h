// SPDX-License-Identifier: Apache-2.0
#ifndef HS_METRICS_METRICS_H
#define HS_METRICS_METRICS_H
/*
 * Counters, gauges and histograms as a table, printed in Prometheus' text format (version 0.0.4).
 *
 * A series is registered once, best at start, then only its value changes. Labels never hold
 * plates, and covert lists never stand apart.
 *
 *                 may run at the same time as
 *   add, set, observe   everything (relaxed atomics; one writer a series is the rule on hot paths)
 *   value, print        everything; each value is seen whole, values together are of no one instant
 *   register            everything (a mutex orders it with print and other registrations)
 *
 * Ownership: the registry owns its series; they live as long as it. Bounds: HS_METRICS_SERIES_MAX
 * series.
 */

#include "base/str.h"

enum { HS_METRICS_SERIES_MAX = 20000 };

// What a scrape must answer with, or Prometheus 3 refuses it.
#define HS_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum hs_metric_type {
    HS_METRIC_COUNTER,
    HS_METRIC_GAUGE,
    HS_METRIC_HISTOGRAM,
};

struct hs_metrics; // a registry
struct hs_metric;  // one series

// NULL: out of memory.
struct hs_metrics *hs_metrics_new(void);
void hs_metrics_free(struct hs_metrics *metrics);

// A series of family `name` ("hitstream_reads_total") with labels as they will stand between the
// braces
// ("tier=\"exact\"", or "" for none; see hs_metrics_label()). Registering the same again gives the
// same series. NULL: out of memory, or too many series; the functions below take it and do nothing.
// A name that is not Prometheus', or a family registered with another type, is a programming error.
struct hs_metric *hs_metrics_counter(struct hs_metrics *metrics, const char *name,
                                     const char *labels, const char *help);
struct hs_metric *hs_metrics_gauge(struct hs_metrics *metrics, const char *name, const char *labels,
                                   const char *help);
// `bounds` are upper bounds in the family's base unit (seconds), rising, without +Inf.
struct hs_metric *hs_metrics_histogram(struct hs_metrics *metrics, const char *name,
                                       const char *labels, const char *help, const double *bounds,
                                       size_t bound_count);

// Appends name="value" with the value escaped, after a comma when `labels` is not empty.
void hs_metrics_label(struct hs_buf *labels, const char *name, struct hs_str value);

void hs_metric_add(struct hs_metric *metric, uint64_t n);       // counter
void hs_metric_set(struct hs_metric *metric, double value);     // gauge
void hs_metric_observe(struct hs_metric *metric, double value); // histogram
double
hs_metric_value(const struct hs_metric *metric); // counter or gauge; of a histogram its count

// The whole registry, families in order of registration, each once with its HELP and TYPE.
void hs_metrics_print(struct hs_metrics *metrics, struct hs_buf *out);

#endif
