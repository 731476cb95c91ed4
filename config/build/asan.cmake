# SPDX-License-Identifier: Apache-2.0
# AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer; published memory read-only.
target_compile_options(hs_flavour INTERFACE -O1 -g -fno-omit-frame-pointer
    -fsanitize=address,undefined -fno-sanitize-recover=all)
target_link_options(hs_flavour INTERFACE -fsanitize=address,undefined)
target_compile_definitions(hs_flavour INTERFACE HS_PROTECT_PUBLISHED=1)
