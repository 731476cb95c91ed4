// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/hold.h"

#include "wire/message.h"

Hitstream__V1__Hit *hs_hold_hit(struct hs_rule_scope *scope, const struct hs_held_row *row)
{
    return (Hitstream__V1__Hit *)(void *)hs_message_unpack(
        &hitstream__v1__hit__descriptor, hs_str_n(row->hit, row->len), scope->bump);
}

void hs_hold_forget(struct hs_rule_scope *scope, struct hs_vehicle *vehicle)
{
    for (size_t i = 0; vehicle->held && i < vehicle->held->count; i++) {
        scope->stats->held_moot += vehicle->held->rows[i].hits;
    }
    hs_held_free(vehicle->held);
    vehicle->held = NULL;
}
