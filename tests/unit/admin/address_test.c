// SPDX-License-Identifier: Apache-2.0
// Where the administrators' server may listen.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/address.h"
#include "base/error.h"

static void only_loopback_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {"127.0.0.1:9187", 0},
        {"127.1.2.3:0", 0},
        {"[::1]:9187", 0},
        {"localhost:9187", 0},
        {"0.0.0.0:9187", HS_EREFUSED},
        {"192.0.2.1:9187", HS_EREFUSED},
        {"[::]:9187", HS_EREFUSED},
        {"[2001:db8::1]:9187", HS_EREFUSED},
        {"[::ffff:127.0.0.1]:9187", HS_EREFUSED},
        {"example.org:9187", HS_EFORMAT},
        {"127.0.0.1", HS_EFORMAT},
        {"127.0.0.1:", HS_EFORMAT},
        {"127.0.0.1:65536", HS_EFORMAT},
        {":9187", HS_EFORMAT},
        {"", HS_EFORMAT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_storage address;
        socklen_t len;
        int rc = hs_address_parse_loopback(rows[i].text, &address, &len);
        if (rc != rows[i].rc) {
            fail_msg("'%s' gives %d, not %d", rows[i].text, rc, rows[i].rc);
        }
    }
}

static int listen_at(const char *path)
{
    struct sockaddr_storage address;
    socklen_t len;
    assert_int_equal(hs_address_unix(path, &address, &len), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void stale_socket_makes_way_a_live_one_does_not(void **state)
{
    (void)state;
    char folder[] = "/tmp/hs-admin-XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/s", folder);
    assert_int_equal(hs_address_unix_clear(path), 0); // nothing there
    int fd = listen_at(path);
    assert_int_equal(hs_address_unix_clear(path), HS_EEXIST);
    close(fd);
    assert_int_equal(hs_address_unix_clear(path), 0);
    assert_int_equal(access(path, F_OK), -1);
    FILE *file = fopen(path, "w");
    fclose(file);
    assert_int_equal(hs_address_unix_clear(path), HS_EEXIST); // never removes a file
    unlink(path);
    rmdir(folder);
}

static void long_path_is_refused(void **state)
{
    (void)state;
    struct sockaddr_storage address;
    socklen_t len;
    char path[200];
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(hs_address_unix(path, &address, &len), HS_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_loopback_is_taken),
        cmocka_unit_test(stale_socket_makes_way_a_live_one_does_not),
        cmocka_unit_test(long_path_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
