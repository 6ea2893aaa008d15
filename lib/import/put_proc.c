/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/gather.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER_HZ 100
#define LINES_MAX 32

/* The same file at two moments; `elapsed_s` is NAN when nothing tells how far apart they are. */
struct pair {
	const struct proc_copy *before, *after;
	double elapsed_s;
};

/* ---- which copies, and the time between them ----------------------------------------------------- */

static size_t count_copies(const struct import *import, enum proc_copy_kind kind)
{
	size_t count = 0;

	vec_each(copy, &import->copies)
		count += copy->kind == kind;
	return count;
}

static struct pair find_pair(const struct import *import, enum proc_copy_kind kind)
{
	struct pair pair = { .elapsed_s = NAN };

	vec_each(copy, &import->copies) {
		if (copy->kind != kind)
			continue;
		if (!pair.before)
			pair.before = copy;
		pair.after = copy;
	}
	return pair;
}

static double ticks_of(const struct proc_copy *copy, const struct proc_copy_row *row)
{
	double sum = 0;

	/* guest is in user already */
	for (size_t i = 0; i < 8; i++) {
		double value = proc_copy_value(copy, row, i);

		sum += isnan(value) ? 0 : value;
	}
	return sum;
}

static size_t count_cpus(const struct proc_copy *copy)
{
	size_t cpus = 0;

	vec_each(row, &copy->rows)
		cpus += strncmp(row->name, "cpu", 3) == 0 && row->name[3];
	return cpus;
}

/* /proc/stat tells the time by itself: the ticks that all CPUs together counted. */
static struct pair stat_pair(const struct import *import, bool *ret_swapped)
{
	struct pair pair = find_pair(import, COPY_STAT);
	double before, after;
	size_t cpus;

	*ret_swapped = false;
	if (!pair.before || pair.before == pair.after)
		return pair;
	before = ticks_of(pair.before, proc_copy_find(pair.before, "cpu"));
	after = ticks_of(pair.after, proc_copy_find(pair.after, "cpu"));
	if (after < before) {
		const struct proc_copy *first = pair.before;

		pair.before = pair.after;
		pair.after = first;
		*ret_swapped = true;
	}
	cpus = count_cpus(pair.after);
	if (cpus && after != before)
		pair.elapsed_s = fabs(after - before) / USER_HZ / (double)cpus;
	return pair;
}

/* Other files have no clock: they were copied with /proc/stat when there are as many of them. */
static struct pair timed_pair(const struct import *import, enum proc_copy_kind kind)
{
	struct pair pair = find_pair(import, kind), stat;
	bool swapped;

	if (!pair.before || pair.before == pair.after ||
	    count_copies(import, kind) != count_copies(import, COPY_STAT))
		return pair;
	stat = stat_pair(import, &swapped);
	pair.elapsed_s = stat.elapsed_s;
	if (swapped) {
		const struct proc_copy *first = pair.before;

		pair.before = pair.after;
		pair.after = first;
	}
	return pair;
}

/* NAN when either side lacks it or it ran backwards. */
static double growth(const struct pair *pair, const char *name, size_t index)
{
	double before = proc_copy_value(pair->before, proc_copy_find(pair->before, name), index);
	double after = proc_copy_value(pair->after, proc_copy_find(pair->after, name), index);

	return after >= before ? after - before : NAN;
}

/* ---- stat ---------------------------------------------------------------------------------------- */

static double known(double value)
{
	return isnan(value) ? 0 : value;
}

static int add_shares(struct import *import, const struct pair *pair, const char *name, int cpu)
{
	double part[10], all = 0;
	struct cpu_parts parts;

	for (size_t i = 0; i < ARRAY_SIZE(part); i++)
		part[i] = known(growth(pair, name, i));
	for (size_t i = 0; i < 8; i++)
		all += part[i];
	if (!(all > 0))
		return 0;
	parts = (struct cpu_parts){
		.us = import_share_pct(fmax(0, part[0] - part[8]), all),
		.ni = import_share_pct(fmax(0, part[1] - part[9]), all),
		.sy = import_share_pct(part[2], all),
		.id = import_share_pct(part[3], all),
		.wa = import_share_pct(part[4], all),
		.hi = import_share_pct(part[5], all),
		.si = import_share_pct(part[6], all),
		.st = import_share_pct(part[7], all),
		.guest = import_share_pct(part[8] + part[9], all),
	};
	return import_add_cpu(import, TOLD_BY_PROC, cpu, &parts);
}

