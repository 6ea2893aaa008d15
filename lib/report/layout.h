/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Setting text on a terminal of fixed pitch: how wide it is, and wrapping with a hanging indent.
 * Texts are well-formed UTF-8 without control characters (base/text.h); locales are not asked.
 */
#ifndef TRIAGE_REPORT_LAYOUT_H
#define TRIAGE_REPORT_LAYOUT_H

#include "base/span.h"
#include "base/str.h"

/* Columns that the text takes: combining marks take none, East Asian wide characters and emoji
 * two. */
int layout_width(struct span text);

/* Appends `count` blanks. */
void layout_pad(struct str *out, int count);

/* Appends the text, of which the first line starts at column `at`, and ends it with '\n'. Lines
 * break at blanks; those that follow are indented by `hang`, which must leave room in `columns`. A
 * word that is wider than a line is broken inside. No line gets wider than `columns` or ends with
 * a blank. */
void layout_wrap(struct str *out, struct span text, int at, int hang, int columns);

#endif
