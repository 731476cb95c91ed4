// SPDX-License-Identifier: Apache-2.0
#include "controls/controls.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "controls/source.h"
#include "hitstream/v1/controls.pb-c.h"

struct hs_controls {
    atomic_uint references;              // unref releases, the last one acquires before it frees
    char hash[HS_CONTROLS_HASH_BYTES];   // "" before any were activated
    struct hs_buf packed;                // the source
    char common[HS_CONTROLS_HASH_BYTES]; // hash of what concerns every audience: cameras, rules
    struct hs_cameras *cameras;
    struct hs_groups *groups;
    struct hs_routes *routes;
    struct hs_roads *roads; // without links where there is no roads.csv
    struct hs_rules rules;
};

static void controls_free(struct hs_controls *controls)
{
    if (controls) {
        hs_cameras_free(controls->cameras);
        hs_groups_free(controls->groups);
        hs_routes_free(controls->routes);
        hs_roads_free(controls->roads);
        hs_buf_fini(&controls->packed);
        free(controls);
    }
}

struct hs_controls *hs_controls_ref(struct hs_controls *controls)
{
    atomic_fetch_add_explicit(&controls->references, 1, memory_order_relaxed);
    return controls;
}

void hs_controls_unref(struct hs_controls *controls)
{
    if (controls &&
        atomic_fetch_sub_explicit(&controls->references, 1, memory_order_acq_rel) == 1) {
        controls_free(controls);
    }
}

// ------------------------------------------------------------------ parts against each other

static int by_word(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Sorted and each once; ends with NULL.
static void tidy_words(const char **words, size_t count)
{
    size_t kept = 0;
    qsort(words, count, sizeof(*words), by_word);
    for (size_t i = 0; i < count; i++) {
        if (words[i][0] != '\0' && (kept == 0 || strcmp(words[kept - 1], words[i]) != 0)) {
            words[kept++] = words[i];
        }
    }
    words[kept] = NULL;
}

// Names that cameras give to places of one kind.
struct place_names {
    const char **names; // sorted, each once; ends with NULL
    size_t offset;      // of the text in struct hs_camera
};

static int collect(const struct hs_cameras *cameras, struct hs_bump *bump,
                   struct place_names *place)
{
    size_t count = hs_cameras_count(cameras);
    place->names = hs_bump_alloc(bump, (count + 1) * sizeof(*place->names));
    for (size_t i = 0; place->names && i < count; i++) {
        const char *camera = (const char *)hs_cameras_at(cameras, i);
        struct hs_str text;
        memcpy(&text, camera + place->offset, sizeof(text));
        place->names[i] = hs_bump_copy(bump, text.ptr, text.len);
        if (!place->names[i]) {
            return HS_ENOMEM;
        }
    }
    if (!place->names) {
        return HS_ENOMEM;
    }
    tidy_words(place->names, count);
    return 0;
}

// ------------------------------------------------------------------ building

static int by_str(const void *a, const void *b)
{
    return hs_str_cmp(*(const struct hs_str *)a, *(const struct hs_str *)b);
}

// The sites of the register, in order; some may stand there more than once.
struct sites {
    struct hs_str *names;
    size_t count;
};

static bool is_site(void *ctx, struct hs_str site)
{
    const struct sites *sites = ctx;
    return sites->count > 0 &&
           bsearch(&site, sites->names, sites->count, sizeof(site), by_str) != NULL;
}

// Links lead from and to sites at which cameras stand.
static int check_roads(const struct hs_cameras *cameras, const struct hs_roads *roads,
                       struct hs_diags *diags)
{
    struct sites sites = {.count = hs_cameras_count(cameras)};
    sites.names = calloc(sites.count + 1, sizeof(*sites.names));
    if (!sites.names) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < sites.count; i++) {
        sites.names[i] = hs_cameras_at(cameras, i)->site_id;
    }
    qsort(sites.names, sites.count, sizeof(*sites.names), by_str);
    hs_roads_check_sites(roads, hs_controls_part_names[HS_CONTROLS_ROADS], is_site, &sites, diags);
    free(sites.names);
    return 0;
}

