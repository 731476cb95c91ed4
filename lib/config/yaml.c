// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.h"

#include <stdlib.h>

#include <yaml.h>

#include "base/error.h"

struct hs_yaml {
    struct hs_bump bump;             // nodes and texts
    const char *name;                // of the file, in bump
    const struct hs_yaml_node *root; // never NULL once parsed
    struct hs_yaml *taken;           // merged into this one: owned, a chain
};

// While libyaml's document becomes ours.
struct conversion {
    struct hs_yaml *yaml;
    yaml_document_t *document;
    struct hs_diags *diags;
    bool *seen; // by libyaml's node number less one: a second visit is an alias
};

void hs_yaml_free(struct hs_yaml *yaml)
{
    while (yaml) {
        struct hs_yaml *next = yaml->taken;
        hs_bump_fini(&yaml->bump);
        free(yaml);
        yaml = next;
    }
}

const struct hs_yaml_node *hs_yaml_root(const struct hs_yaml *yaml)
{
    return yaml->root;
}

const struct hs_yaml_node *hs_yaml_get(const struct hs_yaml_node *mapping, const char *key)
{
    if (!mapping || mapping->kind != HS_YAML_MAPPING) {
        return NULL;
    }
    for (size_t i = 0; i < mapping->count; i++) {
        if (hs_str_is(mapping->items[i].key->text, key)) {
            return mapping->items[i].value;
        }
    }
    return NULL;
}

// What cannot be used wherever it stands.
static bool is_refused(struct conversion *conversion, int number, const struct hs_yaml_node *at,
                       unsigned depth)
{
    const yaml_node_t *from = &conversion->document->nodes.start[number - 1];
    const char *usual_tag = from->type == YAML_SCALAR_NODE     ? YAML_STR_TAG
                            : from->type == YAML_SEQUENCE_NODE ? YAML_SEQ_TAG
                                                               : YAML_MAP_TAG;
    bool seen = conversion->seen[number - 1];
    conversion->seen[number - 1] = true;
    if (seen) {
        hs_yaml_fault(conversion->diags, at, "",
                      "aliases (*name) are not allowed, write the value out");
    } else if (depth > HS_YAML_DEPTH_MAX) {
        hs_yaml_fault(conversion->diags, at, "", "nested deeper than %d levels", HS_YAML_DEPTH_MAX);
    } else if (from->tag && strcmp((const char *)from->tag, usual_tag) != 0) {
        hs_yaml_fault(conversion->diags, at, "", "tags (!name) are not allowed");
    } else {
        return false;
    }
    return true;
}

static const struct hs_yaml_node *convert(struct conversion *conversion, int number,
                                          unsigned depth);

static int convert_sequence(struct conversion *conversion, const yaml_node_t *from,
                            struct hs_yaml_node *node, unsigned depth)
{
    size_t count = (size_t)(from->data.sequence.items.top - from->data.sequence.items.start);
    node->items = hs_bump_alloc(&conversion->yaml->bump, (count + 1) * sizeof(*node->items));
    if (!node->items) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct hs_yaml_node *value =
            convert(conversion, from->data.sequence.items.start[i], depth + 1);
        if (value) {
            node->items[node->count++] = (struct hs_yaml_item){NULL, value};
        }
    }
    return 0;
}

// A key that cannot be taken, or stands in the mapping already.
static bool key_is_refused(struct conversion *conversion, const struct hs_yaml_node *node,
                           const struct hs_yaml_node *key)
{
    if (key->kind != HS_YAML_SCALAR || key->text.len == 0) {
        hs_yaml_fault(conversion->diags, key, "", "a key must be a word");
        return true;
    }
    for (size_t i = 0; i < node->count; i++) {
        if (hs_str_eq(node->items[i].key->text, key->text)) {
            hs_yaml_fault(conversion->diags, key, "",
                          "this key stands here twice, first in line %u", node->items[i].key->line);
            return true;
        }
    }
    return false;
}

