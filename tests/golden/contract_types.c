// SPDX-License-Identifier: Apache-2.0
#include "golden/contract_types.h"

#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/camera.pb-c.h"
#include "hitstream/v1/controls.pb-c.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/feedback.pb-c.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/state.pb-c.h"
#include "hitstream/v1/watchlist.pb-c.h"

static const ProtobufCMessageDescriptor *const types[] = {
    &hitstream__v1__plate_read_batch__descriptor,  &hitstream__v1__watchlist_entry__descriptor,
    &hitstream__v1__vehicle_event__descriptor,     &hitstream__v1__vehicle_state__descriptor,
    &hitstream__v1__partition_state__descriptor,   &hitstream__v1__alert__descriptor,
    &hitstream__v1__reply_to__descriptor,          &hitstream__v1__controls_source__descriptor,
    &hitstream__v1__controls_manifest__descriptor, &hitstream__v1__controls_part__descriptor,
    &hitstream__v1__audit_anchor__descriptor,      &hitstream__v1__list_info__descriptor,
    &hitstream__v1__match_policy__descriptor,      &hitstream__v1__feedback__descriptor,
    &hitstream__v1__camera_health__descriptor,     &hitstream__v1__camera_observation__descriptor,
    &hitstream__v1__gather_memory__descriptor,     &hitstream__v1__gather_manifest__descriptor,
};

const ProtobufCMessageDescriptor *contract_type(struct hs_str name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (hs_str_is(name, types[i]->short_name)) {
            return types[i];
        }
    }
    return NULL;
}