static int put_stat(struct import *import)
{
	bool swapped;
	struct pair pair = stat_pair(import, &swapped);
	int r = 0;

	if (!pair.after)
		return 0;
	import_tell_cpus_by(import, CPUS_BANNER, (double)count_cpus(pair.after));
	told_set(&import->host[HOST_B], TOLD_BY_IOSTAT,
		 proc_copy_value(pair.after, proc_copy_find(pair.after, "procs_blocked"), 0));
	if (isnan(pair.elapsed_s))
		return 0;
	told_set(&import->host[HOST_SWITCHES], TOLD_BY_PROC,
		 growth(&pair, "ctxt", 0) / pair.elapsed_s);
	told_set(&import->host[HOST_INTERRUPTS], TOLD_BY_PROC,
		 growth(&pair, "intr", 0) / pair.elapsed_s);
	told_set(&import->host[HOST_FORKS], TOLD_BY_PROC,
		 growth(&pair, "processes", 0) / pair.elapsed_s);
	vec_each(row, &pair.after->rows)
		if (r == 0 && strncmp(row->name, "cpu", 3) == 0)
			r = add_shares(import, &pair, row->name,
				       row->name[3] ? atoi(row->name + 3) : -1);
	return r;
}

/* ---- softirqs and interrupts --------------------------------------------------------------------- */

struct line {
	const struct proc_copy_row *row;
	double per_s, busiest_per_s;
	size_t busiest_cpu;
};

VEC_DECLARE(lines, struct line);

static struct line line_of(const struct pair *pair, const struct proc_copy_row *row)
{
	const struct proc_copy_row *before = proc_copy_find(pair->before, row->name);
	struct line line = { .row = row };

	for (size_t cpu = 0; cpu < row->count; cpu++) {
		double grown = proc_copy_value(pair->after, row, cpu) -
			       proc_copy_value(pair->before, before, cpu);
		double per_s = grown > 0 ? grown / pair->elapsed_s : 0;

		line.per_s += per_s;
		if (per_s > line.busiest_per_s) {
			line.busiest_per_s = per_s;
			line.busiest_cpu = cpu;
		}
	}
	return line;
}

static int compare_lines(const void *left, const void *right)
{
	const struct line *a = left, *b = right;

	return (a->per_s < b->per_s) - (a->per_s > b->per_s);
}

struct line_columns {
	enum table_id table;
	enum column_id name, per_s, share, busiest_cpu, busiest_share;
};

static int put_line(struct evidence *evidence, const struct line_columns *columns,
		    const struct line *line, double sum)
{
	int row = evidence_add_row(evidence, columns->table);
	char cpu[24];
	int r;

	if (row < 0)
		return row;
	snprintf(cpu, sizeof(cpu), "CPU %zu", line->busiest_cpu);
	evidence_set_cell(evidence, row, columns->per_s, line->per_s);
	evidence_set_cell(evidence, row, columns->share, import_share_pct(line->per_s, sum));
	evidence_set_cell(evidence, row, columns->busiest_share,
			  import_share_pct(line->busiest_per_s, line->per_s));
	r = evidence_set_cell_text(evidence, row, columns->name, line->row->name);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, columns->busiest_cpu, cpu);
	if (r == 0 && columns->table == TABLE_vmstat_irqs && line->row->device[0])
		r = evidence_set_cell_text(evidence, row, COLUMN_vmstat_irqs_device,
					   line->row->device);
	return r;
}

static int put_lines(struct evidence *evidence, const struct pair *pair,
		     const struct line_columns *columns, double *ret_sum)
{
	struct lines lines = { 0 };
	int r = 0;

	*ret_sum = 0;
	vec_each(row, &pair->after->rows) {
		struct line line = line_of(pair, row);

		*ret_sum += line.per_s;
		if (r == 0 && line.per_s > 0)
			r = vec_push(&lines, line);
	}
	if (lines.len)
		qsort(lines.data, lines.len, sizeof(*lines.data), compare_lines);
	evidence_mark_table(evidence, columns->table);
	for (size_t i = 0; i < lines.len && i < LINES_MAX && r == 0; i++)
		r = put_line(evidence, columns, &lines.data[i], *ret_sum);
	vec_free(&lines);
	return r;
}

static int put_softirqs(struct import *import)
{
	static const struct line_columns columns = {
		.table = TABLE_vmstat_softirqs,
		.name = COLUMN_vmstat_softirqs_name,
		.per_s = COLUMN_vmstat_softirqs_per_s,
		.share = COLUMN_vmstat_softirqs_share_pct,
		.busiest_cpu = COLUMN_vmstat_softirqs_busiest_cpu,
		.busiest_share = COLUMN_vmstat_softirqs_busiest_share_pct,
	};
	struct pair pair = timed_pair(import, COPY_SOFTIRQS);
	double sum;
	int r;

	if (isnan(pair.elapsed_s))
		return 0;
	r = put_lines(import->evidence, &pair, &columns, &sum);
	evidence_set(import->evidence, METRIC_vmstat_softirqs_per_s, sum);
	return r;
}

static double named_rate(const struct pair *pair, const char *name)
{
	const struct proc_copy_row *row = proc_copy_find(pair->after, name);

	return row ? line_of(pair, row).per_s : NAN;
}

