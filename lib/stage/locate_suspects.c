/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/locate_suspects.h"

#include "base/cleanup.h"
#include "rule/judge.h"
#include "source/proc_task.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READS_MAX 4096 /* threads whose name is read */
#define RANKED_MAX 768 /* of those, whose number of runs is read */
#define TIDS_OF_SUSPECT 8
#define TIDS_OF_COMPANION 2

/* ---- who ------------------------------------------------------------------------------------------ */

static bool is_own(const char *program)
{
	return strcmp(program, "triage") == 0;
}

static void add_suspect(struct suspects *suspects, const char *program, const char *thread)
{
	struct suspect *suspect = &suspects->list[suspects->count];

	if (suspects->count == SUSPECTS_MAX || !program || !*program || is_own(program) ||
	    *program == '(')
		return;
	if (!thread || !*thread)
		thread = program;
	for (size_t i = 0; i < suspects->count; i++)
		if (strcmp(suspects->list[i].program, program) == 0 &&
		    strcmp(suspects->list[i].thread, thread) == 0)
			return;
	snprintf(suspect->program, sizeof(suspect->program), "%s", program);
	snprintf(suspect->thread, sizeof(suspect->thread), "%s", thread);
	suspects->count++;
}

static const char *cell_text(const struct evidence *evidence, int row, enum column_id column)
{
	struct value value = evidence_cell(evidence, row, column);

	return value.kind == VALUE_TEXT ? value.text : NULL;
}

/* A table of groups, and the share that ranks them. */
struct ranking {
	enum table_id table;
	enum column_id program, thread, kind, share;
};

static const struct ranking rankings[] = {
	{ TABLE_sched_groups, COLUMN_sched_groups_program, COLUMN_sched_groups_thread,
	  COLUMN_sched_groups_kind, COLUMN_sched_groups_switch_share_pct },
	{ TABLE_perf_groups, COLUMN_perf_groups_program, COLUMN_perf_groups_thread,
	  COLUMN_perf_groups_kind, COLUMN_perf_groups_busy_share_pct },
	{ TABLE_top_groups, COLUMN_top_groups_program, COLUMN_top_groups_thread,
	  COLUMN_top_groups_kind, COLUMN_top_groups_switch_share_pct },
};

static int find_heaviest(const struct evidence *evidence, const struct ranking *ranking,
			 double below)
{
	double best = 0;
	int found = -1;

	for (int row = 0; row < evidence_rows(evidence, ranking->table); row++) {
		struct value share = evidence_cell(evidence, row, ranking->share);
		const char *kind = cell_text(evidence, row, ranking->kind);

		if (share.kind != VALUE_NUMBER || share.number >= below || share.number <= best ||
		    !kind || strcmp(kind, "user") != 0)
			continue;
		best = share.number;
		found = row;
	}
	return found;
}

/* The two heaviest of each table. */
static void add_heaviest(const struct evidence *evidence, struct suspects *suspects)
{
	for (size_t i = 0; i < ARRAY_SIZE(rankings); i++) {
		double below = INFINITY;

		for (int n = 0; n < 2; n++) {
			int row = find_heaviest(evidence, &rankings[i], below);

			if (row < 0)
				break;
			add_suspect(suspects, cell_text(evidence, row, rankings[i].program),
				    cell_text(evidence, row, rankings[i].thread));
			below = evidence_cell(evidence, row, rankings[i].share).number;
		}
	}
}

/* A finding about a kernel lock names the threads that have most of it, by their group's name alone. */
static void add_named(const struct evidence *evidence, const char *name, struct suspects *suspects)
{
	for (int row = 0; name && row < evidence_rows(evidence, TABLE_perf_groups); row++) {
		const char *found = cell_text(evidence, row, COLUMN_perf_groups_name);

		if (found && strcmp(found, name) == 0)
			add_suspect(suspects, cell_text(evidence, row, COLUMN_perf_groups_program),
				    cell_text(evidence, row, COLUMN_perf_groups_thread));
	}
}

