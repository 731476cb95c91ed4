// SPDX-License-Identifier: Apache-2.0
// What an operations lead sees of 'hitctl list' and 'hitctl check', on a real Redis.
#include "base/clock.h"
#include "support/hitctl_house.h"
#include "watchlist/store.h"

#define HEADER "VRM,make,action,weed date\n"

#define LIST(exit_code, ...) RUN(exit_code, "list", __VA_ARGS__)

static int setup(void **state)
{
    if (house_setup(state) != 0) {
        return -1;
    }
    file("two.csv", HEADER "AB12 CDE,FORD,STOP,2099-12-31\nOY12ABC,VW,SILENT,31/12/2099\n");
    LIST(OK, "create", "lines", "--title", "County lines", "--owner-force", "Aven", "--purpose",
         "couriers", "--open", "--status", "live");
    return 0;
}

static void create_says_all_that_is_wrong(void **state)
{
    (void)state;
    LIST(USAGE, "create", "Lines!", "--status", "asleep", "--keep", "99");
    says(err, "'Lines!' is no list id: small letters, digits, '-', '_' and '.', at most 64");
    says(err, "needs --title, --owner-force and --purpose");
    says(err, "say --open or --covert");
    says(err, "--status 'asleep' is unknown; allowed: live, trial or suspended");
    says(err, "--keep 20");
    LIST(USAGE, "create", "x", "--title", "t", "--owner-force", "f", "--purpose", "p", "--open",
         "--tiers", "FUZZY");
    says(err, "--tiers: 'FUZZY' is no match tier; allowed: EXACT, GLYPH");
    LIST(CONFLICT, "create", "lines", "--title", "t", "--owner-force", "f", "--purpose", "p",
         "--open");
    says(err, "nothing is created: list 'lines' exists already");
}

static void load_is_replace_or_merge_never_silently(void **state)
{
    (void)state;
    LIST(USAGE, "load", "lines", "two.csv");
    says(err, "say --replace (the file is the whole list) or --merge (the other entries stay)");
    LIST(USAGE, "load", "lines", "two.csv", "--replace", "--merge");
    LIST(OK, "load", "lines", "two.csv", "--replace");
    assert_string_equal(out, "list 'lines': revision 1.0 with 2 entries (before: 0)\n");
    file("more.csv", HEADER "CD34EFG,BMW,STOP,2099-12-31\nAB12CDE,AUDI,STOP,2099-12-31\n");
    LIST(OK, "load", "lines", "more.csv", "--merge");
    says(out, "revision 2.0 with 3 entries (before: 2)");
    LIST(OK, "show", "lines", "ab12cde");
    says(out, "AUDI");
    LIST(FAILED, "load", "none", "two.csv", "--replace");
    says(err, "there is no list 'none'");
    LIST(FAILED, "load", "lines", "none.csv", "--replace");
    says(err, "cannot read 'none.csv': No such file or directory");
}

