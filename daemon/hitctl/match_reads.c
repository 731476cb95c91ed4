// SPDX-License-Identifier: Apache-2.0
#include "hitctl/match_reads.h"

#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/civil.h"
#include "base/csv.h"
#include "base/error.h"
#include "hitctl/stream.h"
#include "hitstream/v1/read.pb-c.h"
#include "wire/json.h"

enum {
    TEXT_BYTES = 256,   // of a mark, a camera's id, a read's id
    CANDIDATES_MAX = 8, // of one read; matching looks at the first few
    PERCENT_MAX = 100,
};

// A read in the making: what its message points into.
struct draft {
    Hitstream__V1__PlateRead read;
    Hitstream__V1__Candidate candidates[CANDIDATES_MAX];
    Hitstream__V1__Candidate *candidate_ptrs[CANDIDATES_MAX];
    char candidate_texts[CANDIDATES_MAX][TEXT_BYTES];
    char vrm[TEXT_BYTES], camera[TEXT_BYTES], read_id[TEXT_BYTES];
    uint8_t confidence[TEXT_BYTES];
    unsigned confidence_count; // 1 stands for every character
};

// ---- columns ----

typedef int take_field(struct draft *draft, struct hs_str text, struct hs_buf *why);

// A terminated copy; HS_EFORMAT when it is too long.
static int keep(char to[TEXT_BYTES], struct hs_str text, struct hs_buf *why)
{
    if (text.len >= TEXT_BYTES) {
        hs_buf_printf(why, "%zu bytes; at most %d are allowed", text.len, TEXT_BYTES - 1);
        return HS_EFORMAT;
    }
    memcpy(to, text.ptr ? text.ptr : "", text.len);
    to[text.len] = '\0';
    return HS_OK;
}

static int take_vrm(struct draft *draft, struct hs_str text, struct hs_buf *why)
{
    draft->read.vrm = draft->vrm;
    return keep(draft->vrm, text, why);
}

static int take_camera(struct draft *draft, struct hs_str text, struct hs_buf *why)
{
    draft->read.camera_id = draft->camera;
    return keep(draft->camera, text, why);
}

static int take_read_id(struct draft *draft, struct hs_str text, struct hs_buf *why)
{
    draft->read.read_id = draft->read_id;
    return keep(draft->read_id, text, why);
}

static int parse_time(struct hs_str text, int64_t *ret_at_ms, struct hs_buf *why)
{
    if (hs_str_to_i64(text, ret_at_ms) == HS_OK || hs_civil_parse(text, ret_at_ms) == HS_OK) {
        return HS_OK;
    }
    hs_buf_printf(why, "'%.*s' is no time; as in 2026-12-31T22:00:00Z, or Unix milliseconds",
                  HS_STR_ARG(text));
    return HS_EFORMAT;
}

static int take_captured_at(struct draft *draft, struct hs_str text, struct hs_buf *why)
{
    return parse_time(text, &draft->read.captured_at_ms, why);
}

static int take_lane(struct draft *draft, struct hs_str text, struct hs_buf *why)
{
    uint64_t lane = 0;
    if (text.len > 0 && (hs_str_to_u64(text, &lane) != HS_OK || lane > UINT8_MAX)) {
        hs_buf_printf(why, "'%.*s' is no lane", HS_STR_ARG(text));
        return HS_EFORMAT;
    }
    draft->read.lane = (uint32_t)lane;
    return HS_OK;
}

static int parse_percent(struct hs_str text, unsigned *ret_percent, struct hs_buf *why)
{
    uint64_t value;
    if (hs_str_to_u64(text, &value) != HS_OK || value > PERCENT_MAX) {
        hs_buf_printf(why, "'%.*s': 0 to 100 is allowed", HS_STR_ARG(text));
        return HS_EFORMAT;
    }
    *ret_percent = (unsigned)value;
    return HS_OK;
}

static int take_confidence(struct draft *draft, struct hs_str text, struct hs_buf *why)
{
    struct hs_str rest = text, item;
    while (rest.len > 0 && hs_str_split(&rest, ' ', &item)) {
        unsigned percent;
        if (item.len == 0) {
            continue;
        }
        if (draft->confidence_count == TEXT_BYTES) {
            hs_buf_add_text(why, "more numbers than a mark has characters");
            return HS_EFORMAT;
        }
        if (parse_percent(item, &percent, why) != HS_OK) {
            return HS_EFORMAT;
        }
        draft->confidence[draft->confidence_count++] = (uint8_t)percent;
    }
    return HS_OK;
}

