// SPDX-License-Identifier: Apache-2.0
#include "misreads/peers.h"

enum { NONE = 0, NEAR_MAX = 4096 };

// A mark, or a mark less one character, by its hash.
struct slot {
    uint32_t tag;
    uint32_t number; // of the mark, plus one; NONE: free
};

struct peer {
    const struct hs_vrm *marks;
    struct slot *slots;
    size_t mask; // slots less one
};

static uint64_t hash_of(const char *text, unsigned len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) + len;
    for (unsigned i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
    }
    return hash * UINT64_C(0x9e3779b97f4a7c15);
}

static void put(struct peer *peer, const char *text, unsigned len, uint32_t number)
{
    uint64_t hash = hash_of(text, len);
    size_t at = (size_t)(hash >> 32) & peer->mask;
    while (peer->slots[at].number != NONE) {
        at = (at + 1) & peer->mask;
    }
    peer->slots[at] = (struct slot){(uint32_t)hash, number + 1};
}

// The mark without its character `at`.
static void less_one(const struct hs_vrm *vrm, unsigned at, char ret_text[HS_VRM_MAX])
{
    memcpy(ret_text, vrm->text, at);
    memcpy(ret_text + at, vrm->text + at + 1, vrm->len - at - 1U);
}

struct peer *peer_new(const struct hs_vrm *marks, uint32_t count)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    size_t slots = 1024;
    while (slots < (size_t)count * 12) {
        slots *= 2;
    }
    if (!peer || !(peer->slots = calloc(slots, sizeof(*peer->slots)))) {
        abort();
    }
    peer->marks = marks;
    peer->mask = slots - 1;
    for (uint32_t i = 0; i < count; i++) {
        char text[HS_VRM_MAX];
        put(peer, marks[i].text, marks[i].len, i);
        for (unsigned at = 0; at < marks[i].len; at++) {
            less_one(&marks[i], at, text);
            put(peer, text, marks[i].len - 1U, i);
        }
    }
    return peer;
}

void peer_free(struct peer *peer)
{
    if (peer) {
        free(peer->slots);
        free(peer);
    }
}

// At most one character changed, lost or added.
static bool within_one(const struct hs_vrm *a, const struct hs_vrm *b)
{
    if (a->len > b->len) {
        return within_one(b, a);
    }
    unsigned i = 0;
    while (i < a->len && a->text[i] == b->text[i]) {
        i++;
    }
    if (a->len == b->len) {
        return i >= a->len || memcmp(a->text + i + 1, b->text + i + 1, a->len - i - 1U) == 0;
    }
    return a->len + 1 == b->len && memcmp(a->text + i, b->text + i + 1, a->len - i) == 0;
}

uint32_t peer_exact(const struct peer *peer, const struct hs_vrm *read)
{
    uint64_t hash = hash_of(read->text, read->len);
    for (size_t at = (size_t)(hash >> 32) & peer->mask; peer->slots[at].number != NONE;
         at = (at + 1) & peer->mask) {
        const struct slot *slot = &peer->slots[at];
        if (slot->tag == (uint32_t)hash && hs_vrm_eq(&peer->marks[slot->number - 1], read)) {
            return slot->number - 1;
        }
    }
    return UINT32_MAX;
}

// Marks found so far, each once.
struct near {
    uint32_t numbers[NEAR_MAX];
    unsigned count;
};

static void look(const struct peer *peer, const char *text, unsigned len, const struct hs_vrm *read,
                 struct near *near)
{
    uint64_t hash = hash_of(text, len);
    for (size_t at = (size_t)(hash >> 32) & peer->mask; peer->slots[at].number != NONE;
         at = (at + 1) & peer->mask) {
        const struct slot *slot = &peer->slots[at];
        uint32_t number = slot->number - 1;
        bool known = slot->tag != (uint32_t)hash || !within_one(&peer->marks[number], read);
        for (unsigned i = 0; !known && i < near->count; i++) {
            known = near->numbers[i] == number;
        }
        if (!known && near->count < NEAR_MAX) {
            near->numbers[near->count++] = number;
        }
    }
}

unsigned peer_levenshtein(const struct peer *peer, const struct hs_vrm *read, uint32_t wanted,
                          bool *ret_found)
{
    struct near near;
    char text[HS_VRM_MAX];
    near.count = 0;
    look(peer, read->text, read->len, read, &near);
    for (unsigned at = 0; at < read->len; at++) {
        less_one(read, at, text);
        look(peer, text, read->len - 1U, read, &near);
    }
    *ret_found = false;
    for (unsigned i = 0; i < near.count; i++) {
        *ret_found |= near.numbers[i] == wanted;
    }
    return near.count;
}
