// SPDX-License-Identifier: Apache-2.0
/*
 * Build tool: prints a manual page's frame with the option tables in place of @SETTINGS@, @REFUSED@
 * and @RULES@.
 *
 *     hs_man_page FRAME
 */
#include <stdio.h>
#include <string.h>

#include "config/file.h"
#include "config/kafka_properties.h"
#include "config/settings.h"
#include "controls/rules.h"

enum { FRAME_MAX_BYTES = 1 << 20 };

static const struct {
    const char *mark;
    void (*write)(struct hs_buf *out);
} parts[] = {
    {"@SETTINGS@", hs_settings_reference},
    {"@REFUSED@", hs_kafka_properties_reference},
    {"@RULES@", hs_rules_reference},
};

static void add_line(struct hs_str line, struct hs_buf *out)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (hs_str_is(line, parts[i].mark)) {
            parts[i].write(out);
            return;
        }
    }
    hs_buf_add_str(out, line);
    hs_buf_add_char(out, '\n');
}

int main(int argc, char **argv)
{
    struct hs_buf frame = {0};
    struct hs_buf page = {0};
    if (argc != 2 || hs_file_read(argv[1], FRAME_MAX_BYTES, &frame) != 0) {
        fprintf(stderr, "usage: hs_man_page FRAME\n");
        return 1;
    }
    struct hs_str rest = hs_str_trim(hs_buf_str(&frame));
    struct hs_str line;
    while (hs_str_split(&rest, '\n', &line)) {
        add_line(line, &page);
    }
    bool written = fwrite(page.ptr, 1, page.len, stdout) == page.len;
    hs_buf_fini(&frame);
    hs_buf_fini(&page);
    return fflush(stdout) == 0 && written ? 0 : 1;
}