static void bad_lines_are_all_told_and_nothing_is_loaded(void **state)
{
    (void)state;
    file("bad.csv", HEADER ",FORD,STOP,2099-12-31\n"
                           "A,FORD,STOP,2099-12-31\n"
                           "AB12*CD,FORD,STOP,2099-12-31\n"
                           "AB12CDE,FORD,STOP,\n"
                           "AB12CDF,FORD,STOP,2020-01-31\n"
                           "OY12ABC,FORD,STOP,2099-12-31\n"
                           "0Y12ABC,FORD,STOP,2099-12-31\n"
                           "OY12ABC,FORD,STOP,2099-12-31\n");
    LIST(REFUSED, "load", "lines", "bad.csv", "--replace", "--reject-file", "rejected.csv");
    says(err, "bad.csv:2:1: VRM: is empty: every entry needs a plate\n");
    says(err, "bad.csv:3:1: VRM: 'A': is too short: at least 2 characters\n");
    says(err, "bad.csv:4:1: VRM: 'AB12*CD': character 5 cannot stand on a plate");
    says(err, "bad.csv:5:19: weed date: is missing: every entry says until when it applies, as in "
              "2026-12-31\n");
    says(err, "bad.csv:6:19: weed date: '2020-01-31': is past: today is ");
    says(err, "bad.csv:8:1: VRM: '0Y12ABC': a 0/O or 1/I variant of 'OY12ABC' in line 7: lists "
              "hold no variants, they "
              "are matched anyway\n");
    says(err, "bad.csv:9:1: VRM: 'OY12ABC': duplicate: 'OY12ABC' stands in line 7 already\n");
    says(err, "7 of 8 lines are refused, nothing is loaded; correct them, or load the others with "
              "--skip-bad\n");
    assert_string_equal(out, "");
    char *rejected = hs_test_file_read(path_of("rejected.csv"));
    says(rejected, HEADER ",FORD,STOP,2099-12-31\nA,FORD,STOP,2099-12-31\n");
    assert_null(strstr(rejected, "\nOY12ABC,FORD,STOP,2099-12-31\n0Y"));
    free(rejected);
    LIST(OK, "show", "lines");
    says(out, "revision           0.0\n");
    LIST(OK, "load", "lines", "bad.csv", "--replace", "--skip-bad");
    says(out, "revision 2.0 with 1 entries");
    LIST(REFUSED, "--json", "check", "bad.csv");
    says(out,
         "{\"lines\":8,\"good\":1,\"bad\":7,\"refused\":[{\"line\":2,\"column\":1,\"key\":\"VRM\"");
}

static void a_merge_looks_at_what_is_on_the_list(void **state)
{
    (void)state;
    LIST(OK, "load", "lines", "two.csv", "--replace");
    file("variant.csv", HEADER "0YI2ABC,VW,STOP,2099-12-31\n");
    LIST(REFUSED, "load", "lines", "variant.csv", "--merge");
    says(err, "variant.csv:2:1: VRM: '0YI2ABC': a 0/O or 1/I variant of 'OY12ABC', which is on the "
              "list: lists hold no "
              "variants, they are matched anyway\n");
    file("other.csv", "entry id," HEADER "car-1,OY12ABC,VW,STOP,2099-12-31\n");
    LIST(REFUSED, "load", "lines", "other.csv", "--merge");
    says(err, "duplicate: 'OY12ABC' is on the list under another entry id\n");
    file("correct.csv", "entry id," HEADER "OY12ABC,0Y12ABC,VW,STOP,2099-12-31\n");
    LIST(OK, "load", "lines", "correct.csv", "--merge"); // the entry's own correction
}

static void patterns_of_too_many_masks_are_refused(void **state)
{
    (void)state;
    struct hs_buf text = {0};
    hs_buf_add_text(&text, HEADER);
    unsigned count = 0;
    for (unsigned i = 0; i < 7; i++) { // one mask each: where one or two '?' stand
        for (unsigned k = i; k < 7 && count < 17; k++, count++) {
            char vrm[] = "AB12CDE";
            vrm[i] = vrm[k] = '?';
            hs_buf_printf(&text, "%s,FORD,STOP,2099-12-31\n", vrm);
        }
    }
    file("patterns.csv", hs_buf_text(&text));
    hs_buf_fini(&text);
    LIST(OK, "create", "wide", "--title", "t", "--owner-force", "f", "--purpose", "p", "--open");
    LIST(REFUSED, "load", "wide", "patterns.csv", "--replace");
    says(err, "pattern would be the list's 17. mask (its length and the places of its '?'), at "
              "most 16; each costs every "
              "read of its length about ");
    LIST(OK, "status", "wide", "live");
    LIST(OK, "load", "wide", "patterns.csv", "--replace");
    LIST(OK, "status", "wide", "trial");
    LIST(OK, "put", "wide", "VRM=?B12XXX", "action=STOP",
         "weed date=2099-12-31"); // a mask that is there
    LIST(REFUSED, "put", "wide",
         "VRM=ABC?"
         "??",
         "action=STOP", "weed date=2099-12-31");
    says(err, "pattern would be the list's 18. mask");
}

