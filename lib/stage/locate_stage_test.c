/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom the locate stage looks at, and what kernel paths of real stacks are about. */
#include "stage/locate_suspects.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "rule/judge.h"
#include "rules/embedded.h"
#include "source/test_tree.h"
#include "stage/locate_put.h"

static struct ruleset *rules;
static struct evidence *evidence;

static void set_up(void)
{
	struct err err = { "" };

	ck_assert_msg(ruleset_load(embedded_rules, embedded_rules_count, &rules, &err) == 0, "%s",
		      err.msg);
	ck_assert_int_eq(evidence_new(&evidence), 0);
}

static void tear_down(void)
{
	evidence_free(evidence);
	ruleset_free(rules);
}

static int add_group(const char *program, const char *thread, double switch_share_pct)
{
	int row = evidence_add_row(evidence, TABLE_sched_groups);

	evidence_set_cell_text(evidence, row, COLUMN_sched_groups_name, thread);
	evidence_set_cell_text(evidence, row, COLUMN_sched_groups_program, program);
	evidence_set_cell_text(evidence, row, COLUMN_sched_groups_thread, thread);
	evidence_set_cell_text(evidence, row, COLUMN_sched_groups_kind, "user");
	evidence_set_cell(evidence, row, COLUMN_sched_groups_switch_share_pct, switch_share_pct);
	return row;
}

static void make_storm(int row)
{
	const struct stage_record record = { .status = STAGE_OK, .duration_s = 3 };

	evidence_set(evidence, METRIC_host_usable_cpus, 2);
	evidence_set(evidence, METRIC_top_throttled_pct, 0);
	evidence_set_stage(evidence, STAGE_sched, &record);
	evidence_set_cell(evidence, row, COLUMN_sched_groups_threads, 200);
	evidence_set_cell(evidence, row, COLUMN_sched_groups_runnable_per_cpu, 5);
	evidence_set_cell(evidence, row, COLUMN_sched_groups_switches_per_s, 90000);
	evidence_set_cell(evidence, row, COLUMN_sched_groups_wait_share_pct, 40);
}

static struct suspects choose(void)
{
	struct stage_context context = { .rules = rules, .evidence = evidence };
	struct suspects suspects;

	ck_assert_int_eq(suspects_choose(&context, &suspects), 0);
	return suspects;
}

START_TEST(what_a_finding_is_about_comes_first)
{
	struct suspects suspects;
	struct str text = { 0 };

	add_group("nginx", "nginx", 60);
	make_storm(add_group("gateway", "tokio-runtime-w", 30));
	add_group("redis", "redis", 5);
	suspects = choose();
	ck_assert_uint_eq(suspects.count, 2);
	ck_assert_str_eq(suspects.list[0].thread, "tokio-runtime-w");
	ck_assert_str_eq(suspects.list[1].program, "nginx");
	suspects_text(&suspects, &text);
	ck_assert_str_eq(str_text(&text), "tokio-runtime-w of gateway, nginx");
	str_free(&text);
}
END_TEST

START_TEST(triage_suspects_not_itself)
{
	struct suspects suspects;

	add_group("triage", "triage", 90);
	add_group("nginx", "nginx", 10);
	suspects = choose();
	ck_assert_uint_eq(suspects.count, 1);
	ck_assert_str_eq(suspects.list[0].program, "nginx");
}
END_TEST

START_TEST(no_group_no_suspect)
{
	ck_assert_uint_eq(choose().count, 0);
}
END_TEST

/* ---- what kernel paths are about -------------------------------------------------------------------- */

static void expect_all(enum column_id column, const char *const (*cases)[2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *what = rule_know(rules, column, cases[i][0]);

		ck_assert_msg(what && strcmp(what, cases[i][1]) == 0, "%s: %s, wanted %s",
			      cases[i][0], what ? what : "nothing", cases[i][1]);
	}
}