// The road table, or one without links where there is none.
static int parse_roads(const struct hs_str texts[HS_CONTROLS_PARTS],
                       const bool given[HS_CONTROLS_PARTS], struct hs_diags *diags,
                       struct hs_controls *controls)
{
    if (!given[HS_CONTROLS_ROADS] || texts[HS_CONTROLS_ROADS].len == 0) {
        controls->roads = hs_roads_empty();
        return controls->roads ? 0 : HS_ENOMEM;
    }
    int rc = hs_roads_parse(texts[HS_CONTROLS_ROADS], hs_controls_part_names[HS_CONTROLS_ROADS],
                            diags, &controls->roads);
    return rc == 0 && controls->cameras ? check_roads(controls->cameras, controls->roads, diags)
                                        : rc;
}

// Queues and operations; they may care only for places in which cameras stand.
static int parse_routes(const struct hs_str texts[HS_CONTROLS_PARTS], struct hs_diags *diags,
                        struct hs_controls *controls)
{
    const struct hs_routes_file queues = {texts[HS_CONTROLS_QUEUES],
                                          hs_controls_part_names[HS_CONTROLS_QUEUES]};
    const struct hs_routes_file operations = {texts[HS_CONTROLS_OPERATIONS],
                                              hs_controls_part_names[HS_CONTROLS_OPERATIONS]};
    struct place_names places[] = {
        {NULL, offsetof(struct hs_camera, force)},
        {NULL, offsetof(struct hs_camera, area)},
        {NULL, offsetof(struct hs_camera, road)},
        {NULL, offsetof(struct hs_camera, site_id)},
    };
    struct hs_bump bump = {0};
    int rc = 0;
    for (size_t i = 0; controls->cameras && rc == 0 && i < sizeof(places) / sizeof(places[0]);
         i++) {
        rc = collect(controls->cameras, &bump, &places[i]);
    }
    const struct hs_route_places known = {places[0].names, places[1].names, places[2].names,
                                          places[3].names};
    if (rc == 0) {
        rc = hs_routes_parse_all(&queues, &operations, controls->cameras ? &known : NULL, diags,
                                 &controls->routes);
    }
    hs_bump_fini(&bump);
    return rc;
}

// Each part that was given, all faults of all of them; then what they are to each other.
static int parse_parts(const struct hs_str texts[HS_CONTROLS_PARTS],
                       const bool given[HS_CONTROLS_PARTS], struct hs_diags *diags,
                       struct hs_controls *controls)
{
    int cameras_rc = 0;
    int routes_rc = 0;
    int rules_rc = 0;
    if (given[HS_CONTROLS_CAMERAS]) {
        cameras_rc = hs_cameras_parse(texts[HS_CONTROLS_CAMERAS],
                                      hs_controls_part_names[HS_CONTROLS_CAMERAS], diags,
                                      &controls->cameras);
    }
    if (given[HS_CONTROLS_QUEUES]) {
        routes_rc = parse_routes(texts, diags, controls);
    }
    if (given[HS_CONTROLS_RULES]) {
        rules_rc =
            hs_rules_parse(texts[HS_CONTROLS_RULES], hs_controls_part_names[HS_CONTROLS_RULES],
                           diags, &controls->rules);
    }
    int roads_rc = parse_roads(texts, given, diags, controls);
    int groups_rc =
        hs_groups_parse(texts[HS_CONTROLS_GROUPS], hs_controls_part_names[HS_CONTROLS_GROUPS],
                        diags, &controls->groups);
    roads_rc = roads_rc ? roads_rc : groups_rc;
    return cameras_rc ? cameras_rc : routes_rc ? routes_rc : rules_rc ? rules_rc : roads_rc;
}

// Packs and names what was parsed.
static int seal(const struct hs_str texts[HS_CONTROLS_PARTS], struct hs_controls *controls)
{
    struct hs_buf common = {0};
    int rc = hs_controls_pack(texts, &controls->packed);
    if (rc == 0) {
        hs_controls_hash_text(hs_buf_str(&controls->packed), controls->hash);
        hs_cameras_canonical(controls->cameras, &common);
        hs_rules_canonical(&controls->rules, &common);
        if (hs_roads_count(controls->roads) > 0) {
            hs_roads_canonical(controls->roads, &common);
        }
        hs_controls_hash_text(hs_buf_str(&common), controls->common);
        rc = hs_buf_status(&common);
    }
    hs_buf_fini(&common);
    return rc;
}

