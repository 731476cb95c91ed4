// SPDX-License-Identifier: Apache-2.0
// The registry, and the rules of the text format that a Prometheus server insists on.
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "metrics/metrics.h"

static void assert_prints(struct hs_metrics *metrics, const char *expected)
{
    struct hs_buf out = {0};
    hs_metrics_print(metrics, &out);
    assert_string_equal(hs_buf_text(&out), expected);
    hs_buf_fini(&out);
}

static void counter_starts_at_zero_and_adds(void **state)
{
    (void)state;
    struct hs_metrics *metrics = hs_metrics_new();
    struct hs_metric *reads =
        hs_metrics_counter(metrics, "hitstream_reads_total", "", "Reads taken");
    assert_prints(metrics, "# HELP hitstream_reads_total Reads taken\n"
                           "# TYPE hitstream_reads_total counter\n"
                           "hitstream_reads_total 0\n");
    hs_metric_add(reads, 18446744073709551615u);
    assert_prints(metrics, "# HELP hitstream_reads_total Reads taken\n"
                           "# TYPE hitstream_reads_total counter\n"
                           "hitstream_reads_total 18446744073709551615\n");
    hs_metrics_free(metrics);
}

static void family_is_printed_once_with_all_its_series(void **state)
{
    (void)state;
    struct hs_metrics *metrics = hs_metrics_new();
    hs_metrics_counter(metrics, "hits_total", "tier=\"exact\"", "Hits");
    hs_metrics_gauge(metrics, "other", "", "Other");
    hs_metric_add(hs_metrics_counter(metrics, "hits_total", "tier=\"glyph\"", "Hits"), 2);
    assert_prints(metrics, "# HELP hits_total Hits\n# TYPE hits_total counter\n"
                           "hits_total{tier=\"exact\"} 0\nhits_total{tier=\"glyph\"} 2\n"
                           "# HELP other Other\n# TYPE other gauge\nother 0\n");
    hs_metrics_free(metrics);
}

static void registering_again_gives_the_same_series(void **state)
{
    (void)state;
    struct hs_metrics *metrics = hs_metrics_new();
    struct hs_metric *a = hs_metrics_gauge(metrics, "age_seconds", "x=\"1\"", "Age");
    assert_ptr_equal(a, hs_metrics_gauge(metrics, "age_seconds", "x=\"1\"", "Age"));
    assert_ptr_not_equal(a, hs_metrics_gauge(metrics, "age_seconds", "x=\"2\"", "Age"));
    hs_metrics_free(metrics);
}

static void gauge_prints_what_reads_back(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.1, "g 0.1\n"},
        {1e9, "g 1000000000\n"},
        {1.0 / 3, "g 0.3333333333333333\n"},
        {NAN, "g NaN\n"},
        {INFINITY, "g +Inf\n"},
        {-INFINITY, "g -Inf\n"},
        {-2.5, "g -2.5\n"},
        {1700000000.123, "g 1700000000.123\n"},
    };
    struct hs_metrics *metrics = hs_metrics_new();
    struct hs_metric *gauge = hs_metrics_gauge(metrics, "g", "", "G");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hs_buf out = {0};
        hs_metric_set(gauge, rows[i].value);
        hs_metrics_print(metrics, &out);
        const char *line = strstr(hs_buf_text(&out), "gauge\n") + 6;
        assert_string_equal(line, rows[i].text);
        assert_true(!isfinite(rows[i].value) || strtod(line + 2, NULL) == rows[i].value);
        hs_buf_fini(&out);
    }
    hs_metrics_free(metrics);
}

