/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of `triage export` share: the request, and one function for each family of formats.
 */
#ifndef TRIAGE_EXPORT_H
#define TRIAGE_EXPORT_H

#include "bundle/bundle.h"
#include "evidence/evidence.h"
#include "output.h"
#include "report/flame.h"

#include <stdint.h>

struct export;

/* A family of formats that --as may name. */
struct export_kind {
	const char *name;
	bool for_people; /* may go to a terminal */
	int (*write)(const struct export *export, struct output *output, struct err *err);
};

struct export
{
	struct export_kind kind;
	const struct flame_format *format; /* of stacks, else NULL */
	const char *view;		   /* NULL: not told */
	const char *input, *output;	   /* output NULL: standard output */
	uint64_t events_max;		   /* 0: the default */
};

/* "-" is standard input. */
int export_load_bundle(const char *path, struct bundle **ret, struct err *err);

/* The evidence of a bundle; NULL when there is none that this version can read. */
struct evidence *export_load_evidence(const struct bundle *bundle);

/* " (it was skipped: REASON)", nothing without evidence. */
void export_tell_stage(const struct evidence *evidence, enum stage_id stage, struct str *out);

/* Stacks of a bundle: folded, svg, speedscope. */
int export_stacks(const struct export *export, struct output *output, struct err *err);

/* The scheduler's timeline of a perf.data file or of what a bundle keeps of it. */
int export_chrome_trace(const struct export *export, struct output *output, struct err *err);

/* The same as text, as perf script prints it. */
int export_perf_script(const struct export *export, struct output *output, struct err *err);

/* The perf.data file that `triage run --keep-trace` put into a bundle. */
int export_perf_data(const struct export *export, struct output *output, struct err *err);

/* True when there may be a view of that name. */
bool export_knows_view(const char *name);
#define EXPORT_VIEWS "on-cpu, off-cpu, wakeup, hot-cold or page-faults"

#endif
