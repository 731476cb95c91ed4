// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"

enum { PATH_BYTES = 4096 };

int hs_state_path(const char *folder, const char *name, char *ret_path, size_t size)
{
    int len = snprintf(ret_path, size, "%s/%s", folder, name);
    return len > 0 && (size_t)len < size ? 0 : HS_ELIMIT;
}

static int write_all(int fd, struct hs_str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return HS_EIO;
        }
        bytes = hs_str_n(bytes.ptr + n, bytes.len - (size_t)n);
    }
    return 0;
}

void hs_state_sync_folder(const char *path)
{
    char copy[PATH_BYTES];
    snprintf(copy, sizeof(copy), "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

int hs_state_write(const char *path, struct hs_str bytes)
{
    char beside[PATH_BYTES];
    int rc = HS_ELIMIT;
    if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside)) {
        return rc;
    }
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return HS_EIO;
    }
    rc = write_all(fd, bytes);
    if (rc == 0 && fsync(fd) < 0) {
        rc = HS_EIO;
    }
    if (close(fd) < 0 && rc == 0) {
        rc = HS_EIO;
    }
    if (rc == 0 && rename(beside, path) < 0) {
        rc = HS_EIO;
    }
    if (rc == 0) {
        hs_state_sync_folder(path);
    } else {
        unlink(beside);
    }
    return rc;
}
