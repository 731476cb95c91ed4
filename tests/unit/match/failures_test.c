// SPDX-License-Identifier: Apache-2.0
/*
 * When memory runs out or a disk fails, at whatever call it is: an error, nothing leaked (the
 * address sanitizer looks), outputs and the file of before untouched. And bounds when they are
 * reached.
 *
 * Calls are made to fail at the linker (--wrap).
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "match/confusion.h"
#include "match/query.h"
#include "match/sites.h"
#include "unit/match/fixture.h"

enum { ENTRIES = 600, PUTS = 300, NEVER = -1, LISTS = 70 };

// ---- calls that fail ----

static int allocations_left = NEVER; // until one fails
static int io_left = NEVER;
static bool failed; // one has
static bool stingy; // each write takes half of what it is given, and is interrupted before

static bool fails(int *left)
{
    if (*left == NEVER || (*left)-- > 0) {
        return false;
    }
    *left = NEVER;
    failed = true;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__real_mmap(void *ptr, size_t len, int prot, int flags, int fd, off_t at);
void *__real_mremap(void *ptr, size_t len, size_t new_len, int flags, void *to);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_mmap(void *ptr, size_t len, int prot, int flags, int fd, off_t at);
void *__wrap_mremap(void *ptr, size_t len, size_t new_len, int flags, void *to);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);

void *__wrap_malloc(size_t size)
{
    return fails(&allocations_left) ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size)
{
    return fails(&allocations_left) ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *ptr, size_t size)
{
    return fails(&allocations_left) ? NULL : __real_realloc(ptr, size);
}
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails(&allocations_left) ? NULL : __real_aligned_alloc(alignment, size);
}
void *__wrap_mmap(void *ptr, size_t len, int prot, int flags, int fd, off_t at)
{
    return fails(&allocations_left) ? MAP_FAILED : __real_mmap(ptr, len, prot, flags, fd, at);
}
void *__wrap_mremap(void *ptr, size_t len, size_t new_len, int flags, void *to)
{
    return fails(&allocations_left) ? MAP_FAILED : __real_mremap(ptr, len, new_len, flags, to);
}
ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    static bool interrupted;
    interrupted = stingy && !interrupted;
    if (interrupted || fails(&io_left)) {
        errno = interrupted ? EINTR : ENOSPC;
        return -1;
    }
    return __real_write(fd, bytes, stingy && len > 1 ? len / 2 : len);
}
int __wrap_fsync(int fd)
{
    return fails(&io_left) ? -1 : __real_fsync(fd);
}
int __wrap_rename(const char *from, const char *to)
{
    return fails(&io_left) ? -1 : __real_rename(from, to);
}

// ---- what is done meanwhile ----

static char folder[] = HS_BINARY_DIR "/match-failures-XXXXXX";
static char path[sizeof(folder) + 16], beside[sizeof(folder) + 16];

// All that a scenario holds at a time.
struct holding {
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *built, *changed, *rebuilt, *loaded;
    struct hs_confusions *confusions;
    struct hs_matcher *matcher;
    struct hs_ring *ring;
    struct hs_sites *sites;
    unsigned hits;
};

static void count_hit(void *ctx, const struct hs_hit *hit)
{
    (void)hit;
    ++*(unsigned *)ctx;
}

static struct hs_str numbered_entry(unsigned i)
{
    char id[16], vrm[16];
    snprintf(id, sizeof(id), "e%u", i);
    snprintf(vrm, sizeof(vrm), "AB%02uC%c%c", i % 24 + 2, 'A' + (char)(i / 24 % 8),
             'A' + (char)(i / 192));
    return fixture_entry(id, vrm, NULL);
}

static int build(struct holding *h)
{
    struct hs_list_spec open = fixture_list("open"), covert = fixture_list("covert");
    covert.covert = true;
    int status = hs_snapshot_builder_new(&h->builder);
    status = status ? status : hs_snapshot_builder_list(h->builder, &open);
    for (unsigned i = 0; status == HS_OK && i < ENTRIES; i++) {
        status = hs_snapshot_builder_entry(h->builder, numbered_entry(i));
    }
    status = status ? status : hs_snapshot_builder_list(h->builder, &covert);
    status = status ? status
                    : hs_snapshot_builder_entry(h->builder, fixture_entry("p", "AB1?CDE", NULL));
    if (status == HS_OK) {
        struct hs_snapshot_builder *builder = h->builder;
        h->builder = NULL; // used up, also when it fails
        status = hs_snapshot_builder_build(builder, FIXTURE_NOW_MS, HS_STR("1-0"), &h->built);
    }
    return status;
}

static int change(struct holding *h)
{
    static struct hs_snapshot_change changes[PUTS + 3];
    uint8_t(*entries)[64] = __real_calloc(PUTS, sizeof(*entries));
    for (unsigned i = 0; i < PUTS; i++) {
        struct hs_str entry = numbered_entry(ENTRIES + i);
        assert_true(entry.len <= sizeof(*entries));
        memcpy(entries[i], entry.ptr, entry.len);
        changes[i] = (struct hs_snapshot_change){.kind = HS_CHANGE_PUT,
                                                 .spec = fixture_list("open"),
                                                 .entry = hs_str_n(entries[i], entry.len)};
    }
    changes[PUTS] = (struct hs_snapshot_change){
        .kind = HS_CHANGE_DROP, .spec = fixture_list("open"), .entry_id = HS_STR("e1")};
    changes[PUTS + 1] =
        (struct hs_snapshot_change){.kind = HS_CHANGE_REMOVE, .spec = fixture_list("covert")};
    changes[PUTS + 2] =
        (struct hs_snapshot_change){.kind = HS_CHANGE_LIST, .spec = fixture_list("third")};
    int status =
        hs_snapshot_apply(h->built, changes, PUTS + 3, FIXTURE_NOW_MS, HS_STR("2-0"), &h->changed);
    free(entries);
    return status;
}

static int ask(struct holding *h)
{
    struct hs_match_query query = {.vrm = HS_STR("AB02CAA"), .at_ms = FIXTURE_NOW_MS};
    struct hs_match_context context = {.confusions = h->confusions};
    enum hs_read_fault fault;
    return hs_match_query(h->loaded, &context, &query, &fault, count_hit, &h->hits);
}

static int scenario(struct holding *h)
{
    int status = build(h);
    status = status ? status : change(h);
    status = status ? status : hs_snapshot_rebuild(h->changed, &h->rebuilt);
    status = status ? status : hs_snapshot_save(h->changed, path);
    status = status ? status : hs_snapshot_load(path, &h->loaded);
    status = status ? status : hs_confusions_new(&h->confusions);
    status = status ? status : hs_confusions_add(h->confusions, HS_STR("acme"), HS_STR("8G"));
    status = status ? status : hs_matcher_new(&h->matcher);
    status = status ? status : hs_ring_new(100, &h->ring);
    status = status ? status : hs_sites_new(4, &h->sites);
    if (status == HS_OK &&
        !hs_sites_get(h->sites, hs_sites_hash(0, HS_STR("site")), 0, HS_STR("site"))) {
        status = HS_ENOMEM;
    }
    return status ? status : ask(h);
}

static void let_go(struct holding *h)
{
    hs_sites_free(h->sites);
    hs_ring_free(h->ring);
    hs_matcher_free(h->matcher);
    hs_confusions_free(h->confusions);
    hs_snapshot_free(h->loaded);
    hs_snapshot_free(h->rebuilt);
    hs_snapshot_free(h->changed);
    hs_snapshot_free(h->built);
    hs_snapshot_builder_free(h->builder);
}

// Every allocation fails once, the others succeed.
static void test_out_of_memory_anywhere(void **state)
{
    (void)state;
    int n = 0;
    do {
        struct holding h = {0};
        failed = false;
        allocations_left = n++;
        int status = scenario(&h);
        allocations_left = NEVER;
        let_go(&h);
        if (status != (failed ? HS_ENOMEM : HS_OK)) {
            fail_msg("allocation %d failed: %s", n, hs_strerror(status));
        }
        assert_true(failed || h.hits == 1);
    } while (failed);
    assert_true(n > 30); // it did go through it
}

static void test_disk_fails_anywhere(void **state)
{
    (void)state;
    struct holding h = {0};
    assert_int_equal(build(&h), HS_OK);
    assert_int_equal(hs_snapshot_save(h.built, path), HS_OK); // what was there before
    int n = 0;
    do {
        struct hs_snapshot *loaded = NULL;
        failed = false;
        io_left = n++;
        int status = hs_snapshot_save(h.built, path);
        bool last = io_left != NEVER; // nothing left to fail
        io_left = NEVER;
        // the folder's own fsync comes when all is written: a wish
        assert_true(status == HS_EIO || status == HS_OK);
        assert_int_equal(access(beside, F_OK), -1);
        assert_int_equal(hs_snapshot_load(path, &loaded), HS_OK);
        hs_snapshot_free(loaded);
        if (last) {
            break;
        }
    } while (n < 100);
    assert_in_range(n, 6, 99);
    stingy = true;
    assert_int_equal(hs_snapshot_save(h.built, path), HS_OK);
    stingy = false;
    assert_int_equal(hs_snapshot_load(path, &h.loaded), HS_OK);
    assert_int_equal(ask(&h), HS_OK);
    assert_int_equal(h.hits, 1);
    let_go(&h);
}

static void test_paths_that_cannot_be(void **state)
{
    (void)state;
    static char long_path[8192];
    struct hs_snapshot *snapshot = fixture_snapshot((const char *const[]){"AB12CDE", NULL});
    struct hs_snapshot *loaded = NULL;
    memset(long_path, 'x', sizeof(long_path) - 1);
    assert_int_equal(hs_snapshot_save(snapshot, long_path), HS_EINVAL);
    assert_int_equal(hs_snapshot_save(snapshot, "/nowhere/at/all"), HS_EIO);
    assert_int_equal(hs_snapshot_load("/nowhere/at/all", &loaded), HS_ENOTFOUND);
    assert_int_equal(hs_snapshot_load(long_path, &loaded), HS_EIO);
    assert_int_equal(hs_snapshot_load(folder, &loaded), HS_EIO); // no file
    assert_null(loaded);
    hs_snapshot_free(snapshot);
}

static uint8_t *read_file(size_t *ret_len)
{
    struct stat about;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &about) == 0);
    uint8_t *bytes = malloc((size_t)about.st_size);
    assert_int_equal(read(fd, bytes, (size_t)about.st_size), about.st_size);
    close(fd);
    *ret_len = (size_t)about.st_size;
    return bytes;
}

// The file with some bytes, loaded.
static int load_bytes(const uint8_t *bytes, size_t len)
{
    struct hs_snapshot *loaded = NULL;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
    int status = hs_snapshot_load(path, &loaded);
    assert_true((loaded != NULL) == (status == HS_OK));
    hs_snapshot_free(loaded);
    return status;
}

// No bit of the file can be another, and none may be missing.
static void test_every_byte_counts(void **state)
{
    (void)state;
    size_t len;
    struct hs_snapshot *snapshot =
        fixture_snapshot((const char *const[]){"AB12CDE", "AB1?CDE", NULL});
    assert_int_equal(hs_snapshot_save(snapshot, path), HS_OK);
    uint8_t *bytes = read_file(&len);
    assert_int_equal(load_bytes(bytes, len), HS_OK);
    for (size_t i = 0; i < len; i++) {
        uint8_t bit = (uint8_t)(1U << i % 8);
        bytes[i] ^= bit;
        if (load_bytes(bytes, len) == HS_OK) {
            fail_msg("byte %zu of %zu does not count", i, len);
        }
        bytes[i] ^= bit;
    }
    for (size_t i = 0; i < len; i += 61) {
        assert_int_not_equal(load_bytes(bytes, i), HS_OK);
    }
    free(bytes);
    hs_snapshot_free(snapshot);
}

// More entries explain one read than are told: the better ones are, whatever their order.
static void test_more_hits_than_the_bound(void **state)
{
    (void)state;
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    char id[16];
    assert_int_equal(hs_snapshot_builder_new(&builder), HS_OK);
    for (unsigned i = 0; i < LISTS; i++) {
        snprintf(id, sizeof(id), "l%u", i);
        struct hs_list_spec spec = fixture_list(id);
        assert_int_equal(hs_snapshot_builder_list(builder, &spec), HS_OK);
        // the last ones, which find all places taken, are exact
        const char *vrm = i < HS_MATCH_HITS_MAX ? "ABI2CDE" : "AB12CDE";
        assert_int_equal(hs_snapshot_builder_entry(builder, fixture_entry("e", vrm, NULL)), HS_OK);
    }
    assert_int_equal(hs_snapshot_builder_build(builder, FIXTURE_NOW_MS, HS_STR("1-0"), &snapshot),
                     HS_OK);
    const char *hits = fixture_match(snapshot, "AB12CDE", NULL);
    unsigned exact = 0, all = 0;
    for (const char *at = hits; (at = strstr(at, "/e ")) != NULL; at += 3) {
        all++;
        exact += strncmp(at, "/e EXACT", 8) == 0;
    }
    assert_int_equal(all, HS_MATCH_HITS_MAX);
    assert_int_equal(exact, LISTS - HS_MATCH_HITS_MAX);
    hs_snapshot_free(snapshot);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/snapshot", folder);
    snprintf(beside, sizeof(beside), "%s/snapshot.new", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_out_of_memory_anywhere),   cmocka_unit_test(test_disk_fails_anywhere),
        cmocka_unit_test(test_paths_that_cannot_be),     cmocka_unit_test(test_every_byte_counts),
        cmocka_unit_test(test_more_hits_than_the_bound),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
