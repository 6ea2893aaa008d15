/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that people have: what vmstat, top, pidstat, ps, perf ... printed, pasted into one file or
 * several, with prompts, prose and broken lines between. What is recognised becomes evidence; what
 * is not is counted and said. Nothing is invented: a number that can't be read is unknown.
 *
 *   import_new(&options, evidence, &import);
 *   import_text(import, "paste.txt", bytes, len);     once for each text
 *   import_end(import);                                derived metrics, the stages' records, caveats
 *
 * The evidence of a text is of lower quality than that of a run: moments of one tool, rounded, of
 * unknown times. Every stage that text fed is STAGE_DEGRADED and says by what ("from text of vmstat
 * and pidstat"); metric self.input is "text". Stages that a file of perf gave before keep its record.
 */
#ifndef TRIAGE_IMPORT_IMPORT_H
#define TRIAGE_IMPORT_IMPORT_H

#include "base/err.h"
#include "evidence/evidence.h"

#include <stddef.h>

#define IMPORT_BYTES_MAX ((size_t)64 << 20) /* of one text */

struct import_options {
	double cpus; /* of the host, told by the user (--cpus); 0: from the text, else unknown */
};

struct import;

int import_new(const struct import_options *options, struct evidence *evidence,
	       struct import **ret);
void import_free(struct import *import);
void import_freep(struct import **import);

/* 0 also when nothing in it was recognised; -E2BIG, -ENOMEM. */
int import_text(struct import *import, const char *name, const char *bytes, size_t len);

/* -ENODATA: nothing at all was recognised, `err` says what would be. Once. */
int import_end(struct import *import, struct err *err);

/* How many blocks of which kind ("vmstat", "pidstat -w") were read, after import_end() those with
 * most lines first; NULL at the end. */
struct import_seen {
	const char *kind;
	unsigned blocks, lines;
};

const struct import_seen *import_seen(const struct import *import, size_t index);

#endif
