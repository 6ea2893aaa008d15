/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of `perf record`: what its parts share.
 */
#ifndef TRIAGE_STAGE_PERF_FILE_H
#define TRIAGE_STAGE_PERF_FILE_H

#include "evidence/evidence.h"
#include "source/perf_data.h"
#include "symbol/address_space.h"

#include <stdbool.h>

/* Name, kernel and CPUs of the host that was recorded. 0 or -ENOMEM. */
int perf_file_put_host(const struct perf_data *data, struct evidence *evidence);

/* What another file told stays when this one has nothing of it. */
bool perf_file_has_run(const struct evidence *evidence, enum stage_id stage);

/* ---- is what is recorded what is here? (perf_file_fit.c) ------------------------------------ */

#define PERF_FITS 256u

struct perf_fit {
	uint64_t key; /* of path and build id; 0: free */
	uint64_t inode;
	bool there, same;
};

struct perf_fits {
	struct procroot *root;
	struct address_spaces *spaces;
	const struct perf_data *data;
	bool same_host, same_kernel; /* by name and release */
	uint64_t left_out;	     /* mappings of files that are not those that were recorded */
	struct perf_fit known[PERF_FITS];
};

/* Reads the name and the kernel of the host that this runs on. */
void perf_fits_init(struct perf_fits *fits, struct procroot *root, struct address_spaces *spaces,
		    const struct perf_data *data);

/* The mapping as it may be looked up here: a file that is known to be another one, or that can't
 * be compared, keeps only its name, so that nothing is read of it. The path of `ret` leads into
 * `event`. */
void perf_fits_apply(struct perf_fits *fits, const struct mapping_event *event,
		     const struct perf_build_id *id, struct mapping_event *ret);

/* Whether the kernel's symbol "_text" (or "_stext"; `name` is "[kernel.kallsyms]_text") lies at
 * the address that it had: else the host was started again since, and all addresses have moved.
 * True also when that can't be told. */
bool perf_fits_kernel_start(const struct perf_fits *fits, const char *name, uint64_t address);

#endif
