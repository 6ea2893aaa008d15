/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of counting, one by one. */
#include "model/profile_testing.h"

#include "base/testing.h"

/* ---- idle and busy --------------------------------------------------------------------------- */

START_TEST(idle_is_apart_and_interrupts_on_idle_cpus_are_busy)
{
	const struct profile_totals *totals = profile_totals(profile);
	const struct profile_group *group;

	add(0, 7, "default_idle");
	add(0, 5, "");
	add(0, 3, "default_idle;net_rx_action");
	finish();
	ck_assert_uint_eq(totals->samples, 3);
	ck_assert_uint_eq(totals->weight, 15);
	ck_assert_uint_eq(totals->idle_weight, 12);
	ck_assert_uint_eq(totals->busy_weight, 3);
	group = group_of("(interrupts on idle CPUs)", "(interrupts on idle CPUs)");
	ck_assert(group->interrupts);
	ck_assert(group->kernel);
	ck_assert_uint_eq(group->weight, 3);
	ck_assert_uint_eq(group->threads, 0);
	ck_assert_uint_eq(group->work.symbol, PROFILE_SYMBOL_OTHER);
}
END_TEST

START_TEST(a_program_may_be_in_a_function_of_that_name)
{
	add(9, 7, "default_idle");
	finish();
	ck_assert_uint_eq(profile_totals(profile)->idle_weight, 0);
	ck_assert_uint_eq(profile_totals(profile)->busy_weight, 7);
}
END_TEST

START_TEST(a_busy_sample_without_frames_is_in_an_unknown_function)
{
	name(9, 9, "app");
	add(9, 7, "");
	finish();
	ck_assert_uint_eq(profile_totals(profile)->unnamed_leaf, 7);
	ck_assert_uint_eq(profile_totals(profile)->user_stacks, 0);
	ck_assert_uint_eq(group_of("app", "app")->unnamed_leaf, 7);
	ck_assert_uint_eq(group_of("app", "app")->hottest_own.symbol, PROFILE_SYMBOL_OTHER);
	assert_folded(1, 1000, "app;app;[k] [unknown] 7\n");
}
END_TEST

/* ---- groups ---------------------------------------------------------------------------------- */

START_TEST(threads_are_grouped_by_program_and_stem)
{
	const struct profile_group *workers;

	name(10, 10, "server");
	name(10, 11, "worker-1");
	name(10, 12, "worker-2");
	name(20, 20, "server");
	name(20, 21, "worker-1");
	add_sample((struct profile_sample){ .pid = 10, .tid = 11, .weight = 1 }, "main");
	add_sample((struct profile_sample){ .pid = 10, .tid = 12, .weight = 1 }, "main");
	add_sample((struct profile_sample){ .pid = 20, .tid = 21, .weight = 5 }, "main");
	add_sample((struct profile_sample){ .pid = 20, .tid = 20, .weight = 1 }, "main");
	finish();
	workers = group_of("server", "worker");
	ck_assert_uint_eq(workers->samples, 3);
	ck_assert_uint_eq(workers->weight, 7);
	ck_assert_uint_eq(workers->threads, 3);
	ck_assert_uint_eq(workers->processes, 2);
	ck_assert_int_eq(workers->pids[0], 20);
	ck_assert_int_eq(workers->pids[1], 10);
	ck_assert_int_eq(workers->pids[2], 0);
	ck_assert_uint_eq(group_of("server", "server")->threads, 1);
}
END_TEST

START_TEST(a_rename_counts_from_then_on)
{
	name(10, 10, "bash");
	name(10, 11, "pool-1");
	add_sample((struct profile_sample){ .pid = 10, .tid = 11, .weight = 1 }, "main");
	name(10, 10, "make");
	add_sample((struct profile_sample){ .pid = 10, .tid = 11, .weight = 2 }, "main");
	name(10, 11, "pool");
	add_sample((struct profile_sample){ .pid = 10, .tid = 11, .weight = 4 }, "main");
	name(10, 11, "io");
	add_sample((struct profile_sample){ .pid = 10, .tid = 11, .weight = 8 }, "main");
	finish();
	ck_assert_uint_eq(group_of("bash", "pool")->weight, 1);
	ck_assert_uint_eq(group_of("make", "pool")->weight, 6);
	ck_assert_uint_eq(group_of("make", "pool")->threads, 1);
	ck_assert_uint_eq(group_of("make", "io")->weight, 8);
}
END_TEST

