/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/perf_named.h"

#include "base/cleanup.h"
#include "base/vec.h"
#include "evidence/classes.h"
#include "model/rates.h"
#include "rule/symbols.h"
#include "stage/perf_put.h"
#include "stage/perf_resolve.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FRAMES_MAX 254
#define FUNCTIONS_MAX 32
#define FUNCTION_PCT_LEAST 1.0
#define ROWS_MAX 4096 /* perf prints those with most first */

/* A function of the table, over all comms and files. */
struct function {
	char *name; /* "" without a name */
	char *module, *comm;
	bool kernel;
	double self_pct, total_pct;
	struct symbol_meaning meaning;
};

VEC_DECLARE(function_rows, struct function);

struct perf_named {
	const struct ruleset *rules;
	struct perf_resolver resolver;
	struct function_rows functions;
	uint64_t stacks;
	bool has_chains, has_cpus, has_pids;
	bool has_cycles; /* weights that are no ns */
	double first_s, last_s;
};

int perf_named_new(const struct ruleset *rules, struct perf_named **ret)
{
	struct perf_named *named = calloc(1, sizeof(*named));

	if (!named)
		return -ENOMEM;
	named->rules = rules;
	named->first_s = INFINITY;
	named->last_s = -INFINITY;
	named->resolver.rules = rules;
	named->resolver.profile = perf_profile_new(rules);
	if (!named->resolver.profile) {
		perf_named_free(named);
		return -ENOMEM;
	}
	*ret = named;
	return 0;
}

void perf_named_free(struct perf_named *named)
{
	if (!named)
		return;
	vec_each(row, &named->functions) {
		free(row->name);
		free(row->module);
		free(row->comm);
	}
	vec_free(&named->functions);
	profile_free(named->resolver.profile);
	free(named);
}

void perf_named_freep(struct perf_named **named)
{
	perf_named_free(*named);
}

/* ---- stacks --------------------------------------------------------------------------------- */

static int64_t symbol_of(struct perf_named *named, const struct named_frame *frame)
{
	struct symbol symbol = {
		.function = frame->function ? frame->function : "[unknown]",
		.module = frame->module,
		.named = frame->function != NULL,
		.kernel = frame->kernel,
	};

	return perf_resolve_symbol(&named->resolver, &symbol);
}

int perf_named_stack(void *context, const struct named_stack *stack)
{
	struct perf_named *named = context;
	pid_t pid = stack->pid >= 0 ? stack->pid : stack->tid;
	uint32_t frames[FRAMES_MAX];
	struct profile_sample sample = {
		.pid = pid,
		.tid = stack->tid,
		.cpu = stack->cpu >= 0 ? (uint32_t)stack->cpu : 0,
		.weight = stack->weight,
		.in_user = stack->count && !stack->frames[0].kernel,
		.frames = frames,
	};
	int r = profile_thread(named->resolver.profile, pid, stack->tid, stack->comm,
			       stack->kernel);

	for (; r == 0 && sample.count < stack->count && sample.count < FRAMES_MAX; sample.count++) {
		int64_t id = symbol_of(named, &stack->frames[sample.count]);

		if (id < 0)
			return -ENOMEM;
		frames[sample.count] = (uint32_t)id;
	}
	named->stacks++;
	named->has_chains |= stack->count > 1;
	named->has_cpus |= stack->cpu >= 0;
	named->has_pids |= stack->pid >= 0;
	named->has_cycles |= !stack->weight_is_ns;
	named->first_s = fmin(named->first_s, stack->time_s);
	named->last_s = fmax(named->last_s, stack->time_s);
	return r < 0 ? r : profile_add(named->resolver.profile, &sample);
}

static size_t count_cpus(const struct profile *profile)
{
	size_t count;

	profile_cpus(profile, &count);
	return count;
}

/* Of what the CPUs could have given: told by samples of idle CPUs, or by what is missing of the time
 * that passed. */
static void set_time(const struct perf_named *named, const struct profile_totals *totals,
		     struct perf_put_options *options)
{
	double window_s = named->last_s - named->first_s;

	options->cpus = named->has_cpus ? (double)count_cpus(named->resolver.profile) : NAN;
	options->busy_pct = NAN;
	if (totals->idle_weight)
		options->busy_pct = share_pct((double)totals->busy_weight, (double)totals->weight);
	if (named->has_cycles || !(window_s > 0))
		return;
	options->window_s = window_s;
	options->weight_is_ns = true;
	if (isnan(options->busy_pct) && options->cpus > 0)
		options->busy_pct = fmin(100, 100 * (double)totals->busy_weight /
						      (window_s * 1e9 * options->cpus));
}

