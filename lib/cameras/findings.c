// SPDX-License-Identifier: Apache-2.0
#include "cameras/findings.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

struct hs_camera_findings {
    Hitstream__V1__CameraHealth **rows; // owned, in order of first mention
    size_t count;
    size_t capacity;
    uint32_t *buckets; // open addressing: 1 + index; 0: empty
    size_t bucket_count;
    uint64_t version;
};

static Hitstream__V1__CameraHealth *copy_of(const Hitstream__V1__CameraHealth *health)
{
    size_t len = hitstream__v1__camera_health__get_packed_size(health);
    uint8_t *bytes = malloc(len + 1);
    Hitstream__V1__CameraHealth *copy = NULL;
    if (bytes) {
        hitstream__v1__camera_health__pack(health, bytes);
        copy = hitstream__v1__camera_health__unpack(NULL, len, bytes);
    }
    free(bytes);
    return copy;
}

static size_t bucket_of(const struct hs_camera_findings *findings, struct hs_str id)
{
    size_t mask = findings->bucket_count - 1;
    size_t at = hs_hash_bytes(id.ptr, id.len, 0) & mask;
    while (findings->buckets[at] &&
           !hs_str_is(id, findings->rows[findings->buckets[at] - 1]->camera_id)) {
        at = (at + 1) & mask;
    }
    return at;
}

static void index_all(struct hs_camera_findings *findings)
{
    memset(findings->buckets, 0, findings->bucket_count * sizeof(*findings->buckets));
    for (size_t i = 0; i < findings->count; i++) {
        findings->buckets[bucket_of(findings, hs_str(findings->rows[i]->camera_id))] =
            (uint32_t)i + 1;
    }
}

static int grow(struct hs_camera_findings *findings, size_t least)
{
    size_t capacity = findings->capacity ? findings->capacity : 16;
    while (capacity < least) {
        capacity *= 2;
    }
    if (capacity == findings->capacity) {
        return 0;
    }
    Hitstream__V1__CameraHealth **rows = realloc(findings->rows, capacity * sizeof(*rows));
    uint32_t *buckets = calloc(2 * capacity, sizeof(*buckets));
    findings->rows = rows ? rows : findings->rows;
    if (!rows || !buckets) {
        free(buckets);
        return HS_ENOMEM;
    }
    free(findings->buckets);
    findings->buckets = buckets;
    findings->bucket_count = 2 * capacity;
    findings->capacity = capacity;
    index_all(findings);
    return 0;
}

int hs_camera_findings_new(const struct hs_camera_findings *from,
                           struct hs_camera_findings **ret_findings)
{
    struct hs_camera_findings *findings = calloc(1, sizeof(*findings));
    int rc = findings ? grow(findings, from ? from->count : 1) : HS_ENOMEM;
    for (size_t i = 0; rc == 0 && from && i < from->count; i++) {
        findings->rows[i] = copy_of(from->rows[i]);
        rc = findings->rows[i] ? 0 : HS_ENOMEM;
        findings->count += rc == 0;
    }
    if (rc != 0) {
        hs_camera_findings_free(findings);
        return rc;
    }
    index_all(findings);
    findings->version = from ? from->version + 1 : 1;
    *ret_findings = findings;
    return 0;
}

void hs_camera_findings_free(struct hs_camera_findings *findings)
{
    if (findings) {
        for (size_t i = 0; i < findings->count; i++) {
            hitstream__v1__camera_health__free_unpacked(findings->rows[i], NULL);
        }
        free(findings->rows);
        free(findings->buckets);
        free(findings);
    }
}

static void remove_row(struct hs_camera_findings *findings, size_t index)
{
    hitstream__v1__camera_health__free_unpacked(findings->rows[index], NULL);
    findings->count--;
    memmove(&findings->rows[index], &findings->rows[index + 1],
            (findings->count - index) * sizeof(findings->rows[0]));
    index_all(findings);
}

