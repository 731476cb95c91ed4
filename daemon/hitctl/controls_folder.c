// SPDX-License-Identifier: Apache-2.0
#include "hitctl/controls_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "config/file.h"

enum { FILES_MAX = 64, PATH_BYTES = 4096 };

// A folder's files as read.
struct folder {
    struct hs_controls_file files[FILES_MAX];
    struct hs_buf texts[FILES_MAX];
    char *names[FILES_MAX];
    size_t count;
};

static void folder_fini(struct folder *folder)
{
    for (size_t i = 0; i < folder->count; i++) {
        hs_buf_fini(&folder->texts[i]);
        free(folder->names[i]);
    }
}

static void report(struct hs_diags *diags, const char *file, const char *what, int rc)
{
    struct hs_diag_place place = {.file = file};
    hs_diags_add(diags, HS_DIAG_ERROR, &place, "%s: %s", what, hs_strerror(rc));
}

static void add_file(struct folder *folder, const char *path, const char *name,
                     struct hs_diags *diags)
{
    char file[PATH_BYTES];
    snprintf(file, sizeof(file), "%s/%s", path, name);
    size_t at = folder->count;
    folder->names[at] = hs_str_dup(hs_str(name));
    if (!folder->names[at]) {
        report(diags, file, "cannot be read", HS_ENOMEM);
        return;
    }
    folder->count++;
    folder->files[at].name = hs_str(folder->names[at]);
    int rc = hs_file_read(file, CONTROLS_FILE_MAX_BYTES, &folder->texts[at]);
    if (rc != 0) {
        report(diags, file, "cannot be read", rc);
    }
    folder->files[at].text = hs_buf_str(&folder->texts[at]);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int controls_folder_read(const char *path, struct hs_diags *diags,
                         struct hs_controls **ret_controls)
{
    struct folder folder = {0};
    struct dirent **entries = NULL;
    size_t errors = diags->errors;
    int count = scandir(path, &entries, visible, alphasort);
    if (count < 0) {
        report(diags, path, "the folder cannot be read", errno == ENOENT ? HS_ENOTFOUND : HS_EIO);
        return HS_EFORMAT;
    }
    for (int i = 0; i < count; i++) {
        if (folder.count < FILES_MAX) {
            add_file(&folder, path, entries[i]->d_name, diags);
        } else if (i == FILES_MAX) {
            report(diags, path, "too many files", HS_ELIMIT);
        }
        free(entries[i]);
    }
    free(entries);
    struct hs_controls *controls = NULL;
    int rc = hs_controls_parse(folder.files, folder.count, diags, &controls);
    if (rc == 0 && diags->errors != errors) {
        hs_controls_unref(controls);
        rc = HS_EFORMAT;
    } else if (rc == 0) {
        *ret_controls = controls;
    }
    folder_fini(&folder);
    return rc;
}

void controls_folder_made_against(const char *folder, char ret_hash[HS_CONTROLS_HASH_BYTES])
{
    char path[PATH_BYTES];
    unsigned char bytes[(HS_CONTROLS_HASH_BYTES - 1) / 2];
    struct hs_buf text = {0};
    snprintf(path, sizeof(path), "%s/" CONTROLS_MADE_AGAINST, folder);
    ret_hash[0] = '\0';
    if (hs_file_read(path, PATH_BYTES, &text) == 0) {
        struct hs_str hash = hs_str_trim(hs_buf_str(&text));
        if (hs_hex_decode(hash, bytes, sizeof(bytes)) == 0) {
            hs_hex_encode(bytes, sizeof(bytes), ret_hash);
        }
    }
    hs_buf_fini(&text);
}

static int write_file(const char *folder, const char *name, struct hs_str text)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (!file) {
        return errno == EACCES ? HS_EPERM : HS_EIO;
    }
    bool written = text.len == 0 || fwrite(text.ptr, text.len, 1, file) == 1;
    return fclose(file) == 0 && written ? 0 : HS_EIO;
}

int controls_folder_mark(const char *folder, const char *hash)
{
    char line[HS_CONTROLS_HASH_BYTES + 1];
    snprintf(line, sizeof(line), "%s\n", hash);
    return write_file(folder, CONTROLS_MADE_AGAINST, hs_str(line));
}

static int write_visited(void *ctx, struct hs_str name, struct hs_str text)
{
    char file[256];
    snprintf(file, sizeof(file), "%.*s", HS_STR_ARG(name));
    return write_file(ctx, file, text);
}

int controls_folder_write(const char *folder, struct hs_str packed, const char *hash)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return errno == EACCES ? HS_EPERM : HS_EIO;
    }
    char *path = hs_str_dup(hs_str(folder));
    int rc = path ? hs_controls_each_file(packed, write_visited, path) : HS_ENOMEM;
    free(path);
    return rc == 0 ? controls_folder_mark(folder, hash) : rc;
}
