// SPDX-License-Identifier: Apache-2.0
#include "hitctl/rights_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "config/file.h"

enum { FILE_MAX_BYTES = 1 << 20, PATH_BYTES = 256, NAME_MAX_BYTES = 128 };

const char *const hitctl_role_words[] = {"reader",        "controller", "lead",
                                         "administrator", "auditor",    NULL};

static const char *const person_keys[] = {"role",  "force",     "logins", "redis_users",
                                          "lists", "audiences", "queues", NULL};

// One person's reading.
struct reading {
    const struct hs_yaml_node *node;
    struct hs_diags *diags;
    struct hs_bump *bump;
    struct hitctl_person *person;
};

bool hitctl_words_have(const struct hitctl_words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (hs_str_is(words->rows[i], word)) {
            return true;
        }
    }
    return false;
}

void hitctl_roles_say(unsigned roles, struct hs_buf *out)
{
    const char *comma = "";
    for (size_t i = 0; hitctl_role_words[i]; i++) {
        if (roles & 1u << i) {
            hs_buf_printf(out, "%s%s", comma, hitctl_role_words[i]);
            comma = ", ";
        }
    }
}

static const char *path_of(const struct reading *reading, const char *key, char *ret_path)
{
    snprintf(ret_path, PATH_BYTES, "persons.%.100s%s%s", reading->person->name, *key ? "." : "",
             key);
    return ret_path;
}

static void read_words(const struct reading *reading, const char *key,
                       struct hitctl_words *ret_words)
{
    char path[PATH_BYTES];
    const struct hs_yaml_node *node = hs_yaml_get(reading->node, key);
    if (node) {
        hs_yaml_to_texts(node, path_of(reading, key, path), reading->diags, reading->bump,
                         &ret_words->rows, &ret_words->count);
    }
}

static void read_roles(const struct reading *reading)
{
    char path[PATH_BYTES];
    const struct hs_yaml_node *node = hs_yaml_get(reading->node, "role");
    const struct hs_str *words;
    size_t count, index;
    path_of(reading, "role", path);
    if (!node) {
        hs_yaml_fault(reading->diags, reading->node, path, "is missing: a person has a role");
        return;
    }
    if (!hs_yaml_to_texts(node, path, reading->diags, reading->bump, &words, &count)) {
        return;
    }
    if (count == 0) {
        hs_yaml_fault(reading->diags, node, path, "is empty: a person has a role");
    }
    for (size_t i = 0; i < count; i++) {
        const struct hs_yaml_node *at = node->kind == HS_YAML_SCALAR ? node : node->items[i].value;
        if (hs_yaml_to_choice(at, path, hitctl_role_words, reading->diags, &index)) {
            reading->person->roles |= 1u << index;
        }
    }
}

static void read_force(const struct reading *reading)
{
    char path[PATH_BYTES];
    const struct hs_yaml_node *node = hs_yaml_get(reading->node, "force");
    path_of(reading, "force", path);
    if (!node) {
        hs_yaml_fault(reading->diags, reading->node, path,
                      "is missing: a person belongs to a force or an agency");
    } else {
        hs_yaml_to_text(node, path, reading->diags, &reading->person->force);
    }
}

static void check_keys(const struct reading *reading)
{
    for (size_t i = 0; i < reading->node->count; i++) {
        char path[PATH_BYTES];
        const struct hs_yaml_node *key = reading->node->items[i].key;
        bool known = false;
        for (size_t k = 0; person_keys[k]; k++) {
            known |= hs_str_is(key->text, person_keys[k]);
        }
        if (!known) {
            hs_yaml_unknown_key(reading->diags, key, path_of(reading, "", path), person_keys);
        }
    }
}

// Stars where each one is to be named.
static void check_stars(const struct reading *reading)
{
    static const char *const keys[] = {"logins", "redis_users", "audiences", "queues"};
    const struct hitctl_words *words[] = {&reading->person->logins, &reading->person->redis_users,
                                          &reading->person->audiences, &reading->person->queues};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char path[PATH_BYTES];
        if (hitctl_words_have(words[i], "*")) {
            hs_yaml_fault(reading->diags, hs_yaml_get(reading->node, keys[i]),
                          path_of(reading, keys[i], path), "'*' is refused: name each one");
        }
    }
}

