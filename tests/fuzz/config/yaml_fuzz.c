// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as YAML: read as options, as rules and as queues. Nothing may crash, leak or take long.
#include <stdint.h>

#include "config/yaml.h"
#include "controls/rules.h"
#include "route/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_str text = hs_str_n(data, size);
    struct hs_diags diags = {.limit = 100};
    struct hs_yaml *yaml = NULL;
    struct hs_routes *routes = NULL;
    struct hs_rules rules;
    struct hs_buf out = {0};
    if (hs_yaml_parse(text, "fuzz", &diags, &yaml) == 0) {
        hs_yaml_free(yaml);
    }
    hs_rules_parse(text, "fuzz", &diags, &rules);
    if (hs_routes_parse(text, "fuzz", &diags, &routes) == 0) {
        hs_routes_canonical(routes, HS_STR("open"), &out);
        hs_routes_free(routes);
    }
    for (size_t i = 0; i < diags.count; i++) {
        hs_diag_format(&diags.rows[i], &out);
    }
    hs_buf_fini(&out);
    hs_diags_fini(&diags);
    return 0;
}
