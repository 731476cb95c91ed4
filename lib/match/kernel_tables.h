// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_KERNEL_TABLES_H
#define HS_MATCH_KERNEL_TABLES_H
/*
 * What the vector kernels look bytes up in: rows for the 128 of ASCII. Constants: any thread, nobody
 * owns them. For kernel_avx2.c and kernel_avx512.c alone.
 */

#include <stdint.h>

#define EVERY_BYTE(n) (UINT64_C(0x0101010101010101) * (n))
enum { ODD = 0x80 }; // a byte that is left to scalar code; also for those beyond ASCII

// 16 rows that are all odd, but for the first byte of the first 16: padding.
#define ODD_ROW                                                                                    \
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80
#define PADDING_ROW                                                                                \
    0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80

// Values of the skeleton (vrm.h), lower case as upper.
#define DIGITS 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80
// A B(8) C D(0) E F G(6) H I(1) J K L M N O(0)
#define A_TO_O 0x80, 11, 9, 13, 1, 15, 16, 7, 18, 2, 20, 21, 22, 23, 24, 1
// P Q(0) R S(5) T U V W X Y Z(2)
#define P_TO_Z 26, 1, 28, 6, 30, 31, 32, 33, 34, 35, 3, 0x80, 0x80, 0x80, 0x80, 0x80
_Alignas(64) static const uint8_t skeleton_values[128] = {
    PADDING_ROW, ODD_ROW, ODD_ROW, DIGITS, A_TO_O, P_TO_Z, A_TO_O, P_TO_Z,
};
#undef DIGITS
#undef A_TO_O
#undef P_TO_Z

// Where in a mark of the current series a character may stand, as bits: a digit 1, among the first two 2, among the last
// three 4.
#define DIGITS 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0
#define A_TO_O 0, 6, 6, 6, 6, 6, 6, 6, 6, 0, 6, 6, 6, 6, 6, 6 // not I
#define P_TO_Z                                                                                     \
    6, 0, 6, 6, 6, 6, 6, 6, 6, 6, 4, 0, 0, 0, 0, 0 // Q nowhere, Z not among the first two
#define NOTHING 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
_Alignas(64) static const uint8_t form_places[128] = {
    NOTHING, NOTHING, NOTHING, DIGITS, A_TO_O, P_TO_Z, A_TO_O, P_TO_Z,
};
#undef DIGITS
#undef A_TO_O
#undef P_TO_Z
#undef NOTHING
#define FORM_ASKED UINT64_C(0x0004040401010202) // of each position, the first one lowest

#endif
