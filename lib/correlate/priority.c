// SPDX-License-Identifier: Apache-2.0
#include "correlate/priority.h"

Hitstream__V1__Priority hs_safeguarding_floor(Hitstream__V1__Safeguarding level)
{
    switch (level) {
    case HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_VULNERABLE_ADULT:
        return HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM;
    case HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_MISSING:
    case HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_EXPLOITED_CHILD:
        return HITSTREAM__V1__PRIORITY__PRIORITY_HIGH;
    default:
        return HITSTREAM__V1__PRIORITY__PRIORITY_LOW;
    }
}

Hitstream__V1__Priority hs_harm_floor(const struct hs_rules *rules, uint32_t harm_score)
{
    const struct {
        uint32_t from;
        Hitstream__V1__Priority priority;
    } floors[] = {
        {rules->harm_immediate, HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE},
        {rules->harm_high, HITSTREAM__V1__PRIORITY__PRIORITY_HIGH},
        {rules->harm_medium, HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM},
    };
    for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) {
        if (floors[i].from > 0 && harm_score >= floors[i].from) {
            return floors[i].priority;
        }
    }
    return HITSTREAM__V1__PRIORITY__PRIORITY_LOW;
}

Hitstream__V1__Priority hs_entry_priority(const struct hs_rules *rules,
                                          const Hitstream__V1__WatchlistEntry *entry)
{
    Hitstream__V1__Priority floor = hs_safeguarding_floor(entry->safeguarding);
    Hitstream__V1__Priority harm = hs_harm_floor(rules, entry->harm_score);
    floor = harm > floor ? harm : floor;
    return entry->priority > floor ? entry->priority : floor;
}

Hitstream__V1__Priority hs_priority_raised(const struct hs_rules *rules,
                                           Hitstream__V1__Priority priority, uint32_t unattended)
{
    if (rules->unattended_step == 0 || priority >= HITSTREAM__V1__PRIORITY__PRIORITY_HIGH) {
        return priority;
    }
    uint32_t steps = unattended / rules->unattended_step;
    uint32_t room = (uint32_t)HITSTREAM__V1__PRIORITY__PRIORITY_HIGH - (uint32_t)priority;
    return (Hitstream__V1__Priority)((uint32_t)priority + (steps < room ? steps : room));
}
