// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/file.h"
#include "config/settings.h"
#include "support/bad_files.h"

static char folder[] = HS_BINARY_DIR "/settings-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char command[1024];
    (void)state;
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct hs_settings *load(const char *name)
{
    struct hs_diags diags = {0};
    struct hs_settings *settings = NULL;
    char path[1024];
    snprintf(path, sizeof(path), "%s", path_of(name));
    int rc = hs_settings_load_usual(path, &diags, &settings);
    for (size_t i = 0; i < diags.count; i++) {
        print_error("%s: %s\n", diags.rows[i].key, diags.rows[i].message);
    }
    hs_diags_fini(&diags);
    assert_int_equal(rc, 0);
    return settings;
}

static int read_bad(struct hs_str text, const char *name, struct hs_diags *diags)
{
    (void)text;
    struct hs_settings *settings = NULL;
    int rc = hs_settings_load(&name, 1, diags, &settings);
    hs_settings_free(settings);
    return rc;
}

static void test_each_bad_file_says_what_is_wrong(void **state)
{
    (void)state;
    hs_bad_files_check("config/bad", ".yaml", read_bad);
}

static void test_defaults(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hs_settings *settings = NULL;
    assert_int_equal(hs_settings_load(NULL, 0, &diags, &settings), 0);
    assert_true(settings->role_match && settings->role_correlate);
    assert_true(settings->kafka_message_timeout_ms < settings->kafka_lease_ms);
    assert_true(settings->kafka_lease_ms < settings->kafka_session_timeout_ms);
    assert_true(settings->instance_id[0] != '\0');
    hs_settings_free(settings);
}

static void test_later_files_win_key_by_key(void **state)
{
    (void)state;
    write_file("main.yaml", "roles: [match]\nkafka:\n  bootstrap: a:1\n  lease_ms: 4500\n"
                            "  properties:\n    security.protocol: ssl\n    client.rack: r1\n");
    assert_int_equal(mkdir(path_of("conf.d"), 0755), 0);
    write_file("conf.d/20-site.yaml", "kafka:\n  bootstrap: b:2\n");
    write_file("conf.d/10-base.yaml",
               "kafka:\n  bootstrap: c:3\n  properties:\n    client.rack: r2\n");
    write_file("conf.d/ignored.conf", "nonsense: true\n");
    write_file("conf.d/.hidden.yaml", "nonsense: true\n");
    struct hs_settings *settings = load("main.yaml");
    assert_string_equal(settings->kafka_bootstrap, "b:2");
    assert_int_equal(settings->kafka_lease_ms, 4500);
    assert_true(settings->role_match);
    assert_false(settings->role_correlate);
    assert_int_equal(settings->kafka_property_count, 2);
    assert_string_equal(settings->kafka_properties[0].value, "ssl");
    assert_string_equal(settings->kafka_properties[1].value, "r2");
    hs_settings_free(settings);
}

static void test_a_fault_names_the_file_it_stands_in(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hs_settings *settings = NULL;
    char one[1024];
    char two[1024];
    snprintf(one, sizeof(one), "%s", path_of("one.yaml"));
    snprintf(two, sizeof(two), "%s", path_of("two.yaml"));
    const char *paths[] = {one, two};
    write_file("one.yaml", "match:\n  workers: 0\nredis: {port: 1}\n");
    write_file("two.yaml", "redis:\n\n  prt: 5\n");
    assert_int_equal(hs_settings_load(paths, 2, &diags, &settings), HS_EFORMAT);
    assert_int_equal(diags.count, 2);
    assert_string_equal(diags.rows[0].file, one);
    assert_int_equal(diags.rows[0].line, 2);
    assert_string_equal(diags.rows[1].file, two);
    assert_int_equal(diags.rows[1].line, 3);
    hs_diags_fini(&diags);
}

static void test_missing_file_that_was_asked_for(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hs_settings *settings = NULL;
    assert_int_equal(hs_settings_load_usual(path_of("nowhere.yaml"), &diags, &settings),
                     HS_EFORMAT);
    assert_string_equal(diags.rows[0].message, "cannot be read: not found");
    hs_diags_fini(&diags);
}

// What --dump prints can be read back and means the same.
static void test_dump_is_read_back(void **state)
{
    (void)state;
    struct hs_buf first = {0};
    struct hs_buf second = {0};
    write_file("dump.yaml",
               "instance: b-2\nroles: [correlate]\nredis: {socket: '/run/a b.sock', port: 7}\n"
               "kafka:\n  properties:\n    ssl.ca.location: \"/a \\\"b\\\".pem\"\n    a: 'x: y'\n");
    struct hs_settings *settings = load("dump.yaml");
    hs_settings_dump(settings, &first);
    hs_settings_free(settings);
    write_file("again.yaml", hs_buf_text(&first));
    settings = load("again.yaml");
    hs_settings_dump(settings, &second);
    assert_string_equal(hs_buf_text(&first), hs_buf_text(&second));
    assert_string_equal(settings->redis_socket, "/run/a b.sock");
    assert_string_equal(settings->kafka_properties[0].value, "/a \"b\".pem");
    hs_settings_free(settings);
    hs_buf_fini(&first);
    hs_buf_fini(&second);
}