START_TEST(members_count_once_but_a_number_may_be_used_again)
{
	name(10, 10, "app");
	add(10, 1, "main");
	name(10, 10, "other");
	add(10, 1, "main");
	name(10, 10, "app");
	add(10, 1, "main");
	/* two processes had a thread 20 */
	name(30, 30, "server");
	name(40, 40, "server");
	name(30, 20, "io");
	add_sample((struct profile_sample){ .pid = 30, .tid = 20, .weight = 1 }, "main");
	add_sample((struct profile_sample){ .pid = 40, .tid = 20, .weight = 2 }, "main");
	finish();
	ck_assert_uint_eq(group_of("app", "app")->weight, 2);
	ck_assert_uint_eq(group_of("app", "app")->threads, 1);
	ck_assert_uint_eq(group_of("app", "app")->processes, 1);
	ck_assert_uint_eq(group_of("server", "io")->processes, 2);
	ck_assert_int_eq(group_of("server", "io")->pids[0], 40);
}
END_TEST

START_TEST(a_leader_may_get_its_name_later)
{
	name(10, 11, "pool-1");
	add_sample((struct profile_sample){ .pid = 10, .tid = 11, .weight = 1 }, "main");
	name(10, 10, "server");
	add_sample((struct profile_sample){ .pid = 10, .tid = 11, .weight = 2 }, "main");
	add_sample((struct profile_sample){ .pid = 10, .tid = 12, .weight = 4 }, "main");
	add_sample((struct profile_sample){ .pid = -1, .tid = -1, .weight = 8 }, "main");
	finish();
	/* a thread that is its own program keeps a bare name's index */
	ck_assert_uint_eq(group_of("pool", "pool")->weight, 1);
	ck_assert_uint_eq(group_of("server", "pool")->weight, 2);
	ck_assert_uint_eq(group_of("(unnamed)", "(unnamed)")->weight, 12);
	ck_assert(profile_knows_thread(profile, 10));
	ck_assert(!profile_knows_thread(profile, 12));
	ck_assert(!profile_knows_thread(profile, 99));
}
END_TEST

START_TEST(a_fork_inherits_the_name)
{
	ck_assert_int_eq(profile_fork(profile, 20, 20, 10), 0);
	ck_assert(!profile_knows_thread(profile, 20));
	name(10, 10, "make");
	ck_assert_int_eq(profile_fork(profile, 20, 20, 10), 0);
	ck_assert_int_eq(profile_fork(profile, 10, 10, 10), 0);
	add(20, 1, "main");
	name(20, 20, "cc1");
	add(20, 2, "main");
	/* the number is used again */
	ck_assert_int_eq(profile_thread(profile, 30, 30, "kthreadd", true), 0);
	ck_assert_int_eq(profile_fork(profile, 20, 20, 30), 0);
	add(20, 4, "kthread");
	finish();
	ck_assert_uint_eq(group_of("make", "make")->weight, 1);
	ck_assert_uint_eq(group_of("cc1", "cc1")->weight, 2);
	ck_assert(group_of("kthreadd", "kthreadd")->kernel);
}
END_TEST

START_TEST(programs_that_call_themselves_like_ours_stay_apart)
{
	size_t count;

	name(10, 10, "(unnamed)");
	add(10, 1, "main");
	add(11, 2, "main");
	finish();
	ck_assert_uint_eq(profile_groups(profile, &count)[0]->weight, 2);
	ck_assert_uint_eq(count, 2);
}
END_TEST

/* ---- functions ------------------------------------------------------------------------------- */

