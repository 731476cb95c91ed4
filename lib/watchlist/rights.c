// SPDX-License-Identifier: Apache-2.0
#include "watchlist/rights.h"

#include <stdlib.h>

#include "base/error.h"
#include "config/access.h"
#include "watchlist/store_private.h"

enum { COMMANDS_MAX = 10000 }; // of one category

// What a command does to its key decides who needs it; a test holds this table against what Redis
// counts while every function of the store runs.
enum use {
    USE_READ = 1,      // who reads any key
    USE_RECORD = 2,    // who appends to the stream of changes, by the change script
    USE_REGISTER = 4,  // daemons say what they have live
    USE_EXCLUDE = 8,   // 'not this vehicle'
    USE_SAID = 16,     // what partners said of a group
    USE_LISTS = 32,    // lists and their entries
    USE_CONTROLS = 64, // controls
    USE_FORGET = 128,  // an instance is deregistered
    USE_RIGHTS = 256,  // rights are checked
    USE_PRIMARY = 512, // whoever a Sentinel has named is asked
};

static const struct {
    const char *command;
    unsigned uses; // any of them
} commands[] = {
    {"hget", USE_READ},
    {"hmget", USE_READ},
    {"hgetall", USE_READ},
    {"hscan", USE_READ},
    {"smembers", USE_READ},
    {"sismember", USE_READ},
    {"xrange", USE_READ},
    {"xrevrange", USE_READ},
    {"xread", USE_READ},
    {"role", USE_PRIMARY},
    {"eval", USE_RECORD},
    {"xadd", USE_RECORD},
    {"type", USE_EXCLUDE | USE_SAID | USE_LISTS | USE_CONTROLS},
    {"hset", USE_REGISTER | USE_EXCLUDE | USE_SAID | USE_LISTS | USE_CONTROLS},
    {"sadd", USE_REGISTER | USE_EXCLUDE | USE_SAID | USE_LISTS},
    {"hexists", USE_SAID},
    {"hlen", USE_SAID},
    {"hdel", USE_SAID | USE_LISTS | USE_CONTROLS},
    {"srem", USE_SAID | USE_LISTS | USE_FORGET},
    {"hincrby", USE_LISTS},
    {"del", USE_LISTS},
    {"unlink", USE_LISTS | USE_FORGET},
    {"acl|list", USE_RIGHTS},
    {"acl|cat", USE_RIGHTS},
};

static const struct {
    unsigned roles; // any of them
    unsigned uses;
} uses_of[] = {
    {HS_ACCESS_MATCH, USE_READ | USE_REGISTER},
    {HS_ACCESS_CORRELATE, USE_READ | USE_REGISTER | USE_RECORD | USE_EXCLUDE},
    {HS_ACCESS_INTAKE, USE_READ | USE_RECORD | USE_SAID},
    {HS_ACCESS_PEOPLE, USE_READ | USE_RECORD},
    {HS_ACCESS_LEAD, USE_LISTS | USE_CONTROLS | USE_SAID},
    {HS_ACCESS_ADMINISTRATOR, USE_CONTROLS | USE_FORGET | USE_RIGHTS},
};

// ---- what is needed ----

// Rules on their way.
struct making {
    struct hs_bump *bump;
    struct hs_redis_rules *rules;
    size_t capacity;
    int rc;
};

static void add_rule(struct making *making, const char *before, const char *text,
                     struct hs_str behind, const char *star)
{
    struct hs_redis_rules *rules = making->rules;
    if (rules->count == making->capacity) {
        size_t capacity = making->capacity ? 2 * making->capacity : 64;
        const char **grown = hs_bump_alloc(making->bump, capacity * sizeof(*grown));
        if (!grown) {
            making->rc = HS_ENOMEM;
            return;
        }
        if (rules->count > 0) {
            memcpy(grown, rules->texts, rules->count * sizeof(*grown));
        }
        rules->texts = grown;
        making->capacity = capacity;
    }
    struct hs_str rule =
        hs_store_text(making->bump, "%s%s%.*s%s", before, text, HS_STR_ARG(behind), star);
    making->rc = rule.len > 0 ? making->rc : HS_ENOMEM;
    rules->texts[rules->count++] = rule.ptr;
}

static void add_commands(struct making *making, const struct hs_redis_needs *needs)
{
    const struct hs_str none = {0};
    unsigned uses = 0;
    for (size_t i = 0; i < sizeof(uses_of) / sizeof(uses_of[0]); i++) {
        uses |= needs->roles & uses_of[i].roles ? uses_of[i].uses : 0;
    }
    uses |= uses && needs->sentinels ? USE_PRIMARY : 0;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (commands[i].uses & uses) {
            add_rule(making, "+", commands[i].command, none, "");
        }
    }
}

