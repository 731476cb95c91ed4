// SPDX-License-Identifier: Apache-2.0
//
//     head     magic 8, version 4, partition 4, next offset 8, read at 8, records 8, cluster 64
//     record   key length 4, value length 4, epoch 8, key, value        as many as the head says
//     end      checksum 8 of everything before it
//
// Numbers are in the machine's own order: a file never leaves its machine.
#include "hitstreamd/correlate_kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "hitstreamd/state_file.h"

enum { VERSION = 1, ASK_EVERY = 1000, RECORD_MAX_BYTES = 64 << 20 };

static const char magic[8] = {'H', 'S', 'S', 'T', 'A', 'T', 'E', '\n'};

struct file_head {
    char magic[8];
    uint32_t version;
    int32_t partition;
    int64_t next_offset;
    int64_t read_at_ms;
    uint64_t records;
    char cluster[HS_KEPT_CLUSTER_BYTES];
};

struct record_head {
    uint32_t key_len;
    uint32_t value_len;
    uint64_t epoch;
};

struct hs_kept {
    const char *bytes; // the mapped file
    size_t len;
    struct hs_kept_head head;
    uint64_t count;
};

// ------------------------------------------------------------------ reading

// The record at *at, which moves behind it. False: it does not fit.
static bool next_record(const struct hs_kept *kept, size_t *at, struct hs_kept_record *ret_record)
{
    struct record_head head;
    size_t end = kept->len - sizeof(uint64_t);
    if (end - *at < sizeof(head)) {
        return false;
    }
    memcpy(&head, kept->bytes + *at, sizeof(head));
    size_t left = end - *at - sizeof(head);
    if (head.key_len > left || head.value_len > left - head.key_len) {
        return false;
    }
    const char *key = kept->bytes + *at + sizeof(head);
    *ret_record = (struct hs_kept_record){hs_str_n(key, head.key_len),
                                          hs_str_n(key + head.key_len, head.value_len), head.epoch};
    *at += sizeof(head) + head.key_len + head.value_len;
    return true;
}

static uint64_t add_sum(uint64_t sum, const void *bytes, size_t len)
{
    return hs_hash_bytes(bytes, len, sum);
}

// Whether all records are there and the checksum holds.
static bool is_whole(const struct hs_kept *kept)
{
    struct hs_kept_record record;
    size_t at = sizeof(struct file_head);
    uint64_t sum = add_sum(0, kept->bytes, at), stands;
    for (uint64_t i = 0; i < kept->count; i++) {
        size_t begin = at;
        if (!next_record(kept, &at, &record)) {
            return false;
        }
        sum = add_sum(sum, kept->bytes + begin, at - begin);
    }
    memcpy(&stands, kept->bytes + at, kept->len - at < sizeof(stands) ? 0 : sizeof(stands));
    return kept->len - at == sizeof(stands) && stands == sum;
}

// NULL, or what is off.
static const char *fault_of(struct hs_kept *kept, const char *cluster, int32_t partition,
                            int64_t now_ms)
{
    struct file_head head;
    if (kept->len < sizeof(head) + sizeof(uint64_t)) {
        return "it is too short";
    }
    memcpy(&head, kept->bytes, sizeof(head));
    if (memcmp(head.magic, magic, sizeof(magic)) != 0 || head.version != VERSION) {
        return "it is of another version";
    }
    head.cluster[sizeof(head.cluster) - 1] = '\0';
    if (strcmp(head.cluster, cluster) != 0 || head.partition != partition) {
        return "it is of another cluster or partition";
    }
    kept->count = head.records;
    kept->head.partition = head.partition;
    kept->head.next_offset = head.next_offset;
    kept->head.read_at_ms = head.read_at_ms;
    memcpy(kept->head.cluster, head.cluster, sizeof(head.cluster));
    if (head.read_at_ms > now_ms || now_ms - head.read_at_ms > HS_KEPT_AGE_MAX_MS) {
        return "it is too old, or of the future";
    }
    return is_whole(kept) ? NULL : "its checksum does not hold";
}

