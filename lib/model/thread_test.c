/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/thread.h"

#include "base/testing.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SECOND 1000000000ULL

static struct thread_sample thread(pid_t pid, pid_t tid, const char *comm, char state)
{
	struct thread_sample sample = { .pid = pid, .tid = tid, .ppid = 1, .state = state };

	sample.start_ticks = 10;
	sample.has_schedstat = true;
	snprintf(sample.comm, sizeof(sample.comm), "%s", comm);
	return sample;
}

static void add(struct thread_pass *pass, struct thread_sample sample)
{
	ck_assert_int_eq(vec_push(&pass->samples, sample), 0);
}

/* Two passes, what changed between them and the groups of it; torn down by scene_end(). */
struct scene {
	struct thread_pass before, after;
	struct thread_changes changes;
	struct thread_groups groups;
};

static void scene_make(struct scene *scene)
{
	thread_pass_seal(&scene->before);
	thread_pass_seal(&scene->after);
	ck_assert_int_eq(thread_changes_make(&scene->before, &scene->after, &scene->changes), 0);
	ck_assert_int_eq(thread_groups_make(&scene->changes, &scene->groups), 0);
}

static void scene_end(struct scene *scene)
{
	thread_groups_free(&scene->groups);
	vec_free(&scene->changes);
	thread_pass_free(&scene->before);
	thread_pass_free(&scene->after);
}

START_TEST(many_threads_are_one_group)
{
	struct scene scene = { 0 };

	for (int pid = 100; pid < 103; pid++)
		for (int i = 0; i < 50; i++) {
			/* threads of the processes take turns in the order of TIDs */
			pid_t tid = i ? 1000 + i * 3 + (pid - 100) : pid;
			const char *comm = i ? "tokio-runtime-w" : "gateway";
			struct thread_sample sample = thread(pid, tid, comm, 'S');

			add(&scene.before, sample);
			sample.run_ns = SECOND / 100;
			sample.wait_ns = SECOND / 10;
			sample.runs = 200;
			sample.state = 'R';
			add(&scene.after, sample);
		}
	scene_make(&scene);
	ck_assert_uint_eq(scene.groups.len, 2);
	ck_assert_str_eq(scene.groups.data[0].thread, "tokio-runtime-w");
	ck_assert_str_eq(scene.groups.data[0].program, "gateway");
	ck_assert_uint_eq(scene.groups.data[0].threads, 147);
	ck_assert_uint_eq(scene.groups.data[0].processes, 3);
	ck_assert_int_eq(scene.groups.data[0].pids[2], 102);
	ck_assert_uint_eq(scene.groups.data[0].runnable_now, 147);
	ck_assert_double_eq_tol(scene.groups.data[0].run_s, 1.47, 1e-9);
	ck_assert_double_eq_tol(scene.groups.data[0].wait_s, 14.7, 1e-9);
	ck_assert_double_eq(scene.groups.data[0].leader_runs, 0);
	ck_assert_double_eq(scene.groups.data[1].leader_runs, 600);
	scene_end(&scene);
}
END_TEST

START_TEST(a_reused_tid_is_another_thread)
{
	struct scene scene = { 0 };
	struct thread_sample old_thread = thread(7, 7, "old", 'S');
	struct thread_sample new_thread = thread(7, 7, "new", 'R');

	old_thread.run_ns = 90 * SECOND;
	new_thread.start_ticks = 500;
	new_thread.run_ns = SECOND / 2;
	scene.before.boot_ticks = 400;
	add(&scene.before, old_thread);
	add(&scene.after, new_thread);
	scene_make(&scene);
	ck_assert_ptr_null(scene.changes.data[0].before);
	ck_assert(scene.changes.data[0].born);
	ck_assert_double_eq(scene.changes.data[0].run_s, 0.5);
	scene_end(&scene);
}
END_TEST

START_TEST(an_old_thread_that_was_missed_counts_nothing)
{
	struct scene scene = { 0 };
	struct thread_sample sample = thread(7, 7, "old", 'S');

	sample.run_ns = 90 * SECOND;
	scene.before.boot_ticks = 400;
	add(&scene.after, sample);
	scene_make(&scene);
	ck_assert(!scene.changes.data[0].born);
	ck_assert_double_eq(scene.changes.data[0].run_s, 0);
	scene_end(&scene);
}
END_TEST

START_TEST(lasting_means_it_did_not_run)
{
	struct scene scene = { 0 };
	struct thread_sample stuck = thread(1, 1, "writer", 'D');
	struct thread_sample moving = thread(2, 2, "writer", 'D');

	add(&scene.before, stuck);
	add(&scene.before, moving);
	moving.runs = 3;
	add(&scene.after, stuck);
	add(&scene.after, moving);
	scene_make(&scene);
	ck_assert_uint_eq(scene.groups.len, 1);
	ck_assert_uint_eq(scene.groups.data[0].uninterruptible, 2);
	ck_assert_uint_eq(scene.groups.data[0].uninterruptible_before, 2);
	ck_assert_uint_eq(scene.groups.data[0].lasting, 1);
	scene_end(&scene);
}
END_TEST

START_TEST(a_starving_thread_waits_all_the_time)
{
	struct scene scene = { 0 };

	scene.after.when_ns = 2 * SECOND;
	add(&scene.before, thread(1, 1, "victim", 'R'));
	add(&scene.after, thread(1, 1, "victim", 'R'));
	scene_make(&scene);
	ck_assert_double_eq(scene.changes.data[0].wait_s, 2);
	scene_end(&scene);
}
END_TEST

