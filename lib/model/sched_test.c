/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_testing.h"

#include "base/testing.h"
#include <stdlib.h>

static struct sched_model *model;

static void setup(void)
{
	struct sched_model_options options = { .cpus_max = 8, .start_ns = 1000 };

	model = sched_model_new(&options);
	ck_assert_ptr_nonnull(model);
}

static void teardown(void)
{
	sched_model_free(model);
}

static void restart(struct sched_model_options options)
{
	sched_model_free(model);
	model = sched_model_new(&options);
	ck_assert_ptr_nonnull(model);
}

static void name(pid_t tid, pid_t pid, const char *comm, bool kernel)
{
	ck_assert_int_eq(sched_model_name(model, tid, pid, comm, kernel), 0);
}

START_TEST(a_wait_goes_from_the_first_wakeup_to_the_run)
{
	const struct sched_thread *thread;

	feed(model, test_switch(1100, 0, 10, 'S', 20));
	feed(model, test_wakeup(1200, 0, 20, 10, 0));
	feed(model, test_wakeup(1250, 0, 20, 10, 0));
	feed(model, test_switch(1300, 0, 20, 'D', 10));
	feed(model, test_switch(1500, 0, 10, 'S', 0));
	finish(model, 2000);
	thread = thread_of(model, 10);
	ck_assert_uint_eq(thread->waits[SCHED_WAIT_WOKEN].count, 1);
	ck_assert_uint_eq(thread->waits[SCHED_WAIT_WOKEN].sum_ns, 100);
	ck_assert_uint_eq(thread->waits[SCHED_WAIT_WOKEN].max_ns, 100);
	ck_assert_uint_eq(thread->waits[SCHED_WAIT_WOKEN].max_from_ns, 1200);
	ck_assert_uint_eq(thread->waits[SCHED_WAIT_WOKEN].max_suspect, SCHED_SUSPECT_REPEAT);
	ck_assert_uint_eq(thread->work.repeats, 1);
	ck_assert_uint_eq(thread->work.wakeups, 2);
	ck_assert_uint_eq(thread->work.sleep_ns, 100);
	ck_assert_uint_eq(thread->work.uninterruptible_ns, 0);
	ck_assert_uint_eq(thread->work.voluntary, 2);
	ck_assert_uint_eq(thread->work.switches, 1);
	/* it ran since the window began */
	ck_assert(thread->partial);
	ck_assert_uint_eq(thread->work.run_ns, 100 + 200);
	/* t20a ran meanwhile, and was never seen to become ready */
	ck_assert_uint_eq(blame_of(model, thread_of(model, 20)->group, thread->group), 100);
	ck_assert_uint_eq(thread_of(model, 20)->work.unknown_starts, 1);
	ck_assert_uint_eq(thread_of(model, 20)->work.run_ns, 200);
	ck_assert(!thread_of(model, 20)->partial);
	check_sums(model);
}
END_TEST

START_TEST(a_preempted_thread_waits_from_that_moment)
{
	const struct sched_thread *first, *second;

	feed(model, test_switch(1100, 0, 10, '+', 20));
	feed(model, test_switch(1400, 0, 20, 'R', 10));
	feed(model, test_switch(1450, 0, 10, 'S', 20));
	finish(model, 1500);
	first = thread_of(model, 10);
	second = thread_of(model, 20);
	ck_assert_uint_eq(first->waits[SCHED_WAIT_PREEMPTED].sum_ns, 300);
	ck_assert_uint_eq(first->waits[SCHED_WAIT_PREEMPTED].max_suspect, 0);
	ck_assert_uint_eq(first->work.preempted, 1);
	ck_assert_uint_eq(second->waits[SCHED_WAIT_YIELDED].sum_ns, 50);
	ck_assert_uint_eq(second->work.yielded, 1);
	ck_assert_uint_eq(blame_of(model, second->group, first->group), 300);
	ck_assert_uint_eq(blame_of(model, first->group, second->group), 50);
	/* its slice goes on at the end of the window */
	ck_assert_uint_eq(second->work.run_ns, 300 + 50);
	check_sums(model);
}
END_TEST

