// SPDX-License-Identifier: Apache-2.0
/*
 * The local copy of states, spoilt: it is refused with a reason, or every record of it lies within
 * it. As it comes, and with a head, a number of records and a checksum that hold.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "hitstreamd/correlate_kept.h"

enum {
    HEAD_BYTES = 8 + 4 + 4 + 8 + 8 + 8 + HS_KEPT_CLUSTER_BYTES,
    AT_VERSION = 8,
    AT_RECORDS = 32
};

static bool walk(void *ctx, const struct hs_kept_record *record)
{
    uint64_t *sum = ctx; // touches every byte
    *sum = hs_hash_bytes(record->key.ptr, record->key.len, *sum);
    *sum = hs_hash_bytes(record->value.ptr, record->value.len, *sum);
    return true;
}

static void open_as_file(const uint8_t *bytes, size_t size)
{
    char path[64], why[HS_KEPT_WHY_BYTES] = "";
    int fd = memfd_create("kept", 0);
    struct hs_kept *kept;
    uint64_t sum = 0;
    fuzz_must(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int rc = hs_kept_open(path, "c", 0, 0, &kept, why);
    if (rc == 0) {
        hs_kept_each(kept, walk, &sum);
        hs_kept_close(kept);
    } else {
        fuzz_must(rc == HS_EFORMAT && *why);
    }
    close(fd);
}

static void seal(uint8_t *bytes, size_t size)
{
    const uint32_t version = 1;
    memset(bytes, 0, AT_RECORDS);
    memcpy(bytes, "HSSTATE\n", 8);
    memcpy(bytes + AT_VERSION, &version, sizeof(version));
    memset(bytes + AT_RECORDS + 8, 0, HS_KEPT_CLUSTER_BYTES);
    bytes[AT_RECORDS + 8] = 'c';
    uint64_t sum = hs_hash_bytes(bytes, HEAD_BYTES, 0); // and each record's, as they are read
    size_t at = HEAD_BYTES, end = size - sizeof(sum);
    while (end - at >= 16) {
        uint32_t lens[2];
        memcpy(lens, bytes + at, sizeof(lens));
        if (lens[0] > end - at - 16 || lens[1] > end - at - 16 - lens[0]) {
            break;
        }
        size_t len = 16 + (size_t)lens[0] + lens[1];
        sum = hs_hash_bytes(bytes + at, len, sum);
        at += len;
    }
    memcpy(bytes + end, &sum, sizeof(sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    open_as_file(data, size);
    if (size >= HEAD_BYTES + sizeof(uint64_t)) {
        uint8_t *sealed = malloc(size);
        fuzz_must(sealed != NULL);
        memcpy(sealed, data, size);
        seal(sealed, size);
        open_as_file(sealed, size);
        free(sealed);
    }
    return 0;
}
