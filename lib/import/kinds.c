/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/kinds.h"

/* A line may look like two of them: the one with more words of its own stands first. */
const struct text_kind *const text_kinds[] = {
	&kind_json,
	&kind_banner,
	&kind_vmstat,
	&kind_top,
	&kind_pidstat_wt,
	&kind_pidstat_w,
	&kind_pidstat_ut,
	&kind_pidstat_u,
	&kind_mpstat,
	&kind_iostat_cpu,
	&kind_iostat,
	&kind_sar_u,
	&kind_sar_q,
	&kind_sar_w,
	&kind_sar_dev,
	&kind_sar_edev,
	&kind_ps,
	&kind_uptime,
	&kind_loadavg,
	&kind_lscpu,
	&kind_free,
	&kind_proc_stat,
	&kind_proc_softirqs,
	&kind_proc_interrupts,
	&kind_proc_net_dev,
	&kind_proc_softnet,
	&kind_proc_pressure,
	&kind_proc_meminfo,
	NULL,
};

const struct text_kind *const loose_text_kinds[] = {
	&kind_ps_counted,
	&kind_named_threads,
	NULL,
};
