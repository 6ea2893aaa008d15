/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/gather.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FULL_PCT 95	/* as the vmstat stage */
#define SY_NOTED_PCT 20 /* from here on it matters that vmstat's sy holds interrupts */

/* The means of one CPU, in the terms of the catalogue: us with nice, busy computed. */
struct shares {
	struct cpu_parts parts;
	double busy;
};

static double zero_if_unknown(double value)
{
	return isnan(value) ? 0 : value;
}

static struct cpu_parts divide(const struct cpu_mean *mean)
{
	double n = mean->count;
	const struct cpu_parts *sum = &mean->sum;

	return (struct cpu_parts){ sum->us / n, sum->ni / n, sum->sy / n,
				   sum->id / n, sum->wa / n, sum->hi / n,
				   sum->si / n, sum->st / n, sum->guest / n };
}

static struct shares shares_of(const struct cpu_mean *mean)
{
	struct shares shares = { .parts = divide(mean) };
	struct cpu_parts *parts = &shares.parts;

	parts->us += zero_if_unknown(parts->ni);
	shares.busy = parts->us + parts->sy + zero_if_unknown(parts->hi) +
		      zero_if_unknown(parts->si) + zero_if_unknown(parts->guest);
	shares.busy = fmin(shares.busy, 100);
	return shares;
}

static const struct cpu_mean *find_mean(const struct import *import, int teller, int cpu)
{
	vec_each(mean, &import->cpu_means[teller])
		if (mean->cpu == cpu)
			return mean;
	return NULL;
}

/* Of all CPUs together: as told, or the mean of the CPUs when each was told. */
static bool together(const struct import *import, int teller, struct shares *ret)
{
	const struct cpu_means *means = &import->cpu_means[teller];
	const struct cpu_mean *told = find_mean(import, teller, -1);
	struct cpu_mean sum = { .cpu = -1 };

	if (told) {
		*ret = shares_of(told);
		return true;
	}
	if (!means->len || (double)means->len < import->cpus)
		return false;
	vec_each(mean, means) {
		struct cpu_parts parts = divide(mean);

		sum.sum = sum.count ?
				  (struct cpu_parts){
					  sum.sum.us + parts.us,      sum.sum.ni + parts.ni,
					  sum.sum.sy + parts.sy,      sum.sum.id + parts.id,
					  sum.sum.wa + parts.wa,      sum.sum.hi + parts.hi,
					  sum.sum.si + parts.si,      sum.sum.st + parts.st,
					  sum.sum.guest + parts.guest
				  } :
				  parts;
		sum.count++;
	}
	*ret = shares_of(&sum);
	return true;
}

/* Who doesn't tell interrupts counts them into sy: a less trusted teller may know them. */
static void split_interrupts(const struct import *import, int teller, struct shares *shares)
{
	struct shares other;

	for (int less = teller - 1; less > TOLD_SINCE_BOOT && isnan(shares->parts.si); less--) {
		if (!together(import, less, &other) || isnan(other.parts.si) ||
		    isnan(other.parts.hi))
			continue;
		shares->parts.si = other.parts.si;
		shares->parts.hi = other.parts.hi;
		shares->parts.sy = fmax(0, shares->parts.sy - other.parts.si - other.parts.hi);
		shares->busy =
			fmin(100, shares->parts.us + shares->parts.sy + other.parts.si +
					  other.parts.hi + zero_if_unknown(shares->parts.guest));
	}
}

static void put_shares(struct evidence *evidence, const struct shares *shares)
{
	const struct cpu_parts *parts = &shares->parts;

	evidence_set(evidence, METRIC_vmstat_us_pct, parts->us);
	evidence_set(evidence, METRIC_vmstat_ni_pct, parts->ni);
	evidence_set(evidence, METRIC_vmstat_sy_pct, parts->sy);
	evidence_set(evidence, METRIC_vmstat_id_pct, parts->id);
	evidence_set(evidence, METRIC_vmstat_wa_pct, parts->wa);
	evidence_set(evidence, METRIC_vmstat_hi_pct, parts->hi);
	evidence_set(evidence, METRIC_vmstat_si_pct, parts->si);
	evidence_set(evidence, METRIC_vmstat_st_pct, parts->st);
	evidence_set(evidence, METRIC_vmstat_guest_pct, parts->guest);
	evidence_set(evidence, METRIC_vmstat_busy_pct, shares->busy);
	evidence_set(evidence, METRIC_vmstat_unused_pct, parts->id + parts->wa);
	evidence_set(evidence, METRIC_vmstat_us_of_busy_pct,
		     import_share_pct(parts->us, shares->busy));
	evidence_set(evidence, METRIC_vmstat_sy_of_busy_pct,
		     import_share_pct(parts->sy, shares->busy));
	evidence_set(evidence, METRIC_vmstat_hi_of_busy_pct,
		     import_share_pct(parts->hi, shares->busy));
	evidence_set(evidence, METRIC_vmstat_si_of_busy_pct,
		     import_share_pct(parts->si, shares->busy));
}

