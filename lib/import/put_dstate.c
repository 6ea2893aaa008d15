/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/groups.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MAX 32
#define PLACES_KEPT 1024

/* So many at one place in one look are no chance: they are taken to stay there. */
#define CROWD 5

struct place {
	char wchan[TASK_NAME_MAX], program[TASK_NAME_MAX];
	double threads, lasting; /* lasting NAN: unknown */
	long pids[GROUP_PIDS];
	size_t processes;
};

VEC_DECLARE(places, struct place);

static struct place *find_place(struct places *places, const char *wchan, const char *program)
{
	vec_each(place, places)
		if (strcmp(place->wchan, wchan) == 0 && strcmp(place->program, program) == 0)
			return place;
	return NULL;
}

static void add_pid(struct place *place, long pid)
{
	for (size_t i = 0; i < place->processes && i < GROUP_PIDS; i++)
		if (place->pids[i] == pid)
			return;
	if (place->processes < GROUP_PIDS)
		place->pids[place->processes] = pid;
	place->processes++;
}

/* Tasks by thread: a hostile list is long. */
struct index {
	const struct task **at;
	size_t count;
};

static int by_tid(const void *left, const void *right)
{
	const struct task *a = *(const struct task *const *)left;
	const struct task *b = *(const struct task *const *)right;

	return (a->tid > b->tid) - (a->tid < b->tid);
}

static int index_make(const struct task_list *list, struct index *ret)
{
	ret->count = list ? list->tasks.len : 0;
	ret->at = calloc(ret->count + 1, sizeof(*ret->at));
	if (!ret->at)
		return -ENOMEM;
	for (size_t i = 0; i < ret->count; i++)
		ret->at[i] = &list->tasks.data[i];
	qsort(ret->at, ret->count, sizeof(*ret->at), by_tid);
	return 0;
}

static const struct task *index_find(const struct index *index, long tid)
{
	struct task key = { .tid = tid };
	const struct task *pointer = &key;
	const struct task **found =
		bsearch(&pointer, index->at, index->count, sizeof(pointer), by_tid);

	return found ? *found : NULL;
}

struct looks {
	struct index now, before;
	bool twice;
};

static bool was_there(const struct looks *looks, const struct task *task)
{
	const struct task *other = index_find(&looks->before, task->tid);

	return other && other->state == 'D' && strcmp(other->wchan, task->wchan) == 0;
}

static void program_name(const struct looks *looks, const struct task *task,
			 char program[TASK_NAME_MAX])
{
	const struct task *leader = index_find(&looks->now, task->pid);
	const char *name = leader && leader->pid == leader->tid ? leader->comm : task->comm;

	task_stem(name, false, task->kernel, program);
}

static int add_task(struct places *places, const struct looks *looks, const struct task *task)
{
	struct place fresh = { .lasting = looks->twice ? 0 : NAN };
	struct place *place;

	snprintf(fresh.wchan, sizeof(fresh.wchan), "%s", task->wchan[0] ? task->wchan : "?");
	program_name(looks, task, fresh.program);
	place = find_place(places, fresh.wchan, fresh.program);
	if (!place) {
		if (places->len >= PLACES_KEPT)
			return 0;
		if (vec_push(places, fresh) < 0)
			return -ENOMEM;
		place = vec_at(places, places->len - 1);
	}
	place->threads += task->count;
	if (looks->twice && was_there(looks, task))
		place->lasting += task->count;
	add_pid(place, task->pid);
	return 0;
}

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->threads != b->threads)
		return (a->threads < b->threads) - (a->threads > b->threads);
	return strcmp(a->wchan, b->wchan);
}

static int put_place(struct evidence *evidence, const struct place *place, double all)
{
	_cleanup_(str_free) struct str pids = { 0 };
	int row = evidence_add_row(evidence, TABLE_top_dstate);
	int r;

	if (row < 0)
		return row;
	for (size_t i = 0; i < place->processes && i < GROUP_PIDS; i++)
		str_format(&pids, "%s%ld", i ? "," : "", place->pids[i]);
	evidence_set_cell(evidence, row, COLUMN_top_dstate_threads, place->threads);
	evidence_set_cell(evidence, row, COLUMN_top_dstate_lasting, place->lasting);
	evidence_set_cell(evidence, row, COLUMN_top_dstate_processes, (double)place->processes);
	evidence_set_cell(evidence, row, COLUMN_top_dstate_share_pct,
			  import_share_pct(place->threads, all));
	r = evidence_set_cell_text(evidence, row, COLUMN_top_dstate_name, place->wchan);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_dstate_program,
					   place->program);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_dstate_thread, place->program);
	return r == 0 ? evidence_set_cell_text(evidence, row, COLUMN_top_dstate_pids,
					       str_text(&pids)) :
			r;
}

/* One look can't tell who stays: a crowd at one place is taken to, fewer are not known. */
static bool judge_crowds(struct places *places)
{
	bool any = false;

	vec_each(place, places)
		if (isnan(place->lasting) && place->threads >= CROWD) {
			place->lasting = place->threads;
			any = true;
		}
	return any;
}

static int put_places(struct import *import, struct places *places)
{
	double all = 0, lasting = 0;
	bool crowds = judge_crowds(places);
	int r = 0;

	vec_each(place, places) {
		all += place->threads;
		lasting += place->lasting;
	}
	if (places->len)
		qsort(places->data, places->len, sizeof(*places->data), compare_places);
	for (size_t i = 0; i < places->len && i < PLACES_MAX && r == 0; i++)
		r = put_place(import->evidence, &places->data[i], all);
	evidence_set(import->evidence, METRIC_top_uninterruptible_lasting, lasting);
	if (crowds)
		evidence_add_caveat(
			import->evidence,
			"threads were looked at once: %d and more in D state at one place are "
			"taken to stay there; a second ps some seconds later tells",
			CROWD);
	return r;
}

static int put_list(struct import *import, const struct task_list *list, const struct looks *looks)
{
	struct places places = { 0 };
	int r = 0;

	evidence_mark_table(import->evidence, TABLE_top_dstate);
	vec_each(task, &list->tasks)
		if (task->state == 'D' && r == 0)
			r = add_task(&places, looks, task);
	if (r == 0)
		r = put_places(import, &places);
	vec_free(&places);
	return r;
}

int import_put_dstate(struct import *import, const struct task_sources *sources)
{
	const struct task_list *list = sources->states, *before;
	struct looks looks = { 0 };
	int r;

	if (!list || (list->kind != LIST_PS_L && list->kind != LIST_TOP_H))
		return 0;
	before = import_list_before(import, list);
	/* a counted list knows no single threads */
	looks.twice = before && before->tasks.data[0].tid && list->tasks.data[0].tid;
	r = index_make(list, &looks.now);
	if (r == 0)
		r = index_make(before, &looks.before);
	if (r == 0)
		r = put_list(import, list, &looks);
	free(looks.now.at);
	free(looks.before.at);
	return r;
}
