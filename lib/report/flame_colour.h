/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The colour of a frame: its kind gives the hue, its name the shade, so that the same function
 * looks the same in every picture. All are light enough for dark text.
 */
#ifndef TRIAGE_REPORT_FLAME_COLOUR_H
#define TRIAGE_REPORT_FLAME_COLOUR_H

#include "report/flame.h"

#define FLAME_COLOUR_SIZE 8 /* "#rrggbb" */

/* An empty name gives the middle of the kind. Some kinds have other hues in some views. */
void flame_colour(const char *view, enum flame_kind kind, struct span name,
		  char ret[FLAME_COLOUR_SIZE]);

#endif
