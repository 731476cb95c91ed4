// SPDX-License-Identifier: Apache-2.0
#include "watchlist/changes.h"

#include <stdio.h>

#include <sodium.h>

#include "base/error.h"

static const char *const op_names[] = {
    [HS_OP_CREATE] = "create",
    [HS_OP_SET] = "set",
    [HS_OP_LOAD] = "load",
    [HS_OP_ROLLBACK] = "rollback",
    [HS_OP_PUT] = "put",
    [HS_OP_DROP] = "drop",
    [HS_OP_REMOVE] = "remove",
    [HS_OP_CONTROLS] = "controls",
    [HS_OP_CONFIRM] = "confirm",
    [HS_OP_CONSULTED] = "consulted",
    [HS_OP_REFUSED] = "refused",
    [HS_OP_NOMINATED] = "nominated",
    [HS_OP_INTELLIGENCE] = "intelligence",
    [HS_OP_DECLINED] = "declined",
    [HS_OP_CAMERA] = "camera",
};

const char *hs_change_op_name(enum hs_change_op op)
{
    return op_names[op];
}

bool hs_change_op_is_aside(enum hs_change_op op)
{
    return op >= HS_OP_CONSULTED;
}

struct hs_position hs_position_start(void)
{
    struct hs_position position = {.id = "0-0"};
    memset(position.hash, '0', HS_CHANGE_HASH_BYTES - 1);
    return position;
}

static bool split_id(const char *id, uint64_t *ret_ms, uint64_t *ret_sequence)
{
    struct hs_str rest = hs_str(id), ms, sequence;
    return hs_str_split(&rest, '-', &ms) && hs_str_split(&rest, '-', &sequence) &&
           hs_str_to_u64(ms, ret_ms) == 0 && hs_str_to_u64(sequence, ret_sequence) == 0;
}

int hs_change_id_cmp(const char *a, const char *b)
{
    uint64_t a_ms, a_sequence, b_ms, b_sequence;
    bool a_ok = split_id(a, &a_ms, &a_sequence);
    bool b_ok = split_id(b, &b_ms, &b_sequence);
    if (!a_ok || !b_ok) {
        return (int)a_ok - (int)b_ok;
    }
    if (a_ms != b_ms) {
        return a_ms < b_ms ? -1 : 1;
    }
    return (a_sequence > b_sequence) - (a_sequence < b_sequence);
}

static void hash_text(crypto_generichash_state *state, struct hs_str text)
{
    uint8_t len[8];
    for (int i = 0; i < 8; i++) {
        len[i] = (uint8_t)((uint64_t)text.len >> (8 * i));
    }
    crypto_generichash_update(state, len, sizeof(len));
    crypto_generichash_update(state, (const unsigned char *)text.ptr, text.len);
}

void hs_change_hash(struct hs_str id, const struct hs_str *texts, size_t count,
                    char ret_hash[HS_CHANGE_HASH_BYTES])
{
    crypto_generichash_state state;
    unsigned char hash[32];
    crypto_generichash_init(&state, NULL, 0, sizeof(hash));
    hash_text(&state, id);
    for (size_t i = 0; i < count; i++) {
        hash_text(&state, texts[i]);
    }
    crypto_generichash_final(&state, hash, sizeof(hash));
    hs_hex_encode(hash, sizeof(hash), ret_hash);
}

// ---- fields ----
//
// One table says where each field of a record goes; encoding and decoding walk it.

enum field_kind {
    FIELD_TEXT,
    FIELD_U64,
    FIELD_U32,
    FIELD_I64,
    FIELD_HEX64, // 16 hex digits
    FIELD_KIND,  // open, covert
    FIELD_STATUS,
};

enum { // which operations bear a field
    WITH_ALL = 1,
    WITH_LIST = 2,  // every change of a list
    WITH_SPEC = 4,  // those that say all of the list
    WITH_ENTRY = 8, // put, drop
    WITH_CONTROLS = 16,
    WITH_LOOKED = 32, // those that hs_change_op_is_aside()
};

struct field {
    const char *name;
    enum field_kind kind;
    unsigned with;
    size_t offset; // in struct hs_change
};

