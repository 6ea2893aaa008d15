/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random stacks against an oracle that keeps all samples and counts each result by going through
 * all of them.
 */
#include "base/cleanup.h"
#include "base/testing.h"
#include "model/profile.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLDS 100
#define SYMBOLS 40
#define SAMPLES 250
#define FRAMES 12
#define TEXT 256 /* bytes of a folded stack, at most */
#define CPUS 4
#define PROGRAMS 4
#define THREADS 12
#define IDLE 0
#define COMBINED 9
#define CLASSES 10 /* random ones are below COMBINED */

/* groups of the truth: PROGRAMS * 2 (leader, worker), then: */
enum { UNNAMED = PROGRAMS * 2, INTERRUPTS, GROUPS };

struct taken {
	struct profile_sample sample;
	uint32_t frames[FRAMES];
	int group;
	bool idle;
	profile_classes classes;
};

struct world {
	uint64_t seed;
	struct profile_symbol symbols[SYMBOLS]; /* by id; the first is [other] */
	char names[SYMBOLS][16];
	struct taken samples[SAMPLES];
	struct profile_options options;
	struct profile_combination combination;
	struct profile *profile;
	uint32_t ids; /* that exist; all worlds add "[unknown]" last, when it occurs */
};

static uint64_t draw(struct world *world, uint64_t below)
{
	world->seed = world->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (world->seed >> 33) % below;
}

/* ---- the world ------------------------------------------------------------------------------- */

static profile_classes draw_classes(struct world *world)
{
	profile_classes classes = 0;

	while (draw(world, 3) == 0)
		classes |= UINT64_C(1) << draw(world, COMBINED);
	return classes;
}

static void make_symbols(struct world *world)
{
	for (uint32_t id = 1; id < SYMBOLS; id++) {
		struct profile_symbol *symbol = &world->symbols[id];

		snprintf(world->names[id], sizeof(world->names[id]), "f%u", id);
		symbol->function = world->names[id];
		symbol->kernel = id % 2;
		symbol->named = draw(world, 5) > 0;
		symbol->module = draw(world, 4) ? "m" : "";
		symbol->loop = symbol->kernel && draw(world, 4) == 0;
		symbol->classes = draw_classes(world);
		symbol->leaf_classes = draw_classes(world);
		ck_assert_int_eq(profile_symbol(world->profile, symbol, NULL), id);
	}
	world->symbols[0] = *profile_symbol_of(world->profile, PROFILE_SYMBOL_OTHER);
}

/* Processes 1 .. PROGRAMS have a leader and workers; one program is of kernel threads; the last
 * thread has no name. */
static pid_t pid_of_thread(int thread)
{
	return 100 + 100 * (thread % PROGRAMS);
}

static pid_t tid_of_thread(int thread)
{
	return pid_of_thread(thread) + thread / PROGRAMS;
}

static int group_of_thread(int thread)
{
	return thread == THREADS - 1 ? UNNAMED : thread % PROGRAMS * 2 + (thread / PROGRAMS > 0);
}

static bool is_kernel_group(int group)
{
	return group / 2 == 1 || group == INTERRUPTS;
}

static void name_threads(struct world *world)
{
	for (int thread = 0; thread < THREADS - 1; thread++) {
		char comm[24];

		snprintf(comm, sizeof(comm), thread < PROGRAMS ? "prog%c" : "work%c-%d",
			 'a' + thread % PROGRAMS, thread);
		ck_assert_int_eq(profile_thread(world->profile, pid_of_thread(thread),
						tid_of_thread(thread), comm,
						is_kernel_group(group_of_thread(thread))),
				 0);
	}
}

static const char *const group_names[GROUPS] = {
	"proga", "worka", "progb", "workb",	"progc",
	"workc", "progd", "workd", "(unnamed)", "(interrupts on idle CPUs)",
};

