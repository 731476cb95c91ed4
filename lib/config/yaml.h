// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONFIG_YAML_H
#define HS_CONFIG_YAML_H
/*
 * YAML read as a tree in which each node knows its file, line and column; typed readers that
 * collect every fault.
 *
 * Threads: one. Ownership: a document owns its nodes and texts; after hs_yaml_merge() also those it
 * took over. Bounds: HS_YAML_NODES_MAX nodes, HS_YAML_KEYS_MAX keys a mapping, HS_YAML_DEPTH_MAX
 * levels, one document a file. Aliases and tags are refused, a key twice in a mapping too. Trusts
 * nothing in the text.
 */

#include "base/arena.h"
#include "base/diag.h"

enum { HS_YAML_NODES_MAX = 200000, HS_YAML_KEYS_MAX = 4096, HS_YAML_DEPTH_MAX = 16 };

enum hs_yaml_kind {
    HS_YAML_SCALAR,
    HS_YAML_SEQUENCE,
    HS_YAML_MAPPING,
};

// One value, or one key; plain data.
struct hs_yaml_node {
    enum hs_yaml_kind kind;
    bool quoted;        // a scalar in quotes or a block: never read as a number or nothing
    struct hs_str text; // of a scalar
    const char *file;
    unsigned line;
    unsigned column;
    struct hs_yaml_item *items; // of a sequence or mapping, in order
    size_t count;
};

struct hs_yaml_item {
    const struct hs_yaml_node *key; // NULL in a sequence; always a scalar
    const struct hs_yaml_node *value;
};

struct hs_yaml; // a document

// Parses; syntax errors, aliases and double keys go to `diags`. HS_EFORMAT when there was an error.
// An empty text is an empty mapping.
int hs_yaml_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                  struct hs_yaml **ret_yaml);
void hs_yaml_free(struct hs_yaml *yaml);
const struct hs_yaml_node *hs_yaml_root(const struct hs_yaml *yaml);

// `over` wins key by key; lists are replaced whole. Takes `over` (its texts live on in `base`).
// HS_ENOMEM.
int hs_yaml_merge(struct hs_yaml *base, struct hs_yaml *over);

// A scalar that says nothing: `key:` alone, ~ or null.
bool hs_yaml_is_null(const struct hs_yaml_node *node);
// The value of a key, or NULL; NULL too when `mapping` is not a mapping.
const struct hs_yaml_node *hs_yaml_get(const struct hs_yaml_node *mapping, const char *key);

// Adds an error at a node; `path` is the dotted key.
void hs_yaml_fault(struct hs_diags *diags, const struct hs_yaml_node *at, const char *path,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
// An unknown key, with the nearest of `known` (ends with NULL).
void hs_yaml_unknown_key(struct hs_diags *diags, const struct hs_yaml_node *key, const char *path,
                         const char *const *known);
// Where a node stands, for hs_diags_add(). Borrows from the node.
struct hs_diag_place hs_yaml_place(const struct hs_yaml_node *at, const char *path);

// Typed readers: true and *ret_value written, or a fault at the node that says what is allowed.
bool hs_yaml_to_text(const struct hs_yaml_node *node, const char *path, struct hs_diags *diags,
                     struct hs_str *ret_value);
bool hs_yaml_to_bool(const struct hs_yaml_node *node, const char *path, struct hs_diags *diags,
                     bool *ret_value);
// A whole number from min to max; `unit` (may be "") is said in the message.
bool hs_yaml_to_number(const struct hs_yaml_node *node, const char *path, int64_t min, int64_t max,
                       const char *unit, struct hs_diags *diags, int64_t *ret_value);
// One of `allowed` (ends with NULL), by index.
bool hs_yaml_to_choice(const struct hs_yaml_node *node, const char *path,
                       const char *const *allowed, struct hs_diags *diags, size_t *ret_index);
// A list of texts, or one text; each not empty and none twice. The array is in `bump`.
bool hs_yaml_to_texts(const struct hs_yaml_node *node, const char *path, struct hs_diags *diags,
                      struct hs_bump *bump, const struct hs_str **ret_texts, size_t *ret_count);

// "a, b or c" of a list of words that ends with NULL.
void hs_yaml_say_allowed(const char *const *allowed, struct hs_buf *out);

#endif
