// SPDX-License-Identifier: Apache-2.0
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

enum { SECRET_MAX_BYTES = 4096, READ_BYTES = 65536 };

static int error_of(int number)
{
    return number == ENOENT || number == ENOTDIR ? HS_ENOTFOUND
           : number == EACCES || number == EPERM ? HS_EPERM
                                                 : HS_EIO;
}

int hs_file_read(const char *path, size_t limit_bytes, struct hs_buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_of(errno);
    }
    size_t before = out->len;
    int rc = 0;
    for (;;) {
        char *at = hs_buf_reserve(out, READ_BYTES);
        ssize_t got = at ? read(fd, at, READ_BYTES) : 0;
        if (!at || got < 0) {
            rc = !at ? HS_ENOMEM : error_of(errno);
            break;
        }
        out->len += (size_t)got;
        if (got == 0 || out->len - before > limit_bytes) {
            rc = got == 0 ? 0 : HS_ELIMIT;
            break;
        }
    }
    close(fd);
    if (rc != 0) {
        out->len = before;
    }
    return rc;
}

int hs_file_read_secret(const char *path, struct hs_buf *out)
{
    struct hs_buf text = {0};
    int rc = hs_file_read(path, SECRET_MAX_BYTES, &text);
    struct hs_str secret = hs_str_trim(hs_buf_str(&text));
    if (rc == 0 && secret.len == 0) {
        rc = HS_EFORMAT;
    }
    if (rc == 0) {
        hs_buf_add_str(out, secret);
        rc = hs_buf_status(out);
    }
    hs_buf_fini(&text);
    return rc;
}
