// SPDX-License-Identifier: Apache-2.0
/*
 * Any log of events: who takes over in its middle tells the same alerts as who read it from its
 * beginning, and holds the same states. A row is its step of time in seconds, two bytes, and an event
 * with its length before it.
 */
#include "base/error.h"
#include "fuzz/correlate/world.h"

enum { ROWS_MAX = 48 };

struct row {
    int64_t at_ms;
    struct hs_str event;
};

static size_t read_rows(struct hs_str input, struct row rows[ROWS_MAX])
{
    size_t count = 0;
    int64_t at_ms = WORLD_AT_MS;
    while (input.len > 0 && count < ROWS_MAX) {
        at_ms += (int64_t)fuzz_number(&input) * 1000;
        rows[count++] = (struct row){at_ms, fuzz_piece(&input)};
    }
    return count;
}

// Offset 0 took over, 1 brought the controls. Controls that nobody knows hold up the log: such rows
// are left out.
static void apply(struct hs_offline *offline, const struct row *rows, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        int rc = hs_offline_apply(offline, i + 2, rows[i].at_ms, rows[i].event, HS_STR(""));
        fuzz_must(rc == 0 || rc == HS_EFORMAT || rc == HS_EAGAIN);
    }
}

static void compare(const struct hs_offline *a, const struct hs_offline *b)
{
    fuzz_must(a->alert_count == b->alert_count);
    for (size_t i = 0; i < a->alert_count; i++) {
        fuzz_must(hs_offline_same(&a->alerts[i], &b->alerts[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hs_controls *controls;
    struct row rows[ROWS_MAX];
    if (!controls) {
        controls = world_controls();
    }
    size_t count = read_rows(hs_str_n(data, size), rows);
    struct hs_offline *through = world_new(controls), *taken_over = world_new(controls);
    apply(through, rows, 0, count);
    apply(taken_over, rows, 0, count / 2);
    hs_offline_checkpoint(taken_over, SIZE_MAX);
    size_t told = taken_over->alert_count;
    uint64_t next = hs_offline_restart(taken_over);
    fuzz_must(next >= 2 && next <= count / 2 + 2);
    fuzz_must(hs_offline_states_hold(taken_over));
    apply(taken_over, rows, (size_t)next - 2, count);
    fuzz_must(told <= taken_over->alert_count);
    compare(through, taken_over);
    hs_offline_checkpoint(through, SIZE_MAX);
    hs_offline_restart(through);
    fuzz_must(hs_offline_states_hold(through));
    hs_offline_free(through);
    hs_offline_free(taken_over);
    return 0;
}