int suspects_choose(const struct stage_context *context, struct suspects *ret)
{
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	int r = rule_judge(context->rules, context->evidence, &judgement);

	if (r < 0)
		return r;
	*ret = (struct suspects){ .count = 0 };
	vec_each(finding, &judgement->findings) {
		/* information is worth a look only where its rule asked for it */
		if ((finding->severity == SEVERITY_INFO && finding->rule->next != STAGE_locate) ||
		    finding->row < 0)
			continue;
		if (finding->rule->table == TABLE_perf_classes)
			add_named(context->evidence,
				  cell_text(context->evidence, finding->row,
					    COLUMN_perf_classes_group),
				  ret);
		else if (finding->subject.program)
			add_suspect(ret, finding->subject.program, finding->subject.thread);
	}
	add_heaviest(context->evidence, ret);
	return 0;
}

void suspects_text(const struct suspects *suspects, struct str *out)
{
	for (size_t i = 0; i < suspects->count; i++) {
		const struct suspect *suspect = &suspects->list[i];

		str_format(out, "%s%s", i ? ", " : "", suspect->thread);
		if (strcmp(suspect->thread, suspect->program) != 0)
			str_format(out, " of %s", suspect->program);
	}
}

/* ---- where ---------------------------------------------------------------------------------------- */

struct candidate {
	pid_t pid, tid;
	size_t name; /* index of the name's stem */
	uint64_t runs;
};

struct stem {
	char text[THREAD_NAME_MAX];
	char comm[SCHED_COMM_LEN];
	bool suspect;
	uint32_t threads;
	size_t taken;
};

struct finder {
	const struct stage_context *context;
	struct suspects *suspects;
	int (*each)(void *context, const struct thread_name *name);
	void *each_context;
	VEC(struct candidate) candidates;
	VEC(struct stem) stems;
	struct str text;
	char program[THREAD_NAME_MAX]; /* of the process at hand; "" no suspect's */
	char leader[64];
	size_t reads;
};

static bool is_suspects_program(const struct suspects *suspects, const char *program)
{
	for (size_t i = 0; i < suspects->count; i++)
		if (strcmp(suspects->list[i].program, program) == 0)
			return true;
	return false;
}

static bool is_suspect(const struct suspects *suspects, const char *program, const char *thread)
{
	for (size_t i = 0; i < suspects->count; i++)
		if (strcmp(suspects->list[i].program, program) == 0 &&
		    strcmp(suspects->list[i].thread, thread) == 0)
			return true;
	return false;
}

static bool read_task(struct finder *finder, pid_t pid, pid_t tid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/task/%d/%s", pid, tid, name);
	return procroot_read(finder->context->root, path, &finder->text) == 0;
}

static int find_stem(struct finder *finder, const char *text, const char *comm, size_t *ret)
{
	struct stem stem = { .suspect = is_suspect(finder->suspects, finder->program, text) };

	for (*ret = 0; *ret < finder->stems.len; ++*ret) {
		struct stem *known = vec_at(&finder->stems, *ret);

		if (strcmp(known->text, text) == 0 && known->suspect == stem.suspect)
			return 0;
	}
	snprintf(stem.text, sizeof(stem.text), "%s", text);
	memcpy(stem.comm, comm, strnlen(comm, sizeof(stem.comm) - 1));
	return vec_push(&finder->stems, stem);
}

static int add_candidate(struct finder *finder, const struct thread_name *name, const char *comm)
{
	struct candidate candidate = { .pid = name->pid, .tid = name->tid };
	char stem[THREAD_NAME_MAX];

	thread_stem(comm, finder->leader, name->kernel, stem);
	if (find_stem(finder, stem, comm, &candidate.name) < 0)
		return -ENOMEM;
	vec_at(&finder->stems, candidate.name)->threads++;
	return vec_push(&finder->candidates, candidate);
}