/* A thread's number was taken for its process's. */
static int forget_processes(struct evidence *evidence)
{
	int rows = evidence_rows(evidence, TABLE_perf_groups), r = 0;

	for (int row = 0; row < rows && r == 0; row++) {
		evidence_set_cell(evidence, row, COLUMN_perf_groups_processes, NAN);
		r = evidence_set_cell_text(evidence, row, COLUMN_perf_groups_pids, NULL);
	}
	return r;
}

static int put_stacks(struct perf_named *named, struct evidence *evidence)
{
	struct profile *profile = named->resolver.profile;
	const struct profile_totals *totals;
	struct perf_put_options options = { .busy_pct = NAN };
	int r = profile_end(profile);

	if (r < 0)
		return r;
	totals = profile_totals(profile);
	set_time(named, totals, &options);
	r = perf_put(profile, &options, evidence);
	if (r == 0)
		r = evidence_set_text(evidence, METRIC_perf_source, "stacks");
	/* Whether a chain is whole can't be seen in a text. */
	evidence_set(evidence, METRIC_perf_broken_pct, NAN);
	evidence_set(evidence, METRIC_perf_unwound_pct, NAN);
	if (r == 0 && !named->has_pids)
		r = forget_processes(evidence);
	if (r == 0 && !named->has_chains)
		perf_put_forget_callers(evidence);
	return r;
}

/* ---- functions ------------------------------------------------------------------------------ */

/* What a bare name means: of perf top, system calls may be told without their prefix. */
static struct symbol_meaning meaning_of(const struct ruleset *rules, const char *name,
					const struct named_function *function)
{
	bool unknown_side = !*function->frame.module && isnan(function->self_pct);
	struct symbol_meaning meaning =
		rule_symbol_meaning(rules, name, unknown_side ? "kernel" : function->frame.module,
				    unknown_side || function->frame.kernel);
	char call[96];

	if (!unknown_side || meaning.classes || meaning.leaf_classes)
		return meaning;
	snprintf(call, sizeof(call), "__x64_sys_%s", name);
	meaning = rule_symbol_meaning(rules, call, "kernel", true);
	/* Anything looks like a system call then: it has to be a known one. */
	if (!(meaning.classes & ~CLASS_BIT(syscall)))
		meaning = (struct symbol_meaning){ 0 };
	return meaning;
}

static double add_known(double sum, double part)
{
	return isnan(part) ? sum : isnan(sum) ? part : sum + part;
}

static void add_row(struct function *row, const struct named_function *told)
{
	row->self_pct = add_known(row->self_pct, told->self_pct);
	row->total_pct = add_known(row->total_pct, told->total_pct);
}

static struct function *find_row(struct perf_named *named, const char *name,
				 const struct named_function *told)
{
	vec_each(row, &named->functions)
		if (row->kernel == told->frame.kernel && strcmp(row->name, name) == 0 &&
		    strcmp(row->module, told->frame.module) == 0)
			return row;
	return NULL;
}

static int new_row(struct perf_named *named, const char *name, const struct named_function *told)
{
	struct function row = {
		.name = strdup(name),
		.module = strdup(told->frame.module),
		.comm = strdup(told->comm),
		.kernel = told->frame.kernel,
		.self_pct = told->self_pct,
		.total_pct = told->total_pct,
		.meaning = meaning_of(named->rules, name, told),
	};

	if (row.name && row.module && row.comm && vec_push(&named->functions, row) == 0)
		return 0;
	free(row.name);
	free(row.module);
	free(row.comm);
	return -ENOMEM;
}

int perf_named_function(void *context, const struct named_function *told)
{
	struct perf_named *named = context;
	const char *name = told->frame.function ? told->frame.function : "[unknown]";
	struct function *row = find_row(named, name, told);

	if (row) {
		add_row(row, told);
		return 0;
	}
	return named->functions.len < ROWS_MAX ? new_row(named, name, told) : 0;
}

static uint64_t classes_of(const struct function *row)
{
	return row->meaning.classes | row->meaning.leaf_classes;
}

static int by_self(const void *left, const void *right)
{
	const struct function *a = left, *b = right;
	double x = isnan(a->self_pct) ? -1 : a->self_pct, y = isnan(b->self_pct) ? -1 : b->self_pct;

	if (x != y)
		return x < y ? 1 : -1;
	return strcmp(a->name, b->name);
}

/* Shares are of busy samples here: perf counts the idle loop as well. */
static double idle_share(const struct function_rows *functions)
{
	double idle = 0;

	vec_each(row, functions)
		if (classes_of(row) & CLASS_BIT(idle))
			idle = add_known(idle, row->self_pct);
	return idle < 100 ? idle : NAN;
}

