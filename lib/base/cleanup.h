/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owners that clean up after themselves at the end of their scope: `_cleanup_(str_free) struct str
 * s`. A destructor takes the address of the variable and accepts NULL and half-built objects.
 */
#ifndef TRIAGE_BASE_CLEANUP_H
#define TRIAGE_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(destructor) __attribute__((cleanup(destructor)))

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE *const *file)
{
	if (*file)
		fclose(*file);
}

/* Moves ownership out of `variable`, which becomes NULL and is no longer cleaned up. */
#define TAKE_PTR(variable)                                \
	({                                                \
		__typeof__(variable) taken_ = (variable); \
		(variable) = NULL;                        \
		taken_;                                   \
	})

#define TAKE_FD(variable)                \
	({                               \
		int taken_ = (variable); \
		(variable) = -1;         \
		taken_;                  \
	})

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