// "AB12CDE:60"; without a number it is 0, which is not given.
static int take_candidate(struct draft *draft, struct hs_str text, struct hs_buf *why)
{
    size_t n = draft->read.n_candidates;
    struct hs_str rest = text, vrm;
    unsigned percent = 0;
    if (n == CANDIDATES_MAX) {
        hs_buf_printf(why, "more than %d candidates", CANDIDATES_MAX);
        return HS_EFORMAT;
    }
    hs_str_split(&rest, ':', &vrm);
    if (keep(draft->candidate_texts[n], hs_str_trim(vrm), why) != HS_OK ||
        (rest.ptr && parse_percent(hs_str_trim(rest), &percent, why) != HS_OK)) {
        return HS_EFORMAT;
    }
    hitstream__v1__candidate__init(&draft->candidates[n]);
    draft->candidates[n].vrm = draft->candidate_texts[n];
    draft->candidates[n].confidence_pct = percent;
    draft->candidate_ptrs[n] = &draft->candidates[n];
    draft->read.candidates = draft->candidate_ptrs;
    draft->read.n_candidates++;
    return HS_OK;
}

static int take_candidates(struct draft *draft, struct hs_str text, struct hs_buf *why)
{
    struct hs_str rest = text, item;
    while (rest.len > 0 && hs_str_split(&rest, ';', &item)) {
        item = hs_str_trim(item);
        if (item.len > 0 && take_candidate(draft, item, why) != HS_OK) {
            return HS_EFORMAT;
        }
    }
    return HS_OK;
}

struct read_column {
    const char *name;
    const char *other_name; // NULL: none
    bool needed;
    take_field *take;
    const char *json_name; // of the contract's field
};
static const struct read_column columns[] = {
    {"vrm", "plate", true, take_vrm, "vrm"},
    {"camera", "camera_id", true, take_camera, "cameraId"},
    {"captured_at", "captured_at_ms", true, take_captured_at, "capturedAtMs"},
    {"confidence", NULL, false, take_confidence, NULL},
    {"candidates", NULL, false, take_candidates, NULL},
    {"read_id", "id", false, take_read_id, "readId"},
    {"lane", NULL, false, take_lane, "lane"},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]), NO_COLUMN = -1 };

static int find_column(struct hs_str name)
{
    for (int i = 0; i < COLUMNS; i++) {
        if (hs_str_eq_nocase(name, hs_str(columns[i].name)) ||
            (columns[i].other_name && hs_str_eq_nocase(name, hs_str(columns[i].other_name)))) {
            return i;
        }
    }
    return NO_COLUMN;
}

// ---- packing ----

// One number stands for every character.
static int finish_confidence(struct draft *draft, struct hs_buf *why)
{
    size_t len = strlen(draft->vrm);
    if (draft->confidence_count == 1) {
        memset(draft->confidence, draft->confidence[0], len);
    } else if (draft->confidence_count > 0 && draft->confidence_count != len) {
        hs_buf_printf(why, "%u confidences for a mark of %zu characters", draft->confidence_count,
                      len);
        return HS_EFORMAT;
    }
    draft->read.char_confidence_pct.data = draft->confidence;
    draft->read.char_confidence_pct.len = draft->confidence_count ? len : 0;
    return HS_OK;
}

static int pack_message(const ProtobufCMessage *message, struct hs_buf *packed)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *at = (uint8_t *)hs_buf_reserve(packed, len + 1);
    if (at) {
        packed->len += protobuf_c_message_pack(message, at);
    }
    return hs_buf_status(packed);
}

// ---- CSV ----

struct hitctl_match_reads {
    struct hitctl_lines lines;
    struct hs_csv csv; // of the line at hand
    bool json;
    int of_field[HS_CSV_FIELDS_MAX]; // a field's column, or NO_COLUMN
    size_t fields;
};

// One line's fields; quoted text does not run over the line's end.
static int split_line(struct hitctl_match_reads *reads, struct hs_str line, struct hs_buf *why)
{
    hs_csv_fini(&reads->csv);
    hs_csv_init(&reads->csv, line);
    if (hs_csv_next(&reads->csv) != 1) {
        hs_buf_add_text(why, "a quote is not closed, or text follows it");
        return HS_EFORMAT;
    }
    return HS_OK;
}

