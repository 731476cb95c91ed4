// SPDX-License-Identifier: Apache-2.0
#include "hitctl/sight.h"

#include <stdio.h>

#include "base/error.h"
#include "hitctl/consult.h"
#include "hitctl/rights.h"
#include "hitctl/store_open.h"

// May the person see each of the lists? Said in the same words whether there is such a list or not.
static int ask_for(const struct hitctl *ctl, const char *lists)
{
    char list_id[HS_LIST_ID_MAX + 1];
    struct hs_str rest = hs_str(lists), name;
    int result = HITCTL_OK;
    while (result == HITCTL_OK && hs_str_split(&rest, ',', &name)) {
        name = hs_str_trim(name);
        if (!hs_store_list_id_ok(name)) {
            hitctl_error("--covert: '%s' is no list of list ids", lists);
            return HITCTL_USAGE;
        }
        snprintf(list_id, sizeof(list_id), "%.*s", HS_STR_ARG(name));
        result = hitctl_may(ctl, HITCTL_MAY_SEE, list_id);
    }
    return result;
}

int hitctl_sight_open(const struct hitctl *ctl, const char *lists, struct hitctl_sight *ret_sight)
{
    if (lists && !*ctl->authority) {
        hitctl_error("--covert needs --authority: by what right these lists are looked at");
        return HITCTL_REFUSED;
    }
    *ret_sight = (struct hitctl_sight){ctl, lists};
    return lists ? ask_for(ctl, lists) : HITCTL_OK;
}

static int log_subject(const struct hitctl_sight *sight, struct hitctl_subject subject)
{
    char list_id[HS_LIST_ID_MAX + 1];
    struct hs_store *store = NULL;
    struct hs_str rest = hs_str(sight->lists ? sight->lists : ""), name;
    int result = hitctl_store_open(sight->ctl, &store);
    while (result == HITCTL_OK && hs_str_split(&rest, ',', &name)) {
        snprintf(list_id, sizeof(list_id), "%.*s", HS_STR_ARG(hs_str_trim(name)));
        subject.list_id = *list_id ? list_id : NULL;
        result = hitctl_consulted(sight->ctl, store, &subject);
    }
    hs_store_free(store);
    return result;
}

int hitctl_sight_log(const struct hitctl_sight *sight, const char *vehicle, const char *queue)
{
    return log_subject(sight, (struct hitctl_subject){.vehicle = vehicle, .queue = queue});
}

int hitctl_sight_log_about(const struct hitctl_sight *sight, const char *about)
{
    return log_subject(sight, (struct hitctl_subject){.about = about});
}

static bool is_named(const char *lists, struct hs_str list_id)
{
    struct hs_str rest = hs_str(lists), name;
    while (lists && hs_str_split(&rest, ',', &name)) {
        if (hs_str_eq(hs_str_trim(name), list_id)) {
            return true;
        }
    }
    return false;
}

bool hitctl_sight_allows(const struct hitctl_sight *sight, const struct hs_audience *audience)
{
    switch (audience->kind) {
    case HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT:
    case HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL:
        return is_named(sight->lists, audience->list_id) &&
               hitctl_sees(sight->ctl, audience->list_id, true);
    case HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN:
    case HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TEST:
        return hitctl_sees(sight->ctl, hs_str(""), false);
    default:
        return false; // of a later version: not known to be open
    }
}
