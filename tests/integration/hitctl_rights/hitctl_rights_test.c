// SPDX-License-Identifier: Apache-2.0
// Who may do what: each person gets what the rights file gives, a clear refusal else, and every
// refusal and consultation stands in the trail. On a real Redis.
#include <pwd.h>
#include <unistd.h>

#include "support/hitctl_house.h"
#include "watchlist/store.h"

#define HEADER "VRM,make,action,weed date\n"

static char login[128];

// lea leads Aven, rea reads, con controls, cov may see the covert list, adm administers, aud audits;
// bo leads another force.
static void write_rights(const char *top)
{
    struct hs_buf text = {0};
    hs_buf_printf(&text,
                  "%spersons:\n"
                  "  lea: {role: lead, force: Aven, logins: %s, lists: [\"*\"], audiences: open,\n"
                  "        queues: intel}\n"
                  "  bo: {role: lead, force: Dorset, logins: %s, lists: [\"*\"], audiences: open}\n"
                  "  rea: {role: reader, force: Aven, logins: %s, audiences: [open]}\n"
                  "  cov: {role: lead, force: Aven, logins: %s, lists: [secret],\n"
                  "        audiences: [open, secret]}\n"
                  "  adm: {role: administrator, force: Aven, logins: %s}\n"
                  "  aud: {role: auditor, force: Aven, logins: %s, audiences: [open]}\n"
                  "  con: {role: controller, force: Aven, logins: %s, audiences: [open]}\n"
                  "  else: {role: lead, force: Aven, lists: [\"*\"], audiences: open}\n",
                  top, login, login, login, login, login, login, login);
    file("rights.yaml", hs_buf_text(&text));
    hs_buf_fini(&text);
}

static void settings(const char *more)
{
    char text[1024];
    snprintf(text, sizeof(text), "redis:\n  socket: %s\n%s", redis.socket_path, more);
    file("hitstream.yaml", text);
}

static int setup(void **state)
{
    if (house_setup(state) != 0) {
        return -1;
    }
    const struct passwd *user = getpwuid(getuid());
    snprintf(login, sizeof(login), "%s", user->pw_name);
    file("two.csv", HEADER "AB12 CDE,FORD,STOP,2099-12-31\nOY12ABC,VW,SILENT,31/12/2099\n");
    RUN(OK, "list", "create", "lines", "--title", "County lines", "--owner-force", "Aven",
        "--purpose", "couriers", "--open", "--status", "live");
    RUN(OK, "list", "create", "secret", "--title", "t", "--owner-force", "Aven", "--purpose", "p",
        "--covert");
    RUN(OK, "list", "load", "lines", "two.csv", "--replace");
    assert_int_equal(mkdir(path_of("controls"), 0755), 0);
    file("controls/cameras.csv",
         "camera,site,road,force,area,latitude,longitude\nc1,s1,A4,Aven,east,51.4,-2.4\n");
    file(
        "controls/queues.yaml",
        "queues:\n"
        "  intel:\n    owner: Aven\n    kind: intelligence\n    lists: [\"*\"]\n    default: true\n"
        "  own:\n    owner: Aven\n    kind: intelligence\n    covert_lists: [secret]\n");
    file("controls/rules.yaml", "");
    RUN(OK, "controls", "activate", "controls");
    RUN(OK, "list", "load", "secret", "two.csv", "--replace");
    settings("rights_file: rights.yaml\n");
    write_rights("");
    return 0;
}

static void without_a_file_everybody_may(void **state)
{
    (void)state;
    settings("");
    RUN(OK, "rights", "show");
    says(out, "no rights file '/etc/hitstream/rights.yaml': everybody may do everything\n");
    settings("rights_file: none.yaml\n");
    RUN(CONFIG, "list", "show", "lines"); // a file that was named must be there
    says(err, "cannot read who may do what from 'none.yaml'");
}

static void a_person_does_what_its_rights_give(void **state)
{
    (void)state;
    RUN_AS("lea", OK, "list", "show", "lines");
    RUN_AS("lea", OK, "list", "put", "lines", "VRM=CD34EFG", "action=STOP", "weed date=2099-12-31");
    RUN_AS("rea", OK, "list", "show", "lines", "CD34EFG");
    RUN_AS("rea", REFUSED, "list", "drop", "lines", "CD34EFG");
    says(err, "refused: 'rea' (reader, Aven) may not change lists: that needs one of these roles: "
              "lead\n");
    RUN_AS("rea", REFUSED, "list", "status", "lines", "suspended");
    RUN_AS("bo", REFUSED, "list", "drop", "lines", "CD34EFG"); // another force's list
    says(err, "refused: 'bo' may not change lists 'lines': it does not stand under "
              "'persons.bo.lists' in 'rights.yaml'\n");
    RUN_AS("bo", REFUSED, "list", "create", "theirs", "--title", "t", "--owner-force", "Aven",
           "--purpose", "p", "--open");
    RUN_AS("adm", REFUSED, "list", "show", "lines");
    RUN_AS("adm", OK, "controls", "show");
    RUN_AS("lea", REFUSED, "controls", "activate", "controls");
    RUN_AS("lea", OK, "list", "show", "lines", "CD34EFG"); // nothing has happened to it
}

