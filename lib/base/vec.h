/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A typed growing array: `VEC(struct disk) disks = { 0 };` then vec_push(&disks, disk).
 *
 * Invariants: data[0 .. len-1] are valid, len <= cap. Items are moved by memcpy when the array
 * grows, so pointers into it live until the next push. vec_free() frees the array, not what items
 * own.
 */
#ifndef TRIAGE_BASE_VEC_H
#define TRIAGE_BASE_VEC_H

#include <stddef.h>
#include <stdlib.h>

#define VEC(type) struct VEC_BODY(type)
#define VEC_BODY(type)      \
	{                   \
		type *data; \
		size_t len; \
		size_t cap; \
	}

/* Names such an array, so that it can cross functions: VEC_DECLARE(disks, struct disk); */
#define VEC_DECLARE(name, type) struct name VEC_BODY(type)

/* Makes room for one more item of `size` bytes; 0 or -ENOMEM. Used through vec_push(). */
int vec_grow(void **data, size_t len, size_t *cap, size_t size);

/* Appends a copy of `item`; 0 or -ENOMEM. */
#define vec_push(v, item)                                                                       \
	({                                                                                      \
		int vec_r_ =                                                                    \
			vec_grow((void **)&(v)->data, (v)->len, &(v)->cap, sizeof(*(v)->data)); \
		if (vec_r_ == 0)                                                                \
			(v)->data[(v)->len++] = (item);                                         \
		vec_r_;                                                                         \
	})

/* The address of item `index` (which must exist). */
#define vec_at(v, index) (&(v)->data[index])

#define vec_each(item, v)                                                                     \
	for (__typeof__((v)->data + 0) item = (v)->data; item && item < (v)->data + (v)->len; \
	     item++)

#define vec_free(v)               \
	do {                      \
		free((v)->data);  \
		(v)->data = NULL; \
		(v)->len = 0;     \
		(v)->cap = 0;     \
	} while (0)

#endif
