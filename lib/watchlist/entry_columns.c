// SPDX-License-Identifier: Apache-2.0
#include "watchlist/entry_columns.h"

#include "base/error.h"
#include "hitstream/v1/watchlist.pb-c.h"

static const struct hs_column_word action_words[] = {
    {"STOP", HITSTREAM__V1__HANDLING__HANDLING_STOP},
    {"SILENT", HITSTREAM__V1__HANDLING__HANDLING_MONITOR},
    {"MONITOR", HITSTREAM__V1__HANDLING__HANDLING_MONITOR},
    {NULL, 0},
};
static const struct hs_column_word priority_words[] = {
    {"low", HITSTREAM__V1__PRIORITY__PRIORITY_LOW},
    {"medium", HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM},
    {"high", HITSTREAM__V1__PRIORITY__PRIORITY_HIGH},
    {"immediate", HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE},
    {NULL, 0},
};
static const struct hs_column_word safeguarding_words[] = {
    {"none", HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_NONE},
    {"vulnerable-adult", HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_VULNERABLE_ADULT},
    {"missing", HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_MISSING},
    {"exploited-child", HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_EXPLOITED_CHILD},
    {NULL, 0},
};
static const struct hs_column_word four_p_words[] = {
    {"pursue", HITSTREAM__V1__FOUR_P__FOUR_P_PURSUE},
    {"prevent", HITSTREAM__V1__FOUR_P__FOUR_P_PREVENT},
    {"protect", HITSTREAM__V1__FOUR_P__FOUR_P_PROTECT},
    {"prepare", HITSTREAM__V1__FOUR_P__FOUR_P_PREPARE},
    {NULL, 0},
};
const struct hs_column_word hs_tier_words[] = {
    {"EXACT", HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT},
    {"GLYPH", HITSTREAM__V1__MATCH_TIER__MATCH_TIER_GLYPH},
    {"GRAMMAR", HITSTREAM__V1__MATCH_TIER__MATCH_TIER_GRAMMAR},
    {"CONFUSED", HITSTREAM__V1__MATCH_TIER__MATCH_TIER_CONFUSED},
    {"LOOKALIKE", HITSTREAM__V1__MATCH_TIER__MATCH_TIER_LOOKALIKE},
    {"CANDIDATE", HITSTREAM__V1__MATCH_TIER__MATCH_TIER_CANDIDATE},
    {"WILDCARD", HITSTREAM__V1__MATCH_TIER__MATCH_TIER_WILDCARD},
    {NULL, 0},
};

enum { SHORT = 64, LINE = 256, LONG = 4000 }; // bytes a text may have

