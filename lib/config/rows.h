// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONFIG_ROWS_H
#define HS_CONFIG_ROWS_H
/*
 * Named mappings below one key of a YAML file ("operations: {ID: {...}}"): readers that report
 * faults with the dotted path.
 *
 * Threads: one. Ownership: texts are the document's, sorted lists stand in the bump that is given.
 */

#include "config/yaml.h"

enum { HS_ROW_PATH_BYTES = 256, HS_ROW_NAME_MAX_BYTES = 64 };

// One named mapping and where it stands.
struct hs_row {
    const char *section; // the key above it; static
    struct hs_str name;
    const struct hs_yaml_node *key;
    const struct hs_yaml_node *node;
};

// Where rows are read to.
struct hs_row_reader {
    struct hs_row row;
    struct hs_diags *diags;
    struct hs_bump *bump;
};

// The section's mapping: NULL when it is absent, empty or refused (the fault is told). Other keys
// beside it are faults.
const struct hs_yaml_node *hs_rows_section(const struct hs_yaml_node *root, const char *section,
                                           size_t max, struct hs_diags *diags);
// A fault at `key` of a row (at the row's name when the key is not written).
void hs_row_fault(const struct hs_row *row, const char *key, enum hs_diag_severity severity,
                  struct hs_diags *diags, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
// Keys that are not among `known` (ends with NULL).
void hs_row_check_keys(const struct hs_row_reader *reader, const char *const *known);
// Up to 64 lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit.
bool hs_row_is_id(struct hs_str text);

// The key's node and its path for messages; NULL when it is not written.
const struct hs_yaml_node *hs_row_take(const struct hs_row_reader *reader, const char *key,
                                       char ret_path[HS_ROW_PATH_BYTES]);

// Readers of one key. Each leaves *ret_value alone when the key is not written or refused; true
// when it was read.
bool hs_row_text(const struct hs_row_reader *reader, const char *key, struct hs_str *ret_value);
bool hs_row_bool(const struct hs_row_reader *reader, const char *key, bool *ret_value);
bool hs_row_choice(const struct hs_row_reader *reader, const char *key, const char *const *words,
                   size_t *ret_index);
bool hs_row_number(const struct hs_row_reader *reader, const char *key, int64_t min, int64_t max,
                   const char *unit, int64_t *ret_value);
// RFC 3339; without an offset it is London's civil time.
bool hs_row_time(const struct hs_row_reader *reader, const char *key, int64_t *ret_at_ms);
// A list of texts, each once, in bytewise order.
bool hs_row_names(const struct hs_row_reader *reader, const char *key,
                  const struct hs_str **ret_names, size_t *ret_count);
// Faults when the key is not written, or empty, with what it is needed for.
void hs_row_needs(const struct hs_row_reader *reader, const char *key, struct hs_str value,
                  const char *what);

#endif
