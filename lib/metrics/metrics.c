// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

// All atomics here are relaxed: a value stands alone, nothing else is read through it.
struct hs_metric {
    struct hs_metric *next;      // in its family, in order of registration
    const struct family *family; // not owned
    char *labels;                // owned
    _Atomic uint64_t bits; // counter: the count; gauge: a double's bits; histogram: its sum's bits
    _Atomic uint64_t *bucket; // histogram: one more than bounds, not cumulative; else NULL
    double *bounds;           // histogram: upper bounds
    size_t bound_count;       // histogram
};

struct family {
    struct family *next; // in order of registration
    char *name;          // owned
    char *help;          // owned, escaped
    enum hs_metric_type type;
    struct hs_metric *first;
    struct hs_metric **last; // where the next series is linked
};

struct hs_metrics {
    pthread_mutex_t lock; // families and series: register and print
    struct family *first;
    struct family **last; // where the next family is linked
    size_t series;        // registered
};

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

struct hs_metrics *hs_metrics_new(void)
{
    struct hs_metrics *metrics = calloc(1, sizeof(*metrics));
    if (metrics) {
        pthread_mutex_init(&metrics->lock, NULL);
        metrics->last = &metrics->first;
    }
    return metrics;
}

static void series_free(struct hs_metric *metric)
{
    if (metric) {
        free(metric->labels);
        free(metric->bucket);
        free(metric->bounds);
        free(metric);
    }
}

static void family_free(struct family *family)
{
    if (!family) {
        return;
    }
    while (family->first) {
        struct hs_metric *metric = family->first;
        family->first = metric->next;
        series_free(metric);
    }
    free(family->name);
    free(family->help);
    free(family);
}

void hs_metrics_free(struct hs_metrics *metrics)
{
    if (!metrics) {
        return;
    }
    while (metrics->first) {
        struct family *family = metrics->first;
        metrics->first = family->next;
        family_free(family);
    }
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

static bool name_is_valid(const char *name)
{
    for (const char *p = name; *p; p++) {
        bool letter =
            (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_' || *p == ':';
        if (!letter && !(p > name && *p >= '0' && *p <= '9')) {
            return false;
        }
    }
    return *name != '\0';
}

// In HELP backslash and line feed are escaped, in a label's value the double quote too.
static void add_escaped(struct hs_buf *out, struct hs_str text, bool quote_too)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\n') {
            hs_buf_add_text(out, "\\n");
            continue;
        }
        if (c == '\\' || (quote_too && c == '"')) {
            hs_buf_add_char(out, '\\');
        }
        hs_buf_add_char(out, c);
    }
}

void hs_metrics_label(struct hs_buf *labels, const char *name, struct hs_str value)
{
    if (labels->len > 0) {
        hs_buf_add_char(labels, ',');
    }
    hs_buf_add_text(labels, name);
    hs_buf_add_text(labels, "=\"");
    add_escaped(labels, value, true);
    hs_buf_add_char(labels, '"');
}

static char *escaped_help(const char *help)
{
    struct hs_buf buf = {0};
    add_escaped(&buf, hs_str(help), false);
    char *copy = hs_buf_status(&buf) == 0 ? hs_str_dup(hs_buf_str(&buf)) : NULL;
    hs_buf_fini(&buf);
    return copy;
}

static struct family *family_get(struct hs_metrics *metrics, const char *name,
                                 enum hs_metric_type type, const char *help)
{
    for (struct family *family = metrics->first; family; family = family->next) {
        if (strcmp(family->name, name) == 0) {
            assert(family->type == type);
            return family;
        }
    }
    struct family *family = calloc(1, sizeof(*family));
    if (!family) {
        return NULL;
    }
    family->name = hs_str_dup(hs_str(name));
    family->help = escaped_help(help);
    family->type = type;
    family->last = &family->first;
    if (!family->name || !family->help) {
        family_free(family);
        return NULL;
    }
    *metrics->last = family;
    metrics->last = &family->next;
    return family;
}

