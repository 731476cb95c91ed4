// SPDX-License-Identifier: Apache-2.0
#ifndef HS_VRM_VRM_H
#define HS_VRM_VRM_H
/*
 * Marks: a plate's text, normalised; packed to 64 bits; folded to what its look-alikes share.
 *
 * A mark is 1 to HS_VRM_MAX characters of A-Z, 0-9 and '?' (unreadable, or any character in a
 * pattern). Packed, four characters make a limb of 21 bits (base 38: 0 nothing, 1-10 digits, 11-36
 * letters, 37 '?'), three limbs a word, the first character on top of the lowest limb: injective,
 * and made without a division or a 64-bit multiplication.
 *
 * Threads: any; pure. Ownership: plain values. Trusts nothing about the text it is given.
 */

#include "base/str.h"

enum { HS_VRM_MAX = 12 };

// A normalised mark.
struct hs_vrm {
    char text[HS_VRM_MAX + 1]; // terminated, zero-padded
    uint8_t len;               // 1 to HS_VRM_MAX
    uint8_t unreadable;        // how many '?'
};

// Upper case; without spaces and ASCII punctuation. HS_EINVAL: nothing left; HS_ELIMIT: more than
// HS_VRM_MAX characters left; HS_EFORMAT: a byte that cannot stand on a plate (a control character,
// or not ASCII). `ret_from` (may be NULL, room for HS_VRM_MAX) gets where in the text each
// character stood, at most 255.
int hs_vrm_normalise(struct hs_str text, struct hs_vrm *ret_vrm, uint8_t *ret_from);

uint64_t hs_vrm_pack(const struct hs_vrm *vrm);
// The inverse; HS_EFORMAT for a word that is no packed mark.
int hs_vrm_unpack(uint64_t packed, struct hs_vrm *ret_vrm);

static inline struct hs_str hs_vrm_str(const struct hs_vrm *vrm)
{
    return (struct hs_str){vrm->text, vrm->len};
}
static inline bool hs_vrm_eq(const struct hs_vrm *a, const struct hs_vrm *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

// The character that stands for its look-alike class: {0 O D Q} {1 I} {2 Z} {5 S} {8 B} {6 G};
// others stand for themselves. Two marks that differ within classes only have one skeleton.
char hs_vrm_class_of(char c);
struct hs_vrm hs_vrm_skeleton(const struct hs_vrm *vrm);
// The packed skeleton of a packed mark.
uint64_t hs_vrm_pack_skeleton(const struct hs_vrm *vrm);
// The same of a text that is to be normalised first; 0 when it is no mark, or has unreadable
// characters.
uint64_t hs_vrm_skeleton_of_text(struct hs_str text);

// On UK plates 0 and O, 1 and I are one glyph each: 'O' gives '0', 'I' gives '1'.
char hs_vrm_glyph_of(char c);
// Equal but for characters that are one glyph.
bool hs_vrm_glyph_eq(const struct hs_vrm *a, const struct hs_vrm *b);

// A character's place in the packed alphabet, 1 to 37; 0 for any other byte.
enum { HS_VRM_VALUE_ANY = 37 }; // '?'
unsigned hs_vrm_value_of(char c);
// The same of its look-alike class, in lower case as in upper.
unsigned hs_vrm_class_value_of(char c);
// The inverse for 1 to 37.
char hs_vrm_char_of(unsigned value);

#endif
