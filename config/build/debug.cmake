# SPDX-License-Identifier: Apache-2.0
# For a debugger: no optimisation, assertions, published memory read-only.
target_compile_options(hs_flavour INTERFACE -O0 -g3 -fno-omit-frame-pointer)
target_compile_definitions(hs_flavour INTERFACE HS_PROTECT_PUBLISHED=1)