static int map_file(const char *path, struct hs_kept *kept)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? HS_ENOTFOUND : HS_EIO;
    }
    int rc = fstat(fd, &stat) == 0 ? 0 : HS_EIO;
    if (rc == 0 && stat.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        rc = bytes == MAP_FAILED ? HS_EIO : 0;
        kept->bytes = rc == 0 ? bytes : NULL;
        kept->len = rc == 0 ? (size_t)stat.st_size : 0;
    }
    close(fd);
    return rc;
}

int hs_kept_open(const char *path, const char *cluster, int32_t partition, int64_t now_ms,
                 struct hs_kept **ret_kept, char ret_why[HS_KEPT_WHY_BYTES])
{
    struct hs_kept *kept = calloc(1, sizeof(*kept));
    if (!kept) {
        return HS_ENOMEM;
    }
    int rc = map_file(path, kept);
    const char *fault = rc == 0 ? fault_of(kept, cluster, partition, now_ms) : NULL;
    if (fault) {
        snprintf(ret_why, HS_KEPT_WHY_BYTES, "%s", fault);
        rc = HS_EFORMAT;
    }
    if (rc != 0) {
        hs_kept_close(kept);
        return rc;
    }
    *ret_kept = kept;
    return 0;
}

void hs_kept_close(struct hs_kept *kept)
{
    if (kept) {
        if (kept->bytes) {
            munmap((void *)(uintptr_t)kept->bytes, kept->len);
        }
        free(kept);
    }
}

const struct hs_kept_head *hs_kept_head(const struct hs_kept *kept)
{
    return &kept->head;
}

uint64_t hs_kept_count(const struct hs_kept *kept)
{
    return kept->count;
}

void hs_kept_each(const struct hs_kept *kept, bool (*fn)(void *ctx, const struct hs_kept_record *),
                  void *ctx)
{
    struct hs_kept_record record;
    size_t at = sizeof(struct file_head);
    for (uint64_t i = 0; i < kept->count && next_record(kept, &at, &record); i++) {
        if (!fn(ctx, &record)) {
            return;
        }
    }
}

// ------------------------------------------------------------------ news

// A key's newest record, and one of an older epoch that came behind it.
struct hs_kept_new {
    char *bytes; // key, value; owned
    size_t key_len, value_len;
    uint64_t epoch;
    char *stale; // value, owned; NULL: none
    size_t stale_len;
    uint64_t stale_epoch;
};

static uint32_t *slot_of(const struct hs_kept_news *news, struct hs_str key)
{
    size_t mask = news->slot_count - 1;
    size_t slot = (size_t)hs_hash_bytes(key.ptr, key.len, 0) & mask;
    while (news->slots[slot]) {
        const struct hs_kept_new *row = &news->rows[news->slots[slot] - 1];
        if (hs_str_eq(hs_str_n(row->bytes, row->key_len), key)) {
            break;
        }
        slot = (slot + 1) & mask;
    }
    return &news->slots[slot];
}

static int grow(struct hs_kept_news *news)
{
    size_t capacity = news->capacity ? news->capacity * 2 : 256;
    struct hs_kept_new *rows = realloc(news->rows, capacity * sizeof(*rows));
    if (!rows) {
        return HS_ENOMEM;
    }
    news->rows = rows;
    uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
    if (!slots) {
        return HS_ENOMEM;
    }
    free(news->slots);
    news->slots = slots;
    news->slot_count = capacity * 2;
    news->capacity = capacity;
    for (size_t i = 0; i < news->count; i++) {
        *slot_of(news, hs_str_n(rows[i].bytes, rows[i].key_len)) = (uint32_t)i + 1;
    }
    return 0;
}

