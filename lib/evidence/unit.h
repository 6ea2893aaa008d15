/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units of evidence: how a quantity is written in a rule ("77 ms") and shown to a person ("412k/s").
 */
#ifndef TRIAGE_EVIDENCE_UNIT_H
#define TRIAGE_EVIDENCE_UNIT_H

#include "base/span.h"
#include "base/str.h"

#include <stdbool.h>

enum unit {
	UNIT_TEXT,  /* not a quantity */
	UNIT_COUNT, /* things */
	UNIT_RATIO, /* quantity over quantity */
	UNIT_PCT,   /* 0 .. 100; CPU time of many threads may exceed 100 (100 = one CPU) */
	UNIT_CPUS,  /* CPUs, fractions allowed (a quota of 1.5) */
	UNIT_PER_S, /* events per second */
	UNIT_BYTES,
	UNIT_BYTES_PER_S,
	UNIT_MS,
	UNIT_S,
	UNIT_TOTAL,
};

/* "count", "percent", "per_second" ...: the name in JSON and in the manual. */
const char *unit_name(enum unit unit);

/* Reads "77", "77 ms", "10k", "95 %", "64 MiB" as a value in `unit`. -EINVAL when the text is not a
 * number, -EDOM when its suffix does not belong to the unit. */
int unit_parse(enum unit unit, struct span text, double *ret_value);

/* Appends the value as a person reads it, with its unit; NAN is shown as "unknown". */
void unit_format(struct str *out, enum unit unit, double value);

#endif