static struct hs_metric *series_new(const struct family *family, const char *labels,
                                    const double *bounds, size_t bound_count)
{
    struct hs_metric *metric = calloc(1, sizeof(*metric));
    if (!metric) {
        return NULL;
    }
    metric->family = family;
    metric->labels = hs_str_dup(hs_str(labels));
    if (family->type == HS_METRIC_HISTOGRAM) {
        metric->bucket = calloc(bound_count + 1, sizeof(*metric->bucket));
        metric->bounds = calloc(bound_count + 1, sizeof(*metric->bounds));
        metric->bound_count = bound_count;
    }
    if (!metric->labels ||
        (family->type == HS_METRIC_HISTOGRAM && (!metric->bucket || !metric->bounds))) {
        series_free(metric);
        return NULL;
    }
    for (size_t i = 0; i < bound_count; i++) {
        assert(isfinite(bounds[i]) && (i == 0 || bounds[i] > bounds[i - 1]));
        metric->bounds[i] = bounds[i];
    }
    return metric;
}

static struct hs_metric *series_get(struct hs_metrics *metrics, struct family *family,
                                    const char *labels, const double *bounds, size_t bound_count)
{
    for (struct hs_metric *metric = family->first; metric; metric = metric->next) {
        if (strcmp(metric->labels, labels) == 0) {
            return metric;
        }
    }
    if (metrics->series == HS_METRICS_SERIES_MAX) {
        return NULL;
    }
    struct hs_metric *metric = series_new(family, labels, bounds, bound_count);
    if (metric) {
        *family->last = metric;
        family->last = &metric->next;
        metrics->series++;
    }
    return metric;
}

static struct hs_metric *register_series(struct hs_metrics *metrics, const char *name,
                                         enum hs_metric_type type, const char *labels,
                                         const char *help, const double *bounds, size_t bound_count)
{
    assert(name_is_valid(name));
    pthread_mutex_lock(&metrics->lock);
    struct family *family = family_get(metrics, name, type, help);
    struct hs_metric *metric =
        family ? series_get(metrics, family, labels, bounds, bound_count) : NULL;
    pthread_mutex_unlock(&metrics->lock);
    return metric;
}

struct hs_metric *hs_metrics_counter(struct hs_metrics *metrics, const char *name,
                                     const char *labels, const char *help)
{
    return register_series(metrics, name, HS_METRIC_COUNTER, labels, help, NULL, 0);
}

struct hs_metric *hs_metrics_gauge(struct hs_metrics *metrics, const char *name, const char *labels,
                                   const char *help)
{
    return register_series(metrics, name, HS_METRIC_GAUGE, labels, help, NULL, 0);
}

struct hs_metric *hs_metrics_histogram(struct hs_metrics *metrics, const char *name,
                                       const char *labels, const char *help, const double *bounds,
                                       size_t bound_count)
{
    return register_series(metrics, name, HS_METRIC_HISTOGRAM, labels, help, bounds, bound_count);
}

void hs_metric_add(struct hs_metric *metric, uint64_t n)
{
    if (metric) {
        assert(metric->family->type == HS_METRIC_COUNTER);
        atomic_fetch_add_explicit(&metric->bits, n, memory_order_relaxed);
    }
}

void hs_metric_set(struct hs_metric *metric, double value)
{
    if (metric) {
        assert(metric->family->type == HS_METRIC_GAUGE);
        atomic_store_explicit(&metric->bits, bits_of(value), memory_order_relaxed);
    }
}

void hs_metric_observe(struct hs_metric *metric, double value)
{
    if (!metric) {
        return;
    }
    assert(metric->family->type == HS_METRIC_HISTOGRAM);
    size_t i = 0;
    while (i < metric->bound_count && !(value <= metric->bounds[i])) {
        i++;
    }
    atomic_fetch_add_explicit(&metric->bucket[i], 1, memory_order_relaxed);
    uint64_t was = atomic_load_explicit(&metric->bits, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&metric->bits, &was,
                                                  bits_of(double_of(was) + value),
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

static uint64_t observed(const struct hs_metric *metric)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= metric->bound_count; i++) {
        count += atomic_load_explicit(&metric->bucket[i], memory_order_relaxed);
    }
    return count;
}

