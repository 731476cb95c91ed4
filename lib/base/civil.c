// SPDX-License-Identifier: Apache-2.0
#include "base/civil.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"

// Days from 1970-01-01 of a proleptic Gregorian date; years from March, so that leap days come
// last.
static int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, struct hs_civil *out)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    out->day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    out->month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    out->year = (int)(yoe + era * 400 + (out->month <= 2));
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

// 1970-01-01 was a Thursday.
static unsigned weekday_of(int64_t days)
{
    int64_t w = (days + 3) % 7;
    return (unsigned)(w < 0 ? w + 7 : w);
}

struct hs_civil hs_civil_utc(int64_t at_ms)
{
    struct hs_civil out = {0};
    int64_t days = floor_div(at_ms, HS_MS_PER_DAY);
    int64_t rest = at_ms - days * HS_MS_PER_DAY;
    date_from_days(days, &out);
    out.weekday = weekday_of(days);
    out.hour = (unsigned)(rest / HS_MS_PER_HOUR);
    out.minute = (unsigned)(rest / HS_MS_PER_MINUTE % 60);
    out.second = (unsigned)(rest / HS_MS_PER_SECOND % 60);
    out.ms = (unsigned)(rest % HS_MS_PER_SECOND);
    return out;
}

// 01:00 UTC on the last Sunday of a 31-day month.
static int64_t last_sunday_ms(int year, unsigned month)
{
    int64_t days = days_from_date(year, month, 31);
    days -= (weekday_of(days) + 1) % 7;
    return days * HS_MS_PER_DAY + HS_MS_PER_HOUR;
}

static int64_t london_offset_ms(int64_t at_ms)
{
    int year = hs_civil_utc(at_ms).year;
    bool summer = at_ms >= last_sunday_ms(year, 3) && at_ms < last_sunday_ms(year, 10);
    return summer ? HS_MS_PER_HOUR : 0;
}

struct hs_civil hs_civil_london(int64_t at_ms)
{
    return hs_civil_utc(at_ms + london_offset_ms(at_ms));
}

// The instant of a London wall time given as if it were UTC; in the repeated hour the first, in the
// skipped hour an hour later.
static int64_t london_to_instant_ms(int64_t wall_ms)
{
    int64_t as_summer = wall_ms - HS_MS_PER_HOUR;
    return london_offset_ms(as_summer) ? as_summer : wall_ms;
}

static bool is_date(int64_t year, unsigned month, unsigned day)
{
    static const unsigned char month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) {
        return false;
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= month_days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

static int day_start(uint32_t yyyymmdd, int64_t plus_days, int64_t *ret_at_ms)
{
    unsigned year = yyyymmdd / 10000, month = yyyymmdd / 100 % 100, day = yyyymmdd % 100;
    if (!is_date(year, month, day)) {
        return HS_EINVAL;
    }
    *ret_at_ms =
        london_to_instant_ms((days_from_date(year, month, day) + plus_days) * HS_MS_PER_DAY);
    return 0;
}

int hs_civil_day_start_ms(uint32_t yyyymmdd, int64_t *ret_at_ms)
{
    return day_start(yyyymmdd, 0, ret_at_ms);
}

int hs_civil_day_end_ms(uint32_t yyyymmdd, int64_t *ret_at_ms)
{
    return day_start(yyyymmdd, 1, ret_at_ms);
}

uint32_t hs_civil_date(int64_t at_ms)
{
    struct hs_civil c = hs_civil_london(at_ms);
    return (uint32_t)c.year * 10000 + c.month * 100 + c.day;
}

// Exactly `n` digits at the front of *s, cut off.
static bool take_digits(struct hs_str *s, size_t n, unsigned *ret_value)
{
    uint64_t value;
    if (s->len < n || hs_str_to_u64(hs_str_n(s->ptr, n), &value) != 0) {
        return false;
    }
    *ret_value = (unsigned)value;
    *s = hs_str_n(s->ptr + n, s->len - n);
    return true;
}

static bool take_char(struct hs_str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c) {
        return false;
    }
    *s = hs_str_n(s->ptr + 1, s->len - 1);
    return true;
}

static bool take_date(struct hs_str *s, unsigned *year, unsigned *month, unsigned *day)
{
    if (s->len >= 3 && s->ptr[2] == '/') {
        return take_digits(s, 2, day) && take_char(s, '/') && take_digits(s, 2, month) &&
               take_char(s, '/') && take_digits(s, 4, year);
    }
    if (s->len >= 5 && s->ptr[4] == '-') {
        return take_digits(s, 4, year) && take_char(s, '-') && take_digits(s, 2, month) &&
               take_char(s, '-') && take_digits(s, 2, day);
    }
    return take_digits(s, 4, year) && take_digits(s, 2, month) && take_digits(s, 2, day);
}

