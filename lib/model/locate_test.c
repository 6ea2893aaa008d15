/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/locate_testing.h"

#include "base/testing.h"

static struct locate_model *model;

static void set_up(void)
{
	model = locate_model_new(&(struct locate_options){ 0 });
	ck_assert_ptr_nonnull(model);
	for (pid_t tid = 100; tid <= 500; tid += 100) {
		name_thread(model, tid);
		name_thread(model, tid + 1);
		name_thread(model, tid + 2);
	}
}

static void tear_down(void)
{
	locate_model_free(model);
}

static void end_at(uint64_t time_ns)
{
	ck_assert_int_eq(locate_model_end(model, time_ns), 0);
}

static size_t waits_count(void)
{
	size_t count;

	locate_model_waits(model, &count);
	return count;
}

static const struct locate_wait *wait_at(size_t index)
{
	size_t count;
	const struct locate_wait *waits = locate_model_waits(model, &count);

	ck_assert_uint_lt(index, count);
	return &waits[index];
}

/* ---- waits ------------------------------------------------------------------------------------- */

START_TEST(a_wait_lasts_until_the_wakeup)
{
	feed(model, test_leaves(1 * MS, 101, 'S'));
	feed(model, test_wakes(4 * MS, 201, 101, SCHED_CONTEXT_TASK));
	feed(model, test_comes(9 * MS, 101));
	end_at(10 * MS);
	ck_assert_uint_eq(group_of(model, 101)->waits, 1);
	ck_assert_uint_eq(group_of(model, 101)->wait_ns, 3 * MS);
	ck_assert_uint_eq(group_of(model, 101)->wait_max_ns, 3 * MS);
	ck_assert_uint_eq(group_of(model, 101)->wakeups, 1);
	ck_assert_uint_eq(
		edge_of(model, group_of(model, 201)->id, group_of(model, 101)->id)->wait_ns,
		3 * MS);
}
END_TEST

START_TEST(a_preempted_thread_does_not_wait)
{
	feed(model, test_leaves(1 * MS, 101, 'R'));
	feed(model, test_comes(5 * MS, 101));
	end_at(10 * MS);
	ck_assert_uint_eq(group_of(model, 101)->waits, 0);
	ck_assert_uint_eq(group_of(model, 101)->preempted, 1);
}
END_TEST

START_TEST(interrupts_are_wakers_of_their_own)
{
	feed(model, test_leaves(1 * MS, 101, 'S'));
	feed(model, test_wakes(2 * MS, 201, 101, SCHED_CONTEXT_SOFTIRQ));
	feed(model, test_leaves(3 * MS, 101, 'S'));
	feed(model, test_wakes(5 * MS, 0, 101, SCHED_CONTEXT_HARDIRQ));
	end_at(10 * MS);
	ck_assert_uint_eq(edge_of(model, LOCATE_ACTOR_SOFTIRQ, group_of(model, 101)->id)->wait_ns,
			  1 * MS);
	ck_assert_uint_eq(edge_of(model, LOCATE_ACTOR_HARDIRQ, group_of(model, 101)->id)->wait_ns,
			  2 * MS);
}
END_TEST

START_TEST(what_began_before_the_window_is_a_wakeup_without_a_length)
{
	feed(model, test_wakes(2 * MS, 201, 101, SCHED_CONTEXT_TASK));
	end_at(10 * MS);
	ck_assert_uint_eq(group_of(model, 101)->wakeups, 1);
	ck_assert_uint_eq(group_of(model, 101)->waits, 0);
}
END_TEST

START_TEST(what_is_open_at_the_end_counts_up_to_there)
{
	feed(model, test_leaves(4 * MS, 101, 'D'));
	feed_stack(model, test_leaves(4 * MS, 101, 'D'), 7);
	end_at(10 * MS);
	ck_assert_uint_eq(group_of(model, 101)->wait_ns, 6 * MS);
	ck_assert_uint_eq(waits_count(), 1);
	ck_assert_uint_eq(wait_at(0)->blocked_stack, 7);
	ck_assert_uint_eq(wait_at(0)->waker, LOCATE_ACTOR_UNKNOWN);
	ck_assert(!wait_at(0)->ended);
}
END_TEST

