// SPDX-License-Identifier: Apache-2.0
#include "watchlist/entry_hours.h"

#include "base/error.h"

static bool letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

static int parse_day(struct hs_str text)
{
    for (int i = 0; day_names[i]; i++) {
        if (hs_str_eq_nocase(text, hs_str(day_names[i]))) {
            return i;
        }
    }
    return -1;
}

static int parse_days(struct hs_str text, uint32_t *ret_days)
{
    struct hs_str item;
    uint32_t days = 0;
    while (hs_str_split(&text, ',', &item)) {
        struct hs_str first, last = {0};
        hs_str_split(&item, '-', &first);
        int from = parse_day(first);
        int to = hs_str_split(&item, '-', &last) ? parse_day(last) : from;
        if (from < 0 || to < 0 || item.ptr) {
            return HS_EFORMAT;
        }
        for (int day = from;; day = (day + 1) % 7) {
            days |= UINT32_C(1) << day;
            if (day == to) {
                break;
            }
        }
    }
    *ret_days = days;
    return 0;
}

static int parse_minute(struct hs_str text, uint32_t *ret_minute)
{
    struct hs_str hour, minute;
    uint64_t h, m;
    if (!hs_str_split(&text, ':', &hour) || !hs_str_split(&text, ':', &minute) || text.ptr ||
        hour.len != 2 || minute.len != 2 || hs_str_to_u64(hour, &h) != 0 ||
        hs_str_to_u64(minute, &m) != 0 || m > 59 || h * 60 + m > 1440) {
        return HS_EFORMAT;
    }
    *ret_minute = (uint32_t)(h * 60 + m);
    return 0;
}

int hs_entry_hours_parse(struct hs_str text, uint32_t *ret_days, uint32_t *ret_from,
                         uint32_t *ret_to)
{
    struct hs_str part, from, to;
    *ret_days = 0;
    *ret_from = 0;
    *ret_to = 1440;
    hs_str_split(&text, ' ', &part);
    if (part.len > 0 && letter(part.ptr[0])) {
        int rc = parse_days(part, ret_days);
        if (rc != 0 || !text.ptr) {
            return rc;
        }
        part = hs_str_trim(text);
    } else if (text.ptr) {
        return HS_EFORMAT;
    }
    if (!hs_str_split(&part, '-', &from) || !hs_str_split(&part, '-', &to) || part.ptr ||
        parse_minute(from, ret_from) != 0 || parse_minute(to, ret_to) != 0 || *ret_from > 1439 ||
        *ret_to == 0) {
        return HS_EFORMAT;
    }
    return *ret_from == *ret_to ? HS_EFORMAT : 0;
}