/* Stacks of Linux 6.18 and 6.1, as the stage writes them. */
START_TEST(waits_are_known_by_their_path)
{
	static const char *const cases[][2] = {
		{ "futex_do_wait;__futex_wait;futex_wait;do_futex;__x64_sys_futex;do_syscall_64",
		  "a futex" },
		{ "futex_wait_queue;futex_wait;do_futex;__x64_sys_futex;do_syscall_64", "a futex" },
		{ "schedule_hrtimeout_range_clock;do_epoll_wait;__x64_sys_epoll_wait;do_syscall_64",
		  "descriptors (epoll)" },
		{ "anon_pipe_read;vfs_read;ksys_read;do_syscall_64", "a pipe" },
		{ "do_nanosleep;hrtimer_nanosleep;common_nsleep;__x64_sys_clock_nanosleep;do_syscall_64",
		  "time to pass (sleep)" },
		{ "io_schedule;folio_wait_bit_common;filemap_get_pages;filemap_read;vfs_read;ksys_read",
		  "block IO" },
		{ "schedule_preempt_disabled;rwsem_down_write_slowpath;down_write_killable;__vm_munmap;"
		  "__x64_sys_munmap",
		  "mmap_lock" },
		{ "schedule_preempt_disabled;rwsem_down_read_slowpath;down_read_killable;"
		  "lock_mm_and_find_vma;exc_page_fault;asm_exc_page_fault",
		  "mmap_lock" },
		{ "percpu_rwsem_wait;__percpu_down_read;mnt_want_write;open_last_lookups;path_openat",
		  "a frozen file system" },
	};

	expect_all(COLUMN_locate_waits_what, cases, ARRAY_SIZE(cases));
}
END_TEST

START_TEST(wakeups_are_known_by_their_path)
{
	static const char *const cases[][2] = {
		{ "futex_wake;do_futex;__x64_sys_futex;do_syscall_64", "a futex" },
		{ "ep_autoremove_wake_function;__wake_up_common;__wake_up_sync;ep_poll_callback;"
		  "__wake_up_common;__wake_up_sync_key;sock_def_readable;tcp_rcv_established;"
		  "tcp_v4_do_rcv;tcp_v4_rcv",
		  "a TCP socket" },
		{ "autoremove_wake_function;__wake_up_common;__wake_up_sync_key;anon_pipe_write;vfs_write",
		  "a pipe" },
		{ "ep_autoremove_wake_function;__wake_up_common;ep_poll_callback;__wake_up_common;"
		  "eventfd_write;vfs_write",
		  "an eventfd" },
		{ "hrtimer_wakeup;__hrtimer_run_queues;hrtimer_interrupt;__sysvec_apic_timer_interrupt",
		  "a timer" },
		{ "rwsem_wake.isra.0;up_write;vm_mmap_pgoff;do_syscall_64", "a kernel rwsem" },
		{ "wake_page_function;__wake_up_common;folio_wake_bit;__read_end_io;blk_update_request;"
		  "blk_mq_end_request;blk_done_softirq;handle_softirqs",
		  "block IO" },
		{ "process_timeout;call_timer_fn;__run_timers;run_timer_softirq;handle_softirqs",
		  "a timer" },
	};

	expect_all(COLUMN_locate_wakers_what, cases, ARRAY_SIZE(cases));
}
END_TEST

START_TEST(a_locks_own_functions_are_not_its_taker)
{
	static const char *const own[] = { "native_queued_spin_lock_slowpath",
					   "_raw_spin_lock_irqsave",
					   "rwsem_down_write_slowpath",
					   "down_write_killable",
					   "__mutex_lock.constprop.0",
					   "mutex_lock",
					   "lock_mm_and_find_vma",
					   "raw_spin_rq_lock_nested",
					   "__percpu_down_read" };
	static const char *const takers[] = { "futex_wake",	"__vm_munmap",
					      "try_to_wake_up", "pipe_write",
					      "exc_page_fault", "ext4_buffered_write_iter",
					      "do_exit" };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		ck_assert_msg(rule_know(rules, COLUMN_locate_kernel_locks_of_lock, own[i]), "%s",
			      own[i]);
	for (size_t i = 0; i < ARRAY_SIZE(takers); i++)
		ck_assert_msg(!rule_know(rules, COLUMN_locate_kernel_locks_of_lock, takers[i]),
			      "%s", takers[i]);
}
END_TEST

START_TEST(conditions_are_no_locks)
{
	static const char *const conditions[] = { "pthread_cond_wait@@GLIBC_2.3.2",
						  "__new_sem_wait_slow64",
						  "std::sys::unix::locks::futex::Condvar::wait",
						  "parking_lot_core::park",
						  "tokio::runtime::park::Inner::park",
						  "os::PlatformMonitor::wait" };
	static const char *const locks[] = { "pthread_mutex_lock", "__GI___lll_lock_wait",
					     "std::sys::unix::locks::futex::Mutex::lock_contended",
					     "runtime.lock2" };

	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
		ck_assert_msg(rule_know(rules, COLUMN_locate_locks_of_condition, conditions[i]),
			      "%s", conditions[i]);
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++)
		ck_assert_msg(!rule_know(rules, COLUMN_locate_locks_of_condition, locks[i]), "%s",
			      locks[i]);
}
END_TEST