START_TEST(across_a_loss_no_time_is_counted)
{
	struct sched_event loss = test_event(SCHED_LOST, 2 * MS, 0);

	feed(model, test_leaves(1 * MS, 101, 'S'));
	feed(model, loss);
	feed(model, test_wakes(4 * MS, 201, 101, SCHED_CONTEXT_TASK));
	feed(model, test_leaves(5 * MS, 101, 'S'));
	feed(model, test_wakes(6 * MS, 201, 101, SCHED_CONTEXT_TASK));
	end_at(10 * MS);
	ck_assert_uint_eq(group_of(model, 101)->wait_ns, 1 * MS);
	ck_assert_uint_eq(group_of(model, 101)->wakeups, 2);
	ck_assert_uint_eq(locate_model_totals(model)->doubtful, 1);
}
END_TEST

static bool is_of_group_c(void *context, const char *comm)
{
	return strncmp(comm, "gc", 2) == 0;
}

START_TEST(only_suspects_wait)
{
	struct locate_model *narrow =
		locate_model_new(&(struct locate_options){ .is_watched = is_of_group_c });

	name_thread(narrow, 100);
	name_thread(narrow, 101);
	name_thread(narrow, 200);
	feed(narrow, test_leaves(1 * MS, 101, 'S'));
	feed(narrow, test_leaves(1 * MS, 200, 'S'));
	ck_assert_int_eq(locate_model_end(narrow, 3 * MS), 0);
	ck_assert_uint_eq(group_of(narrow, 101)->waits, 0);
	ck_assert_uint_eq(group_of(narrow, 200)->waits, 1);
	locate_model_free(narrow);
}
END_TEST

/* ---- stacks -------------------------------------------------------------------------------------- */

START_TEST(stacks_belong_whichever_comes_first)
{
	/* the stack's event first, then the plain one; and the other way round */
	feed_stack(model, test_leaves(1 * MS, 101, 'S'), 1);
	feed(model, test_leaves(1 * MS + 3 * US, 101, 'S'));
	feed(model, test_wakes(2 * MS, 201, 101, SCHED_CONTEXT_TASK));
	feed_stack(model, test_wakes(2 * MS + 3 * US, 201, 101, SCHED_CONTEXT_TASK), 2);
	feed(model, test_leaves(3 * MS, 101, 'S'));
	feed_stack(model, test_leaves(3 * MS + 3 * US, 101, 'S'), 3);
	feed_stack(model, test_wakes(5 * MS, 201, 101, SCHED_CONTEXT_TASK), 4);
	feed(model, test_wakes(5 * MS + 3 * US, 201, 101, SCHED_CONTEXT_TASK));
	end_at(10 * MS);
	ck_assert_uint_eq(waits_count(), 2);
	ck_assert_uint_eq(wait_at(0)->blocked_stack, 1);
	ck_assert_uint_eq(wait_at(0)->waker_stack, 2);
	ck_assert_uint_eq(wait_at(1)->blocked_stack, 3);
	ck_assert_uint_eq(wait_at(1)->waker_stack, 4);
	ck_assert_uint_eq(wait_at(1)->wait_ns, 2 * MS + 3 * US);
	ck_assert_int_eq(wait_at(1)->pid, 100);
}
END_TEST

START_TEST(a_waker_alone_is_kept_as_well)
{
	feed(model, test_wakes(2 * MS, 201, 101, SCHED_CONTEXT_TASK));
	feed_stack(model, test_wakes(2 * MS + 3 * US, 201, 101, SCHED_CONTEXT_TASK), 2);
	end_at(10 * MS);
	ck_assert_uint_eq(waits_count(), 1);
	ck_assert_uint_eq(wait_at(0)->blocked_stack, LOCATE_STACK_NONE);
	ck_assert_uint_eq(wait_at(0)->waker_stack, 2);
	ck_assert_uint_eq(wait_at(0)->waker, group_of(model, 201)->id);
}
END_TEST