static char *copy_of(struct hs_str a, struct hs_str b)
{
    char *bytes = malloc(a.len + b.len + 1);
    if (bytes) {
        memcpy(bytes, a.len > 0 ? a.ptr : "", a.len);
        memcpy(bytes + a.len, b.len > 0 ? b.ptr : "", b.len);
    }
    return bytes;
}

// The record takes the row's place.
static int replace(struct hs_kept_news *news, struct hs_kept_new *row,
                   const struct hs_kept_record *record)
{
    char *bytes = copy_of(record->key, record->value);
    if (!bytes) {
        return HS_ENOMEM;
    }
    news->bytes -= row->bytes ? row->key_len + row->value_len + row->stale_len : 0;
    free(row->bytes);
    free(row->stale);
    *row = (struct hs_kept_new){.bytes = bytes,
                                .key_len = record->key.len,
                                .value_len = record->value.len,
                                .epoch = record->epoch};
    news->bytes += record->key.len + record->value.len;
    return 0;
}

static int note_stale(struct hs_kept_news *news, struct hs_kept_new *row,
                      const struct hs_kept_record *record)
{
    char *bytes = copy_of(record->value, hs_str(""));
    if (!bytes) {
        return HS_ENOMEM;
    }
    news->bytes += record->value.len - row->stale_len;
    free(row->stale);
    row->stale = bytes;
    row->stale_len = record->value.len;
    row->stale_epoch = record->epoch;
    return 0;
}

int hs_kept_news_add(struct hs_kept_news *news, const struct hs_kept_record *record)
{
    if (record->key.len + record->value.len > RECORD_MAX_BYTES) {
        return HS_ELIMIT;
    }
    if (news->count == news->capacity && grow(news) != 0) {
        return HS_ENOMEM;
    }
    uint32_t *slot = slot_of(news, record->key);
    if (*slot) {
        struct hs_kept_new *row = &news->rows[*slot - 1];
        return record->epoch < row->epoch ? note_stale(news, row, record)
                                          : replace(news, row, record);
    }
    struct hs_kept_new *row = &news->rows[news->count];
    *row = (struct hs_kept_new){0};
    int rc = replace(news, row, record);
    if (rc == 0) {
        *slot = (uint32_t)++news->count;
    }
    return rc;
}

void hs_kept_news_fini(struct hs_kept_news *news)
{
    for (size_t i = 0; i < news->count; i++) {
        free(news->rows[i].bytes);
        free(news->rows[i].stale);
    }
    free(news->rows);
    free(news->slots);
    *news = (struct hs_kept_news){0};
}

// ------------------------------------------------------------------ writing

struct writing {
    FILE *file;
    uint64_t sum;
    uint64_t records;
    const struct hs_kept_news *news;
    bool (*go_on)(void *ctx);
    void *ctx;
    int rc;
};

static void write_record(struct writing *writing, const struct hs_kept_record *record)
{
    struct record_head head = {(uint32_t)record->key.len, (uint32_t)record->value.len,
                               record->epoch};
    size_t len = sizeof(head) + record->key.len + record->value.len;
    char *bytes = malloc(len);
    if (!bytes) {
        writing->rc = HS_ENOMEM;
        return;
    }
    memcpy(bytes, &head, sizeof(head));
    memcpy(bytes + sizeof(head), record->key.ptr ? record->key.ptr : "", record->key.len);
    memcpy(bytes + sizeof(head) + record->key.len, record->value.ptr ? record->value.ptr : "",
           record->value.len);
    writing->sum = add_sum(writing->sum, bytes, len);
    if (fwrite(bytes, len, 1, writing->file) != 1) {
        writing->rc = HS_EIO;
    }
    free(bytes);
    if (++writing->records % ASK_EVERY == 0 && writing->go_on && !writing->go_on(writing->ctx)) {
        writing->rc = HS_ECANCELED;
    }
}

// Whether a record of the old file goes on to stand: a tombstone has done its work by now, and what
// is newer replaces what is not of a newer epoch.
static bool stays(const struct hs_kept_news *news, const struct hs_kept_record *record)
{
    uint32_t slot = news->count > 0 ? *slot_of(news, record->key) : 0;
    return record->value.len > 0 && !(slot && news->rows[slot - 1].epoch >= record->epoch);
}

