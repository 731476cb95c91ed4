// SPDX-License-Identifier: Apache-2.0
#include "hitctl/rights.h"

#include <stdio.h>
#include <syslog.h>

#include "hitctl/consult.h"
#include "hitctl/store_open.h"

static const struct {
    const char *text; // behind 'may not'
    unsigned roles;   // any of them
} verbs[HITCTL_VERB_COUNT] = {
    [HITCTL_MAY_ANYTHING] = {"do this", 0},
    [HITCTL_MAY_SEE] = {"see", HITCTL_ROLE_READER | HITCTL_ROLE_CONTROLLER | HITCTL_ROLE_LEAD |
                                   HITCTL_ROLE_AUDITOR},
    [HITCTL_MAY_CHANGE_LIST] = {"change lists", HITCTL_ROLE_LEAD},
    [HITCTL_MAY_WATCH] = {"watch queues", HITCTL_ROLE_CONTROLLER | HITCTL_ROLE_LEAD},
    [HITCTL_MAY_SPEAK] = {"speak for queues", HITCTL_ROLE_CONTROLLER | HITCTL_ROLE_LEAD},
    [HITCTL_MAY_OPERATE] = {"run operations", HITCTL_ROLE_LEAD},
    [HITCTL_MAY_CONTROLS] = {"handle the controls", HITCTL_ROLE_ADMINISTRATOR},
    [HITCTL_MAY_ADMINISTER] = {"administer", HITCTL_ROLE_ADMINISTRATOR},
    [HITCTL_MAY_AUDIT] = {"audit", HITCTL_ROLE_AUDITOR},
};

unsigned hitctl_verb_roles(enum hitctl_verb verb)
{
    return verbs[verb].roles;
}

// ---- refusals ----

// In the system's log, and in the trail when Redis is there: a refusal stands without it.
static void record_refusal(const struct hitctl *ctl, const char *who, enum hitctl_verb verb,
                           const char *subject)
{
    struct hs_store *store;
    struct hs_redis_config config = hs_redis_config_of(ctl->settings);
    struct hs_bump bump = {0};
    bool queue = verb == HITCTL_MAY_WATCH || verb == HITCTL_MAY_SPEAK;
    bool list = verb == HITCTL_MAY_SEE || verb == HITCTL_MAY_CHANGE_LIST;
    const struct hitctl_subject about = {.list_id = list ? subject : NULL,
                                         .queue = queue ? subject : NULL};
    const struct hs_actor actor = {who, ctl->authority};
    const struct hs_consultation looked = hitctl_consultation(&about, &bump);
    syslog(LOG_AUTHPRIV | LOG_WARNING, "hitctl %s: refused: '%s'%s%s", hitctl_running(), who,
           subject ? " about " : "", subject ? subject : "");
    if (hs_store_open(&config, &store, NULL) == 0) {
        hs_store_refused(store, &actor, &looked);
        hs_store_free(store);
    }
    hs_bump_fini(&bump);
}

static const struct hitctl_words *reach_of(const struct hitctl_person *person,
                                           enum hitctl_verb verb, const char **ret_key)
{
    switch (verb) {
    case HITCTL_MAY_SEE:
        *ret_key = "audiences";
        return &person->audiences;
    case HITCTL_MAY_CHANGE_LIST:
        *ret_key = "lists";
        return &person->lists;
    case HITCTL_MAY_WATCH:
    case HITCTL_MAY_SPEAK:
        *ret_key = "queues";
        return &person->queues;
    default:
        *ret_key = NULL;
        return NULL;
    }
}

static void say_role(const struct hitctl_person *person, enum hitctl_verb verb)
{
    struct hs_buf has = {0}, needs = {0};
    hitctl_roles_say(person->roles, &has);
    hitctl_roles_say(verbs[verb].roles, &needs);
    hitctl_error("refused: '%s' (%s, %.*s) may not %s: that needs one of these roles: %s",
                 person->name, hs_buf_text(&has), HS_STR_ARG(person->force), verbs[verb].text,
                 hs_buf_text(&needs));
    hs_buf_fini(&has);
    hs_buf_fini(&needs);
}

static int refuse(const struct hitctl *ctl, enum hitctl_verb verb, const char *subject)
{
    record_refusal(ctl, ctl->who, verb, subject);
    return HITCTL_REFUSED;
}

// ---- asking ----

static int may_by_role(const struct hitctl *ctl, enum hitctl_verb verb, const char *subject)
{
    if (!(ctl->person->roles & verbs[verb].roles)) {
        say_role(ctl->person, verb);
        return refuse(ctl, verb, subject);
    }
    if (ctl->rights->authority_required && ctl->authority[0] == '\0') {
        hitctl_error("refused: say by what authority: --authority TEXT ('authority_required' in "
                     "'%s')",
                     ctl->rights->path);
        return refuse(ctl, verb, subject);
    }
    return HITCTL_OK;
}

