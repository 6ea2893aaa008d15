/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pasted bytes made into plain lines: no CR, no terminal sequences, no control characters;
 * full-width digits, letters and punctuation, typographic blanks, quotes and dashes as in ASCII; no
 * marks of quoting (">") before a line.
 */
#ifndef TRIAGE_IMPORT_CLEAN_H
#define TRIAGE_IMPORT_CLEAN_H

#include "base/span.h"
#include "base/str.h"
#include "base/vec.h"

VEC_DECLARE(clean_lines, struct span);

#define CLEAN_LINES_MAX (1u << 22)

struct clean_text {
	struct str text;
	struct clean_lines lines; /* into `text` */
	bool cut;		  /* there were more lines than CLEAN_LINES_MAX */
};

/* -ENOMEM. */
int clean_text_make(const char *bytes, size_t len, struct clean_text *ret);
void clean_text_free(struct clean_text *clean);

#endif