START_TEST(a_stack_from_long_ago_is_of_something_else)
{
	feed_stack(model, test_leaves(1 * MS, 101, 'S'), 1);
	feed(model, test_leaves(1 * MS + 201 * US, 101, 'S'));
	feed_stack(model, test_leaves(2 * MS, 102, 'R'), 2);
	feed(model, test_leaves(2 * MS, 102, 'R'));
	feed(model, test_leaves(2 * MS + 50 * US, 102, 'S'));
	end_at(10 * MS);
	ck_assert_uint_eq(waits_count(), 0);
}
END_TEST

/* ---- user locks ----------------------------------------------------------------------------------- */

static void wait_for(uint64_t from_ns, uint64_t to_ns, pid_t tid, uint64_t address, int64_t result)
{
	feed(model, test_futex(from_ns, tid, FUTEX_WAIT, address));
	feed(model, test_futex_end(to_ns, tid, result));
}

static void give(uint64_t time_ns, pid_t tid, uint64_t address)
{
	feed(model, test_futex(time_ns, tid, FUTEX_WAKE, address));
	feed(model, test_futex_end(time_ns + US, tid, 1));
}

START_TEST(two_locks_are_told_apart_by_their_address)
{
	feed(model, test_futex(1 * MS, 101, FUTEX_WAIT, 0x1000));
	feed(model, test_futex(2 * MS, 102, FUTEX_WAIT, 0x1000));
	feed(model, test_futex_end(4 * MS, 101, 0));
	feed(model, test_futex_end(9 * MS, 102, 0));
	wait_for(10 * MS, 11 * MS, 101, 0x2000, 0);
	/* the same address of another process is another lock */
	wait_for(12 * MS, 13 * MS, 201, 0x1000, 0);
	end_at(20 * MS);
	ck_assert_uint_eq(lock_of(model, 0x1000)->waits, 2);
	ck_assert_uint_eq(lock_of(model, 0x1000)->wait_ns, 10 * MS);
	ck_assert_uint_eq(lock_of(model, 0x1000)->wait_max_ns, 7 * MS);
	ck_assert_uint_eq(lock_of(model, 0x1000)->waiters, 2);
	ck_assert_uint_eq(lock_of(model, 0x1000)->waiting_max, 2);
	ck_assert_int_eq(lock_of(model, 0x1000)->pid, 100);
	ck_assert_uint_eq(lock_of(model, 0x2000)->waits, 1);
	ck_assert_uint_eq(group_of(model, 101)->futex_waits, 3);
}
END_TEST

START_TEST(what_returns_at_once_is_no_wait)
{
	wait_for(1 * MS, 1 * MS + US, 101, 0x1000, -EAGAIN);
	wait_for(2 * MS, 3 * MS, 101, 0x1000, -ETIMEDOUT);
	end_at(10 * MS);
	ck_assert_uint_eq(lock_of(model, 0x1000)->waits, 1);
	ck_assert_uint_eq(lock_of(model, 0x1000)->retries, 1);
	ck_assert_uint_eq(lock_of(model, 0x1000)->timeouts, 1);
}
END_TEST

START_TEST(a_wait_for_a_lock_that_does_not_end_counts)
{
	feed(model, test_futex(1 * MS, 101, FUTEX_WAIT, 0x1000));
	feed(model, test_leaves(1 * MS + US, 101, 'S'));
	feed_stack(model, test_leaves(1 * MS + US, 101, 'S'), 5);
	end_at(10 * MS);
	ck_assert_uint_eq(lock_of(model, 0x1000)->wait_ns, 9 * MS);
	ck_assert_uint_eq(lock_of(model, 0x1000)->waiting_max, 1);
}
END_TEST

