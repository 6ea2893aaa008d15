/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What perf printed, as it came out and as people paste it. */
#include "import/perf_text.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct evidence *evidence;
static struct import *import;
static struct str seen;

static void setup(void)
{
	struct import_options options = { 0 };

	ck_assert_int_eq(evidence_new(&evidence), 0);
	ck_assert_int_eq(import_new(&options, evidence, &import), 0);
}

static void teardown(void)
{
	import_free(import);
	evidence_free(evidence);
	str_free(&seen);
}

static void take(const char *text)
{
	ck_assert_int_eq(import_text(import, "text", text, strlen(text)), 0);
}

static void take_file(const char *name)
{
	_cleanup_(str_free) struct str text = { 0 };
	char path[512], bytes[4096];
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), TESTDATA "/import/%s", name);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		str_append_bytes(&text, bytes, n);
	fclose(file);
	take(str_text(&text));
}

static void end(void)
{
	struct err err = { "" };

	ck_assert_msg(import_end(import, &err) == 0, "%s", err.msg);
}

/* The lines that were taken as of that kind. */
static unsigned lines_of(const char *kind)
{
	const struct import_seen *item;

	for (size_t i = 0; (item = import_seen(import, i)); i++)
		if (strcmp(item->kind, kind) == 0)
			return item->lines;
	return 0;
}

static unsigned count_lines(const char *text)
{
	unsigned lines = 0;

	for (; (text = strchr(text, '\n')); text++)
		lines++;
	return lines;
}

static int group(const char *name)
{
	for (int row = 0; row < evidence_rows(evidence, TABLE_sched_groups); row++) {
		const char *text = evidence_cell(evidence, row, COLUMN_sched_groups_name).text;

		if (text && strcmp(text, name) == 0)
			return row;
	}
	ck_abort_msg("no group %s", name);
}

/* NAN when unknown. */
static double cell(const char *name, enum column_id column)
{
	struct value value = evidence_cell(evidence, group(name), column);

	return value.kind == VALUE_NUMBER ? value.number : NAN;
}

static double metric(enum metric_id id)
{
	return evidence_number(evidence, id);
}

static bool has_caveat(const char *text)
{
	for (size_t i = 0; i < evidence_caveats(evidence); i++)
		if (strstr(evidence_caveat(evidence, i), text))
			return true;
	return false;
}

/* ---- perf sched latency --------------------------------------------------------------------- */

START_TEST(latency_table)
{
	take_file("perf-sched-latency.txt");
	end();
	ck_assert_double_eq(cell("sysbench", COLUMN_sched_groups_threads), 6);
	ck_assert_double_eq_tol(cell("sysbench", COLUMN_sched_groups_wait_avg_ms), 7.715, 1e-6);
	ck_assert_double_eq_tol(cell("sysbench", COLUMN_sched_groups_wait_max_ms), 15.996, 1e-6);
	ck_assert_double_eq_tol(cell("sysbench", COLUMN_sched_groups_switch_share_pct),
				100 * 524.0 / 538, 0.01);
	ck_assert_double_eq_tol(metric(METRIC_sched_wait_max_ms), 15.996, 1e-6);
	ck_assert_str_eq(evidence_get(evidence, METRIC_sched_wait_max_thread).text, "sysbench");
	/* A table does not tell how long it is of. */
	ck_assert(isnan(cell("sysbench", COLUMN_sched_groups_switches_per_s)));
	ck_assert(isnan(metric(METRIC_sched_wait_pct)));
	ck_assert(has_caveat("524 switches of sysbench"));
}
END_TEST

START_TEST(latency_with_its_command)
{
	take("# perf sched record -a -- sleep 2\n");
	take_file("perf-sched-latency.txt");
	end();
	ck_assert_double_eq(cell("sysbench", COLUMN_sched_groups_switches_per_s), 262);
	ck_assert_double_eq_tol(cell("sysbench", COLUMN_sched_groups_run_pct), 101.9155, 0.001);
	ck_assert_double_eq_tol(cell("sysbench", COLUMN_sched_groups_wait_pct),
				7.715 * 524 / 2000 * 100, 0.01);
	ck_assert(!has_caveat("switches of sysbench"));
}
END_TEST

