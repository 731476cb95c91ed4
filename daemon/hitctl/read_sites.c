// SPDX-License-Identifier: Apache-2.0
#include "hitctl/read_sites.h"

#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/error.h"
#include "controls/controls.h"
#include "hitctl/store_open.h"
#include "hitctl/stream.h"

struct hitctl_read_sites {
    const struct hitctl *ctl;
    const char *field;                // names the site
    struct hs_cameras *file_cameras;  // of --cameras; owned
    struct hs_controls *controls;     // in force; a reference
    const struct hs_cameras *cameras; // one of the two, or NULL
    bool asked;                       // for the controls
};

static int parse_cameras(struct hitctl_read_sites *sites, const char *path, struct hs_buf *text)
{
    struct hs_diags diags = {0};
    int status = hs_cameras_parse(hs_buf_str(text), path, &diags, &sites->file_cameras);
    hitctl_print_diags(&diags);
    hs_diags_fini(&diags);
    sites->cameras = sites->file_cameras;
    return status == HS_OK ? HITCTL_OK : HITCTL_REFUSED;
}

static int load_file(struct hitctl_read_sites *sites, const char *path)
{
    struct hitctl_lines file;
    struct hs_buf text = {0};
    struct hs_str line;
    int status = hitctl_lines_open(path, &file);
    if (status == HS_OK) {
        while ((status = hitctl_lines_next(&file, -1, &line)) == HS_OK) {
            hs_buf_add_str(&text, line);
            hs_buf_add_char(&text, '\n');
        }
        hitctl_lines_close(&file);
        status = status == HS_ENOTFOUND ? hs_buf_status(&text) : status;
    }
    int result = HITCTL_FAILED;
    if (status == HS_OK) {
        result = parse_cameras(sites, path, &text);
    } else {
        hitctl_error("cannot read '%s': %s", path, errno ? strerror(errno) : hs_strerror(status));
    }
    hs_buf_fini(&text);
    return result;
}

int hitctl_read_sites_new(const struct hitctl *ctl, const char *field, const char *cameras_path,
                          struct hitctl_read_sites **ret_sites)
{
    struct hitctl_read_sites *sites = calloc(1, sizeof(*sites));
    if (!sites) {
        hitctl_error("%s", hs_strerror(HS_ENOMEM));
        return HITCTL_FAILED;
    }
    sites->ctl = ctl;
    sites->field = field ? field : "site";
    int result = cameras_path ? load_file(sites, cameras_path) : HITCTL_OK;
    if (result != HITCTL_OK) {
        hitctl_read_sites_free(sites);
        return result;
    }
    *ret_sites = sites;
    return HITCTL_OK;
}

void hitctl_read_sites_free(struct hitctl_read_sites *sites)
{
    if (!sites) {
        return;
    }
    hs_cameras_free(sites->file_cameras);
    hs_controls_unref(sites->controls);
    free(sites);
}

// Asks Redis for the controls in force, once. What is wrong is said; lines then have to name their
// sites.
static void ask_controls(struct hitctl_read_sites *sites)
{
    struct hs_store *store;
    struct hs_buf packed = {0};
    struct hs_diags diags = {0};
    char hash[HS_CHANGE_HASH_BYTES];
    sites->asked = true;
    if (hitctl_store_open(sites->ctl, &store) != HITCTL_OK) {
        return;
    }
    int status = hs_store_controls_head(store, hash, &packed);
    if (status != HS_OK) {
        hitctl_store_failed(store, status, "camera register");
    } else if (packed.len > 0 &&
               hs_controls_unpack(hs_buf_str(&packed), &diags, &sites->controls) == HS_OK) {
        sites->cameras = hs_controls_cameras(sites->controls);
    }
    hitctl_print_diags(&diags);
    hs_diags_fini(&diags);
    hs_buf_fini(&packed);
    hs_store_free(store);
}

struct hs_str hitctl_read_site(struct hitctl_read_sites *sites, const struct json_t *line,
                               struct hs_buf *why)
{
    const char *camera_id = json_string_value(json_object_get(line, "cameraId"));
    struct hs_str site = hs_str(json_string_value(json_object_get(line, sites->field)));
    if (site.len > 0) {
        return site;
    }
    if (!sites->cameras && !sites->asked) {
        ask_controls(sites);
    }
    if (!camera_id) {
        camera_id = json_string_value(json_object_get(line, "camera_id"));
    }
    const struct hs_camera *camera =
        sites->cameras && camera_id ? hs_cameras_find(sites->cameras, hs_str(camera_id)) : NULL;
    if (camera) {
        return camera->site_id;
    }
    hs_buf_printf(why, "no site: field '%s' is missing and ", sites->field);
    if (sites->cameras) {
        hs_buf_printf(why, "camera '%s' is not in the register", camera_id ? camera_id : "");
    } else {
        hs_buf_add_text(why, "there is no camera register");
    }
    return hs_str("");
}
