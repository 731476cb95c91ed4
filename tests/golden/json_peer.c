// SPDX-License-Identifier: Apache-2.0
/*
 * Our side of json_format_test.py. Lines in, one line out for each:
 *     print TYPE HEX   ->  JSON of the encoded message, or "! reason"
 *     parse TYPE JSON  ->  HEX of the message in that JSON, or "! reason"
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "golden/contract_types.h"
#include "wire/json.h"

static void answer_print(const ProtobufCMessageDescriptor *type, struct hs_str hex)
{
    size_t len = hex.len / 2;
    uint8_t *bytes = malloc(len + 1);
    ProtobufCMessage *message = NULL;
    if (bytes && hs_hex_decode(hex, bytes, len) == HS_OK) {
        message = protobuf_c_message_unpack(type, NULL, len, bytes);
    }
    if (message) {
        struct hs_buf json = {0};
        hs_json_print(message, &json);
        puts(hs_buf_text(&json));
        hs_buf_fini(&json);
        protobuf_c_message_free_unpacked(message, NULL);
    } else {
        puts("! no such message");
    }
    free(bytes);
}

static void answer_parse(const ProtobufCMessageDescriptor *type, struct hs_str json)
{
    struct hs_buf why = {0};
    ProtobufCMessage *message = NULL;
    if (hs_json_parse(json, type, &message, &why) != HS_OK) {
        printf("! %s\n", hs_buf_text(&why));
        hs_buf_fini(&why);
        return;
    }
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(len + 1);
    char *hex = malloc(2 * len + 1);
    if (bytes && hex) {
        protobuf_c_message_pack(message, bytes);
        hs_hex_encode(bytes, len, hex);
        puts(hex);
    }
    free(bytes);
    free(hex);
    protobuf_c_message_free_unpacked(message, NULL);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, stdin)) > 0) {
        struct hs_str rest = hs_str_n(line, (size_t)len - (line[len - 1] == '\n'));
        struct hs_str verb, name;
        hs_str_split(&rest, ' ', &verb);
        if (!hs_str_split(&rest, ' ', &name) || !contract_type(name)) {
            fputs("json_peer: no such type\n", stderr);
            return 1;
        }
        if (hs_str_is(verb, "print")) {
            answer_print(contract_type(name), rest);
        } else {
            answer_parse(contract_type(name), rest);
        }
        fflush(stdout);
    }
    free(line);
    return 0;
}