static int take_thread(void *context, const struct thread_name *name)
{
	struct finder *finder = context;
	struct thread_name full = *name;
	char comm[64];
	int r;

	if (name->tid == name->pid) {
		snprintf(finder->leader, sizeof(finder->leader), "%s", name->comm);
		thread_stem(name->comm, name->comm, name->kernel, finder->program);
		if (name->pid == finder->context->own_pid ||
		    !is_suspects_program(finder->suspects, finder->program))
			finder->program[0] = '\0';
	}
	snprintf(comm, sizeof(comm), "%s", name->comm);
	full.comm = comm;
	if (!finder->program[0])
		return finder->each(finder->each_context, &full);
	if (name->tid != name->pid && finder->reads < READS_MAX) {
		finder->reads++;
		if (read_task(finder, name->pid, name->tid, "comm"))
			snprintf(comm, sizeof(comm), "%.*s",
				 (int)strcspn(str_text(&finder->text), "\n"),
				 str_text(&finder->text));
	}
	r = finder->each(finder->each_context, &full);
	return r == 0 && *comm ? add_candidate(finder, &full, comm) : r;
}

/* ---- which of them --------------------------------------------------------------------------------- */

static void read_runs(struct finder *finder)
{
	struct task_schedstat stat;
	size_t step = finder->candidates.len / RANKED_MAX + 1;

	for (size_t i = 0; i < finder->candidates.len; i += step) {
		struct candidate *candidate = vec_at(&finder->candidates, i);

		if (read_task(finder, candidate->pid, candidate->tid, "schedstat") &&
		    task_schedstat_parse(str_text(&finder->text), finder->text.len, &stat) == 0)
			candidate->runs = stat.runs;
	}
}

static int compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->runs != b->runs)
		return a->runs < b->runs ? 1 : -1;
	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

static void take_tids(struct finder *finder, bool suspects)
{
	struct suspects *ret = finder->suspects;

	vec_each(candidate, &finder->candidates) {
		struct stem *stem = vec_at(&finder->stems, candidate->name);
		size_t most = suspects ? TIDS_OF_SUSPECT : TIDS_OF_COMPANION;

		if (stem->suspect != suspects || stem->taken == most ||
		    ret->tids_count == TRACE_STACKS_TIDS_MAX)
			continue;
		stem->taken++;
		ret->tids[ret->tids_count++] = candidate->tid;
	}
}

/* A name without its index is a glob, when the name begins so. */
static void add_comm(struct suspects *suspects, const struct stem *stem)
{
	char *glob = suspects->comms[suspects->comms_count];
	size_t len = strlen(stem->text);

	if (suspects->comms_count == TRACE_STACKS_COMMS_MAX)
		return;
	if (len >= SCHED_COMM_LEN || strncmp(stem->comm, stem->text, len) != 0 ||
	    strcmp(stem->comm, stem->text) == 0)
		snprintf(glob, SCHED_COMM_LEN + 2, "%s%s", stem->comm,
			 stem->threads > 1 ? "*" : "");
	else
		snprintf(glob, SCHED_COMM_LEN + 2, "%.*s*", (int)len, stem->text);
	for (size_t i = 0; i < suspects->comms_count; i++)
		if (strcmp(suspects->comms[i], glob) == 0)
			return;
	suspects->comms_count++;
}

static void take_comms(struct finder *finder, bool suspects)
{
	vec_each(stem, &finder->stems)
		if (stem->suspect == suspects)
			add_comm(finder->suspects, stem);
}

int suspects_find(const struct stage_context *context, struct suspects *suspects,
		  int (*each)(void *context, const struct thread_name *name), void *each_context)
{
	struct finder finder = {
		.context = context,
		.suspects = suspects,
		.each = each,
		.each_context = each_context,
	};
	int r = threads_name(context->root, take_thread, &finder);

	if (r == 0 && finder.candidates.len) {
		read_runs(&finder);
		qsort(finder.candidates.data, finder.candidates.len,
		      sizeof(*finder.candidates.data), compare_candidates);
		take_tids(&finder, true);
		take_tids(&finder, false);
		take_comms(&finder, true);
		take_comms(&finder, false);
	}
	suspects->threads = finder.candidates.len;
	vec_free(&finder.candidates);
	vec_free(&finder.stems);
	str_free(&finder.text);
	return r;
}
