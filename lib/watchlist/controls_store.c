// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "watchlist/store_private.h"

// hs:controls: head, predecessor, source:<hash>, and 'kept': the hashes whose source is there,
// newest first.

static const char controls_key[] = HS_KEY_CONTROLS;
enum { HASH_DIGITS = HS_CHANGE_HASH_BYTES - 1 };

// A field of hs:controls, appended to `out`; HS_ENOTFOUND.
static int get_field(struct hs_store *store, struct hs_str field, struct hs_buf *out)
{
    redisReply *reply;
    struct hs_str arguments[] = {HS_STR("HGET"), hs_str(controls_key), field};
    int rc = hs_redis_command(store->redis, 3, arguments, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "key 'hs:controls'");
    }
    if (reply->type == REDIS_REPLY_STRING) {
        hs_buf_add(out, reply->str, reply->len);
        rc = hs_buf_status(out);
    } else {
        rc = hs_store_fail(store, HS_ENOTFOUND, "key 'hs:controls': there is no '%.*s'",
                           HS_STR_ARG(field));
    }
    hs_redis_reply_free(reply);
    return rc;
}

int hs_store_controls_get(struct hs_store *store, const char *hash, struct hs_buf *ret_packed)
{
    struct hs_bump bump = {0};
    int rc = get_field(store, hs_store_text(&bump, "source:%s", hash), ret_packed);
    hs_bump_fini(&bump);
    return rc;
}

int hs_store_controls_head(struct hs_store *store, char ret_hash[HS_CHANGE_HASH_BYTES],
                           struct hs_buf *ret_packed)
{
    struct hs_buf head = {0};
    char hash[HS_CHANGE_HASH_BYTES] = "";
    int rc = get_field(store, HS_STR("head"), &head);
    if (rc == HS_ENOTFOUND) {
        *ret_hash = '\0';
        rc = 0;
        goto out;
    }
    if (rc == 0 && head.len != HASH_DIGITS) {
        rc = hs_store_fail(store, HS_EPROTO, "key 'hs:controls': field 'head' is no hash");
    }
    if (rc == 0) {
        memcpy(hash, head.ptr, HASH_DIGITS);
        rc = ret_packed ? hs_store_controls_get(store, hash, ret_packed) : 0;
        rc = rc == HS_ENOTFOUND ? HS_EPROTO : rc;
    }
    if (rc == 0) {
        memcpy(ret_hash, hash, sizeof(hash));
    }
out:
    hs_buf_fini(&head);
    return rc;
}

// The hashes kept after this activation: the new one first, then those before it; what falls off is
// deleted.
static struct hs_str propose_kept(struct hs_proposal *proposal, struct hs_str kept,
                                  const char *hash)
{
    struct hs_buf text = {0};
    size_t count = 1;
    struct hs_str one;
    hs_buf_add_text(&text, hash);
    while (kept.len > 0 && hs_str_split(&kept, ' ', &one)) {
        if (hs_str_is(one, hash) || one.len != HASH_DIGITS) {
            continue;
        }
        if (count++ < HS_STORE_CONTROLS_KEPT) {
            hs_buf_add_char(&text, ' ');
            hs_buf_add_str(&text, one);
        } else {
            struct hs_str field = hs_store_text(&proposal->bump, "source:%.*s", HS_STR_ARG(one));
            hs_proposal_command(proposal, "HDEL", hs_str(controls_key), 1, &field);
        }
    }
    const char *copy = hs_bump_copy(&proposal->bump, text.ptr, text.len);
    struct hs_str result = copy ? hs_str_n(copy, text.len) : hs_str("");
    hs_buf_fini(&text);
    return result;
}

int hs_store_controls_activate(struct hs_store *store, const char *expected_head, const char *hash,
                               struct hs_str packed, const char *operation,
                               const struct hs_actor *actor)
{
    struct hs_proposal proposal;
    struct hs_buf kept = {0};
    struct hs_position position;
    struct hs_change change = {.op = HS_OP_CONTROLS,
                               .controls_hash = hs_str(hash),
                               .controls_before = hs_str(expected_head),
                               .who = hs_str(actor->who),
                               .authority = hs_str(actor->authority),
                               .note = hs_str(operation),
                               .at_ms = hs_clock_realtime_ms()};
    hs_proposal_init(&proposal);
    int rc = get_field(store, HS_STR("kept"), &kept);
    rc = rc == HS_ENOTFOUND ? 0 : rc;
    if (rc == 0) {
        struct hs_str texts[] = {HS_STR("head"),
                                 hs_str(hash),
                                 HS_STR("predecessor"),
                                 hs_str(expected_head),
                                 hs_store_text(&proposal.bump, "source:%s", hash),
                                 packed,
                                 HS_STR("kept"),
                                 propose_kept(&proposal, hs_buf_str(&kept), hash)};
        hs_proposal_check(&proposal, hs_str(controls_key), "head", hs_str(expected_head));
        hs_proposal_command(&proposal, "HSET", hs_str(controls_key), 8, texts);
        rc = hs_proposal_send(&proposal, store, &change, &position);
    }
    hs_buf_fini(&kept);
    hs_proposal_fini(&proposal);
    return rc;
}

// ---- history ----

struct activations {
    struct hs_controls_activation *rows; // the last `max`, a ring
    size_t max;
    size_t seen;
    struct hs_bump bump;
};

static const char *keep(struct hs_bump *bump, struct hs_str text)
{
    const char *copy = hs_bump_copy(bump, text.ptr, text.len);
    return copy ? copy : "";
}

static int keep_activation(void *ctx, const struct hs_change *change)
{
    struct activations *all = ctx;
    if (change->op != HS_OP_CONTROLS) {
        return 0;
    }
    all->rows[all->seen++ % all->max] = (struct hs_controls_activation){
        .change_id = keep(&all->bump, hs_str(change->at.id)),
        .hash = keep(&all->bump, change->controls_hash),
        .predecessor = keep(&all->bump, change->controls_before),
        .operation = keep(&all->bump, change->note),
        .who = keep(&all->bump, change->who),
        .authority = keep(&all->bump, change->authority),
        .at_ms = change->at_ms,
    };
    return 0;
}

int hs_store_controls_history(struct hs_store *store, size_t max,
                              void (*row)(void *ctx, const struct hs_controls_activation *row),
                              void *ctx)
{
    struct activations all = {.max = max ? max : 1};
    all.rows = calloc(all.max, sizeof(*all.rows));
    if (!all.rows) {
        return HS_ENOMEM;
    }
    int rc = hs_store_history(store, hs_str(""), keep_activation, &all);
    size_t count = all.seen < max ? all.seen : max;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        row(ctx, &all.rows[(all.seen - 1 - i) % all.max]);
    }
    hs_bump_fini(&all.bump);
    free(all.rows);
    return rc;
}
