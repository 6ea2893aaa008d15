/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/locate_put.h"

#include "base/cleanup.h"
#include "evidence/classes.h"
#include "model/rates.h"
#include "rule/judge.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROWS_MAX 16
#define PATH_FRAMES_MAX 12

/* include/trace/events/lock.h */
#define LCB_F_SPIN 1
#define LCB_F_READ 2
#define LCB_F_WRITE 4
#define LCB_F_RT 8
#define LCB_F_PERCPU 16
#define LCB_F_MUTEX 32

static double average_ms(uint64_t ns, uint64_t count)
{
	return count ? (double)ns / 1e6 / (double)count : NAN;
}

/* ---- user locks ------------------------------------------------------------------------------------- */

struct ranked {
	const struct locate_lock *lock;
	uint32_t index;
	double weight;
};

VEC_DECLARE(ranking, struct ranked);

/* Signals that idle threads wait for are no contention, however long they take: those that are handed on come first. */
static double weigh(const struct locate_lock *lock)
{
	double handed = lock->wakes ? (double)lock->wakes_by_waiters / (double)lock->wakes : 0;

	return (double)lock->waits * (handed + 0.01);
}

static int compare_ranked(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return a->index < b->index ? -1 : 1;
}

static int rank_locks(const struct locate_put *put, struct ranking *ret, uint64_t *ret_waits,
		      uint64_t *ret_ns)
{
	const struct locate_lock *locks;
	size_t count;

	*ret_waits = *ret_ns = 0;
	locks = locate_model_locks(put->model, &count);
	for (size_t i = 0; i < count; i++) {
		struct ranked ranked = { &locks[i], (uint32_t)i, weigh(&locks[i]) };

		*ret_waits += locks[i].waits;
		*ret_ns += locks[i].wait_ns;
		if (locks[i].waits && vec_push(ret, ranked) < 0)
			return -ENOMEM;
	}
	if (ret->len)
		qsort(ret->data, ret->len, sizeof(*ret->data), compare_ranked);
	return 0;
}

struct lock_sites {
	struct tally waits;
	struct tally holds; /* ns are scaled to what the whole group held */
	struct tally plain_holds;
	uint64_t conditions; /* of the waits */
};

static const struct locate_holder *find_holder(const struct locate_lock *lock, uint32_t group)
{
	for (size_t i = 0; i < LOCATE_HOLDERS; i++)
		if (lock->holders[i].holds && lock->holders[i].group == group)
			return &lock->holders[i];
	return NULL;
}

/* How much of a group's holds has a stack: few threads have them, of one group more than of another. */
static double hold_scale(const struct locate_put *put, const struct ranked *ranked, uint32_t group)
{
	const struct locate_holder *holder = find_holder(ranked->lock, group);
	const struct locate_site *sites;
	uint64_t seen_ns = 0;
	size_t count;

	sites = locate_model_sites(put->model, &count);
	for (size_t i = 0; i < count; i++)
		if (sites[i].type == LOCATE_SITE_HOLD && sites[i].lock == ranked->index &&
		    sites[i].group == group)
			seen_ns += sites[i].ns;
	return holder && seen_ns ? (double)holder->ns / (double)seen_ns : 1;
}

/* Whether a function on the way from the system call to the program's own is one of conditions. */
static bool is_condition(const struct locate_put *put, const struct locate_stack *stack)
{
	for (size_t i = stack->kernel_count; i < stack->count; i++) {
		uint32_t symbol = put->stacks->symbols.data[stack->first + i];

		if (symbol == stack->own)
			break;
		if (rule_know(put->rules, COLUMN_locate_locks_of_condition,
			      locate_symbol_name(put, symbol)))
			return true;
	}
	return false;
}

static int collect_sites(const struct locate_put *put, const struct ranked *ranked,
			 struct lock_sites *ret)
{
	double scales[LOCATE_HOLDERS];
	const struct locate_site *sites;
	size_t count;
	int r = 0;

