// SPDX-License-Identifier: Apache-2.0
#include "hitctl/list_policy.h"

#include "hitctl/command.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "watchlist/entry.h"

enum { TIERS_MAX = 16 };

int hitctl_list_numbers_check(const struct hitctl_list_numbers *numbers)
{
    if (numbers->review_days <= HITCTL_REVIEW_MAX && numbers->shrink_pct <= 100 &&
        numbers->keep <= HITCTL_KEEP_MAX && numbers->min_confidence <= 100) {
        return HITCTL_OK;
    }
    hitctl_error(
        "--review-days is at most %d, --shrink-percent and --min-confidence 100, --keep %d",
        HITCTL_REVIEW_MAX, HITCTL_KEEP_MAX);
    return HITCTL_USAGE;
}

bool hitctl_text_given(const char *text)
{
    return text && hs_str_trim(hs_str(text)).len > 0 && hs_str_is_utf8(hs_str(text));
}

// "EXACT;GLYPH"; "" or "default": the engine's own.
static int read_tiers(const char *text, Hitstream__V1__MatchTier *tiers, size_t *ret_count)
{
    struct hs_str rest = hs_str(strcmp(text, "default") == 0 ? "" : text), item;
    size_t count = 0;
    while (rest.len > 0 && hs_str_split(&rest, ';', &item)) {
        int tier = hs_tier_find(hs_str_trim(item));
        if (tier < 0 || count == TIERS_MAX) {
            struct hs_buf names = {0};
            hs_tier_names(&names);
            hitctl_error("--tiers: '%.*s' is no match tier; allowed: %s", HS_STR_ARG(item),
                         hs_buf_text(&names));
            hs_buf_fini(&names);
            return HITCTL_USAGE;
        }
        tiers[count++] = (Hitstream__V1__MatchTier)tier;
    }
    *ret_count = count;
    return HITCTL_OK;
}

int hitctl_policy_pack(struct hs_str before, const char *tiers, int64_t min_confidence,
                       struct hs_buf *out)
{
    Hitstream__V1__MatchPolicy policy = HITSTREAM__V1__MATCH_POLICY__INIT;
    Hitstream__V1__MatchTier rows[TIERS_MAX];
    Hitstream__V1__MatchPolicy *old = hitstream__v1__match_policy__unpack(
        NULL, before.len, (const uint8_t *)(before.len ? before.ptr : ""));
    int code = HITCTL_FAILED;
    if (!old) {
        hitctl_error("the list's match policy cannot be read");
        return code;
    }
    policy = *old;
    policy.min_confidence_pct =
        min_confidence >= 0 ? (uint32_t)min_confidence : old->min_confidence_pct;
    code = tiers ? read_tiers(tiers, rows, &policy.n_tiers) : HITCTL_OK;
    policy.tiers = tiers ? rows : policy.tiers;
    char *at = code == HITCTL_OK
                   ? hs_buf_reserve(out, hitstream__v1__match_policy__get_packed_size(&policy) + 1)
                   : NULL;
    if (at) {
        out->len = hitstream__v1__match_policy__pack(&policy, (uint8_t *)at);
    } else if (code == HITCTL_OK) {
        hitctl_error("out of memory");
        code = HITCTL_FAILED;
    }
    hitstream__v1__match_policy__free_unpacked(old, NULL);
    return code;
}
