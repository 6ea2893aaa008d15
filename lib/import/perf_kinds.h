/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of text that perf prints.
 */
#ifndef TRIAGE_IMPORT_PERF_KINDS_H
#define TRIAGE_IMPORT_PERF_KINDS_H

#include "import/kind.h"

extern const struct text_kind kind_perf_latency, kind_perf_labelled, kind_perf_command;
extern const struct text_kind kind_perf_timehist, kind_perf_summary;
extern const struct text_kind kind_perf_script, kind_perf_script_sched;
extern const struct text_kind kind_perf_report, kind_perf_top, kind_perf_top_names;

#endif
