// SPDX-License-Identifier: Apache-2.0
/*
 * Whole programs whose n-th call fails, against a real Redis: hitstreamd --check, and hitctl loading a list, putting an
 * entry and activating controls. A program ends well with its work done, or with an exit code of its own and a message;
 * it never crashes, and what is in Redis is the old or the new, whole.
 *
 *     nth_process_test [CALLS]      so many of each kind are made to fail, spread over all; 0: every one
 *
 * HS_NTH_SEED says where the spread begins, else the clock does; it is printed.
 */
#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "support/hitctl_house.h"
#include "watchlist/store.h"

#ifdef __SANITIZE_ADDRESS__
enum { CALLS = 4 }; // a program takes ten times as long
#else
enum { CALLS = 16 };
#endif
enum { ENTRIES = 24, RUN_MS = 60000 };

static unsigned long calls_wanted = CALLS, seed;

// A command, and what it changes.
struct program {
    const char *name;
    const char *const *argv;  // ends with NULL
    const char *const *kinds; // of calls that fail; ends with NULL
    void (*prepare)(void);    // before each run; NULL: nothing
    // What is wrong after it, or NULL. May be NULL itself: nothing is looked at.
    const char *(*check)(int code);
};

// ---- running ----

static int run_with(const struct program *program, const char *kind, unsigned long n)
{
    char failure[64], report[HS_TEST_PATH_BYTES + 80], count[HS_TEST_PATH_BYTES + 80];
    static const char *const written[] = {"out", "err", "report", "count"};
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        remove(path_of(written[i]));
    }
    snprintf(failure, sizeof(failure), "HS_NTH_FAILURE=%s:%lu", kind, n);
    snprintf(report, sizeof(report), "HS_NTH_REPORT=%s", path_of("report"));
    snprintf(count, sizeof(count), "HS_NTH_COUNT=%s", path_of("count"));
    const char *const env[] = {"LD_PRELOAD=" NTH_LIBRARY,
                               failure,
                               report,
                               count,
                               "ASAN_OPTIONS=verify_asan_link_order=0",
                               NULL};
    const char *const out_path = path_of("out"), *const err_path = path_of("err");
    const struct hs_process_spec spec = {.argv = program->argv,
                                         .env = env,
                                         .output_path = out_path,
                                         .error_path = err_path,
                                         .working_folder = folder};
    int code = hs_process_run(&spec, RUN_MS);
    free(out);
    free(err);
    out = hs_test_file_read(out_path);
    err = hs_test_file_read(err_path);
    assert_true(out && err);
    return code;
}

static void judge(const struct program *program, const char *kind, unsigned long n, int code)
{
    char *place = hs_test_file_read(path_of("report"));
    bool clear = code == 0 || (code > 0 && code <= DIFFERS && *err);
    const char *wrong = !clear                     ? "no exit code and message of its own"
                        : strstr(err, "Sanitizer") ? "a sanitizer speaks"
                        : code != 0 && !place      ? "it failed without a failure"
                        : program->check           ? program->check(code)
                                                   : NULL;
    if (wrong) {
        fail_msg("%s: %s call %lu fails in %s: %s; exit %d, it says: '%s%s'", program->name, kind,
                 n, place ? place : "no place", wrong, code, out, err);
    }
    free(place);
}

// How many such calls there are when none fails.
static unsigned long count_calls(const struct program *program, const char *kind)
{
    if (program->prepare) {
        program->prepare();
    }
    judge(program, kind, 0, run_with(program, kind, 0));
    char *count = hs_test_file_read(path_of("count"));
    assert_non_null(count);
    unsigned long calls = strtoul(count, NULL, 10);
    free(count);
    return calls;
}

static void each_call_fails(const struct program *program)
{
    for (const char *const *kind = program->kinds; *kind; kind++) {
        unsigned long calls = count_calls(program, *kind), failed = 0;
        unsigned long step = calls_wanted && calls > calls_wanted ? calls / calls_wanted : 1;
        assert_true(calls > 0);
        for (unsigned long n = 1 + seed % step; n <= calls; n += step) {
            if (program->prepare) {
                program->prepare();
            }
            int code = run_with(program, *kind, n);
            judge(program, *kind, n, code);
            failed += code != 0;
        }
        printf("%s: %lu %s calls, one in %lu failed in turn from %lu on, %lu ended it\n",
               program->name, calls, *kind, step, 1 + seed % step, failed);
    }
}

// ---- what is in Redis ----

static struct hs_store *open_store(void)
{
    const struct hs_redis_config config = {
        .socket = redis.socket_path, .connect_timeout_ms = 5000, .command_timeout_ms = 5000};
    struct hs_buf why = {0};
    struct hs_store *store;
    if (hs_store_open(&config, &store, &why) != 0) {
        fail_msg("%s", hs_buf_text(&why));
    }
    return store;
}

// Of a list's entries.
struct contents {
    size_t entries;
    size_t of[2]; // by content
    size_t put;   // the one that is put
};

