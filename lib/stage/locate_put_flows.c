/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits and wakeups by the kernel path that they took. */
#include "stage/locate_put.h"

#include "model/rates.h"

#include <errno.h>
#include <stdlib.h>

#define ROWS_MAX 24

static const char *actor_context(uint32_t actor)
{
	return actor == LOCATE_ACTOR_SOFTIRQ ? "softirq" :
	       actor == LOCATE_ACTOR_HARDIRQ ? "hardirq" :
					       "task";
}

/* Waits that begin, or wakeups that are made, in one kernel path. */
struct flow {
	uint32_t group, waker, path;
	uint64_t count, ns;
	struct tally own;
};

VEC_DECLARE(flows, struct flow);

static void free_flows(struct flows *flows)
{
	vec_each(flow, flows)
		vec_free(&flow->own);
	vec_free(flows);
}

static int add_flow(const struct locate_put *put, struct flows *flows, uint32_t group,
		    uint32_t waker, uint32_t stack_at, uint64_t ns)
{
	const struct locate_stack *stack = &put->stacks->list.data[stack_at];
	struct flow fresh = { .group = group, .waker = waker, .path = stack->path };
	struct flow *found = NULL;

	vec_each(flow, flows)
		if (flow->group == group && flow->waker == waker && flow->path == stack->path)
			found = flow;
	if (!found) {
		if (vec_push(flows, fresh) < 0)
			return -ENOMEM;
		found = vec_at(flows, flows->len - 1);
	}
	found->count++;
	found->ns += ns;
	/* In an interrupt the function below is only where it came. */
	if (waker > LOCATE_ACTOR_LEAST)
		return 0;
	return tally_add(&found->own, stack->own, ns, stack_at);
}

static int compare_flows(const void *left, const void *right)
{
	const struct flow *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return a->path < b->path ? -1 : a->path > b->path;
}

static int collect_flows(const struct locate_put *put, bool wakers, struct flows *ret)
{
	const struct locate_wait *waits;
	size_t count;
	int r = 0;

	waits = locate_model_waits(put->model, &count);
	for (size_t i = 0; i < count && r == 0; i++) {
		uint32_t stack = wakers ? waits[i].waker_stack : waits[i].blocked_stack;

		if (stack != LOCATE_STACK_NONE)
			r = add_flow(put, ret, waits[i].group,
				     wakers ? waits[i].waker : LOCATE_ACTOR_UNKNOWN, stack,
				     waits[i].wait_ns);
	}
	if (ret->len)
		qsort(ret->data, ret->len, sizeof(*ret->data), compare_flows);
	return r;
}

/* Of one group's, and of one waker of it unless that is unknown. */
static struct tally_item sum_flows(const struct flows *flows, uint32_t group, uint32_t waker)
{
	struct tally_item sum = { .count = 0 };

	vec_each(flow, flows) {
		if (flow->group != group || (waker != LOCATE_ACTOR_UNKNOWN && flow->waker != waker))
			continue;
		sum.count += flow->count;
		sum.ns += flow->ns;
	}
	return sum;
}

struct flow_columns {
	enum column_id path, share, function, line;
};

static int put_flow(const struct locate_put *put, int row, const struct flow_columns *columns,
		    const struct flow *flow, uint64_t all, bool with_line)
{
	const struct tally_item *own = tally_most(&flow->own, false, PROFILE_SYMBOL_OTHER);
	int r;

	evidence_set_cell(put->evidence, row, columns->share,
			  share_pct((double)flow->count, (double)all));
	r = locate_text(put, row, columns->path, put->stacks->paths.data[flow->path]);
	if (r < 0 || !own)
		return r;
	r = locate_text(put, row, columns->function, locate_symbol_name(put, own->key));
	return r < 0 || !with_line ?
		       r :
		       locate_text(put, row, columns->line, locate_own_line(put, own->stack));
}

