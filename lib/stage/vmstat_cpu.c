/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/snapshot.h"

#include "evidence/evidence.h"
#include "model/cpu_time.h"
#include "model/rates.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FULL_PCT 95 /* a CPU that is busier has no room left (PCP pmieconf) */

static void put_shares(struct evidence *evidence, const struct cpu_shares *shares)
{
	evidence_set(evidence, METRIC_vmstat_us_pct, shares->us);
	evidence_set(evidence, METRIC_vmstat_ni_pct, shares->ni);
	evidence_set(evidence, METRIC_vmstat_sy_pct, shares->sy);
	evidence_set(evidence, METRIC_vmstat_id_pct, shares->id);
	evidence_set(evidence, METRIC_vmstat_wa_pct, shares->wa);
	evidence_set(evidence, METRIC_vmstat_hi_pct, shares->hi);
	evidence_set(evidence, METRIC_vmstat_si_pct, shares->si);
	evidence_set(evidence, METRIC_vmstat_st_pct, shares->st);
	evidence_set(evidence, METRIC_vmstat_guest_pct, shares->guest);
	evidence_set(evidence, METRIC_vmstat_busy_pct, shares->busy);
	evidence_set(evidence, METRIC_vmstat_unused_pct, shares->id + shares->wa);
	evidence_set(evidence, METRIC_vmstat_us_of_busy_pct, share_pct(shares->us, shares->busy));
	evidence_set(evidence, METRIC_vmstat_sy_of_busy_pct, share_pct(shares->sy, shares->busy));
	evidence_set(evidence, METRIC_vmstat_hi_of_busy_pct, share_pct(shares->hi, shares->busy));
	evidence_set(evidence, METRIC_vmstat_si_of_busy_pct, share_pct(shares->si, shares->busy));
}

static void put_row_shares(struct evidence *evidence, int row, const struct cpu_shares *shares)
{
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_busy_pct, shares->busy);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_us_pct, shares->us);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_sy_pct, shares->sy);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_id_pct, shares->id);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_wa_pct, shares->wa);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_hi_pct, shares->hi);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_si_pct, shares->si);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_st_pct, shares->st);
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_guest_pct, shares->guest);
}

static const struct proc_cpu_times *find_cpu(const struct proc_stat *stat, int cpu)
{
	vec_each(times, &stat->cpus)
		if (times->cpu == cpu)
			return times;
	return NULL;
}

static const struct {
	const char *vector;
	enum column_id column;
} softirq_columns[] = {
	{ "HI", COLUMN_vmstat_cpus_softirq_hi_per_s },
	{ "TIMER", COLUMN_vmstat_cpus_softirq_timer_per_s },
	{ "NET_TX", COLUMN_vmstat_cpus_softirq_net_tx_per_s },
	{ "NET_RX", COLUMN_vmstat_cpus_softirq_net_rx_per_s },
	{ "BLOCK", COLUMN_vmstat_cpus_softirq_block_per_s },
	{ "IRQ_POLL", COLUMN_vmstat_cpus_softirq_irq_poll_per_s },
	{ "TASKLET", COLUMN_vmstat_cpus_softirq_tasklet_per_s },
	{ "SCHED", COLUMN_vmstat_cpus_softirq_sched_per_s },
	{ "HRTIMER", COLUMN_vmstat_cpus_softirq_hrtimer_per_s },
	{ "RCU", COLUMN_vmstat_cpus_softirq_rcu_per_s },
};

static void put_row_softirqs(const struct interval *interval, struct evidence *evidence, int row,
			     int cpu)
{
	const struct irq_table *before = &interval->before->softirqs;
	const struct irq_table *after = &interval->after->softirqs;

	for (size_t i = 0; i < sizeof(softirq_columns) / sizeof(softirq_columns[0]); i++) {
		uint64_t old_count, new_count;

		if (irq_table_get(before, softirq_columns[i].vector, cpu, &old_count) &&
		    irq_table_get(after, softirq_columns[i].vector, cpu, &new_count))
			evidence_set_cell(evidence, row, softirq_columns[i].column,
					  rate_per_s(old_count, new_count, interval->elapsed_ns));
	}
}

static const struct softnet_cpu *find_softnet(const struct softnet *softnet, int cpu)
{
	for (size_t i = 0; i < softnet->len; i++)
		if (softnet->data[i].cpu == cpu)
			return &softnet->data[i];
	return NULL;
}

