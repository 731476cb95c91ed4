// SPDX-License-Identifier: Apache-2.0
#include "hitctl/consult.h"

#include "hitctl/store_open.h"
#include "vrm/vrm.h"

static struct hs_str kept(struct hs_bump *bump, struct hs_str text)
{
    const char *copy = hs_bump_copy(bump, text.ptr, text.len);
    return copy ? hs_str_n(copy, text.len) : hs_str("");
}

struct hs_consultation hitctl_consultation(const struct hitctl_subject *subject,
                                           struct hs_bump *bump)
{
    struct hs_vrm vrm;
    struct hs_str vehicle = hs_str(subject->vehicle);
    if (vehicle.len > 0 && hs_vrm_normalise(vehicle, &vrm, NULL) == 0) {
        vehicle = hs_vrm_str(&vrm);
    }
    struct hs_str command = hs_str(hitctl_running());
    struct hs_buf words = {0};
    if (subject->about) {
        hs_buf_printf(&words, "%s %s", hitctl_running(), subject->about);
        command = kept(bump, hs_buf_str(&words));
        hs_buf_fini(&words);
    }
    return (struct hs_consultation){.command = command,
                                    .list_id = kept(bump, hs_str(subject->list_id)),
                                    .vehicle = kept(bump, vehicle),
                                    .queue = kept(bump, hs_str(subject->queue))};
}

int hitctl_consulted(const struct hitctl *ctl, struct hs_store *store,
                     const struct hitctl_subject *subject)
{
    struct hs_bump bump = {0};
    const struct hs_actor actor = {ctl->who, ctl->authority};
    const struct hs_consultation looked = hitctl_consultation(subject, &bump);
    int rc = hs_store_consulted(store, &actor, &looked);
    hs_bump_fini(&bump);
    return rc == 0 ? HITCTL_OK
                   : hitctl_store_failed(store, rc,
                                         "nothing is shown: the consultation cannot be recorded");
}

int hitctl_consulted_alone(const struct hitctl *ctl, const struct hitctl_subject *subjects,
                           size_t count)
{
    struct hs_store *store = NULL;
    int result = hitctl_store_open(ctl, &store);
    for (size_t i = 0; result == HITCTL_OK && i < count; i++) {
        result = hitctl_consulted(ctl, store, &subjects[i]);
    }
    hs_store_free(store);
    return result;
}