/* Kernel frames (odd ids) first; few different ones near the root, so that stacks share it. */
static void draw_frames(struct world *world, struct taken *taken)
{
	size_t count = draw(world, FRAMES + 1), kernel = draw(world, count + 1);

	taken->sample.count = count;
	taken->sample.frames = taken->frames;
	for (size_t i = 0; i < count; i++) {
		size_t from_root = count - 1 - i;
		uint32_t which = (uint32_t)draw(world, from_root < 3 ? 2 : SYMBOLS / 2 - 1) + 1;

		taken->frames[i] = which * 2 - (i < kernel);
	}
}

static profile_classes classes_of(const struct world *world, const struct taken *taken)
{
	profile_classes classes = 0;

	for (size_t i = 0; i < taken->sample.count; i++) {
		classes |= world->symbols[taken->frames[i]].classes;
		if (i == 0)
			classes |= world->symbols[taken->frames[i]].leaf_classes;
	}
	if ((classes & world->combination.of) == world->combination.of)
		classes |= UINT64_C(1) << COMBINED;
	return classes;
}

static bool is_idle(const struct world *world, const struct taken *taken)
{
	const struct profile_symbol *leaf = &world->symbols[taken->frames[0]];

	return taken->group == INTERRUPTS &&
	       (!taken->sample.count || ((leaf->classes | leaf->leaf_classes) & (1 << IDLE)));
}

static void take_sample(struct world *world, struct taken *taken)
{
	int thread = (int)draw(world, THREADS + 3);
	bool idle_thread = thread >= THREADS;

	taken->group = idle_thread ? INTERRUPTS : group_of_thread(thread);
	taken->sample = (struct profile_sample){
		.pid = idle_thread ? 0 : pid_of_thread(thread),
		.tid = idle_thread ? 0 : tid_of_thread(thread),
		.cpu = (uint32_t)draw(world, CPUS) * 3,
		.weight = draw(world, 10) ? draw(world, 1000) : 0,
		.in_user = draw(world, 2),
		.user_broken = draw(world, 4) == 0,
	};
	draw_frames(world, taken);
	taken->classes = classes_of(world, taken);
	taken->idle = is_idle(world, taken);
	ck_assert_int_eq(profile_add(world->profile, &taken->sample), 0);
}

static void make_world(struct world *world, uint64_t seed, uint32_t nodes_max)
{
	memset(world, 0, sizeof(*world));
	world->seed = seed;
	world->combination = (struct profile_combination){ 3 << 3, COMBINED };
	world->options = (struct profile_options){
		.nodes_max = nodes_max,
		.idle = 1 << IDLE,
		.lock = 3 << 1,
		.glue = 3 << 2,
		.focus = 1 << 5,
		.combinations = &world->combination,
		.combinations_count = 1,
	};
	world->profile = profile_new(&world->options);
	ck_assert_ptr_nonnull(world->profile);
	make_symbols(world);
	name_threads(world);
	for (int i = 0; i < SAMPLES; i++)
		take_sample(world, &world->samples[i]);
	ck_assert_int_eq(profile_end(world->profile), 0);
}

/* ---- the oracle ------------------------------------------------------------------------------ */

typedef bool (*condition)(const struct world *world, const struct taken *taken, int64_t what);

/* The weight of the busy samples of a group (-1: all) for which something holds. */
static uint64_t sum(const struct world *world, int group, condition holds, int64_t what)
{
	uint64_t weight = 0;

	for (int i = 0; i < SAMPLES; i++) {
		const struct taken *taken = &world->samples[i];

		if (!taken->idle && (group < 0 || taken->group == group) &&
		    holds(world, taken, what))
			weight += taken->sample.weight;
	}
	return weight;
}

static bool any(const struct world *world, const struct taken *taken, int64_t what)
{
	return true;
}

static bool in_user(const struct world *world, const struct taken *taken, int64_t what)
{
	return taken->sample.in_user;
}

static bool broken(const struct world *world, const struct taken *taken, int64_t what)
{
	return taken->sample.user_broken;
}

static bool has_class(const struct world *world, const struct taken *taken, int64_t what)
{
	return taken->classes >> what & 1;
}

static bool has_focused_class(const struct world *world, const struct taken *taken, int64_t what)
{
	return (taken->classes >> what & 1) && (taken->classes & world->options.focus);
}