static int put_function(struct evidence *evidence, const struct function *row, double scale)
{
	int index, r;

	if (!(row->self_pct * scale >= FUNCTION_PCT_LEAST) &&
	    !(isnan(row->self_pct) && classes_of(row)))
		return 0;
	if (classes_of(row) & CLASS_BIT(idle))
		return 0;
	index = evidence_add_row(evidence, TABLE_perf_functions);
	if (index < 0)
		return index;
	evidence_set_cell(evidence, index, COLUMN_perf_functions_self_pct, row->self_pct * scale);
	evidence_set_cell(evidence, index, COLUMN_perf_functions_total_pct, row->total_pct * scale);
	r = evidence_set_cell_text(evidence, index, COLUMN_perf_functions_name, row->name);
	if (r == 0 && *row->module)
		r = evidence_set_cell_text(evidence, index, COLUMN_perf_functions_module,
					   row->module);
	if (r == 0 && *row->comm)
		r = evidence_set_cell_text(evidence, index, COLUMN_perf_functions_program,
					   row->comm);
	return r;
}

struct class_share {
	double self_pct, total_pct;
	const struct function *hottest;
	bool seen;
};

/* What it calls counts for a class unless that is about leaves only. */
static void add_class(struct class_share *share, const struct function *row, bool with_callees)
{
	share->seen = true;
	share->self_pct = add_known(share->self_pct, row->self_pct);
	if (with_callees && (row->total_pct > share->total_pct || isnan(share->total_pct)))
		share->total_pct = row->total_pct;
	if (!share->hottest || row->self_pct > share->hottest->self_pct)
		share->hottest = row;
}

static int put_class(struct evidence *evidence, const struct class_info *info,
		     const struct class_share *share, double scale)
{
	double pct = fmax(share->self_pct, share->total_pct) * scale;
	int row = evidence_add_row(evidence, TABLE_perf_classes), r;

	if (row < 0)
		return row;
	if (pct > 100)
		pct = 100;
	evidence_set(evidence, info->metric, pct);
	evidence_set_cell(evidence, row, COLUMN_perf_classes_share_pct, pct);
	r = evidence_set_cell_text(evidence, row, COLUMN_perf_classes_name, info->label);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_perf_classes_family, info->family);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_perf_classes_function,
					   share->hottest->name);
	return r;
}

/* Classes of what stands above the function in the stack are not seen in a table: only those
 * that were are told. */
static int put_classes(const struct function_rows *functions, struct evidence *evidence,
		       double scale)
{
	struct class_share shares[CLASS_TOTAL];
	int r = 0;

	for (int i = 0; i < CLASS_TOTAL; i++)
		shares[i] = (struct class_share){ .self_pct = NAN, .total_pct = NAN };
	vec_each(row, functions)
		for (int i = 0; i < CLASS_TOTAL; i++)
			if (classes_of(row) >> i & 1)
				add_class(&shares[i], row, row->meaning.classes >> i & 1);
	for (int i = 0; i < CLASS_TOTAL && r == 0; i++) {
		const struct class_info *info = class_info((enum class_id)i);

		if (shares[i].seen && info->metric != METRIC_NONE)
			r = put_class(evidence, info, &shares[i], scale);
	}
	return r;
}

static bool has_shares(const struct function_rows *functions)
{
	vec_each(row, functions)
		if (!isnan(row->self_pct) || !isnan(row->total_pct))
			return true;
	return false;
}

static int put_functions(struct perf_named *named, struct evidence *evidence)
{
	struct function_rows *functions = &named->functions;
	double idle = idle_share(functions), scale = 100 / (100 - idle);
	const struct function *first = NULL;
	size_t written = 0;
	int r = 0;

	qsort(functions->data, functions->len, sizeof(*functions->data), by_self);
	vec_each(row, functions) {
		if (classes_of(row) & CLASS_BIT(idle))
			continue;
		if (!first)
			first = row;
		if (r == 0 && written++ < FUNCTIONS_MAX)
			r = put_function(evidence, row, scale);
	}
	if (r == 0)
		r = evidence_set_text(evidence, METRIC_perf_source,
				      has_shares(functions) ? "shares" : "names");
	if (r == 0 && first && first->self_pct > 0) {
		evidence_set(evidence, METRIC_perf_function_pct, first->self_pct * scale);
		r = evidence_set_text(evidence, METRIC_perf_function, first->name);
	}
	return r < 0 ? r : put_classes(functions, evidence, scale);
}

int perf_named_put(struct perf_named *named, struct evidence *evidence)
{
	if (named->stacks)
		return put_stacks(named, evidence);
	return named->functions.len ? put_functions(named, evidence) : 0;
}
