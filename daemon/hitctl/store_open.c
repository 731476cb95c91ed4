// SPDX-License-Identifier: Apache-2.0
#include "hitctl/store_open.h"

#include "base/error.h"

static int exit_code_of(int rc)
{
    switch (rc) {
    case HS_ECONFLICT:
        return HITCTL_CONFLICT;
    case HS_EREFUSED:
    case HS_ECHECKSUM:
        return HITCTL_REFUSED;
    case HS_EUNREACHABLE:
    case HS_ETIMEDOUT:
    case HS_EPERM:
        return HITCTL_UNREACHABLE;
    default:
        return HITCTL_FAILED;
    }
}

int hitctl_store_open(const struct hitctl *ctl, struct hs_store **ret_store)
{
    const struct hs_redis_config config = hs_redis_config_of(ctl->settings);
    struct hs_buf why = {0};
    int rc = hs_store_open(&config, ret_store, &why);
    if (rc != 0) {
        hitctl_error("redis: %s", why.len > 0 ? hs_buf_text(&why) : hs_strerror(rc));
    }
    hs_buf_fini(&why);
    return rc == 0 ? HITCTL_OK : exit_code_of(rc);
}

int hitctl_store_failed(const struct hs_store *store, int rc, const char *what)
{
    const char *why = hs_store_why(store);
    if (hs_store_uncertain(store)) {
        hitctl_error("redis was asked and did not answer: look whether it is done; %s",
                     why[0] ? why : hs_strerror(rc));
    } else {
        hitctl_error("%s: %s", what, why[0] ? why : hs_strerror(rc));
    }
    return exit_code_of(rc);
}
