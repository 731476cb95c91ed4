// SPDX-License-Identifier: Apache-2.0
#include "vrm/vrm.h"

#include "base/error.h"

enum { LIMB_CHARS = 4, LIMB_BITS = 21, BASE = 38, VALUE_ANY = 37 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_dropped(char c)
{
    return (c >= ' ' && c < '0') || (c > '9' && c < 'A' && c != '?') || (c > 'Z' && c < 'a') ||
           (c > 'z' && c < 127);
}

int hs_vrm_normalise(struct hs_str text, struct hs_vrm *ret_vrm, uint8_t *ret_from)
{
    struct hs_vrm vrm = {0};
    uint8_t from[HS_VRM_MAX] = {0};
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = upper(text.ptr[i]);
        if (is_dropped(c)) {
            continue;
        }
        if (!is_digit(c) && !is_upper(c) && c != '?') {
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
    if (is_digit(c)) {
        return (unsigned)(c - '0') + 1;
    }
    if (is_upper(c)) {
        return (unsigned)(c - 'A') + 11;
    }
    return c == '?' ? VALUE_ANY : 0;
}

char hs_vrm_char_of(unsigned value)
{
    static const char alphabet[] = "\0"
                                   "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ?";
    return value <= VALUE_ANY ? alphabet[value] : '\0';
}

// Characters beyond the mark's end are zero in `text`, and so in the word.
static uint64_t pack_text(const char text[HS_VRM_MAX])
{
    uint64_t packed = 0;
    for (unsigned limb = 0; limb < HS_VRM_MAX / LIMB_CHARS; limb++) {
        uint64_t value = 0;
        for (unsigned i = 0; i < LIMB_CHARS; i++) {
            value = value * BASE + hs_vrm_value_of(text[limb * LIMB_CHARS + i]);
        }
        packed |= value << (limb * LIMB_BITS);
    }
    return packed;
}

uint64_t hs_vrm_pack(const struct hs_vrm *vrm)
{
    return pack_text(vrm->text);
}

uint64_t hs_vrm_pack_skeleton(const struct hs_vrm *vrm)
{
    struct hs_vrm skeleton = hs_vrm_skeleton(vrm);
    return pack_text(skeleton.text);
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
