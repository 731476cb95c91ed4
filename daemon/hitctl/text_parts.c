// SPDX-License-Identifier: Apache-2.0
#include "hitctl/text_parts.h"

#include "base/civil.h"

const char *hitctl_text_enum(const ProtobufCEnumDescriptor *type, int value, size_t prefix_len)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(type, value);
    return row && strlen(row->name) > prefix_len ? row->name + prefix_len : "?";
}

// Whether a character could steer a terminal, or turn text around so that it reads as another.
static bool is_harmful(struct hs_str character)
{
    const unsigned char *c = (const unsigned char *)character.ptr;
    if (character.len < 2) {
        return *c < 0x20 || *c == 0x7f;
    }
    return (c[0] == 0xc2 && c[1] < 0xa0) ||                                  // C1 controls
           (c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) || // U+202A to U+202E
           (c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);   // U+2066 to U+2069
}

void hitctl_text_safe(struct hs_buf *out, const char *text)
{
    struct hs_str rest = hs_str(text);
    while (rest.len > 0) {
        size_t len = hs_str_utf8_len(rest);
        if (len == 0 || is_harmful(hs_str_n(rest.ptr, len))) {
            hs_buf_add_char(out, '?');
        } else {
            hs_buf_add(out, rest.ptr, len);
        }
        len = len > 0 ? len : 1;
        rest = hs_str_n(rest.ptr + len, rest.len - len);
    }
}

void hitctl_text_time(struct hs_buf *out, int64_t at_ms)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct hs_civil at = hs_civil_london(at_ms);
    hs_buf_printf(out, "%u %s %02u:%02u:%02u", at.day, months[at.month - 1], at.hour, at.minute,
                  at.second);
}

void hitctl_text_place(struct hs_buf *out, const Hitstream__V1__Place *place)
{
    if (!place) {
        hs_buf_add_text(out, "place not known");
        return;
    }
    if (place->road[0]) {
        hitctl_text_safe(out, place->road);
        hs_buf_add_text(out, place->direction[0] ? " " : "");
        hitctl_text_safe(out, place->direction);
        hs_buf_add_text(out, ", ");
    }
    hs_buf_add_text(out, "site ");
    hitctl_text_safe(out, place->site_id);
    if (place->force[0]) {
        hs_buf_add_text(out, " (");
        hitctl_text_safe(out, place->force);
        hs_buf_add_text(out, place->area[0] ? ", " : "");
        hitctl_text_safe(out, place->area);
        hs_buf_add_char(out, ')');
    }
    if (place->camera_unknown) {
        hs_buf_add_text(out, ", camera ");
        hitctl_text_safe(out, place->camera_id);
        hs_buf_add_text(out, " is not in the register");
    }
}