/* ---- state D ---------------------------------------------------------------------------------------- */

static void put_thread(pid_t tid, const char *comm, char state, const char *stack)
{
	char path[64], line[256];

	snprintf(path, sizeof(path), "proc/417/task/%d/stat", tid);
	snprintf(
		line, sizeof(line),
		"%d (%s) %c 1 417 417 0 -1 4194368 10 0 0 0 1 1 0 0 20 0 3 0 100 0 0 0 0 0 0 0 0 0 0 "
		"0 0 0 0 0 17 0 0 0 0 0 0\n",
		tid, comm, state);
	tree_put(path, line);
	snprintf(path, sizeof(path), "proc/417/task/%d/stack", tid);
	tree_put(path, stack);
}

static void put_dstate(void)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	struct stage_context context = { .rules = rules, .evidence = evidence };
	int row = evidence_add_row(evidence, TABLE_top_dstate);

	evidence_set_cell_text(evidence, row, COLUMN_top_dstate_program, "service");
	evidence_set_cell_text(evidence, row, COLUMN_top_dstate_pids, "417,x,99999999999");
	ck_assert_int_eq(procroot_open_recorded(tree, &root, NULL), 0);
	context.root = root;
	ck_assert_int_eq(locate_put_dstate(&context), 0);
}

static const char *dstate_text(int row, enum column_id column)
{
	struct value value = evidence_cell(evidence, row, column);

	return value.kind == VALUE_TEXT ? value.text : "";
}

START_TEST(who_has_passed_the_place_may_hold_it)
{
	tree_make();
	put_thread(417, "writer-1", 'D',
		   "[<0>] ext4_buffered_write_iter+0x31/0x140\n[<0>] vfs_write+0x22f/0x450\n");
	put_thread(418, "writer-2", 'D',
		   "[<0>] ext4_buffered_write_iter+0x31/0x140\n[<0>] vfs_write+0x22f/0x450\n");
	put_thread(419, "holder", 'S',
		   "[<0>] handle_userfault+0x366/0x840\n[<0>] generic_perform_write+0x269/0x2a0\n"
		   "[<0>] ext4_buffered_write_iter+0x68/0x140\n[<0>] vfs_write+0x22f/0x450\n");
	put_dstate();
	ck_assert_int_eq(evidence_rows(evidence, TABLE_locate_dstate), 1);
	ck_assert_double_eq(evidence_cell(evidence, 0, COLUMN_locate_dstate_threads).number, 2);
	ck_assert_str_eq(dstate_text(0, COLUMN_locate_dstate_name), "ext4_buffered_write_iter");
	ck_assert_str_eq(dstate_text(0, COLUMN_locate_dstate_thread), "writer");
	ck_assert_str_eq(dstate_text(0, COLUMN_locate_dstate_holder), "holder (TID 419)");
	ck_assert_str_eq(dstate_text(0, COLUMN_locate_dstate_holder_function), "handle_userfault");
	tree_remove();
}
END_TEST

START_TEST(equal_stacks_have_no_holder)
{
	tree_make();
	put_thread(
		417, "a", 'D',
		"[<0>] percpu_rwsem_wait+0x1/0x2\n[<0>] __percpu_down_read+0x1/0x2\n[<0>] vfs_write+0x1/0x2\n");
	put_thread(
		418, "b", 'D',
		"[<0>] percpu_rwsem_wait+0x1/0x2\n[<0>] __percpu_down_read+0x1/0x2\n[<0>] vfs_write+0x1/0x2\n");
	put_thread(419, "c", 'D', "[<0>] percpu_rwsem\n");
	put_dstate();
	ck_assert_int_eq(evidence_rows(evidence, TABLE_locate_dstate), 2);
	ck_assert_str_eq(dstate_text(0, COLUMN_locate_dstate_what), "a frozen file system");
	ck_assert_str_eq(dstate_text(0, COLUMN_locate_dstate_holder), "");
	tree_remove();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("locate stage");
	TCase *cases = tcase_create("locate stage");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, what_a_finding_is_about_comes_first);
	tcase_add_test(cases, triage_suspects_not_itself);
	tcase_add_test(cases, no_group_no_suspect);
	tcase_add_test(cases, waits_are_known_by_their_path);
	tcase_add_test(cases, wakeups_are_known_by_their_path);
	tcase_add_test(cases, a_locks_own_functions_are_not_its_taker);
	tcase_add_test(cases, conditions_are_no_locks);
	tcase_add_test(cases, who_has_passed_the_place_may_hold_it);
	tcase_add_test(cases, equal_stacks_have_no_holder);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