static int put_wait(const struct locate_put *put, const struct flows *flows,
		    const struct flow *flow)
{
	static const struct flow_columns columns = { COLUMN_locate_waits_path,
						     COLUMN_locate_waits_share_pct,
						     COLUMN_locate_waits_function,
						     COLUMN_locate_waits_function_line };
	const struct locate_group *group = locate_model_group(put->model, flow->group);
	struct tally_item sum = sum_flows(flows, flow->group, LOCATE_ACTOR_UNKNOWN);
	int row = evidence_add_row(put->evidence, TABLE_locate_waits);
	int r;

	if (row < 0)
		return row;
	evidence_set_cell(put->evidence, row, COLUMN_locate_waits_time_share_pct,
			  share_pct((double)flow->ns, (double)sum.ns));
	evidence_set_cell(put->evidence, row, COLUMN_locate_waits_avg_ms,
			  (double)flow->ns / 1e6 / (double)flow->count);
	r = locate_text(put, row, COLUMN_locate_waits_name, locate_group_name(group));
	if (r == 0)
		r = locate_text(put, row, COLUMN_locate_waits_program, group->program);
	return r < 0 ? r :
		       put_flow(put, row, &columns, flow, sum.count,
				flow < flows->data + LOCATE_LINES_MAX);
}

static uint64_t edge_count(const struct locate_put *put, uint32_t waker, uint32_t wakee)
{
	const struct locate_edge *edges;
	size_t count;

	edges = locate_model_edges(put->model, &count);
	for (size_t i = 0; i < count; i++)
		if (edges[i].waker == waker && edges[i].wakee == wakee)
			return edges[i].count;
	return 0;
}

static int put_waker_names(const struct locate_put *put, int row, const struct flow *flow)
{
	const struct locate_group *wakee = locate_model_group(put->model, flow->group);
	int r = locate_text(put, row, COLUMN_locate_wakers_name,
			    locate_actor_name(put, flow->waker));

	if (r == 0 && flow->waker < LOCATE_ACTOR_LEAST)
		r = locate_text(put, row, COLUMN_locate_wakers_program,
				locate_model_group(put->model, flow->waker)->program);
	if (r == 0)
		r = locate_text(put, row, COLUMN_locate_wakers_context, actor_context(flow->waker));
	if (r == 0)
		r = locate_text(put, row, COLUMN_locate_wakers_wakee, locate_group_name(wakee));
	return r < 0 ? r :
		       locate_text(put, row, COLUMN_locate_wakers_wakee_program, wakee->program);
}

static int put_waker(const struct locate_put *put, const struct flows *flows,
		     const struct flow *flow)
{
	static const struct flow_columns columns = { COLUMN_locate_wakers_path,
						     COLUMN_locate_wakers_share_pct,
						     COLUMN_locate_wakers_function,
						     COLUMN_locate_wakers_function_line };
	struct tally_item all = sum_flows(flows, flow->group, LOCATE_ACTOR_UNKNOWN);
	struct tally_item pair = sum_flows(flows, flow->group, flow->waker);
	int row = evidence_add_row(put->evidence, TABLE_locate_wakers);
	int r = row < 0 ? row : put_waker_names(put, row, flow);

	if (r < 0)
		return r;
	evidence_set_cell(put->evidence, row, COLUMN_locate_wakers_per_s,
			  locate_per_s(put, edge_count(put, flow->waker, flow->group)) *
				  (double)flow->count / (double)pair.count);
	return put_flow(put, row, &columns, flow, all.count,
			flow->waker < LOCATE_ACTOR_LEAST && flow < flows->data + LOCATE_LINES_MAX);
}

int locate_put_flows(const struct locate_put *put, bool wakers)
{
	struct flows flows = { 0 };
	int r = collect_flows(put, wakers, &flows);

	evidence_mark_table(put->evidence, wakers ? TABLE_locate_wakers : TABLE_locate_waits);
	for (size_t i = 0; i < flows.len && i < ROWS_MAX && r == 0; i++)
		r = wakers ? put_waker(put, &flows, &flows.data[i]) :
			     put_wait(put, &flows, &flows.data[i]);
	free_flows(&flows);
	return r;
}
