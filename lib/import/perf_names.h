/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names in a text of perf, each kept once: a million frames hold a few thousand of them.
 */
#ifndef TRIAGE_IMPORT_PERF_NAMES_H
#define TRIAGE_IMPORT_PERF_NAMES_H

#include "base/span.h"
#include "base/vec.h"

struct perf_names {
	VEC(char *) list;
	uint32_t *slots; /* index + 1; 0: free */
	uint32_t mask;
};

/* Zero-initialise to start. The name's number; the same text has the same number. -ENOMEM. */
int64_t perf_names_add(struct perf_names *names, struct span text);
const char *perf_names_text(const struct perf_names *names, uint32_t number);
void perf_names_free(struct perf_names *names);

#endif