static int convert_mapping(struct conversion *conversion, const yaml_node_t *from,
                           struct hs_yaml_node *node, unsigned depth)
{
    size_t count = (size_t)(from->data.mapping.pairs.top - from->data.mapping.pairs.start);
    node->items = hs_bump_alloc(&conversion->yaml->bump, (count + 1) * sizeof(*node->items));
    if (!node->items) {
        return HS_ENOMEM;
    }
    if (count > HS_YAML_KEYS_MAX) {
        hs_yaml_fault(conversion->diags, node, "", "more than %d keys", HS_YAML_KEYS_MAX);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        const yaml_node_pair_t *pair = &from->data.mapping.pairs.start[i];
        const struct hs_yaml_node *key = convert(conversion, pair->key, depth + 1);
        const struct hs_yaml_node *value = convert(conversion, pair->value, depth + 1);
        if (key && value && !key_is_refused(conversion, node, key)) {
            node->items[node->count++] = (struct hs_yaml_item){key, value};
        }
    }
    return 0;
}

// NULL when it was refused or memory ran out; the first is in diags.
static const struct hs_yaml_node *convert(struct conversion *conversion, int number, unsigned depth)
{
    const yaml_node_t *from = &conversion->document->nodes.start[number - 1];
    struct hs_yaml_node *node = hs_bump_alloc(&conversion->yaml->bump, sizeof(*node));
    if (!node) {
        return NULL;
    }
    node->file = conversion->yaml->name;
    node->line = (unsigned)from->start_mark.line + 1;
    node->column = (unsigned)from->start_mark.column + 1;
    if (is_refused(conversion, number, node, depth)) {
        return NULL;
    }
    int rc = 0;
    if (from->type == YAML_SCALAR_NODE) {
        size_t len = from->data.scalar.length;
        node->kind = HS_YAML_SCALAR;
        node->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        node->text =
            hs_str_n(hs_bump_copy(&conversion->yaml->bump, from->data.scalar.value, len), len);
        rc = node->text.ptr ? 0 : HS_ENOMEM;
        if (memchr(from->data.scalar.value, 0, len)) {
            hs_yaml_fault(conversion->diags, node, "", "a zero byte is not allowed");
            return NULL;
        }
    } else if (from->type == YAML_SEQUENCE_NODE) {
        node->kind = HS_YAML_SEQUENCE;
        rc = convert_sequence(conversion, from, node, depth);
    } else {
        node->kind = HS_YAML_MAPPING;
        rc = convert_mapping(conversion, from, node, depth);
    }
    return rc == 0 ? node : NULL;
}

static void report_syntax(const yaml_parser_t *parser, const char *name, struct hs_diags *diags)
{
    struct hs_diag_place place = {
        .file = name,
        .line = (unsigned)parser->problem_mark.line + 1,
        .column = (unsigned)parser->problem_mark.column + 1,
    };
    if (parser->error == YAML_READER_ERROR) { // it knows the byte only
        place.line = 0;
        place.column = 0;
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "not YAML: %s at byte %zu", parser->problem,
                     parser->problem_offset);
        return;
    }
    hs_diags_add(diags, HS_DIAG_ERROR, &place, "not YAML: %s%s%s",
                 parser->problem ? parser->problem : "unexpected end", parser->context ? " " : "",
                 parser->context ? parser->context : "");
}

// libyaml's document as our tree.
static int convert_document(struct hs_yaml *yaml, yaml_document_t *document, struct hs_diags *diags)
{
    size_t nodes = (size_t)(document->nodes.top - document->nodes.start);
    if (nodes == 0) {
        return 0;
    }
    if (nodes > HS_YAML_NODES_MAX) {
        struct hs_diag_place place = {.file = yaml->name};
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "more than %d values", HS_YAML_NODES_MAX);
        return HS_EFORMAT;
    }
    struct conversion conversion = {
        .yaml = yaml,
        .document = document,
        .diags = diags,
        .seen = calloc(nodes, sizeof(bool)),
    };
    size_t errors = diags->errors;
    const struct hs_yaml_node *root = conversion.seen ? convert(&conversion, 1, 0) : NULL;
    free(conversion.seen);
    if (diags->errors != errors) {
        return HS_EFORMAT;
    }
    if (!root) {
        return HS_ENOMEM;
    }
    if (!hs_yaml_is_null(root)) {
        yaml->root = root;
    }
    return 0;
}

