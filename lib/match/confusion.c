// SPDX-License-Identifier: Apache-2.0
#include "match/confusion.h"

#include <stdlib.h>

#include "base/error.h"
#include "vrm/vrm.h"

// The default: PB PR CG A4 KX FE VW XY VY VU 7Z 1L TI 68 53 58 08 39 49 WN MN, both ways.
#define V(c) ((c) <= '9' ? (c) - '0' + 1 : (c) - 'A' + 11)
#define B(c) (UINT64_C(1) << (V(c) - 1))
static const struct hs_confusion_table default_table = {.partners = {
                                                            [V('0')] = B('8'),
                                                            [V('1')] = B('L'),
                                                            [V('3')] = B('5') | B('9'),
                                                            [V('4')] = B('A') | B('9'),
                                                            [V('5')] = B('3') | B('8'),
                                                            [V('6')] = B('8'),
                                                            [V('7')] = B('Z'),
                                                            [V('8')] = B('6') | B('5') | B('0'),
                                                            [V('9')] = B('3') | B('4'),
                                                            [V('A')] = B('4'),
                                                            [V('B')] = B('P'),
                                                            [V('C')] = B('G'),
                                                            [V('E')] = B('F'),
                                                            [V('F')] = B('E'),
                                                            [V('G')] = B('C'),
                                                            [V('I')] = B('T'),
                                                            [V('K')] = B('X'),
                                                            [V('L')] = B('1'),
                                                            [V('M')] = B('N'),
                                                            [V('N')] = B('W') | B('M'),
                                                            [V('P')] = B('B') | B('R'),
                                                            [V('R')] = B('P'),
                                                            [V('T')] = B('I'),
                                                            [V('U')] = B('V'),
                                                            [V('V')] = B('W') | B('Y') | B('U'),
                                                            [V('W')] = B('V') | B('N'),
                                                            [V('X')] = B('K') | B('Y'),
                                                            [V('Y')] = B('X') | B('V'),
                                                            [V('Z')] = B('7'),
                                                        }};
#undef V
#undef B

struct named_table {
    char *model; // owned
    struct hs_confusion_table table;
};

struct hs_confusions {
    struct hs_confusion_table fallback;
    struct named_table *tables;
    size_t count;
};

static void add_pair(struct hs_confusion_table *table, unsigned a, unsigned b)
{
    table->partners[a] |= UINT64_C(1) << (b - 1);
    table->partners[b] |= UINT64_C(1) << (a - 1);
}

static int add_line(struct hs_confusion_table *table, struct hs_str line)
{
    const char *comment = line.len ? memchr(line.ptr, '#', line.len) : NULL;
    struct hs_str rest = comment ? hs_str_n(line.ptr, (size_t)(comment - line.ptr)) : line;
    struct hs_str word;
    while (hs_str_split(&rest, ' ', &word)) {
        word = hs_str_trim(word);
        if (word.len == 0) {
            continue;
        }
        unsigned a = hs_vrm_value_of(word.ptr[0]);
        unsigned b = word.len == 2 ? hs_vrm_value_of(word.ptr[1]) : 0;
        if (a == 0 || b == 0 || a == b || word.ptr[0] == '?' || word.ptr[1] == '?') {
            return HS_EFORMAT;
        }
        add_pair(table, a, b);
    }
    return HS_OK;
}

static int parse(struct hs_str pairs, struct hs_confusion_table *ret_table)
{
    struct hs_confusion_table table = {{0}};
    struct hs_str line;
    while (hs_str_split(&pairs, '\n', &line)) {
        if (add_line(&table, line) != HS_OK) {
            return HS_EFORMAT;
        }
    }
    *ret_table = table;
    return HS_OK;
}

int hs_confusions_new(struct hs_confusions **ret_confusions)
{
    struct hs_confusions *confusions = calloc(1, sizeof(*confusions));
    if (!confusions) {
        return HS_ENOMEM;
    }
    confusions->fallback = default_table;
    *ret_confusions = confusions;
    return HS_OK;
}

void hs_confusions_free(struct hs_confusions *confusions)
{
    if (confusions) {
        for (size_t i = 0; i < confusions->count; i++) {
            free(confusions->tables[i].model);
        }
        free(confusions->tables);
        free(confusions);
    }
}

int hs_confusions_add(struct hs_confusions *confusions, struct hs_str model, struct hs_str pairs)
{
    struct hs_confusion_table table;
    if (parse(pairs, &table) != HS_OK) {
        return HS_EFORMAT;
    }
    if (model.len == 0) {
        confusions->fallback = table;
        return HS_OK;
    }
    if (confusions->count == HS_CONFUSION_TABLES_MAX) {
        return HS_ELIMIT;
    }
    struct named_table *tables =
        realloc(confusions->tables, (confusions->count + 1) * sizeof(*tables));
    if (!tables) {
        return HS_ENOMEM;
    }
    confusions->tables = tables;
    char *copy = hs_str_dup(model);
    if (!copy) {
        return HS_ENOMEM;
    }
    tables[confusions->count++] = (struct named_table){copy, table};
    return HS_OK;
}

const struct hs_confusion_table *hs_confusions_find(const struct hs_confusions *confusions,
                                                    struct hs_str model)
{
    for (size_t i = 0; confusions && i < confusions->count; i++) {
        if (hs_str_is(model, confusions->tables[i].model)) {
            return &confusions->tables[i].table;
        }
    }
    return confusions ? &confusions->fallback : &default_table;
}