static void put_row_softnet(const struct interval *interval, struct evidence *evidence, int row,
			    int cpu)
{
	const struct softnet_cpu *before = find_softnet(&interval->before->softnet, cpu);
	const struct softnet_cpu *after = find_softnet(&interval->after->softnet, cpu);
	uint64_t elapsed_ns = interval->elapsed_ns;

	if (!before || !after)
		return;
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_softnet_processed_per_s,
			  rate_per_s(before->processed, after->processed, elapsed_ns));
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_softnet_dropped_per_s,
			  rate_per_s(before->dropped, after->dropped, elapsed_ns));
	evidence_set_cell(evidence, row, COLUMN_vmstat_cpus_softnet_squeezed_per_s,
			  rate_per_s(before->squeezed, after->squeezed, elapsed_ns));
}

/* One row; `ret_*` get what the medians over CPUs need. */
static int put_row(const struct interval *interval, struct evidence *evidence,
		   const struct proc_cpu_times *after, double *ret_busy, double *ret_softirq)
{
	const struct proc_cpu_times *before = find_cpu(&interval->before->stat, after->cpu);
	struct cpu_shares shares;
	char name[24];
	int row, r;

	*ret_busy = *ret_softirq = NAN;
	if (!before)
		return 0; /* came online in between */
	row = evidence_add_row(evidence, TABLE_vmstat_cpus);
	if (row < 0)
		return row;
	snprintf(name, sizeof(name), "CPU %d", after->cpu);
	r = evidence_set_cell_text(evidence, row, COLUMN_vmstat_cpus_name, name);
	shares = cpu_shares(before->ticks, after->ticks);
	put_row_shares(evidence, row, &shares);
	put_row_softirqs(interval, evidence, row, after->cpu);
	put_row_softnet(interval, evidence, row, after->cpu);
	*ret_busy = shares.busy;
	*ret_softirq = shares.si;
	return r;
}

/* The largest value and the median of the others; sorts `values`. */
static void put_spread(struct evidence *evidence, double *values, size_t count,
		       enum metric_id largest, enum metric_id others)
{
	double middle = median(values, count); /* sorts */

	if (isnan(middle))
		return;
	evidence_set(evidence, largest, values[count - 1]);
	evidence_set(evidence, others, median(values, count - 1));
}

static void put_full(struct evidence *evidence, const double *busy, size_t count)
{
	size_t full = 0;

	for (size_t i = 0; i < count; i++)
		full += busy[i] > FULL_PCT;
	evidence_set(evidence, METRIC_vmstat_cpus_full_pct, share_pct((double)full, (double)count));
}

static int put_rows(const struct interval *interval, struct evidence *evidence)
{
	const struct proc_cpus *cpus = &interval->after->stat.cpus;
	double *busy = calloc(cpus->len * 2 + 1, sizeof(*busy));
	double *softirq = busy + cpus->len;
	size_t count = 0;
	int r = busy ? 0 : -ENOMEM;

	for (size_t i = 0; i < cpus->len && r == 0; i++) {
		r = put_row(interval, evidence, &cpus->data[i], &busy[count], &softirq[count]);
		count += !isnan(busy[count]);
	}
	if (r == 0) {
		put_full(evidence, busy, count);
		put_spread(evidence, busy, count, METRIC_vmstat_cpu_busiest_pct,
			   METRIC_vmstat_cpu_median_pct);
		put_spread(evidence, softirq, count, METRIC_vmstat_si_busiest_pct,
			   METRIC_vmstat_si_median_pct);
	}
	free(busy);
	return r;
}

static void put_rates(const struct interval *interval, struct evidence *evidence)
{
	const struct proc_stat *before = &interval->before->stat, *after = &interval->after->stat;
	double cpus = (double)after->cpus.len;
	double switches_per_s = rate_per_s(before->switches, after->switches, interval->elapsed_ns);

	evidence_set(evidence, METRIC_vmstat_cs_per_s, switches_per_s);
	evidence_set(evidence, METRIC_vmstat_cs_per_cpu_per_s,
		     cpus > 0 ? switches_per_s / cpus : NAN);
	evidence_set(evidence, METRIC_vmstat_in_per_s,
		     rate_per_s(before->interrupts, after->interrupts, interval->elapsed_ns));
	evidence_set(evidence, METRIC_vmstat_forks_per_s,
		     rate_per_s(before->forks, after->forks, interval->elapsed_ns));
}

int vmstat_put_cpu(const struct interval *interval, struct evidence *evidence)
{
	struct cpu_shares shares;

	if (!interval->elapsed_ns || !interval->before->has_stat || !interval->after->has_stat)
		return 0;
	shares = cpu_shares(interval->before->stat.total.ticks, interval->after->stat.total.ticks);
	put_shares(evidence, &shares);
	put_rates(interval, evidence);
	if (interval->before->has_thermal && interval->after->has_thermal)
		evidence_set(evidence, METRIC_vmstat_thermal_events_per_s,
			     rate_per_s(interval->before->thermal_events,
					interval->after->thermal_events, interval->elapsed_ns));
	return put_rows(interval, evidence);
}
