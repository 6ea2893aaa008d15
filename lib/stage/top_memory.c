/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/top_census.h"

#include "base/cleanup.h"
#include "model/rates.h"
#include "source/proc_task.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 64

void memory_limits_free(struct memory_limits *limits)
{
	vec_each(sample, &limits->samples)
		free(sample->group);
	vec_free(&limits->samples);
}

static bool is_known(const struct memory_limits *limits, const char *group)
{
	vec_each(sample, &limits->samples)
		if (strcmp(sample->group, group) == 0)
			return true;
	return false;
}

static int add_group(struct procroot *root, const char *group, const char *program,
		     struct memory_limits *limits)
{
	struct memory_sample sample = { .program = program };

	if (limits->samples.len >= GROUPS_MAX || is_known(limits, group) ||
	    cgroup_read_memory(root, &limits->mount, group, &sample.first) < 0 ||
	    isnan(sample.first.limit_bytes) || !sample.first.has_hits)
		return 0;
	sample.group = strdup(group);
	if (sample.group && vec_push(&limits->samples, sample) == 0)
		return 0;
	free(sample.group);
	return -ENOMEM;
}

/* The limit may be that of a group above: of the pod, the slice. */
static int add_lineage(struct procroot *root, const struct thread_group *threads,
		       struct memory_limits *limits)
{
	_cleanup_(str_free) struct str text = { 0 };
	char group[512];
	int r;

	if (!threads->busiest || top_read_task(root, threads->busiest->now, "cgroup", &text) < 0 ||
	    task_cgroup_parse(str_text(&text), text.len, limits->mount.controller, group,
			      sizeof(group)) < 0)
		return 0;
	do {
		r = add_group(root, group, threads->program, limits);
	} while (r == 0 && cgroup_cut_to_parent(&limits->mount, group));
	return r;
}

int memory_limits_read(struct procroot *root, const struct candidate_groups *candidates,
		       uint64_t now_ns, struct memory_limits *ret)
{
	int found, r = 0;

	*ret = (struct memory_limits){ .read_ns = now_ns };
	found = cgroup_find(root, "memory", &ret->mount);
	ret->known = found == 0 || found == -ENOENT;
	vec_each(candidate, candidates)
		if (found == 0 && r == 0)
			r = add_lineage(root, candidate->group, ret);
	return r;
}

void memory_limits_read_again(struct procroot *root, uint64_t now_ns, struct memory_limits *limits)
{
	limits->elapsed_s = (double)(now_ns - limits->read_ns) / 1e9;
	vec_each(sample, &limits->samples)
		if (cgroup_read_memory(root, &limits->mount, sample->group, &sample->second) < 0)
			sample->second = (struct cgroup_memory){ .limit_bytes = NAN };
}

static double hits_per_s(const struct memory_sample *sample, double elapsed_s)
{
	if (!sample->second.has_hits || !(elapsed_s > 0))
		return NAN;
	return counter_delta(sample->first.hits, sample->second.hits) / elapsed_s;
}

static int put_row(const struct memory_sample *sample, double elapsed_s, struct evidence *evidence)
{
	int row = evidence_add_row(evidence, TABLE_top_memory);
	int r;

	if (row < 0)
		return row;
	r = evidence_set_cell_text(evidence, row, COLUMN_top_memory_name, sample->group);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_memory_program,
					   sample->program);
	evidence_set_cell(evidence, row, COLUMN_top_memory_limit_bytes, sample->first.limit_bytes);
	evidence_set_cell(evidence, row, COLUMN_top_memory_used_pct,
			  share_pct(sample->first.usage_bytes, sample->first.limit_bytes));
	evidence_set_cell(evidence, row, COLUMN_top_memory_hits_per_s,
			  hits_per_s(sample, elapsed_s));
	return r;
}

int top_put_memory(const struct memory_limits *limits, struct evidence *evidence)
{
	int r = 0;

	if (!limits->known)
		return 0;
	evidence_mark_table(evidence, TABLE_top_memory);
	vec_each(sample, &limits->samples)
		if (r == 0)
			r = put_row(sample, limits->elapsed_s, evidence);
	return r;
}
