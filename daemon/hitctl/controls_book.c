// SPDX-License-Identifier: Apache-2.0
#include "hitctl/controls_book.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "hitstream/v1/controls.pb-c.h"

enum {
    HASH_LEN = HS_CONTROLS_HASH_BYTES - 1,
    PARTS_MAX = 256, // of one object
    FILES_MAX = 16,
};

// One object being put together.
struct page {
    char hash[HS_CONTROLS_HASH_BYTES];
    struct hs_buf *parts; // PARTS_MAX rows, owned
    uint32_t part_count;  // by the manifest; 0: none seen
    uint64_t size_bytes;
    struct hs_controls *controls; // once asked for
    bool asked;
};

struct controls_book {
    struct page *pages;
    size_t count;
    size_t capacity;
    size_t bytes; // of all parts read
    int status;   // of a callback that gave up
};

static struct page *page_of(struct controls_book *book, struct hs_str hash)
{
    for (size_t i = 0; i < book->count; i++) {
        if (memcmp(book->pages[i].hash, hash.ptr, HASH_LEN) == 0) {
            return &book->pages[i];
        }
    }
    if (book->count == book->capacity) {
        size_t wanted = book->capacity ? book->capacity * 2 : 16;
        struct page *grown = realloc(book->pages, wanted * sizeof(*grown));
        if (!grown) {
            return NULL;
        }
        book->pages = grown;
        book->capacity = wanted;
    }
    struct page *page = &book->pages[book->count];
    *page = (struct page){.parts = calloc(PARTS_MAX, sizeof(struct hs_buf))};
    if (!page->parts) {
        return NULL;
    }
    memcpy(page->hash, hash.ptr, HASH_LEN);
    book->count++;
    return page;
}

static void note_manifest(struct page *page, struct hs_str value)
{
    Hitstream__V1__ControlsManifest *manifest =
        hitstream__v1__controls_manifest__unpack(NULL, value.len, (const uint8_t *)value.ptr);
    if (manifest && strcmp(manifest->hash, page->hash) == 0 && manifest->parts <= PARTS_MAX) {
        page->part_count = manifest->parts;
        page->size_bytes = manifest->size_bytes;
    }
    hitstream__v1__controls_manifest__free_unpacked(manifest, NULL);
}

static void note_part(struct page *page, uint64_t number, struct hs_str value)
{
    Hitstream__V1__ControlsPart *part =
        hitstream__v1__controls_part__unpack(NULL, value.len, (const uint8_t *)value.ptr);
    if (part && number < PARTS_MAX) {
        hs_buf_clear(&page->parts[number]); // the same again
        hs_buf_add(&page->parts[number], part->data.data, part->data.len);
    }
    hitstream__v1__controls_part__free_unpacked(part, NULL);
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct controls_book *book = ctx;
    struct hs_str key = message->key;
    uint64_t number;
    if (key.len < HASH_LEN || message->value.len == 0) {
        return true; // the anchor, or what was taken away
    }
    struct page *page = page_of(book, key);
    book->bytes += message->value.len;
    if (!page || book->bytes > CONTROLS_BOOK_MAX_BYTES) {
        book->status = page ? HS_ELIMIT : HS_ENOMEM;
        return false;
    }
    if (key.len == HASH_LEN) {
        note_manifest(page, message->value);
    } else if (hs_str_to_u64(hs_str_n(key.ptr + HASH_LEN + 1, key.len - HASH_LEN - 1), &number) ==
               0) {
        note_part(page, number, message->value);
    }
    return true;
}

