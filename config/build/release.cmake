# SPDX-License-Identifier: Apache-2.0
# What is installed: optimised, hardened as the OpenSSF compiler guide recommends, baseline x86-64.
target_compile_options(hs_flavour INTERFACE -O2 -g -fno-strict-aliasing
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection
    -fcf-protection=full -ftrivial-auto-var-init=zero
    # the same bytes wherever it is built
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${PROJECT_BINARY_DIR}=build)
target_link_options(hs_flavour INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
set(HS_PIE ON)