START_TEST(an_idle_cpu_is_blamed_for_wakeup_latency)
{
	const struct sched_worst *worst;

	name(20, 20, "waker", false);
	feed(model, test_switch(1000, 0, 10, 'S', 0));
	feed(model, test_wakeup(1200, 1, 20, 10, 0));
	feed(model, test_switch(1207, 0, 0, 'R', 10));
	finish(model, 2000);
	ck_assert_uint_eq(blame_of(model, SCHED_ACTOR_IDLE, thread_of(model, 10)->group), 7);
	worst = sched_model_worst(model, SCHED_WORST_TRUSTED);
	ck_assert(worst->found);
	ck_assert_int_eq(worst->tid, 10);
	ck_assert_uint_eq(worst->from_ns, 1200);
	ck_assert_uint_eq(worst->until_ns, 1207);
	ck_assert_uint_eq(worst->cpu, 0);
	ck_assert_int_eq(worst->waker_tid, 20);
	ck_assert_str_eq(worst->waker_comm, "waker");
	ck_assert_uint_eq(worst->lines, 2);
	ck_assert_int_eq(worst->line[0].type, SCHED_WAKEUP);
	ck_assert_int_eq(worst->line[0].other_tid, 20);
	ck_assert_int_eq(worst->line[1].type, SCHED_SWITCH);
	ck_assert_str_eq(worst->line[1].comm, "t10a");
	ck_assert_str_eq(worst->line[1].other_comm, "swapper");
	ck_assert(!worst->truncated);
	/* the waker told who ran on its CPU */
	ck_assert_uint_eq(thread_of(model, 20)->work.run_ns, 1000);
	check_sums(model);
}
END_TEST

START_TEST(a_migrated_wait_is_charged_where_it_waited)
{
	const struct sched_thread *thread;

	feed(model, test_switch(1000, 0, 90, 'S', 10));
	feed(model, test_switch(1000, 1, 91, 'S', 20));
	feed(model, test_wakeup(1100, 0, 10, 30, 0));
	feed(model, test_migrate(1140, 1, 30, 0, 1));
	feed(model, test_switch(1200, 1, 20, 'S', 30));
	finish(model, 1500);
	thread = thread_of(model, 30);
	ck_assert_uint_eq(thread->waits[SCHED_WAIT_WOKEN].sum_ns, 100);
	ck_assert_uint_eq(thread->waits[SCHED_WAIT_WOKEN].max_cpu, 1);
	ck_assert_uint_eq(blame_of(model, thread_of(model, 10)->group, thread->group), 40);
	ck_assert_uint_eq(blame_of(model, thread_of(model, 20)->group, thread->group), 60);
	/* first seen by its wakeup, it has not been elsewhere before */
	ck_assert_uint_eq(thread->work.migrations, 0);
	check_sums(model);
}
END_TEST

START_TEST(the_charge_stays_without_a_migrate_event)
{
	feed(model, test_switch(1000, 0, 90, 'S', 10));
	feed(model, test_switch(1000, 1, 30, 'S', 0));
	feed(model, test_wakeup(1100, 0, 10, 30, 0));
	feed(model, test_switch(1200, 1, 0, 'R', 30));
	finish(model, 1500);
	ck_assert_uint_eq(blame_of(model, thread_of(model, 10)->group, thread_of(model, 30)->group),
			  100);
	check_sums(model);
}
END_TEST

START_TEST(running_elsewhere_counts_as_a_migration)
{
	feed(model, test_switch(1000, 0, 10, '+', 20));
	feed(model, test_switch(1100, 1, 0, 'R', 10));
	feed(model, test_switch(1200, 1, 10, 'S', 0));
	finish(model, 1500);
	ck_assert_uint_eq(thread_of(model, 10)->work.migrations, 1);
	ck_assert_uint_eq(thread_of(model, 10)->work.run_ns, 100);
	check_sums(model);
}
END_TEST