#define IN_CHANGE(member) offsetof(struct hs_change, member)
static const struct field fields[] = {
    {"at", FIELD_I64, WITH_ALL, IN_CHANGE(at_ms)},
    {"who", FIELD_TEXT, WITH_ALL, IN_CHANGE(who)},
    {"authority", FIELD_TEXT, WITH_ALL, IN_CHANGE(authority)},
    {"note", FIELD_TEXT, WITH_ALL, IN_CHANGE(note)},
    {"list", FIELD_TEXT, WITH_LIST, IN_CHANGE(list.list_id)},
    {"generation", FIELD_U64, WITH_LIST, IN_CHANGE(list.generation)},
    {"sequence", FIELD_U64, WITH_LIST, IN_CHANGE(list.sequence)},
    {"size", FIELD_U64, WITH_LIST, IN_CHANGE(list.size)},
    {"checksum", FIELD_HEX64, WITH_LIST, IN_CHANGE(list.checksum)},
    {"title", FIELD_TEXT, WITH_SPEC, IN_CHANGE(list.title)},
    {"owner_force", FIELD_TEXT, WITH_SPEC, IN_CHANGE(list.owner_force)},
    {"purpose", FIELD_TEXT, WITH_SPEC, IN_CHANGE(list.purpose)},
    {"kind", FIELD_KIND, WITH_SPEC, IN_CHANGE(list.covert)},
    {"status", FIELD_STATUS, WITH_SPEC, IN_CHANGE(list.status)},
    {"policy", FIELD_TEXT, WITH_SPEC, IN_CHANGE(list.policy)},
    {"review_days", FIELD_U32, WITH_SPEC, IN_CHANGE(list.review_days)},
    {"shrink_pct", FIELD_U32, WITH_SPEC, IN_CHANGE(list.shrink_pct)},
    {"keep_generations", FIELD_U32, WITH_SPEC, IN_CHANGE(list.keep_generations)},
    {"created", FIELD_I64, WITH_SPEC, IN_CHANGE(list.created_at_ms)},
    {"entry_id", FIELD_TEXT, WITH_ENTRY, IN_CHANGE(entry_id)},
    {"entry", FIELD_TEXT, WITH_ENTRY, IN_CHANGE(entry)},
    {"before", FIELD_TEXT, WITH_ENTRY, IN_CHANGE(before)},
    {"controls", FIELD_TEXT, WITH_CONTROLS, IN_CHANGE(controls_hash)},
    {"controls_before", FIELD_TEXT, WITH_CONTROLS, IN_CHANGE(controls_before)},
    {"command", FIELD_TEXT, WITH_LOOKED, IN_CHANGE(looked.command)},
    {"about_list", FIELD_TEXT, WITH_LOOKED, IN_CHANGE(looked.list_id)},
    {"about_vehicle", FIELD_TEXT, WITH_LOOKED, IN_CHANGE(looked.vehicle)},
    {"about_queue", FIELD_TEXT, WITH_LOOKED, IN_CHANGE(looked.queue)},
};
enum { FIELD_COUNT = sizeof(fields) / sizeof(fields[0]) };
_Static_assert(2 * (FIELD_COUNT + 2) <= HS_CHANGE_TEXTS_MAX, "a record has room for every field");
_Static_assert(FIELD_COUNT <= 32, "a bit for every field, see decode_named()");

static unsigned with_of(enum hs_change_op op)
{
    switch (op) {
    case HS_OP_CREATE:
    case HS_OP_SET:
    case HS_OP_LOAD:
    case HS_OP_ROLLBACK:
        return WITH_ALL | WITH_LIST | WITH_SPEC;
    case HS_OP_PUT:
    case HS_OP_DROP:
        return WITH_ALL | WITH_LIST | WITH_ENTRY;
    case HS_OP_REMOVE:
        return WITH_ALL | WITH_LIST;
    case HS_OP_CONTROLS:
        return WITH_ALL | WITH_CONTROLS;
    case HS_OP_CONSULTED:
    case HS_OP_REFUSED:
    case HS_OP_NOMINATED:
    case HS_OP_INTELLIGENCE:
    case HS_OP_DECLINED:
    case HS_OP_CAMERA:
        return WITH_ALL | WITH_LOOKED;
    case HS_OP_CONFIRM:
        break;
    }
    return WITH_ALL;
}

static const char *const status_names[] = {
    [HS_STORE_LIVE] = "live", [HS_STORE_TRIAL] = "trial", [HS_STORE_SUSPENDED] = "suspended"};

const char *hs_store_status_name(enum hs_store_status status)
{
    return status_names[status];
}

int hs_store_status_parse(struct hs_str text, enum hs_store_status *ret_status)
{
    for (enum hs_store_status status = HS_STORE_LIVE; status <= HS_STORE_SUSPENDED; status++) {
        if (hs_str_is(text, status_names[status])) {
            *ret_status = status;
            return 0;
        }
    }
    return HS_EFORMAT;
}

static struct hs_str encode_field(const struct field *field, const struct hs_change *change,
                                  struct hs_buf *storage)
{
    const void *member = (const char *)change + field->offset;
    size_t from = storage->len;
    switch (field->kind) {
    case FIELD_TEXT:
        return *(const struct hs_str *)member;
    case FIELD_KIND:
        return hs_str(*(const bool *)member ? "covert" : "open");
    case FIELD_STATUS:
        return hs_str(hs_store_status_name(*(const enum hs_store_status *)member));
    case FIELD_U64:
        hs_buf_printf(storage, "%llu", (unsigned long long)*(const uint64_t *)member);
        break;
    case FIELD_U32:
        hs_buf_printf(storage, "%u", (unsigned)*(const uint32_t *)member);
        break;
    case FIELD_I64:
        hs_buf_printf(storage, "%lld", (long long)*(const int64_t *)member);
        break;
    case FIELD_HEX64:
        hs_buf_printf(storage, "%016llx", (unsigned long long)*(const uint64_t *)member);
        break;
    }
    return hs_str_n(storage->ptr + from, storage->len - from);
}

