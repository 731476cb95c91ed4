// SPDX-License-Identifier: Apache-2.0
//
// Where partitions begin and end, asked of whoever leads them now. Two things in the client library
// stand in the way [librdkafka 2.0 to 2.8, read in its source]:
//
// It keeps what it knows of a leader for a quarter of an hour (metadata.max.age.ms). When the one it
// asks is gone, or says that it leads no longer, it looks again only for topics that somebody holds a
// handle of, or whose time is over: rd_kafka_metadata_refresh_known_topics() passes over what its
// cache calls valid. A tail holds none between two reads: so the leader is looked for here.
//
// In 2.0 rd_kafka_query_watermark_offsets() waits for a leader that is away for as long as it stays
// away, whatever its timeout says. rd_kafka_offsets_for_times() asks the same request and does not;
// the ends are times that the protocol reserves.
#include "base/clock.h"
#include "kafka/internal.h"

enum { LEADER_ASK_MOST_MS = 1000 };

static void look_for_leader(rd_kafka_t *client, const char *topic, int64_t timeout_ms)
{
    int32_t count;
    hs_kafka_count_partitions(
        client, topic, timeout_ms < LEADER_ASK_MOST_MS ? timeout_ms : LEADER_ASK_MOST_MS, &count);
}

// The offset at a reserved time: RD_KAFKA_OFFSET_BEGINNING, RD_KAFKA_OFFSET_END.
static rd_kafka_resp_err_t ask_for(rd_kafka_t *client, const char *topic, int32_t partition,
                                   int64_t which, int64_t timeout_ms, int64_t *ret_offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *row = rd_kafka_topic_partition_list_add(list, topic, partition);
    row->offset = which;
    rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(client, list, (int)timeout_ms);
    error = error ? error : row->err;
    if (!error && row->offset < 0) {
        error = RD_KAFKA_RESP_ERR__BAD_MSG;
    }
    *ret_offset = row->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return error;
}

int hs_kafka_ends(rd_kafka_t *client, const char *topic, int32_t partition, int64_t timeout_ms,
                  int64_t *ret_low, int64_t *ret_high)
{
    int64_t until_ns = hs_clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
    int64_t low, high = 0;
    rd_kafka_resp_err_t error =
        ask_for(client, topic, partition, RD_KAFKA_OFFSET_BEGINNING, timeout_ms, &low);
    if (!error) {
        int64_t left_ms = (until_ns - hs_clock_monotonic_ns()) / 1000000;
        error = ask_for(client, topic, partition, RD_KAFKA_OFFSET_END, left_ms < 1 ? 1 : left_ms,
                        &high);
    }
    if (error) {
        look_for_leader(client, topic, timeout_ms);
        return error == RD_KAFKA_RESP_ERR__TIMED_OUT ? HS_EUNREACHABLE : hs_kafka_error(error);
    }
    *ret_low = low;
    *ret_high = high;
    return 0;
}
