/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/perf_kinds.h"

/* Those with the most telling lines first. */
const struct text_kind *const perf_text_kinds[] = {
	&kind_perf_latency,
	&kind_perf_timehist,
	&kind_perf_summary,
	&kind_perf_script_sched,
	&kind_perf_script,
	&kind_perf_report,
	&kind_perf_top,
	&kind_perf_top_names,
	&kind_perf_command,
	&kind_perf_labelled,
	NULL,
};
