/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/perf_put.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "evidence/classes.h"
#include "model/rates.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define GROUPS_MAX 64
#define FUNCTIONS_MAX 32
#define FUNCTION_PCT_LEAST 1.0
#define LINES_PCT_LEAST 5.0 /* of the busy samples: what is worth a source line */
#define LINES_MAX 4	    /* source lines cost an object file's debug information each */
#define NETWORK_PATH_MAX 10
#define NETWORK_PATH_PCT_LEAST 1.0

struct put {
	const struct profile *profile;
	const struct perf_put_options *options;
	const struct profile_totals *totals;
	struct evidence *evidence;
	const struct profile_group *const *groups;
	size_t groups_count;
};

static double share(uint64_t part, uint64_t whole)
{
	return share_pct((double)part, (double)whole);
}

static double busy_share(const struct put *put, uint64_t weight)
{
	return share(weight, put->totals->busy_weight);
}

static const char *group_name(const struct profile_group *group)
{
	return strcmp(group->thread, group->program) ? group->thread : group->program;
}

static const struct profile_group *find_group(const struct put *put, uint32_t id)
{
	for (size_t i = 0; i < put->groups_count; i++)
		if (put->groups[i]->id == id)
			return put->groups[i];
	return NULL;
}

static const char *function_name(const struct put *put, uint32_t symbol)
{
	return profile_symbol_of(put->profile, symbol)->function;
}

static int put_text(const struct put *put, int row, enum column_id column, const char *text)
{
	return evidence_set_cell_text(put->evidence, row, column, text);
}

static int put_cpu_name(const struct put *put, int row, enum column_id column, uint32_t cpu)
{
	char name[24];

	snprintf(name, sizeof(name), "CPU %u", cpu);
	return put_text(put, row, column, name);
}

/* NULL where there is none, so that it stays unknown. Of a language's own library nobody needs it,
 * and its debug information is large. */
static const char *source_line(const struct put *put, const struct profile_function *function)
{
	const struct profile_symbol *symbol = profile_symbol_of(put->profile, function->symbol);
	const char *line;

	if (!put->options->symbolizer || symbol->kernel || !function->address ||
	    symbol->classes & CLASS_BIT(library))
		return NULL;
	line = symbolizer_line(put->options->symbolizer, function->pid, function->address,
			       function->is_return);
	return *line ? line : NULL;
}

/* ---- groups --------------------------------------------------------------------------------- */

/* Where a function goes in a row. */
struct function_columns {
	enum column_id name, line, pct;
};

static int put_function(const struct put *put, int row, const struct function_columns *columns,
			const struct profile_function *function, double pct, bool with_line)
{
	int r;

	if (function->symbol == PROFILE_SYMBOL_OTHER)
		return 0;
	evidence_set_cell(put->evidence, row, columns->pct, pct);
	r = put_text(put, row, columns->name, function_name(put, function->symbol));
	if (r == 0 && with_line && columns->line != COLUMN_NONE)
		r = put_text(put, row, columns->line, source_line(put, function));
	return r;
}

static int put_group_functions(const struct put *put, int row, const struct profile_group *group,
			       bool with_lines)
{
	static const struct function_columns hottest = { COLUMN_perf_groups_function,
							 COLUMN_perf_groups_function_line,
							 COLUMN_perf_groups_function_pct };
	static const struct function_columns own = { COLUMN_perf_groups_own_function,
						     COLUMN_perf_groups_own_function_line,
						     COLUMN_perf_groups_own_function_pct };
	static const struct function_columns lock = { COLUMN_perf_groups_lock_function,
						      COLUMN_perf_groups_lock_function_line,
						      COLUMN_perf_groups_lock_function_pct };
	static const struct function_columns work = { COLUMN_perf_groups_work, COLUMN_NONE,
						      COLUMN_perf_groups_work_pct };
	int r;

	r = put_function(put, row, &hottest, &group->hottest,
			 share(group->hottest.self, group->weight), with_lines);
	if (r == 0 && group->hottest.symbol != PROFILE_SYMBOL_OTHER)
		r = put_text(put, row, COLUMN_perf_groups_function_module,
			     profile_symbol_of(put->profile, group->hottest.symbol)->module);
	if (r == 0)
		r = put_function(put, row, &own, &group->hottest_own,
				 share(group->hottest_own.total, group->weight), with_lines);
	if (r == 0)
		r = put_function(put, row, &lock, &group->asker,
				 share(group->asker.total, group->lock_weight), with_lines);
	return r < 0 ? r :
		       put_function(put, row, &work, &group->work,
				    share(group->work.total, group->weight), false);
}

