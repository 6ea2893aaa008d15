/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/top_census.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "model/rates.h"
#include "source/proc_task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READS_MAX 256 /* threads whose wchan is read */
#define STACKS_MAX 8  /* kernel stacks: one for each of the first rows */
#define FRAMES_MAX 24
#define PLACES_MAX 32
#define PIDS_SHOWN 4

/* Threads of one program and name that sleep in one kernel function. */
struct place {
	char wchan[64];
	const struct thread_group *group;
	const struct thread_sample *first;
	uint32_t threads, lasting;
	VEC(pid_t) pids; /* its processes, each once */
};

VEC_DECLARE(places, struct place);

/* "0" is what the kernel shows to those who may not know, and for a thread that runs by now. */
static bool read_wchan(struct procroot *root, const struct thread_sample *thread, char wchan[64])
{
	_cleanup_(str_free) struct str text = { 0 };
	struct span name;

	if (top_read_task(root, thread, "wchan", &text) < 0)
		return false;
	name = span_trim(span_make(str_text(&text), text.len));
	if (span_len(name) == 0 || span_is(name, "0"))
		return false;
	span_copy(name, wchan, 64);
	return true;
}

static struct place *find_place(struct places *places, const char *wchan,
				const struct thread_group *group)
{
	vec_each(place, places)
		if (place->group == group && strcmp(place->wchan, wchan) == 0)
			return place;
	return NULL;
}

static int add_process(struct place *place, pid_t pid)
{
	vec_each(known, &place->pids)
		if (*known == pid)
			return 0;
	return vec_push(&place->pids, pid);
}

static int add_thread(struct procroot *root, struct places *places,
		      const struct thread_group *group, const struct thread_change *change)
{
	struct place fresh = { .group = group, .first = change->now };
	struct place *place;

	if (!read_wchan(root, change->now, fresh.wchan))
		snprintf(fresh.wchan, sizeof(fresh.wchan), "?");
	place = find_place(places, fresh.wchan, group);
	if (!place) {
		if (vec_push(places, fresh) < 0)
			return -ENOMEM;
		place = vec_at(places, places->len - 1);
	}
	place->threads++;
	place->lasting += change->lasting;
	return add_process(place, change->now->pid);
}

static int collect_places(struct procroot *root, const struct top_interval *interval,
			  struct places *ret, uint32_t *ret_read)
{
	*ret_read = 0;
	vec_each(group, interval->groups)
		vec_each(member, &group->members) {
			const struct thread_change *change = &interval->changes->data[*member];

			if (change->now->state != 'D' || *ret_read >= READS_MAX)
				continue;
			if (add_thread(root, ret, group, change) < 0)
				return -ENOMEM;
			++*ret_read;
		}
	return 0;
}

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->threads != b->threads)
		return a->threads < b->threads ? 1 : -1;
	return strcmp(a->wchan, b->wchan);
}

static int put_stack(struct procroot *root, const struct place *place, struct evidence *evidence,
		     int row)
{
	_cleanup_(str_free) struct str text = { 0 }, stack = { 0 };

	if (top_read_task(root, place->first, "stack", &text) < 0 ||
	    task_stack_parse(str_text(&text), text.len, FRAMES_MAX, &stack) < 0 || !stack.len)
		return 0;
	return evidence_set_cell_text(evidence, row, COLUMN_top_dstate_stack, str_text(&stack));
}

static int put_names(const struct place *place, struct evidence *evidence, int row)
{
	_cleanup_(str_free) struct str pids = { 0 };
	int r;

	for (size_t i = 0; i < place->pids.len && i < PIDS_SHOWN; i++)
		str_format(&pids, "%s%d", i ? "," : "", place->pids.data[i]);
	r = evidence_set_cell_text(evidence, row, COLUMN_top_dstate_name, place->wchan);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_dstate_program,
					   place->group->program);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_dstate_thread,
					   place->group->thread);
	return r < 0 ? r :
		       evidence_set_cell_text(evidence, row, COLUMN_top_dstate_pids,
					      str_text(&pids));
}

/* `scale`: threads in state D for each one that was read. */
static int put_place(struct procroot *root, const struct place *place, double scale, double all,
		     bool with_stack, struct evidence *evidence)
{
	int row = evidence_add_row(evidence, TABLE_top_dstate);
	int r;

	if (row < 0)
		return row;
	r = put_names(place, evidence, row);
	evidence_set_cell(evidence, row, COLUMN_top_dstate_threads, place->threads * scale);
	evidence_set_cell(evidence, row, COLUMN_top_dstate_lasting, place->lasting * scale);
	evidence_set_cell(evidence, row, COLUMN_top_dstate_share_pct,
			  share_pct(place->threads * scale, all));
	if (scale <= 1)
		evidence_set_cell(evidence, row, COLUMN_top_dstate_processes,
				  (double)place->pids.len);
	if (r == 0 && with_stack)
		r = put_stack(root, place, evidence, row);
	return r;
}

int top_put_dstate(struct procroot *root, const struct top_interval *interval,
		   struct evidence *evidence)
{
	double all = interval->totals.uninterruptible;
	struct places places = { 0 };
	uint32_t read = 0;
	int r;

	evidence_mark_table(evidence, TABLE_top_dstate);
	r = collect_places(root, interval, &places, &read);
	if (places.len)
		qsort(places.data, places.len, sizeof(*places.data), compare_places);
	for (size_t i = 0; i < places.len && i < PLACES_MAX && r == 0; i++)
		r = put_place(root, &places.data[i], all / read, all, i < STACKS_MAX, evidence);
	vec_each(place, &places)
		vec_free(&place->pids);
	vec_free(&places);
	return r;
}
