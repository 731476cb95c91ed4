// SPDX-License-Identifier: Apache-2.0
// A snapshot's file is refused, or can be matched against: as it comes, and with checksums made to
// hold.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hitstream/v1/watchlist.pb-c.h"
#include "match/query.h"
#include "match/snapshot_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATCH_BYTES = 3, FILE_BYTES_MAX = 65536 };

static void ignore_hit(void *ctx, const struct hs_hit *hit)
{
    size_t *bytes = ctx;
    *bytes += hit->entry.len + hit->list->title.len;
}

static void use(const struct hs_snapshot *snapshot)
{
    static const char *const marks[] = {"AB12CDE", "A812CDE", "AB12CD?", "XY99ZZZ", "B1"};
    static const struct hs_match_context context;
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        struct hs_match_query query = {.vrm = hs_str(marks[i]), .at_ms = INT64_C(1790000000000)};
        enum hs_read_fault fault;
        hs_match_query(snapshot, &context, &query, &fault, ignore_hit, &bytes);
    }
    struct hs_snapshot *rebuilt;
    if (hs_snapshot_rebuild(snapshot, &rebuilt) == 0) {
        hs_snapshot_free(rebuilt);
    }
}

static void load(const uint8_t *bytes, size_t size)
{
    char path[64];
    int fd = memfd_create("snapshot", 0);
    struct hs_snapshot *snapshot;
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (hs_snapshot_load(path, &snapshot) == 0) {
        use(snapshot);
        hs_snapshot_free(snapshot);
    }
    close(fd);
}

static void add_entry(struct hs_snapshot_builder *builder, unsigned i, const char *mark)
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char id[16], vrm[16];
    uint8_t out[256];
    snprintf(id, sizeof(id), "%u", i);
    snprintf(vrm, sizeof(vrm), "%s", mark);
    entry.entry_id = id;
    entry.vrm = vrm;
    if (hs_snapshot_builder_entry(
            builder, hs_str_n(out, hitstream__v1__watchlist_entry__pack(&entry, out))) != 0) {
        abort();
    }
}

// A sound file to spoil; its size.
static size_t make_file(uint8_t *out)
{
    static const char *const marks[] = {"AB12CDE", "AB12C?E", "XY99ZZZ", "B1"};
    struct hs_list_spec spec = {
        .list_id = HS_STR("l"), .title = HS_STR("t"), .status = HS_LIST_LIVE};
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    char path[] = "/tmp/hs-fuzz-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || hs_snapshot_builder_new(&builder) != 0 ||
        hs_snapshot_builder_list(builder, &spec) != 0) {
        abort();
    }
    for (unsigned i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        add_entry(builder, i, marks[i]);
    }
    if (hs_snapshot_builder_build(builder, 1, HS_STR("1-0"), &snapshot) != 0 ||
        hs_snapshot_save(snapshot, path) != 0) {
        abort();
    }
    close(fd);
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(out, 1, FILE_BYTES_MAX, file) : 0;
    if (file) {
        fclose(file);
    }
    unlink(path);
    hs_snapshot_free(snapshot);
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t sound[FILE_BYTES_MAX];
    static size_t sound_size;
    if (sound_size == 0) {
        sound_size = make_file(sound);
    }
    load(data, size);
    uint8_t *spoiled = malloc(sound_size);
    if (!spoiled) {
        abort();
    }
    memcpy(spoiled, sound, sound_size);
    for (; size >= PATCH_BYTES; data += PATCH_BYTES, size -= PATCH_BYTES) { // place, place, byte
        // the first page is nearly all padding: spread over the header and what follows the page
        size_t at = (data[0] | (size_t)data[1] << 8) % (sound_size - 4096 + 256);
        spoiled[at < 256 ? at : at + 4096 - 256] = data[2];
    }
    hs_snapshot_file_seal(spoiled, sound_size);
    load(spoiled, sound_size);
    free(spoiled);
    return 0;
}
