// SPDX-License-Identifier: Apache-2.0
#include "misreads/model.h"

#include "match/confusion.h"

const struct misread_row misread_rows[MISREAD_KINDS] = {
    [MISREAD_CLASS] = {"look-alike class", 30},
    [MISREAD_TABLE] = {"confusion table", 28},
    [MISREAD_OTHER] = {"other character", 22},
    [MISREAD_TWO] = {"two characters", 4},
    [MISREAD_DROPPED] = {"dropped", 6},
    [MISREAD_DOUBLED] = {"doubled", 3},
    [MISREAD_SCREW] = {"screw between two 1s", 1},
    [MISREAD_UNREADABLE] = {"unreadable", 6},
};

// What a camera's confidences and candidates are like; assumed.
enum {
    WEAK_MIN_PCT = 35, // of a character that it is not sure of: 35 to 79
    WEAK_SPAN = 45,
    SURE_MIN_PCT = 80, // of others: 80 to 99
    SURE_SPAN = 20,
    WEAK_WRONG_PCT = 70,   // a wrong character is a weak one
    WEAK_RIGHT_PCT = 5,    // a right read has a weak character all the same
    OFFERS_RIGHT_PCT = 15, // candidates beside a right read
    OFFERS_WRONG_PCT = 50, // and beside a wrong one
    TRUTH_PCT = 60,        // the plate is among them
    NEAR_TRUTH_PCT = 15,   // it is, but for a character of a class
};