START_TEST(recursion_counts_once)
{
	struct profile_functions rows = { 0 };

	name(10, 10, "app");
	add(10, 3, "main;walk;walk;walk");
	add(10, 1, "main;walk;visit;walk;visit");
	finish();
	ck_assert_int_eq(profile_functions(profile, 10, true, &rows), 0);
	ck_assert_uint_eq(rows.len, 3);
	ck_assert_uint_eq(row_of(&rows, "walk")->total, 4);
	ck_assert_uint_eq(row_of(&rows, "walk")->self, 3);
	ck_assert_uint_eq(row_of(&rows, "visit")->total, 1);
	vec_free(&rows);
	ck_assert_int_eq(profile_functions(profile, 10, false, &rows), 0);
	ck_assert_uint_eq(rows.len, 2); /* main has no self */
	ck_assert_str_eq(name_of(rows.data[0].symbol), "walk");
	vec_free(&rows);
	ck_assert_int_eq(profile_functions(profile, 1, false, &rows), 0);
	ck_assert_uint_eq(rows.len, 1);
	vec_free(&rows);
}
END_TEST

START_TEST(a_function_knows_its_hottest_address)
{
	const uint64_t addresses[][3] = { { 0x11, 0x21, 0x31 }, { 0x12, 0x22, 0x31 } };
	struct profile_functions rows = { 0 };

	name(10, 10, "app");
	name(20, 20, "other");
	for (int i = 0; i < 5; i++)
		add_sample((struct profile_sample){ .pid = i < 3 ? 10 : 20,
						    .tid = i < 3 ? 10 : 20,
						    .weight = 1,
						    .addresses = addresses[i == 2] },
			   "main;work;spin");
	finish();
	ck_assert_int_eq(profile_functions(profile, 10, true, &rows), 0);
	ck_assert_uint_eq(row_of(&rows, "spin")->address, 0x11);
	ck_assert(!row_of(&rows, "spin")->is_return);
	ck_assert_int_eq(row_of(&rows, "spin")->pid, 10);
	ck_assert_uint_eq(row_of(&rows, "spin")->group, group_of("app", "app")->id);
	ck_assert_uint_eq(row_of(&rows, "work")->address, 0x21);
	ck_assert(row_of(&rows, "work")->is_return);
	vec_free(&rows);
}
END_TEST

START_TEST(the_address_for_self_is_one_of_the_leaf)
{
	struct profile_functions rows = { 0 };

	name(10, 10, "app");
	add(10, 1, "work");
	add(10, 1, "main;work;copy");
	add(10, 1, "main;work;move");
	finish();
	ck_assert_int_eq(profile_functions(profile, 10, false, &rows), 0);
	ck_assert_uint_eq(row_of(&rows, "work")->address, 100);
	ck_assert(!row_of(&rows, "work")->is_return);
	vec_free(&rows);
	ck_assert_int_eq(profile_functions(profile, 10, true, &rows), 0);
	ck_assert_uint_eq(row_of(&rows, "work")->address, 101);
	ck_assert(row_of(&rows, "work")->is_return);
	vec_free(&rows);
}
END_TEST

START_TEST(the_first_user_frame_is_not_a_return_address)
{
	name(10, 10, "app");
	add(10, 1, "main;take;do_syscall_64;do_futex");
	finish();
	ck_assert_str_eq(name_of(group_of("app", "app")->asker.symbol), "take");
	ck_assert(!group_of("app", "app")->asker.is_return);
	ck_assert_uint_eq(group_of("app", "app")->asker.address, 101);
}
END_TEST