/* -p has a row for each thread; older ones tell "max at". */
START_TEST(latency_of_threads)
{
	take("  worker-1:101 | 10.000 ms | 10 | avg: 1.000 ms | max: 2.000 ms | max at: 5.0 s\n"
	     "  worker-2:102 | 30.000 ms | 30 | avg: 2.000 ms | max: 9.000 ms | max at: 6.0 s\n");
	end();
	ck_assert_double_eq(cell("worker", COLUMN_sched_groups_threads), 2);
	ck_assert_double_eq_tol(cell("worker", COLUMN_sched_groups_wait_avg_ms), 1.75, 1e-9);
	ck_assert_double_eq(cell("worker", COLUMN_sched_groups_wait_max_ms), 9);
	/* Lines that were picked out say nothing about all. */
	ck_assert(isnan(cell("worker", COLUMN_sched_groups_switch_share_pct)));
	ck_assert(isnan(metric(METRIC_sched_wait_avg_ms)));
}
END_TEST

START_TEST(latency_run_together)
{
	take("tokio-runtime-w:switches: 555,241max delay: 77msavg delay: 0.12ms\n");
	end();
	ck_assert_double_eq(cell("tokio-runtime-w", COLUMN_sched_groups_wait_max_ms), 77);
	ck_assert_double_eq_tol(cell("tokio-runtime-w", COLUMN_sched_groups_wait_avg_ms), 0.12,
				1e-9);
	ck_assert(isnan(cell("tokio-runtime-w", COLUMN_sched_groups_switches_per_s)));
	ck_assert(has_caveat("555241 switches of tokio-runtime-w"));
}
END_TEST

START_TEST(units_of_time)
{
	take("a-pool: switches: 10 max delay: 2s avg delay: 500us\n");
	end();
	ck_assert_double_eq(cell("a-pool", COLUMN_sched_groups_wait_max_ms), 2000);
	ck_assert_double_eq_tol(cell("a-pool", COLUMN_sched_groups_wait_avg_ms), 0.5, 1e-9);
}
END_TEST

/* ---- perf sched timehist -------------------------------------------------------------------- */

#define HISTORY_HEADER \
	"           time    cpu  task name                       wait time  sch delay   run time"

START_TEST(history_with_states)
{
	take(HISTORY_HEADER
	     "  state\n"
	     "   100.000000 [0000]  pool-1[11/10]   0.000      0.500      2.000      R \n"
	     "   100.500000 [0001]  pool-2[12/10]   0.000      1.000      3.000      S \n"
	     "   100.600000 [0001]  <idle>          0.000      0.000      1.000      I \n"
	     "   101.000000 [0000]  pool-1[11/10]   8.000      0.000      4.000      S \n"
	     "   102.000000 [0001]  pool-2[12/10]   900.0      0.250      3.000      S \n");
	end();
	ck_assert_double_eq(cell("pool", COLUMN_sched_groups_threads), 2);
	ck_assert_double_eq(cell("pool", COLUMN_sched_groups_switches_per_s), 2);
	ck_assert_double_eq(cell("pool", COLUMN_sched_groups_preempted_pct), 25);
	/* 0.5 + 1 + 8 (it had been preempted) + 0.25; the 900 ms were sleep. */
	ck_assert_double_eq_tol(cell("pool", COLUMN_sched_groups_wait_avg_ms), 9.75 / 4, 1e-9);
	ck_assert_double_eq(cell("pool", COLUMN_sched_groups_wait_max_ms), 8);
	ck_assert_double_eq_tol(cell("pool", COLUMN_sched_groups_run_pct), 0.6, 1e-9);
}
END_TEST

