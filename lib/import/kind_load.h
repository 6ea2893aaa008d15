/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load average in a line of uptime, w or top.
 */
#ifndef TRIAGE_IMPORT_KIND_LOAD_H
#define TRIAGE_IMPORT_KIND_LOAD_H

#include "import/kind.h"

/* False when there is none in the line. */
bool load_average_take(struct import *import, struct span line);

#endif