static void put_cpu(struct import *import)
{
	struct shares shares;

	for (int teller = TELLERS - 1; teller > TOLD_BY_NOBODY; teller--) {
		if (!together(import, teller, &shares))
			continue;
		split_interrupts(import, teller, &shares);
		put_shares(import->evidence, &shares);
		if (isnan(shares.parts.si) && shares.parts.sy >= SY_NOTED_PCT)
			evidence_add_caveat(
				import->evidence,
				"sy holds interrupts and softirqs too: mpstat 1 3 tells "
				"them apart");
		return;
	}
}

/* ---- single CPUs --------------------------------------------------------------------------------- */

static int put_cpu_row(struct evidence *evidence, int cpu, const struct shares *shares)
{
	int row = evidence_add_row(evidence, TABLE_vmstat_cpus);
	const struct cpu_parts *parts = &shares->parts;
	char name[24];

	if (row < 0)
		return row;
	snprintf(name, sizeof(name), "CPU %d", cpu);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_busy_pct, shares->busy);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_us_pct, parts->us);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_sy_pct, parts->sy);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_id_pct, parts->id);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_wa_pct, parts->wa);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_hi_pct, parts->hi);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_si_pct, parts->si);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_st_pct, parts->st);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_guest_pct, parts->guest);
	return evidence_set_cell_text(evidence, row, COLUMN_vmstat_cpus_name, name);
}

/* The largest value and the median of the others; sorts. */
static void put_spread(struct evidence *evidence, double *values, size_t count,
		       enum metric_id largest, enum metric_id others)
{
	if (!count || isnan(import_median(values, count)))
		return;
	evidence_set(evidence, largest, values[count - 1]);
	evidence_set(evidence, others, import_median(values, count - 1));
}

static void put_spreads(struct evidence *evidence, double *busy, double *softirq, size_t count)
{
	size_t full = 0;

	for (size_t i = 0; i < count; i++)
		full += busy[i] > FULL_PCT;
	evidence_set(evidence, METRIC_vmstat_cpus_full_pct,
		     import_share_pct((double)full, (double)count));
	put_spread(evidence, busy, count, METRIC_vmstat_cpu_busiest_pct,
		   METRIC_vmstat_cpu_median_pct);
	for (size_t i = 0; i < count; i++)
		if (isnan(softirq[i]))
			return;
	put_spread(evidence, softirq, count, METRIC_vmstat_si_busiest_pct,
		   METRIC_vmstat_si_median_pct);
}

static int put_rows(struct import *import, const struct cpu_means *means)
{
	double *busy = calloc(means->len * 2 + 1, sizeof(*busy));
	double *softirq = busy + means->len;
	size_t count = 0;
	int r = busy ? 0 : -ENOMEM;

	vec_each(mean, means) {
		struct shares shares = shares_of(mean);

		if (mean->cpu < 0 || r < 0)
			continue;
		busy[count] = shares.busy;
		softirq[count++] = shares.parts.si;
		r = put_cpu_row(import->evidence, mean->cpu, &shares);
	}
	if (r == 0)
		put_spreads(import->evidence, busy, softirq, count);
	free(busy);
	return r;
}

/* All CPUs or none: the busiest of some is not the busiest. */
static int put_cpus(struct import *import)
{
	for (int teller = TELLERS - 1; teller > TOLD_SINCE_BOOT; teller--) {
		const struct cpu_means *means = &import->cpu_means[teller];
		size_t single = means->len - (find_mean(import, teller, -1) ? 1 : 0);

		if (single && (double)single >= import->cpus)
			return put_rows(import, means);
	}
	return 0;
}

/* ---- queue, load, memory ------------------------------------------------------------------------- */

static double host(const struct import *import, enum host_number number)
{
	return told_value(&import->host[number]);
}

static const char *trend_text(double trend)
{
	if (isnan(trend))
		return NULL;
	return trend > 1.5 ? "rising" : trend < 0.67 ? "falling" : "steady";
}