/* Without states, waiting after a preemption can't be told from sleep. */
START_TEST(history_without_states)
{
	take(HISTORY_HEADER
	     "\n"
	     "   100.000000 [0000]  a b[11]    0.000      0.500      2.000 \n"
	     "   100.400000 [0000]  a b[11]                                       awakened: x[7]\n"
	     "   101.000000 [0000]  a b[11]    8.000      0.000      4.000 \n");
	end();
	ck_assert_uint_eq(lines_of("perf sched timehist"), 4);
	ck_assert_double_eq(cell("a b", COLUMN_sched_groups_switches_per_s), 2);
	ck_assert(isnan(cell("a b", COLUMN_sched_groups_wait_avg_ms)));
	ck_assert_double_eq(cell("a b", COLUMN_sched_groups_wait_max_ms), 0.5);
	ck_assert(isnan(cell("a b", COLUMN_sched_groups_preempted_pct)));
}
END_TEST

START_TEST(history_file)
{
	take_file("perf-sched-timehist.txt");
	end();
	ck_assert_uint_eq(lines_of("perf sched timehist"), 103);
	ck_assert_double_eq(cell("sysbench", COLUMN_sched_groups_threads), 6);
	ck_assert_double_gt(cell("sysbench", COLUMN_sched_groups_wait_pct), 300);
	ck_assert_double_eq(cell("sysbench", COLUMN_sched_groups_preempted_pct), 100);
}
END_TEST

START_TEST(summary_file)
{
	take_file("perf-sched-summary.txt");
	end();
	ck_assert_double_eq(cell("sysbench", COLUMN_sched_groups_threads), 6);
	ck_assert_double_eq_tol(cell("sysbench", COLUMN_sched_groups_switches_per_s),
				(89 + 89 + 85 + 84 + 90 + 89) / 1.026486, 0.01);
	ck_assert_double_eq_tol(metric(METRIC_sched_switches_per_s), 573 / 1.026486, 0.01);
	ck_assert_double_gt(cell("sysbench", COLUMN_sched_groups_wait_pct), 300);
	ck_assert_double_eq(metric(METRIC_host_cpus_online), 2);
}
END_TEST

/* ---- perf script ---------------------------------------------------------------------------- */

static int note_stack(void *context, const struct named_stack *stack)
{
	str_format(&seen, "%s %d/%d cpu%d %llu:", stack->comm, stack->pid, stack->tid, stack->cpu,
		   (unsigned long long)stack->weight);
	for (size_t i = 0; i < stack->count; i++)
		str_format(&seen, " %s%s@%s", stack->frames[i].kernel ? "k:" : "",
			   stack->frames[i].function ? stack->frames[i].function : "?",
			   stack->frames[i].module);
	str_append(&seen, "\n");
	return 0;
}

static void check_stacks(const char *expected)
{
	ck_assert_int_eq(import_each_stack(import, note_stack, NULL), 0);
	ck_assert_str_eq(str_text(&seen), expected);
}

START_TEST(script_heads)
{
	take("My Pool 1 417/418 [003] 12.000001: 1000 cycles:P: \n"
	     "\tffffffff81000001 do_futex+0x10 ([kernel.kallsyms])\n"
	     "\tffffffffc0000001 nf_nat_inet_fn+0x1 ([nf_nat])\n"
	     "\t    7f0000000001 std::thread::run(int, char)+0x5 (/opt/my app/libx.so.1)\n"
	     "\t    7f0000000002 [unknown] (/usr/bin/x (deleted))\n"
	     "\n"
	     "swapper 0 12.5: cpu-clock:ppp:  ffffffff81000002 idle_loop ([kernel.kallsyms])\n"
	     "init 1 [000] 13.000000: sched:sched_switch: prev_comm=a ==> b\n");
	check_stacks("My Pool 1 417/418 cpu3 1000: k:do_futex@kernel k:nf_nat_inet_fn@nf_nat "
		     "std::thread::run(int, char)@libx.so.1 ?@x\n"
		     "swapper -1/0 cpu-1 1: k:idle_loop@kernel\n");
	end();
	ck_assert(has_caveat("1 samples of events"));
}
END_TEST

