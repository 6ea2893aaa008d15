/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cJSON trees, from hostile text and back to text: what evidence.json and manifest.json share.
 */
#ifndef TRIAGE_EVIDENCE_JSON_TREE_H
#define TRIAGE_EVIDENCE_JSON_TREE_H

#include "base/err.h"
#include "base/str.h"

#include <cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void json_tree_freep(cJSON **tree); /* for _cleanup_ */

/* Reads a whole document that passes json_text_check(). -EBADMSG with the line in `err`, -ENOMEM.
 * `ret` must be freed by cJSON_Delete(). */
int json_tree_read(const char *text, size_t len, size_t values_max, cJSON **ret, struct err *err);

/* Hands `item` over to `object`; false, and the item is gone, when either is NULL or there is no
 * memory. `name` must outlive the tree. */
bool json_tree_put(cJSON *object, const char *name, cJSON *item);
bool json_tree_append(cJSON *array, cJSON *item);

/* A finite number in the fewest digits that read back to the same bits (cJSON's own printing may
 * lose the last one); NULL when out of memory. */
cJSON *json_tree_number(double number);

/* Appends the tree as indented text and a final newline; -ENOMEM. */
int json_tree_write(const cJSON *tree, struct str *out);

/* True when `item` is a whole number from 0 to `max` (at most 2^53). */
bool json_tree_u64(const cJSON *item, uint64_t max, uint64_t *ret_value);

#endif
