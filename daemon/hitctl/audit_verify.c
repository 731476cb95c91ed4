// SPDX-License-Identifier: Apache-2.0
#include "hitctl/audit_verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/error.h"
#include "hitctl/list_common.h"
#include "hitctl/stream.h"
#include "hitstream/v1/controls.pb-c.h"
#include "kafka/tail.h"

#define ANCHORS_TOPIC HS_KAFKA_CONTROLS

enum { READ_TIMEOUT_MS = 60000 };

struct verify_options {
    bool chain_only;
};

const struct hitctl_option hitctl_audit_verify_options[] = {
    {"chain-only", HITCTL_FLAG, offsetof(struct verify_options, chain_only), NULL,
     "do not ask Kafka for the anchors"},
    {NULL, 0, 0, NULL, NULL},
};

struct anchor {
    struct hs_position position;
    int64_t at_ms;
    bool seen;      // the record stands in the chain, with this hash
    bool differs;   // with another hash
    bool confirmed; // a person said that it is right that it is missing
};

struct verifying {
    struct anchor *anchors; // in order of the records' ids
    size_t anchor_count, anchor_capacity;
    uint64_t records;
    struct hs_position head;
    int64_t from_ms, to_ms;
    int rc;
};

// ---- anchors ----

static int add_anchor(struct verifying *verifying, const Hitstream__V1__AuditAnchor *message)
{
    if (strlen(message->change_id) >= HS_CHANGE_ID_BYTES ||
        strlen(message->change_hash) != HS_CHANGE_HASH_BYTES - 1) {
        return 0;
    }
    if (verifying->anchor_count == HITCTL_ANCHORS_MAX) {
        return HS_ELIMIT;
    }
    if (verifying->anchor_count == verifying->anchor_capacity) {
        size_t capacity = verifying->anchor_capacity ? 2 * verifying->anchor_capacity : 64;
        void *grown = reallocarray(verifying->anchors, capacity, sizeof(*verifying->anchors));
        if (!grown) {
            return HS_ENOMEM;
        }
        verifying->anchors = grown;
        verifying->anchor_capacity = capacity;
    }
    struct anchor *anchor = &verifying->anchors[verifying->anchor_count++];
    *anchor = (struct anchor){.at_ms = message->at_ms};
    strcpy(anchor->position.id, message->change_id);
    strcpy(anchor->position.hash, message->change_hash);
    return 0;
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct verifying *verifying = ctx;
    if (!hs_str_is(message->key, "anchor") || message->value.len == 0) {
        return true;
    }
    Hitstream__V1__AuditAnchor *anchor = hitstream__v1__audit_anchor__unpack(
        NULL, message->value.len, (const uint8_t *)message->value.ptr);
    if (anchor) {
        verifying->rc = add_anchor(verifying, anchor);
        hitstream__v1__audit_anchor__free_unpacked(anchor, NULL);
    }
    return verifying->rc == 0;
}

static int by_record(const void *a, const void *b)
{
    return hs_change_id_cmp(((const struct anchor *)a)->position.id,
                            ((const struct anchor *)b)->position.id);
}

static int read_anchors(const struct hitctl *ctl, struct verifying *verifying)
{
    struct hs_kafka_tail *tail = NULL;
    const struct hs_kafka_range range = {.topic = ANCHORS_TOPIC,
                                         .partition = -1,
                                         .from_time_ms = -1,
                                         .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_TIMEOUT_MS};
    int status = hs_kafka_tail_new(ctl->settings, NULL, &tail);
    if (status == 0) {
        status = hs_kafka_tail_read(tail, &range, 1, &options, on_message, verifying);
    }
    hs_kafka_tail_free(tail);
    if (verifying->rc != 0) {
        hitctl_error("cannot read the anchors: %s", hs_strerror(verifying->rc));
        return HITCTL_FAILED;
    }
    if (status != 0) {
        return hitctl_kafka_failed(status, ANCHORS_TOPIC);
    }
    if (verifying->anchor_count > 0) {
        qsort(verifying->anchors, verifying->anchor_count, sizeof(*verifying->anchors), by_record);
    }
    return HITCTL_OK;
}

// ---- the walk ----