START_TEST(symbols_are_told_apart_by_module_and_floor)
{
	struct profile_symbol symbol = { .function = "copy", .module = "a", .named = true };
	bool is_new;
	int64_t first = profile_symbol(profile, &symbol, &is_new);

	ck_assert(is_new);
	ck_assert_int_ne(first, PROFILE_SYMBOL_OTHER);
	symbol.classes = BIT(BRIDGE);
	ck_assert_int_eq(profile_symbol(profile, &symbol, &is_new), first);
	ck_assert(!is_new);
	ck_assert_uint_eq(profile_symbol_of(profile, (uint32_t)first)->classes, 0);
	symbol.module = "b";
	ck_assert_int_eq(profile_find_symbol(profile, &symbol), -ENOENT);
	ck_assert_int_ne(profile_symbol(profile, &symbol, NULL), first);
	symbol.kernel = true;
	ck_assert_int_eq(profile_find_symbol(profile, &symbol), -ENOENT);
	ck_assert_int_eq(profile_symbol(profile, &symbol, NULL), first + 2);
	ck_assert_int_eq(profile_find_symbol(profile, &symbol), first + 2);
	ck_assert_uint_eq(profile_totals(profile)->symbols, 3);
}
END_TEST

/* ---- classes --------------------------------------------------------------------------------- */

START_TEST(a_stack_has_the_classes_of_all_its_frames_once)
{
	const struct profile_class *class;

	name(10, 10, "app");
	name(20, 20, "ping");
	add_sample((struct profile_sample){ .pid = 10, .tid = 10, .cpu = 3, .weight = 4 },
		   "main;net_rx_action;br_handle_frame;br_handle_frame");
	add_sample((struct profile_sample){ .pid = 20, .tid = 20, .cpu = 1, .weight = 5 },
		   "main;net_rx_action;wb_workfn");
	add(0, 1, "net_rx_action;default_idle");
	finish();
	class = class_of(NET_RX);
	ck_assert_uint_eq(class->weight, 9);
	ck_assert_uint_eq(class->focus_weight, 9);
	ck_assert_uint_eq(class->cpu, 1);
	ck_assert_uint_eq(class->cpu_weight, 5);
	ck_assert_uint_eq(class->group, group_of("ping", "ping")->id);
	ck_assert_uint_eq(class->group_weight, 5);
	ck_assert_str_eq(name_of(class->leaf), "wb_workfn");
	ck_assert_uint_eq(class->leaf_weight, 5);
	ck_assert_uint_eq(class_of(BRIDGE)->weight, 4);
	ck_assert_uint_eq(class_of(BRIDGE)->focus_weight, 4);
	ck_assert_uint_eq(profile_totals(profile)->focus_weight, 9);
	ck_assert_uint_eq(group_of("app", "app")->class_weight[BRIDGE], 4);
	ck_assert_ptr_null(class_of(IDLE));
}
END_TEST

START_TEST(leaf_classes_need_the_leaf_and_combinations_need_all)
{
	name(10, 10, "app");
	add(10, 1, "main;do_mmap;down_write;wb_workfn");
	add(10, 2, "main;do_mmap;down_write");
	add(10, 4, "main;down_write");
	finish();
	ck_assert_uint_eq(class_of(RWSEM)->weight, 6);
	ck_assert_uint_eq(class_of(MAP_CHANGE)->weight, 3);
	ck_assert_uint_eq(class_of(MMAP_LOCK)->weight, 2);
}
END_TEST