static int put_load(struct import *import, double cpus)
{
	struct evidence *evidence = import->evidence;
	double load1 = host(import, HOST_LOAD1), load15 = host(import, HOST_LOAD15);
	double trend = isnan(load15) ? NAN : load1 / fmax(load15, 0.1);

	evidence_set(evidence, METRIC_vmstat_load1, load1);
	evidence_set(evidence, METRIC_vmstat_load5, host(import, HOST_LOAD5));
	evidence_set(evidence, METRIC_vmstat_load15, load15);
	evidence_set(evidence, METRIC_vmstat_load1_per_cpu, load1 / cpus);
	evidence_set(evidence, METRIC_vmstat_load_trend, trend);
	return evidence_set_text(evidence, METRIC_vmstat_load_trend_text, trend_text(trend));
}

static void put_queue(struct import *import, double cpus)
{
	struct evidence *evidence = import->evidence;
	double r = host(import, HOST_R), switches = host(import, HOST_SWITCHES);

	evidence_set(evidence, METRIC_vmstat_r, r);
	evidence_set(evidence, METRIC_vmstat_r_max, host(import, HOST_R_MAX));
	evidence_set(evidence, METRIC_vmstat_r_per_cpu, r / cpus);
	evidence_set(evidence, METRIC_vmstat_b, host(import, HOST_B));
	evidence_set(evidence, METRIC_vmstat_cs_per_s, switches);
	evidence_set(evidence, METRIC_vmstat_cs_per_cpu_per_s, switches / cpus);
	evidence_set(evidence, METRIC_vmstat_in_per_s, host(import, HOST_INTERRUPTS));
	evidence_set(evidence, METRIC_vmstat_forks_per_s, host(import, HOST_FORKS));
}

static void put_memory(struct import *import)
{
	struct evidence *evidence = import->evidence;
	double memory = host(import, HOST_MEMORY), available = host(import, HOST_MEMORY_AVAILABLE);
	double swap = host(import, HOST_SWAP), in = host(import, HOST_SWAP_IN);
	double out = host(import, HOST_SWAP_OUT);

	evidence_set(evidence, METRIC_host_memory_bytes, memory);
	evidence_set(evidence, METRIC_vmstat_memory_available_bytes, available);
	evidence_set(evidence, METRIC_vmstat_memory_available_pct,
		     import_share_pct(available, memory));
	evidence_set(evidence, METRIC_vmstat_swap_total_bytes, swap);
	evidence_set(evidence, METRIC_vmstat_swap_used_pct,
		     import_share_pct(swap - host(import, HOST_SWAP_FREE), swap));
	evidence_set(evidence, METRIC_vmstat_si_pages_per_s, in);
	evidence_set(evidence, METRIC_vmstat_so_pages_per_s, out);
	evidence_set(evidence, METRIC_vmstat_swap_pages_per_s, in + out);
}

static void say_vmstat(struct import *import)
{
	const struct vmstat_sum *vmstat = &import->vmstat;

	if (vmstat->repaired)
		evidence_add_caveat(
			import->evidence,
			"a row of vmstat has a value too few: read as r, then us sy id wa");
	else if (vmstat->samples == 1)
		evidence_add_caveat(
			import->evidence,
			"vmstat printed one row: if it is the first one its rates are averages "
			"since boot; vmstat 1 5 tells");
	if (vmstat->blocks > 1)
		evidence_add_caveat(import->evidence,
				    "%u outputs of vmstat: the last one with an interval is used",
				    vmstat->blocks);
}

int import_put_host(struct import *import)
{
	struct evidence *evidence = import->evidence;
	double cpus = import->cpus_by == CPUS_UNKNOWN ? NAN : import->cpus;
	int r;

	evidence_set(evidence, METRIC_host_cpus_online, cpus);
	evidence_set(evidence, METRIC_host_usable_cpus, cpus);
	evidence_set(evidence, METRIC_host_tasks, host(import, HOST_TASKS));
	put_cpu(import);
	put_queue(import, cpus);
	put_memory(import);
	say_vmstat(import);
	r = put_load(import, cpus);
	r = r == 0 ? put_cpus(import) : r;
	if (r == 0 && import->host_name[0])
		r = evidence_set_text(evidence, METRIC_host_name, import->host_name);
	if (r == 0 && import->kernel[0])
		r = evidence_set_text(evidence, METRIC_host_kernel, import->kernel);
	return r;
}