START_TEST(without_schedstat_waiting_is_unknown)
{
	struct scene scene = { 0 };
	struct thread_sample sample = thread(1, 1, "old-kernel", 'R');
	struct thread_totals totals;

	sample.has_schedstat = false;
	add(&scene.before, sample);
	sample.major_faults = 3;
	sample.user_ticks = 50;
	add(&scene.after, sample);
	scene_make(&scene);
	thread_totals_make(&scene.before, &scene.changes, &totals);
	ck_assert_double_nan(scene.changes.data[0].wait_s);
	ck_assert(!scene.groups.data[0].has_schedstat);
	ck_assert(!totals.has_schedstat);
	ck_assert_double_eq(totals.major_faults, 3); /* these are known all the same */
	ck_assert_double_eq(scene.groups.data[0].cpu_s, 0.5);
	scene_end(&scene);
}
END_TEST

START_TEST(zombies_and_short_lived_children_have_a_parent)
{
	struct scene scene = { 0 };
	struct thread_sample shell = thread(50, 50, "bash", 'S');
	struct thread_sample zombie = thread(60, 60, "true", 'Z');
	struct thread_parents parents;
	struct thread_totals totals;

	add(&scene.before, shell);
	shell.child_minor_faults = 9000;
	shell.child_ticks = 40;
	zombie.ppid = 50;
	add(&scene.after, shell);
	add(&scene.after, zombie);
	scene_make(&scene);
	ck_assert_uint_eq(scene.groups.len, 1); /* the dead are no load */
	thread_totals_make(&scene.before, &scene.changes, &totals);
	ck_assert_uint_eq(totals.zombies, 1);
	ck_assert_uint_eq(totals.processes_born, 1);
	ck_assert_int_eq(thread_parents_make(&scene.before, &scene.changes, &parents), 0);
	ck_assert_uint_eq(parents.len, 1);
	ck_assert_str_eq(parents.data[0].process->comm, "bash");
	ck_assert_double_eq(parents.data[0].children_minor_faults, 9000);
	ck_assert_double_eq(parents.data[0].children_cpu_s, 0.4);
	ck_assert_uint_eq(parents.data[0].children_seen, 1);
	ck_assert_uint_eq(parents.data[0].zombies, 1);
	ck_assert_str_eq(parents.data[0].last_child->comm, "true");
	vec_free(&parents);
	scene_end(&scene);
}
END_TEST

START_TEST(empty_passes_are_fine)
{
	struct scene scene = { 0 };
	struct thread_parents parents;

	scene_make(&scene);
	ck_assert_uint_eq(scene.groups.len, 0);
	ck_assert_int_eq(thread_parents_make(&scene.before, &scene.changes, &parents), 0);
	ck_assert_uint_eq(parents.len, 0);
	scene_end(&scene);
}
END_TEST

static const struct {
	const char *comm, *program;
	bool kernel;
	const char *stem;
} stems[] = {
	{ "ksoftirqd/1", "ksoftirqd/1", true, "ksoftirqd" },
	{ "kworker/u8:2-events_unbound", "kworker/u8:2-events_unbound", true,
	  "kworker-events_unbound" },
	{ "kworker/0:1H-kblockd", "kworker/0:1H-kblockd", true, "kworker-kblockd" },
	{ "kworker/0:1", "kworker/0:1", true, "kworker" },
	{ "kswapd0", "kswapd0", true, "kswapd" },
	{ "jbd2/vda-8", "jbd2/vda-8", true, "jbd2/vda" },
	{ "GC Thread#12", "java", false, "GC Thread" },
	{ "pool-1-thread-7", "java", false, "pool-1-thread" },
	{ "reactor-3", "scylla", false, "reactor" },
	{ "io_thd_2", "redis-server", false, "io_thd" },
	{ "worker7", "service", false, "worker" },
	{ "puma srv tp 001", "puma", false, "puma srv tp" },
	{ "tokio-runtime-w", "gateway", false, "tokio-runtime-w" },
	{ "python3", "python3", false, "python3" },
	{ "python3.11", "python3.11", false, "python3.11" },
	{ "worker-12", "worker-12", false, "worker" },
	{ "12", "12", false, "12" },
	{ "#7", "#7", false, "#7" },
	{ "", "", false, "" },
};

START_TEST(stems_lose_what_counts_instances)
{
	char stem[THREAD_NAME_MAX];

	thread_stem(stems[_i].comm, stems[_i].program, stems[_i].kernel, stem);
	ck_assert_str_eq(stem, stems[_i].stem);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("thread");
	TCase *cases = tcase_create("thread");

	tcase_add_test(cases, many_threads_are_one_group);
	tcase_add_test(cases, a_reused_tid_is_another_thread);
	tcase_add_test(cases, an_old_thread_that_was_missed_counts_nothing);
	tcase_add_test(cases, lasting_means_it_did_not_run);
	tcase_add_test(cases, a_starving_thread_waits_all_the_time);
	tcase_add_test(cases, without_schedstat_waiting_is_unknown);
	tcase_add_test(cases, zombies_and_short_lived_children_have_a_parent);
	tcase_add_test(cases, empty_passes_are_fine);
	tcase_add_loop_test(cases, stems_lose_what_counts_instances, 0,
			    sizeof(stems) / sizeof(stems[0]));
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
