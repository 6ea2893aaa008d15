/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/locate_put.h"

#include "base/cleanup.h"
#include "model/rates.h"
#include "rule/judge.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define GROUPS_MAX 16
#define KNOTS_MAX 8
#define SOURCES_SHOWN 4
#define SOURCE_PCT_LEAST 2.0

/* A group's waiting for somebody that is less is no part of the wait-for graph: of what happens once in twenty times nobody waits. */
#define ARC_PCT_LEAST 5.0

#define UNKNOWN_PATH "something else"

/* ---- tallies -------------------------------------------------------------------------------------- */

int tally_add(struct tally *tally, uintptr_t key, uint64_t ns, uint32_t stack)
{
	vec_each(item, tally) {
		if (item->key != key)
			continue;
		item->count++;
		item->ns += ns;
		return 0;
	}
	return vec_push(tally, ((struct tally_item){ key, 1, ns, stack }));
}

const struct tally_item *tally_most(const struct tally *tally, bool by_ns, uintptr_t except)
{
	const struct tally_item *most = NULL;

	vec_each(item, tally) {
		uint64_t value = by_ns ? item->ns : item->count;

		if (item->key != except && (!most || value > (by_ns ? most->ns : most->count)))
			most = item;
	}
	return most;
}

uint64_t tally_count(const struct tally *tally)
{
	uint64_t count = 0;

	vec_each(item, tally)
		count += item->count;
	return count;
}

/* ---- small things --------------------------------------------------------------------------------- */

const char *locate_group_name(const struct locate_group *group)
{
	return strcmp(group->thread, group->program) ? group->thread : group->program;
}

const char *locate_symbol_name(const struct locate_put *put, uintptr_t symbol)
{
	return symbol == PROFILE_SYMBOL_OTHER ?
		       "" :
		       profile_symbol_of(put->profile, (uint32_t)symbol)->function;
}

int locate_text(const struct locate_put *put, int row, enum column_id column, const char *text)
{
	return text && *text ? evidence_set_cell_text(put->evidence, row, column, text) : 0;
}

const char *locate_own_line(const struct locate_put *put, uint32_t stack)
{
	const struct locate_stack *found;
	const char *line;

	if (stack == LOCATE_STACK_NONE)
		return NULL;
	found = &put->stacks->list.data[stack];
	if (found->own == PROFILE_SYMBOL_OTHER)
		return NULL;
	line = symbolizer_line(put->symbolizer, found->pid, found->own_address,
			       found->own_is_return);
	return *line ? line : NULL;
}

const char *locate_actor_name(const struct locate_put *put, uint32_t actor)
{
	switch (actor) {
	case LOCATE_ACTOR_SOFTIRQ:
		return "softirq";
	case LOCATE_ACTOR_HARDIRQ:
		return "hardirq";
	case LOCATE_ACTOR_UNKNOWN:
		return NULL;
	default:
		return locate_group_name(locate_model_group(put->model, actor));
	}
}

double locate_per_s(const struct locate_put *put, uint64_t count)
{
	return put->window_s > 0 ? (double)count / put->window_s : NAN;
}

static double of_window(const struct locate_put *put, uint64_t ns)
{
	return share_pct((double)ns / 1e9, put->window_s);
}

/* ---- kernel paths and what they are about ----------------------------------------------------------- */

VEC_DECLARE(meanings, const char *);

