// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "hitctl/site_batches.h"
#include "hitstream/v1/read.pb-c.h"

// What the sink got: "s1:AB," a batch of A and B at s1.
struct sink {
    struct hs_buf text;
    size_t longest; // bytes of a message
    int answer;
};

static int take(void *ctx, struct hs_str site, struct hs_str packed, uint32_t reads)
{
    struct sink *sink = ctx;
    Hitstream__V1__PlateReadBatch *batch =
        hitstream__v1__plate_read_batch__unpack(NULL, packed.len, (const uint8_t *)packed.ptr);
    assert_non_null(batch);
    assert_int_equal(batch->n_reads, reads);
    hs_buf_printf(&sink->text, "%.*s:", HS_STR_ARG(site));
    for (size_t i = 0; i < batch->n_reads; i++) {
        hs_buf_printf(&sink->text, "%.8s", batch->reads[i]->vrm);
    }
    hs_buf_add_char(&sink->text, ',');
    hitstream__v1__plate_read_batch__free_unpacked(batch, NULL);
    if (packed.len > sink->longest) {
        sink->longest = packed.len;
    }
    return sink->answer;
}

static int add(struct hitctl_batches *batches, const char *site, const char *vrm, int64_t now_ns)
{
    uint8_t packed[128];
    char text[32];
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    strcpy(text, vrm);
    read.vrm = text;
    size_t len = hitstream__v1__plate_read__pack(&read, packed);
    return hitctl_batches_add(batches, hs_str(site), hs_str_n(packed, len), now_ns);
}

static void a_full_batch_goes_at_once(void **state)
{
    (void)state;
    struct sink sink = {0};
    struct hitctl_batches *batches = hitctl_batches_new(2, take, &sink);
    add(batches, "s1", "A", 0);
    add(batches, "s2", "B", 0);
    add(batches, "s1", "C", 0);
    add(batches, "s1", "D", 0);
    assert_string_equal(hs_buf_text(&sink.text), "s1:AC,");
    hitctl_batches_flush(batches, INT64_MAX);
    hitctl_batches_flush(batches, INT64_MAX);
    assert_string_equal(hs_buf_text(&sink.text), "s1:AC,s1:D,s2:B,");
    hitctl_batches_free(batches);
    hs_buf_fini(&sink.text);
}

static void an_old_batch_goes_when_it_lingered(void **state)
{
    (void)state;
    struct sink sink = {0};
    struct hitctl_batches *batches = hitctl_batches_new(500, take, &sink);
    add(batches, "s1", "A", 10);
    add(batches, "s2", "B", 20);
    add(batches, "s1", "C", 30);
    hitctl_batches_flush(batches, 9);
    assert_string_equal(hs_buf_text(&sink.text), "");
    hitctl_batches_flush(batches, 10);
    assert_string_equal(hs_buf_text(&sink.text), "s1:AC,");
    add(batches, "s1", "D", 40);
    hitctl_batches_flush(batches, 20);
    assert_string_equal(hs_buf_text(&sink.text), "s1:AC,s2:B,");
    hitctl_batches_free(batches);
    hs_buf_fini(&sink.text);
}

static void no_message_is_longer_than_256_kib(void **state)
{
    (void)state;
    enum { BYTES = 100000 };
    struct sink sink = {0};
    struct hitctl_batches *batches = hitctl_batches_new(500, take, &sink);
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    char *vrm = malloc(3 * BYTES + 1);
    uint8_t *packed = malloc(3 * BYTES + 16);
    assert_true(vrm && packed);
    memset(vrm, 'X', 3 * BYTES);
    vrm[BYTES] = '\0';
    read.vrm = vrm;
    size_t len = hitstream__v1__plate_read__pack(&read, packed);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hitctl_batches_add(batches, HS_STR("s"), hs_str_n(packed, len), 0), HS_OK);
    }
    hitctl_batches_flush(batches, INT64_MAX);
    assert_string_equal(hs_buf_text(&sink.text), "s:XXXXXXXXXXXXXXXX,s:XXXXXXXX,");
    assert_in_range(sink.longest, 2 * BYTES, HITCTL_BATCH_MAX_BYTES);
    vrm[BYTES] = 'X';
    vrm[3 * BYTES] = '\0';
    len = hitstream__v1__plate_read__pack(&read, packed);
    assert_int_equal(hitctl_batches_add(batches, HS_STR("s"), hs_str_n(packed, len), 0), HS_ELIMIT);
    free(vrm);
    free(packed);
    hitctl_batches_free(batches);
    hs_buf_fini(&sink.text);
}

// More sites than are kept: nothing is lost, each site keeps its order.
static void many_sites_lose_nothing(void **state)
{
    (void)state;
    enum { SITES = 40000 };
    struct sink sink = {0};
    struct hitctl_batches *batches = hitctl_batches_new(500, take, &sink);
    for (int i = 0; i < SITES; i++) {
        char site[16];
        snprintf(site, sizeof(site), "s%d", i);
        assert_int_equal(add(batches, site, "A", i), HS_OK);
    }
    hitctl_batches_flush(batches, INT64_MAX);
    size_t messages = 0;
    for (size_t i = 0; i < sink.text.len; i++) {
        messages += sink.text.ptr[i] == ',';
    }
    assert_int_equal(messages, SITES);
    hitctl_batches_free(batches);
    hs_buf_fini(&sink.text);
}

static void a_failing_sink_is_told(void **state)
{
    (void)state;
    struct sink sink = {.answer = HS_ECANCELED};
    struct hitctl_batches *batches = hitctl_batches_new(2, take, &sink);
    assert_int_equal(add(batches, "s1", "A", 0), HS_OK);
    assert_int_equal(add(batches, "s1", "B", 0), HS_ECANCELED);
    assert_int_equal(add(batches, "s2", "C", 0), HS_OK);
    assert_int_equal(hitctl_batches_flush(batches, INT64_MAX), HS_ECANCELED);
    hitctl_batches_free(batches);
    hs_buf_fini(&sink.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_batch_goes_at_once),
        cmocka_unit_test(an_old_batch_goes_when_it_lingered),
        cmocka_unit_test(no_message_is_longer_than_256_kib),
        cmocka_unit_test(many_sites_lose_nothing),
        cmocka_unit_test(a_failing_sink_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
