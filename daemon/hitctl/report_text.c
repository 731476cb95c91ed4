// SPDX-License-Identifier: Apache-2.0
#include "hitctl/report_text.h"

#include <inttypes.h>

#include "base/civil.h"
#include "base/clock.h"

enum { NAME_WIDTH = 24 };

void report_put(FILE *out, struct hs_str text, int width)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        fputc(c < 32 || c == 127 ? '?' : c, out);
    }
    for (size_t i = text.len; i < (size_t)width; i++) {
        fputc(' ', out);
    }
}

static void put_name(FILE *out, const struct hs_report_row *row)
{
    if (row->hour_ms > 0) {
        struct hs_civil c = hs_civil_london(row->hour_ms);
        char text[HS_CIVIL_TEXT_BYTES];
        snprintf(text, sizeof(text), "%04d-%02u-%02u %02u:00", c.year, c.month % 100, c.day % 100,
                 c.hour % 100);
        report_put(out, hs_str(text), NAME_WIDTH);
    } else {
        report_put(out, row->name.len > 0 ? row->name : HS_STR("(not known)"), NAME_WIDTH);
    }
}

// ------------------------------------------------------------------ totals

static void print_spread(FILE *out, const char *title, const struct hs_spread *spread)
{
    fprintf(out,
            "  %-18s %8" PRIu64 "   half within %.1f s, 95 %% %.1f s, 99 %% %.1f s, all %.1f s",
            title, spread->count, (double)hs_spread_percentile(spread, 50) / 1000,
            (double)hs_spread_percentile(spread, 95) / 1000,
            (double)hs_spread_percentile(spread, 99) / 1000, (double)spread->max_ms / 1000);
}

static void print_times(FILE *out, const struct hs_report_times *times)
{
    fputs("\nTimes\n", out);
    print_spread(out, "read to alert", &times->read_to_alert);
    fprintf(out, "; %" PRIu64 " within four seconds\n", times->read_to_alert.within);
    print_spread(out, "alert to answer", &times->alert_to_answer);
    fputc('\n', out);
}

static void print_states(FILE *out, const struct hs_report_row *row)
{
    static const char *const texts[HS_REPORT_STATES] = {
        [HS_STATE_STOPPED] = "the vehicle was stopped",
        [HS_STATE_RESOURCED] = "a unit was sent",
        [HS_STATE_NOT_THIS_VEHICLE] = "it was another vehicle",
        [HS_STATE_ACKNOWLEDGED] = "acknowledged",
        [HS_STATE_NO_RESOURCE] = "no resource",
        [HS_STATE_HANDED_OVER] = "handed over, and no answer",
        [HS_STATE_WITHDRAWN] = "taken back before an answer",
        [HS_STATE_NO_ROUTE] = "no desk may know of it",
        [HS_STATE_INTELLIGENCE] = "told for intelligence alone",
        [HS_STATE_ESCALATED] = "escalated, and no answer",
        [HS_STATE_NO_ANSWER] = "no answer",
    };
    uint64_t unattended = hs_report_unattended(row);
    fprintf(out, "\nAttended to         %8" PRIu64 "\n", row->incidents - unattended);
    for (unsigned i = 0; i < HS_REPORT_STATES; i++) {
        if (i == HS_STATES_ATTENDED) {
            fprintf(out, "Unattended          %8" PRIu64 "\n", unattended);
        }
        if (row->states[i] > 0) {
            fprintf(out, "  %-30s %8" PRIu64 "\n", texts[i], row->states[i]);
        }
    }
}

void report_print_totals(const struct hs_report *report, FILE *out)
{
    const struct hs_report_row *row = hs_report_total(report);
    fprintf(out,
            "\n%" PRIu64 " hits of %" PRIu64 " vehicles, %" PRIu64 " incidents, %" PRIu64
            " alerts; %" PRIu64 " of %" PRIu64 " desks that were told answered\n",
            row->hits, row->vehicles, row->incidents, row->alerts, row->answered, row->told);
    print_states(out, row);
    print_times(out, hs_report_times(report, NULL));
}

// ------------------------------------------------------------------ tables

void report_print_rows(const struct hs_report *report, enum hs_report_by by, const char *title,
                       FILE *out)
{
    size_t count;
    const struct hs_report_row *rows = hs_report_rows(report, by, &count);
    fputc('\n', out);
    report_put(out, hs_str(title), NAME_WIDTH);
    fprintf(out, "%9s %9s %9s %11s\n", "HITS", "VEHICLES", "INCIDENTS", "UNATTENDED");
    for (size_t i = 0; i < count; i++) {
        put_name(out, &rows[i]);
        fprintf(out, "%9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %11" PRIu64 "\n", rows[i].hits,
                rows[i].vehicles, rows[i].incidents, hs_report_unattended(&rows[i]));
    }
}