static void a_dry_run_shows_the_difference(void **state)
{
    (void)state;
    LIST(OK, "load", "lines", "two.csv", "--replace");
    file("next.csv", HEADER "AB12CDE,FORD,SILENT,2099-12-31\nCD34EFG,BMW,STOP,2099-12-31\n");
    LIST(OK, "load", "lines", "next.csv", "--replace", "--dry-run");
    assert_string_equal(out,
                        "~ AB12CDE  action 'STOP' -> 'SILENT'\n+ CD34EFG\n- OY12ABC\n"
                        "1 added, 1 removed, 1 changed; 0 lines refused; nothing is changed yet\n");
    LIST(OK, "load", "lines", "next.csv", "--merge", "--dry-run", "--json");
    says(out, "\"added\":1,\"removed\":0,\"changed\":1");
    LIST(OK, "show", "lines");
    says(out, "revision           1.0\n");
    LIST(DIFFERS, "diff", "lines", "next.csv");
    says(out, "1 added, 1 removed, 1 changed\n");
    LIST(OK, "diff", "lines", "two.csv");
    assert_string_equal(out, "0 added, 0 removed, 0 changed\n");
}

static void a_list_that_shrinks_or_is_empty_is_refused(void **state)
{
    (void)state;
    file("ten.csv",
         HEADER "AA11AAA,,STOP,2099-12-31\nAA11AAB,,STOP,2099-12-31\nAA11AAC,,STOP,2099-12-31\n"
                "AA11AAD,,STOP,2099-12-31\nAA11AAE,,STOP,2099-12-31\n");
    file("four.csv",
         HEADER "AA11AAA,,STOP,2099-12-31\nAA11AAB,,STOP,2099-12-31\nAA11AAC,,STOP,2099-12-31\n"
                "AA11AAD,,STOP,2099-12-31\n");
    file("three.csv",
         HEADER "AA11AAA,,STOP,2099-12-31\nAA11AAB,,STOP,2099-12-31\nAA11AAC,,STOP,2099-12-31\n");
    file("none.csv", HEADER);
    LIST(OK, "load", "lines", "ten.csv", "--replace");
    LIST(REFUSED, "load", "lines", "three.csv", "--replace");
    says(
        err,
        "the list would shrink from 5 to 3 entries, by more than 20 %; --force if that is right\n");
    LIST(OK, "load", "lines", "four.csv", "--replace"); // a fifth is not more than a fifth
    LIST(REFUSED, "load", "lines", "none.csv", "--replace");
    says(err, "the list would be empty; --force if that is right\n");
    LIST(OK, "load", "lines", "none.csv", "--replace", "--force");
    says(out, "with 0 entries (before: 4)");
}

