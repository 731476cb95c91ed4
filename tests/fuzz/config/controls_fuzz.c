// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as the packed controls of anpr.controls and Redis, and as six files of a folder, with a
 * NUL between them: what is taken packs to what is taken and has the same hash, and what is refused
 * says why.
 */
#include "controls/controls.h"
#include "fuzz/fuzz.h"

static void check(const struct hs_controls *controls)
{
    static const char *const audiences[] = {"open", "covert:ocg", "trial:t"};
    struct hs_diags diags = {0};
    struct hs_controls *again;
    fuzz_must(hs_controls_unpack(hs_controls_packed(controls), &diags, &again) == 0);
    fuzz_must(strcmp(hs_controls_hash(controls), hs_controls_hash(again)) == 0);
    for (size_t i = 0; i < sizeof(audiences) / sizeof(audiences[0]); i++) {
        char hash[HS_CONTROLS_HASH_BYTES], same[HS_CONTROLS_HASH_BYTES];
        struct hs_str audience = hs_str(audiences[i]);
        fuzz_must(hs_controls_audience_hash(controls, audience, hash) == 0);
        fuzz_must(hs_controls_audience_hash(again, audience, same) == 0);
        fuzz_must(strcmp(hash, same) == 0);
    }
    hs_controls_unref(again);
    hs_diags_fini(&diags);
}

static void judge(int rc, struct hs_controls *controls, struct hs_diags *diags)
{
    if (rc == 0) {
        check(controls);
        hs_controls_unref(controls);
    } else {
        fuzz_must(diags->errors > 0);
    }
    hs_diags_fini(diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"cameras.csv", "queues.yaml",     "rules.yaml",
                                        "groups.yaml", "operations.yaml", "roads.csv"};
    enum { FILES = sizeof(names) / sizeof(names[0]) };
    struct hs_controls_file files[FILES];
    struct hs_str rest = hs_str_n(data, size);
    struct hs_controls *controls = NULL;
    struct hs_diags diags = {.limit = 100};
    size_t count = 0;
    int rc = hs_controls_unpack(rest, &diags, &controls);
    judge(rc, controls, &diags);
    while (count < FILES) {
        struct hs_str text = {"", 0};
        bool more = hs_str_split(&rest, '\0', &text);
        files[count] = (struct hs_controls_file){hs_str(names[count]), text};
        count++;
        if (!more) {
            break;
        }
    }
    diags = (struct hs_diags){.limit = 100};
    rc = hs_controls_parse(files, count, &diags, &controls);
    judge(rc, controls, &diags);
    return 0;
}