static int count_entry(void *ctx, struct hs_str id, struct hs_str packed)
{
    struct contents *contents = ctx;
    contents->entries++;
    contents->put += hs_str_is(id, "PU70NEW");
    for (size_t i = 0; i < 2; i++) {
        const char *mark = i ? "content-1" : "content-0";
        contents->of[i] += memmem(packed.ptr, packed.len, mark, strlen(mark)) != NULL;
    }
    return 0;
}

// The list as it stands.
static const char *read_list(struct contents *ret_contents)
{
    struct contents contents = {0};
    struct hs_bump bump = {0};
    struct hs_store_list list;
    struct hs_store *store = open_store();
    assert_int_equal(hs_store_list_get(store, HS_STR("stolen"), &bump, &list), 0);
    assert_int_equal(hs_store_entries(store, &list, 0, count_entry, &contents), 0);
    const char *wrong = contents.entries == list.size ? NULL : "entries of the list are missing";
    hs_bump_fini(&bump);
    hs_store_free(store);
    *ret_contents = contents;
    return wrong;
}

static long long number_of(redisContext *context, const char *script)
{
    redisReply *reply = redisCommand(context, "EVAL %s 0", script);
    assert_true(reply && reply->type == REDIS_REPLY_INTEGER);
    long long number = reply->integer;
    freeReplyObject(reply);
    return number;
}

// Entries that no list knows of: of no generation that is live, kept, or marked as being written.
static long long lost_generations(void)
{
    redisContext *context = redisConnectUnix(redis.socket_path);
    long long lost =
        number_of(context, "return #redis.call('KEYS', 'hs:list:stolen:g*')") -
        number_of(context, "local n = 1 for _, f in ipairs(redis.call('HKEYS', 'hs:list:stolen')) "
                           "do if f:find('^old:') or f:find('^loading:') then n = n + 1 end end "
                           "return n");
    redisFree(context);
    return lost;
}

static void write_list(const char *name, unsigned content)
{
    struct hs_buf text = {0};
    hs_buf_add_text(&text, "VRM,action,reason,weed date,information\n");
    for (unsigned i = 0; i < ENTRIES; i++) {
        hs_buf_printf(&text, "AB%02uCDE,STOP,test,2099-12-31,content-%u\n", 51 + i, content);
    }
    file(name, hs_buf_text(&text));
    hs_buf_fini(&text);
}

// ---- a list is loaded ----

static unsigned stands;    // content of the list
static char load_path[16]; // the other content

static void other_content_next(void)
{
    snprintf(load_path, sizeof(load_path), "list-%u.csv", 1 - stands);
}

static const char *list_is_the_old_or_the_new(int code)
{
    struct contents contents;
    const char *wrong = read_list(&contents);
    unsigned now = contents.of[1] > 0, before = stands;
    stands = now;
    return wrong                                                 ? wrong
           : contents.of[now] != ENTRIES                         ? "it is of both files"
           : code == 0 && now == before                          ? "it is not loaded"
           : code != 0 && now != before && !strstr(err, "redis") ? "it is loaded all the same"
                                                                 : NULL;
}

static void a_load_is_whole_or_not_at_all(void **state)
{
    (void)state;
    const char *const argv[] = {
        HITCTL_PATH, "--config", "hitstream.yaml", "--who",   "ann",       "--authority", "A/1",
        "list",      "load",     "stolen",         load_path, "--replace", NULL};
    const char *const kinds[] = {"allocation", "socket", "file", NULL};
    const struct program program = {"hitctl list load", argv, kinds, other_content_next,
                                    list_is_the_old_or_the_new};
    write_list("list-0.csv", 0);
    write_list("list-1.csv", 1);
    RUN(OK, "list", "create", "stolen", "--title", "Stolen", "--owner-force", "north", "--purpose",
        "test", "--open", "--status", "live");
    RUN(OK, "list", "load", "stolen", "list-0.csv", "--replace");
    stands = 0;
    each_call_fails(&program);
    other_content_next();
    RUN(OK, "list", "load", "stolen", load_path, "--replace");
    assert_true(lost_generations() <= 0); // a later load takes away what is marked
}

// ---- an entry is put ----

static void forget_entry(void)
{
    run(OK, (const char *const[]){"list", "put", "stolen", "VRM=PU70NEW", "action=STOP", "reason=x",
                                  "weed date=2099-12-31", NULL});
    RUN(OK, "list", "drop", "stolen", "PU70NEW");
}

static const char *entry_stands_if_it_says_so(int code)
{
    struct contents contents;
    const char *wrong = read_list(&contents);
    return wrong                                        ? wrong
           : contents.entries != ENTRIES + contents.put ? "another entry is gone"
           : code == 0 && !contents.put                 ? "it is not put"
                                                        : NULL;
}

// What was not named stays, or nothing is changed.
static const char *rest_of_entry_stands(int code)
{
    struct contents contents;
    const char *wrong = read_list(&contents);
    (void)code;
    return wrong                         ? wrong
           : contents.of[0] != ENTRIES   ? "what was not named is gone"
           : contents.entries != ENTRIES ? "another entry is gone"
                                         : NULL;
}

