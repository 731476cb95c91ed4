# SPDX-License-Identifier: Apache-2.0
# Line and branch counts for gcov and lcov.
target_compile_options(hs_flavour INTERFACE -O0 -g --coverage)
target_link_options(hs_flavour INTERFACE --coverage)