double hs_metric_value(const struct hs_metric *metric)
{
    if (!metric) {
        return 0;
    }
    if (metric->family->type == HS_METRIC_HISTOGRAM) {
        return (double)observed(metric);
    }
    uint64_t bits = atomic_load_explicit(&metric->bits, memory_order_relaxed);
    return metric->family->type == HS_METRIC_COUNTER ? (double)bits : double_of(bits);
}

// The shortest text that reads back as the same number; Prometheus has its own words for the
// others.
static void add_number(struct hs_buf *out, double value)
{
    if (isnan(value)) {
        hs_buf_add_text(out, "NaN");
        return;
    }
    if (isinf(value)) {
        hs_buf_add_text(out, value > 0 ? "+Inf" : "-Inf");
        return;
    }
    char text[40];
    if (value == rint(value) && fabs(value) < 1e15) {
        hs_buf_printf(out, "%.0f", value);
        return;
    }
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    hs_buf_add_text(out, text);
}

// "name_suffix{labels,le="0.1"} ": `le` is not finite for +Inf, NULL for none.
static void add_series(struct hs_buf *out, const struct hs_metric *metric, const char *suffix,
                       const double *le)
{
    hs_buf_printf(out, "%s%s", metric->family->name, suffix);
    if (metric->labels[0] || le) {
        hs_buf_printf(out, "{%s", metric->labels);
        if (le) {
            hs_buf_add_text(out, metric->labels[0] ? ",le=\"" : "le=\"");
            add_number(out, *le);
            hs_buf_add_char(out, '"');
        }
        hs_buf_add_char(out, '}');
    }
    hs_buf_add_char(out, ' ');
}

static void print_histogram(const struct hs_metric *metric, struct hs_buf *out)
{
    uint64_t count = 0; // of the buckets as printed, so that +Inf and _count agree at every moment
    for (size_t i = 0; i <= metric->bound_count; i++) {
        double le = i < metric->bound_count ? metric->bounds[i] : INFINITY;
        count += atomic_load_explicit(&metric->bucket[i], memory_order_relaxed);
        add_series(out, metric, "_bucket", &le);
        hs_buf_printf(out, "%llu\n", (unsigned long long)count);
    }
    add_series(out, metric, "_sum", NULL);
    add_number(out, double_of(atomic_load_explicit(&metric->bits, memory_order_relaxed)));
    hs_buf_add_char(out, '\n');
    add_series(out, metric, "_count", NULL);
    hs_buf_printf(out, "%llu\n", (unsigned long long)count);
}

static void print_series(const struct hs_metric *metric, struct hs_buf *out)
{
    if (metric->family->type == HS_METRIC_HISTOGRAM) {
        print_histogram(metric, out);
        return;
    }
    add_series(out, metric, "", NULL);
    uint64_t bits = atomic_load_explicit(&metric->bits, memory_order_relaxed);
    if (metric->family->type == HS_METRIC_COUNTER) {
        hs_buf_printf(out, "%llu", (unsigned long long)bits);
    } else {
        add_number(out, double_of(bits));
    }
    hs_buf_add_char(out, '\n');
}

void hs_metrics_print(struct hs_metrics *metrics, struct hs_buf *out)
{
    static const char *const types[] = {[HS_METRIC_COUNTER] = "counter",
                                        [HS_METRIC_GAUGE] = "gauge",
                                        [HS_METRIC_HISTOGRAM] = "histogram"};
    pthread_mutex_lock(&metrics->lock);
    for (const struct family *family = metrics->first; family; family = family->next) {
        hs_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
                      types[family->type]);
        for (const struct hs_metric *metric = family->first; metric; metric = metric->next) {
            print_series(metric, out);
        }
    }
    pthread_mutex_unlock(&metrics->lock);
}