static int read_person(const struct hs_yaml_item *item, struct hs_diags *diags,
                       struct hitctl_rights *rights)
{
    struct hitctl_person *person = &rights->persons[rights->person_count++];
    struct reading reading = {item->value, diags, &rights->bump, person};
    char path[PATH_BYTES];
    struct hs_str name = item->key->text;
    person->name = hs_bump_copy(&rights->bump, name.ptr, name.len);
    struct hs_str *login = hs_bump_alloc(&rights->bump, sizeof(*login));
    if (!person->name || !login) {
        return HS_ENOMEM;
    }
    *login = hs_str(person->name);
    path_of(&reading, "", path);
    if (name.len == 0 || name.len > NAME_MAX_BYTES || name.len != strlen(person->name)) {
        hs_yaml_fault(diags, item->key, "persons", "a name has 1 to %d bytes", NAME_MAX_BYTES);
        return 0;
    }
    if (item->value->kind != HS_YAML_MAPPING) {
        hs_yaml_fault(diags, item->value, path, "a person has keys: role, force, ...");
        return 0;
    }
    check_keys(&reading);
    read_roles(&reading);
    read_force(&reading);
    person->logins = (struct hitctl_words){login, 1};
    read_words(&reading, "logins", &person->logins);
    read_words(&reading, "redis_users", &person->redis_users);
    read_words(&reading, "lists", &person->lists);
    read_words(&reading, "audiences", &person->audiences);
    read_words(&reading, "queues", &person->queues);
    check_stars(&reading);
    return 0;
}

static const struct hs_yaml_node *find_persons(const struct hs_yaml_node *root,
                                               struct hs_diags *diags, struct hitctl_rights *rights)
{
    static const char *const known[] = {"persons", "authority_required", NULL};
    for (size_t i = 0; root->kind == HS_YAML_MAPPING && i < root->count; i++) {
        const struct hs_yaml_node *key = root->items[i].key;
        if (!hs_str_is(key->text, known[0]) && !hs_str_is(key->text, known[1])) {
            hs_yaml_unknown_key(diags, key, "", known);
        }
    }
    const struct hs_yaml_node *required = hs_yaml_get(root, "authority_required");
    if (required) {
        hs_yaml_to_bool(required, "authority_required", diags, &rights->authority_required);
    }
    const struct hs_yaml_node *persons = hs_yaml_get(root, "persons");
    if (!persons || persons->kind != HS_YAML_MAPPING || persons->count == 0) {
        hs_yaml_fault(diags, persons ? persons : root, "persons",
                      "is missing: with a rights file, only the persons in it may do anything");
        return NULL;
    }
    if (persons->count > HITCTL_PERSONS_MAX) {
        hs_yaml_fault(diags, persons, "persons", "more than %d persons", HITCTL_PERSONS_MAX);
        return NULL;
    }
    return persons;
}

int hitctl_rights_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                        struct hitctl_rights **ret_rights)
{
    size_t errors = diags->errors;
    struct hitctl_rights *rights = calloc(1, sizeof(*rights));
    if (!rights) {
        return HS_ENOMEM;
    }
    int rc = hs_yaml_parse(text, name, diags, &rights->document);
    const struct hs_yaml_node *persons =
        rc == 0 ? find_persons(hs_yaml_root(rights->document), diags, rights) : NULL;
    if (persons) {
        rights->path = hs_bump_copy(&rights->bump, name, strlen(name));
        rights->persons = calloc(persons->count, sizeof(*rights->persons));
        rc = rights->persons && rights->path ? 0 : HS_ENOMEM;
    }
    for (size_t i = 0; rc == 0 && persons && i < persons->count; i++) {
        rc = read_person(&persons->items[i], diags, rights);
    }
    if (rc == 0 && diags->errors != errors) {
        rc = HS_EFORMAT;
    }
    if (rc != 0) {
        hitctl_rights_free(rights);
        return rc;
    }
    *ret_rights = rights;
    return 0;
}

int hitctl_rights_read(const char *path, struct hs_diags *diags, struct hitctl_rights **ret_rights)
{
    struct hs_buf text = {0};
    struct stat stat_of;
    struct hs_diag_place place = {.file = path};
    int rc = hs_file_read(path, FILE_MAX_BYTES, &text);
    if (rc == HS_ENOTFOUND) {
        return rc;
    }
    if (rc != 0) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "cannot be read: %s", hs_strerror(rc));
        rc = HS_EFORMAT;
    } else if (stat(path, &stat_of) == 0 && (stat_of.st_mode & (S_IWGRP | S_IWOTH))) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place,
                     "others than its owner may write it: whoever can write it gives rights");
        rc = HS_EFORMAT;
    } else {
        rc = hitctl_rights_parse(hs_buf_str(&text), path, diags, ret_rights);
    }
    hs_buf_fini(&text);
    return rc;
}

void hitctl_rights_free(struct hitctl_rights *rights)
{
    if (rights) {
        hs_yaml_free(rights->document);
        hs_bump_fini(&rights->bump);
        free(rights->persons);
        free(rights);
    }
}