static const char plain[] = "ABCDEFGHJKLMNOPRSTUVWXY"; // without I Q Z
static const char last[] = "ABCDEFGHJKLMNOPRSTUVWXYZ"; // without I Q
static const char year[] = "ABCDEFGHJKLMNPRSTVWXY";    // without I O U Q Z
static const char every[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool chance(struct random *random, unsigned percent)
{
    return random_below(random, 100) < percent;
}

static char pick(struct random *random, const char *from)
{
    return from[random_below(random, (uint32_t)strlen(from))];
}

static void add(struct hs_vrm *vrm, char c)
{
    vrm->text[vrm->len++] = c;
}

static void add_some(struct hs_vrm *vrm, struct random *random, unsigned count, const char *from)
{
    while (count-- > 0) {
        add(vrm, pick(random, from));
    }
}

// 1 to `digits` digits, not from 0.
static void add_number(struct hs_vrm *vrm, struct random *random, unsigned digits)
{
    add(vrm, (char)('1' + random_below(random, 9)));
    add_some(vrm, random, random_below(random, digits), "0123456789");
}

static void add_age(struct hs_vrm *vrm, struct random *random)
{
    unsigned n = random_below(random, 51); // 02 to 26, 51 to 76: issued by MODEL_DATE
    unsigned age = n < 25 ? 2 + n : 51 + n - 25;
    add(vrm, (char)('0' + age / 10));
    add(vrm, (char)('0' + age % 10));
}

struct hs_vrm model_plate(struct random *random)
{
    struct hs_vrm plate = {0};
    unsigned series = random_below(random, 100);
    if (series < 86) {
        add_some(&plate, random, 2, plain);
        add_age(&plate, random);
        add_some(&plate, random, 3, last);
    } else if (series < 94) { // prefix
        add(&plate, pick(random, year));
        add_number(&plate, random, 3);
        add_some(&plate, random, 3, plain);
    } else if (series < 96) { // suffix
        add_some(&plate, random, 3, plain);
        add_number(&plate, random, 3);
        add(&plate, pick(random, year));
    } else if (series < 98) { // dateless
        add_some(&plate, random, 3, plain);
        add_number(&plate, random, 3);
    } else { // Northern Ireland
        add(&plate, pick(random, plain));
        add(&plate, pick(random, "IZ"));
        add(&plate, pick(random, plain));
        add_number(&plate, random, 4);
    }
    return plate;
}

enum misread_kind model_kind(struct random *random)
{
    unsigned at = random_below(random, 100);
    unsigned kind = 0;
    while (at >= misread_rows[kind].share_pct) {
        at -= misread_rows[kind++].share_pct;
    }
    return (enum misread_kind)kind;
}

// ---- characters ----

static bool one_class(char a, char b)
{
    return hs_vrm_class_of(a) == hs_vrm_class_of(b);
}

static bool in_table(char a, char b)
{
    const struct hs_confusion_table *table = hs_confusions_find(NULL, hs_str(""));
    return table->partners[hs_vrm_value_of(a)] >> (hs_vrm_value_of(b) - 1) & 1;
}

// Whether a camera that errs in this way takes `a` for `b`.
static bool is_taken_for(char a, char b, enum misread_kind kind)
{
    bool in_class = one_class(a, b), confused = in_table(a, b);
    return a != b && (kind == MISREAD_CLASS   ? in_class
                      : kind == MISREAD_TABLE ? confused
                                              : !in_class && !confused);
}

// One character goes wrong; which and how is equally likely for all that can. Returns its position,
// or -1.
static int substitute(struct hs_vrm *vrm, enum misread_kind kind, struct random *random)
{
    unsigned choices = 0;
    int position = -1;
    char character = 0;
    for (unsigned i = 0; i < vrm->len; i++) {
        for (const char *c = every; *c; c++) {
            if (is_taken_for(vrm->text[i], *c, kind) && random_below(random, ++choices) == 0) {
                position = (int)i;
                character = *c;
            }
        }
    }
    if (position >= 0) {
        vrm->text[position] = character;
    }
    return position;
}

static enum misread_kind some_substitution(struct random *random)
{
    enum misread_kind kind;
    do {
        kind = model_kind(random);
    } while (kind > MISREAD_OTHER);
    return kind;
}

static void remove_at(struct model_read *read, unsigned at)
{
    struct hs_vrm *vrm = &read->vrm;
    memmove(vrm->text + at, vrm->text + at + 1, HS_VRM_MAX - at);
    memmove(read->confidence_pct + at, read->confidence_pct + at + 1, HS_VRM_MAX - at - 1U);
    vrm->len--;
}

// ---- reads ----

static uint8_t weak(struct random *random)
{
    return (uint8_t)(WEAK_MIN_PCT + random_below(random, WEAK_SPAN));
}

// What the camera offers besides: perhaps the plate, perhaps another that looks like it.
static void offer(struct model_read *read, const struct hs_vrm *plate, bool truth,
                  struct random *random)
{
    read->candidate_count = MODEL_CANDIDATES_MAX;
    for (unsigned i = 0; i < MODEL_CANDIDATES_MAX; i++) {
        read->candidates[i] = *plate;
        read->candidate_pct[i] = weak(random);
        if (!truth || i > 0) {
            substitute(&read->candidates[i], some_substitution(random), random);
        } else if (!chance(random, TRUTH_PCT)) {
            bool near = chance(random, NEAR_TRUTH_PCT * 100 / (100 - TRUTH_PCT));
            substitute(&read->candidates[i], near ? MISREAD_CLASS : MISREAD_TABLE, random);
        }
    }
}

static struct model_read begin(const struct hs_vrm *plate, struct random *random)
{
    struct model_read read = {.vrm = *plate};
    for (unsigned i = 0; i < HS_VRM_MAX; i++) {
        read.confidence_pct[i] = (uint8_t)(SURE_MIN_PCT + random_below(random, SURE_SPAN));
    }
    return read;
}

struct model_read model_right(const struct hs_vrm *plate, struct random *random)
{
    struct model_read read = begin(plate, random);
    if (chance(random, WEAK_RIGHT_PCT)) {
        read.confidence_pct[random_below(random, plate->len)] = weak(random);
    }
    if (chance(random, OFFERS_RIGHT_PCT)) {
        offer(&read, plate, false, random);
    }
    return read;
}

// "11", or what is the same glyph, becomes an H.
static bool screw(struct model_read *read)
{
    for (unsigned i = 0; i + 1 < read->vrm.len; i++) {
        if (hs_vrm_glyph_of(read->vrm.text[i]) == '1' &&
            hs_vrm_glyph_of(read->vrm.text[i + 1]) == '1') {
            read->vrm.text[i] = 'H';
            remove_at(read, i + 1);
            return true;
        }
    }
    return false;
}

static bool spoil_character(struct model_read *read, enum misread_kind kind, struct random *random)
{
    int at = substitute(&read->vrm, kind, random);
    if (at >= 0 && chance(random, WEAK_WRONG_PCT)) {
        read->confidence_pct[at] = weak(random);
    }
    return at >= 0;
}

static bool spoil(struct model_read *read, enum misread_kind kind, struct random *random)
{
    unsigned at = random_below(random, read->vrm.len);
    switch (kind) {
    case MISREAD_TWO:
        return spoil_character(read, some_substitution(random), random) &&
               spoil_character(read, some_substitution(random), random);
    case MISREAD_DROPPED:
        remove_at(read, at);
        return read->vrm.len > 0;
    case MISREAD_DOUBLED:
        memmove(read->vrm.text + at + 1, read->vrm.text + at, HS_VRM_MAX - at - 1U);
        read->vrm.text[HS_VRM_MAX] = '\0';
        read->vrm.len++;
        return true;
    case MISREAD_SCREW:
        return screw(read);
    case MISREAD_UNREADABLE:
        read->vrm.text[at] = '?';
        read->vrm.unreadable = 1;
        read->confidence_pct[at] = 0;
        return true;
    default:
        return spoil_character(read, kind, random);
    }
}

bool model_misread(const struct hs_vrm *plate, enum misread_kind kind, struct random *random,
                   struct model_read *ret_read)
{
    struct model_read read = begin(plate, random);
    if (!spoil(&read, kind, random) || hs_vrm_eq(&read.vrm, plate)) {
        return false;
    }
    if (chance(random, OFFERS_WRONG_PCT)) {
        offer(&read, plate, true, random);
    }
    *ret_read = read;
    return true;
}
