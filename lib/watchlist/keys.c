// SPDX-License-Identifier: Apache-2.0
#include "watchlist/keys.h"

#include <stddef.h>

#include "config/access.h"

#define DAEMON        (HS_ACCESS_MATCH | HS_ACCESS_CORRELATE)
#define LEAD          HS_ACCESS_LEAD
#define ADMINISTRATOR HS_ACCESS_ADMINISTRATOR

static const struct hs_key_rule rules[] = {
    // whoever looks or is refused is put on record; the script that does it reads the chain's end
    {.key = HS_KEY_CHANGES,
     .readers = HS_ACCESS_MATCH,
     .writers = HS_ACCESS_CORRELATE | HS_ACCESS_INTAKE | HS_ACCESS_PEOPLE},
    {.key = HS_KEY_LISTS, .readers = DAEMON | HS_ACCESS_PEOPLE, .writers = LEAD},
    // 'not this vehicle' changes an entry
    {.key = HS_KEY_LIST,
     .more = true,
     .per_list = true,
     .readers = DAEMON | HS_ACCESS_PEOPLE,
     .writers = HS_ACCESS_CORRELATE | LEAD},
    // operations and groups are a part of them
    {.key = HS_KEY_CONTROLS, .readers = DAEMON | HS_ACCESS_PEOPLE, .writers = LEAD | ADMINISTRATOR},
    {.key = HS_KEY_INSTANCES, .readers = HS_ACCESS_PEOPLE, .writers = DAEMON | ADMINISTRATOR},
    {.key = HS_KEY_INSTANCE,
     .more = true,
     .readers = HS_ACCESS_PEOPLE,
     .writers = DAEMON | ADMINISTRATOR},
    {.key = HS_KEY_SAID, .more = true, .writers = HS_ACCESS_INTAKE | LEAD},
    {0},
};

const struct hs_key_rule *hs_keys_rules(void)
{
    return rules;
}
