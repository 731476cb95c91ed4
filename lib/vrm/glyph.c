// SPDX-License-Identifier: Apache-2.0
#include "vrm/vrm.h"

char hs_vrm_class_of(char c)
{
    switch (c) {
    case 'O':
    case 'D':
    case 'Q':
        return '0';
    case 'I':
        return '1';
    case 'Z':
        return '2';
    case 'S':
        return '5';
    case 'G':
        return '6';
    case 'B':
        return '8';
    default:
        return c;
    }
}

struct hs_vrm hs_vrm_skeleton(const struct hs_vrm *vrm)
{
    struct hs_vrm skeleton = *vrm;
    for (unsigned i = 0; i < HS_VRM_MAX; i++) {
        skeleton.text[i] = hs_vrm_class_of(vrm->text[i]);
    }
    return skeleton;
}

char hs_vrm_glyph_of(char c)
{
    return (char)(c == 'O' ? '0' : c == 'I' ? '1' : c);
}

bool hs_vrm_glyph_eq(const struct hs_vrm *a, const struct hs_vrm *b)
{
    if (a->len != b->len) {
        return false;
    }
    for (unsigned i = 0; i < a->len; i++) {
        if (hs_vrm_glyph_of(a->text[i]) != hs_vrm_glyph_of(b->text[i])) {
            return false;
        }
    }
    return true;
}