int hs_camera_findings_put(struct hs_camera_findings *findings, struct hs_str camera_id,
                           struct hs_str health)
{
    if (camera_id.len == 0 || camera_id.ptr[0] == '/') {
        return 0;
    }
    Hitstream__V1__CameraHealth *row =
        health.len > 0
            ? hitstream__v1__camera_health__unpack(NULL, health.len, (const uint8_t *)health.ptr)
            : NULL;
    uint32_t stands = findings->buckets[bucket_of(findings, camera_id)];
    int rc = 0;
    if (health.len > 0 &&
        (!row || !hs_str_is(camera_id, row->camera_id) || row->n_faults > HS_CAMERA_FAULTS_MAX)) {
        rc = HS_EFORMAT;
    } else if (!row || row->n_faults == 0) {
        if (stands) {
            remove_row(findings, stands - 1);
        }
    } else if (stands) {
        hitstream__v1__camera_health__free_unpacked(findings->rows[stands - 1], NULL);
        findings->rows[stands - 1] = row;
        return 0;
    } else {
        rc = findings->count < HS_CAMERA_FINDINGS_MAX ? grow(findings, findings->count + 1)
                                                      : HS_ELIMIT;
        if (rc == 0) {
            size_t at = bucket_of(findings, camera_id);
            findings->rows[findings->count++] = row;
            findings->buckets[at] = (uint32_t)findings->count;
            return 0;
        }
    }
    hitstream__v1__camera_health__free_unpacked(row, NULL);
    return rc;
}

const Hitstream__V1__CameraHealth *hs_camera_findings_get(const struct hs_camera_findings *findings,
                                                          struct hs_str camera_id)
{
    uint32_t at =
        findings && findings->count > 0 ? findings->buckets[bucket_of(findings, camera_id)] : 0;
    return at ? findings->rows[at - 1] : NULL;
}

const Hitstream__V1__CameraHealth *hs_camera_findings_at(const struct hs_camera_findings *findings,
                                                         size_t index)
{
    return findings && index < findings->count ? findings->rows[index] : NULL;
}

size_t hs_camera_findings_count(const struct hs_camera_findings *findings)
{
    return findings ? findings->count : 0;
}

uint64_t hs_camera_findings_version(const struct hs_camera_findings *findings)
{
    return findings ? findings->version : 0;
}

// ------------------------------------------------------------------ for people

const char *hs_camera_fault_name(Hitstream__V1__CameraFaultKind kind)
{
    static const char *const names[] = {"unknown", "clock", "place", "silent", "collapse"};
    return kind > 0 && (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : names[0];
}

static void print_offset(int64_t offset_ms, struct hs_buf *out)
{
    uint64_t s = ((uint64_t)(offset_ms < 0 ? -offset_ms : offset_ms) + 500) / 1000;
    if (s >= 3600) {
        hs_buf_printf(out, "%llu h ", (unsigned long long)(s / 3600));
    }
    if (s >= 60) {
        hs_buf_printf(out, "%llu min ", (unsigned long long)(s / 60 % 60));
    }
    hs_buf_printf(out, "%llu s %s", (unsigned long long)(s % 60), offset_ms < 0 ? "slow" : "ahead");
}

void hs_camera_fault_print(const Hitstream__V1__CameraFault *fault, struct hs_buf *out)
{
    switch (fault->kind) {
    case HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK:
        hs_buf_add_text(out, "its clock is ");
        print_offset(fault->offset_ms, out);
        break;
    case HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE:
        hs_buf_add_text(out, "it does not stand where the register says");
        break;
    case HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_SILENT:
        hs_buf_add_text(out, "it reports nothing where vehicles pass");
        break;
    case HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_COLLAPSE:
        hs_buf_add_text(out, "it reports far fewer reads than it should");
        break;
    default:
        hs_buf_add_text(out, "something is wrong with it");
        break;
    }
}