static int take_header(struct hitctl_match_reads *reads, struct hs_str line, struct hs_buf *why)
{
    unsigned seen = 0;
    if (split_line(reads, line, why) != HS_OK) {
        return HS_EFORMAT;
    }
    reads->fields = reads->csv.count;
    for (size_t i = 0; i < reads->fields; i++) {
        int column = find_column(hs_str_trim(reads->csv.fields[i].text));
        if (column != NO_COLUMN && seen >> column & 1) {
            hs_buf_printf(why, "column '%s' stands twice", columns[column].name);
            return HS_EFORMAT;
        }
        reads->of_field[i] = column;
        seen |= column == NO_COLUMN ? 0 : 1U << column;
    }
    for (int i = 0; i < COLUMNS; i++) {
        if (columns[i].needed && !(seen >> i & 1)) {
            hs_buf_printf(why, "column '%s' is missing; needed: vrm, camera, captured_at",
                          columns[i].name);
            return HS_EFORMAT;
        }
    }
    return HS_OK;
}

static int pack_csv(struct hitctl_match_reads *reads, struct hs_str line, struct hs_buf *packed,
                    struct hs_buf *why)
{
    struct draft draft = {.confidence_count = 0};
    hitstream__v1__plate_read__init(&draft.read);
    if (split_line(reads, line, why) != HS_OK) {
        return HS_EFORMAT;
    }
    if (reads->csv.count != reads->fields) {
        hs_buf_printf(why, "%zu fields; the header has %zu", reads->csv.count, reads->fields);
        return HS_EFORMAT;
    }
    for (size_t i = 0; i < reads->fields; i++) {
        int column = reads->of_field[i];
        if (column == NO_COLUMN) {
            continue;
        }
        struct hs_buf fault = {0};
        int status = columns[column].take(&draft, hs_str_trim(reads->csv.fields[i].text), &fault);
        if (status != HS_OK) {
            hs_buf_printf(why, "column '%s': %s", columns[column].name, hs_buf_text(&fault));
        }
        hs_buf_fini(&fault);
        if (status != HS_OK) {
            return status;
        }
    }
    int status = finish_confidence(&draft, why);
    return status == HS_OK ? pack_message(&draft.read.base, packed) : status;
}

// ---- JSON lines ----

// Confidences of a line of JSON: a number, or an array of one a character.
static int json_confidence(json_t *object, struct draft *draft, struct hs_buf *why)
{
    json_t *value = json_object_get(object, "confidence");
    size_t count = json_is_array(value) ? json_array_size(value) : value ? 1 : 0;
    const char *vrm = json_string_value(json_object_get(object, "vrm"));
    if (keep(draft->vrm, hs_str(vrm), why) != HS_OK) {
        return HS_EFORMAT;
    }
    for (size_t i = 0; i < count && i < TEXT_BYTES; i++) {
        json_t *item = json_is_array(value) ? json_array_get(value, i) : value;
        json_int_t percent = json_integer_value(item);
        if (!json_is_integer(item) || percent < 0 || percent > PERCENT_MAX) {
            hs_buf_add_text(why, "'confidence': numbers from 0 to 100 are allowed");
            return HS_EFORMAT;
        }
        draft->confidence[draft->confidence_count++] = (uint8_t)percent;
    }
    json_object_del(object, "confidence");
    return finish_confidence(draft, why);
}

// The names of CSV's columns stand for the contract's.
static int use_contract_names(json_t *object, struct hs_buf *why)
{
    for (int i = 0; i < COLUMNS; i++) {
        json_t *value = json_object_get(object, columns[i].name);
        if (!columns[i].json_name || !value || strcmp(columns[i].name, columns[i].json_name) == 0) {
            continue;
        }
        int64_t at_ms;
        if (columns[i].take == take_captured_at && json_is_string(value)) {
            if (parse_time(hs_str(json_string_value(value)), &at_ms, why) != HS_OK) {
                return HS_EFORMAT;
            }
            json_object_set_new(object, columns[i].json_name, json_integer(at_ms));
        } else {
            json_object_set(object, columns[i].json_name, value);
        }
        json_object_del(object, columns[i].name);
    }
    json_object_del(object, "site"); // as 'reads produce' takes it
    return HS_OK;
}

