/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the views have of their own: the words around a picture, what its width is, which kinds of
 * frames it tells apart. Inside of the flame graph's writers.
 */
#ifndef TRIAGE_REPORT_FLAME_VIEW_H
#define TRIAGE_REPORT_FLAME_VIEW_H

#include "report/flame.h"

#define FLAME_LEGEND_MAX 8
#define FLAME_WAKER_MARK "--" /* between the stack that was blocked and its waker's, leaf first */

struct flame_legend {
	enum flame_kind kind;
	const char *text; /* NULL: the end */
	int width;	  /* of the text, px */
};

struct flame_view {
	const char *name;    /* "off-cpu" */
	const char *heading; /* "Off-CPU flame graph" */
	const char *empty;   /* why there may be no stacks */
	const char *width;   /* what width is when stacks are of time */
	const char *above;   /* what lies above what */
	struct flame_legend legend[FLAME_LEGEND_MAX];
};

/* That of an unknown view has the plain name "Flame graph". Never NULL. */
const struct flame_view *flame_view_of(const char *name);

#endif