START_TEST(a_starving_thread_does_not_vanish)
{
	const struct sched_worst *worst;
	const struct sched_group *group;

	feed(model, test_switch(1000, 0, 10, '+', 20));
	feed(model, test_switch(1400, 0, 20, 'S', 30));
	finish(model, 9000);
	ck_assert_uint_eq(thread_of(model, 10)->open_wait_ns, 8000);
	group = group_of(model, 10);
	ck_assert_uint_eq(group->waits.count, 0);
	ck_assert_uint_eq(group->open_waits, 1);
	ck_assert_uint_eq(group->open_wait_max_ns, 8000);
	ck_assert_int_eq(group->open_wait_max_tid, 10);
	worst = sched_model_worst(model, SCHED_WORST_OPEN);
	ck_assert(worst->found);
	ck_assert_int_eq(worst->tid, 10);
	ck_assert_uint_eq(worst->until_ns, 9000);
	ck_assert(!sched_model_worst(model, SCHED_WORST_TRUSTED)->found);
	ck_assert_uint_eq(blame_of(model, thread_of(model, 30)->group, group->id), 7600);
	check_sums(model);
}
END_TEST

START_TEST(a_wakeup_of_a_running_thread_begins_no_wait)
{
	const struct sched_totals *totals = sched_model_totals(model);

	/* the waker on CPU 1 is faster than the sleeper on CPU 0 */
	feed(model, test_switch(1000, 0, 90, 'S', 10));
	feed(model, test_wakeup(1100, 1, 20, 10, 0));
	feed(model, test_switch(1105, 0, 10, 'S', 0));
	feed(model, test_switch(1110, 0, 0, 'R', 10));
	finish(model, 2000);
	ck_assert_uint_eq(thread_of(model, 10)->work.woken_running, 1);
	ck_assert_uint_eq(totals->raced_wakeups, 1);
	ck_assert_uint_eq(totals->runs_without_wakeup, 0);
	ck_assert_uint_eq(totals->waits.count, 0);
	/* at 1000 and at 1110 */
	ck_assert_uint_eq(thread_of(model, 10)->work.unknown_starts, 2);
	ck_assert_uint_eq(edge_of(model, thread_of(model, 20)->group, thread_of(model, 10)->group),
			  1);
	check_sums(model);
}
END_TEST

START_TEST(running_without_a_wakeup_is_counted)
{
	feed(model, test_switch(1000, 0, 10, 'S', 0));
	feed(model, test_switch(1100, 0, 0, 'R', 10));
	finish(model, 2000);
	ck_assert_uint_eq(sched_model_totals(model)->runs_without_wakeup, 1);
	ck_assert_uint_eq(thread_of(model, 10)->waits[SCHED_WAIT_WOKEN].count, 0);

	restart((struct sched_model_options){ .no_wakeups = true });
	feed(model, test_switch(1000, 0, 10, 'S', 0));
	feed(model, test_switch(1100, 0, 0, 'R', 10));
	feed(model, test_switch(1200, 0, 10, '+', 20));
	feed(model, test_switch(1300, 0, 20, 'S', 10));
	finish(model, 2000);
	ck_assert_uint_eq(sched_model_totals(model)->runs_without_wakeup, 0);
	ck_assert_uint_eq(thread_of(model, 10)->waits[SCHED_WAIT_PREEMPTED].sum_ns, 100);
	check_sums(model);
}
END_TEST

