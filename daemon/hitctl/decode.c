// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl decode: messages from standard input as proto3 JSON, one a line.
 */
#include <stdio.h>

#include "base/error.h"
#include "hitctl/command.h"
#include "hitctl/payload.h"
#include "wire/json.h"

enum { MESSAGE_MAX_BYTES = 64 << 20 };

struct decode_options {
    const char *type;
    const char *topic;
    bool framed;
    bool keyed;
};

static const struct hitctl_option decode_options[] = {
    {"type", HITCTL_TEXT, offsetof(struct decode_options, type), "TYPE",
     "the message's type: Alert, VehicleEvent, ..."},
    {"topic", HITCTL_TEXT, offsetof(struct decode_options, topic), "NAME",
     "guess the type from the topic it came from"},
    {"framed", HITCTL_FLAG, offsetof(struct decode_options, framed), NULL,
     "many messages, as kcat -e -f '%R%s' prints them"},
    {"keyed", HITCTL_FLAG, offsetof(struct decode_options, keyed), NULL,
     "many messages with keys, as kcat -e -f '%K%k%R%s' prints them"},
    {NULL, HITCTL_FLAG, 0, NULL, NULL},
};

// A run of the command.
struct decode {
    struct decode_options options;
    const ProtobufCMessageDescriptor *type; // NULL: by topic and key
    struct hs_buf line;                     // the message at hand, as printed
    uint64_t number;                        // of the message, 1 is the first
    uint64_t bad;                           // messages that could not be decoded
};

// Exactly `len` bytes; HS_ENOTFOUND at a clean end, HS_EFORMAT when the input ends within them.
static int read_exactly(size_t len, struct hs_buf *out)
{
    hs_buf_clear(out);
    char *at = hs_buf_reserve(out, len + 1);
    if (!at) {
        return HS_ENOMEM;
    }
    size_t got = fread(at, 1, len, stdin);
    out->len = got;
    if (got == len) {
        return HS_OK;
    }
    return got == 0 ? HS_ENOTFOUND : HS_EFORMAT;
}

// One length (4 bytes, big-endian, -1 for none) and its bytes.
static int read_framed(struct hs_buf *out)
{
    int status = read_exactly(4, out);
    if (status != HS_OK) {
        return status;
    }
    const uint8_t *b = (const uint8_t *)out->ptr;
    uint32_t len = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    hs_buf_clear(out);
    if (len == 0 || len == UINT32_MAX) {
        return HS_OK;
    }
    if (len > MESSAGE_MAX_BYTES) {
        return HS_EFORMAT;
    }
    status = read_exactly(len, out);
    return status == HS_ENOTFOUND ? HS_EFORMAT : status;
}

static int read_all(struct hs_buf *out)
{
    while (out->len <= MESSAGE_MAX_BYTES) {
        char *at = hs_buf_reserve(out, 65536);
        if (!at) {
            return HS_ENOMEM;
        }
        size_t got = fread(at, 1, 65536, stdin);
        out->len += got;
        if (got == 0) {
            return ferror(stdin) ? HS_EIO : HS_OK;
        }
    }
    return HS_ELIMIT;
}

static void add_json_string(struct hs_str text, struct hs_buf *out)
{
    hs_buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7f) {
            hs_buf_printf(out, "\\u%04x", c); // keys of ours are ASCII; other bytes show as Latin-1
        } else {
            hs_buf_add_char(out, (char)c);
        }
    }
    hs_buf_add_char(out, '"');
}

static void print_one(struct decode *run, struct hs_str key, struct hs_str payload)
{
    struct hs_buf why = {0};
    ProtobufCMessage *message = NULL;
    const ProtobufCMessageDescriptor *type = run->type;
    run->number++;
    if (!type) {
        type = hitctl_payload_type_of(hs_str(run->options.topic), key);
    }
    hs_buf_clear(&run->line);
    if (run->options.keyed) {
        hs_buf_add_text(&run->line, "{\"key\":");
        add_json_string(key, &run->line);
        hs_buf_add_text(&run->line, ",\"message\":");
    }
    if (run->options.keyed && payload.len == 0) {
        hs_buf_add_text(&run->line, "null"); // a tombstone
    } else if (hitctl_payload_unpack(type, payload, &message, &why) == HS_OK) {
        hs_json_print(message, &run->line);
        protobuf_c_message_free_unpacked(message, NULL);
    } else {
        hitctl_error("message %llu: %s", (unsigned long long)run->number, hs_buf_text(&why));
        run->bad++;
        hs_buf_fini(&why);
        return;
    }
    if (run->options.keyed) {
        hs_buf_add_char(&run->line, '}');
    }
    puts(hs_buf_text(&run->line));
    hs_buf_fini(&why);
}

static int decode_input(struct decode *run)
{
    struct hs_buf key = {0};
    struct hs_buf payload = {0};
    int status;
    if (!run->options.framed && !run->options.keyed) {
        status = read_all(&payload);
        if (status == HS_OK) {
            print_one(run, hs_str(""), hs_buf_str(&payload));
        }
        goto out;
    }
    for (;;) {
        status = run->options.keyed ? read_framed(&key) : HS_OK;
        if (status == HS_OK) {
            status = read_framed(&payload);
            if (status == HS_ENOTFOUND && run->options.keyed) {
                status = HS_EFORMAT; // a key without its message
            }
        }
        if (status != HS_OK) {
            break;
        }
        print_one(run, hs_buf_str(&key), hs_buf_str(&payload));
    }
    if (status == HS_ENOTFOUND) {
        status = HS_OK;
    }
out:
    hs_buf_fini(&key);
    hs_buf_fini(&payload);
    return status;
}

// Settles the type, or says what is wrong with the words.
static bool choose_type(struct decode *run)
{
    if (run->options.type) {
        run->type = hitctl_payload_type(run->options.type);
        if (!run->type) {
            struct hs_buf names = {0};
            hitctl_payload_type_names(&names);
            hitctl_error("unknown type '%s'; allowed are %s", run->options.type,
                         hs_buf_text(&names));
            hs_buf_fini(&names);
        }
        return run->type != NULL;
    }
    if (!run->options.topic) {
        hitctl_error("--type or --topic must say what the messages are");
        return false;
    }
    if (!hitctl_payload_type_of(hs_str(run->options.topic), hs_str(""))) {
        hitctl_error("no type is known for topic '%s'; say --type", run->options.topic);
        return false;
    }
    return true;
}

static int decode_run(struct hitctl *ctl, int argc, char **argv)
{
    (void)ctl;
    struct decode run = {0};
    int words = hitctl_options_parse(decode_options, &run.options, argc, argv);
    if (words < 0) {
        return HITCTL_USAGE;
    }
    if (words > 0) {
        hitctl_error("unexpected word '%s'; messages come on standard input", argv[1]);
        return HITCTL_USAGE;
    }
    if (!choose_type(&run)) {
        return HITCTL_USAGE;
    }
    int status = decode_input(&run);
    hs_buf_fini(&run.line);
    if (status != HS_OK) {
        hitctl_error("input after message %llu: %s", (unsigned long long)run.number,
                     hs_strerror(status));
        return HITCTL_REFUSED;
    }
    return run.bad > 0 ? HITCTL_REFUSED : HITCTL_OK;
}

const struct hitctl_command hitctl_decode_commands[] = {
    {NULL, "decode", "--type TYPE|--topic NAME [--framed|--keyed]",
     "messages on standard input as JSON, one a line", decode_run, decode_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
