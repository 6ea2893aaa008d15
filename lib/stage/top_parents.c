/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/top_census.h"

#include "model/rates.h"

#include <stdio.h>

#define ROWS_MAX 16

static int put_parent(const struct top_interval *interval, const struct thread_parent *parent,
		      double faults_of_all, struct evidence *evidence)
{
	int row = evidence_add_row(evidence, TABLE_top_parents);
	double elapsed_s = interval->elapsed_s;
	char pid[16];
	int r;

	if (row < 0)
		return row;
	snprintf(pid, sizeof(pid), "%d", parent->process->pid);
	r = evidence_set_cell_text(evidence, row, COLUMN_top_parents_name, parent->process->comm);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_parents_program,
					   parent->process->comm);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_parents_pids, pid);
	if (r == 0 && parent->last_child)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_parents_child_program,
					   parent->last_child->comm);
	evidence_set_cell(evidence, row, COLUMN_top_parents_children_seen, parent->children_seen);
	evidence_set_cell(evidence, row, COLUMN_top_parents_children_cpu_pct,
			  share_pct(parent->children_cpu_s, elapsed_s));
	evidence_set_cell(evidence, row, COLUMN_top_parents_children_faults_per_s,
			  parent->children_minor_faults / elapsed_s);
	evidence_set_cell(evidence, row, COLUMN_top_parents_reaped_share_pct,
			  share_pct(parent->children_minor_faults, faults_of_all));
	evidence_set_cell(evidence, row, COLUMN_top_parents_zombies, parent->zombies);
	evidence_set_cell(evidence, row, COLUMN_top_parents_zombies_new,
			  (double)parent->zombies - parent->zombies_before);
	return r;
}

int top_put_parents(const struct top_interval *interval, struct evidence *evidence)
{
	struct thread_parents parents = { 0 };
	double faults = 0;
	int r;

	r = thread_parents_make(&interval->before->threads, interval->changes, &parents);
	evidence_mark_table(evidence, TABLE_top_parents);
	vec_each(parent, &parents)
		faults += parent->children_minor_faults;
	for (size_t i = 0; i < parents.len && i < ROWS_MAX && r == 0; i++)
		r = put_parent(interval, &parents.data[i], faults, evidence);
	vec_free(&parents);
	return r;
}