/* 101 gives free at 1 ms; 201 then has it until 6 ms while 102 waits, 101 again until 7 ms. */
START_TEST(a_hold_lasts_from_one_release_to_the_next)
{
	size_t count;
	const struct locate_site *sites;

	give(1 * MS, 101, 0x1000);
	feed(model, test_futex(2 * MS, 102, FUTEX_WAIT, 0x1000));
	feed_stack(model, test_futex(6 * MS, 101, FUTEX_WAKE, 0x1000), 11);
	give(6 * MS, 101, 0x1000);
	give(7 * MS, 102, 0x3000);
	end_at(10 * MS);
	sites = locate_model_sites(model, &count);
	ck_assert_uint_eq(lock_of(model, 0x1000)->holds, 1);
	ck_assert_uint_eq(lock_of(model, 0x1000)->hold_ns, 5 * MS);
	ck_assert_uint_eq(lock_of(model, 0x1000)->holders[0].group, group_of(model, 101)->id);
	ck_assert_uint_eq(lock_of(model, 0x1000)->holders[0].ns, 5 * MS);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(sites[0].type, LOCATE_SITE_HOLD);
	ck_assert_uint_eq(sites[0].stack, 11);
	ck_assert_uint_eq(sites[0].ns, 5 * MS);
}
END_TEST

START_TEST(who_was_let_in_holds_from_then_on)
{
	give(1 * MS, 101, 0x1000);
	feed(model, test_futex(2 * MS, 102, FUTEX_WAIT, 0x1000));
	feed(model, test_futex(3 * MS, 101, FUTEX_WAIT, 0x1000));
	feed(model, test_futex_end(4 * MS, 102, 0));
	give(9 * MS, 102, 0x1000);
	end_at(10 * MS);
	ck_assert_uint_eq(lock_of(model, 0x1000)->hold_ns, 5 * MS);
	ck_assert_uint_eq(lock_of(model, 0x1000)->wakes_by_waiters, 1);
	ck_assert_uint_eq(lock_of(model, 0x1000)->wakes, 2);
}
END_TEST

START_TEST(nobody_waits_nobody_is_held_up)
{
	give(1 * MS, 101, 0x1000);
	give(6 * MS, 102, 0x1000);
	end_at(10 * MS);
	ck_assert_uint_eq(lock_of(model, 0x1000)->holds, 0);
}
END_TEST