static bool keep_old(void *ctx, const struct hs_kept_record *record)
{
    struct writing *writing = ctx;
    if (stays(writing->news, record)) {
        write_record(writing, record);
    }
    return writing->rc == 0;
}

static void write_news(struct writing *writing)
{
    for (size_t i = 0; writing->rc == 0 && i < writing->news->count; i++) {
        const struct hs_kept_new *row = &writing->news->rows[i];
        struct hs_kept_record record = {hs_str_n(row->bytes, row->key_len),
                                        hs_str_n(row->bytes + row->key_len, row->value_len),
                                        row->epoch};
        write_record(writing, &record);
        if (row->stale && writing->rc == 0) {
            record.value = hs_str_n(row->stale, row->stale_len);
            record.epoch = row->stale_epoch;
            write_record(writing, &record);
        }
    }
}

// How many records there will be: the head says so before them.
static bool count_old(void *ctx, const struct hs_kept_record *record)
{
    struct writing *writing = ctx;
    writing->records += stays(writing->news, record);
    return true;
}

static uint64_t count_records(const struct hs_kept *old, const struct hs_kept_news *news)
{
    struct writing counting = {.news = news};
    if (old) {
        hs_kept_each(old, count_old, &counting);
    }
    for (size_t i = 0; i < news->count; i++) {
        counting.records += news->rows[i].stale ? 2 : 1;
    }
    return counting.records;
}

static void write_head(struct writing *writing, const struct hs_kept_head *head, uint64_t records)
{
    struct file_head bytes;
    memset(&bytes, 0, sizeof(bytes));
    memcpy(bytes.magic, magic, sizeof(magic));
    bytes.version = VERSION;
    bytes.partition = head->partition;
    bytes.next_offset = head->next_offset;
    bytes.read_at_ms = head->read_at_ms;
    bytes.records = records;
    memcpy(bytes.cluster, head->cluster, sizeof(bytes.cluster));
    bytes.cluster[sizeof(bytes.cluster) - 1] = '\0';
    writing->sum = add_sum(0, &bytes, sizeof(bytes));
    writing->rc = fwrite(&bytes, sizeof(bytes), 1, writing->file) == 1 ? 0 : HS_EIO;
}

static int write_all(struct writing *writing, const struct hs_kept_head *head,
                     const struct hs_kept *old)
{
    write_head(writing, head, count_records(old, writing->news));
    if (writing->rc == 0 && old) {
        hs_kept_each(old, keep_old, writing);
    }
    write_news(writing);
    uint64_t sum = writing->sum;
    if (writing->rc == 0 && (fwrite(&sum, sizeof(sum), 1, writing->file) != 1 ||
                             fflush(writing->file) != 0 || fsync(fileno(writing->file)) != 0)) {
        writing->rc = HS_EIO;
    }
    return writing->rc;
}

int hs_kept_write(const char *path, const struct hs_kept_head *head, const struct hs_kept *old,
                  const struct hs_kept_news *news, bool (*go_on)(void *ctx), void *ctx)
{
    char beside[HS_KEPT_PATH_BYTES];
    struct writing writing = {.news = news, .go_on = go_on, .ctx = ctx};
    if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside)) {
        return HS_ELIMIT;
    }
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    writing.file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!writing.file) {
        if (fd >= 0) {
            close(fd);
            unlink(beside);
        }
        return HS_EIO;
    }
    int rc = write_all(&writing, head, old);
    if (fclose(writing.file) != 0 && rc == 0) {
        rc = HS_EIO;
    }
    if (rc == 0 && rename(beside, path) != 0) {
        rc = HS_EIO;
    }
    if (rc == 0) {
        hs_state_sync_folder(path);
    } else {
        unlink(beside);
    }
    return rc;
}