static void who_may_not_see_a_covert_list_sees_none(void **state)
{
    (void)state;
    RUN_AS("cov", OK, "list", "show");
    says(out, "secret");
    RUN_AS("cov", OK, "check", "AB12CDE");
    says(out, "secret");
    RUN_AS("lea", OK, "list", "show");
    says_not(out, "secret");
    RUN_AS("lea", OK, "check", "AB12CDE");
    says(out, "lines");
    says_not(out, "secret");
    RUN_AS("lea", OK, "list", "due", "--days", "99999");
    says(out, "lines");
    says_not(out, "secret");
    RUN_AS("lea", FAILED, "list", "show", "secret");
    char *told = strdup(err);
    RUN_AS("lea", FAILED, "list", "show", "nosuch");
    assert_int_equal(strlen(told), strlen(err)); // 'secret' and 'nosuch' are as long
    says(told, "cannot read the list: there is no list 'secret'\n");
    says(err, "cannot read the list: there is no list 'nosuch'\n");
    free(told);
    RUN_AS("lea", FAILED, "list", "export", "secret");
    RUN_AS("lea", FAILED, "list", "drop", "secret", "AB12CDE");
    RUN_AS("cov", OK, "list", "drop", "secret", "AB12CDE");
}

// Nobody need ask Kafka for that.
static void a_queue_is_watched_and_spoken_for_by_who_may(void **state)
{
    (void)state;
    settings("rights_file: rights.yaml\nkafka:\n  bootstrap: 127.0.0.1:1\n");
    RUN_AS("rea", REFUSED, "alerts", "tail", "intel");
    says(err, "'rea' (reader, Aven) may not watch queues");
    RUN_AS("lea", REFUSED, "alerts", "tail", "dispatch.own");
    says(err, "'lea' may not watch queues 'own': it does not stand under 'persons.lea.queues'");
    RUN_AS("lea", REFUSED, "alerts", "show", "own", "0123456789abcdef");
    RUN_AS("lea", REFUSED, "alerts", "ack", "own", "0123456789abcdef");
    says(err, "'lea' may not speak for queues 'own'");
    RUN_AS("lea", UNREACHABLE, "alerts", "tail", "intel"); // may, but nobody answers
}

static void nobody_acts_as_somebody_else(void **state)
{
    (void)state;
    RUN_AS("else", REFUSED, "list", "show", "lines");
    says(err, "may not act as 'else': see 'logins' in 'rights.yaml'\n");
    RUN_AS("nobody", REFUSED, "list", "show", "lines");
    RUN_AS(NULL, USAGE, "list", "show", "lines");
    says(err, "say who acts: --who NAME\n");
    file("rights.yaml", "persons:\n  else: {role: lead, force: Aven}\n");
    RUN_AS(NULL, REFUSED, "list", "show", "lines");
    says(err, "is no person of 'rights.yaml'\n");
}

static void authority_is_asked_for_where_the_file_says_so(void **state)
{
    (void)state;
    write_rights("authority_required: true\n");
    RUN_AS("lea", REFUSED, "list", "show", "lines");
    says(err, "refused: say by what authority: --authority TEXT");
    RUN_AS("lea", OK, "--authority", "OP/7", "list", "show", "lines");
}

static void a_file_with_faults_lets_nobody_in(void **state)
{
    (void)state;
    file("rights.yaml", "persons:\n  lea: {role: leader, force: Aven}\n");
    RUN_AS("lea", CONFIG, "list", "show", "lines");
    says(err, "rights.yaml:2:15: persons.lea.role");
    RUN(REFUSED, "rights", "check", "rights.yaml");
    RUN(CONFIG, "rights", "check");
    write_rights("");
    RUN(OK, "rights", "check", "rights.yaml");
    says(out, "rights.yaml: 8 persons, no fault\n");
    assert_int_equal(chmod(path_of("rights.yaml"), 0666), 0);
    RUN_AS("lea", CONFIG, "list", "show", "lines");
    says(err, "others than its owner may write it");
}

// Every command stands in the table of what it needs: one that does not would need an administrator.
static void every_command_needs_a_known_right(void **state)
{
    (void)state;
    RUN_AS("rea", OK, "rights", "show", "--commands");
    says(out, "list show            reader, controller, lead, auditor\n");
    says(out, "list load            lead\n");
    says(out, "controls activate    administrator\n");
    says(out, "decode               anybody\n");
    RUN_AS("lea", OK, "rights", "show");
    says(out, "lea: lead, Aven\n");
    says(out, "acts as 'lea'\n");
}

// ------------------------------------------------------------------ no command lets anybody in

static const struct {
    const char *who, *role;
} persons[] = {{"rea", "reader"},
               {"con", "controller"},
               {"lea", "lead"},
               {"adm", "administrator"},
               {"aud", "auditor"}};
enum { PERSONS = sizeof(persons) / sizeof(persons[0]) };

