// SPDX-License-Identifier: Apache-2.0
// hitctl list set, remove: changes of a list as a whole.
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitctl/list_commands.h"
#include "hitctl/list_common.h"
#include "hitctl/list_policy.h"

// ---- set ----

struct set_options {
    const char *title, *owner_force, *purpose, *tiers;
    struct hitctl_list_numbers numbers;
    bool wait;
    int64_t timeout_s;
};

#define AT(member) offsetof(struct set_options, member)
const struct hitctl_option hitctl_list_set_options[] = {
    {"title", HITCTL_TEXT, AT(title), "TEXT", "what people call it"},
    {"owner-force", HITCTL_TEXT, AT(owner_force), "FORCE", "the force whose list it is"},
    {"purpose", HITCTL_TEXT, AT(purpose), "TEXT", "what it is for"},
    {"review-days", HITCTL_NUMBER, AT(numbers.review_days), "N",
     "entries are to be reviewed so often; 0: never"},
    {"shrink-percent", HITCTL_NUMBER, AT(numbers.shrink_pct), "N",
     "a load may take away this share without --force"},
    {"keep", HITCTL_NUMBER, AT(numbers.keep), "N", "earlier generations kept for rollback"},
    {"tiers", HITCTL_TEXT, AT(tiers), "T;T|default", "match tiers the list uses"},
    {"min-confidence", HITCTL_NUMBER, AT(numbers.min_confidence), "PERCENT",
     "least confidence of a read's weakest character"},
    {"wait", HITCTL_FLAG, AT(wait), NULL,
     "until every registered daemon has it live; say how long it took"},
    {"timeout", HITCTL_NUMBER, AT(timeout_s), "SECONDS", "wait no longer (default 30)"},
    {NULL, 0, 0, NULL, NULL},
};

// Everything that is wrong, not only the first.
static int check_set(const struct set_options *options)
{
    static const char *const names[] = {"title", "owner-force", "purpose"};
    const char *texts[] = {options->title, options->owner_force, options->purpose};
    const struct hitctl_list_numbers *n = &options->numbers;
    int code = hitctl_list_numbers_check(n);
    bool any = options->tiers || n->review_days >= 0 || n->shrink_pct >= 0 || n->keep >= 0 ||
               n->min_confidence >= 0;
    for (size_t i = 0; i < 3; i++) {
        any |= texts[i] != NULL;
        if (texts[i] && !hitctl_text_given(texts[i])) {
            hitctl_error("--%s is empty or no text", names[i]);
            code = HITCTL_USAGE;
        }
    }
    if (!any) {
        hitctl_error("says nothing to change; a list is open or covert for good, its status is set "
                     "with 'hitctl list status'");
        code = HITCTL_USAGE;
    }
    return code;
}

static void set_text(struct hs_str *member, const char *given)
{
    *member = given ? hs_str_trim(hs_str(given)) : *member;
}

static void set_number(uint32_t *member, int64_t given)
{
    *member = given >= 0 ? (uint32_t)given : *member;
}

static int make_change(const struct set_options *options, const struct hs_store_list *before,
                       struct hs_buf *policy, struct hs_store_list *ret_list)
{
    *ret_list = *before;
    set_text(&ret_list->title, options->title);
    set_text(&ret_list->owner_force, options->owner_force);
    set_text(&ret_list->purpose, options->purpose);
    set_number(&ret_list->review_days, options->numbers.review_days);
    set_number(&ret_list->shrink_pct, options->numbers.shrink_pct);
    set_number(&ret_list->keep_generations, options->numbers.keep);
    if (!options->tiers && options->numbers.min_confidence < 0) {
        return HITCTL_OK;
    }
    int code =
        hitctl_policy_pack(before->policy, options->tiers, options->numbers.min_confidence, policy);
    ret_list->policy = hs_buf_str(policy);
    return code;
}

// Says the change, waits for it when asked to.
static int tell(const struct hitctl *ctl, struct hitctl_list *list, const char *done,
                const struct hs_position *position, int64_t began_ns, int64_t wait_s)
{
    json_t *json = NULL;
    if (ctl->json) {
        json = json_pack("{s:o, s:s}", "list", hitctl_json_text(list->list.list_id), "change",
                         position->id);
    } else {
        printf("list '%.*s' is %s\n", HS_STR_ARG(list->list.list_id), done);
        fflush(stdout);
    }
    int code =
        wait_s >= 0 ? hitctl_wait_live(list->store, position, began_ns, wait_s, json) : HITCTL_OK;
    if (json) {
        hitctl_print_json(json);
    }
    return code;
}