// Each list of its own, and what belongs to it.
static void add_lists(struct making *making, const struct hs_redis_needs *needs, const char *key)
{
    for (size_t i = 0; i < needs->list_count; i++) {
        add_rule(making, "~", key, needs->lists[i], "");
        add_rule(making, "~", key, needs->lists[i], ":*");
    }
}

static void add_key(struct making *making, const struct hs_redis_needs *needs,
                    const struct hs_key_rule *rule)
{
    const struct hs_str none = {0};
    const char *star = rule->more ? "*" : "";
    unsigned writing = rule->writers & needs->roles;
    bool some_lists = rule->per_list && writing == HS_ACCESS_LEAD && !needs->all_lists;
    if (writing && !some_lists) {
        add_rule(making, "~", rule->key, none, star);
        return;
    }
    if ((rule->readers | rule->writers) & needs->roles) {
        add_rule(making, "%R~", rule->key, none, star);
    }
    if (some_lists) {
        add_lists(making, needs, rule->key);
    }
}

int hs_redis_rights_needed(const struct hs_redis_needs *needs, struct hs_bump *bump,
                           struct hs_redis_rules *ret_rules)
{
    struct hs_redis_rules rules = {0};
    struct making making = {.bump = bump, .rules = &rules};
    add_commands(&making, needs);
    for (const struct hs_key_rule *rule = hs_keys_rules(); rule->key; rule++) {
        add_key(&making, needs, rule);
    }
    if (making.rc == 0) {
        *ret_rules = rules;
    }
    return making.rc;
}

// ---- what is there ----

static bool has(const struct hs_redis_rules *rules, const char *text)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (strcmp(rules->texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void drop(struct hs_redis_rules *rules, const char *text)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (strcmp(rules->texts[i], text) == 0) {
            rules->texts[i] = rules->texts[--rules->count];
            return;
        }
    }
}

static void drop_commands(struct hs_redis_rules *rules)
{
    for (size_t i = rules->count; i-- > 0;) {
        if (rules->texts[i][0] == '+' || rules->texts[i][0] == '-') {
            rules->texts[i] = rules->texts[--rules->count];
        }
    }
}

// Gives a command, or takes it; what is taken of everything is kept in mind.
static void take_command(struct making *making, bool gives, struct hs_str command)
{
    const char *given = hs_store_text(making->bump, "+%.*s", HS_STR_ARG(command)).ptr;
    const char *taken = hs_store_text(making->bump, "-%.*s", HS_STR_ARG(command)).ptr;
    drop(making->rules, given);
    drop(making->rules, taken);
    if (gives || has(making->rules, "+@all")) {
        add_rule(making, gives ? "+" : "-", "", command, "");
    }
}

static void take_commands(struct making *making, const struct hs_redis_categories *categories,
                          struct hs_str word)
{
    const struct hs_str rest = hs_str_n(word.ptr + 1, word.len - 1);
    bool gives = word.ptr[0] == '+';
    if (hs_str_is(rest, "@all")) {
        drop_commands(making->rules);
        if (gives) {
            add_rule(making, "+", "@all", (struct hs_str){0}, "");
        }
        return;
    }
    for (size_t i = 0; rest.len > 0 && rest.ptr[0] == '@' && categories && i < categories->count;
         i++) {
        const struct hs_redis_category *category = &categories->rows[i];
        if (hs_str_is(hs_str_n(rest.ptr + 1, rest.len - 1), category->name)) {
            for (size_t k = 0; k < category->count; k++) {
                take_command(making, gives, hs_str(category->commands[k]));
            }
            return;
        }
    }
    take_command(making, gives, rest);
}

static void take_word(struct making *making, const struct hs_redis_categories *categories,
                      struct hs_str word, struct hs_redis_user *user)
{
    char first = word.len > 0 ? word.ptr[0] : ' ';
    if (first == '+' || first == '-') {
        take_commands(making, categories, word);
    } else if (first && strchr("~%&(", first)) {
        add_rule(making, "", "", word, "");
    } else {
        user->on = user->on || hs_str_is(word, "on");
        user->nopass = user->nopass || hs_str_is(word, "nopass");
    }
}