static void histogram_is_cumulative_and_ends_with_inf(void **state)
{
    (void)state;
    static const double bounds[] = {0.001, 0.5};
    struct hs_metrics *metrics = hs_metrics_new();
    struct hs_metric *histogram =
        hs_metrics_histogram(metrics, "age_seconds", "stage=\"match\"", "Age", bounds, 2);
    hs_metric_observe(histogram, 0.001); // a bound belongs to its bucket
    hs_metric_observe(histogram, 0.25);
    hs_metric_observe(histogram, 4);
    assert_prints(metrics, "# HELP age_seconds Age\n# TYPE age_seconds histogram\n"
                           "age_seconds_bucket{stage=\"match\",le=\"0.001\"} 1\n"
                           "age_seconds_bucket{stage=\"match\",le=\"0.5\"} 2\n"
                           "age_seconds_bucket{stage=\"match\",le=\"+Inf\"} 3\n"
                           "age_seconds_sum{stage=\"match\"} 4.251\n"
                           "age_seconds_count{stage=\"match\"} 3\n");
    assert_true(hs_metric_value(histogram) == 3);
    hs_metrics_free(metrics);
}

static void help_and_labels_are_escaped(void **state)
{
    (void)state;
    struct hs_metrics *metrics = hs_metrics_new();
    struct hs_buf labels = {0};
    hs_metrics_label(&labels, "queue", hs_str("a\"b\\c\nd"));
    hs_metrics_label(&labels, "kind", hs_str("live"));
    hs_metrics_gauge(metrics, "g", hs_buf_text(&labels), "one\ntwo \\ \"three\"");
    assert_prints(metrics, "# HELP g one\\ntwo \\\\ \"three\"\n# TYPE g gauge\n"
                           "g{queue=\"a\\\"b\\\\c\\nd\",kind=\"live\"} 0\n");
    hs_buf_fini(&labels);
    hs_metrics_free(metrics);
}

static void series_beyond_the_limit_are_null_and_harmless(void **state)
{
    (void)state;
    struct hs_metrics *metrics = hs_metrics_new();
    char name[32];
    for (int i = 0; i < HS_METRICS_SERIES_MAX / 1000; i++) {
        for (int j = 0; j < 1000; j++) {
            char labels[32];
            snprintf(name, sizeof(name), "g%d", i);
            snprintf(labels, sizeof(labels), "x=\"%d\"", j);
            assert_non_null(hs_metrics_gauge(metrics, name, labels, "G"));
        }
    }
    struct hs_metric *none = hs_metrics_gauge(metrics, "more", "", "M");
    assert_null(none);
    hs_metric_set(none, 1);
    assert_true(hs_metric_value(none) == 0);
    hs_metrics_free(metrics);
}

struct shared {
    struct hs_metrics *metrics;
    struct hs_metric *counter;
    struct hs_metric *histogram;
};

static void *add_many(void *arg)
{
    struct shared *shared = arg;
    for (int i = 0; i < 20000; i++) {
        hs_metric_add(shared->counter, 1);
        hs_metric_observe(shared->histogram, 0.5);
    }
    return NULL;
}

static void threads_add_while_one_prints(void **state)
{
    (void)state;
    static const double bounds[] = {1};
    struct shared shared = {.metrics = hs_metrics_new()};
    shared.counter = hs_metrics_counter(shared.metrics, "c_total", "", "C");
    shared.histogram = hs_metrics_histogram(shared.metrics, "h", "", "H", bounds, 1);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, &shared), 0);
    }
    for (int i = 0; i < 50; i++) {
        struct hs_buf out = {0};
        hs_metrics_print(shared.metrics, &out);
        hs_buf_fini(&out);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(hs_metric_value(shared.counter) == 40000);
    assert_true(hs_metric_value(shared.histogram) == 40000);
    struct hs_buf out = {0};
    hs_metrics_print(shared.metrics, &out);
    assert_non_null(strstr(hs_buf_text(&out), "h_sum 20000\n"));
    hs_buf_fini(&out);
    hs_metrics_free(shared.metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counter_starts_at_zero_and_adds),
        cmocka_unit_test(family_is_printed_once_with_all_its_series),
        cmocka_unit_test(registering_again_gives_the_same_series),
        cmocka_unit_test(gauge_prints_what_reads_back),
        cmocka_unit_test(histogram_is_cumulative_and_ends_with_inf),
        cmocka_unit_test(help_and_labels_are_escaped),
        cmocka_unit_test(series_beyond_the_limit_are_null_and_harmless),
        cmocka_unit_test(threads_add_while_one_prints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