static struct hs_controls *controls_new(void)
{
    struct hs_controls *controls = calloc(1, sizeof(*controls));
    if (controls) {
        atomic_init(&controls->references, 1);
    }
    return controls;
}

int hs_controls_parse(const struct hs_controls_file *files, size_t file_count,
                      struct hs_diags *diags, struct hs_controls **ret_controls)
{
    struct hs_str texts[HS_CONTROLS_PARTS];
    bool given[HS_CONTROLS_PARTS];
    size_t errors = diags->errors;
    struct hs_controls *controls = controls_new();
    if (!controls) {
        return HS_ENOMEM;
    }
    hs_controls_sort(files, file_count, diags, texts, given);
    int rc = parse_parts(texts, given, diags, controls);
    if (rc == 0) {
        rc = diags->errors == errors ? seal(texts, controls) : HS_EFORMAT;
    }
    if (rc != 0) {
        controls_free(controls);
        return rc;
    }
    *ret_controls = controls;
    return 0;
}

int hs_controls_unpack(struct hs_str packed, struct hs_diags *diags,
                       struct hs_controls **ret_controls)
{
    Hitstream__V1__ControlsSource *source =
        hitstream__v1__controls_source__unpack(NULL, packed.len, (const uint8_t *)packed.ptr);
    if (!source) {
        struct hs_diag_place place = {.file = "controls"};
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "these bytes are no packed controls");
        return HS_EFORMAT;
    }
    struct hs_controls_file *files = calloc(source->n_files + 1, sizeof(*files));
    int rc = files ? 0 : HS_ENOMEM;
    for (size_t i = 0; i < source->n_files && rc == 0; i++) {
        files[i].name = hs_str(source->files[i]->name);
        files[i].text = hs_str_n(source->files[i]->text.data, source->files[i]->text.len);
    }
    if (rc == 0) {
        rc = hs_controls_parse(files, source->n_files, diags, ret_controls);
    }
    free(files);
    hitstream__v1__controls_source__free_unpacked(source, NULL);
    return rc;
}

struct hs_controls *hs_controls_empty(void)
{
    static const struct hs_controls_file files[] = {
        {{"cameras.csv", 11}, {"camera,site,force\n", 18}},
        {{"queues.yaml", 11}, {"queues: {}\n", 11}},
        {{"rules.yaml", 10}, {"", 0}},
    };
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    if (hs_controls_parse(files, sizeof(files) / sizeof(files[0]), &diags, &controls) == 0) {
        controls->hash[0] = '\0';
    }
    hs_diags_fini(&diags);
    return controls;
}

// ------------------------------------------------------------------ reading

struct hs_str hs_controls_packed(const struct hs_controls *controls)
{
    return hs_buf_str(&controls->packed);
}

const char *hs_controls_hash(const struct hs_controls *controls)
{
    return controls->hash;
}

const struct hs_cameras *hs_controls_cameras(const struct hs_controls *controls)
{
    return controls->cameras;
}

const struct hs_groups *hs_controls_groups(const struct hs_controls *controls)
{
    return controls->groups;
}

const struct hs_routes *hs_controls_routes(const struct hs_controls *controls)
{
    return controls->routes;
}

const struct hs_roads *hs_controls_roads(const struct hs_controls *controls)
{
    return controls->roads;
}

const struct hs_rules *hs_controls_rules(const struct hs_controls *controls)
{
    return &controls->rules;
}

int hs_controls_audience_hash(const struct hs_controls *controls, struct hs_str audience,
                              char ret_hash[HS_CONTROLS_HASH_BYTES])
{
    struct hs_buf text = {0};
    hs_buf_add_text(&text, controls->common);
    hs_routes_canonical(controls->routes, audience, &text);
    hs_groups_canonical(controls->groups, audience, &text);
    int rc = hs_buf_status(&text);
    if (rc == 0) {
        hs_controls_hash_text(hs_buf_str(&text), ret_hash);
    }
    hs_buf_fini(&text);
    return rc;
}