static int put_interrupts(struct import *import)
{
	static const struct line_columns columns = {
		.table = TABLE_vmstat_irqs,
		.name = COLUMN_vmstat_irqs_name,
		.per_s = COLUMN_vmstat_irqs_per_s,
		.share = COLUMN_vmstat_irqs_share_pct,
		.busiest_cpu = COLUMN_vmstat_irqs_busiest_cpu,
		.busiest_share = COLUMN_vmstat_irqs_busiest_share_pct,
	};
	struct pair pair = timed_pair(import, COPY_INTERRUPTS);
	struct evidence *evidence = import->evidence;
	double sum, res, cal, tlb;

	if (isnan(pair.elapsed_s))
		return 0;
	res = named_rate(&pair, "RES");
	cal = named_rate(&pair, "CAL");
	tlb = named_rate(&pair, "TLB");
	evidence_set(evidence, METRIC_vmstat_res_per_s, res);
	evidence_set(evidence, METRIC_vmstat_cal_per_s, cal);
	evidence_set(evidence, METRIC_vmstat_tlb_per_s, tlb);
	evidence_set(evidence, METRIC_vmstat_ipi_per_cpu_per_s, (res + cal + tlb) / import->cpus);
	return put_lines(evidence, &pair, &columns, &sum);
}

/* ---- net/dev, softnet_stat, pressure ------------------------------------------------------------- */

static int put_net_dev(struct import *import)
{
	struct pair pair = timed_pair(import, COPY_NET_DEV);
	double s = pair.elapsed_s;
	int r = 0;

	if (isnan(s))
		return 0;
	vec_each(row, &pair.after->rows) {
		struct nic_sample nic = {
			.count = 1,
			.drops_count = 1,
			.rx_bytes = growth(&pair, row->name, 0) / s,
			.rx_packets = growth(&pair, row->name, 1) / s,
			.rx_drops = (growth(&pair, row->name, 3) + growth(&pair, row->name, 4)) / s,
			.tx_bytes = growth(&pair, row->name, 8) / s,
			.tx_packets = growth(&pair, row->name, 9) / s,
			.tx_drops =
				(growth(&pair, row->name, 11) + growth(&pair, row->name, 12)) / s,
		};

		if (isnan(nic.rx_packets + nic.tx_packets) || r < 0)
			continue;
		memcpy(nic.name, row->name, sizeof(nic.name));
		r = import_add_nic(&import->nics, &nic);
	}
	return r;
}

static double softnet_rate(const struct pair *pair, size_t column)
{
	double before = 0, after = 0;

	vec_each(row, &pair->before->rows)
		before += known(proc_copy_value(pair->before, row, column));
	vec_each(row, &pair->after->rows)
		after += known(proc_copy_value(pair->after, row, column));
	return after >= before ? (after - before) / pair->elapsed_s : NAN;
}

static void put_softnet(struct import *import)
{
	struct pair pair = timed_pair(import, COPY_SOFTNET);

	if (isnan(pair.elapsed_s))
		return;
	evidence_set(import->evidence, METRIC_vmstat_softnet_processed_per_s,
		     softnet_rate(&pair, 0));
	evidence_set(import->evidence, METRIC_vmstat_softnet_dropped_per_s, softnet_rate(&pair, 1));
	evidence_set(import->evidence, METRIC_vmstat_softnet_squeezed_per_s,
		     softnet_rate(&pair, 2));
}

/* Growth between two copies, else the kernel's own mean of the last ten seconds. */
static void put_pressure(struct import *import)
{
	static const struct {
		enum proc_copy_kind kind;
		bool full;
		enum metric_id metric;
	} pressures[] = {
		{ COPY_PRESSURE_CPU, false, METRIC_vmstat_psi_cpu_some_pct },
		{ COPY_PRESSURE_MEMORY, false, METRIC_vmstat_psi_memory_some_pct },
		{ COPY_PRESSURE_MEMORY, true, METRIC_vmstat_psi_memory_full_pct },
		{ COPY_PRESSURE_IO, false, METRIC_vmstat_psi_io_some_pct },
		{ COPY_PRESSURE_IO, true, METRIC_vmstat_psi_io_full_pct },
		{ COPY_PRESSURE_IRQ, true, METRIC_vmstat_psi_irq_full_pct },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pressures); i++) {
		struct pair pair = timed_pair(import, pressures[i].kind);
		double share = isnan(pair.elapsed_s) ?
				       NAN :
				       growth(&pair, pressures[i].full ? "full" : "some", 0) / 1e4 /
					       pair.elapsed_s;

		if (isnan(share))
			share = import->pressure_avg10[pressures[i].kind][pressures[i].full];
		evidence_set(import->evidence, pressures[i].metric, share > 100 ? 100 : share);
	}
}

int import_put_proc(struct import *import)
{
	int r = put_stat(import);

	r = r == 0 ? put_softirqs(import) : r;
	r = r == 0 ? put_interrupts(import) : r;
	r = r == 0 ? put_net_dev(import) : r;
	put_softnet(import);
	put_pressure(import);
	return r;
}
