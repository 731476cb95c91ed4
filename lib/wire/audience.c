// SPDX-License-Identifier: Apache-2.0
#include "wire/audience.h"

#include "base/error.h"

static const char open_text[] = "open";

// The text before the list's id, or NULL.
static const char *prefix_of(Hitstream__V1__AudienceKind kind)
{
    switch (kind) {
    case HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT:
        return "covert:";
    case HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL:
        return "trial:";
    case HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TEST:
        return "test:";
    default:
        return NULL;
    }
}

static bool parse_list(struct hs_str text, Hitstream__V1__AudienceKind kind,
                       struct hs_audience *ret_audience)
{
    struct hs_str prefix = hs_str(prefix_of(kind));
    if (text.len <= prefix.len || memcmp(text.ptr, prefix.ptr, prefix.len) != 0) {
        return false;
    }
    ret_audience->kind = kind;
    ret_audience->list_id = hs_str_n(text.ptr + prefix.len, text.len - prefix.len);
    return true;
}

int hs_audience_parse(struct hs_str text, struct hs_audience *ret_audience)
{
    if (hs_str_is(text, open_text)) {
        ret_audience->kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
        ret_audience->list_id = hs_str("");
        return HS_OK;
    }
    if (parse_list(text, HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT, ret_audience) ||
        parse_list(text, HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL, ret_audience) ||
        parse_list(text, HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TEST, ret_audience)) {
        return HS_OK;
    }
    return HS_EFORMAT;
}

int hs_audience_of(const Hitstream__V1__Audience *message, struct hs_audience *ret_audience)
{
    if (!message) {
        return HS_EFORMAT;
    }
    bool open = message->kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    struct hs_str list_id = hs_str(message->list_id);
    if ((!open && !prefix_of(message->kind)) || open != (list_id.len == 0)) {
        return HS_EFORMAT;
    }
    ret_audience->kind = message->kind;
    ret_audience->list_id = list_id;
    return HS_OK;
}

void hs_audience_print(const struct hs_audience *audience, struct hs_buf *out)
{
    const char *prefix = prefix_of(audience->kind);
    hs_buf_add_text(out, prefix ? prefix : open_text);
    hs_buf_add_str(out, audience->list_id);
}