// A second document in the file would be ignored in silence.
static int check_end(yaml_parser_t *parser, const char *name, struct hs_diags *diags)
{
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second)) {
        report_syntax(parser, name, diags);
        return HS_EFORMAT;
    }
    yaml_node_t *root = yaml_document_get_root_node(&second);
    int rc = 0;
    if (root) {
        struct hs_diag_place place = {.file = name, .line = (unsigned)root->start_mark.line + 1};
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "a second document (---) is not allowed");
        rc = HS_EFORMAT;
    }
    yaml_document_delete(&second);
    return rc;
}

static struct hs_yaml *new_document(const char *name)
{
    struct hs_yaml *yaml = calloc(1, sizeof(*yaml));
    if (!yaml) {
        return NULL;
    }
    struct hs_yaml_node *root = hs_bump_alloc(&yaml->bump, sizeof(*root));
    yaml->name = hs_bump_copy(&yaml->bump, name, strlen(name));
    if (!root || !yaml->name) {
        hs_yaml_free(yaml);
        return NULL;
    }
    *root = (struct hs_yaml_node){.kind = HS_YAML_MAPPING, .file = yaml->name};
    yaml->root = root;
    return yaml;
}

int hs_yaml_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                  struct hs_yaml **ret_yaml)
{
    struct hs_yaml *yaml = new_document(name);
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml || !yaml_parser_initialize(&parser)) {
        hs_yaml_free(yaml);
        return HS_ENOMEM;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.ptr ? text.ptr : ""),
                                 text.len);
    int rc = HS_EFORMAT;
    if (!yaml_parser_load(&parser, &document)) {
        report_syntax(&parser, name, diags);
    } else {
        bool has_root = yaml_document_get_root_node(&document) != NULL;
        rc = convert_document(yaml, &document, diags);
        yaml_document_delete(&document);
        if (has_root && rc == 0) {
            rc = check_end(&parser, name, diags);
        }
    }
    yaml_parser_delete(&parser);
    if (rc != 0) {
        hs_yaml_free(yaml);
        return rc;
    }
    *ret_yaml = yaml;
    return 0;
}

// A node of both; NULL when memory ran out.
static const struct hs_yaml_node *merge_nodes(struct hs_bump *bump, const struct hs_yaml_node *base,
                                              const struct hs_yaml_node *over)
{
    if (base->kind != HS_YAML_MAPPING || over->kind != HS_YAML_MAPPING) {
        return over;
    }
    struct hs_yaml_node *merged = hs_bump_alloc(bump, sizeof(*merged));
    if (!merged) {
        return NULL;
    }
    *merged = *over;
    merged->items = hs_bump_alloc(bump, (base->count + over->count + 1) * sizeof(*merged->items));
    if (!merged->items) {
        return NULL;
    }
    memcpy(merged->items, base->items, base->count * sizeof(*base->items));
    merged->count = base->count;
    for (size_t o = 0; o < over->count; o++) {
        struct hs_yaml_item item = over->items[o];
        size_t at = 0;
        while (at < base->count && !hs_str_eq(base->items[at].key->text, item.key->text)) {
            at++;
        }
        if (at < base->count) {
            item.value = merge_nodes(bump, base->items[at].value, item.value);
            if (!item.value) {
                return NULL;
            }
            merged->items[at] = item;
        } else {
            merged->items[merged->count++] = item;
        }
    }
    return merged;
}

int hs_yaml_merge(struct hs_yaml *base, struct hs_yaml *over)
{
    const struct hs_yaml_node *merged = merge_nodes(&base->bump, base->root, over->root);
    struct hs_yaml **last = &over->taken;
    while (*last) {
        last = &(*last)->taken;
    }
    *last = base->taken;
    base->taken = over;
    if (!merged) {
        return HS_ENOMEM;
    }
    base->root = merged;
    return 0;
}