START_TEST(cpus_are_listed_by_number)
{
	size_t count;
	const struct profile_cpu *cpus;

	add_sample((struct profile_sample){ .cpu = UINT32_MAX, .weight = 1 }, "");
	add_sample((struct profile_sample){ .cpu = 2, .weight = 1, .in_user = true, .tid = 5 },
		   "main");
	add_sample((struct profile_sample){ .cpu = 0, .weight = 1 }, "net_rx_action");
	add_sample((struct profile_sample){ .cpu = 2, .weight = 2 }, "");
	finish();
	cpus = profile_cpus(profile, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(cpus[0].cpu, 0);
	ck_assert_uint_eq(cpus[0].class_weight[NET_RX], 1);
	ck_assert_uint_eq(cpus[1].cpu, 2);
	ck_assert_uint_eq(cpus[1].weight, 3);
	ck_assert_uint_eq(cpus[1].idle_weight, 2);
	ck_assert_uint_eq(cpus[1].user_weight, 1);
	ck_assert_uint_eq(cpus[2].cpu, 8191);
}
END_TEST

/* ---- own functions, askers, work ------------------------------------------------------------- */

START_TEST(hottest_own_is_the_wrapper_s_callee)
{
	name(10, 10, "app");
	add(10, 60, "__libc_start_main;main;handle;parse;scan");
	add(10, 30, "__libc_start_main;main;handle;parse;do_syscall_64");
	add(10, 2, "__libc_start_main;main;handle");
	add(10, 8, "__libc_start_main;main;log");
	finish();
	assert_own("app", "parse", 90);
	ck_assert_str_eq(name_of(group_of("app", "app")->hottest.symbol), "scan");
	ck_assert_uint_eq(group_of("app", "app")->hottest.self, 60);
}
END_TEST

START_TEST(hottest_own_is_the_loop_that_fills_the_program)
{
	name(10, 10, "app");
	add(10, 97, "__libc_start_main;main;spin");
	add(10, 1, "__libc_start_main;main;spin;tick");
	add(10, 1, "__libc_start_main;main;prepare");
	finish();
	assert_own("app", "spin", 98);
}
END_TEST

START_TEST(hottest_own_is_one_of_many_tasks)
{
	name(10, 10, "app");
	add(10, 30, "main;run_task;red");
	add(10, 40, "main;run_task;memmove;green;memmove");
	add(10, 30, "main;run_task;blue");
	finish();
	assert_own("app", "green", 40);
}
END_TEST

START_TEST(hottest_own_may_be_all_there_is)
{
	name(10, 10, "app");
	name(20, 20, "cat");
	name(30, 30, "static");
	add(10, 10, "__libc_start_main;main;memmove");
	add(20, 10, "memmove;do_syscall_64");
	add(30, 10, "+0x12f0");
	finish();
	assert_own("app", "main", 10);
	ck_assert_uint_eq(group_of("cat", "cat")->hottest_own.symbol, PROFILE_SYMBOL_OTHER);
	assert_own("static", "+0x12f0", 10);
	ck_assert_uint_eq(group_of("static", "static")->unnamed_leaf, 10);
}
END_TEST

START_TEST(hottest_own_of_a_recursion_ends)
{
	name(10, 10, "app");
	add(10, 96, "main;even;odd;even;odd;even;odd");
	add(10, 96, "main;odd;even;odd;even");
	add(10, 20, "main;prepare");
	finish();
	ck_assert_uint_eq(group_of("app", "app")->hottest_own.total, 192);
}
END_TEST

START_TEST(hottest_own_does_not_count_a_recursion_twice)
{
	name(10, 10, "app");
	add(10, 50, "main;walk;visit;walk;visit");
	add(10, 50, "main;walk");
	add(10, 20, "main;prepare");
	finish();
	assert_own("app", "walk", 100);
}
END_TEST

START_TEST(the_asker_is_the_first_own_function_above_the_lock)
{
	const struct profile_group *group;

	name(10, 10, "app");
	add(10, 5, "main;insert;pthread_mutex_lock;do_syscall_64;do_futex");
	add(10, 4, "main;insert;memmove;pthread_mutex_lock");
	add(10, 8, "main;remove;pthread_mutex_lock;do_syscall_64;do_futex");
	add(10, 100, "main;remove");
	add(10, 1, "pthread_mutex_lock;do_futex");
	finish();
	group = group_of("app", "app");
	ck_assert_str_eq(name_of(group->asker.symbol), "insert");
	ck_assert_uint_eq(group->asker.total, 9);
	ck_assert_uint_eq(group->lock_weight, 18);
	ck_assert_uint_eq(group->asker.address, 101);
	ck_assert(group->asker.is_return);
}
END_TEST

START_TEST(work_is_below_the_loop_of_a_kernel_thread)
{
	const struct profile_group *group;

	ck_assert_int_eq(profile_thread(profile, 7, 7, "kworker/u8:2-flush", true), 0);
	name(10, 10, "app");
	add(7, 5, "kthread;worker_thread;wb_workfn;do_mmap");
	add(7, 3, "kthread;worker_thread;net_rx_action");
	add(7, 1, "kthread;worker_thread");
	add(10, 1, "do_mmap");
	finish();
	group = group_of("kworker-flush", "kworker-flush");
	ck_assert_str_eq(name_of(group->work.symbol), "wb_workfn");
	ck_assert_uint_eq(group->work.total, 5);
	ck_assert_uint_eq(group->hottest_own.symbol, PROFILE_SYMBOL_OTHER);
	ck_assert_uint_eq(group_of("app", "app")->work.symbol, PROFILE_SYMBOL_OTHER);
}
END_TEST

START_TEST(parts_of_samples_are_weighed)
{
	const struct profile_group *group;

	name(10, 10, "app");
	add_sample((struct profile_sample){ .pid = 10, .tid = 10, .weight = 1, .in_user = true },
		   "main");
	add_sample(
		(struct profile_sample){ .pid = 10, .tid = 10, .weight = 2, .user_broken = true },
		"main;do_futex");
	add(10, 4, "do_futex");
	finish();
	group = group_of("app", "app");
	ck_assert_uint_eq(group->user_weight, 1);
	ck_assert_uint_eq(group->broken_weight, 2);
	ck_assert_uint_eq(group->user_stacks, 3);
	ck_assert_uint_eq(profile_totals(profile)->user_weight, 1);
	ck_assert_uint_eq(profile_totals(profile)->broken_weight, 2);
	ck_assert_uint_eq(profile_totals(profile)->user_stacks, 3);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, idle_is_apart_and_interrupts_on_idle_cpus_are_busy);
	tcase_add_test(tests, a_program_may_be_in_a_function_of_that_name);
	tcase_add_test(tests, a_busy_sample_without_frames_is_in_an_unknown_function);
	tcase_add_test(tests, threads_are_grouped_by_program_and_stem);
	tcase_add_test(tests, a_rename_counts_from_then_on);
	tcase_add_test(tests, members_count_once_but_a_number_may_be_used_again);
	tcase_add_test(tests, a_leader_may_get_its_name_later);
	tcase_add_test(tests, a_fork_inherits_the_name);
	tcase_add_test(tests, programs_that_call_themselves_like_ours_stay_apart);
	tcase_add_test(tests, recursion_counts_once);
	tcase_add_test(tests, a_function_knows_its_hottest_address);
	tcase_add_test(tests, the_address_for_self_is_one_of_the_leaf);
	tcase_add_test(tests, the_first_user_frame_is_not_a_return_address);
	tcase_add_test(tests, symbols_are_told_apart_by_module_and_floor);
	tcase_add_test(tests, a_stack_has_the_classes_of_all_its_frames_once);
	tcase_add_test(tests, leaf_classes_need_the_leaf_and_combinations_need_all);
	tcase_add_test(tests, cpus_are_listed_by_number);
	tcase_add_test(tests, hottest_own_is_the_wrapper_s_callee);
	tcase_add_test(tests, hottest_own_is_the_loop_that_fills_the_program);
	tcase_add_test(tests, hottest_own_is_one_of_many_tasks);
	tcase_add_test(tests, hottest_own_may_be_all_there_is);
	tcase_add_test(tests, hottest_own_of_a_recursion_ends);
	tcase_add_test(tests, hottest_own_does_not_count_a_recursion_twice);
	tcase_add_test(tests, the_asker_is_the_first_own_function_above_the_lock);
	tcase_add_test(tests, work_is_below_the_loop_of_a_kernel_thread);
	tcase_add_test(tests, parts_of_samples_are_weighed);
}

int main(void)
{
	Suite *suite = suite_create("profile");
	TCase *tests = tcase_create("profile");

	tcase_add_checked_fixture(tests, setup, teardown);
	add_tests(tests);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
