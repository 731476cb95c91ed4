// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_ENTRY_COLUMNS_H
#define HS_WATCHLIST_ENTRY_COLUMNS_H
/*
 * Inside entries: the table of columns and the words that some of them take. Not for other modules.
 * Threads: any may read the table; nothing is owned.
 */

#include "watchlist/entry.h"

enum hs_column_kind {
    HS_KIND_VRM,
    HS_KIND_TEXT,      // one line
    HS_KIND_FREE_TEXT, // may hold line ends
    HS_KIND_WORD,      // one of the row's words: a number in the contract
    HS_KIND_MARKERS,   // two-letter codes
    HS_KIND_WEED_DATE,
    HS_KIND_INSTANT,
    HS_KIND_NUMBER, // 0 to the row's maximum
    HS_KIND_LIST,   // texts between ';'
    HS_KIND_TIERS,  // tiers between ';'
    HS_KIND_HOURS,
    HS_KIND_EXCLUSIONS,
    HS_KIND_ENTRY_ID,
};

struct hs_column_word {
    const char *word;
    int number; // in the contract
};

struct hs_column_row {
    const char *name;
    enum hs_column_kind kind;
    unsigned field;                     // in WatchlistEntry
    unsigned max;                       // bytes, or the largest number
    const struct hs_column_word *words; // the first of a number is what is printed; ends with NULL
    size_t offset;                      // of the member in protobuf-c's struct
};

extern const struct hs_column_row hs_columns[HS_COLUMN_COUNT];
extern const struct hs_column_word hs_tier_words[];

// A word's number, whatever its case, with '_' or ' ' for '-'; -1: none of them.
int hs_column_word_number(const struct hs_column_word *words, struct hs_str text);
// "a, b or c".
void hs_column_words_text(const struct hs_column_word *words, struct hs_buf *out);
// The first word of a number; "" for none.
const char *hs_column_word_of(const struct hs_column_word *words, int number);
// Equal but for case and '_', '-', ' '.
bool hs_column_name_eq(struct hs_str a, const char *b);

#endif
