// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as records of anpr.vehicles: what is taken is written again as a state that is taken, and
 * that is written the same from then on. The input is an event, which the restored states meet, then
 * records, each its key and its value; each with its length before it.
 */
#include "base/error.h"
#include "fuzz/correlate/world.h"

enum { RECORDS_MAX = 16 };

static struct hs_controls *controls;

// Records as a checkpoint writes them.
struct written {
    struct hs_buf keys[RECORDS_MAX], values[RECORDS_MAX];
    size_t count;
};

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    (void)ctx;
    return hash[0] == 'x' ? NULL : hs_controls_ref(controls); // some are not known yet
}

static void on_alert(void *ctx, const struct hs_alert *alert)
{
    fuzz_must(alert->payload.len > 0);
    (void)ctx;
}

static void on_append(void *ctx, struct hs_str key, struct hs_str event)
{
    fuzz_must(key.len > 0 && event.len > 0);
    (void)ctx;
}

static struct hs_correlator *correlator_new(void)
{
    struct hs_correlator *correlator;
    const struct hs_correlator_config config = {.controls_lookup = lookup,
                                                .sink = {.alert = on_alert, .append = on_append}};
    fuzz_must(hs_correlator_new(&config, &correlator) == 0);
    return correlator;
}

static void on_record(void *ctx, struct hs_str key, struct hs_str value)
{
    struct written *written = ctx;
    if (written->count < RECORDS_MAX) {
        hs_buf_add_str(&written->keys[written->count], key);
        hs_buf_add_str(&written->values[written->count], value);
        written->count++;
    }
}

static void written_fini(struct written *written)
{
    for (size_t i = 0; i < written->count; i++) {
        hs_buf_fini(&written->keys[i]);
        hs_buf_fini(&written->values[i]);
    }
}

// Takes what was written back, and writes all of it once more.
static void write_again(const struct written *first, struct written *ret_second)
{
    struct hs_correlator *correlator = correlator_new();
    for (size_t i = 0; i < first->count; i++) {
        const struct hs_state_record record = {hs_buf_str(&first->keys[i]),
                                               hs_buf_str(&first->values[i]), 1};
        fuzz_must(hs_correlator_restore(correlator, &record) == 0);
    }
    fuzz_must(hs_correlator_restored(correlator) == 0);
    for (size_t i = 0; i < first->count; i++) {
        hs_correlator_overwritten(correlator, hs_buf_str(&first->keys[i]));
    }
    fuzz_must(hs_correlator_checkpoint(correlator, 1, 1, on_record, ret_second) == 0);
    hs_correlator_free(correlator);
}

static struct hs_str value_of(const struct written *written, struct hs_str key)
{
    for (size_t i = 0; i < written->count; i++) {
        if (hs_str_eq(hs_buf_str(&written->keys[i]), key)) {
            return hs_buf_str(&written->values[i]);
        }
    }
    return (struct hs_str){NULL, 0};
}

static void check(struct hs_correlator *correlator)
{
    struct written first = {.count = 0}, second = {.count = 0};
    fuzz_must(hs_correlator_checkpoint(correlator, 1, 1, on_record, &first) == 0);
    write_again(&first, &second);
    for (size_t i = 0; i < first.count; i++) {
        struct hs_str value = hs_buf_str(&first.values[i]);
        fuzz_must(hs_str_eq(value_of(&second, hs_buf_str(&first.keys[i])), value));
    }
    written_fini(&first);
    written_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_str input = hs_str_n(data, size), event;
    if (!controls) {
        controls = world_controls();
    }
    struct hs_correlator *correlator = correlator_new();
    event = fuzz_piece(&input);
    for (size_t i = 0; i < RECORDS_MAX / 2 && input.len > 0; i++) {
        struct hs_state_record record = {.epoch = 1};
        record.key = fuzz_piece(&input);
        record.value = fuzz_piece(&input);
        int rc = hs_correlator_restore(correlator, &record);
        fuzz_must(rc == 0 || rc == HS_EFORMAT);
        if (rc == 0) {
            hs_correlator_overwritten(correlator, record.key); // is written by the next checkpoint
        }
    }
    if (hs_correlator_restored(correlator) == 0) {
        const struct hs_log_record record = {.offset = hs_correlator_next_offset(correlator),
                                             .append_time_ms = WORLD_AT_MS,
                                             .value = event};
        hs_correlator_apply(correlator, &record, NULL);
        check(correlator);
    }
    hs_correlator_free(correlator);
    return 0;
}
