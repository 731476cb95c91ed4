// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/yaml.h"

static struct hs_yaml *parse(const char *text, const char *name)
{
    struct hs_diags diags = {0};
    struct hs_yaml *yaml = NULL;
    assert_int_equal(hs_yaml_parse(hs_str(text), name, &diags, &yaml), 0);
    assert_int_equal(diags.count, 0);
    hs_diags_fini(&diags);
    return yaml;
}

static void test_nodes_know_their_place(void **state)
{
    (void)state;
    struct hs_yaml *yaml = parse("a: 1\nb:\n  c: [x, \"7\"]\n", "f.yaml");
    const struct hs_yaml_node *c = hs_yaml_get(hs_yaml_get(hs_yaml_root(yaml), "b"), "c");
    assert_non_null(c);
    assert_int_equal(c->kind, HS_YAML_SEQUENCE);
    assert_int_equal(c->count, 2);
    const struct hs_yaml_node *seven = c->items[1].value;
    assert_string_equal(seven->file, "f.yaml");
    assert_int_equal(seven->line, 3);
    assert_int_equal(seven->column, 10);
    assert_true(seven->quoted);
    assert_true(hs_str_is(seven->text, "7"));
    assert_null(hs_yaml_get(c, "x"));
    hs_yaml_free(yaml);
}

static void test_empty_text_is_an_empty_mapping(void **state)
{
    (void)state;
    const char *const texts[] = {"", "# nothing\n", "---\n", "~\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct hs_yaml *yaml = parse(texts[i], "f");
        assert_int_equal(hs_yaml_root(yaml)->kind, HS_YAML_MAPPING);
        assert_int_equal(hs_yaml_root(yaml)->count, 0);
        hs_yaml_free(yaml);
    }
}

static void test_merge_goes_key_by_key_and_keeps_places(void **state)
{
    (void)state;
    struct hs_yaml *base = parse("a: 1\ng:\n  x: 1\n  y: [1, 2]\n", "one");
    struct hs_yaml *over = parse("g:\n  y: [3]\n  z: 4\n", "two");
    struct hs_yaml *third = parse("a: 5\n", "three");
    assert_int_equal(hs_yaml_merge(base, over), 0);
    assert_int_equal(hs_yaml_merge(base, third), 0);
    const struct hs_yaml_node *root = hs_yaml_root(base);
    const struct hs_yaml_node *g = hs_yaml_get(root, "g");
    assert_int_equal(root->count, 2);
    assert_true(hs_str_is(hs_yaml_get(root, "a")->text, "5"));
    assert_string_equal(hs_yaml_get(root, "a")->file, "three");
    assert_string_equal(hs_yaml_get(g, "x")->file, "one");
    assert_int_equal(hs_yaml_get(g, "y")->count, 1);
    assert_string_equal(hs_yaml_get(g, "y")->file, "two");
    assert_int_equal(hs_yaml_get(g, "z")->line, 3);
    hs_yaml_free(base);
}

static void test_all_faults_of_a_document(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hs_yaml *yaml = NULL;
    const char *text = "a: 1\na: 2\nb: &b {c: 1, c: 2}\nd: *b\ne: !t x\n";
    assert_int_equal(hs_yaml_parse(hs_str(text), "f", &diags, &yaml), HS_EFORMAT);
    assert_int_equal(diags.errors, 4);
    assert_int_equal(diags.rows[0].line, 2);
    assert_int_equal(diags.rows[1].line, 3);
    assert_non_null(strstr(diags.rows[2].message, "aliases"));
    assert_int_equal(diags.rows[3].line, 5);
    assert_null(yaml);
    hs_diags_fini(&diags);
}

static void test_values_that_grow_by_aliases_are_refused(void **state)
{
    (void)state;
    struct hs_buf text = {0};
    struct hs_diags diags = {0};
    struct hs_yaml *yaml;
    hs_buf_add_text(&text, "a0: &a0 [x, x]\n");
    for (int i = 1; i < 40; i++) {
        hs_buf_printf(&text, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
    }
    assert_int_equal(hs_yaml_parse(hs_buf_str(&text), "f", &diags, &yaml), HS_EFORMAT);
    hs_buf_fini(&text);
    hs_diags_fini(&diags);
}

static void test_number_limits(void **state)
{
    (void)state;
    struct hs_yaml *yaml = parse("[-5, -6, 10, 11]\n", "f");
    const struct hs_yaml_node *root = hs_yaml_root(yaml);
    struct hs_diags diags = {0};
    int64_t value = 99;
    assert_true(hs_yaml_to_number(root->items[0].value, "k", -5, 10, "ms", &diags, &value));
    assert_int_equal(value, -5);
    assert_false(hs_yaml_to_number(root->items[1].value, "k", -5, 10, "ms", &diags, &value));
    assert_int_equal(value, -5);
    assert_true(hs_yaml_to_number(root->items[2].value, "k", -5, 10, "ms", &diags, &value));
    assert_false(hs_yaml_to_number(root->items[3].value, "k", -5, 10, "", &diags, &value));
    assert_string_equal(diags.rows[0].message, "out of range, allowed: -5 to 10 ms");
    assert_string_equal(diags.rows[1].message, "out of range, allowed: -5 to 10");
    hs_diags_fini(&diags);
    hs_yaml_free(yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes_know_their_place),
        cmocka_unit_test(test_empty_text_is_an_empty_mapping),
        cmocka_unit_test(test_merge_goes_key_by_key_and_keeps_places),
        cmocka_unit_test(test_all_faults_of_a_document),
        cmocka_unit_test(test_values_that_grow_by_aliases_are_refused),
        cmocka_unit_test(test_number_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