static void one_entry_is_put_and_dropped(void **state)
{
    (void)state;
    LIST(OK, "load", "lines", "two.csv", "--replace");
    LIST(USAGE, "put", "lines", "VRM=CD34EFG", "weeddate=2099-12-31");
    says(err, "'weeddate=2099-12-31' is no COLUMN=VALUE; did you mean 'weed date'?");
    LIST(REFUSED, "put", "lines", "VRM=CD34EFG", "action=STOP");
    says(err, "weed date: is missing: every entry says until when it applies");
    LIST(REFUSED, "put", "lines", "VRM=0Y12ABC", "action=STOP", "weed date=2099-12-31");
    says(err, "'OY12ABC' is on the list already, '0Y12ABC' is a 0/O or 1/I variant of it: lists "
              "hold no variants, they "
              "are matched anyway\n");
    LIST(REFUSED, "put", "lines", "VRM=OY12ABC", "entry id=car-1", "action=STOP",
         "weed date=2099-12-31");
    says(err, "'OY12ABC' is on the list already under another entry id than 'car-1'");
    LIST(OK, "put", "lines", "VRM=CD34EFG", "action=STOP", "weed date=2099-12-31", "make=BMW");
    assert_string_equal(out, "put 'CD34EFG': list 'lines' is at revision 1.1 with 3 entries\n");
    LIST(OK, "put", "lines", "VRM=CD34EFG", "priority=high", "--edit");
    LIST(OK, "show", "lines", "CD34EFG");
    says(out, "BMW");
    says(out, "high");
    LIST(OK, "drop", "lines", "cd34 efg");
    assert_string_equal(out, "dropped 'CD34EFG': list 'lines' is at revision 1.3 with 2 entries\n");
    LIST(FAILED, "drop", "lines", "CD34EFG");
    says(err, "nothing is changed: list 'lines' has no entry 'CD34EFG'\n");
    LIST(FAILED, "put", "lines", "VRM=ZZ99ZZZ", "priority=high", "--edit");
    says(err, "nothing to edit: list 'lines' has no entry 'ZZ99ZZZ'\n");
    LIST(OK, "history", "lines");
    says(out, "put       ann  'CD34EFG' added  3 entries\n");
    says(out, "put       ann  'CD34EFG' replaced  3 entries\n");
    says(out, "drop      ann  'CD34EFG'  2 entries\n");
}

static void an_earlier_generation_comes_back(void **state)
{
    (void)state;
    LIST(OK, "load", "lines", "two.csv", "--replace");
    file("one.csv", HEADER "CD34EFG,BMW,STOP,2099-12-31\n");
    LIST(OK, "load", "lines", "one.csv", "--replace", "--force");
    LIST(DIFFERS, "diff", "lines", "1", "2");
    says(out, "- AB12CDE\n+ CD34EFG\n- OY12ABC\n1 added, 2 removed, 0 changed\n");
    LIST(OK, "rollback", "lines", "1");
    assert_string_equal(out, "list 'lines': revision 3.0 holds what 1 held, 2 entries\n");
    LIST(OK, "diff", "lines", "1");
    LIST(REFUSED, "rollback", "lines", "7");
    says(err,
         "generation 7 of list 'lines' is not kept; 'hitctl list show' names those that are\n");
    LIST(REFUSED, "rollback", "lines", "3");
    says(err, "revision 3 is live\n");
    meddle("HDEL hs:list:lines:g2 CD34EFG");
    LIST(REFUSED, "rollback", "lines", "2");
    says(err,
         "generation 2 does not hold with its size and checksum (0 entries read, 1 written)\n");
}

static void a_revision_within_a_generation_comes_back(void **state)
{
    (void)state;
    LIST(OK, "load", "lines", "two.csv", "--replace");
    LIST(OK, "put", "lines", "VRM=CD34EFG", "action=STOP", "weed date=2099-12-31"); // 1.1
    LIST(OK, "put", "lines", "VRM=AB12CDE", "colour=red", "--edit");                // 1.2
    LIST(OK, "drop", "lines", "OY12ABC");                                           // 1.3
    LIST(OK, "put", "lines", "VRM=AB12CDE", "colour=blue", "--edit");               // 1.4
    LIST(DIFFERS, "diff", "lines", "1.0");
    assert_string_equal(out, "~ AB12CDE  colour '' -> 'blue'\n+ CD34EFG\n- OY12ABC\n"
                             "1 added, 1 removed, 1 changed\n");
    LIST(DIFFERS, "diff", "lines", "1.2", "1.3");
    assert_string_equal(out, "- OY12ABC\n0 added, 1 removed, 0 changed\n");
    LIST(OK, "diff", "lines", "1.0", "two.csv");
    LIST(REFUSED, "diff", "lines", "1.5");
    says(err, "there is no revision 1.5: the generation's last is 1.4\n");
    LIST(OK, "rollback", "lines", "1.2");
    says(out, "revision 2.0 holds what 1.2 held, 3 entries\n");
    LIST(OK, "diff", "lines", "1.2");
    LIST(USAGE, "rollback", "lines", "yesterday");
    says(err, "needs a list and a revision, as in 12 or 12.3");
}

