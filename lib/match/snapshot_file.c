// SPDX-License-Identifier: Apache-2.0
/*
 * The snapshot on disk:  header (4096 bytes) | the base's arena from there on | lists
 *
 * The arena's bytes are those that matching uses: a file is mapped and used as it is, once its
 * checksum holds and every offset in it leads somewhere inside.
 */
#include "match/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "match/snapshot.h"
#include "match/snapshot_parts.h"

#define FILE_MAGIC UINT64_C(0x3150414e53534848) // "HHSSNAP1" as it lies on disk
enum { FILE_VERSION = 3, WRITE_BYTES_MAX = 1 << 30 };

struct file_header {
    uint64_t magic;
    uint32_t version;
    uint32_t list_count;
    int64_t as_of_ms;
    char change_id[HS_SNAPSHOT_CHANGE_ID_MAX + 1];
    struct hs_segment_layout layout;
    uint64_t lists_at; // bytes from the file's start; the arena ends there
    uint64_t file_bytes;
    uint64_t body_checksum;   // of all behind the header
    uint64_t header_checksum; // of all of this before it
};
_Static_assert(sizeof(struct file_header) <= HS_ARENA_HEADER_BYTES, "the header has its page");

static uint64_t header_checksum(const struct file_header *header)
{
    return hs_hash_bytes(header, offsetof(struct file_header, header_checksum), FILE_VERSION);
}

static uint64_t body_checksum(const uint8_t *file, const struct file_header *header)
{
    uint64_t sum = hs_hash_bytes(file + HS_ARENA_HEADER_BYTES,
                                 header->lists_at - HS_ARENA_HEADER_BYTES, FILE_VERSION);
    return hs_hash_bytes(file + header->lists_at, header->file_bytes - header->lists_at, sum);
}

static void add_u64(struct hs_buf *out, uint64_t value)
{
    hs_buf_add(out, &value, sizeof(value));
}

static void add_text(struct hs_buf *out, struct hs_str text)
{
    add_u64(out, text.len);
    hs_buf_add_str(out, text);
}

static void write_lists(const struct hs_snapshot *snapshot, struct hs_buf *out)
{
    for (uint32_t i = 0; i < snapshot->list_count; i++) {
        const struct hs_list *list = &snapshot->lists[i];
        add_text(out, list->spec.list_id);
        add_text(out, list->spec.title);
        add_text(out, list->spec.owner_force);
        add_text(out, list->spec.policy);
        add_u64(out, list->spec.covert);
        add_u64(out, list->spec.status);
        add_u64(out, list->spec.generation);
        add_u64(out, list->spec.sequence);
        add_u64(out, list->entries);
        add_u64(out, list->has_wild_marks);
        add_text(out, hs_str_n(list->masks.masks, list->masks.count * sizeof(hs_mask)));
    }
}

static bool take_u64(struct hs_str *rest, uint64_t *ret_value)
{
    if (rest->len < sizeof(*ret_value)) {
        return false;
    }
    memcpy(ret_value, rest->ptr, sizeof(*ret_value));
    *rest = hs_str_n(rest->ptr + sizeof(*ret_value), rest->len - sizeof(*ret_value));
    return true;
}

static bool take_text(struct hs_str *rest, struct hs_str *ret_text)
{
    uint64_t len;
    if (!take_u64(rest, &len) || len > rest->len) {
        return false;
    }
    *ret_text = hs_str_n(rest->ptr, len);
    *rest = hs_str_n(rest->ptr + len, rest->len - len);
    return true;
}

static bool take_masks(struct hs_str *rest, struct hs_list *list)
{
    struct hs_str masks;
    uint64_t has_wild_marks;
    if (!take_u64(rest, &has_wild_marks) || !take_text(rest, &masks) ||
        masks.len > sizeof(list->masks.masks) || masks.len % sizeof(hs_mask)) {
        return false;
    }
    list->has_wild_marks = has_wild_marks != 0;
    list->masks.count = (uint8_t)(masks.len / sizeof(hs_mask));
    memcpy(list->masks.masks, masks.ptr, masks.len);
    for (unsigned i = 0; i < list->masks.count; i++) {
        if (hs_mask_len(list->masks.masks[i]) > HS_VRM_MAX) {
            return false;
        }
    }
    return true;
}

