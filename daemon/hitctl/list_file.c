// SPDX-License-Identifier: Apache-2.0
#include "hitctl/list_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "match/pattern.h"

enum { PROGRESS_ROWS = 8192, BAR_CELLS = 40 };

struct reading {
    const struct hitctl_file_options *options;
    struct hitctl_file_result *result;
    struct hs_voi *voi;
    struct hs_marks *marks;   // of the file
    struct hs_marks *live;    // of what stays on the list
    struct hs_mask_set masks; // of what stays on the list and of the file
    struct hs_entry_rules rules;
    struct hs_buf packed;
    FILE *reject;
    bool progress;
    int rc; // of the caller's function, or out of memory
};

static void show_progress(const struct reading *reading, bool last)
{
    unsigned permille = last ? 1000 : hs_voi_permille(reading->voi);
    unsigned cells = permille * BAR_CELLS / 1000;
    char bar[BAR_CELLS + 1];
    for (unsigned i = 0; i < BAR_CELLS; i++) {
        bar[i] = i < cells ? '#' : '.';
    }
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "\r%s %3u %%  %zu rows%s", bar, permille / 10, reading->result->rows,
            last ? "\n" : "");
}

// ---- against other rows and the list ----

static void fault(struct reading *reading, const struct hs_voi_row *row, enum hs_column column,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

static void fault(struct reading *reading, const struct hs_voi_row *row, enum hs_column column,
                  const char *format, ...)
{
    char message[256];
    const struct hs_entry_text *text = &row->texts[column];
    struct hs_diag_place place = {reading->options->path, row->line, text->column,
                                  hs_column_name(column), text->text};
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    hs_diags_add(&reading->result->diags, HS_DIAG_ERROR, &place, "%s", message);
}

static bool new_in_file(struct reading *reading, const struct hs_voi_row *row,
                        const struct hs_entry *entry)
{
    unsigned line = 0;
    struct hs_vrm other = {0};
    int found =
        hs_marks_add(reading->marks, &entry->vrm, entry->entry_id, row->line, &line, &other);
    switch (found) {
    case HS_MARK_NEW:
        return true;
    case HS_MARK_SAME:
        fault(reading, row, HS_COLUMN_VRM, "duplicate: '%s' stands in line %u already", other.text,
              line);
        return false;
    case HS_MARK_VARIANT:
        fault(reading, row, HS_COLUMN_VRM,
              "a 0/O or 1/I variant of '%s' in line %u: lists hold no variants, they are matched "
              "anyway",
              other.text, line);
        return false;
    case HS_MARK_SAME_ID:
        fault(reading, row, HS_COLUMN_ENTRY_ID,
              "duplicate: entry id '%s' stands in line %u already", entry->id_text, line);
        return false;
    default:
        reading->rc = found;
        return false;
    }
}

// A variant of, or the same mark as, an entry that stays on the list under another id.
static bool fits_live(struct reading *reading, const struct hs_voi_row *row,
                      const struct hs_entry *entry)
{
    struct hs_vrm other = {0}, present;
    enum hs_mark_found found =
        reading->live ? hs_marks_find(reading->live, &entry->vrm, &other) : HS_MARK_NEW;
    if (found == HS_MARK_NEW) {
        return true;
    }
    const struct hitctl_entry_row *same_id =
        hitctl_entries_find(reading->options->live, entry->entry_id);
    if (same_id && hs_entry_vrm(same_id->packed, &present) == 0 && hs_vrm_eq(&present, &other)) {
        return true; // it is that entry's own correction
    }
    if (found == HS_MARK_SAME) {
        fault(reading, row, HS_COLUMN_VRM, "duplicate: '%s' is on the list under another entry id",
              other.text);
    } else {
        fault(reading, row, HS_COLUMN_VRM,
              "a 0/O or 1/I variant of '%s', which is on the list: lists hold no variants, they "
              "are matched anyway",
              other.text);
    }
    return false;
}

// Every read is asked once for each mask: so they are capped, and a person hears what one more
// would cost.
static bool within_masks(struct reading *reading, const struct hs_voi_row *row,
                         const struct hs_entry *entry)
{
    unsigned most = reading->options->masks_max;
    if (most == 0 || !hs_pattern_is(&entry->vrm) ||
        hs_mask_set_add(&reading->masks, hs_pattern_mask(&entry->vrm), most) == 0) {
        return true;
    }
    fault(reading, row, HS_COLUMN_VRM,
          "pattern would be the list's %u. mask (its length and the places of its '?'), at most "
          "%u; each costs "
          "every read of its length about %d ns",
          most + 1, most, HS_PATTERN_MASK_COST_NS);
    return false;
}

static void reject(struct reading *reading, const struct hs_voi_row *row)
{
    reading->result->bad++;
    if (reading->reject) {
        fprintf(reading->reject, "%.*s\n", HS_STR_ARG(row->raw));
    }
}

static void read_row(struct reading *reading, const struct hs_voi_row *row)
{
    struct hs_entry entry;
    int rc = hs_entry_make(&reading->rules, row->texts, &reading->result->diags, &reading->packed,
                           &entry);
    if (rc != 0 || !new_in_file(reading, row, &entry) || !fits_live(reading, row, &entry) ||
        !within_masks(reading, row, &entry)) {
        reject(reading, row);
        return;
    }
    reading->result->good++;
    reading->rc = reading->options->entry(reading->options->ctx, &entry);
}

static void read_rows(struct reading *reading)
{
    struct hs_voi_row row;
    struct hitctl_file_result *result = reading->result;
    int rc;
    while (reading->rc == 0 && (rc = hs_voi_next(reading->voi, &result->diags, &row)) != 0) {
        result->rows++;
        if (rc == 1) {
            read_row(reading, &row);
        } else if (rc == HS_EFORMAT) {
            reject(reading, &row);
        } else {
            reading->rc = rc;
        }
        if (reading->progress && result->rows % PROGRESS_ROWS == 0) {
            show_progress(reading, false);
        }
    }
    if (reading->progress && reading->rc == 0) {
        show_progress(reading, true);
    }
}

// ---- the whole ----

static int mark_live(struct reading *reading)
{
    const struct hitctl_file_options *options = reading->options;
    const struct hitctl_entries *live = options->live;
    int rc = live ? hs_marks_new(&reading->live) : 0;
    for (size_t i = 0; live && rc == 0 && i < live->count; i++) {
        struct hs_vrm vrm;
        unsigned line;
        if (hs_entry_vrm(live->rows[i].packed, &vrm) == 0) {
            if (options->masks_max && hs_pattern_is(&vrm)) {
                hs_mask_set_add(&reading->masks, hs_pattern_mask(&vrm), options->masks_max);
            }
            int found = hs_marks_add(reading->live, &vrm, live->rows[i].entry_id, 0, &line, NULL);
            rc = found < 0 ? found : 0;
        }
    }
    return rc;
}

static int open_all(struct reading *reading)
{
    const struct hitctl_file_options *options = reading->options;
    enum hs_voi_format format = HS_VOI_BY_NAME;
    if (options->format && strcmp(options->format, "csv") == 0) {
        format = HS_VOI_CSV;
    } else if (options->format && strcmp(options->format, "json") == 0) {
        format = HS_VOI_JSON;
    } else if (options->format) {
        hitctl_error("unknown format '%s'; allowed: csv, json", options->format);
        return HITCTL_USAGE;
    }
    int rc = hs_voi_open(options->path, format, &reading->result->diags, &reading->voi);
    if (rc == HS_EFORMAT) {
        return HITCTL_REFUSED;
    }
    if (rc != 0) {
        hitctl_error("cannot read '%s': %s", options->path,
                     rc == HS_EIO ? strerror(errno) : hs_strerror(rc));
        return HITCTL_FAILED;
    }
    if (options->reject_path && !(reading->reject = fopen(options->reject_path, "we"))) {
        hitctl_error("cannot write '%s': %s", options->reject_path, strerror(errno));
        return HITCTL_FAILED;
    }
    struct hs_str header = hs_voi_header(reading->voi);
    if (reading->reject && header.len > 0) {
        fprintf(reading->reject, "%.*s\n", HS_STR_ARG(header));
    }
    return HITCTL_OK;
}

static int close_reject(struct reading *reading)
{
    if (reading->reject && fclose(reading->reject) != 0) {
        hitctl_error("cannot write '%s': %s", reading->options->reject_path, strerror(errno));
        return HITCTL_FAILED;
    }
    return HITCTL_OK;
}

int hitctl_file_read(const struct hitctl_file_options *options,
                     struct hitctl_file_result *ret_result, int *ret_rc)
{
    *ret_result = (struct hitctl_file_result){0};
    struct reading reading = {
        .options = options,
        .result = ret_result,
        .rules = hs_entry_rules_at(options->path, options->list_id, hs_clock_realtime_ms()),
        .progress = !options->quiet && isatty(STDERR_FILENO)};
    reading.rules.expired_ok = options->expired_ok;
    int code = open_all(&reading);
    if (code == HITCTL_OK) {
        reading.rc = hs_marks_new(&reading.marks);
        reading.rc = reading.rc ? reading.rc : mark_live(&reading);
        read_rows(&reading);
    }
    int closed = close_reject(&reading);
    hs_marks_free(reading.marks);
    hs_marks_free(reading.live);
    hs_buf_fini(&reading.packed);
    hs_voi_free(reading.voi);
    *ret_rc = reading.rc;
    return code ? code : reading.rc ? HITCTL_FAILED : closed;
}

json_t *hitctl_diags_json(const struct hs_diags *diags)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < diags->count; i++) {
        const struct hs_diag *diag = &diags->rows[i];
        json_array_append_new(rows, json_pack("{s:i, s:i, s:s, s:o, s:s}", "line", (int)diag->line,
                                              "column", (int)diag->column, "key", diag->key,
                                              "value", hitctl_json_text(hs_str(diag->value)),
                                              "reason", diag->message));
    }
    return rows;
}