static bool has_lock(const struct world *world, const struct taken *taken, int64_t what)
{
	return taken->classes & world->options.lock;
}

static bool has_user_part(const struct world *world, const struct taken *taken, int64_t what)
{
	size_t count = taken->sample.count;

	return count && !world->symbols[taken->frames[count - 1]].kernel;
}

static bool leaf_is_unnamed(const struct world *world, const struct taken *taken, int64_t what)
{
	return !taken->sample.count || !world->symbols[taken->frames[0]].named;
}

static bool leaf_is(const struct world *world, const struct taken *taken, int64_t what)
{
	if (what >= SYMBOLS) /* "[unknown]" of user or kernel */
		return !taken->sample.count &&
		       profile_symbol_of(world->profile, (uint32_t)what)->kernel !=
			       taken->sample.in_user;
	return taken->sample.count && taken->frames[0] == what;
}

static bool goes_through(const struct world *world, const struct taken *taken, int64_t what)
{
	for (size_t i = 0; i < taken->sample.count; i++)
		if (taken->frames[i] == what)
			return true;
	return leaf_is(world, taken, what);
}

static bool leaf_is_in_class(const struct world *world, const struct taken *taken, int64_t what)
{
	return has_class(world, taken, what >> 32) && leaf_is(world, taken, what & 0xffff);
}

static bool cpu_is_in_class(const struct world *world, const struct taken *taken, int64_t what)
{
	return has_class(world, taken, what >> 32) && taken->sample.cpu == (what & 0xffff);
}

static bool is_own(const struct world *world, uint32_t id)
{
	const struct profile_symbol *symbol = &world->symbols[id];

	return !symbol->kernel && !(symbol->classes & world->options.glue) &&
	       (symbol->named || symbol->module[0]);
}

static bool asks(const struct world *world, const struct taken *taken, int64_t what)
{
	if (!has_lock(world, taken, 0))
		return false;
	for (size_t i = 0; i < taken->sample.count; i++) {
		uint32_t id = taken->frames[i];

		if (i == 0 && (world->symbols[id].leaf_classes & world->options.glue))
			continue;
		if (is_own(world, id))
			return id == what;
	}
	return false;
}

static bool works(const struct world *world, const struct taken *taken, int64_t what)
{
	if (!is_kernel_group(taken->group) || taken->group == INTERRUPTS)
		return false;
	for (size_t i = taken->sample.count; i-- > 0;)
		if (!world->symbols[taken->frames[i]].loop)
			return taken->frames[i] == what;
	return false;
}