	for (size_t i = 0; i < LOCATE_HOLDERS; i++)
		scales[i] = hold_scale(put, ranked, ranked->lock->holders[i].group);
	sites = locate_model_sites(put->model, &count);
	for (size_t i = 0; i < count && r == 0; i++) {
		const struct locate_site *site = &sites[i];
		const struct locate_holder *holder = find_holder(ranked->lock, site->group);
		uint32_t own = put->stacks->list.data[site->stack].own;

		if (site->lock != ranked->index || site->type == LOCATE_SITE_KERNEL)
			continue;
		if (site->type == LOCATE_SITE_WAIT) {
			ret->conditions += is_condition(put, &put->stacks->list.data[site->stack]);
			r = tally_add(&ret->waits, own, site->ns, site->stack);
		} else if (holder &&
			   (r = tally_add(&ret->plain_holds, own, site->ns, site->stack)) == 0)
			r = tally_add(&ret->holds, own,
				      (uint64_t)((double)site->ns *
						 scales[holder - ranked->lock->holders]),
				      site->stack);
	}
	return r;
}

static uint64_t all_ns(const struct tally *tally)
{
	uint64_t ns = 0;

	vec_each(item, tally)
		ns += item->ns;
	return ns;
}

static const struct locate_holder *main_holder(const struct locate_lock *lock)
{
	const struct locate_holder *most = NULL;

	for (size_t i = 0; i < LOCATE_HOLDERS; i++)
		if (lock->holders[i].holds && (!most || lock->holders[i].ns > most->ns))
			most = &lock->holders[i];
	return most;
}

/* At a time: what holds a lock rarely but long may not have most of it in sum. */
static int put_longest(const struct locate_put *put, int row, const struct tally *holds,
		       bool with_line)
{
	const struct tally_item *longest = NULL;
	double most_ms = 0;
	int r;

	vec_each(item, holds) {
		double ms = average_ms(item->ns, item->count);

		if (item->key == PROFILE_SYMBOL_OTHER || ms <= most_ms)
			continue;
		most_ms = ms;
		longest = item;
	}
	if (!longest)
		return 0;
	evidence_set_cell(put->evidence, row, COLUMN_locate_locks_longest_ms, most_ms);
	r = locate_text(put, row, COLUMN_locate_locks_longest_function,
			locate_symbol_name(put, longest->key));
	return r < 0 || !with_line ? r :
				     locate_text(put, row, COLUMN_locate_locks_longest_line,
						 locate_own_line(put, longest->stack));
}

static int put_sites(const struct locate_put *put, int row, const struct lock_sites *sites,
		     bool with_lines)
{
	const struct tally_item *wait = tally_most(&sites->waits, false, PROFILE_SYMBOL_OTHER);
	const struct tally_item *hold = tally_most(&sites->holds, true, PROFILE_SYMBOL_OTHER);
	int r = 0;

	if (tally_count(&sites->waits))
		evidence_set_cell(put->evidence, row, COLUMN_locate_locks_condition_pct,
				  share_pct((double)sites->conditions,
					    (double)tally_count(&sites->waits)));
	if (wait) {
		evidence_set_cell(put->evidence, row, COLUMN_locate_locks_wait_function_pct,
				  share_pct((double)wait->count,
					    (double)tally_count(&sites->waits)));
		r = locate_text(put, row, COLUMN_locate_locks_wait_function,
				locate_symbol_name(put, wait->key));
		if (r == 0 && with_lines)
			r = locate_text(put, row, COLUMN_locate_locks_wait_line,
					locate_own_line(put, wait->stack));
	}
	if (r < 0 || !hold)
		return r;
	r = put_longest(put, row, &sites->plain_holds, with_lines);
	if (r < 0)
		return r;
	evidence_set_cell(put->evidence, row, COLUMN_locate_locks_holder_pct,
			  share_pct((double)hold->ns, (double)all_ns(&sites->holds)));
	r = locate_text(put, row, COLUMN_locate_locks_holder_function,
			locate_symbol_name(put, hold->key));
	return r < 0 || !with_lines ? r :
				      locate_text(put, row, COLUMN_locate_locks_holder_line,
						  locate_own_line(put, hold->stack));
}

