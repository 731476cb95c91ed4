// SPDX-License-Identifier: Apache-2.0
#include "hitsim/read_json.h"

#include <string.h>

static void add_number(struct hs_buf *out, int64_t number)
{
    char digits[24];
    unsigned at = sizeof(digits);
    uint64_t left = number < 0 ? (uint64_t)-number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0) {
        digits[--at] = '-';
    }
    hs_buf_add(out, digits + at, sizeof(digits) - at);
}

// Base64 of at most PLATE_MAX bytes.
static void add_base64(struct hs_buf *out, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        unsigned left = (unsigned)(len - i);
        unsigned word = (unsigned)bytes[i] << 16;
        word |= left > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
        word |= left > 2 ? bytes[i + 2] : 0;
        char text[4] = {digits[word >> 18 & 63], digits[word >> 12 & 63],
                        left > 1 ? digits[word >> 6 & 63] : '=',
                        left > 2 ? digits[word & 63] : '='};
        hs_buf_add(out, text, sizeof(text));
    }
}

static void add_reading(struct hs_buf *out, const struct reading *reading)
{
    hs_buf_add_text(out, "\",\"charConfidencePct\":\"");
    add_base64(out, reading->confidence, strlen(reading->text));
    hs_buf_add_char(out, '"');
    if (reading->candidate_count > 0) {
        hs_buf_add_text(out, ",\"candidates\":[{\"vrm\":\"");
        hs_buf_add_text(out, reading->candidates[0].text);
        hs_buf_add_text(out, "\",\"confidencePct\":");
        add_number(out, reading->candidate_confidence[0]);
        hs_buf_add_text(out, "}]");
    }
}

void read_json(const struct net *net, uint64_t seed, const struct sim_read *read,
               struct hs_buf *out)
{
    const struct net_camera *camera = &net->cameras[read->camera];
    struct looks looks = looks_of_vehicle(read->vehicle);
    hs_buf_add_text(out, "{\"site\":\"");
    hs_buf_add_text(out, net->sites[net->posts[camera->listed_post].site].site_id);
    hs_buf_add_text(out, "\",\"vrm\":\"");
    hs_buf_add_text(out, read->reading.text);
    hs_buf_add_text(out, "\",\"cameraId\":\"");
    hs_buf_add_text(out, camera->camera_id);
    hs_buf_add_text(out, "\",\"capturedAtMs\":\"");
    add_number(out, read->captured_at_ms);
    add_reading(out, &read->reading);
    hs_buf_add_text(out, ",\"readId\":\"sim-");
    add_number(out, (int64_t)seed);
    hs_buf_add_char(out, '-');
    add_number(out, (int64_t)read->number);
    hs_buf_add_text(out, "\",\"receivedAtMs\":\"");
    add_number(out, read->delivered_at_ms);
    hs_buf_add_text(out, camera->post % 2 ? "\",\"direction\":\"DIRECTION_APPROACHING\",\"lane\":"
                                          : "\",\"direction\":\"DIRECTION_RECEDING\",\"lane\":");
    add_number(out, read->lane);
    hs_buf_add_text(out, ",\"make\":\"");
    hs_buf_add_text(out, looks.make);
    hs_buf_add_text(out, "\",\"model\":\"");
    hs_buf_add_text(out, looks.model);
    hs_buf_add_text(out, "\",\"colour\":\"");
    hs_buf_add_text(out, looks.colour);
    hs_buf_add_text(out, "\",\"country\":\"GB\"}\n");
}
