// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_CIVIL_H
#define HS_BASE_CIVIL_H
/*
 * Civil time in Europe/London: weed dates, hours, nights and quarters go by it.
 *
 * Pure: no time zone database, no environment. The rule is the one in force since 1996 (Summer Time
 * Order 2002): an hour ahead of UTC from 01:00 UTC on the last Sunday of March to 01:00 UTC on the
 * last Sunday of October. Good for years 1996 to 9999; earlier times follow the same rule.
 *
 * Threads: any; plain values, nothing is owned.
 */

#include "base/str.h"

struct hs_civil {
    int year;         // 1 to 9999
    unsigned month;   // 1 to 12
    unsigned day;     // 1 to 31
    unsigned hour;    // 0 to 23
    unsigned minute;  // 0 to 59
    unsigned second;  // 0 to 59
    unsigned ms;      // 0 to 999
    unsigned weekday; // 0 Monday to 6 Sunday
};

// The civil time in London at an instant (Unix ms).
struct hs_civil hs_civil_london(int64_t at_ms);
// The same in UTC.
struct hs_civil hs_civil_utc(int64_t at_ms);

// The instant at which a London day begins; the date is yyyymmdd. HS_EINVAL for no such date.
int hs_civil_day_start_ms(uint32_t yyyymmdd, int64_t *ret_at_ms);
// The instant at which a London day is over: 23, 24 or 25 hours later.
int hs_civil_day_end_ms(uint32_t yyyymmdd, int64_t *ret_at_ms);
// The London date of an instant as yyyymmdd.
uint32_t hs_civil_date(int64_t at_ms);

// "2026-12-31", "20261231" or "31/12/2026" as yyyymmdd; HS_EFORMAT, or HS_EINVAL for no such date.
int hs_civil_parse_date(struct hs_str text, uint32_t *ret_yyyymmdd);

// RFC 3339 instants. Formatting gives UTC with milliseconds: "2026-11-21T22:41:27.000Z"; `ret_text`
// has room for HS_CIVIL_TEXT_BYTES. Parsing takes 'Z' or a numeric offset; without one it is London
// time.
enum { HS_CIVIL_TEXT_BYTES = 32 };
void hs_civil_format(int64_t at_ms, char ret_text[HS_CIVIL_TEXT_BYTES]);
int hs_civil_parse(struct hs_str text, int64_t *ret_at_ms);

#endif
