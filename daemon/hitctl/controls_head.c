// SPDX-License-Identifier: Apache-2.0
#include "hitctl/controls_head.h"

#include <stdio.h>

#include "base/error.h"
#include "hitctl/controls_lists.h"
#include "hitctl/controls_text.h"
#include "hitctl/store_open.h"

enum { ACTIVATE_TRIES = 5, DIFFERENCES_SHOWN = 20 };

// ------------------------------------------------------------------ reading

// Controls of a hash from their packed bytes; a hash that does not hold is refused.
static int unpack(struct hs_str packed, const char *hash, struct hs_controls **ret_controls)
{
    struct hs_diags diags = {0};
    int rc = hs_controls_unpack(packed, &diags, ret_controls);
    if (rc != 0) { // warnings were told to who activated them
        hitctl_print_diags(&diags);
    }
    hs_diags_fini(&diags);
    if (rc != 0) {
        hitctl_error("controls %s as stored cannot be used", hash);
        return HITCTL_REFUSED;
    }
    if (strcmp(hs_controls_hash(*ret_controls), hash) != 0) {
        hitctl_error("controls %s as stored do not have this hash but %s", hash,
                     hs_controls_hash(*ret_controls));
        hs_controls_unref(*ret_controls);
        return HITCTL_REFUSED;
    }
    return HITCTL_OK;
}

int controls_stored_read(struct hs_store *store, const char *hash,
                         struct hs_controls **ret_controls)
{
    struct hs_buf packed = {0};
    int rc = hs_store_controls_get(store, hash, &packed);
    int code;
    if (rc == HS_ENOTFOUND) {
        hitctl_error("no controls with hash '%s' are kept", hash);
        code = HITCTL_REFUSED;
    } else if (rc != 0) {
        code = hitctl_store_failed(store, rc, "controls");
    } else {
        code = unpack(hs_buf_str(&packed), hash, ret_controls);
    }
    hs_buf_fini(&packed);
    return code;
}

int controls_head_read(struct hs_store *store, struct controls_head *ret_head)
{
    struct hs_buf packed = {0};
    int code = HITCTL_OK;
    int rc = hs_store_controls_head(store, ret_head->hash, &packed);
    if (rc != 0) {
        code = hitctl_store_failed(store, rc, "head of the controls");
    } else if (ret_head->hash[0] == '\0') {
        ret_head->controls = hs_controls_empty();
        code = ret_head->controls ? HITCTL_OK : HITCTL_FAILED;
    } else {
        code = unpack(hs_buf_str(&packed), ret_head->hash, &ret_head->controls);
    }
    hs_buf_fini(&packed);
    return code;
}

// ------------------------------------------------------------------ with another file

// The files of controls with one of them exchanged.
struct exchange {
    struct hs_controls_file files[CONTROLS_FILES_MAX];
    size_t count;
    struct hs_bump bump; // owns the copies
    struct hs_str name;  // of the file that is exchanged
};

static int keep_file(void *ctx, struct hs_str name, struct hs_str text)
{
    struct exchange *exchange = ctx;
    if (hs_str_eq(name, exchange->name)) {
        return 0;
    }
    if (exchange->count == CONTROLS_FILES_MAX - 1) {
        return HS_ELIMIT;
    }
    const char *name_copy = hs_bump_copy(&exchange->bump, name.ptr, name.len);
    const char *text_copy = hs_bump_copy(&exchange->bump, text.ptr, text.len);
    if (!name_copy || !text_copy) {
        return HS_ENOMEM;
    }
    exchange->files[exchange->count++] =
        (struct hs_controls_file){hs_str(name_copy), hs_str_n(text_copy, text.len)};
    return 0;
}

int controls_head_exchange(const struct controls_head *head, const char *name, struct hs_str text,
                           struct hs_controls **ret_controls)
{
    struct exchange exchange = {.name = hs_str(name)};
    struct hs_diags diags = {0};
    int rc = hs_controls_each_file(hs_controls_packed(head->controls), keep_file, &exchange);
    if (rc == 0) {
        exchange.files[exchange.count++] = (struct hs_controls_file){hs_str(name), text};
        rc = hs_controls_parse(exchange.files, exchange.count, &diags, ret_controls);
    }
    hitctl_print_diags(&diags);
    if (diags.errors > 0) {
        hitctl_error("'%s' is refused: %zu errors", name, diags.errors);
    } else if (rc != 0) {
        hitctl_error("the active controls cannot be changed: %s", hs_strerror(rc));
    }
    hs_diags_fini(&diags);
    hs_bump_fini(&exchange.bump);
    return rc == 0 ? HITCTL_OK : rc == HS_EFORMAT ? HITCTL_REFUSED : HITCTL_FAILED;
}

