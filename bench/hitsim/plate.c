// SPDX-License-Identifier: Apache-2.0
#include "hitsim/plate.h"

#include <string.h>

static const char letters[] = "ABCDEFGHJKLMNOPRSTUVWXYZ";      // no I, Q
static const char first_letters[] = "ABCDEFGHJKLMNOPRSTUVWXY"; // no I, Q, Z
static const char year_letters[] = "ABCDEFGHJKLMNPRSTVWXY";    // no I, O, Q, U, Z

enum { VEHICLE_BITS = 24, AGE_CODES = 46, NORTHERN_MARKS = 9000 * 23 * 21 };

// A permutation of 24-bit numbers, so that neighbours do not look alike.
static uint32_t scramble(uint32_t vehicle)
{
    uint32_t x = vehicle & ((1u << VEHICLE_BITS) - 1);
    for (int round = 0; round < 3; round++) {
        x = (x * 0x9e3779b1u + 0x7f4a7c15u) & ((1u << VEHICLE_BITS) - 1);
        x ^= x >> 13;
    }
    return x;
}

// Takes the last digit in base `base` off the number.
static uint32_t take(uint32_t *number, uint32_t base)
{
    uint32_t digit = *number % base;
    *number /= base;
    return digit;
}

// AA99AAA, issued September 2001 to summer 2024. 46 * 24^3 * 23 = 14.6 M, times 23 for the first
// letter.
static struct plate current_series(uint32_t number)
{
    struct plate plate;
    uint32_t age = take(&number, AGE_CODES);
    uint32_t code = age < 23 ? 2 + age : 51 + (age - 23);
    plate.text[6] = letters[take(&number, 24)];
    plate.text[5] = letters[take(&number, 24)];
    plate.text[4] = letters[take(&number, 24)];
    plate.text[1] = first_letters[take(&number, 23)];
    plate.text[0] = first_letters[(code * 7 + number) % 23];
    plate.text[2] = (char)('0' + code / 10);
    plate.text[3] = (char)('0' + code % 10);
    plate.text[7] = '\0';
    return plate;
}

// A999AAA, 1983 to 2001.
static struct plate prefix_series(uint32_t number)
{
    struct plate plate;
    uint32_t serial = 100 + take(&number, 900);
    plate.text[6] = first_letters[take(&number, 23)];
    plate.text[5] = first_letters[take(&number, 23)];
    plate.text[4] = first_letters[take(&number, 23)];
    plate.text[0] = year_letters[number % 21];
    plate.text[1] = (char)('0' + serial / 100);
    plate.text[2] = (char)('0' + serial / 10 % 10);
    plate.text[3] = (char)('0' + serial % 10);
    plate.text[7] = '\0';
    return plate;
}

// AIA9999, Northern Ireland.
static struct plate northern_series(uint32_t number)
{
    struct plate plate;
    uint32_t serial = 1000 + take(&number, 9000);
    plate.text[1] = 'I';
    plate.text[0] = first_letters[take(&number, 23)];
    plate.text[2] = year_letters[number % 21]; // no O: "AIO9000" would be "A109OOO" to the eye
    for (int i = 6; i >= 3; i--) {
        plate.text[i] = (char)('0' + take(&serial, 10));
    }
    plate.text[7] = '\0';
    return plate;
}

struct plate plate_of_vehicle(uint32_t vehicle)
{
    uint32_t number = scramble(vehicle);
    switch (vehicle % 50) { // each series takes fewer numbers than it has marks
    case 7:
    case 19:
    case 31:
        return prefix_series(number);
    case 43:
        return northern_series((uint32_t)((uint64_t)(vehicle / 50) * 2654435761u % NORTHERN_MARKS));
    default:
        return current_series(number);
    }
}

// What a character is taken for: each string begins with the character, the others are its rivals.
static const char *const rivals[] = {
    "0ODQ8", "O0DQ", "D0OQ", "Q0O", "1I7L", "I1T",  "2Z7",  "Z27", "5S6", "S58", "8B30", "B8R3",
    "6G5",   "G6C",  "3859", "4A",  "A4R",  "7ZT1", "9308", "EF",  "FE",  "PBR", "CG",   "KX",
    "XKY",   "VWYU", "WVNM", "YVX", "MNHW", "NMH",  "HMNK", "TI7", "RKP", "UV",  "L1"};

static char rival_of(char c, struct random *random)
{
    for (unsigned i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++) {
        if (rivals[i][0] == c) {
            return rivals[i][1 + random_below(random, (uint32_t)strlen(rivals[i]) - 1)];
        }
    }
    return c == 'J' ? 'U' : '?';
}

static void spoil(struct reading *reading, struct plate plate, struct random *random)
{
    unsigned len = (unsigned)strlen(reading->text);
    unsigned at = random_below(random, len);
    uint32_t kind = random_below(random, 100);
    if (kind < 6) { // a character is lost
        memmove(reading->text + at, reading->text + at + 1, len - at);
        memmove(reading->confidence + at, reading->confidence + at + 1, len - at);
        return;
    }
    reading->text[at] = kind < 14 ? '?' : rival_of(reading->text[at], random);
    reading->confidence[at] =
        (unsigned char)(reading->text[at] == '?' ? 0 : 35 + random_below(random, 35));
    if (kind < 70) { // the camera's engine had the right one in mind as well
        reading->candidates[0] = plate;
        reading->candidate_confidence[0] = (unsigned char)(30 + random_below(random, 35));
        reading->candidate_count = 1;
    }
}

struct reading plate_read(struct plate plate, double misread_share, struct random *random)
{
    struct reading reading = {0};
    memcpy(reading.text, plate.text, sizeof(plate.text));
    unsigned len = (unsigned)strlen(reading.text);
    for (unsigned i = 0; i < len; i++) {
        reading.confidence[i] = (unsigned char)(82 + random_below(random, 18));
    }
    if (random_unit(random) < misread_share) {
        spoil(&reading, plate, random);
        reading.misread = strcmp(reading.text, plate.text) != 0;
    }
    return reading;
}