// The anchors of a record stand side by side.
static void match_anchors(struct verifying *verifying, const struct hs_position *at)
{
    size_t low = 0, high = verifying->anchor_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (hs_change_id_cmp(verifying->anchors[middle].position.id, at->id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < verifying->anchor_count; low++) {
        struct anchor *anchor = &verifying->anchors[low];
        if (strcmp(anchor->position.id, at->id) != 0) {
            break;
        }
        anchor->seen = strcmp(anchor->position.hash, at->hash) == 0;
        anchor->differs = !anchor->seen;
    }
}

static int walk(void *ctx, const struct hs_change *change)
{
    struct verifying *verifying = ctx;
    verifying->from_ms = verifying->records == 0 ? change->at_ms : verifying->from_ms;
    verifying->to_ms = change->at_ms;
    verifying->records++;
    verifying->head = change->at;
    match_anchors(verifying, &change->at);
    for (size_t i = 0; change->op == HS_OP_CONFIRM && i < verifying->anchor_count; i++) {
        struct anchor *anchor = &verifying->anchors[i];
        anchor->confirmed |= hs_str_is(change->note, anchor->position.id);
    }
    return 0;
}

// ---- the answer ----

static const struct anchor *first_broken(const struct verifying *verifying)
{
    for (size_t i = 0; i < verifying->anchor_count; i++) {
        const struct anchor *anchor = &verifying->anchors[i];
        if (!anchor->seen && !anchor->confirmed) {
            return anchor;
        }
    }
    return NULL;
}

static void say_broken_anchor(const struct anchor *anchor, char *text, size_t size)
{
    char at[HS_CIVIL_TEXT_BYTES];
    hs_civil_format(anchor->at_ms, at);
    snprintf(text, size,
             anchor->differs
                 ? "record '%s' is not what its anchor of %s has seen: expected hash %s"
                 : "record '%s' is missing, its anchor of %s has seen it: expected hash %s",
             anchor->position.id, at, anchor->position.hash);
}

static void say_holds(const struct verifying *verifying, bool anchors)
{
    char from[HS_CIVIL_TEXT_BYTES], to[HS_CIVIL_TEXT_BYTES];
    size_t confirmed = 0;
    hs_civil_format(verifying->from_ms, from);
    hs_civil_format(verifying->to_ms, to);
    printf("%llu records hold", (unsigned long long)verifying->records);
    if (verifying->records > 0) {
        printf(", from %s to %s; the last is '%s' with hash %s", from, to, verifying->head.id,
               verifying->head.hash);
    }
    for (size_t i = 0; i < verifying->anchor_count; i++) {
        confirmed += !verifying->anchors[i].seen;
    }
    printf(anchors ? "\n%zu anchors hold" : "\nanchors were not asked for",
           verifying->anchor_count - confirmed);
    if (confirmed > 0) {
        printf("; %zu are missing, as a person has confirmed", confirmed);
    }
    putchar('\n');
}

static int answer(const struct hitctl *ctl, const struct verifying *verifying, const char *broken,
                  uint64_t position, bool anchors)
{
    if (ctl->json) {
        json_t *json =
            json_pack("{s:b, s:I, s:s, s:s, s:I}", "holds", broken == NULL, "records",
                      (json_int_t)verifying->records, "head", verifying->head.id, "hash",
                      verifying->head.hash, "anchors", (json_int_t)verifying->anchor_count);
        if (broken) {
            json_object_set_new(json, "break", json_string(broken));
            json_object_set_new(json, "position", json_integer((json_int_t)position));
        }
        hitctl_print_json(json);
    } else if (broken) {
        printf("the trail is broken behind record %llu: %s\n", (unsigned long long)position,
               broken);
    } else {
        say_holds(verifying, anchors);
    }
    return broken ? HITCTL_REFUSED : HITCTL_OK;
}

static int verify(const struct hitctl *ctl, struct hs_store *store, struct verifying *verifying,
                  bool anchors)
{
    char text[512];
    int rc = hs_store_history(store, hs_str(""), walk, verifying);
    if (rc == HS_ELOST || rc == HS_EPROTO) {
        return answer(ctl, verifying, hs_store_why(store), verifying->records, anchors);
    }
    if (rc != 0) {
        return hitctl_store_failed(store, rc, "cannot read the trail");
    }
    const struct anchor *anchor = first_broken(verifying);
    if (anchor) {
        say_broken_anchor(anchor, text, sizeof(text));
        return answer(ctl, verifying, text, verifying->records, anchors);
    }
    return answer(ctl, verifying, NULL, 0, anchors);
}

int hitctl_audit_verify(struct hitctl *ctl, int argc, char **argv)
{
    struct verify_options options = {0};
    struct verifying verifying = {.head = hs_position_start()};
    struct hs_store *store = NULL;
    int words = hitctl_options_parse(hitctl_audit_verify_options, &options, argc, argv);
    if (words != 0) {
        if (words > 0) {
            hitctl_error("takes no words");
        }
        return HITCTL_USAGE;
    }
    // Anchors first: what they have seen stands in the chain by then.
    int code = options.chain_only ? HITCTL_OK : read_anchors(ctl, &verifying);
    code = code ? code : hitctl_store_open(ctl, &store);
    code = code ? code : verify(ctl, store, &verifying, !options.chain_only);
    free(verifying.anchors);
    hs_store_free(store);
    return code;
}