START_TEST(contexts_wake_not_the_thread_they_interrupt)
{
	struct sched_event event = test_wakeup(1100, 0, 20, 10, 0);
	uint32_t wakee;

	feed(model, test_switch(1000, 0, 10, 'D', 20));
	event.context = SCHED_CONTEXT_SOFTIRQ;
	feed(model, event);
	feed(model, test_switch(1200, 0, 20, 'S', 10));
	feed(model, test_switch(1300, 0, 10, 'S', 0));
	event.time_ns = 1400;
	event.current_tid = 0;
	event.context = SCHED_CONTEXT_HARDIRQ;
	feed(model, event);
	feed(model, test_switch(1410, 0, 0, 'R', 10));
	feed(model, test_switch(1500, 0, 10, 'S', 0));
	feed(model, test_wakeup(1600, 0, 0, 10, 0));
	finish(model, 2000);
	wakee = thread_of(model, 10)->group;
	ck_assert_uint_eq(edge_of(model, SCHED_ACTOR_SOFTIRQ, wakee), 1);
	ck_assert_uint_eq(edge_of(model, SCHED_ACTOR_HARDIRQ, wakee), 1);
	ck_assert_uint_eq(edge_of(model, SCHED_ACTOR_IDLE, wakee), 1);
	ck_assert_uint_eq(edge_of(model, thread_of(model, 20)->group, wakee), 0);
	ck_assert_uint_eq(sched_model_totals(model)->wakeups_softirq, 1);
	ck_assert_uint_eq(thread_of(model, 10)->work.uninterruptible_ns, 100);
	ck_assert_uint_eq(thread_of(model, 10)->work.sleep_ns, 300);
	ck_assert_uint_eq(sched_model_totals(model)->wrong_waker, 0);
	check_sums(model);
}
END_TEST

START_TEST(idle_while_others_queue)
{
	const struct sched_cpu *cpus;
	size_t count;

	feed(model, test_switch(1000, 0, 90, 'S', 10));
	feed(model, test_switch(1000, 1, 91, 'S', 0));
	feed(model, test_wakeup(1100, 0, 10, 20, 0));
	feed(model, test_wakeup(1150, 0, 10, 30, 0));
	feed(model, test_switch(1300, 0, 10, 'S', 20));
	feed(model, test_migrate(1400, 1, 30, 0, 1));
	feed(model, test_switch(1410, 1, 0, 'R', 30));
	finish(model, 2000);
	cpus = sched_model_cpus(model, &count);
	ck_assert_uint_eq(count, 2);
	/* a waiter of an idle CPU is latency, not imbalance */
	ck_assert_uint_eq(cpus[1].idle_while_others_queue_ns, 300);
	ck_assert_uint_eq(cpus[0].idle_while_others_queue_ns, 0);
	ck_assert_uint_eq(cpus[0].queue_max, 2);
	ck_assert_uint_eq(cpus[0].wait_ns, 200 + 250);
	ck_assert_uint_eq(cpus[1].wait_ns, 10);
	ck_assert_double_eq_tol(cpus[0].queue_avg, 0.45, 1e-9);
	ck_assert_uint_eq(cpus[1].idle_ns, 410);
	ck_assert_uint_eq(cpus[1].busy_ns, 590);
	check_sums(model);
}
END_TEST

static struct sched_event nameless(struct sched_event event)
{
	event.comm[0] = '\0';
	event.other_comm[0] = '\0';
	return event;
}

START_TEST(threads_are_grouped_by_program_and_stem)
{
	const struct sched_group *group;
	uint32_t ids[8];

	name(101, 100, "worker-1", false);
	name(102, 100, "worker-2", false);
	name(100, 100, "server", false);
	name(200, 200, "kworker/0:1", true);
	feed(model, nameless(test_switch(1100, 0, 101, '+', 102)));
	feed(model, nameless(test_switch(1200, 0, 102, '+', 101)));
	feed(model, nameless(test_switch(1300, 0, 101, '+', 200)));
	finish(model, 1400);
	ck_assert_uint_eq(thread_of(model, 101)->group, thread_of(model, 102)->group);
	group = group_of(model, 101);
	ck_assert_str_eq(group->program, "server");
	ck_assert_str_eq(group->thread, "worker");
	ck_assert_uint_eq(group->threads, 2);
	ck_assert_uint_eq(group->work.run_ns, 300);
	ck_assert_uint_eq(group->waits.count, 1);
	ck_assert_uint_eq(group->waits.max_ns, 100);
	ck_assert_int_eq(group->waits.max_tid, 101);
	ck_assert_uint_eq(group->open_wait_ns, 100 + 200);
	/* the second's beginning is not known, so at first there is one */
	ck_assert_uint_eq(group->runnable_max, 2);
	ck_assert_double_eq_tol(group->runnable_avg, (300 + 100 + 300) / 400.0, 1e-9);
	ck_assert_uint_eq(group->slice_p50_ns, 101);
	ck_assert(group_of(model, 200)->kernel);
	ck_assert_str_eq(group_of(model, 200)->thread, "kworker");
	ck_assert_uint_eq(sched_model_rank(model, SCHED_BY_WAIT, ids, 8), 2);
	ck_assert_uint_eq(ids[0], group->id);
	ck_assert_uint_eq(sched_model_rank(model, SCHED_BY_RUN, ids, 1), 1);
	check_sums(model);
}
END_TEST

