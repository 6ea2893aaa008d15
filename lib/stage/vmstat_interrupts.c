/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/snapshot.h"

#include "base/vec.h"
#include "evidence/evidence.h"
#include "model/rates.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LINES_MAX 32 /* rows of vmstat.irqs */

/* How often one line fired between two tables, and where most. */
struct line_rate {
	const struct irq_line *line;
	double per_s, busiest_per_s;
	int busiest_cpu;
};

VEC_DECLARE(line_rates, struct line_rate);

static struct line_rate rate_of(const struct interval *interval, const struct irq_table *before,
				const struct irq_table *after, const struct irq_line *line)
{
	struct line_rate rate = { .line = line, .busiest_cpu = -1 };

	for (size_t i = 0; i < after->columns; i++) {
		uint64_t old_count;
		double per_s;

		if (!irq_table_get(before, line->name, after->cpus[i], &old_count))
			continue;
		per_s = rate_per_s(old_count, line->counts[i], interval->elapsed_ns);
		if (isnan(per_s))
			continue;
		rate.per_s += per_s;
		if (per_s > rate.busiest_per_s) {
			rate.busiest_per_s = per_s;
			rate.busiest_cpu = after->cpus[i];
		}
	}
	return rate;
}

static int compare_rates(const void *left, const void *right)
{
	const struct line_rate *a = left, *b = right;

	return (a->per_s < b->per_s) - (a->per_s > b->per_s);
}

/* Lines that fired, most often first, and their sum. */
static int rates_of(const struct interval *interval, const struct irq_table *before,
		    const struct irq_table *after, struct line_rates *ret, double *ret_sum)
{
	*ret_sum = 0;
	for (size_t i = 0; i < after->len; i++) {
		struct line_rate rate = rate_of(interval, before, after, &after->lines[i]);

		*ret_sum += rate.per_s;
		if (rate.per_s > 0 && vec_push(ret, rate) < 0)
			return -ENOMEM;
	}
	if (ret->len)
		qsort(ret->data, ret->len, sizeof(*ret->data), compare_rates);
	return 0;
}

/* The columns that both tables have under different names. */
struct line_columns {
	enum column_id name, per_s, share, busiest_cpu, busiest_share;
};

static int put_line(struct evidence *evidence, enum table_id table,
		    const struct line_columns *columns, const struct line_rate *rate, double sum)
{
	int row = evidence_add_row(evidence, table);
	char cpu[24];
	int r;

	if (row < 0)
		return row;
	snprintf(cpu, sizeof(cpu), "CPU %d", rate->busiest_cpu);
	r = evidence_set_cell_text(evidence, row, columns->name, rate->line->name);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, columns->busiest_cpu, cpu);
	evidence_set_cell(evidence, row, columns->per_s, rate->per_s);
	evidence_set_cell(evidence, row, columns->share, share_pct(rate->per_s, sum));
	evidence_set_cell(evidence, row, columns->busiest_share,
			  share_pct(rate->busiest_per_s, rate->per_s));
	return r < 0 ? r : row;
}

static int put_softirqs(const struct interval *interval, struct evidence *evidence)
{
	static const struct line_columns columns = {
		.name = COLUMN_vmstat_softirqs_name,
		.per_s = COLUMN_vmstat_softirqs_per_s,
		.share = COLUMN_vmstat_softirqs_share_pct,
		.busiest_cpu = COLUMN_vmstat_softirqs_busiest_cpu,
		.busiest_share = COLUMN_vmstat_softirqs_busiest_share_pct,
	};
	struct line_rates rates = { 0 };
	double sum;
	int r;

	r = rates_of(interval, &interval->before->softirqs, &interval->after->softirqs, &rates,
		     &sum);
	evidence_mark_table(evidence, TABLE_vmstat_softirqs);
	evidence_set(evidence, METRIC_vmstat_softirqs_per_s, sum);
	for (size_t i = 0; i < rates.len && r >= 0; i++)
		r = put_line(evidence, TABLE_vmstat_softirqs, &columns, &rates.data[i], sum);
	vec_free(&rates);
	return r < 0 ? r : 0;
}

static int put_irq_lines(const struct line_rates *rates, double sum, struct evidence *evidence)
{
	static const struct line_columns columns = {
		.name = COLUMN_vmstat_irqs_name,
		.per_s = COLUMN_vmstat_irqs_per_s,
		.share = COLUMN_vmstat_irqs_share_pct,
		.busiest_cpu = COLUMN_vmstat_irqs_busiest_cpu,
		.busiest_share = COLUMN_vmstat_irqs_busiest_share_pct,
	};

	for (size_t i = 0; i < rates->len && i < LINES_MAX; i++) {
		int row = put_line(evidence, TABLE_vmstat_irqs, &columns, &rates->data[i], sum);
		int r = row;

		if (row >= 0)
			r = evidence_set_cell_text(evidence, row, COLUMN_vmstat_irqs_device,
						   rates->data[i].line->device);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The rate of a line that this architecture has, though it may be 0; NAN when it does not. */
static double named_rate(const struct interval *interval, const char *name)
{
	const struct irq_line *line = irq_table_find(&interval->after->interrupts, name);

	if (!line)
		return NAN;
	return rate_of(interval, &interval->before->interrupts, &interval->after->interrupts, line)
		.per_s;
}

static void put_ipis(const struct interval *interval, struct evidence *evidence)
{
	double res = named_rate(interval, "RES"), cal = named_rate(interval, "CAL");
	double tlb = named_rate(interval, "TLB");
	double cpus = (double)interval->after->interrupts.columns;

	evidence_set(evidence, METRIC_vmstat_res_per_s, res);
	evidence_set(evidence, METRIC_vmstat_cal_per_s, cal);
	evidence_set(evidence, METRIC_vmstat_tlb_per_s, tlb);
	/* the kernel counts a TLB shootdown as a function call too (arch/x86/kernel/irq.c) */
	evidence_set(evidence, METRIC_vmstat_ipi_per_cpu_per_s, (res + cal + tlb) / cpus);
}

static int put_irqs(const struct interval *interval, struct evidence *evidence)
{
	struct line_rates rates = { 0 };
	double sum;
	int r;

	r = rates_of(interval, &interval->before->interrupts, &interval->after->interrupts, &rates,
		     &sum);
	evidence_mark_table(evidence, TABLE_vmstat_irqs);
	if (r == 0)
		r = put_irq_lines(&rates, sum, evidence);
	put_ipis(interval, evidence);
	vec_free(&rates);
	return r;
}

int vmstat_put_interrupts(const struct interval *interval, struct evidence *evidence)
{
	int r = 0;

	if (!interval->elapsed_ns)
		return 0;
	if (interval->before->softirqs.len && interval->after->softirqs.len)
		r = put_softirqs(interval, evidence);
	if (r == 0 && interval->before->interrupts.len && interval->after->interrupts.len)
		r = put_irqs(interval, evidence);
	return r;
}