static void put_group_numbers(const struct put *put, int row, const struct profile_group *group)
{
	double busy_cpus = put->options->cpus * put->options->busy_pct;
	const struct {
		enum column_id column;
		double number;
	} cells[] = {
		{ COLUMN_perf_groups_threads, group->threads },
		{ COLUMN_perf_groups_processes, group->processes },
		{ COLUMN_perf_groups_samples, (double)group->samples },
		{ COLUMN_perf_groups_cpu_pct, busy_share(put, group->weight) / 100 * busy_cpus },
		{ COLUMN_perf_groups_busy_share_pct, busy_share(put, group->weight) },
		{ COLUMN_perf_groups_user_pct, share(group->user_weight, group->weight) },
		{ COLUMN_perf_groups_kernel_pct,
		  share(group->weight - group->user_weight, group->weight) },
		{ COLUMN_perf_groups_unnamed_pct, share(group->unnamed_leaf, group->weight) },
		{ COLUMN_perf_groups_broken_pct, share(group->broken_weight, group->user_stacks) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		evidence_set_cell(put->evidence, row, cells[i].column, cells[i].number);
	for (int i = 0; i < CLASS_TOTAL; i++) {
		enum column_id column = class_info((enum class_id)i)->column;

		if (column != COLUMN_NONE)
			evidence_set_cell(put->evidence, row, column,
					  share(group->class_weight[i], group->weight));
	}
}

static int put_pids(const struct put *put, int row, const struct profile_group *group)
{
	char text[64];
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(group->pids) && group->pids[i]; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d", i ? "," : "",
					group->pids[i]);
	return put_text(put, row, COLUMN_perf_groups_pids, len ? text : NULL);
}

static const char *group_kind(const struct profile_group *group)
{
	if (group->interrupts)
		return "interrupts";
	return group->kernel ? "kernel" : "user";
}

static int put_group(const struct put *put, const struct profile_group *group, bool with_lines)
{
	int row = evidence_add_row(put->evidence, TABLE_perf_groups);
	int r;

	if (row < 0)
		return row;
	put_group_numbers(put, row, group);
	r = put_text(put, row, COLUMN_perf_groups_name, group_name(group));
	if (r == 0)
		r = put_text(put, row, COLUMN_perf_groups_program, group->program);
	if (r == 0)
		r = put_text(put, row, COLUMN_perf_groups_thread, group->thread);
	if (r == 0)
		r = put_text(put, row, COLUMN_perf_groups_kind, group_kind(group));
	if (r == 0)
		r = put_pids(put, row, group);
	return r < 0 ? r : put_group_functions(put, row, group, with_lines);
}

static int put_groups(const struct put *put)
{
	int r = 0;

	evidence_mark_table(put->evidence, TABLE_perf_groups);
	for (size_t i = 0; i < put->groups_count && i < GROUPS_MAX && r == 0; i++)
		r = put_group(put, put->groups[i],
			      i < LINES_MAX &&
				      busy_share(put, put->groups[i]->weight) >= LINES_PCT_LEAST);
	return r;
}

/* ---- functions ------------------------------------------------------------------------------ */

static int put_function_row(const struct put *put, const struct profile_function *function,
			    bool with_line)
{
	const struct profile_symbol *symbol = profile_symbol_of(put->profile, function->symbol);
	const struct profile_group *group = find_group(put, function->group);
	int row = evidence_add_row(put->evidence, TABLE_perf_functions);
	int r;

	if (row < 0)
		return row;
	evidence_set_cell(put->evidence, row, COLUMN_perf_functions_self_pct,
			  busy_share(put, function->self));
	evidence_set_cell(put->evidence, row, COLUMN_perf_functions_total_pct,
			  busy_share(put, function->total));
	r = put_text(put, row, COLUMN_perf_functions_name, symbol->function);
	if (r == 0)
		r = put_text(put, row, COLUMN_perf_functions_module, symbol->module);
	if (r == 0 && group)
		r = put_text(put, row, COLUMN_perf_functions_program, group->program);
	if (r == 0 && group)
		r = put_text(put, row, COLUMN_perf_functions_thread, group->thread);
	if (r == 0 && with_line)
		r = put_text(put, row, COLUMN_perf_functions_line, source_line(put, function));
	return r;
}

static int put_hottest(const struct put *put, const struct profile_functions *functions)
{
	const struct profile_function *hottest = functions->data;

	if (!functions->len)
		return 0;
	evidence_set(put->evidence, METRIC_perf_function_pct, busy_share(put, hottest->self));
	return evidence_set_text(put->evidence, METRIC_perf_function,
				 function_name(put, hottest->symbol));
}

static int put_functions(const struct put *put)
{
	struct profile_functions functions = { 0 };
	int r;

	evidence_mark_table(put->evidence, TABLE_perf_functions);
	r = profile_functions(put->profile, FUNCTIONS_MAX, false, &functions);
	if (r == 0)
		r = put_hottest(put, &functions);
	for (size_t i = 0; i < functions.len && r == 0; i++)
		if (busy_share(put, functions.data[i].self) >= FUNCTION_PCT_LEAST)
			r = put_function_row(put, &functions.data[i],
					     i < LINES_MAX &&
						     busy_share(put, functions.data[i].self) >=
							     LINES_PCT_LEAST);
	vec_free(&functions);
	return r;
}

/* ---- classes -------------------------------------------------------------------------------- */

static int put_class_row(const struct put *put, const struct profile_class *seen)
{
	const struct class_info *info = class_info((enum class_id)seen->number);
	const struct profile_group *group = find_group(put, seen->group);
	int row = evidence_add_row(put->evidence, TABLE_perf_classes);
	int r;

	if (row < 0)
		return row;
	evidence_set_cell(put->evidence, row, COLUMN_perf_classes_share_pct,
			  busy_share(put, seen->weight));
	evidence_set_cell(put->evidence, row, COLUMN_perf_classes_function_pct,
			  share(seen->leaf_weight, seen->weight));
	evidence_set_cell(put->evidence, row, COLUMN_perf_classes_group_pct,
			  share(seen->group_weight, seen->weight));
	evidence_set_cell(put->evidence, row, COLUMN_perf_classes_busiest_cpu_pct,
			  share(seen->cpu_weight, seen->weight));
	r = put_text(put, row, COLUMN_perf_classes_name, info->label);
	if (r == 0)
		r = put_text(put, row, COLUMN_perf_classes_family, info->family);
	if (r == 0)
		r = put_text(put, row, COLUMN_perf_classes_function,
			     function_name(put, seen->leaf));
	if (r == 0 && group)
		r = put_text(put, row, COLUMN_perf_classes_group, group_name(group));
	return r < 0 ? r : put_cpu_name(put, row, COLUMN_perf_classes_busiest_cpu, seen->cpu);
}

static int by_focus(const void *left, const void *right)
{
	const struct profile_class *a = *(const struct profile_class *const *)left;
	const struct profile_class *b = *(const struct profile_class *const *)right;

	return (a->focus_weight < b->focus_weight) - (a->focus_weight > b->focus_weight);
}

/* "bridge 31 %, NAT 12 %", most first. */
static int put_network_path(const struct put *put, const struct profile_class *classes,
			    size_t count)
{
	const struct profile_class *pieces[PROFILE_CLASSES_MAX];
	uint64_t family = class_family("network path");
	_cleanup_(str_free) struct str text = { 0 };
	size_t len = 0;

	for (size_t i = 0; i < count && len < ARRAY_SIZE(pieces); i++)
		if (family & UINT64_C(1) << classes[i].number &&
		    share(classes[i].focus_weight, put->totals->focus_weight) >=
			    NETWORK_PATH_PCT_LEAST)
			pieces[len++] = &classes[i];
	qsort(pieces, len, sizeof(*pieces), by_focus);
	for (size_t i = 0; i < len && i < NETWORK_PATH_MAX; i++)
		str_format(&text, "%s%s %.0f %%", i ? ", " : "",
			   class_info((enum class_id)pieces[i]->number)->label,
			   share(pieces[i]->focus_weight, put->totals->focus_weight));
	return len ? evidence_set_text(put->evidence, METRIC_perf_network_path, str_text(&text)) :
		     0;
}

static int put_softirq(const struct put *put, const struct profile_class *classes, size_t count)
{
	uint64_t vectors = class_family("softirq");
	int r;

	for (size_t i = 0; i < count; i++) {
		if (!(vectors & UINT64_C(1) << classes[i].number))
			continue;
		evidence_set(put->evidence, METRIC_perf_softirq_vector_pct,
			     busy_share(put, classes[i].weight));
		r = evidence_set_text(put->evidence, METRIC_perf_softirq_vector,
				      class_info((enum class_id)classes[i].number)->label);
		return r < 0 ? r : put_network_path(put, classes, count);
	}
	return 0;
}

static int put_softirq_cpu(const struct put *put, const struct profile_class *seen)
{
	char name[24];

	snprintf(name, sizeof(name), "CPU %u", seen->cpu);
	evidence_set(put->evidence, METRIC_perf_softirq_busiest_share_pct,
		     share(seen->cpu_weight, seen->weight));
	return evidence_set_text(put->evidence, METRIC_perf_softirq_busiest_cpu, name);
}

static int put_class(const struct put *put, const struct profile_class *seen)
{
	const struct class_info *info = class_info((enum class_id)seen->number);
	int r = 0;

	if (info->metric == METRIC_NONE)
		return 0;
	evidence_set(put->evidence, info->metric, busy_share(put, seen->weight));
	if (seen->number == CLASS_softirq)
		r = put_softirq_cpu(put, seen);
	return r < 0 ? r : put_class_row(put, seen);
}

/* A class that was not seen is 0 %: that was measured. */
static void put_absent_classes(const struct put *put)
{
	for (int i = 0; i < CLASS_TOTAL; i++)
		if (class_info((enum class_id)i)->metric != METRIC_NONE)
			evidence_set(put->evidence, class_info((enum class_id)i)->metric, 0);
}

static int put_classes(const struct put *put)
{
	const struct profile_class *classes;
	size_t count;
	int r = 0;

	classes = profile_class_list(put->profile, &count);
	evidence_mark_table(put->evidence, TABLE_perf_classes);
	put_absent_classes(put);
	for (size_t i = 0; i < count && r == 0; i++)
		r = put_class(put, &classes[i]);
	return r < 0 ? r : put_softirq(put, classes, count);
}

/* ---- CPUs and totals ------------------------------------------------------------------------ */

static int put_cpu(const struct put *put, const struct profile_cpu *cpu)
{
	uint64_t busy = cpu->weight - cpu->idle_weight;
	int row = evidence_add_row(put->evidence, TABLE_perf_cpus);

	if (row < 0)
		return row;
	evidence_set_cell(put->evidence, row, COLUMN_perf_cpus_samples, (double)cpu->samples);
	evidence_set_cell(put->evidence, row, COLUMN_perf_cpus_busy_pct,
			  put->options->weight_is_ns ?
				  fmin(100, share(busy, (uint64_t)(put->options->window_s * 1e9))) :
				  NAN);
	evidence_set_cell(put->evidence, row, COLUMN_perf_cpus_user_pct,
			  share(cpu->user_weight, busy));
	evidence_set_cell(put->evidence, row, COLUMN_perf_cpus_kernel_pct,
			  share(busy - cpu->user_weight, busy));
	evidence_set_cell(put->evidence, row, COLUMN_perf_cpus_softirq_pct,
			  share(cpu->class_weight[CLASS_softirq], busy));
	evidence_set_cell(put->evidence, row, COLUMN_perf_cpus_net_rx_pct,
			  share(cpu->class_weight[CLASS_net_rx], busy));
	evidence_set_cell(put->evidence, row, COLUMN_perf_cpus_spin_lock_pct,
			  share(cpu->class_weight[CLASS_spin_lock], busy));
	return put_cpu_name(put, row, COLUMN_perf_cpus_name, cpu->cpu);
}

static int put_cpus(const struct put *put)
{
	const struct profile_cpu *cpus;
	size_t count;
	int r = 0;

	cpus = profile_cpus(put->profile, &count);
	evidence_mark_table(put->evidence, TABLE_perf_cpus);
	for (size_t i = 0; i < count && r == 0; i++)
		r = put_cpu(put, &cpus[i]);
	return r;
}

static void put_totals(const struct put *put)
{
	const struct profile_totals *totals = put->totals;
	uint64_t ksoftirqd = 0, busy_samples = 0;
	const struct {
		enum metric_id metric;
		double number;
	} metrics[] = {
		{ METRIC_perf_samples, (double)totals->samples },
		{ METRIC_perf_busy_pct, put->options->busy_pct },
		{ METRIC_perf_user_pct, busy_share(put, totals->user_weight) },
		{ METRIC_perf_kernel_pct,
		  busy_share(put, totals->busy_weight - totals->user_weight) },
		{ METRIC_perf_unnamed_pct, busy_share(put, totals->unnamed_leaf) },
		{ METRIC_perf_broken_pct, share(totals->broken_weight, totals->user_stacks) },
		{ METRIC_perf_unwound_pct,
		  fmin(share(put->options->unwound_weight, totals->user_stacks), 100) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		evidence_set(put->evidence, metrics[i].metric, metrics[i].number);
	for (size_t i = 0; i < put->groups_count; i++) {
		busy_samples += put->groups[i]->samples;
		if (put->groups[i]->kernel && strcmp(put->groups[i]->thread, "ksoftirqd") == 0)
			ksoftirqd += put->groups[i]->weight;
	}
	evidence_set(put->evidence, METRIC_perf_busy_samples, (double)busy_samples);
	evidence_set(put->evidence, METRIC_perf_ksoftirqd_pct, busy_share(put, ksoftirqd));
}

int perf_put(const struct profile *profile, const struct perf_put_options *options,
	     struct evidence *evidence)
{
	struct put put = {
		.profile = profile,
		.options = options,
		.totals = profile_totals(profile),
		.evidence = evidence,
	};
	int r;

	put.groups = profile_groups(profile, &put.groups_count);
	put_totals(&put);
	r = put_groups(&put);
	if (r == 0)
		r = put_functions(&put);
	if (r == 0)
		r = put_classes(&put);
	return r < 0 ? r : put_cpus(&put);
}

/* ---- without call chains -------------------------------------------------------------------- */

/* Classes that are about the very function that runs. */
static bool is_of_leaf(enum class_id id)
{
	return (UINT64_C(1) << id) &
	       (CLASS_BIT(spin_lock) | CLASS_BIT(copy) | CLASS_BIT(user_copy) | CLASS_BIT(malloc) |
		CLASS_BIT(crypto) | CLASS_BIT(syscall_entry));
}

static void forget_row(struct evidence *evidence, int row)
{
	for (int i = 0; i < CLASS_TOTAL; i++)
		if (!is_of_leaf((enum class_id)i) &&
		    class_info((enum class_id)i)->column != COLUMN_NONE)
			evidence_set_cell(evidence, row, class_info((enum class_id)i)->column, NAN);
}

void perf_put_forget_callers(struct evidence *evidence)
{
	for (int i = 0; i < CLASS_TOTAL; i++)
		if (!is_of_leaf((enum class_id)i) &&
		    class_info((enum class_id)i)->metric != METRIC_NONE)
			evidence_set(evidence, class_info((enum class_id)i)->metric, NAN);
	for (int row = 0; row < evidence_rows(evidence, TABLE_perf_groups); row++)
		forget_row(evidence, row);
	for (int row = 0; row < evidence_rows(evidence, TABLE_perf_classes); row++)
		evidence_set_cell(evidence, row, COLUMN_perf_classes_share_pct, NAN);
	for (int row = 0; row < evidence_rows(evidence, TABLE_perf_functions); row++)
		evidence_set_cell(evidence, row, COLUMN_perf_functions_total_pct, NAN);
	for (int row = 0; row < evidence_rows(evidence, TABLE_perf_cpus); row++) {
		evidence_set_cell(evidence, row, COLUMN_perf_cpus_softirq_pct, NAN);
		evidence_set_cell(evidence, row, COLUMN_perf_cpus_net_rx_pct, NAN);
	}
	evidence_set(evidence, METRIC_perf_softirq_vector_pct, NAN);
	evidence_set(evidence, METRIC_perf_softirq_busiest_share_pct, NAN);
	evidence_set(evidence, METRIC_perf_broken_pct, NAN);
}