enum { NUMBER_BYTES = 32 }; // of one number as text

size_t hs_change_encode(const struct hs_change *change, struct hs_buf *storage,
                        struct hs_str texts[HS_CHANGE_TEXTS_MAX])
{
    unsigned with = with_of(change->op);
    size_t count = 0;
    // Room at once: texts point into the storage, which must not move.
    if (!hs_buf_reserve(storage, FIELD_COUNT * NUMBER_BYTES)) {
        return 0;
    }
    texts[count++] = HS_STR("op");
    texts[count++] = hs_str(hs_change_op_name(change->op));
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (fields[i].with & with) {
            texts[count++] = hs_str(fields[i].name);
            texts[count++] = encode_field(&fields[i], change, storage);
        }
    }
    return count;
}

int hs_store_sum_parse(struct hs_str text, uint64_t *ret_sum)
{
    uint8_t bytes[8];
    int rc = hs_hex_decode(text, bytes, sizeof(bytes));
    if (rc != 0) {
        return rc;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        sum = sum << 8 | bytes[i];
    }
    *ret_sum = sum;
    return 0;
}

static int decode_u32(struct hs_str text, uint32_t *ret_value)
{
    uint64_t value;
    int rc = hs_str_to_u64(text, &value);
    if (rc != 0 || value > UINT32_MAX) {
        return HS_EFORMAT;
    }
    *ret_value = (uint32_t)value;
    return 0;
}

static int decode_field(const struct field *field, struct hs_str text, struct hs_change *change)
{
    void *member = (char *)change + field->offset;
    switch (field->kind) {
    case FIELD_TEXT:
        *(struct hs_str *)member = text;
        return 0;
    case FIELD_KIND:
        *(bool *)member = hs_str_is(text, "covert");
        return *(bool *)member || hs_str_is(text, "open") ? 0 : HS_EFORMAT;
    case FIELD_STATUS:
        return hs_store_status_parse(text, member);
    case FIELD_U64:
        return hs_str_to_u64(text, member);
    case FIELD_U32:
        return decode_u32(text, member);
    case FIELD_I64:
        return hs_str_to_i64(text, member);
    case FIELD_HEX64:
        return hs_store_sum_parse(text, member);
    }
    return HS_EFORMAT;
}

static int decode_op(struct hs_str text, enum hs_change_op *ret_op)
{
    for (size_t i = 0; i < sizeof(op_names) / sizeof(op_names[0]); i++) {
        if (hs_str_is(text, op_names[i])) {
            *ret_op = (enum hs_change_op)i;
            return 0;
        }
    }
    return HS_EFORMAT;
}

// Field i of the table from its name; fields this build does not know are passed over: the hash
// covers them.
static int decode_named(struct hs_str name, struct hs_str text, struct hs_change *change,
                        uint32_t *seen)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (hs_str_is(name, fields[i].name)) {
            *seen |= UINT32_C(1) << i;
            return decode_field(&fields[i], text, change);
        }
    }
    return 0;
}

static uint32_t fields_of(enum hs_change_op op)
{
    uint32_t wanted = 0;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        wanted |= fields[i].with & with_of(op) ? UINT32_C(1) << i : 0;
    }
    return wanted;
}

int hs_change_decode(struct hs_str id, const struct hs_str *texts, size_t count,
                     struct hs_change *ret_change, char ret_previous_hash[HS_CHANGE_HASH_BYTES])
{
    struct hs_change change = {0};
    uint32_t seen = 0;
    if (count < 4 || count % 2 != 0 || id.len == 0 || id.len >= HS_CHANGE_ID_BYTES ||
        !hs_str_is(texts[0], "prev") || texts[1].len != HS_CHANGE_HASH_BYTES - 1 ||
        !hs_str_is(texts[2], "op") || decode_op(texts[3], &change.op) != 0) {
        return HS_EFORMAT;
    }
    for (size_t i = 4; i < count; i += 2) {
        int rc = decode_named(texts[i], texts[i + 1], &change, &seen);
        if (rc != 0) {
            return HS_EFORMAT;
        }
    }
    if ((seen & fields_of(change.op)) != fields_of(change.op)) {
        return HS_EFORMAT;
    }
    change.list.changed_at_ms = change.at_ms;
    memcpy(change.at.id, id.ptr, id.len);
    hs_change_hash(id, texts, count, change.at.hash);
    memcpy(ret_previous_hash, texts[1].ptr, HS_CHANGE_HASH_BYTES - 1);
    ret_previous_hash[HS_CHANGE_HASH_BYTES - 1] = '\0';
    *ret_change = change;
    return 0;
}