static int learn(const struct locate_put *put, enum column_id column, struct meanings *ret)
{
	vec_each(path, &put->stacks->paths) {
		const char *what = rule_know(put->rules, column, *path);

		if (vec_push(ret, what ? what : UNKNOWN_PATH) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* One pointer for each text, so that pointers can be counted. */
static void unite(struct meanings *meanings)
{
	vec_each(text, meanings)
		vec_each(earlier, meanings) {
			if (strcmp(*earlier, *text) != 0)
				continue;
			*text = *earlier;
			break;
		}
}

struct paths {
	struct meanings waits, wakes; /* by path */
};

static int learn_all(const struct locate_put *put, struct paths *ret)
{
	int r = learn(put, COLUMN_locate_waits_what, &ret->waits);

	if (r == 0)
		r = learn(put, COLUMN_locate_wakers_what, &ret->wakes);
	unite(&ret->waits);
	unite(&ret->wakes);
	return r;
}

/* ---- groups --------------------------------------------------------------------------------------- */

struct seen {
	struct tally waits_for, wake_source, own, outer, waker_own;
	uint64_t waits, wakeups; /* with a stack */
};

static void free_seen(struct seen *seen)
{
	vec_free(&seen->waits_for);
	vec_free(&seen->wake_source);
	vec_free(&seen->own);
	vec_free(&seen->outer);
	vec_free(&seen->waker_own);
}

static int see_wait(const struct locate_put *put, const struct paths *paths,
		    const struct locate_wait *wait, struct seen *seen)
{
	const struct locate_stack *stack;
	int r = 0;

	if (wait->blocked_stack != LOCATE_STACK_NONE) {
		stack = &put->stacks->list.data[wait->blocked_stack];
		seen->waits++;
		r = tally_add(&seen->waits_for, (uintptr_t)paths->waits.data[stack->path],
			      wait->wait_ns, wait->blocked_stack);
		if (r == 0)
			r = tally_add(&seen->own, stack->own, wait->wait_ns, wait->blocked_stack);
	}
	if (r == 0 && wait->waker_stack != LOCATE_STACK_NONE) {
		stack = &put->stacks->list.data[wait->waker_stack];
		seen->wakeups++;
		r = tally_add(&seen->wake_source, (uintptr_t)paths->wakes.data[stack->path],
			      wait->wait_ns, wait->waker_stack);
		if (r == 0 && wait->waker < LOCATE_ACTOR_LEAST)
			r = tally_add(&seen->waker_own, stack->own, wait->wait_ns,
				      wait->waker_stack);
	}
	return r;
}

static int see_group(const struct locate_put *put, const struct paths *paths, uint32_t group,
		     struct seen *seen)
{
	const struct locate_wait *waits;
	const struct tally_item *own;
	size_t count;
	int r = 0;

	waits = locate_model_waits(put->model, &count);
	for (size_t i = 0; i < count && r == 0; i++)
		if (waits[i].group == group)
			r = see_wait(put, paths, &waits[i], seen);
	own = tally_most(&seen->own, false, PROFILE_SYMBOL_OTHER);
	for (size_t i = 0; i < count && r == 0 && own; i++) {
		const struct locate_stack *stack;

		if (waits[i].group != group || waits[i].blocked_stack == LOCATE_STACK_NONE)
			continue;
		stack = &put->stacks->list.data[waits[i].blocked_stack];
		if (stack->own == own->key && stack->outer != own->key)
			r = tally_add(&seen->outer, stack->outer, 0, waits[i].blocked_stack);
	}
	return r;
}

/* "a futex 71 %, a TCP socket 27 %" */
static void list_shares(struct tally *tally, struct str *out)
{
	uint64_t all = tally_count(tally);

	for (int shown = 0; shown < SOURCES_SHOWN; shown++) {
		const struct tally_item *most = tally_most(tally, false, 0);
		double share = most ? share_pct((double)most->count, (double)all) : 0;

		if (!most || share < SOURCE_PCT_LEAST)
			break;
		str_format(out, "%s%s %.0f %%", shown ? ", " : "", (const char *)most->key, share);
		((struct tally_item *)most)->count = 0;
	}
}

struct most_columns {
	enum column_id name, pct, all;
};

static int put_most(const struct locate_put *put, int row, const struct most_columns *columns,
		    struct tally *tally)
{
	const struct tally_item *most = tally_most(tally, false, 0);
	_cleanup_(str_free) struct str text = { 0 };
	int r;

	if (!most)
		return 0;
	evidence_set_cell(put->evidence, row, columns->pct,
			  share_pct((double)most->count, (double)tally_count(tally)));
	r = locate_text(put, row, columns->name, (const char *)most->key);
	list_shares(tally, &text);
	if (r == 0)
		r = str_error(&text);
	return r < 0 ? r : locate_text(put, row, columns->all, str_text(&text));
}

static int put_functions(const struct locate_put *put, int row, const struct seen *seen,
			 bool with_line)
{
	const struct tally_item *own = tally_most(&seen->own, false, PROFILE_SYMBOL_OTHER);
	const struct tally_item *outer = tally_most(&seen->outer, false, PROFILE_SYMBOL_OTHER);
	const struct tally_item *waker = tally_most(&seen->waker_own, false, PROFILE_SYMBOL_OTHER);
	int r = 0;

	if (own) {
		evidence_set_cell(put->evidence, row, COLUMN_locate_groups_function_pct,
				  share_pct((double)own->count, (double)seen->waits));
		r = locate_text(put, row, COLUMN_locate_groups_function,
				locate_symbol_name(put, own->key));
		if (r == 0 && with_line)
			r = locate_text(put, row, COLUMN_locate_groups_function_line,
					locate_own_line(put, own->stack));
	}
	if (r == 0 && outer)
		r = locate_text(put, row, COLUMN_locate_groups_handler,
				locate_symbol_name(put, outer->key));
	if (r < 0 || !waker)
		return r;
	evidence_set_cell(put->evidence, row, COLUMN_locate_groups_wake_function_pct,
			  share_pct((double)waker->count, (double)seen->wakeups));
	return locate_text(put, row, COLUMN_locate_groups_wake_function,
			   locate_symbol_name(put, waker->key));
}

static void put_contexts(const struct locate_put *put, int row, const struct locate_group *group)
{
	uint64_t softirq = 0, hardirq = 0;
	const struct locate_edge *edges;
	double all = (double)group->wakeups;
	size_t count;

	edges = locate_model_edges(put->model, &count);
	for (size_t i = 0; i < count; i++) {
		if (edges[i].wakee != group->id)
			continue;
		softirq += edges[i].waker == LOCATE_ACTOR_SOFTIRQ ? edges[i].count : 0;
		hardirq += edges[i].waker == LOCATE_ACTOR_HARDIRQ ? edges[i].count : 0;
	}
	evidence_set_cell(put->evidence, row, COLUMN_locate_groups_softirq_wakes_pct,
			  share_pct((double)softirq, all));
	evidence_set_cell(put->evidence, row, COLUMN_locate_groups_hardirq_wakes_pct,
			  share_pct((double)hardirq, all));
	evidence_set_cell(put->evidence, row, COLUMN_locate_groups_task_wakes_pct,
			  share_pct(all - (double)softirq - (double)hardirq, all));
}

static void put_group_numbers(const struct locate_put *put, int row,
			      const struct locate_group *group, const struct seen *seen)
{
	const struct {
		enum column_id column;
		double number;
	} cells[] = {
		{ COLUMN_locate_groups_threads, group->threads },
		{ COLUMN_locate_groups_wakeups_per_s, locate_per_s(put, group->wakeups) },
		{ COLUMN_locate_groups_waits_per_s, locate_per_s(put, group->waits) },
		{ COLUMN_locate_groups_wait_pct, of_window(put, group->wait_ns) },
		{ COLUMN_locate_groups_wait_avg_ms,
		  group->waits ? (double)group->wait_ns / 1e6 / (double)group->waits : NAN },
		{ COLUMN_locate_groups_wait_max_ms, (double)group->wait_max_ns / 1e6 },
		{ COLUMN_locate_groups_futex_wait_share_pct,
		  put->has_futexes ? fmin(100, share_pct((double)group->futex_wait_ns,
							 (double)group->wait_ns)) :
				     NAN },
		{ COLUMN_locate_groups_futex_waits_share_pct,
		  put->has_futexes ?
			  fmin(100, share_pct((double)group->futex_waits, (double)group->waits)) :
			  NAN },
		{ COLUMN_locate_groups_stacks, (double)(seen->waits + seen->wakeups) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		evidence_set_cell(put->evidence, row, cells[i].column, cells[i].number);
	put_contexts(put, row, group);
}

static int put_group_texts(const struct locate_put *put, int row, const struct locate_group *group)
{
	int r = locate_text(put, row, COLUMN_locate_groups_name, locate_group_name(group));

	if (r == 0)
		r = locate_text(put, row, COLUMN_locate_groups_program, group->program);
	if (r == 0)
		r = locate_text(put, row, COLUMN_locate_groups_thread, group->thread);
	return r < 0 ? r :
		       locate_text(put, row, COLUMN_locate_groups_kind,
				   group->kernel ? "kernel" : "user");
}

static int put_group(const struct locate_put *put, const struct paths *paths,
		     const struct locate_group *group, bool with_line)
{
	static const struct most_columns waits_for = { COLUMN_locate_groups_waits_for,
						       COLUMN_locate_groups_waits_for_pct,
						       COLUMN_locate_groups_waits_for_all };
	static const struct most_columns wakes = { COLUMN_locate_groups_wake_source,
						   COLUMN_locate_groups_wake_source_pct,
						   COLUMN_locate_groups_wake_sources };
	int row = evidence_add_row(put->evidence, TABLE_locate_groups);
	struct seen seen = { .waits = 0 };
	int r = row < 0 ? row : see_group(put, paths, group->id, &seen);

	if (r == 0)
		r = put_group_texts(put, row, group);
	if (r == 0) {
		put_group_numbers(put, row, group, &seen);
		r = put_functions(put, row, &seen, with_line);
	}
	if (r == 0)
		r = put_most(put, row, &waits_for, &seen.waits_for);
	if (r == 0)
		r = put_most(put, row, &wakes, &seen.wake_source);
	free_seen(&seen);
	return r;
}

static bool comes_next(const struct locate_group *group, const struct locate_group *last,
		       const struct locate_group *best)
{
	if (!group->waits && !group->wakeups)
		return false;
	if (last && (group->wakeups > last->wakeups ||
		     (group->wakeups == last->wakeups && group->id <= last->id)))
		return false;
	return !best || group->wakeups > best->wakeups;
}

static int put_groups(const struct locate_put *put, const struct paths *paths)
{
	uint32_t groups = locate_model_totals(put->model)->groups;
	const struct locate_group *last = NULL;
	int r = 0;

	evidence_mark_table(put->evidence, TABLE_locate_groups);
	for (int i = 0; i < GROUPS_MAX && r == 0; i++) {
		const struct locate_group *best = NULL;

		for (uint32_t id = 0; id < groups; id++) {
			const struct locate_group *group = locate_model_group(put->model, id);

			if (comes_next(group, last, best))
				best = group;
		}
		if (!best)
			break;
		r = put_group(put, paths, best, i < LOCATE_LINES_MAX);
		last = best;
	}
	return r;
}

/* ---- knots ------------------------------------------------------------------------------------------ */

static int put_knot(const struct locate_put *put, const struct locate_knot *knot, uint64_t all_ns)
{
	int row = evidence_add_row(put->evidence, TABLE_locate_knots);
	_cleanup_(str_free) struct str names = { 0 };

	if (row < 0)
		return row;
	for (uint32_t i = 0; i < knot->count && i < ARRAY_SIZE(knot->members); i++)
		str_format(&names, "%s%s", i ? ", " : "", locate_actor_name(put, knot->members[i]));
	if (knot->count > ARRAY_SIZE(knot->members))
		str_append(&names, ", ...");
	if (str_error(&names) < 0)
		return -ENOMEM;
	evidence_set_cell(put->evidence, row, COLUMN_locate_knots_members, knot->count);
	evidence_set_cell(put->evidence, row, COLUMN_locate_knots_wait_pct,
			  of_window(put, knot->wait_ns));
	evidence_set_cell(put->evidence, row, COLUMN_locate_knots_share_pct,
			  share_pct((double)knot->wait_ns, (double)all_ns));
	evidence_set_cell(put->evidence, row, COLUMN_locate_knots_inner_pct,
			  share_pct((double)knot->inner_ns, (double)knot->wait_ns));
	return locate_text(put, row, COLUMN_locate_knots_name, str_text(&names));
}

static int put_knots(const struct locate_put *put)
{
	struct locate_knots knots = { 0 };
	const struct locate_edge *edges;
	uint64_t all_ns = 0;
	size_t count;
	int r;

	edges = locate_model_edges(put->model, &count);
	for (size_t i = 0; i < count; i++)
		all_ns += edges[i].wait_ns;
	evidence_mark_table(put->evidence, TABLE_locate_knots);
	r = locate_find_knots(edges, count, ARC_PCT_LEAST, &knots);
	for (size_t i = 0; i < knots.len && i < KNOTS_MAX && r == 0; i++)
		r = put_knot(put, &knots.data[i], all_ns);
	vec_free(&knots);
	return r;
}

int locate_put(const struct locate_put *put)
{
	const struct locate_totals *totals = locate_model_totals(put->model);
	struct paths paths = { 0 };
	int r = learn_all(put, &paths);

	evidence_set(put->evidence, METRIC_locate_waits_per_s, locate_per_s(put, totals->waits));
	evidence_set(put->evidence, METRIC_locate_wait_pct, of_window(put, totals->wait_ns));
	if (r == 0)
		r = put_groups(put, &paths);
	if (r == 0)
		r = locate_put_flows(put, false);
	if (r == 0)
		r = locate_put_flows(put, true);
	if (r == 0)
		r = put_knots(put);
	vec_free(&paths.waits);
	vec_free(&paths.wakes);
	return r;
}
