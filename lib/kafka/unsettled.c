// SPDX-License-Identifier: Apache-2.0
#include "kafka/unsettled.h"

#include <stdlib.h>

#include "base/clock.h"
#include "kafka/internal.h"

void hs_unsettled_fini(struct hs_unsettled *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->rows[i].topic);
    }
    free(list->rows);
    *list = (struct hs_unsettled){0};
}

static bool has(const struct hs_unsettled *list, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->rows[i].partition == partition && strcmp(list->rows[i].topic, topic) == 0) {
            return true;
        }
    }
    return false;
}

void hs_unsettled_add(struct hs_unsettled *list, const char *topic, int32_t partition)
{
    if (partition < 0 || has(list, topic, partition)) { // none: it was never sent
        return;
    }
    if (list->count == list->capacity) {
        size_t wanted = list->capacity ? 2 * list->capacity : 16;
        struct hs_unsettled_row *grown = realloc(list->rows, wanted * sizeof(*grown));
        if (!grown) {
            list->lost = true;
            return;
        }
        list->rows = grown;
        list->capacity = wanted;
    }
    char *copy = hs_str_dup(hs_str(topic));
    if (!copy) {
        list->lost = true;
        return;
    }
    list->rows[list->count++] = (struct hs_unsettled_row){copy, partition};
}

static int64_t left_ms(int64_t until_ns)
{
    int64_t left = (until_ns - hs_clock_monotonic_ns()) / 1000000;
    return left > 0 ? left : 0;
}

// What is to be asked for: the rows of that topic (NULL: of all). NULL: out of memory.
static rd_kafka_topic_partition_list_t *questions(const struct hs_unsettled *list,
                                                  const char *topic)
{
    rd_kafka_topic_partition_list_t *rows = rd_kafka_topic_partition_list_new((int)list->count);
    for (size_t i = 0; rows && i < list->count; i++) {
        const struct hs_unsettled_row *row = &list->rows[i];
        if (!topic || strcmp(row->topic, topic) == 0) {
            rd_kafka_topic_partition_t *question =
                rd_kafka_topic_partition_list_add(rows, row->topic, row->partition);
            question->offset =
                RD_KAFKA_OFFSET_END; // in place of a time; the answer is none below 0
        }
    }
    return rows;
}

static void settled(struct hs_unsettled *list, const rd_kafka_topic_partition_t *answer)
{
    for (size_t i = 0; i < list->count; i++) {
        struct hs_unsettled_row *row = &list->rows[i];
        if (row->partition == answer->partition && strcmp(row->topic, answer->topic) == 0) {
            free(row->topic);
            *row = list->rows[--list->count];
            return;
        }
    }
}

int hs_unsettled_settle(rd_kafka_t *client, struct hs_unsettled *list, const char *topic,
                        int64_t until_ns)
{
    rd_kafka_topic_partition_list_t *rows = questions(list, topic);
    if (!rows) {
        return HS_ENOMEM;
    }
    rd_kafka_resp_err_t error =
        rows->cnt ? rd_kafka_offsets_for_times(client, rows, (int)left_ms(until_ns)) : 0;
    int open = rows->cnt;
    for (int i = 0; i < rows->cnt; i++) {
        const rd_kafka_topic_partition_t *answer = &rows->elems[i];
        bool gone = answer->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                    answer->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                    answer->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
        if (gone || (!answer->err && answer->offset >= 0)) {
            settled(list, answer);
            open--;
        } else if (!error) {
            error = answer->err;
        }
    }
    rd_kafka_topic_partition_list_destroy(rows);
    if (open > 0) {
        return error ? hs_kafka_error(error) : HS_ETIMEDOUT;
    }
    return list->lost ? HS_ENOMEM : 0;
}
