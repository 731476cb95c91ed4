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

Hitstream__V1__Priority hs_entry_priority(const Hitstream__V1__WatchlistEntry *entry)
{
    Hitstream__V1__Priority floor = hs_safeguarding_floor(entry->safeguarding);
    return entry->priority > floor ? entry->priority : floor;
}
