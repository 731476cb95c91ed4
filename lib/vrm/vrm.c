// SPDX-License-Identifier: Apache-2.0
#include "vrm/vrm.h"

#include "base/error.h"

enum { LIMB_CHARS = 4, LIMB_BITS = 21, BASE = 38 };

// What a byte of a text is on a plate: its character in upper case, or one of these.
enum { REFUSED = 0, DROPPED = 1 };
static const char normal[256] = {
    [' '] = DROPPED, ['!'] = DROPPED, ['"'] = DROPPED,  ['#'] = DROPPED,  ['$'] = DROPPED,
    ['%'] = DROPPED, ['&'] = DROPPED, ['\''] = DROPPED, ['('] = DROPPED,  [')'] = DROPPED,
    ['*'] = DROPPED, ['+'] = DROPPED, [','] = DROPPED,  ['-'] = DROPPED,  ['.'] = DROPPED,
    ['/'] = DROPPED, [':'] = DROPPED, [';'] = DROPPED,  ['<'] = DROPPED,  ['='] = DROPPED,
    ['>'] = DROPPED, ['@'] = DROPPED, ['['] = DROPPED,  ['\\'] = DROPPED, [']'] = DROPPED,
    ['^'] = DROPPED, ['_'] = DROPPED, ['`'] = DROPPED,  ['{'] = DROPPED,  ['|'] = DROPPED,
    ['}'] = DROPPED, ['~'] = DROPPED, ['?'] = '?',      ['0'] = '0',      ['1'] = '1',
    ['2'] = '2',     ['3'] = '3',     ['4'] = '4',      ['5'] = '5',      ['6'] = '6',
    ['7'] = '7',     ['8'] = '8',     ['9'] = '9',      ['A'] = 'A',      ['a'] = 'A',
    ['B'] = 'B',     ['b'] = 'B',     ['C'] = 'C',      ['c'] = 'C',      ['D'] = 'D',
    ['d'] = 'D',     ['E'] = 'E',     ['e'] = 'E',      ['F'] = 'F',      ['f'] = 'F',
    ['G'] = 'G',     ['g'] = 'G',     ['H'] = 'H',      ['h'] = 'H',      ['I'] = 'I',
    ['i'] = 'I',     ['J'] = 'J',     ['j'] = 'J',      ['K'] = 'K',      ['k'] = 'K',
    ['L'] = 'L',     ['l'] = 'L',     ['M'] = 'M',      ['m'] = 'M',      ['N'] = 'N',
    ['n'] = 'N',     ['O'] = 'O',     ['o'] = 'O',      ['P'] = 'P',      ['p'] = 'P',
    ['Q'] = 'Q',     ['q'] = 'Q',     ['R'] = 'R',      ['r'] = 'R',      ['S'] = 'S',
    ['s'] = 'S',     ['T'] = 'T',     ['t'] = 'T',      ['U'] = 'U',      ['u'] = 'U',
    ['V'] = 'V',     ['v'] = 'V',     ['W'] = 'W',      ['w'] = 'W',      ['X'] = 'X',
    ['x'] = 'X',     ['Y'] = 'Y',     ['y'] = 'Y',      ['Z'] = 'Z',      ['z'] = 'Z',
};

// Places in the packed alphabet of a character, and of its look-alike class; 0 for what has none.
static const uint8_t values[128] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
    ['G'] = 17, ['H'] = 18, ['I'] = 19, ['J'] = 20, ['K'] = 21, ['L'] = 22, ['M'] = 23, ['N'] = 24,
    ['O'] = 25, ['P'] = 26, ['Q'] = 27, ['R'] = 28, ['S'] = 29, ['T'] = 30, ['U'] = 31, ['V'] = 32,
    ['W'] = 33, ['X'] = 34, ['Y'] = 35, ['Z'] = 36, ['?'] = 37,
};
static const uint8_t class_values[128] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 9,  ['C'] = 13, ['D'] = 1,  ['E'] = 15, ['F'] = 16,
    ['G'] = 7,  ['H'] = 18, ['I'] = 2,  ['J'] = 20, ['K'] = 21, ['L'] = 22, ['M'] = 23, ['N'] = 24,
    ['O'] = 1,  ['P'] = 26, ['Q'] = 1,  ['R'] = 28, ['S'] = 6,  ['T'] = 30, ['U'] = 31, ['V'] = 32,
    ['W'] = 33, ['X'] = 34, ['Y'] = 35, ['Z'] = 3,  ['?'] = 37,
};

