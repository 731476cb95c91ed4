// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONFIG_OPTIONS_H
#define HS_CONFIG_OPTIONS_H
/*
 * Options as a table: one row gives an option's check, default, dump, sample and reference entry.
 *
 * A table ends with a row whose key is NULL; keys of one group stand together. Values are written
 * into a plain struct at the row's offset. Threads: one. Ownership: texts are copied into the
 * caller's bump.
 */

#include "config/yaml.h"

enum hs_option_type {
    HS_OPTION_TEXT,   // const char *
    HS_OPTION_FILE,   // const char *: a path; "credential:NAME" stands for systemd's credential
    HS_OPTION_U32,    // uint32_t
    HS_OPTION_I64,    // int64_t
    HS_OPTION_CHOICE, // const char *: one of `allowed`
    HS_OPTION_FLAGS,  // bools one behind the other, one for each of `allowed`: a list of words, at
                      // least one
    HS_OPTION_MAP,    // names and values, read by the table's owner; here only listed
};

struct hs_option {
    const char *key; // dotted path: "kafka.lease_ms"
    enum hs_option_type type;
    size_t offset;              // of the member in the owner's struct
    const char *fallback;       // default as text; flags: words with commas
    int64_t min;                // of a number; of a text: bytes
    int64_t max;                // of a number; of a text: bytes, 0 means 4096
    const char *const *allowed; // of a choice or flags, ends with NULL
    const char *unit;           // "ms"; NULL none
    bool reloadable;            // taken over by a reload; else at the next start
    const char *help;           // what it does, one or two sentences
};

// Writes all defaults.
int hs_options_defaults(const struct hs_option *table, void *target, struct hs_bump *bump);
// Reads what stands in `root`; unknown keys and values that are not allowed go to `diags`.
void hs_options_read(const struct hs_option *table, const struct hs_yaml_node *root,
                     struct hs_diags *diags, struct hs_bump *bump, void *target);
// The node of a key, or NULL: for messages about more than one option.
const struct hs_yaml_node *hs_options_node(const struct hs_yaml_node *root, const char *key);

// The value of one row as YAML, on one line.
void hs_option_value(const struct hs_option *row, const void *source, struct hs_buf *out);
// All values as YAML, but for maps: those the callback writes (may be NULL), indented by two
// levels.
typedef void hs_option_map_writer(const struct hs_option *row, const void *source,
                                  struct hs_buf *out);
void hs_options_dump(const struct hs_option *table, const void *source, hs_option_map_writer *map,
                     struct hs_buf *out);
// An annotated file with every option commented out at its default.
void hs_options_sample(const struct hs_option *table, struct hs_buf *out);
// man(7) source: one .TP paragraph an option.
void hs_options_reference(const struct hs_option *table, struct hs_buf *out);

// A text as a YAML scalar, quoted where it must be.
void hs_options_quote(struct hs_str text, struct hs_buf *out);

#endif
