/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an export goes: standard output, or a file that is there complete or not at all.
 *
 *   r = output_open(path, &output, &err);      NULL: standard output
 *   r = output_write(&output, bytes, len);     as often as it takes
 *   r = output_commit(&output, &err);
 *   output_drop(&output);			in any case: what was not committed is gone
 */
#ifndef TRIAGE_OUTPUT_H
#define TRIAGE_OUTPUT_H

#include "base/err.h"

#include <stddef.h>

#define OUTPUT_BUFFER ((size_t)64 << 10)

struct output {
	const char *path; /* NULL: standard output */
	char *draft;	  /* the file's name until it is complete */
	int fd;
	int error; /* -errno of the first write that failed; nothing is written after it */
	size_t len;
	char buffer[OUTPUT_BUFFER];
};

/* Nothing but a regular file gives way: -EEXIST; else what open said. */
int output_open(const char *path, struct output *ret, struct err *err);

/* 0 or -errno. `context` is the output: fits the writers' sinks. */
int output_write(void *context, const char *bytes, size_t len);

/* Tells of any write that failed. The file is as readable as one that a shell would make. */
int output_commit(struct output *output, struct err *err);
void output_drop(struct output *output);

#endif