static int truth_group(const struct profile_group *group)
{
	for (int i = 0; i < GROUPS; i++)
		if (strcmp(group_names[i], group->thread) == 0)
			return i;
	ck_abort_msg("group %s", group->thread);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void count_members(const struct world *world, int group, uint32_t *threads,
			  uint32_t *processes, uint64_t *samples)
{
	uint64_t tids = 0, pids = 0;

	*samples = 0;
	for (int i = 0; i < SAMPLES; i++) {
		const struct taken *taken = &world->samples[i];

		if (taken->idle || taken->group != group)
			continue;
		++*samples;
		if (!taken->sample.tid)
			continue;
		tids |= UINT64_C(1) << (taken->sample.tid % 100 + taken->sample.pid / 10);
		pids |= UINT64_C(1) << taken->sample.pid / 100;
	}
	*threads = (uint32_t)__builtin_popcountll(tids);
	*processes = (uint32_t)__builtin_popcountll(pids);
}

static void check_groups(const struct world *world)
{
	size_t count;
	const struct profile_group *const *groups = profile_groups(world->profile, &count);
	uint64_t weight = 0, samples;
	uint32_t threads, processes;

	for (size_t i = 0; i < count; i++) {
		const struct profile_group *group = groups[i];
		int truth = truth_group(group);

		ck_assert_uint_eq(group->id, i);
		ck_assert(group->kernel == is_kernel_group(truth));
		ck_assert_uint_eq(group->weight, sum(world, truth, any, 0));
		ck_assert_uint_eq(group->user_weight, sum(world, truth, in_user, 0));
		ck_assert_uint_eq(group->broken_weight, sum(world, truth, broken, 0));
		ck_assert_uint_eq(group->user_stacks, sum(world, truth, has_user_part, 0));
		ck_assert_uint_eq(group->unnamed_leaf, sum(world, truth, leaf_is_unnamed, 0));
		ck_assert_uint_eq(group->lock_weight, sum(world, truth, has_lock, 0));
		for (int class = 0; class < CLASSES; class ++)
			ck_assert_uint_eq(group->class_weight[class],
					  sum(world, truth, has_class, class));
		count_members(world, truth, &threads, &processes, &samples);
		ck_assert_uint_eq(group->samples, samples);
		ck_assert_uint_eq(group->threads, threads);
		ck_assert_uint_eq(group->processes, processes);
		if (i)
			ck_assert_uint_ge(groups[i - 1]->weight, group->weight);
		weight += group->weight;
	}
	ck_assert_uint_eq(weight, profile_totals(world->profile)->busy_weight);
}

static void check_totals(const struct world *world)
{
	const struct profile_totals *totals = profile_totals(world->profile);
	uint64_t all = 0;

	for (int i = 0; i < SAMPLES; i++)
		all += world->samples[i].sample.weight;
	ck_assert_uint_eq(totals->samples, SAMPLES);
	ck_assert_uint_eq(totals->weight, all);
	ck_assert_uint_eq(totals->busy_weight, sum(world, -1, any, 0));
	ck_assert_uint_eq(totals->idle_weight, all - totals->busy_weight);
	ck_assert_uint_eq(totals->user_weight, sum(world, -1, in_user, 0));
	ck_assert_uint_eq(totals->user_stacks, sum(world, -1, has_user_part, 0));
	ck_assert_uint_eq(totals->broken_weight, sum(world, -1, broken, 0));
	ck_assert_uint_eq(totals->unnamed_leaf, sum(world, -1, leaf_is_unnamed, 0));
}

static void check_cpus(const struct world *world)
{
	size_t count;
	const struct profile_cpu *cpus = profile_cpus(world->profile, &count);

	for (size_t i = 0; i < count; i++) {
		struct profile_cpu truth = { .cpu = cpus[i].cpu };

		for (int k = 0; k < SAMPLES; k++) {
			const struct taken *taken = &world->samples[k];

			if (taken->sample.cpu != cpus[i].cpu)
				continue;
			truth.samples++;
			truth.weight += taken->sample.weight;
			if (taken->idle)
				truth.idle_weight += taken->sample.weight;
			else if (taken->sample.in_user)
				truth.user_weight += taken->sample.weight;
			for (int class = 0; class < CLASSES && !taken->idle; class ++)
				if (has_class(world, taken, class))
					truth.class_weight[class] += taken->sample.weight;
		}
		ck_assert_mem_eq(&truth, &cpus[i], sizeof(truth));
	}
}

static void check_functions(const struct world *world, bool by_total)
{
	struct profile_functions rows = { 0 };
	uint64_t self = 0, last = UINT64_MAX;

	ck_assert_int_eq(profile_functions(world->profile, SIZE_MAX, by_total, &rows), 0);
	vec_each(row, &rows) {
		uint64_t by = by_total ? row->total : row->self;

		ck_assert_uint_eq(row->self, sum(world, -1, leaf_is, row->symbol));
		ck_assert_uint_eq(row->total, sum(world, -1, goes_through, row->symbol));
		ck_assert_uint_le(by, last);
		ck_assert_uint_gt(by, 0);
		last = by;
		self += row->self;
	}
	ck_assert_uint_eq(self, profile_totals(world->profile)->busy_weight);
	vec_free(&rows);
}

/* A group's part of a function is the largest of all groups. */
static void check_shares(const struct world *world)
{
	struct profile_functions rows = { 0 };
	size_t count;
	const struct profile_group *const *groups = profile_groups(world->profile, &count);

	ck_assert_int_eq(profile_functions(world->profile, SIZE_MAX, false, &rows), 0);
	vec_each(row, &rows) {
		uint64_t most = sum(world, truth_group(groups[row->group]), leaf_is, row->symbol);

		for (int group = 0; group < GROUPS; group++)
			ck_assert_uint_le(sum(world, group, leaf_is, row->symbol), most);
	}
	vec_free(&rows);
}

static void check_classes(const struct world *world, bool whole)
{
	size_t count;
	const struct profile_class *classes = profile_class_list(world->profile, &count);
	profile_classes seen = 0;

	for (size_t i = 0; i < count; i++) {
		const struct profile_class *class = &classes[i];
		int64_t high = (int64_t) class->number << 32;

		seen |= UINT64_C(1) << class->number;
		ck_assert_uint_eq(class->weight, sum(world, -1, has_class, class->number));
		ck_assert_uint_eq(class->focus_weight,
				  sum(world, -1, has_focused_class, class->number));
		ck_assert_uint_eq(class->cpu_weight,
				  sum(world, -1, cpu_is_in_class, high | class->cpu));
		for (int group = 0; group < GROUPS; group++)
			ck_assert_uint_le(sum(world, group, has_class, class->number),
					  class->group_weight);
		for (uint32_t cpu = 0; cpu < 3 * CPUS; cpu++)
			ck_assert_uint_le(sum(world, -1, cpu_is_in_class, high | cpu),
					  class->cpu_weight);
		for (uint32_t leaf = 0; leaf < SYMBOLS && whole; leaf++)
			ck_assert_uint_le(sum(world, -1, leaf_is_in_class, high | leaf),
					  class->leaf_weight);
		if (whole)
			ck_assert_uint_eq(sum(world, -1, leaf_is_in_class, high | class->leaf),
					  class->leaf_weight);
	}
	for (int class = 0; class < CLASSES; class ++)
		if (!(seen >> class & 1))
			ck_assert_uint_eq(sum(world, -1, has_class, class), 0);
}

static void check_most(const struct world *world, int group, condition holds,
		       const struct profile_function *function, uint64_t weight)
{
	uint64_t most = 0;

	for (uint32_t id = 1; id < SYMBOLS + 2; id++) {
		uint64_t its = id <= profile_totals(world->profile)->symbols ?
				       sum(world, group, holds, id) :
				       0;

		most = its > most ? its : most;
	}
	ck_assert_uint_eq(weight, most);
	if (function->symbol)
		ck_assert_uint_eq(sum(world, group, holds, function->symbol), most);
	else
		ck_assert_uint_eq(most, 0);
}

/* At least as much as every own function that is not in almost all stacks, or it does more than
 * they. */
static void check_own(const struct world *world, const struct profile_group *group, int truth)
{
	const struct profile_function *own = &group->hottest_own;
	uint64_t most = 0;

	for (uint32_t id = 1; id < SYMBOLS; id++) {
		uint64_t total = sum(world, truth, goes_through, id);

		if (is_own(world, id) && total > most)
			most = total;
		if (is_own(world, id) && (double)total <= 0.95 * (double)group->user_stacks)
			ck_assert_uint_ge(own->total, (uint64_t)(0.95 * (double)total));
	}
	ck_assert_int_eq(own->symbol == 0, most == 0);
	if (!own->symbol)
		return;
	ck_assert(is_own(world, own->symbol));
	ck_assert_uint_eq(own->total, sum(world, truth, goes_through, own->symbol));
}

static void check_hottest(const struct world *world)
{
	size_t count;
	const struct profile_group *const *groups = profile_groups(world->profile, &count);

	for (size_t i = 0; i < count; i++) {
		int truth = truth_group(groups[i]);

		check_most(world, truth, leaf_is, &groups[i]->hottest, groups[i]->hottest.self);
		check_most(world, truth, asks, &groups[i]->asker, groups[i]->asker.total);
		check_most(world, truth, works, &groups[i]->work, groups[i]->work.total);
		check_own(world, groups[i], truth);
	}
}

/* ---- the folded text ------------------------------------------------------------------------- */

static void write_stack(const struct world *world, const struct taken *taken, char *text,
			size_t size)
{
	const char *thread = group_names[taken->group];
	size_t len = (size_t)snprintf(text, size, "%s;%s", thread, thread);

	/* programs of a letter are named by their leader */
	if (taken->group < UNNAMED)
		len = (size_t)snprintf(text, size, "%s;%s", group_names[taken->group & ~1], thread);
	for (size_t i = taken->sample.count; i-- > 0;)
		len += (size_t)snprintf(text + len, size - len, ";%sf%u",
					world->symbols[taken->frames[i]].kernel ? "[k] " : "",
					taken->frames[i]);
	if (!taken->sample.count)
		snprintf(text + len, size - len, ";%s[unknown]",
			 taken->sample.in_user ? "" : "[k] ");
}

struct texts {
	char of[SAMPLES][TEXT];
};

static uint64_t weight_of_text(const struct world *world, const struct texts *texts,
			       const char *text)
{
	uint64_t weight = 0;

	for (int i = 0; i < SAMPLES; i++)
		if (!world->samples[i].idle && strcmp(texts->of[i], text) == 0)
			weight += world->samples[i].sample.weight;
	return weight;
}

static void check_folded(const struct world *world, bool whole)
{
	_cleanup_(str_free) struct str text = { 0 };
	char *rest, *line;
	uint64_t weight = 0;
	struct texts texts;

	for (int i = 0; i < SAMPLES; i++)
		write_stack(world, &world->samples[i], texts.of[i], TEXT);
	ck_assert_int_eq(profile_fold(world->profile, 1, SIZE_MAX / 2, &text), 0);
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n")) && *line) {
		char *number = strrchr(line, ' ');
		uint64_t its;

		ck_assert_ptr_nonnull(number);
		*number++ = '\0';
		its = strtoull(number, NULL, 10);
		ck_assert_uint_gt(its, 0);
		if (whole)
			ck_assert_uint_eq(weight_of_text(world, &texts, line), its);
		weight += its;
	}
	ck_assert_uint_eq(weight, profile_totals(world->profile)->busy_weight);
}