int hs_redis_rights_parse(struct hs_str line, const struct hs_redis_categories *categories,
                          struct hs_bump *bump, struct hs_redis_user *ret_user)
{
    struct hs_redis_user user = {0};
    struct making making = {.bump = bump, .rules = &user.rules};
    struct hs_str rest = line, word;
    if (!hs_str_split(&rest, ' ', &word) || !hs_str_is(word, "user") ||
        !hs_str_split(&rest, ' ', &word) || word.len == 0) {
        return HS_EFORMAT;
    }
    user.name = hs_bump_copy(bump, word.ptr, word.len);
    while (user.name && making.rc == 0 && hs_str_split(&rest, ' ', &word)) {
        take_word(&making, categories, word, &user);
    }
    if (!user.name || making.rc != 0) {
        return HS_ENOMEM;
    }
    *ret_user = user;
    return 0;
}

// ---- asking ----

// What ACL with these words answers: an array of texts.
static int ask(struct hs_redis *redis, struct hs_str word, struct hs_str more, size_t most,
               redisReply **ret_reply)
{
    const struct hs_str arguments[] = {HS_STR("ACL"), word, more};
    redisReply *reply;
    int rc = hs_redis_command(redis, more.len > 0 ? 3 : 2, arguments, &reply);
    if (rc != 0) {
        return rc;
    }
    rc = reply->type != REDIS_REPLY_ARRAY ? HS_EPROTO : reply->elements > most ? HS_ELIMIT : 0;
    for (size_t i = 0; rc == 0 && i < reply->elements; i++) {
        struct hs_str text;
        rc = hs_store_reply_text(reply->element[i], &text);
    }
    if (rc != 0) {
        hs_redis_reply_free(reply);
        return rc;
    }
    *ret_reply = reply;
    return 0;
}

static int ask_category(struct hs_redis *redis, struct hs_bump *bump, struct hs_str name,
                        struct hs_redis_categories *categories)
{
    redisReply *reply;
    for (size_t i = 0; i < categories->count; i++) {
        if (hs_str_is(name, categories->rows[i].name)) {
            return 0;
        }
    }
    if (categories->count == HS_REDIS_CATEGORIES_MAX) {
        return HS_ELIMIT;
    }
    int rc = ask(redis, HS_STR("CAT"), name, COMMANDS_MAX, &reply);
    if (rc != 0) {
        return rc;
    }
    struct hs_redis_category *category = &categories->rows[categories->count++];
    category->count = reply->elements;
    category->name = hs_bump_copy(bump, name.ptr, name.len);
    category->commands = hs_bump_alloc(bump, (reply->elements + 1) * sizeof(*category->commands));
    rc = category->name && category->commands ? 0 : HS_ENOMEM;
    for (size_t i = 0; i < category->count && rc == 0; i++) {
        category->commands[i] =
            hs_bump_copy(bump, reply->element[i]->str, (size_t)reply->element[i]->len);
        rc = category->commands[i] ? 0 : HS_ENOMEM;
    }
    hs_redis_reply_free(reply);
    return rc;
}

// All that a user's line names.
static int ask_categories(struct hs_redis *redis, struct hs_bump *bump, struct hs_str line,
                          struct hs_redis_categories *categories)
{
    struct hs_str word;
    int rc = 0;
    while (rc == 0 && hs_str_split(&line, ' ', &word)) {
        bool category = word.len > 2 && (word.ptr[0] == '+' || word.ptr[0] == '-') &&
                        word.ptr[1] == '@' &&
                        !hs_str_is(hs_str_n(word.ptr + 2, word.len - 2), "all");
        if (category) {
            rc = ask_category(redis, bump, hs_str_n(word.ptr + 2, word.len - 2), categories);
        }
    }
    return rc;
}

int hs_redis_rights_held(struct hs_redis *redis, struct hs_bump *bump,
                         struct hs_redis_user **ret_users, size_t *ret_count)
{
    struct hs_redis_categories categories = {.count = 0};
    redisReply *reply;
    int rc = ask(redis, HS_STR("LIST"), (struct hs_str){0}, HS_REDIS_USERS_MAX, &reply);
    if (rc != 0) {
        return rc;
    }
    size_t count = reply->elements;
    struct hs_redis_user *users = hs_bump_alloc(bump, (count + 1) * sizeof(*users));
    rc = users ? 0 : HS_ENOMEM;
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct hs_str line = hs_str_n(reply->element[i]->str, (size_t)reply->element[i]->len);
        rc = ask_categories(redis, bump, line, &categories);
        rc = rc ? rc : hs_redis_rights_parse(line, &categories, bump, &users[i]);
    }
    hs_redis_reply_free(reply);
    if (rc == 0) {
        *ret_users = users;
        *ret_count = count;
    }
    return rc;
}

// ---- the difference ----

