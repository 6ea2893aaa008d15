/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One kind of text: a parser that knows where its block begins. The driver (import.c) offers each
 * line to every kind in turn; the first that takes lines wins; lines that nobody takes are counted
 * as not understood (prose, prompts).
 */
#ifndef TRIAGE_IMPORT_KIND_H
#define TRIAGE_IMPORT_KIND_H

#include "base/span.h"
#include "import/import.h"

struct text_kind {
	const char *name;    /* "pidstat -w": as in import_seen */
	enum stage_id stage; /* that it feeds */
	/* Reads a block that begins at lines[0]: how many lines it took, 0 when this is not its kind;
	 * -ENOMEM. Lines are without end of line, control characters and terminal sequences;
	 * full-width digits and punctuation are made plain. They live until it returns. */
	int (*take)(struct import *import, const struct span *lines, size_t count);
};

/* The kinds, in the order in which they are asked; the perf ones are in perf_kinds.c, the others in
 * kinds.c. Those of perf come after these. */
extern const struct text_kind *const text_kinds[];
extern const struct text_kind *const perf_text_kinds[];

/* For parsers. */
struct evidence *import_evidence(struct import *import);

/* Something of the text could not be used although it was recognised: told in the report. */
void import_complain(struct import *import, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* CPUs of the host as the text tells them: --cpus wins, then what says so ("_x86_64_ (8 CPU)",
 * lscpu, a header of perf), then lines of single CPUs. */
void import_tell_cpus(struct import *import, double cpus);

#endif