static void what_is_exported_can_be_loaded(void **state)
{
    (void)state;
    LIST(OK, "load", "lines", "two.csv", "--replace");
    LIST(OK, "put", "lines", "VRM=CD34EFG", "action=SILENT", "weed date=2099-12-31",
         "warning markers=FI VI", "information=two, \"quoted\"", "hours=sat,sun 22:00-06:00",
         "tiers=EXACT;GLYPH", "harm score=7");
    LIST(OK, "export", "lines", "--output", "all.csv");
    LIST(OK, "diff", "lines", "all.csv");
    assert_string_equal(out, "0 added, 0 removed, 0 changed\n");
    LIST(OK, "--json", "export", "lines", "--output", "all.jsonl");
    LIST(OK, "diff", "lines", "all.jsonl");
    assert_string_equal(out, "0 added, 0 removed, 0 changed\n");
    LIST(OK, "--json", "load", "lines", "all.jsonl", "--replace");
    says(out, "\"revision\":\"2.0\"");
    says(out, "\"entries\":3");
}

static void a_covert_list_needs_a_queue_of_its_own(void **state)
{
    (void)state;
    LIST(OK, "create", "secret", "--title", "t", "--owner-force", "Aven", "--purpose", "p",
         "--covert");
    LIST(REFUSED, "load", "secret", "two.csv", "--replace");
    says(err, "covert list 'secret' has no queue of its own: name it under 'covert_lists' of a "
              "queue of force 'Aven' "
              "and activate the controls first\n");
    LIST(REFUSED, "put", "secret", "VRM=CD34EFG", "action=STOP", "weed date=2099-12-31");
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
    LIST(OK, "load", "secret", "two.csv", "--replace");
    says(out, "the list is on trial");
}

static void status_is_shown_and_set(void **state)
{
    (void)state;
    LIST(OK, "status", "lines");
    assert_string_equal(out, "live\n");
    LIST(OK, "status", "lines", "suspended");
    assert_string_equal(out, "list 'lines' was live, is suspended\n");
    LIST(USAGE, "status", "lines", "asleep");
    says(err, "'asleep' is no status; allowed: live, trial or suspended\n");
    LIST(OK, "show");
    says(out, "suspended");
}

static void properties_are_changed(void **state)
{
    (void)state;
    LIST(OK, "load", "lines", "two.csv", "--replace");
    LIST(USAGE, "set", "lines");
    says(err, "says nothing to change; a list is open or covert for good");
    LIST(USAGE, "set", "lines", "--covert");
    says(err, "unknown option '--covert'");
    LIST(USAGE, "set", "lines", "--title", " ", "--keep", "21", "--tiers", "EXACT");
    says(err, "--title is empty or no text");
    says(err, "--keep 20");
    LIST(USAGE, "set", "lines", "--tiers", "FUZZY");
    says(err, "--tiers: 'FUZZY' is no match tier");
    LIST(OK, "set", "lines", "--title", "Lines of Aven", "--review-days", "7", "--keep", "2",
         "--tiers", "EXACT;GLYPH");
    assert_string_equal(out, "list 'lines' is changed\n");
    LIST(OK, "show", "lines");
    says(out, "title              Lines of Aven\n");
    says(out, "purpose            couriers\n"); // as it was
    says(out, "review_days        7\n");
    says(out, "keep_generations   2\n");
    says(out, "revision           1.1\n");
    RUN(OK, "check", "A812CDE"); // B read as 8: a tier that the list no longer uses
    says(out, "no entry");
    LIST(OK, "set", "lines", "--tiers", "default");
    RUN(OK, "check", "A812CDE");
    says(out, "GRAMMAR");
    LIST(OK, "history", "lines");
    says(out, "1.2  set       ann");
}

