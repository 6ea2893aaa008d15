/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vec.h"

#include <errno.h>
#include <stdint.h>

int vec_grow(void **data, size_t len, size_t *cap, size_t size)
{
	size_t bigger = *cap ? *cap * 2 : 8;
	void *grown;

	if (len < *cap)
		return 0;
	if (bigger > SIZE_MAX / size)
		return -ENOMEM;
	grown = realloc(*data, bigger * size);
	if (!grown)
		return -ENOMEM;
	*data = grown;
	*cap = bigger;
	return 0;
}
