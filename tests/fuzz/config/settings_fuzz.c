// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as hitstream.yaml, and as rights.yaml: settings that are taken print as settings that are
 * the same, and what is refused says why.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/settings.h"
#include "fuzz/fuzz.h"
#include "hitctl/rights_file.h"

static int load(struct hs_str text, struct hs_settings **ret_settings)
{
    char path[64];
    const char *const paths[] = {path};
    struct hs_diags diags = {.limit = 100};
    int fd = memfd_create("settings", 0);
    fuzz_must(fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int rc = hs_settings_load(paths, 1, &diags, ret_settings);
    fuzz_must(rc == 0 || diags.errors > 0);
    hs_diags_fini(&diags);
    close(fd);
    return rc;
}

static void on_difference(void *ctx, const char *key, bool reloadable)
{
    (void)ctx, (void)reloadable;
    fprintf(stderr, "differs: %s\n", key);
    abort();
}

static void as_settings(struct hs_str text)
{
    struct hs_settings *settings, *again;
    struct hs_buf printed = {0};
    if (load(text, &settings) == 0) {
        hs_settings_dump(settings, &printed);
        fuzz_must(load(hs_buf_str(&printed), &again) == 0);
        hs_settings_compare(settings, again, on_difference, NULL);
        hs_settings_free(settings);
        hs_settings_free(again);
    }
    hs_buf_fini(&printed);
}

static void as_rights(struct hs_str text)
{
    struct hs_diags diags = {.limit = 100};
    struct hitctl_rights *rights;
    struct hs_buf roles = {0};
    if (hitctl_rights_parse(text, "fuzz", &diags, &rights) == 0) {
        for (size_t i = 0; i < rights->person_count; i++) {
            fuzz_must(*rights->persons[i].name);
            hitctl_roles_say(rights->persons[i].roles, &roles);
        }
        hitctl_rights_free(rights);
    } else {
        fuzz_must(diags.errors > 0);
    }
    hs_buf_fini(&roles);
    hs_diags_fini(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    as_settings(hs_str_n(data, size));
    as_rights(hs_str_n(data, size));
    return 0;
}