int hitctl_list_set(struct hitctl *ctl, int argc, char **argv)
{
    struct set_options options = {.numbers = {-1, -1, -1, -1}, .timeout_s = HITCTL_WAIT_DEFAULT_S};
    struct hitctl_list list = {0};
    struct hs_store_list changed;
    struct hs_buf policy = {0};
    struct hs_position position;
    const struct hs_actor actor = hitctl_list_actor(ctl);
    int64_t began_ns = hs_clock_monotonic_ns();
    int words = hitctl_options_parse(hitctl_list_set_options, &options, argc, argv);
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("needs a list");
        }
        return HITCTL_USAGE;
    }
    int code = check_set(&options);
    code = code ? code : hitctl_list_open(ctl, HITCTL_MAY_CHANGE_LIST, argv[1], &list);
    code = code ? code : make_change(&options, &list.list, &policy, &changed);
    // The list as it shall be is the person's too, and a covert one keeps a queue of its owner.
    code = code ? code : hitctl_may_list(ctl, HITCTL_MAY_CHANGE_LIST, &changed);
    code = code || !options.owner_force ? code : hitctl_list_check_covert(list.store, &changed);
    if (code == HITCTL_OK) {
        int rc = hs_store_list_set(list.store, &actor, &changed, &position);
        code = rc == 0 ? tell(ctl, &list, "changed", &position, began_ns,
                              options.wait ? options.timeout_s : -1)
                       : hitctl_store_failed(list.store, rc, "nothing is changed");
    }
    hs_buf_fini(&policy);
    hitctl_list_close(&list);
    return code;
}

// ---- remove ----

struct remove_options {
    bool force, wait;
    int64_t timeout_s;
};

const struct hitctl_option hitctl_list_remove_options[] = {
    {"force", HITCTL_FLAG, offsetof(struct remove_options, force), NULL, "though it is live"},
    {"wait", HITCTL_FLAG, offsetof(struct remove_options, wait), NULL,
     "until no registered daemon has it any more; say how long it took"},
    {"timeout", HITCTL_NUMBER, offsetof(struct remove_options, timeout_s), "SECONDS",
     "wait no longer (default 30)"},
    {NULL, 0, 0, NULL, NULL},
};

// Says which queues name the list; refuses one that is live.
static int check_remove(struct hitctl_list *list, bool force)
{
    struct hs_buf queues = {0};
    int code = hitctl_list_queues(list->store, &list->list, &queues);
    if (code == HITCTL_OK && queues.len > 0) {
        hitctl_error("the active controls name list '%.*s' in queue %s: take it out there as well",
                     HS_STR_ARG(list->list.list_id), hs_buf_text(&queues));
    }
    if (code == HITCTL_OK && list->list.status == HS_STORE_LIVE && !force) {
        hitctl_error("list '%.*s' is live with %llu entries, nothing is removed: suspend it first "
                     "('hitctl list status'), or --force",
                     HS_STR_ARG(list->list.list_id), (unsigned long long)list->list.size);
        code = HITCTL_REFUSED;
    }
    hs_buf_fini(&queues);
    return code;
}

int hitctl_list_remove(struct hitctl *ctl, int argc, char **argv)
{
    struct remove_options options = {.timeout_s = HITCTL_WAIT_DEFAULT_S};
    struct hitctl_list list = {0};
    struct hs_position position;
    const struct hs_actor actor = hitctl_list_actor(ctl);
    int64_t began_ns = hs_clock_monotonic_ns();
    char note[64];
    int words = hitctl_options_parse(hitctl_list_remove_options, &options, argc, argv);
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("needs a list");
        }
        return HITCTL_USAGE;
    }
    int code = hitctl_list_open(ctl, HITCTL_MAY_CHANGE_LIST, argv[1], &list);
    code = code ? code : check_remove(&list, options.force);
    if (code == HITCTL_OK) {
        snprintf(note, sizeof(note), "was %s", hs_store_status_name(list.list.status));
        int rc = hs_store_list_remove(list.store, &actor, &list.list, hs_str(note), &position);
        code = rc == 0 ? tell(ctl, &list, "removed", &position, began_ns,
                              options.wait ? options.timeout_s : -1)
                       : hitctl_store_failed(list.store, rc, "nothing is removed");
    }
    hitctl_list_close(&list);
    return code;
}
