// SPDX-License-Identifier: Apache-2.0
#include "hitctl/replay_compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static void cut(char to[REPLAY_TEXT_BYTES], const char *from)
{
    snprintf(to, REPLAY_TEXT_BYTES, "%s", from ? from : "");
}

static struct replay_told *add(struct replay_comparison *comparison, enum replay_side side)
{
    struct replay_list *list = &comparison->at_hand[side];
    if (list->count == list->capacity) {
        size_t wanted = list->capacity ? list->capacity * 2 : 16;
        struct replay_told *grown = realloc(list->rows, wanted * sizeof(*grown));
        if (!grown) {
            comparison->status = HS_ENOMEM;
            return NULL;
        }
        list->rows = grown;
        list->capacity = wanted;
    }
    return &list->rows[list->count++];
}

void replay_note(struct replay_comparison *comparison, enum replay_side side,
                 const Hitstream__V1__Alert *alert)
{
    struct replay_told *told = add(comparison, side);
    if (!told) {
        comparison->status = HS_ENOMEM;
        return;
    }
    *told = (struct replay_told){.kind = alert->kind,
                                 .priority = alert->priority,
                                 .handling = alert->handling,
                                 .captured_at_ms = alert->captured_at_ms};
    cut(told->queue, alert->queue);
    cut(told->vehicle, alert->vehicle);
    cut(told->site, alert->place ? alert->place->site_id : "");
    cut(told->rule, alert->rule);
    if (alert->cause_id.len == HS_ID_BYTES) {
        memcpy(told->cause.bytes, alert->cause_id.data, HS_ID_BYTES);
    }
}

// The queue's row; the last one stands for all that found no room.
static struct replay_queue *queue_of(struct replay_comparison *comparison, const char *name)
{
    if (!comparison->queues) {
        comparison->queues = calloc(REPLAY_QUEUES_MAX, sizeof(*comparison->queues));
        if (!comparison->queues) {
            comparison->status = HS_ENOMEM;
            return NULL;
        }
    }
    for (size_t i = 0; i < comparison->queue_count; i++) {
        if (strcmp(comparison->queues[i].name, name) == 0) {
            return &comparison->queues[i];
        }
    }
    if (comparison->queue_count == REPLAY_QUEUES_MAX) {
        return &comparison->queues[REPLAY_QUEUES_MAX - 1];
    }
    struct replay_queue *queue = &comparison->queues[comparison->queue_count++];
    cut(queue->name, comparison->queue_count == REPLAY_QUEUES_MAX ? "(others)" : name);
    return queue;
}

static void count(struct replay_comparison *comparison, enum replay_side side)
{
    for (size_t i = 0; i < comparison->at_hand[side].count; i++) {
        const struct replay_told *told = &comparison->at_hand[side].rows[i];
        struct replay_queue *queue = queue_of(comparison, told->queue);
        if (queue) {
            unsigned kind = (unsigned)told->kind;
            queue->alerts[side][kind < REPLAY_KINDS ? kind : 0]++;
        }
        comparison->alerts[side]++;
    }
}

static bool is_same(const struct replay_told *a, const struct replay_told *b)
{
    return hs_id_eq(&a->cause, &b->cause) && strcmp(a->queue, b->queue) == 0 &&
           strcmp(a->rule, b->rule) == 0 && strcmp(a->vehicle, b->vehicle) == 0;
}

static void add_row(struct replay_comparison *comparison, char sign, const struct replay_told *now,
                    const struct replay_told *other)
{
    comparison->come += sign == '+';
    comparison->go += sign == '-';
    comparison->differ += sign == '~';
    if (!comparison->rows) {
        comparison->rows = calloc(comparison->rows_max + 1, sizeof(*comparison->rows));
    }
    if (!comparison->rows) {
        comparison->status = HS_ENOMEM;
    } else if (comparison->row_count < comparison->rows_max) {
        struct replay_row *row = &comparison->rows[comparison->row_count++];
        row->sign = sign;
        row->now = now ? *now : row->now;
        row->other = other ? *other : row->other;
    }
}

static void compare(struct replay_comparison *comparison)
{
    struct replay_list *now = &comparison->at_hand[REPLAY_NOW];
    struct replay_list *other = &comparison->at_hand[REPLAY_OTHER];
    for (size_t i = 0; i < now->count; i++) {
        struct replay_told *a = &now->rows[i], *b = NULL;
        for (size_t k = 0; k < other->count && !b; k++) {
            b = !other->rows[k].paired && is_same(a, &other->rows[k]) ? &other->rows[k] : NULL;
        }
        if (!b) {
            add_row(comparison, '-', a, NULL);
            continue;
        }
        b->paired = true;
        if (a->kind != b->kind || a->priority != b->priority || a->handling != b->handling) {
            add_row(comparison, '~', a, b);
        }
    }
    for (size_t k = 0; k < other->count; k++) {
        if (!other->rows[k].paired) {
            add_row(comparison, '+', NULL, &other->rows[k]);
        }
    }
}

void replay_settle(struct replay_comparison *comparison, bool counts)
{
    if (counts) {
        count(comparison, REPLAY_NOW);
        count(comparison, REPLAY_OTHER);
        compare(comparison);
    }
    comparison->at_hand[REPLAY_NOW].count = 0;
    comparison->at_hand[REPLAY_OTHER].count = 0;
}

void replay_comparison_fini(struct replay_comparison *comparison)
{
    free(comparison->at_hand[REPLAY_NOW].rows);
    free(comparison->at_hand[REPLAY_OTHER].rows);
    free(comparison->queues);
    free(comparison->rows);
    *comparison = (struct replay_comparison){0};
}
