// SPDX-License-Identifier: Apache-2.0
#include "kafka/properties.h"

#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "base/arena.h"
#include "base/error.h"

enum { NAMES_MAX = 512, REASON_MAX_BYTES = 512, PATH_MAX_BYTES = 256 };

// The names of librdkafka's table, from its own manual ("name | C/P | range | ..."); ends with
// NULL.
static void list_names(struct hs_bump *bump, const char *ret_names[NAMES_MAX + 1])
{
    char *text = NULL;
    size_t len = 0;
    size_t count = 0;
    FILE *out = open_memstream(&text, &len);
    if (out) {
        rd_kafka_conf_properties_show(out);
        fclose(out);
    }
    struct hs_str rest = hs_str_n(text, len);
    struct hs_str line;
    while (text && count < NAMES_MAX && hs_str_split(&rest, '\n', &line)) {
        struct hs_str name;
        bool row = memchr(line.ptr, '|', line.len) != NULL;
        if (row && hs_str_split(&line, '|', &name) && hs_str_trim(name).len > 0) {
            name = hs_str_trim(name);
            const char *copy = hs_bump_copy(bump, name.ptr, name.len);
            if (copy) {
                ret_names[count++] = copy;
            }
        }
    }
    ret_names[count] = NULL;
    free(text);
}

static void report_unknown(const struct hs_diag_place *place, const char *name,
                           struct hs_diags *diags)
{
    const char *names[NAMES_MAX + 1];
    struct hs_bump bump = {0};
    list_names(&bump, names);
    const char *nearest = hs_str_nearest(hs_str(name), names);
    hs_diags_add(diags, HS_DIAG_ERROR, place, "librdkafka %s has no such property%s%s%s",
                 rd_kafka_version_str(), nearest ? ", did you mean '" : "", nearest ? nearest : "",
                 nearest ? "'?" : "");
    hs_bump_fini(&bump);
}

static void check_property(rd_kafka_conf_t *conf, const struct hs_property *row,
                           struct hs_diags *diags)
{
    char reason[REASON_MAX_BYTES] = "";
    char path[PATH_MAX_BYTES];
    rd_kafka_conf_res_t rc = rd_kafka_conf_set(conf, row->name, row->value, reason, sizeof(reason));
    if (rc == RD_KAFKA_CONF_OK) {
        return;
    }
    snprintf(path, sizeof(path), "kafka.properties.%s", row->name);
    struct hs_diag_place place = {.file = row->file,
                                  .line = row->line,
                                  .column = row->column,
                                  .key = path,
                                  .value = hs_str(row->value)};
    if (rc == RD_KAFKA_CONF_UNKNOWN) {
        report_unknown(&place, row->name, diags);
    } else {
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "librdkafka refuses it: %s", reason);
    }
}

int hs_kafka_properties_check(const struct hs_settings *settings, struct hs_diags *diags)
{
    size_t errors = diags->errors;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < settings->kafka_property_count; i++) {
        check_property(conf, &settings->kafka_properties[i], diags);
    }
    rd_kafka_conf_destroy(conf);
    return diags->errors == errors ? 0 : HS_EFORMAT;
}