// Takes the '#' of every option away: all defaults, written out.
static void uncomment(const char *sample, struct hs_buf *out)
{
    for (const char *at = sample; *at; at++) {
        bool option = *at == '#' && at[1] != ' ' && at[1] != '\n';
        if (!option) {
            hs_buf_add_char(out, *at);
        }
    }
}

static void test_sample_means_the_defaults(void **state)
{
    (void)state;
    struct hs_buf sample = {0};
    struct hs_buf options = {0};
    struct hs_buf from_sample = {0};
    struct hs_buf from_options = {0};
    hs_settings_sample(&sample);
    uncomment(hs_buf_text(&sample), &options);
    write_file("sample.yaml", hs_buf_text(&sample));
    write_file("options.yaml", hs_buf_text(&options));
    struct hs_settings *settings = load("sample.yaml");
    hs_settings_dump(settings, &from_sample);
    hs_settings_free(settings);
    settings = load("options.yaml");
    hs_settings_dump(settings, &from_options);
    assert_string_equal(hs_buf_text(&from_options), hs_buf_text(&from_sample));
    hs_settings_free(settings);
    hs_buf_fini(&sample);
    hs_buf_fini(&options);
    hs_buf_fini(&from_sample);
    hs_buf_fini(&from_options);
}

static void test_sample_in_the_tree_is_the_tables(void **state)
{
    (void)state;
    struct hs_buf sample = {0};
    struct hs_buf file = {0};
    hs_settings_sample(&sample);
    assert_int_equal(hs_file_read(HS_SOURCE_DIR "/config/hitstream.yaml", 1 << 20, &file), 0);
    assert_string_equal(hs_buf_text(&file), hs_buf_text(&sample));
    hs_buf_fini(&sample);
    hs_buf_fini(&file);
}

static void test_credentials_of_systemd(void **state)
{
    (void)state;
    write_file("credential.yaml", "keys:\n  id_file: credential:id-key\n");
    setenv("CREDENTIALS_DIRECTORY", "/run/credentials/hitstream.service", 1);
    struct hs_settings *settings = load("credential.yaml");
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_string_equal(settings->id_key_file, "/run/credentials/hitstream.service/id-key");
    hs_settings_free(settings);
    settings = load("credential.yaml"); // outside of the service: as it is written
    assert_string_equal(settings->id_key_file, "credential:id-key");
    hs_settings_free(settings);
}

static void add_difference(void *ctx, const char *key, bool reloadable)
{
    hs_buf_printf(ctx, "%s%s ", key, reloadable ? "*" : "");
}

static void test_compare_names_what_differs(void **state)
{
    (void)state;
    struct hs_buf text = {0};
    write_file("a.yaml", "instance: a\nlog_level: debug\n");
    write_file("b.yaml", "instance: b\nkafka: {properties: {debug: cgrp}}\n");
    struct hs_settings *a = load("a.yaml");
    struct hs_settings *b = load("b.yaml");
    hs_settings_compare(a, a, add_difference, &text);
    assert_int_equal(text.len, 0);
    hs_settings_compare(a, b, add_difference, &text);
    assert_string_equal(hs_buf_text(&text), "instance log_level* kafka.properties ");
    hs_settings_free(a);
    hs_settings_free(b);
    hs_buf_fini(&text);
}

static void test_every_option_has_a_page_entry(void **state)
{
    (void)state;
    struct hs_buf page = {0};
    hs_settings_reference(&page);
    const char *text = hs_buf_text(&page);
    assert_non_null(strstr(text, ".B kafka.lease_ms\n"));
    assert_non_null(strstr(text, "Allowed: 500 to 299000 ms. Default: 5000. Needs a restart."));
    hs_buf_fini(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_bad_file_says_what_is_wrong),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_later_files_win_key_by_key),
        cmocka_unit_test(test_a_fault_names_the_file_it_stands_in),
        cmocka_unit_test(test_missing_file_that_was_asked_for),
        cmocka_unit_test(test_dump_is_read_back),
        cmocka_unit_test(test_sample_means_the_defaults),
        cmocka_unit_test(test_sample_in_the_tree_is_the_tables),
        cmocka_unit_test(test_credentials_of_systemd),
        cmocka_unit_test(test_compare_names_what_differs),
        cmocka_unit_test(test_every_option_has_a_page_entry),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