static int read_list(struct hs_str *rest, struct hs_snapshot *snapshot)
{
    uint16_t index = (uint16_t)snapshot->list_count;
    struct hs_list *list = &snapshot->lists[index];
    struct hs_list_spec spec = {0};
    uint64_t covert, status;
    if (!take_text(rest, &spec.list_id) || !take_text(rest, &spec.title) ||
        !take_text(rest, &spec.owner_force) || !take_text(rest, &spec.policy) ||
        !take_u64(rest, &covert) || !take_u64(rest, &status) || !take_u64(rest, &spec.generation) ||
        !take_u64(rest, &spec.sequence) || !take_u64(rest, &list->entries) ||
        !take_masks(rest, list) || status > HS_LIST_SUSPENDED) {
        return HS_EFORMAT;
    }
    spec.covert = covert != 0;
    spec.status = (enum hs_list_status)status;
    snapshot->list_count++;
    return hs_list_init(list, &spec, index, &snapshot->texts);
}

static int write_all(int fd, const void *bytes, size_t len_bytes)
{
    const char *at = bytes;
    while (len_bytes > 0) {
        ssize_t n = write(fd, at, len_bytes < WRITE_BYTES_MAX ? len_bytes : WRITE_BYTES_MAX);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return HS_EIO;
        }
        at += n;
        len_bytes -= (size_t)n;
    }
    return HS_OK;
}

static int write_file(int fd, const struct hs_snapshot *snapshot, struct hs_str lists)
{
    const struct hs_base *base = snapshot->base;
    const struct hs_segment *segment = &base->segment;
    uint64_t records_end = (uint64_t)((const uint8_t *)segment->filter.near - segment->arena);
    struct hs_segment_layout layout = hs_segment_layout_for(records_end, segment->entry_count);
    struct file_header header = {
        .magic = FILE_MAGIC,
        .version = FILE_VERSION,
        .list_count = snapshot->list_count,
        .as_of_ms = snapshot->as_of_ms,
        .layout = layout,
        .lists_at = layout.end,
        .file_bytes = layout.end + lists.len,
    };
    memcpy(header.change_id, snapshot->change_id, sizeof(header.change_id));
    const uint8_t *body = segment->arena + HS_ARENA_HEADER_BYTES;
    size_t body_bytes = layout.end - HS_ARENA_HEADER_BYTES;
    header.body_checksum =
        hs_hash_bytes(lists.ptr, lists.len, hs_hash_bytes(body, body_bytes, FILE_VERSION));
    header.header_checksum = header_checksum(&header);
    static const char zeros[HS_ARENA_HEADER_BYTES];
    int status = write_all(fd, &header, sizeof(header));
    if (status == HS_OK) {
        status = write_all(fd, zeros, HS_ARENA_HEADER_BYTES - sizeof(header));
    }
    if (status == HS_OK) {
        status = write_all(fd, body, body_bytes);
    }
    if (status == HS_OK) {
        status = write_all(fd, lists.ptr, lists.len);
    }
    return status == HS_OK && fsync(fd) != 0 ? HS_EIO : status;
}

// A rename is on disk when its folder is.
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 0;
    if (len >= sizeof(folder)) {
        return;
    }
    memcpy(folder, path, len);
    memcpy(folder + len, len ? "" : ".", len ? 1 : 2);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static int save_folded(const struct hs_snapshot *snapshot, const char *path)
{
    char beside[PATH_MAX];
    int len = snprintf(beside, sizeof(beside), "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof(beside)) {
        return HS_EINVAL;
    }
    struct hs_buf lists = {0};
    write_lists(snapshot, &lists);
    int status = hs_buf_status(&lists);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) {
        status = HS_EIO;
    } else {
        if (status == HS_OK) {
            status = write_file(fd, snapshot, hs_buf_str(&lists));
        }
        if (close(fd) != 0 && status == HS_OK) {
            status = HS_EIO;
        }
        if (status == HS_OK && rename(beside, path) != 0) {
            status = HS_EIO;
        }
        if (status != HS_OK) {
            unlink(beside);
        }
    }
    sync_folder(path);
    hs_buf_fini(&lists);
    return status;
}

int hs_snapshot_save(const struct hs_snapshot *snapshot, const char *path)
{
    bool folded = snapshot->overlay == NULL;
    for (uint32_t i = 0; i < snapshot->list_count; i++) {
        folded = folded && !snapshot->lists[i].removed;
    }
    if (folded) {
        return save_folded(snapshot, path);
    }
    struct hs_snapshot *rebuilt = NULL;
    int status = hs_snapshot_rebuild(snapshot, &rebuilt);
    if (status == HS_OK) {
        status = save_folded(rebuilt, path);
    }
    hs_snapshot_free(rebuilt);
    return status;
}