static void a_list_is_removed(void **state)
{
    (void)state;
    LIST(OK, "load", "lines", "two.csv", "--replace");
    assert_int_equal(mkdir(path_of("controls"), 0755), 0);
    file("controls/cameras.csv",
         "camera,site,road,force,area,latitude,longitude\nc1,s1,A4,Aven,east,51.4,-2.4\n");
    file("controls/queues.yaml", "queues:\n"
                                 "  intel:\n    owner: Aven\n    kind: intelligence\n"
                                 "    lists: [lines]\n    default: true\n");
    file("controls/rules.yaml", "");
    RUN(OK, "controls", "activate", "controls");
    LIST(REFUSED, "remove", "lines");
    says(err, "the active controls name list 'lines' in queue 'intel': take it out there as well");
    says(err, "list 'lines' is live with 2 entries, nothing is removed: suspend it first");
    LIST(OK, "status", "lines", "suspended");
    LIST(OK, "remove", "lines");
    assert_string_equal(out, "list 'lines' is removed\n");
    LIST(FAILED, "show", "lines");
    says(err, "there is no list 'lines'");
    LIST(FAILED, "remove", "lines");
    LIST(OK, "create", "lines", "--title", "t", "--owner-force", "f", "--purpose", "p", "--open");
    LIST(OK, "show", "lines");
    says(out, "revision           2.0\n");
    LIST(OK, "load", "lines", "two.csv", "--replace");
    LIST(OK, "remove", "lines", "--force");
}

static void due_names_what_weeds_or_is_to_be_reviewed(void **state)
{
    (void)state;
    LIST(OK, "create", "often", "--title", "t", "--owner-force", "f", "--purpose", "p", "--open",
         "--review-days", "1");
    LIST(OK, "load", "often", "two.csv", "--replace");
    LIST(OK, "due", "often", "--days", "2");
    says(out, "review  often  'AB12CDE'\n");
    LIST(OK, "due", "often", "--days", "40000");
    says(out, "2099-12-31  weeds   often  'OY12ABC'\n");
    LIST(OK, "due", "lines");
    assert_string_equal(out, "");
    LIST(FAILED, "due", "none");
    says(err, "there is no list 'none'\n");
}

static void check_says_what_a_plate_hits(void **state)
{
    (void)state;
    LIST(OK, "load", "lines", "two.csv", "--replace");
    RUN(OK, "check", "AB12 CDE");
    assert_string_equal(out, "EXACT     lines  'AB12CDE'  (open list, live)\n");
    RUN(OK, "check", "0y12abc");
    assert_string_equal(out, "GLYPH     lines  'OY12ABC'  (open list, live)\n");
    RUN(OK, "check", "ZZ99ZZZ");
    assert_string_equal(out, "no entry\n");
    RUN(USAGE, "check", "...");
    says(err, "'...' is no plate: 1 to 12 letters or digits\n");
    RUN(OK, "--json", "check", "AB12CDE");
    says(out, "\"tier\":\"EXACT\"");
}

// ---- waiting ----

static struct hs_store *open_store(void)
{
    struct hs_redis_config config = {
        .socket = redis.socket_path, .connect_timeout_ms = 1000, .command_timeout_ms = 1000};
    struct hs_store *store;
    assert_int_equal(hs_store_open(&config, &store, NULL), 0);
    return store;
}