START_TEST(script_file)
{
	take_file("perf-script.txt");
	end();
	ck_assert_int_eq(import_each_stack(import, note_stack, NULL), 0);
	ck_assert_uint_eq(count_lines(str_text(&seen)), 29);
	ck_assert_ptr_nonnull(strstr(str_text(&seen), "k:read_zero@kernel k:vfs_read@kernel"));
}
END_TEST

static int note_event(void *context, const struct sched_event *event)
{
	bool moves = event->type == SCHED_MIGRATE;

	str_format(&seen, "%d cpu%u %llu %d:%s %d:%s %c%d%d %d>%d by %d\n", event->type, event->cpu,
		   (unsigned long long)event->time_ns, event->tid, event->comm, event->other_tid,
		   moves ? "" : event->other_comm, event->state ? event->state : '-',
		   event->runnable, event->preempted, moves ? event->from_cpu : -1,
		   event->target_cpu, event->current_tid);
	return 0;
}

/* Names hold what they like, keys included; a line that is not whole is no event; sched_wakeup is
 * the same wakeup once more. */
START_TEST(script_of_the_scheduler)
{
	take("My Pool 1 417/418 [003] 12.000001: sched:sched_waking: comm=a pid=1 b pid=7 prio=120 "
	     "target_cpu=002\n"
	     "\tffffffff81000001 try_to_wake_up+0x10 ([kernel.kallsyms])\n\n"
	     "x 418 [002] 12.000002: sched:sched_wakeup: comm=a pid=1 b pid=7 prio=120 target_cpu=002\n"
	     "x 418 [002] 12.000003: sched:sched_switch: prev_comm=x prev_pid=418 prev_prio=120 "
	     "prev_state=R+ ==> next_comm=a next_pid=1 b next_pid=7 next_prio=120\n"
	     "x 418 [002] 12.000004: sched:sched_switch: prev_comm=x prev_pid=418\n"
	     "x 418 [002] 11.5: sched:sched_migrate_task: comm=m pid=9 prio=120 orig_cpu=1 dest_cpu=3\n"
	     "x 418 [002] 12.000005: sched:sched_process_fork: comm=x pid=418 child_comm=y child_pid=420\n"
	     "x 418 12.000006: sched:sched_process_exit: comm=x pid=418 prio=120\n");
	end();
	ck_assert_int_eq(import_each_sched_event(import, note_event, NULL), 0);
	ck_assert_str_eq(str_text(&seen),
			 "1 cpu3 12000001000 7:a pid=1 b 0: -00 -1>2 by 418\n"
			 "0 cpu2 12000003000 7:a next_pid=1 b 418:x R11 -1>-1 by 418\n"
			 "5 cpu2 12000003000 9:m 0: -00 1>3 by 418\n"
			 "3 cpu2 12000005000 420:y 418:x -00 -1>-1 by 418\n");
	ck_assert_int_eq(evidence_stage(evidence, STAGE_sched)->status, STAGE_DEGRADED);
}
END_TEST

/* ---- perf report and perf top --------------------------------------------------------------- */

static int note_function(void *context, const struct named_function *function)
{
	str_format(&seen, "%s%s@%s [%s] %.2f/%.2f\n", function->frame.kernel ? "k:" : "",
		   function->frame.function ? function->frame.function : "?",
		   function->frame.module, function->comm, function->self_pct, function->total_pct);
	return 0;
}

static const char *functions(void)
{
	str_clear(&seen);
	ck_assert_int_eq(import_each_function(import, note_function, NULL), 0);
	return str_text(&seen);
}

START_TEST(report_with_children)
{
	take_file("perf-report-children.txt");
	ck_assert_uint_eq(lines_of("perf report"), 245);
	ck_assert_ptr_nonnull(strstr(functions(), "k:do_syscall_64@kernel [dd] 9.49/31.28\n"));
	ck_assert_ptr_nonnull(strstr(functions(), "?@sysbench [sysbench] 25.75/25.75\n"));
	/* One for each row, none of the call graphs. */
	ck_assert_uint_eq(count_lines(functions()), 26);
}
END_TEST