#define AT(member) offsetof(Hitstream__V1__WatchlistEntry, member)
const struct hs_column_row hs_columns[HS_COLUMN_COUNT] = {
    [HS_COLUMN_VRM] = {"VRM", HS_KIND_VRM, 3, SHORT, NULL, AT(vrm)},
    [HS_COLUMN_MAKE] = {"make", HS_KIND_TEXT, 4, SHORT, NULL, AT(make)},
    [HS_COLUMN_MODEL] = {"model", HS_KIND_TEXT, 5, SHORT, NULL, AT(model)},
    [HS_COLUMN_COLOUR] = {"colour", HS_KIND_TEXT, 6, SHORT, NULL, AT(colour)},
    [HS_COLUMN_ACTION] = {"action", HS_KIND_WORD, 7, SHORT, action_words, AT(handling)},
    [HS_COLUMN_MARKERS] = {"warning markers", HS_KIND_MARKERS, 8, LINE, NULL, AT(warning_markers)},
    [HS_COLUMN_REASON] = {"reason", HS_KIND_TEXT, 9, LINE, NULL, AT(reason)},
    [HS_COLUMN_NIM] = {"NIM intelligence grading", HS_KIND_TEXT, 10, SHORT, NULL, AT(nim_grading)},
    [HS_COLUMN_INFORMATION] = {"information", HS_KIND_FREE_TEXT, 11, LONG, NULL, AT(information)},
    [HS_COLUMN_FORCE_AND_AREA] = {"force and area", HS_KIND_TEXT, 12, LINE, NULL,
                                  AT(force_and_area)},
    [HS_COLUMN_WEED_DATE] = {"weed date", HS_KIND_WEED_DATE, 13, SHORT, NULL, AT(weed_date)},
    [HS_COLUMN_PNC_ID] = {"PNC id", HS_KIND_TEXT, 14, SHORT, NULL, AT(pnc_id)},
    [HS_COLUMN_PROTECTIVE] = {"protective marking", HS_KIND_TEXT, 15, LINE, NULL,
                              AT(protective_marking)},
    [HS_COLUMN_CAD] = {"CAD information", HS_KIND_FREE_TEXT, 16, LONG, NULL, AT(cad_information)},
    [HS_COLUMN_SPARE_1] = {"spare 1", HS_KIND_FREE_TEXT, 17, LONG, NULL,
                           AT(operational_instructions)},
    [HS_COLUMN_SPARE_2] = {"spare 2", HS_KIND_TEXT, 18, LINE, NULL, AT(source_reference)},
    [HS_COLUMN_ENTRY_ID] = {"entry id", HS_KIND_ENTRY_ID, 2, HS_ENTRY_ID_MAX, NULL, AT(entry_id)},
    [HS_COLUMN_AUTHORISER] = {"authoriser", HS_KIND_TEXT, 19, LINE, NULL, AT(authoriser)},
    [HS_COLUMN_CONTACT] = {"contact 24h", HS_KIND_TEXT, 20, LINE, NULL, AT(contact_24h)},
    [HS_COLUMN_AUTHORITY] = {"authority reference", HS_KIND_TEXT, 21, LINE, NULL,
                             AT(authority_reference)},
    [HS_COLUMN_VALID_FROM] = {"valid from", HS_KIND_INSTANT, 22, SHORT, NULL, AT(valid_from_ms)},
    [HS_COLUMN_PRIORITY] = {"priority", HS_KIND_WORD, 23, SHORT, priority_words, AT(priority)},
    [HS_COLUMN_HARM] = {"harm score", HS_KIND_NUMBER, 24, 1000, NULL, AT(harm_score)},
    [HS_COLUMN_SAFEGUARDING] = {"safeguarding", HS_KIND_WORD, 25, SHORT, safeguarding_words,
                                AT(safeguarding)},
    [HS_COLUMN_GROUP] = {"group", HS_KIND_TEXT, 26, SHORT, NULL, AT(group_id)},
    [HS_COLUMN_LEAD] = {"lead responsible", HS_KIND_TEXT, 27, LINE, NULL, AT(lead_responsible)},
    [HS_COLUMN_FOUR_P] = {"4P strand", HS_KIND_WORD, 28, SHORT, four_p_words, AT(four_p)},
    [HS_COLUMN_COUNTY_LINE] = {"county line", HS_KIND_TEXT, 29, SHORT, NULL, AT(county_line)},
    [HS_COLUMN_TIERS] = {"tiers", HS_KIND_TIERS, 30, LINE, NULL, AT(permitted_tiers)},
    [HS_COLUMN_FORCES] = {"forces", HS_KIND_LIST, 31, LINE, NULL, AT(forces)},
    [HS_COLUMN_AREAS] = {"areas", HS_KIND_LIST, 32, LINE, NULL, AT(areas)},
    [HS_COLUMN_ROADS] = {"roads", HS_KIND_LIST, 33, LINE, NULL, AT(roads)},
    [HS_COLUMN_HOURS] = {"hours", HS_KIND_HOURS, 34, SHORT, NULL, AT(hours)},
    [HS_COLUMN_EXCLUSIONS] = {"exclusions", HS_KIND_EXCLUSIONS, 35, LONG, NULL, AT(exclusions)},
    [HS_COLUMN_REVIEWED] = {"reviewed", HS_KIND_INSTANT, 37, SHORT, NULL, AT(reviewed_at_ms)},
};

static char folded(char c)
{
    if (c == '_' || c == '-') {
        return ' ';
    }
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool hs_column_name_eq(struct hs_str a, const char *b)
{
    struct hs_str name = hs_str(b);
    if (a.len != name.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (folded(a.ptr[i]) != folded(name.ptr[i])) {
            return false;
        }
    }
    return true;
}

const char *hs_column_name(enum hs_column column)
{
    return hs_columns[column].name;
}

int hs_column_find(struct hs_str header, enum hs_column *ret_column)
{
    header = hs_str_trim(header);
    for (int i = 0; i < HS_COLUMN_COUNT; i++) {
        if (hs_column_name_eq(header, hs_columns[i].name)) {
            *ret_column = (enum hs_column)i;
            return 0;
        }
    }
    return HS_ENOTFOUND;
}

void hs_column_names(const char *ret_names[HS_COLUMN_COUNT + 1])
{
    for (int i = 0; i < HS_COLUMN_COUNT; i++) {
        ret_names[i] = hs_columns[i].name;
    }
    ret_names[HS_COLUMN_COUNT] = NULL;
}

int hs_column_word_number(const struct hs_column_word *words, struct hs_str text)
{
    for (; words->word; words++) {
        if (hs_column_name_eq(text, words->word)) {
            return words->number;
        }
    }
    return -1;
}

void hs_column_words_text(const struct hs_column_word *words, struct hs_buf *out)
{
    for (size_t i = 0; words[i].word; i++) {
        hs_buf_printf(out, "%s%s", i == 0 ? "" : words[i + 1].word ? ", " : " or ", words[i].word);
    }
}

const char *hs_column_word_of(const struct hs_column_word *words, int number)
{
    for (; words->word; words++) {
        if (words->number == number) {
            return words->word;
        }
    }
    return "";
}

const char *hs_tier_name(int tier)
{
    return hs_column_word_of(hs_tier_words, tier);
}

int hs_tier_find(struct hs_str name)
{
    return hs_column_word_number(hs_tier_words, name);
}

void hs_tier_names(struct hs_buf *out)
{
    hs_column_words_text(hs_tier_words, out);
}
