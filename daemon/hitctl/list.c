// SPDX-License-Identifier: Apache-2.0
// hitctl list: the table of commands; create, status, check.
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitctl/list_commands.h"
#include "hitctl/list_file.h"
#include "hitctl/list_policy.h"

// ---- create ----

struct create_options {
    const char *title, *owner_force, *purpose, *status, *tiers;
    bool open, covert;
    struct hitctl_list_numbers numbers;
};

#define AT(member) offsetof(struct create_options, member)
static const struct hitctl_option create_table[] = {
    {"title", HITCTL_TEXT, AT(title), "TEXT", "what people call it"},
    {"owner-force", HITCTL_TEXT, AT(owner_force), "FORCE", "the force whose list it is"},
    {"purpose", HITCTL_TEXT, AT(purpose), "TEXT", "what it is for"},
    {"open", HITCTL_FLAG, AT(open), NULL, "its hits go to every queue that may receive it"},
    {"covert", HITCTL_FLAG, AT(covert), NULL, "its hits go to its owner's own queue alone"},
    {"status", HITCTL_TEXT, AT(status), "live|trial|suspended", "default: trial"},
    {"review-days", HITCTL_NUMBER, AT(numbers.review_days), "N",
     "entries are to be reviewed so often (default 28; 0: never)"},
    {"shrink-percent", HITCTL_NUMBER, AT(numbers.shrink_pct), "N",
     "a load may take away this share without --force (default 20)"},
    {"keep", HITCTL_NUMBER, AT(numbers.keep), "N",
     "earlier generations kept for rollback (default 5)"},
    {"tiers", HITCTL_TEXT, AT(tiers), "T;T", "match tiers the list uses (default: the engine's)"},
    {"min-confidence", HITCTL_NUMBER, AT(numbers.min_confidence), "PERCENT",
     "least confidence of a read's weakest character"},
    {NULL, 0, 0, NULL, NULL},
};

// Everything that is wrong, not only the first.
static int check_create(const struct create_options *options, const char *list_id,
                        enum hs_store_status *ret_status)
{
    int code = HITCTL_OK;
    if (!hs_store_list_id_ok(hs_str(list_id))) {
        hitctl_error("'%s' is no list id: small letters, digits, '-', '_' and '.', at most %d",
                     list_id, HS_LIST_ID_MAX);
        code = HITCTL_USAGE;
    }
    if (!hitctl_text_given(options->title) || !hitctl_text_given(options->owner_force) ||
        !hitctl_text_given(options->purpose)) {
        hitctl_error("needs --title, --owner-force and --purpose");
        code = HITCTL_USAGE;
    }
    if (options->open == options->covert) {
        hitctl_error("say --open or --covert");
        code = HITCTL_USAGE;
    }
    if (hs_store_status_parse(hs_str(options->status), ret_status) != 0) {
        hitctl_error("--status '%s' is unknown; allowed: live, trial or suspended",
                     options->status);
        code = HITCTL_USAGE;
    }
    int numbers = hitctl_list_numbers_check(&options->numbers);
    code = code ? code : numbers;
    return code;
}

static int create(struct hitctl *ctl, const struct hs_store_list *list)
{
    struct hs_store *store;
    struct hs_position position;
    struct hs_actor actor = hitctl_list_actor(ctl);
    int code = list->covert ? hitctl_may(ctl, HITCTL_MAY_CHANGE_LIST, list->list_id.ptr)
                            : hitctl_may_list(ctl, HITCTL_MAY_CHANGE_LIST, list);
    code = code ? code : hitctl_store_open(ctl, &store);
    if (code != HITCTL_OK) {
        return code;
    }
    int rc = hs_store_list_create(store, &actor, list, &position);
    if (rc != 0) {
        code = hitctl_store_failed(store, rc, "nothing is created");
        code = rc == HS_EEXIST ? HITCTL_CONFLICT : code;
    } else if (ctl->json) {
        hitctl_print_json(json_pack("{s:o, s:s}", "list", hitctl_json_text(list->list_id), "change",
                                    position.id));
    } else {
        printf("list '%.*s' is created: %s, %s, empty\n", HS_STR_ARG(list->list_id),
               list->covert ? "covert" : "open", hs_store_status_name(list->status));
    }
    hs_store_free(store);
    return code;
}

