// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_ENTRY_H
#define HS_WATCHLIST_ENTRY_H
/*
 * An entry as a person writes it, column by column, and as the contract packs it (WatchlistEntry).
 *
 * One table gives each column's name, its field in the contract, what it may hold and how long it
 * may be: reading, packing, printing and the messages for what is wrong come from the row. The
 * first sixteen are those of a VOI file; the others are hitstream's own, all optional.
 *
 * Threads: any. Ownership: texts are borrowed. Bounds: an entry packs to at most
 * HS_ENTRY_PACKED_MAX bytes. No allocation but in the caller's buffer and for diagnostics. Trusts
 * nothing about the texts.
 */

#include "base/diag.h"
#include "vrm/vrm.h"

enum hs_column {
    HS_COLUMN_VRM,
    HS_COLUMN_MAKE,
    HS_COLUMN_MODEL,
    HS_COLUMN_COLOUR,
    HS_COLUMN_ACTION,
    HS_COLUMN_MARKERS,
    HS_COLUMN_REASON,
    HS_COLUMN_NIM,
    HS_COLUMN_INFORMATION,
    HS_COLUMN_FORCE_AND_AREA,
    HS_COLUMN_WEED_DATE,
    HS_COLUMN_PNC_ID,
    HS_COLUMN_PROTECTIVE,
    HS_COLUMN_CAD,
    HS_COLUMN_SPARE_1,
    HS_COLUMN_SPARE_2,
    HS_COLUMN_VOI_COUNT, // the sixteen end here
    HS_COLUMN_ENTRY_ID = HS_COLUMN_VOI_COUNT,
    HS_COLUMN_AUTHORISER,
    HS_COLUMN_CONTACT,
    HS_COLUMN_AUTHORITY,
    HS_COLUMN_VALID_FROM,
    HS_COLUMN_PRIORITY,
    HS_COLUMN_HARM,
    HS_COLUMN_SAFEGUARDING,
    HS_COLUMN_GROUP,
    HS_COLUMN_LEAD,
    HS_COLUMN_FOUR_P,
    HS_COLUMN_COUNTY_LINE,
    HS_COLUMN_TIERS,
    HS_COLUMN_FORCES,
    HS_COLUMN_AREAS,
    HS_COLUMN_ROADS,
    HS_COLUMN_HOURS,
    HS_COLUMN_EXCLUSIONS,
    HS_COLUMN_REVIEWED,
    HS_COLUMN_COUNT,
};

enum { HS_ENTRY_ID_MAX = 64, HS_ENTRY_PACKED_MAX = 32 * 1024 };

// A column's name as it stands in a file's header: "VRM", "warning markers".
const char *hs_column_name(enum hs_column column);
// The column of a header, whatever its case, with '_' or '-' for spaces. HS_ENOTFOUND.
int hs_column_find(struct hs_str header, enum hs_column *ret_column);
// All names, ending with NULL; for 'did you mean'.
void hs_column_names(const char *ret_names[HS_COLUMN_COUNT + 1]);

// A match tier's name, "EXACT", and the tier of a name, whatever its case; "" and -1 for none.
const char *hs_tier_name(int tier);
int hs_tier_find(struct hs_str name);
// "EXACT, GLYPH ... or WILDCARD".
void hs_tier_names(struct hs_buf *out);

// One column's text and where it stands; an empty text is not given.
struct hs_entry_text {
    struct hs_str text;
    unsigned line;   // 0: nowhere
    unsigned column; // byte in its line
};

// What an entry is checked and packed for.
struct hs_entry_rules {
    const char *file; // for messages
    struct hs_str list_id;
    int64_t now_ms;  // weed dates are past before it; it is the entry's time of adding
    uint32_t today;  // yyyymmdd in London, of now_ms
    bool expired_ok; // a weed date in the past is taken: for files that are only compared
};

struct hs_entry_rules hs_entry_rules_at(const char *file, struct hs_str list_id, int64_t now_ms);

struct hs_entry {
    struct hs_vrm vrm;      // as listed, normalised
    struct hs_str entry_id; // its own column, or the VRM; into the struct's own id_text
    struct hs_str packed;   // into the caller's buffer, until its next change
    uint32_t weed_date;     // yyyymmdd
    char id_text[HS_ENTRY_ID_MAX + 1];
};

// Checks and packs one entry; `packed` is cleared first. Every fault goes to `diags`; HS_EFORMAT
// when there was one.
int hs_entry_make(const struct hs_entry_rules *rules,
                  const struct hs_entry_text texts[HS_COLUMN_COUNT], struct hs_diags *diags,
                  struct hs_buf *packed, struct hs_entry *ret_entry);

// An entry of the store: unpacked by protobuf-c, freed with hs_entry_free().
struct Hitstream__V1__WatchlistEntry *hs_entry_unpack(struct hs_str packed);
void hs_entry_free(struct Hitstream__V1__WatchlistEntry *entry);
// Appends what stands in a column, as hs_entry_make() reads it.
void hs_entry_print(const struct Hitstream__V1__WatchlistEntry *entry, enum hs_column column,
                    struct hs_buf *out);

// Whether two packed entries say the same; when each was added does not count.
bool hs_entry_same(struct hs_str a, struct hs_str b);
// The mark of a packed entry, without unpacking it all. HS_EFORMAT.
int hs_entry_vrm(struct hs_str packed, struct hs_vrm *ret_vrm);

#endif
