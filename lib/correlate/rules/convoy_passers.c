// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/convoy_passers.h"

#include "base/error.h"
#include "wire/varint.h"

enum { ROW_BYTES_MAX = 3 * HS_VARINT_BYTES_MAX };

bool hs_convoy_is_passer(const struct hs_convoy *convoy,
                         const struct hs_convoy_companion *companion)
{
    bool once = companion->seen != 0 && (companion->seen & (companion->seen - 1)) == 0;
    return once && !companion->listed && companion->together_incident == 0 &&
           companion->carried_bits == 0 && companion->carried_sites == 0 &&
           companion->carried_journeys == 0 && companion->told_journey == 0 &&
           companion->last_at_ms == convoy->stops[__builtin_ctz(companion->seen)].at_ms;
}

bool hs_convoy_pack_passers(const struct hs_convoy *convoy, struct hs_bump *bump,
                            ProtobufCBinaryData *ret_rows)
{
    uint8_t *rows = hs_bump_take(bump, convoy->companion_count * ROW_BYTES_MAX + 1);
    uint8_t *at = rows;
    uint64_t mark = 0;
    if (!rows) {
        return false;
    }
    for (size_t i = 0; i < convoy->companion_count; i++) {
        const struct hs_convoy_companion *companion = &convoy->companions[i];
        if (hs_convoy_is_passer(convoy, companion)) {
            unsigned stop = (unsigned)__builtin_ctz(companion->seen);
            at = hs_varint_put(at, companion->mark - mark);
            at = hs_varint_put(at, stop);
            at = hs_varint_put(at, hs_zigzag(companion->gaps_ms[stop]));
            mark = companion->mark;
        }
    }
    *ret_rows = (ProtobufCBinaryData){(size_t)(at - rows), rows};
    return true;
}

int hs_convoy_next_passer(struct hs_convoy_passers *passers, const struct hs_convoy *convoy,
                          struct hs_convoy_companion *ret_companion)
{
    uint64_t apart, stop, gap;
    if (!hs_varint_take(&passers->at, passers->end, &apart) ||
        !hs_varint_take(&passers->at, passers->end, &stop) ||
        !hs_varint_take(&passers->at, passers->end, &gap) || stop >= convoy->stop_count ||
        gap > UINT32_MAX) {
        return HS_EFORMAT;
    }
    passers->mark += apart;
    *ret_companion = (struct hs_convoy_companion){
        .mark = passers->mark,
        .seen = UINT32_C(1) << stop,
        .last_at_ms = convoy->stops[stop].at_ms,
    };
    ret_companion->gaps_ms[stop] = (int32_t)hs_unzigzag(gap);
    return 0;
}