// ------------------------------------------------------------------ activating

int controls_head_conflict(struct hs_store *store, const char *made_against,
                           const struct controls_head *head)
{
    struct hs_controls *old = NULL;
    if (made_against[0] == '\0') {
        hitctl_error(
            "controls %s are active already; say what the folder was made from: --against HASH, "
            "or begin with 'hitctl controls show --to FOLDER'",
            head->hash);
        return HITCTL_CONFLICT;
    }
    hitctl_error("made against %s, but %s is active; changed since:", made_against,
                 head->hash[0] ? head->hash : "nothing");
    if (controls_stored_read(store, made_against, &old) == HITCTL_OK) {
        controls_print_diff(old, head->controls, 0, stderr);
        hs_controls_unref(old);
    }
    return HITCTL_CONFLICT;
}

static int check_lists(struct hs_store *store, const struct hs_controls *controls)
{
    struct hs_diags diags = {0};
    int rc = controls_check_lists(store, controls, &diags);
    int code = rc != 0 ? hitctl_store_failed(store, rc, "lists") : HITCTL_OK;
    hitctl_print_diags(&diags);
    if (diags.errors > 0) {
        hitctl_error("refused: the controls do not fit the lists");
        code = HITCTL_REFUSED;
    }
    hs_diags_fini(&diags);
    return code;
}

// Somebody else activated controls between our reading and writing.
static int overtaken(struct hs_store *store, const char *expected)
{
    struct controls_head now = {0};
    int code = controls_head_read(store, &now);
    if (code == HITCTL_OK) {
        code = controls_head_conflict(store, expected, &now);
    }
    hs_controls_unref(now.controls);
    return code;
}

// The compare-and-set; a change of a list in between is no conflict and is tried over.
static int write_head(const struct hitctl *ctl, struct hs_store *store, const char *expected,
                      const struct hs_controls *controls, const char *operation)
{
    const struct hs_actor actor = {.who = ctl->who, .authority = ctl->authority};
    int rc = HS_ECONFLICT;
    for (int i = 0; i < ACTIVATE_TRIES && rc == HS_ECONFLICT; i++) {
        char now[HS_CONTROLS_HASH_BYTES];
        rc = hs_store_controls_activate(store, expected, hs_controls_hash(controls),
                                        hs_controls_packed(controls), operation, &actor);
        if (rc == HS_ECONFLICT && hs_store_controls_head(store, now, NULL) == 0 &&
            strcmp(now, expected) != 0) {
            return overtaken(store, expected);
        }
    }
    return rc == 0 ? HITCTL_OK : hitctl_store_failed(store, rc, operation);
}

// Says what is active now.
static int print_done(const struct hitctl *ctl, const struct controls_head *before,
                      const struct hs_controls *after, bool dry_run)
{
    if (ctl->json) {
        json_t *whole = json_object();
        json_object_set_new(whole, "before", json_string(before->hash));
        json_object_set_new(whole, "hash", json_string(hs_controls_hash(after)));
        json_object_set_new(whole, "changes", controls_json_diff(before->controls, after));
        json_object_set_new(whole, "activated", json_boolean(!dry_run));
        return controls_print_json(whole);
    }
    if (dry_run) {
        printf("nothing was changed (--dry-run)\n");
    } else {
        printf("active: %s\n", hs_controls_hash(after));
    }
    return HITCTL_OK;
}

int controls_head_change(const struct hitctl *ctl, struct hs_store *store,
                         const struct controls_head *head, const struct hs_controls *controls,
                         const char *operation, bool dry_run)
{
    if (strcmp(head->hash, hs_controls_hash(controls)) == 0) {
        hitctl_error("these controls are active already, nothing to do");
        return HITCTL_OK;
    }
    int code = check_lists(store, controls);
    if (code != HITCTL_OK) {
        return code;
    }
    if (!ctl->json &&
        controls_print_diff(head->controls, controls, DIFFERENCES_SHOWN, stdout) < 0) {
        return HITCTL_FAILED;
    }
    if (!dry_run) {
        code = write_head(ctl, store, head->hash, controls, operation);
    }
    return code == HITCTL_OK ? print_done(ctl, head, controls, dry_run) : code;
}
