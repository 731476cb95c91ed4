// SPDX-License-Identifier: Apache-2.0
#include "hitctl/rights_grants.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "config/access.h"
#include "hitctl/controls_head.h"
#include "hitctl/list_common.h"

// The roles of people are the rights file's, in the same order.
static unsigned access_of(unsigned person_roles)
{
    _Static_assert(HITCTL_ROLE_READER * 32 == HS_ACCESS_READER, "same order");
    _Static_assert(HITCTL_ROLE_CONTROLLER * 32 == HS_ACCESS_CONTROLLER, "same order");
    _Static_assert(HITCTL_ROLE_LEAD * 32 == HS_ACCESS_LEAD, "same order");
    _Static_assert(HITCTL_ROLE_ADMINISTRATOR * 32 == HS_ACCESS_ADMINISTRATOR, "same order");
    _Static_assert(HITCTL_ROLE_AUDITOR * 32 == HS_ACCESS_AUDITOR, "same order");
    return person_roles * HS_ACCESS_READER;
}

static const char *text(struct hitctl_grants *grants, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *text(struct hitctl_grants *grants, const char *format, ...)
{
    struct hs_buf buf = {0};
    va_list args;
    va_start(args, format);
    hs_buf_vprintf(&buf, format, args);
    va_end(args);
    const char *copy = hs_bump_copy(&grants->bump, hs_buf_text(&buf), buf.len);
    hs_buf_fini(&buf);
    return copy ? copy : "";
}

// ---- rows ----

static struct hitctl_grant *grant_of(struct hitctl_grants *grants, const char *name)
{
    for (size_t i = 0; i < grants->count; i++) {
        if (strcmp(grants->rows[i].name, name) == 0) {
            return &grants->rows[i];
        }
    }
    if (grants->count == grants->capacity) {
        size_t capacity = grants->capacity ? 2 * grants->capacity : 64;
        void *grown = reallocarray(grants->rows, capacity, sizeof(*grants->rows));
        if (!grown) {
            return NULL;
        }
        grants->rows = grown;
        grants->capacity = capacity;
    }
    struct hitctl_grant *grant = &grants->rows[grants->count++];
    *grant = (struct hitctl_grant){.name = name};
    return grant;
}

// One more thing that this name is; what another row gave it stays.
static struct hitctl_grant *add(struct hitctl_grants *grants, const char *name, unsigned roles,
                                const char *who)
{
    struct hitctl_grant *grant = grant_of(grants, name);
    if (grant) {
        grant->roles |= roles;
        grant->who = grant->who ? text(grants, "%s; %s", grant->who, who) : who;
    }
    return grant;
}

static int append(struct hitctl_grants *grants, struct hs_str **rows, size_t *count,
                  const struct hs_str *more, size_t more_count)
{
    struct hs_str *all = hs_bump_alloc(&grants->bump, (*count + more_count) * sizeof(*all) + 1);
    if (!all) {
        return HS_ENOMEM;
    }
    if (*count > 0) {
        memcpy(all, *rows, *count * sizeof(*all));
    }
    if (more_count > 0) {
        memcpy(all + *count, more, more_count * sizeof(*all));
    }
    *rows = all;
    *count += more_count;
    return 0;
}

// ---- queues ----

static int queues_of_controls(struct hitctl *ctl, struct hitctl_grants *grants)
{
    struct hs_store *store = NULL;
    struct controls_head head = {0};
    int code = hitctl_store_open(ctl, &store);
    if (code == HITCTL_UNREACHABLE) {
        hitctl_error("queues come from the controls in Redis; name them with --queues to do "
                     "without");
    }
    code = code ? code : controls_head_read(store, &head);
    const struct hs_routes *routes = head.controls ? hs_controls_routes(head.controls) : NULL;
    for (size_t i = 0; code == HITCTL_OK && routes && i < hs_routes_queue_count(routes); i++) {
        struct hs_str name = hs_routes_queue(routes, i)->name;
        const struct hs_str copy =
            hs_str_n(hs_bump_copy(&grants->bump, name.ptr, name.len), name.len);
        int rc =
            copy.ptr ? append(grants, &grants->queues, &grants->queue_count, &copy, 1) : HS_ENOMEM;
        code = rc ? HITCTL_FAILED : HITCTL_OK;
    }
    hs_controls_unref(head.controls);
    hs_store_free(store);
    return code;
}

static int find_queues(struct hitctl *ctl, const char *named, struct hitctl_grants *grants)
{
    struct hs_str rest = hs_str(named), name;
    const struct hs_str ops = HS_STR("ops");
    bool has_ops = false;
    if (!named) {
        int code = queues_of_controls(ctl, grants);
        if (code != HITCTL_OK) {
            return code;
        }
    }
    while (named && hs_str_split(&rest, ',', &name)) {
        name = hs_str_trim(name);
        if (name.len == 0) {
            hitctl_error("--queues: '%s' is not a list of names", named);
            return HITCTL_USAGE;
        }
        if (append(grants, &grants->queues, &grants->queue_count, &name, 1) != 0) {
            return HITCTL_FAILED;
        }
    }
    for (size_t i = 0; i < grants->queue_count; i++) {
        has_ops = has_ops || hs_str_eq(grants->queues[i], ops);
    }
    if (!has_ops && append(grants, &grants->queues, &grants->queue_count, &ops, 1) != 0) {
        return HITCTL_FAILED;
    }
    return HITCTL_OK;
}

// ---- who ----

static int add_desks(struct hitctl_grants *grants, const char *prefix)
{
    for (size_t i = 0; i < grants->queue_count; i++) {
        struct hs_str queue = grants->queues[i];
        const char *name = text(grants, "%s%.*s", prefix, HS_STR_ARG(queue));
        struct hitctl_grant *desk =
            add(grants, name, HS_ACCESS_DESK,
                text(grants, "the control room of queue '%.*s'", HS_STR_ARG(queue)));
        if (!desk || append(grants, &desk->queues, &desk->queue_count, &queue, 1) != 0) {
            return HS_ENOMEM;
        }
    }
    return 0;
}

// A person under one of its names.
static int add_person(struct hitctl_grants *grants, const struct hitctl_person *person,
                      const char *name)
{
    struct hs_buf roles = {0};
    hitctl_roles_say(person->roles, &roles);
    const char *who =
        text(grants, "'%s' of the rights file: %s", person->name, hs_buf_text(&roles));
    struct hitctl_grant *grant = add(grants, name, access_of(person->roles), who);
    int rc = grant ? append(grants, &grant->queues, &grant->queue_count, person->queues.rows,
                            person->queues.count)
                   : HS_ENOMEM;
    rc = rc ? rc
            : append(grants, &grant->lists, &grant->list_count, person->lists.rows,
                     person->lists.count);
    if (rc == 0) {
        grant->all_lists = grant->all_lists || hitctl_words_have(&person->lists, "*");
    }
    hs_buf_fini(&roles);
    return rc;
}

static int add_persons(struct hitctl_grants *grants)
{
    int rc = 0;
    for (size_t i = 0; i < grants->rights->person_count && rc == 0; i++) {
        const struct hitctl_person *person = &grants->rights->persons[i];
        const struct hitctl_words *users = &person->redis_users;
        if (users->count == 0) {
            rc = add_person(grants, person, person->name);
        }
        for (size_t k = 0; k < users->count && rc == 0; k++) {
            rc = add_person(grants, person,
                            hs_bump_copy(&grants->bump, users->rows[k].ptr, users->rows[k].len));
        }
    }
    return rc;
}

// Without a rights file whoever uses hitctl may do everything.
static int add_people(struct hitctl_grants *grants, const char *name)
{
    struct hitctl_grant *people =
        add(grants, name, HS_ACCESS_PEOPLE, "whoever uses hitctl: there is no rights file");
    if (!people) {
        return HS_ENOMEM;
    }
    people->all_lists = true;
    return append(grants, &people->queues, &people->queue_count, grants->queues,
                  grants->queue_count);
}

static const char *named(const char *given, const char *else_)
{
    return given ? given : else_;
}

static int add_all(struct hitctl_grants *grants, const struct hitctl_grant_names *names)
{
    bool added =
        add(grants, named(names->match, "hitstream"), HS_ACCESS_MATCH, "hitstreamd, role match") &&
        add(grants, named(names->correlate, "hitstream"), HS_ACCESS_CORRELATE | HS_ACCESS_INTAKE,
            "hitstreamd, role correlate with the intake") &&
        add(grants, named(names->gateway, "gateway"), HS_ACCESS_GATEWAY,
            "gateways that produce reads");
    int rc = added ? add_desks(grants, named(names->desk_prefix, "")) : HS_ENOMEM;
    if (rc == 0) {
        rc = grants->rights ? add_persons(grants)
                            : add_people(grants, named(names->people, "hitctl"));
    }
    return rc;
}

int hitctl_grants_read(struct hitctl *ctl, const struct hitctl_grant_names *names,
                       struct hitctl_grants *ret_grants)
{
    struct hs_diags diags = {0};
    *ret_grants = (struct hitctl_grants){.sentinels = ctl->settings->redis_sentinels[0]};
    int rc = hitctl_rights_read(ctl->settings->rights_file, &diags, &ret_grants->rights);
    hitctl_print_diags(&diags);
    hs_diags_fini(&diags);
    if (rc != 0 && rc != HS_ENOTFOUND) {
        return HITCTL_CONFIG;
    }
    int code = find_queues(ctl, names->queues, ret_grants);
    if (code == HITCTL_OK && add_all(ret_grants, names) != 0) {
        hitctl_error("%s", hs_strerror(HS_ENOMEM));
        code = HITCTL_FAILED;
    }
    return code;
}

void hitctl_grants_fini(struct hitctl_grants *grants)
{
    free(grants->rows);
    hitctl_rights_free(grants->rights);
    hs_bump_fini(&grants->bump);
}

// ---- for the comparisons ----

void hitctl_grant_kafka(const struct hitctl_grant *grant, struct hs_kafka_principal *ret)
{
    *ret = (struct hs_kafka_principal){.name = grant->name,
                                       .needs = {grant->roles, grant->queues, grant->queue_count}};
}

void hitctl_grant_redis(const struct hitctl_grants *grants, const struct hitctl_grant *grant,
                        struct hs_redis_principal *ret)
{
    *ret = (struct hs_redis_principal){.name = grant->name,
                                       .needs = {grant->roles, grant->all_lists, grant->lists,
                                                 grant->list_count, grants->sentinels}};
}

void hitctl_grants_plan(const struct hitctl_grants *grants, struct hs_topics_plan *ret_plan)
{
    hs_topics_plan_defaults(ret_plan);
    ret_plan->queues = grants->queues;
    ret_plan->queue_count = grants->queue_count;
}