// The header of a file of `size_bytes` that can be used; the body is not looked at.
static int check_header(const struct file_header *header, uint64_t size_bytes)
{
    if (header->magic != FILE_MAGIC) {
        return HS_EFORMAT;
    }
    if (header->version != FILE_VERSION) {
        return HS_EVERSION;
    }
    if (header->header_checksum != header_checksum(header) || header->file_bytes != size_bytes) {
        return HS_ECHECKSUM;
    }
    const struct hs_segment_layout *layout = &header->layout;
    if (layout->records_end < HS_ARENA_HEADER_BYTES || layout->records_end > size_bytes ||
        layout->entry_count > HS_SEGMENT_ENTRIES_MAX ||
        header->list_count > HS_SNAPSHOT_LISTS_MAX) {
        return HS_EFORMAT;
    }
    struct hs_segment_layout expected =
        hs_segment_layout_for(layout->records_end, layout->entry_count);
    if (memcmp(&expected, layout, sizeof(expected)) != 0 || header->lists_at != expected.end ||
        expected.end > size_bytes) {
        return HS_EFORMAT;
    }
    return header->change_id[HS_SNAPSHOT_CHANGE_ID_MAX] == '\0' ? HS_OK : HS_EFORMAT;
}

void hs_snapshot_file_seal(uint8_t *file, size_t size_bytes)
{
    struct file_header header;
    if (size_bytes < HS_ARENA_HEADER_BYTES) {
        return;
    }
    memcpy(&header, file, sizeof(header));
    header.file_bytes = size_bytes;
    if (header.lists_at >= HS_ARENA_HEADER_BYTES && header.lists_at <= size_bytes) {
        header.body_checksum = body_checksum(file, &header);
    }
    header.header_checksum = header_checksum(&header);
    memcpy(file, &header, sizeof(header));
}

static int check_body(const uint8_t *file, const struct file_header *header)
{
    return body_checksum(file, header) == header->body_checksum ? HS_OK : HS_ECHECKSUM;
}

// Nothing stands between the header and the arena's contents.
static int check_padding(const uint8_t *file)
{
    for (size_t i = sizeof(struct file_header); i < HS_ARENA_HEADER_BYTES; i++) {
        if (file[i]) {
            return HS_ECHECKSUM;
        }
    }
    return HS_OK;
}

// Takes the arena.
static int use_file(struct hs_arena *arena, struct hs_snapshot **ret_snapshot)
{
    struct file_header header;
    memcpy(&header, arena->ptr, sizeof(header));
    int status = check_header(&header, arena->size_bytes);
    if (status == HS_OK) {
        status = check_padding(arena->ptr);
    }
    if (status == HS_OK) {
        status = check_body(arena->ptr, &header);
    }
    struct hs_snapshot *snapshot = status == HS_OK ? hs_snapshot_alloc(header.list_count) : NULL;
    struct hs_base *base = snapshot ? calloc(1, sizeof(*base)) : NULL;
    if (!base) {
        hs_snapshot_free(snapshot);
        hs_arena_fini(arena);
        return status == HS_OK ? HS_ENOMEM : status;
    }
    atomic_init(&base->refs, 1);
    base->arena = *arena;
    base->segment = hs_segment_at(arena->ptr, &header.layout);
    snapshot->base = base;
    snapshot->as_of_ms = header.as_of_ms;
    memcpy(snapshot->change_id, header.change_id, sizeof(snapshot->change_id));
    struct hs_str lists =
        hs_str_n(arena->ptr + header.lists_at, header.file_bytes - header.lists_at);
    for (uint32_t i = 0; i < header.list_count && status == HS_OK; i++) {
        status = read_list(&lists, snapshot);
    }
    if (status == HS_OK && (lists.len || !hs_segment_is_sound(&base->segment, &header.layout,
                                                              (uint16_t)header.list_count))) {
        status = HS_EFORMAT;
    }
    if (status == HS_OK) {
        status = hs_mask_lines_new(NULL, &base->segment, snapshot->lists, &base->lines);
    }
    if (status == HS_OK) {
        status = hs_snapshot_settle(snapshot);
    }
    if (status != HS_OK) {
        hs_snapshot_free(snapshot);
        return status;
    }
    *ret_snapshot = snapshot;
    return HS_OK;
}

int hs_snapshot_load(const char *path, struct hs_snapshot **ret_snapshot)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? HS_ENOTFOUND : HS_EIO;
    }
    struct stat about;
    struct hs_arena arena = {0};
    int status = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) ? HS_OK : HS_EIO;
    if (status == HS_OK && about.st_size < HS_ARENA_HEADER_BYTES) {
        status = HS_EFORMAT;
    }
    if (status == HS_OK) {
        status = hs_arena_map_file(fd, (size_t)about.st_size, &arena);
    }
    close(fd);
    return status == HS_OK ? use_file(&arena, ret_snapshot) : status;
}
