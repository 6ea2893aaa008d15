/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/top_census.h"

#include "model/rates.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 32

static int add_sample(void *context, const char *group, const struct cgroup_cpu *cpu)
{
	struct quota_samples *samples = context;
	struct quota_sample sample = { .group = strdup(group), .cpu = *cpu };

	if (sample.group && vec_push(samples, sample) == 0)
		return 0;
	free(sample.group);
	return -ENOMEM;
}

int quotas_take(struct procroot *root, struct quotas *ret)
{
	int r;

	*ret = (struct quotas){ 0 };
	if (cgroup_find(root, "cpu", &ret->mount) < 0)
		return 0;
	r = cgroup_walk_quotas(root, &ret->mount, add_sample, &ret->samples);
	ret->known = r == 0 || r == -E2BIG;
	return r == -ENOMEM ? r : 0;
}

void quotas_free(struct quotas *quotas)
{
	vec_each(sample, &quotas->samples)
		free(sample->group);
	vec_free(&quotas->samples);
}

static const struct quota_sample *find_sample(const struct quotas *quotas, const char *group)
{
	vec_each(sample, &quotas->samples)
		if (strcmp(sample->group, group) == 0)
			return sample;
	return NULL;
}

/* True for the group itself and what is below it. */
static bool is_within(const char *group, const char *ancestor)
{
	size_t len = strlen(ancestor);

	if (strcmp(ancestor, "/") == 0)
		return true;
	return strncmp(group, ancestor, len) == 0 && (group[len] == '/' || group[len] == '\0');
}

/* NAN when no period passed, or when either side lacks its statistics. */
static double throttled_pct(const struct quota_sample *before, const struct quota_sample *after)
{
	if (!before || !before->cpu.has_stat || !after->cpu.has_stat)
		return NAN;
	return share_pct(counter_delta(before->cpu.throttled, after->cpu.throttled),
			 counter_delta(before->cpu.periods, after->cpu.periods));
}

double quotas_throttled_pct(const struct quotas *before, const struct quotas *after,
			    const char *group)
{
	double most = 0;

	if (!after->known)
		return NAN;
	vec_each(sample, &after->samples)
		if (is_within(group, sample->group))
			most = fmax(most,
				    throttled_pct(find_sample(before, sample->group), sample));
	return most;
}

double quotas_limit(const struct quotas *quotas, const char *group)
{
	double least = NAN;

	vec_each(sample, &quotas->samples)
		if (is_within(group, sample->group))
			least = fmin(least, sample->cpu.quota_cpus);
	return least;
}

/* The program with the most CPU time among the candidates in the group. */
static const char *program_in(const struct candidate_groups *candidates, const char *group)
{
	vec_each(candidate, candidates)
		if (candidate->facts.has_cgroup && is_within(candidate->facts.cgroup, group))
			return candidate->group->program;
	return NULL;
}

struct quota_row {
	const struct quota_sample *before, *after;
	double throttled_pct;
};

static int compare_rows(const void *left, const void *right)
{
	const struct quota_row *a = left, *b = right;
	double x = isnan(a->throttled_pct) ? -1 : a->throttled_pct;
	double y = isnan(b->throttled_pct) ? -1 : b->throttled_pct;

	return (x < y) - (x > y);
}

static int put_row(const struct top_interval *interval, const struct quota_row *quota,
		   struct evidence *evidence)
{
	const struct cgroup_cpu *after = &quota->after->cpu;
	int row = evidence_add_row(evidence, TABLE_top_cgroups);
	int r;

	if (row < 0)
		return row;
	r = evidence_set_cell_text(evidence, row, COLUMN_top_cgroups_name, quota->after->group);
	evidence_set_cell(evidence, row, COLUMN_top_cgroups_quota_cpus, after->quota_cpus);
	evidence_set_cell(evidence, row, COLUMN_top_cgroups_throttled_pct, quota->throttled_pct);
	if (quota->before && quota->before->cpu.has_stat && after->has_stat) {
		const struct cgroup_cpu *before = &quota->before->cpu;

		evidence_set_cell(evidence, row, COLUMN_top_cgroups_periods,
				  counter_delta(before->periods, after->periods));
		evidence_set_cell(
			evidence, row, COLUMN_top_cgroups_throttled_time_pct,
			share_pct(counter_delta(before->throttled_ns, after->throttled_ns) / 1e9,
				  interval->elapsed_s));
	}
	return r < 0 ? r :
		       evidence_set_cell_text(evidence, row, COLUMN_top_cgroups_program,
					      program_in(interval->candidates,
							 quota->after->group));
}

int top_put_cgroups(const struct top_interval *interval, struct evidence *evidence)
{
	const struct quota_samples *samples = &interval->quotas_after->samples;
	struct quota_row *rows = calloc(samples->len + 1, sizeof(*rows));
	double most = 0;
	int r = rows ? 0 : -ENOMEM;

	for (size_t i = 0; i < samples->len && r == 0; i++) {
		rows[i].after = &samples->data[i];
		rows[i].before = find_sample(interval->quotas_before, samples->data[i].group);
		rows[i].throttled_pct = throttled_pct(rows[i].before, rows[i].after);
		most = fmax(most, rows[i].throttled_pct);
	}
	if (r == 0 && interval->quotas_after->known) {
		evidence_mark_table(evidence, TABLE_top_cgroups);
		evidence_set(evidence, METRIC_top_throttled_pct, most);
		qsort(rows, samples->len, sizeof(*rows), compare_rows);
	}
	for (size_t i = 0; i < samples->len && i < ROWS_MAX && r == 0; i++)
		r = put_row(interval, &rows[i], evidence);
	free(rows);
	return r;
}
