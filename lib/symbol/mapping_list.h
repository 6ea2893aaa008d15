/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings of one process, ascending and without overlap. */
#ifndef TRIAGE_SYMBOL_MAPPING_LIST_H
#define TRIAGE_SYMBOL_MAPPING_LIST_H

#include "base/vec.h"
#include "symbol/address_space.h"

VEC_DECLARE(mapping_list, struct mapping);

/* Puts a mapping in; what it overlaps is cut (in two when it lies within one). No more than `max`
 * are kept: `ret_left_out` of the pieces did not fit. 0 or -ENOMEM. */
int mapping_list_put(struct mapping_list *list, const struct mapping *mapping, size_t max,
		     size_t *ret_left_out);

const struct mapping *mapping_list_find(const struct mapping_list *list, uint64_t address);

#endif