START_TEST(report_without_children)
{
	take_file("perf-report.txt");
	ck_assert_ptr_nonnull(strstr(functions(), "k:read_zero@kernel [dd] 9.69/nan\n"));
	ck_assert_ptr_nonnull(strstr(functions(), "read@libc.so.6 [dd] 2.16/nan\n"));
}
END_TEST

START_TEST(report_of_another_event)
{
	take("# Samples: 10 of event 'page-faults'\n# Overhead  Command  Symbol\n"
	     "    50.00%  x  [.] main\n");
	ck_assert_str_eq(functions(), "");
}
END_TEST

START_TEST(top_text)
{
	take("   PerfTop:     899 irqs/sec  kernel:34.2%  exact:  0.0% lost: 0/0 drop: 0/0 [4000Hz "
	     "cpu-clock:pppH],  (all, 8 CPUs)\n"
	     "-----------------------------------------------------------------\n"
	     "\n"
	     "    25.31%  [kernel]         [k] read_zero\n"
	     "     3.10%  [nf_conntrack]   [k] nf_conntrack_in\n"
	     "     1.00%  libc.so.6        [.] operator new\n");
	ck_assert_str_eq(functions(), "k:read_zero@kernel [] 25.31/nan\n"
				      "k:nf_conntrack_in@nf_conntrack [] 3.10/nan\n"
				      "operator new@libc.so.6 [] 1.00/nan\n");
	end();
	ck_assert_double_eq(metric(METRIC_host_cpus_online), 8);
}
END_TEST

/* A later table takes the place of an earlier one; rows behind prose go on with it. */
START_TEST(tables_in_prose)
{
	take("    9.00%  [kernel]  [k] old\n"
	     "# Overhead  Shared Object  Symbol\n"
	     "    50.00%  [kernel]  [k] new\n"
	     "and then, as you can see:\n"
	     "    10.00%  [kernel]  [k] newer\n");
	ck_assert_str_eq(functions(), "k:new@kernel [] 50.00/nan\nk:newer@kernel [] 10.00/nan\n");
}
END_TEST

START_TEST(names_of_top)
{
	take("perf top -a\nyou see:\nswapper\ntokio-runtime-w\nfutex\nschedule\nnet_rx_action\n"
	     "which is bad\n");
	ck_assert_str_eq(functions(), "swapper@ [] nan/nan\ntokio-runtime-w@ [] nan/nan\n"
				      "futex@ [] nan/nan\nschedule@ [] nan/nan\n"
				      "net_rx_action@ [] nan/nan\n");
}
END_TEST

/* ---- dirt ----------------------------------------------------------------------------------- */

START_TEST(prose_is_not_taken)
{
	take("max delay 77ms is bad\nswitches 55\n50% of users\n[k] 3.5%\nperf top\nperf script\n"
	     "a | b | c\n12:00:01 [0001] word\n100% [x] y\nschedule: 12.5: late\n");
	ck_assert_str_eq(functions(), "");
	ck_assert_int_eq(import_each_stack(import, note_stack, NULL), 0);
	ck_assert_str_eq(functions(), "");
	ck_assert_int_eq(evidence_rows(evidence, TABLE_sched_groups), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("perf_text");
	TCase *t = tcase_create("perf_text");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, latency_table);
	tcase_add_test(t, latency_with_its_command);
	tcase_add_test(t, latency_of_threads);
	tcase_add_test(t, latency_run_together);
	tcase_add_test(t, units_of_time);
	tcase_add_test(t, history_with_states);
	tcase_add_test(t, history_without_states);
	tcase_add_test(t, history_file);
	tcase_add_test(t, summary_file);
	tcase_add_test(t, script_heads);
	tcase_add_test(t, script_file);
	tcase_add_test(t, script_of_the_scheduler);
	tcase_add_test(t, report_with_children);
	tcase_add_test(t, report_without_children);
	tcase_add_test(t, report_of_another_event);
	tcase_add_test(t, top_text);
	tcase_add_test(t, tables_in_prose);
	tcase_add_test(t, names_of_top);
	tcase_add_test(t, prose_is_not_taken);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