START_TEST(the_waiter_of_a_lock_has_the_stack_that_it_left_the_cpu_with)
{
	size_t count;
	const struct locate_site *sites;

	feed(model, test_futex(1 * MS, 101, FUTEX_WAIT, 0x1000));
	feed_stack(model, test_leaves(1 * MS + 5 * US, 101, 'S'), 3);
	feed(model, test_leaves(1 * MS + 6 * US, 101, 'S'));
	feed(model, test_wakes(2 * MS, 102, 101, SCHED_CONTEXT_TASK));
	feed(model, test_futex_end(3 * MS, 101, 0));
	end_at(10 * MS);
	sites = locate_model_sites(model, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(sites[0].type, LOCATE_SITE_WAIT);
	ck_assert_uint_eq(sites[0].stack, 3);
	ck_assert_uint_eq(sites[0].ns, 2 * MS);
}
END_TEST

/* ---- locks of the kernel ---------------------------------------------------------------------------- */

START_TEST(kernel_locks_by_address_and_kind)
{
	size_t count;
	const struct locate_kernel_lock *locks;

	feed(model, test_lock(SCHED_LOCK, 1 * MS, 101, 0xf00, 4));
	/* an interrupt spins meanwhile */
	feed(model, (struct sched_event){ .type = SCHED_LOCK,
					  .time_ns = 1 * MS + US,
					  .current_tid = 101,
					  .context = SCHED_CONTEXT_HARDIRQ,
					  .value = 0xb00,
					  .flags = 1 });
	feed(model, test_lock(SCHED_LOCK_END, 1 * MS + 2 * US, 101, 0xb00, 0));
	feed(model, test_lock(SCHED_LOCK_END, 4 * MS, 101, 0xf00, 0));
	feed(model, test_lock(SCHED_LOCK, 5 * MS, 201, 0xf00, 2));
	feed(model, test_lock(SCHED_LOCK_END, 6 * MS, 201, 0xf00, 0));
	end_at(10 * MS);
	locks = locate_model_kernel_locks(model, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(locks[0].wait_ns, 3 * MS);
	ck_assert_int_eq(locks[0].flags, 4);
	ck_assert_uint_eq(locks[1].wait_ns, 1 * MS);
	ck_assert_uint_eq(locks[1].group, group_of(model, 201)->id);
}
END_TEST

/* ---- bounds --------------------------------------------------------------------------------------- */

START_TEST(memory_is_bounded)
{
	struct locate_options options = {
		.threads_max = 8, .groups_max = 3, .edges_max = 2, .locks_max = 2, .waits_max = 2
	};
	struct locate_model *small = locate_model_new(&options);
	size_t count;

	for (pid_t tid = 100; tid < 2000; tid += 100) {
		name_thread(small, tid);
		feed_stack(small, test_leaves(1 * MS, tid, 'S'), 1);
		feed(small, test_leaves(1 * MS, tid, 'S'));
		feed(small, test_wakes(2 * MS, tid + 100, tid, SCHED_CONTEXT_TASK));
		feed(small, test_futex(3 * MS, tid, FUTEX_WAIT, (uint64_t)tid));
		feed(small, test_lock(SCHED_LOCK, 3 * MS, tid, (uint64_t)tid, 1));
	}
	ck_assert_int_eq(locate_model_end(small, 9 * MS), 0);
	ck_assert_uint_le(locate_model_totals(small)->groups, 3);
	ck_assert_uint_le(locate_model_totals(small)->threads, 8);
	ck_assert_uint_gt(locate_model_totals(small)->left_out, 0);
	locate_model_edges(small, &count);
	ck_assert_uint_le(count, 2);
	locate_model_locks(small, &count);
	ck_assert_uint_le(count, 2);
	locate_model_kernel_locks(small, &count);
	ck_assert_uint_le(count, 2);
	locate_model_waits(small, &count);
	ck_assert_uint_le(count, 2);
	locate_model_free(small);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("locate");
	TCase *cases = tcase_create("locate");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, a_wait_lasts_until_the_wakeup);
	tcase_add_test(cases, a_preempted_thread_does_not_wait);
	tcase_add_test(cases, interrupts_are_wakers_of_their_own);
	tcase_add_test(cases, what_began_before_the_window_is_a_wakeup_without_a_length);
	tcase_add_test(cases, what_is_open_at_the_end_counts_up_to_there);
	tcase_add_test(cases, across_a_loss_no_time_is_counted);
	tcase_add_test(cases, only_suspects_wait);
	tcase_add_test(cases, stacks_belong_whichever_comes_first);
	tcase_add_test(cases, a_waker_alone_is_kept_as_well);
	tcase_add_test(cases, a_stack_from_long_ago_is_of_something_else);
	tcase_add_test(cases, two_locks_are_told_apart_by_their_address);
	tcase_add_test(cases, what_returns_at_once_is_no_wait);
	tcase_add_test(cases, a_wait_for_a_lock_that_does_not_end_counts);
	tcase_add_test(cases, a_hold_lasts_from_one_release_to_the_next);
	tcase_add_test(cases, who_was_let_in_holds_from_then_on);
	tcase_add_test(cases, nobody_waits_nobody_is_held_up);
	tcase_add_test(cases, the_waiter_of_a_lock_has_the_stack_that_it_left_the_cpu_with);
	tcase_add_test(cases, kernel_locks_by_address_and_kind);
	tcase_add_test(cases, memory_is_bounded);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