static void a_wait_names_the_silent(void **state)
{
    (void)state;
    struct hs_store *store = open_store();
    LIST(OK, "load", "lines", "two.csv", "--replace", "--wait");
    says(err, "no daemon is registered: nobody uses the list\n");
    struct hs_instance instance = {.instance_id = HS_STR("dead"),
                                   .change_id = HS_STR("1-1"),
                                   .last_seen_ms = hs_clock_realtime_ms() - 60000};
    assert_int_equal(hs_store_register(store, &instance), 0);
    LIST(TIMEOUT, "load", "lines", "two.csv", "--replace", "--wait");
    says(err, "live on 0 of 1 daemons:\n  'dead' has not got it: last seen 60.");
    instance.instance_id = HS_STR("fast"); // has everything that will ever come
    instance.change_id = HS_STR("99999999999999-0");
    instance.last_seen_ms = hs_clock_realtime_ms();
    assert_int_equal(hs_store_register(store, &instance), 0);
    LIST(TIMEOUT, "--json", "put", "lines", "VRM=CD34EFG", "action=STOP", "weed date=2099-12-31",
         "--wait");
    says(out, "\"live_on\":1");
    says(out, "\"silent\":[\"dead\"]");
    assert_int_equal(hs_store_deregister(store, HS_STR("dead")), 0);
    LIST(OK, "put", "lines", "VRM=CD34EFG", "action=STOP", "weed date=2099-12-31", "--wait");
    says(out, "live on 1 daemon after 0.");
    instance.instance_id = HS_STR("slow"); // alive, but behind
    instance.change_id = HS_STR("1-1");
    instance.last_seen_ms = hs_clock_realtime_ms() + 5000;
    assert_int_equal(hs_store_register(store, &instance), 0);
    LIST(TIMEOUT, "drop", "lines", "CD34EFG", "--wait", "--timeout", "1");
    says(err, "after 1.");
    says(err, "'slow' has not got it");
    hs_store_free(store);
}

static void an_unreachable_redis_is_told(void **state)
{
    (void)state;
    hs_redis_server_stop(&redis);
    LIST(UNREACHABLE, "show");
    says(err, "redis at '");
}

static void a_broken_redis_is_told(void **state)
{
    (void)state;
    LIST(OK, "load", "lines", "two.csv", "--replace");
    meddle("HDEL hs:list:lines:g1 AB12CDE");
    LIST(REFUSED, "load", "lines", "two.csv", "--merge");
    says(err, "what is on the list does not hold with its size and checksum");
    RUN(REFUSED, "check", "AB12CDE");
    says(err, "list 'lines' does not hold: 1 entries with checksum");
    meddle("HSET hs:list:lines size many");
    LIST(FAILED, "show", "lines");
    says(err,
         "cannot read the list: key 'hs:list:lines': field 'size': value 'many' cannot be read\n");
    meddle("SET hs:list:lines text");
    LIST(FAILED, "show", "lines");
    says(err, "key 'hs:list:lines': redis: WRONGTYPE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, house_teardown)
        TEST(create_says_all_that_is_wrong),
        TEST(load_is_replace_or_merge_never_silently),
        TEST(bad_lines_are_all_told_and_nothing_is_loaded),
        TEST(a_merge_looks_at_what_is_on_the_list),
        TEST(patterns_of_too_many_masks_are_refused),
        TEST(a_dry_run_shows_the_difference),
        TEST(a_list_that_shrinks_or_is_empty_is_refused),
        TEST(one_entry_is_put_and_dropped),
        TEST(an_earlier_generation_comes_back),
        TEST(a_revision_within_a_generation_comes_back),
        TEST(what_is_exported_can_be_loaded),
        TEST(a_covert_list_needs_a_queue_of_its_own),
        TEST(status_is_shown_and_set),
        TEST(properties_are_changed),
        TEST(a_list_is_removed),
        TEST(due_names_what_weeds_or_is_to_be_reviewed),
        TEST(check_says_what_a_plate_hits),
        TEST(a_wait_names_the_silent),
        TEST(an_unreachable_redis_is_told),
        TEST(a_broken_redis_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