START_TEST(a_leader_named_later_is_noticed)
{
	name(101, 100, "worker-1", false);
	feed(model, nameless(test_switch(1100, 0, 101, '+', 0)));
	feed(model, nameless(test_switch(1200, 0, 0, 'R', 101)));
	name(100, 100, "server", false);
	feed(model, nameless(test_switch(1300, 0, 101, '+', 0)));
	feed(model, nameless(test_switch(1400, 0, 0, 'R', 101)));
	finish(model, 1500);
	ck_assert_str_eq(group_of(model, 101)->program, "server");
	check_sums(model);
}
END_TEST

START_TEST(a_rename_counts_from_then_on)
{
	struct sched_event event = {
		.time_ns = 1300, .type = SCHED_NAME, .tid = 10, .other_tid = 10
	};
	const struct sched_group *old;
	uint32_t before;

	feed(model, test_switch(1100, 0, 90, 'S', 10));
	snprintf(event.comm, sizeof(event.comm), "other");
	feed(model, event);
	feed(model, nameless(test_switch(1400, 0, 10, 'S', 0)));
	finish(model, 1500);
	ck_assert_str_eq(group_of(model, 10)->thread, "other");
	ck_assert_uint_eq(group_of(model, 10)->work.run_ns, 100);
	before = thread_of(model, 10)->group - 1;
	old = sched_model_group(model, before);
	ck_assert_str_eq(old->thread, "t10a");
	ck_assert_uint_eq(old->work.run_ns, 200);
	ck_assert_uint_eq(old->runnable_max, 1);
	check_sums(model);
}
END_TEST

START_TEST(a_new_name_at_the_switch_covers_the_slice)
{
	struct sched_event event = test_switch(1400, 0, 10, 'S', 0);

	feed(model, test_switch(1100, 0, 90, 'S', 10));
	snprintf(event.other_comm, sizeof(event.other_comm), "gcc");
	feed(model, event);
	finish(model, 1500);
	ck_assert_str_eq(group_of(model, 10)->thread, "gcc");
	ck_assert_uint_eq(group_of(model, 10)->work.run_ns, 300);
	check_sums(model);
}
END_TEST

START_TEST(a_child_is_of_its_parents_program)
{
	struct sched_event fork = {
		.time_ns = 1200, .type = SCHED_FORK, .tid = 30, .other_tid = 11
	};
	struct sched_event born = test_wakeup(1210, 0, 11, 30, 0);

	name(10, 10, "server", false);
	name(11, 10, "acceptor", false);
	snprintf(fork.comm, sizeof(fork.comm), "acceptor");
	snprintf(born.comm, sizeof(born.comm), "acceptor");
	born.type = SCHED_WAKEUP_NEW;
	feed(model, nameless(test_switch(1100, 0, 0, 'R', 11)));
	feed(model, fork);
	feed(model, born);
	feed(model, nameless(test_switch(1250, 0, 11, 'S', 30)));
	finish(model, 1500);
	ck_assert_str_eq(group_of(model, 30)->program, "server");
	ck_assert_str_eq(group_of(model, 30)->thread, "acceptor");
	ck_assert_uint_eq(thread_of(model, 30)->waits[SCHED_WAIT_NEW].sum_ns, 40);
	ck_assert_uint_eq(sched_model_totals(model)->forks, 1);
	check_sums(model);
}
END_TEST

