/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines that a terminal broke at its width, as copying from its window gives them: the pieces are
 * as long as the window is wide, but for the last.
 */
#ifndef TRIAGE_IMPORT_UNWRAP_H
#define TRIAGE_IMPORT_UNWRAP_H

#include "import/clean.h"

/* What the lines were, if they were broken: 1; 0 when they don't look so. That they do is no proof,
 * as tables are of one width too. -ENOMEM. */
int unwrap_lines(const struct clean_lines *lines, struct clean_text *ret);

#endif
