/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of text other than those of perf, one per table that a tool prints.
 */
#ifndef TRIAGE_IMPORT_KINDS_H
#define TRIAGE_IMPORT_KINDS_H

#include "import/gather.h"
#include "import/kind.h"

extern const struct text_kind kind_vmstat, kind_top, kind_uptime, kind_loadavg;
extern const struct text_kind kind_banner, kind_lscpu, kind_free;
extern const struct text_kind kind_pidstat_w, kind_pidstat_wt, kind_pidstat_u, kind_pidstat_ut;
extern const struct text_kind kind_mpstat, kind_sar_u, kind_sar_q, kind_sar_w, kind_sar_dev,
	kind_sar_edev;
extern const struct text_kind kind_iostat, kind_iostat_cpu;
extern const struct text_kind kind_ps, kind_ps_counted;
extern const struct text_kind kind_json;
extern const struct text_kind kind_proc_stat, kind_proc_softirqs, kind_proc_interrupts,
	kind_proc_softnet, kind_proc_net_dev, kind_proc_pressure, kind_proc_meminfo;
extern const struct text_kind kind_named_threads;

#endif