START_TEST(a_dead_threads_id_is_somebody_else)
{
	struct sched_event exit = { .time_ns = 1150, .type = SCHED_EXIT, .tid = 10 };
	struct sched_event born = test_wakeup(1300, 0, 20, 10, 0);

	feed(model, test_switch(1100, 0, 20, '+', 10));
	feed(model, exit);
	feed(model, test_switch(1200, 0, 10, 'X', 20));
	born.type = SCHED_WAKEUP_NEW;
	snprintf(born.comm, sizeof(born.comm), "young");
	feed(model, born);
	feed(model, nameless(test_switch(1400, 0, 20, 'S', 10)));
	finish(model, 1500);
	ck_assert_str_eq(group_of(model, 10)->thread, "young");
	ck_assert_uint_eq(group_of(model, 10)->work.run_ns, 100);
	/* by id it goes on counting */
	ck_assert_uint_eq(thread_of(model, 10)->work.run_ns, 200);
	ck_assert_uint_eq(sched_model_totals(model)->runs_without_wakeup, 0);
	check_sums(model);
}
END_TEST

START_TEST(those_who_wake_each_other_are_a_pair)
{
	const struct sched_pair *pairs;
	uint64_t now = 1000;
	size_t count;

	feed(model, test_switch(now, 0, 20, 'S', 10));
	for (int i = 0; i < 100; i++) {
		feed(model, test_wakeup(now += 10, 0, 10, 20, 0));
		feed(model, test_switch(now += 10, 0, 10, 'S', 20));
		feed(model, test_wakeup(now += 10, 0, 20, 10, 0));
		feed(model, test_switch(now += 10, 0, 20, 'S', 10));
	}
	finish(model, now);
	pairs = sched_model_pairs(model, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(pairs[0].a_to_b, 100);
	ck_assert_uint_eq(pairs[0].b_to_a, 100);
	ck_assert_double_eq(pairs[0].share_of_a, 1);
	ck_assert_double_eq(pairs[0].share_of_b, 1);
	ck_assert_uint_eq(group_of(model, 10)->wakeups_given, 100);
	check_sums(model);
}
END_TEST

START_TEST(perfs_runtime_is_kept_apart)
{
	struct sched_event event = {
		.time_ns = 1100, .type = SCHED_RUNTIME, .tid = 10, .value = 77
	};

	feed(model, test_switch(1050, 0, 20, 'S', 10));
	feed(model, event);
	feed(model, event);
	finish(model, 2000);
	ck_assert_uint_eq(thread_of(model, 10)->stat_runtime_ns, 154);
	ck_assert_uint_eq(thread_of(model, 10)->work.run_ns, 950);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("sched");
	TCase *tests = tcase_create("semantics");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_wait_goes_from_the_first_wakeup_to_the_run);
	tcase_add_test(tests, a_preempted_thread_waits_from_that_moment);
	tcase_add_test(tests, an_idle_cpu_is_blamed_for_wakeup_latency);
	tcase_add_test(tests, a_migrated_wait_is_charged_where_it_waited);
	tcase_add_test(tests, the_charge_stays_without_a_migrate_event);
	tcase_add_test(tests, running_elsewhere_counts_as_a_migration);
	tcase_add_test(tests, a_starving_thread_does_not_vanish);
	tcase_add_test(tests, a_wakeup_of_a_running_thread_begins_no_wait);
	tcase_add_test(tests, running_without_a_wakeup_is_counted);
	tcase_add_test(tests, contexts_wake_not_the_thread_they_interrupt);
	tcase_add_test(tests, idle_while_others_queue);
	tcase_add_test(tests, threads_are_grouped_by_program_and_stem);
	tcase_add_test(tests, a_leader_named_later_is_noticed);
	tcase_add_test(tests, a_rename_counts_from_then_on);
	tcase_add_test(tests, a_new_name_at_the_switch_covers_the_slice);
	tcase_add_test(tests, a_child_is_of_its_parents_program);
	tcase_add_test(tests, a_dead_threads_id_is_somebody_else);
	tcase_add_test(tests, those_who_wake_each_other_are_a_pair);
	tcase_add_test(tests, perfs_runtime_is_kept_apart);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make_suite());
}