static int run_create(struct hitctl *ctl, int argc, char **argv)
{
    struct create_options options = {.status = "trial",
                                     .numbers = {.review_days = HITCTL_REVIEW_DEFAULT,
                                                 .keep = HITCTL_KEEP_DEFAULT,
                                                 .shrink_pct = HITCTL_SHRINK_DEFAULT},
                                     .tiers = ""};
    struct hs_buf policy = {0};
    struct hs_store_list list = {0};
    int words = hitctl_options_parse(create_table, &options, argc, argv);
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("needs the new list's id");
        }
        return HITCTL_USAGE;
    }
    int code = check_create(&options, argv[1], &list.status);
    code = code ? code
                : hitctl_policy_pack(hs_str(""), options.tiers, options.numbers.min_confidence,
                                     &policy);
    if (code == HITCTL_OK) {
        list.list_id = hs_str(argv[1]);
        list.title = hs_str_trim(hs_str(options.title));
        list.owner_force = hs_str_trim(hs_str(options.owner_force));
        list.purpose = hs_str_trim(hs_str(options.purpose));
        list.covert = options.covert;
        list.policy = hs_buf_str(&policy);
        list.review_days = (uint32_t)options.numbers.review_days;
        list.shrink_pct = (uint32_t)options.numbers.shrink_pct;
        list.keep_generations = (uint32_t)options.numbers.keep;
        code = create(ctl, &list);
    }
    hs_buf_fini(&policy);
    return code;
}

// ---- status ----

struct status_options {
    bool wait;
    int64_t timeout_s;
};

static const struct hitctl_option status_table[] = {
    {"wait", HITCTL_FLAG, offsetof(struct status_options, wait), NULL,
     "until every registered daemon has it live; say how long it took"},
    {"timeout", HITCTL_NUMBER, offsetof(struct status_options, timeout_s), "SECONDS",
     "wait no longer (default 30)"},
    {NULL, 0, 0, NULL, NULL},
};

static int set_status(struct hitctl *ctl, struct hitctl_list *list, enum hs_store_status status,
                      const struct status_options *options)
{
    struct hs_position position;
    struct hs_actor actor = hitctl_list_actor(ctl);
    struct hs_store_list changed = list->list;
    int64_t began_ns = hs_clock_monotonic_ns();
    changed.status = status;
    int rc = hs_store_list_set(list->store, &actor, &changed, &position);
    if (rc != 0) {
        return hitctl_store_failed(list->store, rc, "nothing is changed");
    }
    json_t *json = NULL;
    if (ctl->json) {
        json = json_pack("{s:s, s:s, s:s}", "before", hs_store_status_name(list->list.status),
                         "status", hs_store_status_name(status), "change", position.id);
    } else {
        printf("list '%.*s' was %s, is %s\n", HS_STR_ARG(list->list.list_id),
               hs_store_status_name(list->list.status), hs_store_status_name(status));
        fflush(stdout);
    }
    int code = options->wait
                   ? hitctl_wait_live(list->store, &position, began_ns, options->timeout_s, json)
                   : HITCTL_OK;
    if (json) {
        hitctl_print_json(json);
    }
    return code;
}

static int run_status(struct hitctl *ctl, int argc, char **argv)
{
    struct status_options options = {.timeout_s = HITCTL_WAIT_DEFAULT_S};
    struct hitctl_list list;
    enum hs_store_status status = HS_STORE_TRIAL;
    int words = hitctl_options_parse(status_table, &options, argc, argv);
    if (words != 1 && words != 2) {
        if (words >= 0) {
            hitctl_error("needs a list, and live, trial or suspended to change it");
        }
        return HITCTL_USAGE;
    }
    if (words == 2 && hs_store_status_parse(hs_str(argv[2]), &status) != 0) {
        hitctl_error("'%s' is no status; allowed: live, trial or suspended", argv[2]);
        return HITCTL_USAGE;
    }
    int code =
        hitctl_list_open(ctl, words == 2 ? HITCTL_MAY_CHANGE_LIST : HITCTL_MAY_SEE, argv[1], &list);
    if (code == HITCTL_OK && words == 2) {
        code = set_status(ctl, &list, status, &options);
    } else if (code == HITCTL_OK && ctl->json) {
        hitctl_print_json(json_pack("{s:s}", "status", hs_store_status_name(list.list.status)));
    } else if (code == HITCTL_OK) {
        puts(hs_store_status_name(list.list.status));
    }
    hitctl_list_close(&list);
    return code;
}

