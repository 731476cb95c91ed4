// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_REFERENCE_REFERENCE_H
#define TESTS_REFERENCE_REFERENCE_H
/*
 * The slow matcher: every read against every entry, straight from the definitions (design 7,
 * domain: plates and confusions; what they leave open as lib/match's headers say it). It shares no
 * code with lib/vrm or lib/match.
 *
 * Threads: one. Plain values; texts are terminated and owned by whoever filled them in.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REF_TEXT = 32, REF_SMALL = 4, REF_EXACT = 1, REF_WILDCARD = 7 };

struct ref_list {
    char id[REF_TEXT];
    bool covert;
    int status;     // 1 live, 2 trial, 3 suspended
    unsigned tiers; // bit a tier; 0: the defaults
    unsigned max_confused;
    unsigned max_lookalike;
    unsigned min_confidence_pct;
};

struct ref_entry {
    int list; // place of its list
    char id[REF_TEXT];
    char vrm[REF_TEXT];
    unsigned permitted; // bit a tier; 0: as the list says
    int64_t valid_from_ms;
    unsigned weed_date;
    unsigned days, from_minute, to_minute;
    char forces[2][REF_TEXT], areas[2][REF_TEXT], roads[2][REF_TEXT]; // "" is none
    char excluded[2][REF_TEXT];
    int64_t excluded_until_ms[2];
};

struct ref_camera {
    bool known;
    char force[REF_TEXT], area[REF_TEXT], road[REF_TEXT];
};

struct ref_read {
    char vrm[REF_TEXT];
    int64_t captured_at_ms;
    bool has_confidence;
    uint8_t confidence_pct[REF_TEXT];
    int candidate_count;
    char candidates[REF_SMALL][REF_TEXT];
    unsigned candidate_pct[REF_SMALL];
    struct ref_camera camera;
};

// All hits of a read in order, "list/entry tier score [ambiguous] ~matched;"; `out` has room for
// `size` bytes.
void ref_match(const struct ref_list *lists, int list_count, const struct ref_entry *entries,
               int entry_count, const struct ref_read *read, char *out, size_t size);

// The series tests, for the tests of lib/vrm: whether a normalised mark can exist at a date
// (yyyymmdd).
bool ref_is_legal(const char *mark, unsigned date);

#endif
