// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "hitctl/replay_compare.h"
#include "hitctl/text_parts.h"

static const char *kind_text(unsigned kind)
{
    return hitctl_text_enum(&hitstream__v1__alert_kind__descriptor, (int)kind,
                            strlen("ALERT_KIND_"));
}

static const char *priority_text(Hitstream__V1__Priority priority)
{
    return hitctl_text_enum(&hitstream__v1__priority__descriptor, priority, strlen("PRIORITY_"));
}

static const char *handling_text(Hitstream__V1__Handling handling)
{
    return hitctl_text_enum(&hitstream__v1__handling__descriptor, handling, strlen("HANDLING_"));
}

static void add_counts(const struct replay_comparison *comparison, struct hs_buf *out)
{
    hs_buf_printf(out, "%-28s %-14s %10s %10s\n", "queue", "kind", "now", "then");
    for (size_t i = 0; i < comparison->queue_count; i++) {
        const struct replay_queue *queue = &comparison->queues[i];
        for (unsigned kind = 0; kind < REPLAY_KINDS; kind++) {
            uint64_t now = queue->alerts[REPLAY_NOW][kind];
            uint64_t then = queue->alerts[REPLAY_OTHER][kind];
            if (now + then > 0) {
                hs_buf_printf(out, "%-28s %-14s %10" PRIu64 " %10" PRIu64 "\n", queue->name,
                              kind_text(kind), now, then);
            }
        }
    }
    hs_buf_printf(out, "%-43s %10" PRIu64 " %10" PRIu64 "\n", "all", comparison->alerts[REPLAY_NOW],
                  comparison->alerts[REPLAY_OTHER]);
}

static void add_row(struct hs_buf *out, const struct replay_row *row)
{
    const struct replay_told *told = row->sign == '-' ? &row->now : &row->other;
    hs_buf_printf(out, "%c ", row->sign);
    hitctl_text_time(out, told->captured_at_ms);
    hs_buf_add_text(out, "  ");
    hitctl_text_safe(out, told->queue);
    hs_buf_add_text(out, "  ");
    if (row->sign == '~') {
        hs_buf_printf(out, "%s %s %s -> ", kind_text(row->now.kind),
                      priority_text(row->now.priority), handling_text(row->now.handling));
    }
    hs_buf_printf(out, "%s %s %s  ", kind_text(told->kind), priority_text(told->priority),
                  handling_text(told->handling));
    hitctl_text_safe(out, told->vehicle);
    hs_buf_add_text(out, "  site ");
    hitctl_text_safe(out, told->site);
    hs_buf_add_char(out, '\n');
}

void replay_print_text(const struct replay_comparison *comparison, struct hs_buf *out)
{
    add_counts(comparison, out);
    hs_buf_printf(out, "%" PRIu64 " would come, %" PRIu64 " would go, %" PRIu64 " would differ\n",
                  comparison->come, comparison->go, comparison->differ);
    for (size_t i = 0; i < comparison->row_count; i++) {
        add_row(out, &comparison->rows[i]);
    }
    uint64_t all = comparison->come + comparison->go + comparison->differ;
    if (all > comparison->row_count) {
        hs_buf_printf(out, "... and %" PRIu64 " more\n", all - comparison->row_count);
    }
}

// Texts that come from controls and lists.
static void add_json_text(struct hs_buf *out, const char *name, const char *text)
{
    hs_buf_printf(out, "\"%s\":\"", name);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c < 0x20 || c == 0x7f) {
            hs_buf_printf(out, "\\u%04x", c);
        } else {
            hs_buf_add_char(out, *text);
        }
    }
    hs_buf_add_char(out, '"');
}

static void add_side_json(struct hs_buf *out, const char *name, const struct replay_told *told)
{
    hs_buf_printf(out, ",\"%s\":{\"kind\":\"%s\",\"priority\":\"%s\",\"handling\":\"%s\"}", name,
                  kind_text(told->kind), priority_text(told->priority),
                  handling_text(told->handling));
}

static void add_row_json(struct hs_buf *out, const struct replay_row *row)
{
    const struct replay_told *told = row->sign == '-' ? &row->now : &row->other;
    char cause[HS_ID_TEXT_BYTES];
    hs_id_text(&told->cause, cause);
    hs_buf_printf(out, "{\"sign\":\"%c\",\"capturedAtMs\":%" PRId64 ",\"cause\":\"%s\",", row->sign,
                  told->captured_at_ms, cause);
    add_json_text(out, "queue", told->queue);
    hs_buf_add_char(out, ',');
    add_json_text(out, "vehicle", told->vehicle);
    hs_buf_add_char(out, ',');
    add_json_text(out, "site", told->site);
    if (row->sign != '+') {
        add_side_json(out, "now", &row->now);
    }
    if (row->sign != '-') {
        add_side_json(out, "then", &row->other);
    }
    hs_buf_add_char(out, '}');
}

void replay_print_json(const struct replay_comparison *comparison, struct hs_buf *out)
{
    bool first = true;
    hs_buf_add_text(out, "\"queues\":[");
    for (size_t i = 0; i < comparison->queue_count; i++) {
        const struct replay_queue *queue = &comparison->queues[i];
        for (unsigned kind = 0; kind < REPLAY_KINDS; kind++) {
            uint64_t now = queue->alerts[REPLAY_NOW][kind];
            uint64_t then = queue->alerts[REPLAY_OTHER][kind];
            if (now + then > 0) {
                hs_buf_add_text(out, first ? "{" : ",{");
                add_json_text(out, "queue", queue->name);
                hs_buf_printf(out, ",\"kind\":\"%s\",\"now\":%" PRIu64 ",\"then\":%" PRIu64 "}",
                              kind_text(kind), now, then);
                first = false;
            }
        }
    }
    hs_buf_printf(out,
                  "],\"come\":%" PRIu64 ",\"go\":%" PRIu64 ",\"differ\":%" PRIu64 ",\"rows\":[",
                  comparison->come, comparison->go, comparison->differ);
    for (size_t i = 0; i < comparison->row_count; i++) {
        hs_buf_add_text(out, i > 0 ? "," : "");
        add_row_json(out, &comparison->rows[i]);
    }
    hs_buf_add_char(out, ']');
}