// ---- check ----

struct check_options {
    const char *reject_file;
    const char *format;
};

static const struct hitctl_option check_table[] = {
    {"reject-file", HITCTL_TEXT, offsetof(struct check_options, reject_file), "FILE",
     "write the bad lines there, as they are"},
    {"format", HITCTL_TEXT, offsetof(struct check_options, format), "csv|json",
     "default: by the file's name and first character"},
    {NULL, 0, 0, NULL, NULL},
};

static int ignore_entry(void *ctx, const struct hs_entry *entry)
{
    (void)ctx;
    (void)entry;
    return 0;
}

static int run_check(struct hitctl *ctl, int argc, char **argv)
{
    struct check_options options = {0};
    struct hitctl_file_result result;
    int rc;
    int words = hitctl_options_parse(check_table, &options, argc, argv);
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("needs a file");
        }
        return HITCTL_USAGE;
    }
    struct hitctl_file_options file = {.path = argv[1],
                                       .format = options.format,
                                       .reject_path = options.reject_file,
                                       .quiet = ctl->json,
                                       .entry = ignore_entry};
    int code = hitctl_file_read(&file, &result, &rc);
    if (ctl->json) {
        hitctl_print_json(json_pack("{s:I, s:I, s:I, s:o}", "lines", (json_int_t)result.rows,
                                    "good", (json_int_t)result.good, "bad", (json_int_t)result.bad,
                                    "refused", hitctl_diags_json(&result.diags)));
    } else {
        hitctl_print_diags(&result.diags);
        printf("%zu lines: %zu good, %zu bad\n", result.rows, result.good, result.bad);
    }
    code = code ? code : result.bad ? HITCTL_REFUSED : HITCTL_OK;
    hs_diags_fini(&result.diags);
    return code;
}

const struct hitctl_command hitctl_list_commands[] = {
    {"list", "create", "LIST --title T --owner-force F --purpose P --open|--covert [OPTION...]",
     "make a new, empty list", run_create, create_table},
    {"list", "load", "LIST FILE --replace|--merge [OPTION...]",
     "load a VOI file (CSV or JSON lines)", hitctl_list_load, hitctl_list_load_options},
    {"list", "put", "LIST COLUMN=VALUE... [OPTION...]", "add or replace one entry", hitctl_list_put,
     hitctl_list_put_options},
    {"list", "drop", "LIST ENTRY", "take one entry away", hitctl_list_drop,
     hitctl_list_drop_options},
    {"list", "show", "[LIST [ENTRY]]", "show all lists, one, or an entry of it", hitctl_list_show,
     hitctl_list_show_options},
    {"list", "diff", "LIST REVISION|live|FILE [REVISION|live|FILE]",
     "compare states of a list, or with a file", hitctl_list_diff, hitctl_list_diff_options},
    {"list", "history", "LIST", "who changed what, when, by what authority", hitctl_list_history,
     hitctl_list_history_options},
    {"list", "rollback", "LIST REVISION", "make an earlier state live again", hitctl_list_rollback,
     hitctl_list_rollback_options},
    {"list", "export", "LIST", "write its entries as CSV, with --json as JSON lines",
     hitctl_list_export, hitctl_list_export_options},
    {"list", "check", "FILE", "check a VOI file without loading it", run_check, check_table},
    {"list", "status", "LIST [live|trial|suspended]", "show or set what a list's hits are used for",
     run_status, status_table},
    {"list", "set", "LIST OPTION...", "change a list's properties", hitctl_list_set,
     hitctl_list_set_options},
    {"list", "remove", "LIST [OPTION...]", "take a whole list away, with all its generations",
     hitctl_list_remove, hitctl_list_remove_options},
    {"list", "due", "[LIST]", "show what is to be reviewed or weeds soon", hitctl_list_due,
     hitctl_list_due_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