int controls_book_read(struct hs_kafka_tail *tail, int64_t timeout_ms,
                       struct controls_book **ret_book)
{
    const struct hs_kafka_range range = {.topic = HS_KAFKA_CONTROLS,
                                         .partition = -1,
                                         .from_time_ms = -1,
                                         .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    const struct hs_kafka_tail_options options = {.timeout_ms = timeout_ms};
    struct controls_book *book = calloc(1, sizeof(*book));
    if (!book) {
        return HS_ENOMEM;
    }
    int rc = hs_kafka_tail_read(tail, &range, 1, &options, on_message, book);
    rc = book->status ? book->status : rc;
    if (rc != 0) {
        controls_book_free(book);
        return rc;
    }
    *ret_book = book;
    return 0;
}

void controls_book_free(struct controls_book *book)
{
    if (!book) {
        return;
    }
    for (size_t i = 0; i < book->count; i++) {
        for (size_t p = 0; p < PARTS_MAX; p++) {
            hs_buf_fini(&book->pages[i].parts[p]);
        }
        free(book->pages[i].parts);
        hs_controls_unref(book->pages[i].controls);
    }
    free(book->pages);
    free(book);
}

// The packed object, if it stands there whole.
static bool join(const struct page *page, struct hs_buf *out)
{
    for (uint32_t i = 0; i < page->part_count; i++) {
        hs_buf_add_str(out, hs_buf_str(&page->parts[i]));
    }
    return page->part_count > 0 && hs_buf_status(out) == 0 && out->len == page->size_bytes;
}

static struct hs_controls *open_page(struct page *page)
{
    struct hs_buf packed = {0};
    struct hs_diags diags = {0};
    if (!page->asked && join(page, &packed)) {
        hs_controls_unpack(hs_buf_str(&packed), &diags, &page->controls);
    }
    page->asked = true;
    hs_diags_fini(&diags);
    hs_buf_fini(&packed);
    return page->controls;
}

static struct page *find(struct controls_book *book, const char *hash)
{
    size_t i = 0;
    while (i < book->count && strcmp(book->pages[i].hash, hash) != 0) {
        i++;
    }
    return i < book->count ? &book->pages[i] : NULL;
}

struct hs_controls *controls_book_get(struct controls_book *book, const char *hash)
{
    struct page *page = find(book, hash);
    struct hs_controls *controls = page ? open_page(page) : NULL;
    return controls ? hs_controls_ref(controls) : NULL;
}

// The source's files, copied.
struct files {
    struct hs_controls_file rows[FILES_MAX];
    size_t count;
    struct hs_bump bump;
    struct hs_str rules; // takes the place of rules.yaml
};

static int take_file(void *ctx, struct hs_str name, struct hs_str text)
{
    struct files *files = ctx;
    if (files->count == FILES_MAX) {
        return HS_ELIMIT;
    }
    bool rules = hs_str_is(name, "rules.yaml");
    const char *name_copy = hs_bump_copy(&files->bump, name.ptr, name.len);
    const char *text_copy =
        rules ? files->rules.ptr : hs_bump_copy(&files->bump, text.ptr, text.len);
    if (!name_copy || (!text_copy && !rules)) {
        return HS_ENOMEM;
    }
    files->rows[files->count++] = (struct hs_controls_file){
        hs_str_n(name_copy, name.len), hs_str_n(text_copy, rules ? files->rules.len : text.len)};
    return 0;
}

struct hs_controls *controls_book_get_with(struct controls_book *book, const char *hash,
                                           struct hs_str rules)
{
    struct page *page = find(book, hash);
    struct hs_controls *of_log = page ? open_page(page) : NULL;
    struct hs_controls *controls = NULL;
    struct files files = {.rules = rules};
    struct hs_diags diags = {0};
    if (of_log && hs_controls_each_file(hs_controls_packed(of_log), take_file, &files) == 0) {
        hs_controls_parse(files.rows, files.count, &diags, &controls);
    }
    hs_diags_fini(&diags);
    hs_bump_fini(&files.bump);
    return controls;
}

struct hs_controls *controls_book_of_audience(struct controls_book *book, struct hs_str audience,
                                              const char *audience_hash)
{
    char hash[HS_CONTROLS_HASH_BYTES];
    for (size_t i = 0; i < book->count; i++) {
        struct hs_controls *controls = open_page(&book->pages[i]);
        if (!controls) {
            continue;
        }
        if (hs_controls_audience_hash(controls, audience, hash) == 0 &&
            strcmp(hash, audience_hash) == 0) {
            return hs_controls_ref(controls);
        }
    }
    return NULL;
}
