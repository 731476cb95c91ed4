// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONFIG_SETTINGS_CHECK_H
#define HS_CONFIG_SETTINGS_CHECK_H
/*
 * What a row of the option table cannot say: rules over more than one option, forms of texts,
 * Kafka's properties. Private to lib/config. Threads: one.
 */

#include "config/settings.h"
#include "config/yaml.h"

// Reads kafka.properties (node may be NULL); refused ones go to `diags` with the reason.
void hs_settings_read_properties(const struct hs_yaml_node *node, struct hs_diags *diags,
                                 struct hs_bump *bump, struct hs_settings *settings);
// Rules over values that are good each by itself.
void hs_settings_check(const struct hs_yaml_node *root, const struct hs_settings *settings,
                       struct hs_diags *diags);

#endif