static bool has_outcomes(const struct hs_report_row *row)
{
    for (size_t i = 0; i < HS_OUTCOME_COUNTS; i++) {
        if (row->outcomes[i] > 0) {
            return true;
        }
    }
    return false;
}

static void print_outcomes(const struct hs_report_row *row, FILE *out)
{
    const char *separator = "";
    for (size_t i = 0; i < HS_OUTCOME_COUNTS; i++) {
        if (row->outcomes[i] == 0) {
            continue;
        }
        if (i == HS_OUTCOME_CASH_PENCE) {
            fprintf(out, "%sGBP %" PRIu64 ".%02" PRIu64, separator, row->outcomes[i] / 100,
                    row->outcomes[i] % 100);
        } else {
            fprintf(out, "%s%" PRIu64 " %s", separator, row->outcomes[i], hs_outcome_rows[i].text);
        }
        separator = ", ";
    }
    fputc('\n', out);
}

void report_print_outcomes(const struct hs_report *report, enum hs_report_by by, FILE *out)
{
    size_t count;
    const struct hs_report_row *rows = hs_report_rows(report, by, &count);
    fputs("\nOUTCOMES\n", out);
    for (size_t i = 0; i < count; i++) {
        if (has_outcomes(&rows[i])) {
            put_name(out, &rows[i]);
            print_outcomes(&rows[i], out);
        }
    }
    if (has_outcomes(hs_report_total(report))) {
        report_put(out, HS_STR("all"), NAME_WIDTH);
        print_outcomes(hs_report_total(report), out);
    } else {
        fputs("none was fed back\n", out);
    }
}

void report_print_sites(const struct hs_report *report, size_t top, FILE *out)
{
    size_t count;
    const struct hs_report_site *sites = hs_report_sites(report, &count);
    fputc('\n', out);
    report_put(out, HS_STR("HOT SPOT"), NAME_WIDTH);
    fprintf(out, "%-8s %-16s %9s %10s %9s\n", "ROAD", "FORCE", "PASSES", "EXPECTED", "VEHICLES");
    for (size_t i = 0; i < count && i < top && sites[i].passes * 1000 > sites[i].expected_milli;
         i++) {
        report_put(out, sites[i].site_id, NAME_WIDTH);
        report_put(out, sites[i].road, 9);
        report_put(out, sites[i].force, 17);
        fprintf(out, "%9" PRIu64 " %8" PRIu64 ".%" PRIu64 " %9" PRIu64 "\n", sites[i].passes,
                sites[i].expected_milli / 1000, sites[i].expected_milli % 1000 / 100,
                sites[i].vehicles);
    }
}

void report_print_meetings(const struct hs_report *report, size_t top, FILE *out)
{
    size_t count;
    const struct hs_report_meeting *rows = hs_report_meetings(report, &count);
    fputc('\n', out);
    report_put(out, HS_STR("A UNIT WOULD HAVE MET"), NAME_WIDTH);
    fprintf(out, "%-8s %-16s %-13s %9s %9s %5s\n", "ROAD", "FORCE", "HOUR", "VEHICLES", "BEST DAY",
            "DAYS");
    for (size_t i = 0; i < count && i < top; i++) {
        report_put(out, rows[i].site_id, NAME_WIDTH);
        report_put(out, rows[i].road, 9);
        report_put(out, rows[i].force, 17);
        fprintf(out, "%02u:00-%02u:00   %9" PRIu64 " %9" PRIu64 " %5" PRIu64 "\n",
                rows[i].hour % 100, (rows[i].hour + 1) % 24, rows[i].vehicles, rows[i].most,
                rows[i].days);
    }
}

void report_print_harm(const struct hs_report *report, enum hs_report_by by, const char *title,
                       FILE *out)
{
    size_t count;
    const struct hs_report_row *rows = hs_report_rows(report, by, &count);
    fputc('\n', out);
    report_put(out, hs_str(title), NAME_WIDTH);
    fprintf(out, "%9s %9s %11s %7s %11s %13s\n", "VEHICLES", "INCIDENTS", "UNATTENDED", "HARM",
            "UNATTENDED", "SAFEGUARDING");
    for (size_t i = 0; i < count; i++) {
        const struct hs_report_row *row = &rows[i];
        uint64_t safeguarding = row->incidents - row->safeguarding[0];
        put_name(out, row);
        fprintf(out,
                "%9" PRIu64 " %9" PRIu64 " %11" PRIu64 " %7" PRIu64 " %11" PRIu64 " %13" PRIu64
                "\n",
                row->vehicles, row->incidents, hs_report_unattended(row), row->harm,
                row->harm_unattended, safeguarding);
    }
}