static void an_entry_is_put_or_not(void **state)
{
    (void)state;
    const char *const argv[] = {HITCTL_PATH,
                                "--config",
                                "hitstream.yaml",
                                "--who",
                                "ann",
                                "--authority",
                                "A/1",
                                "list",
                                "put",
                                "stolen",
                                "VRM=PU70NEW",
                                "action=STOP",
                                "reason=test",
                                "weed date=2099-12-31",
                                NULL};
    const char *const kinds[] = {"allocation", "socket", NULL};
    const struct program program = {"hitctl list put", argv, kinds, forget_entry,
                                    entry_stands_if_it_says_so};
    write_list("list-0.csv", 0);
    RUN(OK, "list", "create", "stolen", "--title", "Stolen", "--owner-force", "north", "--purpose",
        "test", "--open", "--status", "live");
    RUN(OK, "list", "load", "stolen", "list-0.csv", "--replace");
    each_call_fails(&program);
    const char *const edit[] = {
        HITCTL_PATH, "--config",    "hitstream.yaml", "--who",          "ann", "list", "put",
        "stolen",    "VRM=AB51CDE", "--edit",         "action=MONITOR", NULL};
    const struct program editing = {"hitctl list put --edit", edit, kinds, NULL,
                                    rest_of_entry_stands};
    RUN(OK, "list", "load", "stolen", "list-0.csv", "--replace");
    each_call_fails(&editing);
}

// ---- controls are activated ----

static char head_before[HS_CHANGE_HASH_BYTES];
static unsigned rules_number;

static void read_head(char ret_hash[HS_CHANGE_HASH_BYTES])
{
    struct hs_store *store = open_store();
    assert_int_equal(hs_store_controls_head(store, ret_hash, NULL), 0);
    hs_store_free(store);
}

static void other_rules_next(void)
{
    char text[128];
    if (head_before[0]) {
        RUN(OK, "controls", "show", "--to", "controls"); // made against what is active
    }
    snprintf(text, sizeof(text), "incident:\n  quiet_ms: %u\n", 600000 + rules_number++);
    file("controls/rules.yaml", text);
    read_head(head_before);
}

static const char *head_is_the_old_or_the_new(int code)
{
    char head[HS_CHANGE_HASH_BYTES];
    read_head(head);
    return code == 0 && strcmp(head, head_before) == 0 ? "they are not activated" : NULL;
}

static void controls_are_activated_or_not(void **state)
{
    (void)state;
    const char *const argv[] = {HITCTL_PATH,   "--config", "hitstream.yaml", "--who",    "ann",
                                "--authority", "A/1",      "controls",       "activate", "controls",
                                NULL};
    const char *const kinds[] = {"allocation", "socket", "file", NULL};
    const struct program program = {"hitctl controls activate", argv, kinds, other_rules_next,
                                    head_is_the_old_or_the_new};
    assert_int_equal(mkdir(path_of("controls"), 0700), 0);
    file("controls/cameras.csv", "camera,site,road,force,area,latitude,longitude\n"
                                 "c1,s1,A4,north,east,51.4,-2.4\n");
    file("controls/queues.yaml", "queues:\n  desk:\n    owner: north\n    kind: live\n    lists: "
                                 "['*']\n    default: true\n");
    other_rules_next();
    RUN(OK, "controls", "activate", "controls");
    each_call_fails(&program);
}

// ---- the daemon looks at its settings ----

static void settings_are_checked_or_not(void **state)
{
    (void)state;
    const char *const argv[] = {HITSTREAMD_PATH, "--check", "--config", "daemon.yaml", NULL};
    const char *const kinds[] = {"allocation", "file", NULL};
    const struct program program = {"hitstreamd --check", argv, kinds, NULL, NULL};
    char text[1024];
    snprintf(
        text, sizeof(text),
        "instance: desk\nkafka:\n  bootstrap: 127.0.0.1:9\nkeys:\n  id_file: %s\n  token_file: "
        "%s\n",
        path_of("id.key"), path_of("token.key"));
    file("daemon.yaml", text);
    file("id.key", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    file("token.key", "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\n");
    assert_int_equal(chmod(path_of("id.key"), 0600) | chmod(path_of("token.key"), 0600), 0);
    each_call_fails(&program);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int main(int argc, char **argv)
{
    const char *given = getenv("HS_NTH_SEED");
    const struct CMUnitTest tests[] = {
        STORY(settings_are_checked_or_not),
        STORY(a_load_is_whole_or_not_at_all),
        STORY(an_entry_is_put_or_not),
        STORY(controls_are_activated_or_not),
    };
    calls_wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : CALLS;
    seed = given ? strtoul(given, NULL, 10) : (unsigned long)hs_clock_realtime_ms() % 100000;
    printf("HS_NTH_SEED=%lu\n", seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