static void check_capped_text(const struct world *world, size_t bytes_max)
{
	_cleanup_(str_free) struct str text = { 0 };
	char *rest, *line;
	uint64_t weight = 0;

	ck_assert_int_eq(profile_fold(world->profile, 1, bytes_max, &text), 0);
	ck_assert_uint_le(text.len, bytes_max);
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n")) && *line)
		weight += strtoull(strrchr(line, ' ') + 1, NULL, 10);
	ck_assert_uint_eq(weight, profile_totals(world->profile)->busy_weight);
}

static struct world world;

START_TEST(results_agree_with_the_oracle)
{
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		make_world(&world, seed, 0);
		ck_assert_uint_eq(profile_totals(world.profile)->cut_weight, 0);
		check_totals(&world);
		check_groups(&world);
		check_cpus(&world);
		check_functions(&world, false);
		check_functions(&world, true);
		check_shares(&world);
		check_classes(&world, true);
		check_hottest(&world);
		check_folded(&world, true);
		check_capped_text(&world, 40 + draw(&world, 4000));
		profile_free(world.profile);
	}
}
END_TEST

/* A tree that is full takes nothing from groups, functions and classes. */
START_TEST(a_small_tree_breaks_no_sum)
{
	uint64_t cut = 0;

	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		make_world(&world, seed, 1 + (uint32_t)(seed % 100));
		check_totals(&world);
		check_groups(&world);
		check_cpus(&world);
		check_functions(&world, false);
		check_functions(&world, true);
		check_classes(&world, false);
		check_folded(&world, false);
		ck_assert_uint_le(profile_totals(world.profile)->nodes, 1 + seed % 100);
		cut += profile_totals(world.profile)->cut_weight > 0;
		profile_free(world.profile);
	}
	/* the test would prove nothing otherwise */
	ck_assert_uint_eq(cut, WORLDS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("profile_property");
	TCase *tests = tcase_create("random");

	tcase_set_timeout(tests, 240);
	tcase_add_test(tests, results_agree_with_the_oracle);
	tcase_add_test(tests, a_small_tree_breaks_no_sum);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