struct comparison {
    hs_redis_difference_fn *difference;
    void *ctx;
    size_t told;
};

static void tell(struct comparison *c, enum hs_redis_fault fault, const char *user,
                 const char *rule)
{
    c->told += fault != HS_REDIS_STRANGER;
    c->difference(c->ctx, fault, user, rule);
}

static bool is_key(const char *rule)
{
    return *rule == '~' || *rule == '%';
}

// Everything but what was taken of it.
static bool given_with_all(const struct hs_redis_rules *held, const char *rule)
{
    bool taken = false;
    for (size_t i = 0; i < held->count; i++) {
        const char *text = held->texts[i];
        taken = taken || (text[0] == '-' && strcmp(text + 1, rule + 1) == 0);
    }
    return !taken && has(held, "+@all");
}

// Is it given by this or by more than this?
static bool covered(const struct hs_redis_rules *held, const char *rule)
{
    return has(held, rule) || (is_key(rule) ? has(held, "~*") : given_with_all(held, rule)) ||
           (strncmp(rule, "%R~", 3) == 0 && has(held, rule + 2));
}

// Whether a key rule can match one of our keys: their beginnings are compared up to the first
// character that stands for others.
static bool reaches_us(const struct hs_redis_rules *held)
{
    static const char ours[] = "hs:";
    for (size_t i = 0; i < held->count; i++) {
        const char *at = is_key(held->texts[i]) ? strchr(held->texts[i], '~') : NULL;
        size_t same = 0;
        if (held->texts[i][0] == '(') {
            return true; // a selector: looked into by a person
        }
        while (at && same < sizeof(ours) - 1 && at[1 + same] == ours[same]) {
            same++;
        }
        if (at && (same == sizeof(ours) - 1 || (at[1 + same] && strchr("*?[\\", at[1 + same])))) {
            return true;
        }
    }
    return false;
}

static const struct hs_redis_user *find_user(const struct hs_redis_user *users, size_t count,
                                             const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(users[i].name, name) == 0) {
            return &users[i];
        }
    }
    return NULL;
}

static void compare_user(struct comparison *c, const struct hs_redis_user *user,
                         const struct hs_redis_rules *needed)
{
    if (!user->on) {
        tell(c, HS_REDIS_USER_OFF, user->name, NULL);
    }
    if (user->on && user->nopass) {
        tell(c, HS_REDIS_OPEN, user->name, NULL);
    }
    for (size_t i = 0; i < needed->count; i++) {
        if (!covered(&user->rules, needed->texts[i])) {
            tell(c, HS_REDIS_MISSING, user->name, needed->texts[i]);
        }
    }
    for (size_t i = 0; i < user->rules.count; i++) {
        if (user->rules.texts[i][0] != '-' && !has(needed, user->rules.texts[i])) {
            tell(c, HS_REDIS_TOO_MUCH, user->name, user->rules.texts[i]);
        }
    }
}

static void compare_strangers(struct comparison *c, const struct hs_redis_principal *principals,
                              size_t principal_count, const struct hs_redis_user *users,
                              size_t user_count)
{
    for (size_t i = 0; i < user_count; i++) {
        bool ours = false;
        for (size_t p = 0; p < principal_count; p++) {
            ours = ours || strcmp(principals[p].name, users[i].name) == 0;
        }
        if (!ours && users[i].on && reaches_us(&users[i].rules)) {
            tell(c, users[i].nopass ? HS_REDIS_OPEN : HS_REDIS_STRANGER, users[i].name, NULL);
        }
    }
}

int hs_redis_rights_compare(const struct hs_redis_principal *principals, size_t principal_count,
                            const struct hs_redis_user *users, size_t user_count,
                            hs_redis_difference_fn *difference, void *ctx, size_t *ret_told)
{
    struct comparison c = {.difference = difference, .ctx = ctx};
    int rc = 0;
    for (size_t i = 0; i < principal_count && rc == 0; i++) {
        struct hs_bump bump = {0};
        struct hs_redis_rules needed;
        const struct hs_redis_user *user = find_user(users, user_count, principals[i].name);
        rc = hs_redis_rights_needed(&principals[i].needs, &bump, &needed);
        if (rc == 0 && needed.count > 0 && !user) {
            tell(&c, HS_REDIS_NO_USER, principals[i].name, NULL);
        } else if (rc == 0 && user) {
            compare_user(&c, user, &needed);
        }
        hs_bump_fini(&bump);
    }
    compare_strangers(&c, principals, principal_count, users, user_count);
    *ret_told = c.told;
    return rc;
}