int hs_vrm_normalise(struct hs_str text, struct hs_vrm *ret_vrm, uint8_t *ret_from)
{
    struct hs_vrm vrm = {0};
    uint8_t from[HS_VRM_MAX] = {0};
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = normal[(uint8_t)text.ptr[i]];
        if (c == DROPPED) {
            continue;
        }
        if (c == REFUSED) {
            return HS_EFORMAT;
        }
        if (len < HS_VRM_MAX) {
            vrm.text[len] = c;
            vrm.unreadable += c == '?';
            from[len] = (uint8_t)(i < 255 ? i : 255);
        }
        len++;
    }
    if (len == 0 || len > HS_VRM_MAX) {
        return len ? HS_ELIMIT : HS_EINVAL;
    }
    vrm.len = (uint8_t)len;
    *ret_vrm = vrm;
    if (ret_from) {
        memcpy(ret_from, from, sizeof(from));
    }
    return 0;
}

unsigned hs_vrm_value_of(char c)
{
    return (uint8_t)c < sizeof(values) ? values[(uint8_t)c] : 0;
}

unsigned hs_vrm_class_value_of(char c)
{
    c = normal[(uint8_t)c];
    return class_values[c & 0x7f];
}

char hs_vrm_char_of(unsigned value)
{
    static const char alphabet[] = "\0"
                                   "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ?";
    return value <= HS_VRM_VALUE_ANY ? alphabet[value] : '\0';
}

// Characters beyond the mark's end are zero in `text`, and so in the word. A mark's are ASCII.
static uint64_t pack_text(const char text[HS_VRM_MAX], const uint8_t value_of[128])
{
    uint64_t packed = 0;
    for (unsigned limb = 0; limb < HS_VRM_MAX / LIMB_CHARS; limb++) {
        uint64_t value = 0;
        for (unsigned i = 0; i < LIMB_CHARS; i++) {
            value = value * BASE + value_of[text[limb * LIMB_CHARS + i] & 0x7f];
        }
        packed |= value << (limb * LIMB_BITS);
    }
    return packed;
}

uint64_t hs_vrm_pack(const struct hs_vrm *vrm)
{
    return pack_text(vrm->text, values);
}

uint64_t hs_vrm_pack_skeleton(const struct hs_vrm *vrm)
{
    return pack_text(vrm->text, class_values);
}

uint64_t hs_vrm_skeleton_of_text(struct hs_str text)
{
    enum { BASE2 = BASE * BASE, BASE3 = BASE2 * BASE };
    static const uint64_t weights[HS_VRM_MAX] = {
        BASE3,
        BASE2,
        BASE,
        1,
        (uint64_t)BASE3 << LIMB_BITS,
        (uint64_t)BASE2 << LIMB_BITS,
        (uint64_t)BASE << LIMB_BITS,
        UINT64_C(1) << LIMB_BITS,
        (uint64_t)BASE3 << 2 * LIMB_BITS,
        (uint64_t)BASE2 << 2 * LIMB_BITS,
        (uint64_t)BASE << 2 * LIMB_BITS,
        UINT64_C(1) << 2 * LIMB_BITS,
    };
    uint64_t packed = 0;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = normal[(uint8_t)text.ptr[i]];
        if (c == DROPPED) {
            continue;
        }
        if (c == REFUSED || c == '?' || len == HS_VRM_MAX) {
            return 0;
        }
        packed += class_values[c & 0x7f] * weights[len++];
    }
    return packed;
}

int hs_vrm_unpack(uint64_t packed, struct hs_vrm *ret_vrm)
{
    struct hs_vrm vrm = {0};
    for (unsigned limb = 0; limb < HS_VRM_MAX / LIMB_CHARS; limb++) {
        uint64_t value = (packed >> (limb * LIMB_BITS)) & ((UINT64_C(1) << LIMB_BITS) - 1);
        for (unsigned i = LIMB_CHARS; i-- > 0; value /= BASE) {
            vrm.text[limb * LIMB_CHARS + i] = hs_vrm_char_of((unsigned)(value % BASE));
        }
        if (value) {
            return HS_EFORMAT;
        }
    }
    size_t len = strnlen(vrm.text, HS_VRM_MAX);
    for (size_t i = 0; i < HS_VRM_MAX; i++) {
        if ((i < len) != (vrm.text[i] != '\0')) {
            return HS_EFORMAT;
        }
        vrm.unreadable += vrm.text[i] == '?';
    }
    if (len == 0 || packed >> (3 * LIMB_BITS)) {
        return HS_EFORMAT;
    }
    vrm.len = (uint8_t)len;
    *ret_vrm = vrm;
    return 0;
}