int hs_civil_parse_date(struct hs_str text, uint32_t *ret_yyyymmdd)
{
    unsigned year, month, day;
    if (!take_date(&text, &year, &month, &day) || text.len != 0) {
        return HS_EFORMAT;
    }
    if (!is_date(year, month, day)) {
        return HS_EINVAL;
    }
    *ret_yyyymmdd = year * 10000 + month * 100 + day;
    return 0;
}

// The number in so many digits and then a character; what follows them.
static char *put_digits(char *to, unsigned value, unsigned digits, char then)
{
    for (unsigned i = digits; i > 0; i--, value /= 10) {
        to[i - 1] = (char)('0' + value % 10);
    }
    to[digits] = then;
    return to + digits + 1;
}

void hs_civil_format(int64_t at_ms, char ret_text[HS_CIVIL_TEXT_BYTES])
{
    struct hs_civil c = hs_civil_utc(at_ms);
    if (c.year >= 0 && c.year < 10000) { // on the way of every alert
        char *at = put_digits(ret_text, (unsigned)c.year, 4, '-');
        at = put_digits(at, c.month, 2, '-');
        at = put_digits(at, c.day, 2, 'T');
        at = put_digits(at, c.hour, 2, ':');
        at = put_digits(at, c.minute, 2, ':');
        at = put_digits(at, c.second, 2, '.');
        at = put_digits(at, c.ms, 3, 'Z');
        *at = '\0';
        return;
    }
    snprintf(ret_text, HS_CIVIL_TEXT_BYTES, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ", c.year % 10000,
             c.month % 100, c.day % 100, c.hour % 100, c.minute % 100, c.second % 100, c.ms % 1000);
}

// ".123456" at the front of *s as whole milliseconds; 0 when there is none.
static bool take_fraction(struct hs_str *s, unsigned *ret_ms)
{
    unsigned ms = 0, digits = 0;
    if (take_char(s, '.')) {
        while (s->len > 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9') {
            if (digits++ < 3) {
                ms = ms * 10 + (unsigned)(s->ptr[0] - '0');
            }
            *s = hs_str_n(s->ptr + 1, s->len - 1);
        }
        if (digits == 0) {
            return false;
        }
    }
    for (; digits < 3; digits++) {
        ms *= 10;
    }
    *ret_ms = ms;
    return true;
}

// The zone at the end of an RFC 3339 text, applied to a wall time.
static int apply_zone(struct hs_str zone, int64_t wall_ms, int64_t *ret_at_ms)
{
    unsigned hours, minutes;
    if (zone.len == 0) {
        *ret_at_ms = london_to_instant_ms(wall_ms);
        return 0;
    }
    if (hs_str_is(zone, "Z")) {
        *ret_at_ms = wall_ms;
        return 0;
    }
    bool east = zone.ptr[0] == '+';
    if ((!east && zone.ptr[0] != '-') || zone.len != 6) {
        return HS_EFORMAT;
    }
    zone = hs_str_n(zone.ptr + 1, zone.len - 1);
    if (!take_digits(&zone, 2, &hours) || !take_char(&zone, ':') ||
        !take_digits(&zone, 2, &minutes) || hours > 14 || minutes > 59) {
        return HS_EFORMAT;
    }
    int64_t offset_ms = hours * HS_MS_PER_HOUR + minutes * HS_MS_PER_MINUTE;
    *ret_at_ms = east ? wall_ms - offset_ms : wall_ms + offset_ms;
    return 0;
}

int hs_civil_parse(struct hs_str text, int64_t *ret_at_ms)
{
    unsigned year, month, day, hour, minute, second = 0, ms = 0;
    if (!take_date(&text, &year, &month, &day) ||
        (!take_char(&text, 'T') && !take_char(&text, ' ')) || !take_digits(&text, 2, &hour) ||
        !take_char(&text, ':') || !take_digits(&text, 2, &minute)) {
        return HS_EFORMAT;
    }
    if (take_char(&text, ':') && (!take_digits(&text, 2, &second) || !take_fraction(&text, &ms))) {
        return HS_EFORMAT;
    }
    if (!is_date(year, month, day) || hour > 23 || minute > 59 || second > 59) {
        return HS_EINVAL;
    }
    int64_t wall_ms = days_from_date(year, month, day) * HS_MS_PER_DAY + hour * HS_MS_PER_HOUR +
                      minute * HS_MS_PER_MINUTE + second * HS_MS_PER_SECOND + ms;
    return apply_zone(text, wall_ms, ret_at_ms);
}