static struct hs_store *open_store(void)
{
    struct hs_redis_config config = {
        .socket = redis.socket_path, .connect_timeout_ms = 1000, .command_timeout_ms = 1000};
    struct hs_store *store = NULL;
    assert_int_equal(hs_store_open(&config, &store, NULL), 0);
    return store;
}

struct trail {
    size_t records;
    size_t refused;
};

static int count_record(void *ctx, const struct hs_change *change)
{
    struct trail *trail = ctx;
    trail->records++;
    trail->refused += change->op == HS_OP_REFUSED;
    return 0;
}

static struct trail read_trail(void)
{
    struct trail trail = {0};
    struct hs_store *store = open_store();
    assert_int_equal(hs_store_history(store, hs_str(""), count_record, &trail), 0);
    hs_store_free(store);
    return trail;
}

// Runs the command as one without the right.
static void is_refused(const char *who, const char *role, char *command)
{
    char wanted[128];
    char *second = strchr(command, ' ');
    if (second) {
        *second++ = '\0';
    }
    RUN_AS(who, REFUSED, command, second); // one word: the list ends there
    snprintf(wanted, sizeof(wanted), "refused: '%s' (%s, Aven) may not ", who, role);
    says(err, wanted);
    assert_string_equal(out, "");
    assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1); // one line
}

// A line of 'rights show --commands' to a command and who may run it.
static bool split_line(const char *line, size_t len, char command[64], char roles[256])
{
    const char *gap = memmem(line, len, "  ", 2);
    if (!gap) {
        return false;
    }
    snprintf(command, 64, "%.*s", (int)(gap - line), line);
    snprintf(roles, 256, "%.*s", (int)(line + len - gap), gap);
    return true;
}

// Each command, by one of those who may not run it, in turn.
static void who_may_not_gets_a_refusal_and_nothing_else(void **state)
{
    (void)state;
    char command[64], roles[256];
    size_t refused = 0, next = 0;
    RUN_AS("rea", OK, "rights", "show", "--commands");
    char *lines = strdup(out);
    struct trail before = read_trail();
    for (const char *line = lines; *line; line += strcspn(line, "\n") + 1) {
        if (!split_line(line, strcspn(line, "\n"), command, roles) || strstr(roles, "anybody")) {
            continue;
        }
        for (size_t i = 0; i < PERSONS; i++) {
            const size_t person = (next + i) % PERSONS;
            if (!strstr(roles, persons[person].role)) {
                is_refused(persons[person].who, persons[person].role, command);
                refused++;
                next = person + 1;
                break;
            }
        }
    }
    free(lines);
    struct trail after = read_trail();
    assert_true(refused > 50);
    assert_int_equal(after.refused - before.refused, refused); // each with its line in the trail
    assert_int_equal(after.records - before.records, refused); // and nothing else has happened
}

static int keep_records(void *ctx, const struct hs_change *change)
{
    if (change->op == HS_OP_CONSULTED || change->op == HS_OP_REFUSED) {
        hs_buf_printf(ctx, "%s %.*s (%.*s): %.*s; list '%.*s' vehicle '%.*s'\n",
                      hs_change_op_name(change->op), HS_STR_ARG(change->who),
                      HS_STR_ARG(change->authority), HS_STR_ARG(change->looked.command),
                      HS_STR_ARG(change->looked.list_id), HS_STR_ARG(change->looked.vehicle));
    }
    return 0;
}

static void all_of_it_stands_in_the_trail(void **state)
{
    (void)state;
    struct hs_store *store;
    struct hs_buf text = {0};
    RUN_AS("lea", OK, "--authority", "OP/7", "list", "show", "lines", "ab12 cde");
    RUN_AS("lea", OK, "list", "export", "lines");
    RUN_AS("lea", OK, "check", "oy12 abc");
    RUN_AS("rea", REFUSED, "list", "drop", "lines", "AB12CDE");
    RUN_AS("lea", FAILED, "list", "show", "secret");
    store = open_store();
    assert_int_equal(hs_store_history(store, hs_str(""), keep_records, &text), 0);
    assert_string_equal(hs_buf_text(&text),
                        "consulted lea (OP/7): list show; list 'lines' vehicle 'AB12CDE'\n"
                        "consulted lea (): list export; list 'lines' vehicle ''\n"
                        "consulted lea (): check; list '' vehicle 'OY12ABC'\n"
                        "refused rea (): list drop; list '' vehicle ''\n"
                        "refused lea (): list show; list 'secret' vehicle ''\n");
    hs_buf_fini(&text);
    hs_store_free(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_file_everybody_may),
        TEST(a_person_does_what_its_rights_give),
        TEST(who_may_not_see_a_covert_list_sees_none),
        TEST(a_queue_is_watched_and_spoken_for_by_who_may),
        TEST(nobody_acts_as_somebody_else),
        TEST(authority_is_asked_for_where_the_file_says_so),
        TEST(a_file_with_faults_lets_nobody_in),
        TEST(every_command_needs_a_known_right),
        TEST(who_may_not_gets_a_refusal_and_nothing_else),
        TEST(all_of_it_stands_in_the_trail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