static int build_json(json_t *object, struct hs_buf *packed, struct hs_buf *why)
{
    struct draft draft = {.confidence_count = 0};
    ProtobufCMessage *message;
    if (!json_is_object(object)) {
        hs_buf_add_text(why, "no JSON object");
        return HS_EFORMAT;
    }
    if (use_contract_names(object, why) != HS_OK || json_confidence(object, &draft, why) != HS_OK) {
        return HS_EFORMAT;
    }
    int status = hs_json_build(object, &hitstream__v1__plate_read__descriptor, &message, why);
    if (status != HS_OK) {
        return status;
    }
    Hitstream__V1__PlateRead *read = (Hitstream__V1__PlateRead *)message;
    ProtobufCBinaryData own = read->char_confidence_pct;
    if (draft.confidence_count) {
        read->char_confidence_pct = draft.read.char_confidence_pct;
    }
    status = pack_message(message, packed);
    read->char_confidence_pct = own;
    protobuf_c_message_free_unpacked(message, NULL);
    return status;
}

static int pack_json(struct hs_str line, struct hs_buf *packed, struct hs_buf *why)
{
    json_error_t fault;
    json_t *object = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &fault);
    if (!object) {
        hs_buf_printf(why, "column %d: %s", fault.column, fault.text);
        return HS_EFORMAT;
    }
    int status = build_json(object, packed, why);
    json_decref(object);
    return status;
}

// ---- the file ----

// The next line that holds something.
static int next_line(struct hitctl_match_reads *reads, struct hs_str *ret_line)
{
    int status;
    do {
        status = hitctl_lines_next(&reads->lines, -1, ret_line);
        if (status == HS_OK) {
            *ret_line = hs_str_trim(*ret_line);
        }
    } while (status == HS_EAGAIN || (status == HS_OK && ret_line->len == 0));
    return status;
}

// What the first line begins with says which format it is; a header is taken, JSON is kept.
static int begin(struct hitctl_match_reads *reads, struct hs_buf *why)
{
    struct hs_str line;
    int status = next_line(reads, &line);
    if (status == HS_ENOTFOUND) {
        reads->json = true; // nothing at all: no reads
        return HS_OK;
    }
    if (status != HS_OK) {
        hs_buf_add_text(why, hs_strerror(status));
        return status;
    }
    reads->json = line.ptr[0] == '{';
    if (!reads->json) {
        return take_header(reads, line, why);
    }
    // the line is read again
    reads->lines.at = (size_t)(line.ptr - reads->lines.buf.ptr);
    reads->lines.searched = 0;
    reads->lines.number--;
    return HS_OK;
}

int hitctl_match_reads_open(const char *path, struct hitctl_match_reads **ret_reads)
{
    struct hs_buf why = {0};
    struct hitctl_match_reads *reads = calloc(1, sizeof(*reads));
    if (!reads) {
        hitctl_error("%s", hs_strerror(HS_ENOMEM));
        return HITCTL_FAILED;
    }
    reads->lines.fd = -1;
    if (hitctl_lines_open(path, &reads->lines) != HS_OK) {
        hitctl_error("cannot read '%s': %s", path, strerror(errno));
        hitctl_match_reads_free(reads);
        return HITCTL_FAILED;
    }
    if (begin(reads, &why) != HS_OK) {
        hitctl_error("%s:1: %s", path, hs_buf_text(&why));
        hs_buf_fini(&why);
        hitctl_match_reads_free(reads);
        return HITCTL_REFUSED;
    }
    *ret_reads = reads;
    return HITCTL_OK;
}

void hitctl_match_reads_free(struct hitctl_match_reads *reads)
{
    if (reads) {
        hitctl_lines_close(&reads->lines);
        hs_csv_fini(&reads->csv);
        free(reads);
    }
}

int hitctl_match_reads_next(struct hitctl_match_reads *reads, struct hs_buf *packed,
                            struct hs_buf *why, uint64_t *ret_line)
{
    struct hs_str line;
    int status = next_line(reads, &line);
    *ret_line = reads->lines.number;
    if (status != HS_OK) {
        return status == HS_ENOTFOUND ? 0 : status;
    }
    status = reads->json ? pack_json(line, packed, why) : pack_csv(reads, line, packed, why);
    return status == HS_OK ? 1 : status;
}