static void put_lock_numbers(const struct locate_put *put, int row, const struct locate_lock *lock,
			     uint64_t all_waits)
{
	const struct locate_group *group = locate_model_group(put->model, lock->group);
	double window_ns = put->window_s * 1e9;
	const struct {
		enum column_id column;
		double number;
	} cells[] = {
		{ COLUMN_locate_locks_waits_per_s, (double)lock->waits / put->window_s },
		{ COLUMN_locate_locks_retries_per_s, (double)lock->retries / put->window_s },
		{ COLUMN_locate_locks_waiters, lock->waiters },
		{ COLUMN_locate_locks_waiting_max, lock->waiting_max },
		{ COLUMN_locate_locks_wait_pct, share_pct((double)lock->wait_ns, window_ns) },
		{ COLUMN_locate_locks_wait_avg_ms, average_ms(lock->wait_ns, lock->waits) },
		{ COLUMN_locate_locks_wait_max_ms, (double)lock->wait_max_ns / 1e6 },
		{ COLUMN_locate_locks_share_pct,
		  share_pct((double)lock->waits, (double)all_waits) },
		{ COLUMN_locate_locks_group_share_pct,
		  fmin(100,
		       share_pct((double)lock->waits, (double)(group->waits + group->preempted))) },
		{ COLUMN_locate_locks_handed_on_pct,
		  share_pct((double)lock->wakes_by_waiters, (double)lock->wakes) },
		{ COLUMN_locate_locks_held_pct, share_pct((double)lock->hold_ns, window_ns) },
		{ COLUMN_locate_locks_held_avg_ms, average_ms(lock->hold_ns, lock->holds) },
		{ COLUMN_locate_locks_held_max_ms,
		  lock->holds ? (double)lock->hold_max_ns / 1e6 : NAN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		evidence_set_cell(put->evidence, row, cells[i].column, cells[i].number);
}

static int put_lock_texts(const struct locate_put *put, int row, const struct locate_lock *lock)
{
	const struct locate_group *group = locate_model_group(put->model, lock->group);
	const struct locate_holder *holder = main_holder(lock);
	char address[32], pid[16];
	int r;

	snprintf(address, sizeof(address), "0x%llx", (unsigned long long)lock->address);
	snprintf(pid, sizeof(pid), "%d", lock->pid);
	r = locate_text(put, row, COLUMN_locate_locks_name, locate_group_name(group));
	if (r == 0)
		r = locate_text(put, row, COLUMN_locate_locks_program, group->program);
	if (r == 0)
		r = locate_text(put, row, COLUMN_locate_locks_thread, group->thread);
	if (r == 0)
		r = locate_text(put, row, COLUMN_locate_locks_kind, "user");
	if (r == 0)
		r = locate_text(put, row, COLUMN_locate_locks_address, address);
	if (r == 0 && lock->pid > 0)
		r = locate_text(put, row, COLUMN_locate_locks_pids, pid);
	return r < 0 || !holder ? r :
				  locate_text(put, row, COLUMN_locate_locks_holder_thread,
					      locate_group_name(locate_model_group(put->model,
										   holder->group)));
}

static int put_lock(const struct locate_put *put, const struct ranked *ranked, uint64_t all_waits,
		    bool with_lines)
{
	int row = evidence_add_row(put->evidence, TABLE_locate_locks);
	struct lock_sites sites = { .waits = { 0 } };
	int r = row < 0 ? row : put_lock_texts(put, row, ranked->lock);

	if (r == 0) {
		put_lock_numbers(put, row, ranked->lock, all_waits);
		r = collect_sites(put, ranked, &sites);
	}
	if (r == 0)
		r = put_sites(put, row, &sites, with_lines);
	vec_free(&sites.waits);
	vec_free(&sites.holds);
	vec_free(&sites.plain_holds);
	return r;
}

int locate_put_locks(const struct locate_put *put)
{
	struct ranking ranking = { 0 };
	uint64_t waits, ns;
	int r;

	if (!put->has_futexes)
		return 0;
	evidence_mark_table(put->evidence, TABLE_locate_locks);
	r = rank_locks(put, &ranking, &waits, &ns);
	evidence_set(put->evidence, METRIC_locate_futex_wait_pct,
		     share_pct((double)ns / 1e9, put->window_s));
	for (size_t i = 0; i < ranking.len && i < ROWS_MAX && r == 0; i++)
		r = put_lock(put, &ranking.data[i], waits, i < LOCATE_LINES_MAX);
	vec_free(&ranking);
	return r;
}

/* ---- locks of the kernel -------------------------------------------------------------------------- */

/* Locks of one kind that one function takes. */
struct kernel_row {
	const char *name, *access;
	uint32_t function; /* symbol; PROFILE_SYMBOL_OTHER: not known */
	uint32_t stack;
	uint64_t waits, ns, max_ns, locks;
	struct tally groups, own;
};

VEC_DECLARE(kernel_rows, struct kernel_row);

static const char *kind_of(int32_t flags)
{
	if (flags & LCB_F_MUTEX)
		return class_info(CLASS_kernel_mutex)->label;
	if (flags & LCB_F_RT)
		return "kernel rt mutex";
	if (flags & LCB_F_PERCPU)
		return "kernel percpu rwsem";
	if (flags & (LCB_F_READ | LCB_F_WRITE))
		return flags & LCB_F_SPIN ? "kernel rwlock" : class_info(CLASS_rwsem)->label;
	if (flags & LCB_F_SPIN)
		return class_info(CLASS_spin_lock)->label;
	return "kernel semaphore";
}

static const char *access_of(int32_t flags)
{
	return flags & LCB_F_READ ? "read" : flags & LCB_F_WRITE ? "write" : NULL;
}

/* The first function that is not the lock's own, as a position in the stack's frames; `count` when there is none. */
static size_t find_taker(const struct locate_put *put, const struct locate_stack *stack)
{
	size_t i = 0;

	while (i < stack->kernel_count &&
	       rule_know(put->rules, COLUMN_locate_kernel_locks_of_lock,
			 locate_symbol_name(put, put->stacks->symbols.data[stack->first + i])))
		i++;
	return i;
}

/* The stack in which a lock was waited for longest. */
static uint32_t find_stack(const struct locate_put *put, uint32_t lock)
{
	const struct locate_site *sites;
	uint32_t found = LOCATE_STACK_NONE;
	uint64_t most = 0;
	size_t count;

	sites = locate_model_sites(put->model, &count);
	for (size_t i = 0; i < count; i++)
		if (sites[i].type == LOCATE_SITE_KERNEL && sites[i].lock == lock &&
		    (found == LOCATE_STACK_NONE || sites[i].ns > most)) {
			found = sites[i].stack;
			most = sites[i].ns;
		}
	return found;
}

static struct kernel_row describe(const struct locate_put *put,
				  const struct locate_kernel_lock *lock, uint32_t index)
{
	struct kernel_row row = {
		.name = kind_of(lock->flags),
		.access = access_of(lock->flags),
		.function = PROFILE_SYMBOL_OTHER,
		.stack = find_stack(put, index),
	};
	const struct locate_stack *stack;
	size_t taker;

	if (row.stack == LOCATE_STACK_NONE)
		return row;
	stack = &put->stacks->list.data[row.stack];
	taker = find_taker(put, stack);
	if (taker < stack->kernel_count)
		row.function = put->stacks->symbols.data[stack->first + taker];
	if (stack->classes & CLASS_BIT(mmap_lock) && lock->flags & (LCB_F_READ | LCB_F_WRITE) &&
	    !(lock->flags & (LCB_F_SPIN | LCB_F_PERCPU)))
		row.name = class_info(CLASS_mmap_lock)->label;
	return row;
}

static struct kernel_row *find_row(struct kernel_rows *rows, const struct kernel_row *like)
{
	vec_each(row, rows)
		if (strcmp(row->name, like->name) == 0 && row->access == like->access &&
		    row->function == like->function)
			return row;
	return NULL;
}

/* Then the program's function below is only where it came. */
static bool is_interrupt(const struct locate_put *put, uint32_t stack)
{
	return put->stacks->list.data[stack].classes & (CLASS_BIT(hardirq) | CLASS_BIT(softirq));
}

static int add_kernel_lock(const struct locate_put *put, const struct locate_kernel_lock *lock,
			   uint32_t index, struct kernel_rows *rows)
{
	struct kernel_row like = describe(put, lock, index);
	struct kernel_row *row = find_row(rows, &like);
	int r;

	if (!row) {
		if (vec_push(rows, like) < 0)
			return -ENOMEM;
		row = vec_at(rows, rows->len - 1);
	}
	row->waits += lock->waits;
	row->ns += lock->wait_ns;
	row->locks++;
	if (lock->wait_max_ns > row->max_ns)
		row->max_ns = lock->wait_max_ns;
	r = tally_add(&row->groups, lock->group, lock->wait_ns, row->stack);
	if (r == 0 && like.stack != LOCATE_STACK_NONE && !is_interrupt(put, like.stack))
		r = tally_add(&row->own, put->stacks->list.data[like.stack].own, lock->wait_ns,
			      like.stack);
	return r;
}

static int compare_rows(const void *left, const void *right)
{
	const struct kernel_row *a = left, *b = right;

	if (a->ns != b->ns)
		return a->ns < b->ns ? 1 : -1;
	return a->function < b->function ? -1 : a->function > b->function;
}

static int put_path(const struct locate_put *put, int row, uint32_t at)
{
	const struct locate_stack *stack = &put->stacks->list.data[at];
	_cleanup_(str_free) struct str text = { 0 };
	size_t from = find_taker(put, stack);

	for (size_t i = from; i < stack->kernel_count && i < from + PATH_FRAMES_MAX; i++)
		str_format(&text, "%s%s", i > from ? ";" : "",
			   locate_symbol_name(put, put->stacks->symbols.data[stack->first + i]));
	return str_error(&text) < 0 ?
		       -ENOMEM :
		       locate_text(put, row, COLUMN_locate_kernel_locks_path, str_text(&text));
}

static int put_kernel_texts(const struct locate_put *put, int at, const struct kernel_row *row)
{
	const struct tally_item *own = tally_most(&row->own, true, PROFILE_SYMBOL_OTHER);
	const struct locate_group *group = locate_model_group(
		put->model, (uint32_t)tally_most(&row->groups, true, UINTPTR_MAX)->key);
	int r = locate_text(put, at, COLUMN_locate_kernel_locks_name, row->name);

	if (r == 0)
		r = locate_text(put, at, COLUMN_locate_kernel_locks_access, row->access);
	if (r == 0)
		r = locate_text(put, at, COLUMN_locate_kernel_locks_function,
				locate_symbol_name(put, row->function));
	if (r == 0)
		r = locate_text(put, at, COLUMN_locate_kernel_locks_group,
				locate_group_name(group));
	if (r == 0)
		r = locate_text(put, at, COLUMN_locate_kernel_locks_group_program, group->program);
	if (r == 0 && own)
		r = locate_text(put, at, COLUMN_locate_kernel_locks_own_function,
				locate_symbol_name(put, own->key));
	return r < 0 || row->stack == LOCATE_STACK_NONE ? r : put_path(put, at, row->stack);
}

static int put_kernel_row(const struct locate_put *put, const struct kernel_row *row,
			  uint64_t all_wait_ns)
{
	int at = evidence_add_row(put->evidence, TABLE_locate_kernel_locks);
	const struct {
		enum column_id column;
		double number;
	} cells[] = {
		{ COLUMN_locate_kernel_locks_locks, (double)row->locks },
		{ COLUMN_locate_kernel_locks_waits_per_s, (double)row->waits / put->window_s },
		{ COLUMN_locate_kernel_locks_wait_pct,
		  share_pct((double)row->ns / 1e9, put->window_s) },
		{ COLUMN_locate_kernel_locks_wait_avg_ms, average_ms(row->ns, row->waits) },
		{ COLUMN_locate_kernel_locks_wait_max_ms, (double)row->max_ns / 1e6 },
		{ COLUMN_locate_kernel_locks_share_pct,
		  share_pct((double)row->ns, (double)all_wait_ns) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cells) && at >= 0; i++)
		evidence_set_cell(put->evidence, at, cells[i].column, cells[i].number);
	return at < 0 ? at : put_kernel_texts(put, at, row);
}

static int collect_kernel_rows(const struct locate_put *put, struct kernel_rows *ret,
			       uint64_t *ret_ns)
{
	const struct locate_kernel_lock *locks;
	size_t count;
	int r = 0;

	*ret_ns = 0;
	locks = locate_model_kernel_locks(put->model, &count);
	for (size_t i = 0; i < count && r == 0; i++) {
		*ret_ns += locks[i].wait_ns;
		if (locks[i].waits)
			r = add_kernel_lock(put, &locks[i], (uint32_t)i, ret);
	}
	if (ret->len)
		qsort(ret->data, ret->len, sizeof(*ret->data), compare_rows);
	return r;
}

int locate_put_kernel_locks(const struct locate_put *put)
{
	struct kernel_rows rows = { 0 };
	uint64_t ns;
	int r;

	if (!put->has_locks)
		return 0;
	evidence_mark_table(put->evidence, TABLE_locate_kernel_locks);
	r = collect_kernel_rows(put, &rows, &ns);
	evidence_set(put->evidence, METRIC_locate_kernel_wait_pct,
		     share_pct((double)ns / 1e9, put->window_s));
	for (size_t i = 0; i < rows.len && i < ROWS_MAX && r == 0; i++)
		r = put_kernel_row(put, &rows.data[i], ns);
	vec_each(row, &rows) {
		vec_free(&row->groups);
		vec_free(&row->own);
	}
	vec_free(&rows);
	return r;
}