static int refuse_subject(const struct hitctl *ctl, enum hitctl_verb verb, const char *subject)
{
    const char *key;
    reach_of(ctl->person, verb, &key);
    hitctl_error("refused: '%s' may not %s '%s': it does not stand under 'persons.%s.%s' in '%s'",
                 ctl->who, verbs[verb].text, subject, ctl->who, key, ctl->rights->path);
    return refuse(ctl, verb, subject);
}

int hitctl_may(const struct hitctl *ctl, enum hitctl_verb verb, const char *subject)
{
    const char *key;
    if (!ctl->rights || verb == HITCTL_MAY_ANYTHING) {
        return HITCTL_OK;
    }
    int code = may_by_role(ctl, verb, subject);
    if (code != HITCTL_OK || !subject) {
        return code;
    }
    const struct hitctl_words *reach = reach_of(ctl->person, verb, &key);
    return !reach || hitctl_words_have(reach, subject) ? HITCTL_OK
                                                       : refuse_subject(ctl, verb, subject);
}

bool hitctl_sees(const struct hitctl *ctl, struct hs_str list_id, bool covert)
{
    if (!ctl->rights) {
        return true;
    }
    const struct hitctl_words *audiences = &ctl->person->audiences;
    bool named = !covert && hitctl_words_have(audiences, "open");
    for (size_t i = 0; i < audiences->count; i++) {
        named |= hs_str_eq(audiences->rows[i], list_id);
    }
    return named;
}

static bool changes(const struct hitctl_person *person, const struct hs_store_list *list)
{
    bool named = !list->covert && hitctl_words_have(&person->lists, "*") &&
                 hs_str_eq(person->force, list->owner_force);
    for (size_t i = 0; i < person->lists.count; i++) {
        named |= hs_str_eq(person->lists.rows[i], list->list_id);
    }
    return named;
}

int hitctl_may_list(const struct hitctl *ctl, enum hitctl_verb verb,
                    const struct hs_store_list *list)
{
    char id[HS_LIST_ID_MAX + 1];
    if (!ctl->rights) {
        return HITCTL_OK;
    }
    snprintf(id, sizeof(id), "%.*s", HS_STR_ARG(list->list_id));
    bool sees = hitctl_sees(ctl, list->list_id, list->covert);
    bool may = verb == HITCTL_MAY_CHANGE_LIST ? changes(ctl->person, list) : sees;
    if (!may && list->covert && !sees) {
        hitctl_error("cannot read the list: there is no list '%s'", id);
        record_refusal(ctl, ctl->who, verb, id);
        return HITCTL_FAILED;
    }
    int code = may_by_role(ctl, verb, id);
    return code != HITCTL_OK ? code : may ? HITCTL_OK : refuse_subject(ctl, verb, id);
}

// ---- who acts ----

static bool may_act_as(const struct hitctl *ctl, const struct hitctl_person *person,
                       const char *login)
{
    const char *user = ctl->settings->redis_user;
    return hitctl_words_have(&person->logins, login) ||
           (user[0] && hitctl_words_have(&person->redis_users, user));
}

static int refuse_login(struct hitctl *ctl, const char *login, const char *who, size_t candidates)
{
    if (who) {
        hitctl_error("refused: login '%s' may not act as '%s': see 'logins' in '%s'", login, who,
                     ctl->rights->path);
    } else if (candidates > 0) {
        hitctl_error("login '%s' stands for %zu persons: say who acts: --who NAME", login,
                     candidates);
        return HITCTL_USAGE;
    } else {
        hitctl_error("refused: login '%s' is no person of '%s'", login, ctl->rights->path);
    }
    record_refusal(ctl, who ? who : login, HITCTL_MAY_ANYTHING, login);
    return HITCTL_REFUSED;
}

int hitctl_rights_act(struct hitctl *ctl, const char *login, const char *who)
{
    const struct hitctl_person *only = NULL, *named = NULL;
    size_t candidates = 0;
    for (size_t i = 0; i < ctl->rights->person_count; i++) {
        const struct hitctl_person *person = &ctl->rights->persons[i];
        if (may_act_as(ctl, person, login)) {
            candidates++;
            only = person;
            named = strcmp(person->name, who ? who : login) == 0 ? person : named;
        }
    }
    if (!named && !who && candidates == 1) {
        named = only;
    }
    if (!named) {
        return refuse_login(ctl, login, who, candidates);
    }
    ctl->person = named;
    ctl->who = named->name;
    return HITCTL_OK;
}
