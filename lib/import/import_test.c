/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/import_testing.h"

/* ---- vmstat -------------------------------------------------------------------------------------- */

START_TEST(vmstat_drops_the_first_row)
{
	begin(2);
	add("procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n"
	    " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n"
	    "99 99      0 24098812   2648 448780    9    9  1258   462  613 99 9 9 82 0  0\n"
	    " 3  1      0 24098812   2648 448780    4    8     0     0 1000 2000 10 20 60 10  0\n"
	    " 5  1      0 24098812   2648 448780    4    8     0     0 3000 4000 30 40 20 10  0\n");
	end();
	is(METRIC_vmstat_r, 4);
	is(METRIC_vmstat_r_max, 5);
	is(METRIC_vmstat_r_per_cpu, 2);
	is(METRIC_vmstat_b, 1);
	is(METRIC_vmstat_cs_per_s, 3000);
	is(METRIC_vmstat_cs_per_cpu_per_s, 1500);
	is(METRIC_vmstat_in_per_s, 2000);
	is(METRIC_vmstat_si_pages_per_s, 1);
	is(METRIC_vmstat_swap_pages_per_s, 3);
	is(METRIC_vmstat_us_pct, 20);
	is(METRIC_vmstat_busy_pct, 50);
	is(METRIC_vmstat_us_of_busy_pct, 40);
	is(METRIC_vmstat_unused_pct, 50);
	is_unknown(METRIC_vmstat_si_pct);
	ck_assert(has_caveat("sy holds interrupts"));
	ck_assert_int_eq(evidence_stage(evidence, STAGE_vmstat)->status, STAGE_DEGRADED);
	ck_assert_int_eq(evidence_stage(evidence, STAGE_top)->status, STAGE_UNAVAILABLE);
	ck_assert_str_eq(evidence_get(evidence, METRIC_self_input).text, "text");
	finish();
}
END_TEST

START_TEST(vmstat_of_procps_4)
{
	begin(0);
	add_file("debian12-vmstat-wt.txt");
	end();
	is(METRIC_vmstat_r, 1);
	is(METRIC_vmstat_cs_per_s, 73);
	is(METRIC_vmstat_guest_pct, 0);
	is_unknown(METRIC_vmstat_r_per_cpu);
	is_unknown(METRIC_vmstat_cs_per_cpu_per_s);
	ck_assert(has_caveat("--cpus N"));
	finish();
}
END_TEST

START_TEST(vmstat_in_dirt)
{
	begin(4);
	add("root@host:~# vmstat 1 3\r\n"
	    "r b swpd free buff cache si so bi bo in cs us sy\r\n"
	    "id wa st\r\n"
	    "9 0 0 1 1 1 0 0 0 0 1 1 1 1\r\n97 1 0\r\n"
	    "prose \xe2\x80\xa6 12 34\r\n\r\n"
	    "r b swpd free buff cache si so bi bo in cs us sy id wa st\r\n"
	    "\r\n1 0 0 1 1 1 0 0 0 0 5 7 1 1 97 1 0\r\n\r\n"
	    "8 0 0 1 1 1 0 0 0 0 5 9 \xef\xbc\x91\xef\xbc\x90 20 70 0 0\r\n^C\r\n");
	end();
	is(METRIC_vmstat_r, 8);
	is(METRIC_vmstat_cs_per_s, 9);
	is(METRIC_vmstat_us_pct, 10);
	is(METRIC_vmstat_r_per_cpu, 2);
	ck_assert(has_caveat("3 of "));
	finish();
}
END_TEST

START_TEST(vmstat_copied_by_hand)
{
	begin(32);
	add_file("storm-tokio.txt");
	end();
	is(METRIC_vmstat_r, 102);
	is(METRIC_vmstat_us_pct, 57);
	is(METRIC_vmstat_sy_pct, 20);
	is(METRIC_vmstat_wa_pct, 0);
	is(METRIC_vmstat_cs_per_s, 400e3);
	is(METRIC_vmstat_in_per_s, 400e3);
	is(METRIC_vmstat_load1, 67);
	is_unknown(METRIC_vmstat_load15);
	is_unknown(METRIC_vmstat_b);
	cell_is(TABLE_top_groups, "tokio-runtime-w", COLUMN_top_groups_threads, 791);
	finish();
}
END_TEST

START_TEST(vmstat_one_row)
{
	begin(0);
	add_file("slow-disk.txt");
	end();
	is(METRIC_host_cpus_online, 2);
	is(METRIC_vmstat_b, 28);
	is(METRIC_vmstat_wa_pct, 70);
	ck_assert(has_caveat("averages since boot"));
	cell_is(TABLE_vmstat_disks, "vda", COLUMN_vmstat_disks_await_ms, 999.4);
	cell_is(TABLE_vmstat_disks, "vda", COLUMN_vmstat_disks_util_pct, 0.06);
	ck_assert_int_eq(row_of(TABLE_vmstat_disks, "vdb"), -1);
	is(METRIC_vmstat_disk_await_max_ms, 999.4);
	finish();
}
END_TEST

/* ---- top ----------------------------------------------------------------------------------------- */

START_TEST(top_with_cpus)
{
	begin(0);
	add_file("softirq-flood.txt");
	end();
	is(METRIC_host_cpus_online, 2);
	is(METRIC_vmstat_si_pct, 33.45);
	is(METRIC_vmstat_si_busiest_pct, 34.5);
	is(METRIC_vmstat_si_median_pct, 32.4);
	is(METRIC_vmstat_load1, 0);
	is(METRIC_host_memory_bytes, 8167040.0 * 1024);
	is(METRIC_vmstat_memory_available_bytes, 7560460.0 * 1024);
	is(METRIC_top_zombies, 0);
	is(METRIC_top_processes, 128);
	is_unknown(METRIC_top_threads);
	is_unknown(METRIC_top_kernel_cpu_pct);
	cell_is(TABLE_top_groups, "ksoftirqd", COLUMN_top_groups_threads, 2);
	cell_is(TABLE_top_groups, "ksoftirqd", COLUMN_top_groups_cpu_pct, 13.9);
	cell_is(TABLE_top_groups, "ksoftirqd", COLUMN_top_groups_busiest_thread_pct, 7);
	ck_assert_str_eq(evidence_cell(evidence, row_of(TABLE_top_groups, "ksoftirqd"),
				       COLUMN_top_groups_kind)
				 .text,
			 "kernel");
	finish();
}
END_TEST

START_TEST(top_of_threads)
{
	begin(2);
	add_file("debian12-top-h.txt");
	add_file("debian12-pidstat-wut.txt");
	end();
	/* the second frame, not the first one */
	is(METRIC_top_threads, 134);
	cell_is(TABLE_top_groups, "sysbench", COLUMN_top_groups_threads, 21);
	ck_assert(row_of(TABLE_top_groups, "ksoftirqd") >= 0);
	finish();
}
END_TEST

START_TEST(top_in_other_locales)
{
	begin(0);
	add("top - 08:31:43 up 17 min,  1 user,  Durchschnittslast: 1,50, 2,50, 3,50\n"
	    "%CPU(s): not this\n"
	    "%Cpu(s):  0,3 us,  0,2 sy,  0,0 ni,100,0id,  0,0 wa,  0,0 hi, 12,5 si,  0,0 st\n");
	end();
	is(METRIC_vmstat_load1, 1.5);
	is(METRIC_vmstat_load15, 3.5);
	is(METRIC_vmstat_id_pct, 100);
	is(METRIC_vmstat_si_pct, 12.5);
	finish();
}
END_TEST

START_TEST(top_tells_the_softirqs_that_vmstat_hides)
{
	begin(1);
	add(" r b swpd free buff cache si so bi bo in cs us sy id wa st\n"
	    "1 0 0 1 1 1 0 0 0 0 1 1 1 1 98 0 0\n1 0 0 1 1 1 0 0 0 0 1 1 10 40 50 0 0\n"
	    "%Cpu(s):  9.0 us,  9.0 sy,  0.0 ni, 52.0 id,  0.0 wa,  1.0 hi, 29.0 si,  0.0 st\n");
	end();
	is(METRIC_vmstat_si_pct, 29);
	is(METRIC_vmstat_sy_pct, 10);
	is(METRIC_vmstat_busy_pct, 50);
	finish();
}
END_TEST

/* ---- pidstat, ps --------------------------------------------------------------------------------- */

START_TEST(pidstat_without_threads)
{
	begin(0);
	add_file("switches-processes.txt");
	end();
	is(METRIC_vmstat_cs_per_s, 1270357);
	is(METRIC_vmstat_cs_per_cpu_per_s, 1270357 / 8.0);
	is(METRIC_top_leader_switches_per_s, 263.69);
	is_unknown(METRIC_top_switches_per_s);
	cell_is(TABLE_top_groups, "sysbench", COLUMN_top_groups_cpu_pct, 497.06);
	cell_is(TABLE_top_groups, "sysbench", COLUMN_top_groups_switches_per_s, NAN);
	cell_is(TABLE_top_groups, "sysbench", COLUMN_top_groups_threads, NAN);
	ck_assert(has_caveat("threads are missing"));
	ck_assert(has_caveat("run pidstat -wt 1 3"));
	finish();
}
END_TEST

START_TEST(pidstat_with_threads)
{
	begin(0);
	add_file("switches-threads.txt");
	end();
	cell_is(TABLE_top_groups, "sysbench", COLUMN_top_groups_threads, 20);
	cell_is(TABLE_top_groups, "sysbench", COLUMN_top_groups_switches_per_s, 796777.16);
	cell_is(TABLE_top_groups, "sysbench", COLUMN_top_groups_runnable, 4.97);
	/* "(mysqlrouter)__MDC Refresh" */
	cell_is(TABLE_top_groups, "MDC Refresh", COLUMN_top_groups_switches_per_s, 55.23);
	ck_assert_str_eq(evidence_cell(evidence, row_of(TABLE_top_groups, "MDC Refresh"),
				       COLUMN_top_groups_program)
				 .text,
			 "mysqlrouter");
	ck_assert(!has_caveat("threads are missing"));
	finish();
}
END_TEST

START_TEST(pidstat_in_one_table)
{
	begin(2);
	add("# Time UID TGID TID %usr %system %guest %wait %CPU CPU cswch/s nvcswch/s Command\n"
	    "09:05:01 PM 0 10 - 50.00 10.00 0.00 80.00 60.00 1 1.00 2.00 pool\n"
	    "09:05:01 PM 0 - 10 20.00 5.00 0.00 30.00 25.00 1 1.00 2.00 |__pool\n"
	    "09:05:01 PM 0 - 11 30.00 5.00 0.00 50.00 35.00 0 100.00 200.00 |__pool\n");
	end();
	cell_is(TABLE_top_groups, "pool", COLUMN_top_groups_threads, 2);
	cell_is(TABLE_top_groups, "pool", COLUMN_top_groups_cpu_pct, 60);
	cell_is(TABLE_top_groups, "pool", COLUMN_top_groups_wait_pct, 80);
	cell_is(TABLE_top_groups, "pool", COLUMN_top_groups_switches_per_s, 303);
	is(METRIC_top_runnable, 1.4);
	finish();
}
END_TEST

START_TEST(pidstat_in_other_locales)
{
	begin(2);
	add("11:08:38      UID      TGID       TID   cswch/s nvcswch/s  Command\n"
	    "11:08:39        0       417         -  1.000,50      0,00  db\n"
	    "11:08:39        0         -       418  2.000,50      1,00  |__worker-1\n"
	    "11:08:39        0         -       419  3000,50      1,00  |__worker-2\n"
	    "11:08:40        0         -       420  9,50      1,00  |__other\n");
	end();
	/* another second is another sample, and the last one counts */
	cell_is(TABLE_top_groups, "other", COLUMN_top_groups_switches_per_s, 10.5);
	ck_assert_int_eq(row_of(TABLE_top_groups, "worker"), -1);
	finish();
}
END_TEST

START_TEST(ps_counted)
{
	begin(4);
	add_file("runnable-threads.txt");
	end();
	is(METRIC_top_runnable, 12);
	cell_is(TABLE_top_groups, "sysbench", COLUMN_top_groups_runnable, 10);
	cell_is(TABLE_top_groups, "sysbench", COLUMN_top_groups_runnable_per_cpu, 2.5);
	is(METRIC_top_uninterruptible, 0);
	finish();
}
END_TEST

START_TEST(ps_crowd)
{
	begin(4);
	add_file("stuck-lock.txt");
	end();
	cell_is(TABLE_top_dstate, "futex_wait_queue_me", COLUMN_top_dstate_threads, 99);
	cell_is(TABLE_top_dstate, "futex_wait_queue_me", COLUMN_top_dstate_lasting, 99);
	is(METRIC_top_uninterruptible, 99);
	is(METRIC_top_d_of_load_pct, 100);
	ck_assert(has_caveat("looked at once"));
	finish();
}
END_TEST

static const char look[] = "S   PID   TID COMMAND         WCHAN\n"
			   "S     1     1 init            -\n"
			   "D   500   500 nfsd client     rpc_wait_bit\n"
			   "D   500   501 nfsd client     rpc_wait_bit\n"
			   "D   600   600 dd              io_schedule\n";

START_TEST(ps_twice)
{
	begin(4);
	add(look);
	add("S   PID   TID COMMAND         WCHAN\nS     1     1 init            -\n"
	    "D   500   500 nfsd client     rpc_wait_bit\nS   500   501 nfsd client     -\n"
	    "D   600   600 dd              wait_on_page\n");
	end();
	cell_is(TABLE_top_dstate, "rpc_wait_bit", COLUMN_top_dstate_threads, 1);
	cell_is(TABLE_top_dstate, "rpc_wait_bit", COLUMN_top_dstate_lasting, 1);
	cell_is(TABLE_top_dstate, "wait_on_page", COLUMN_top_dstate_lasting, 0);
	is(METRIC_top_uninterruptible_lasting, 1);
	is(METRIC_top_threads, 4);
	finish();
}
END_TEST

START_TEST(ps_once)
{
	begin(4);
	add(look);
	end();
	cell_is(TABLE_top_dstate, "rpc_wait_bit", COLUMN_top_dstate_threads, 2);
	cell_is(TABLE_top_dstate, "rpc_wait_bit", COLUMN_top_dstate_lasting, NAN);
	is_unknown(METRIC_top_uninterruptible_lasting);
	finish();
}
END_TEST

/* ---- the rest ------------------------------------------------------------------------------------ */

START_TEST(cpus_from_whom)
{
	begin(6);
	add("Linux 6.1.0 (db1) \t11/22/26 \t_x86_64_\t(2 CPU)\n"
	    " 06:43:05 up  4:26,  0 user,  load average: 12.00, 3.79, 4.73\n");
	end();
	is(METRIC_host_cpus_online, 6);
	is(METRIC_vmstat_load1_per_cpu, 2);
	finish();
}
END_TEST

START_TEST(nothing_known)
{
	struct err err = { "" };

	begin(2);
	add("Dear all,\nthe host is slow.\n\n1 2 3\n{ \"a\": 1 }\n");
	ck_assert_int_eq(import_end(import, &err), -ENODATA);
	ck_assert(strstr(err.msg, "vmstat") != NULL);
	finish();
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("import");
	TCase *cases = tcase_create("import");

	tcase_add_test(cases, vmstat_drops_the_first_row);
	tcase_add_test(cases, vmstat_of_procps_4);
	tcase_add_test(cases, vmstat_in_dirt);
	tcase_add_test(cases, vmstat_copied_by_hand);
	tcase_add_test(cases, vmstat_one_row);
	tcase_add_test(cases, top_with_cpus);
	tcase_add_test(cases, top_of_threads);
	tcase_add_test(cases, top_in_other_locales);
	tcase_add_test(cases, top_tells_the_softirqs_that_vmstat_hides);
	tcase_add_test(cases, pidstat_without_threads);
	tcase_add_test(cases, pidstat_with_threads);
	tcase_add_test(cases, pidstat_in_one_table);
	tcase_add_test(cases, pidstat_in_other_locales);
	tcase_add_test(cases, ps_counted);
	tcase_add_test(cases, ps_crowd);
	tcase_add_test(cases, ps_twice);
	tcase_add_test(cases, ps_once);
	tcase_add_test(cases, cpus_from_whom);
	tcase_add_test(cases, nothing_known);
	suite_add_tcase(suite, cases);
	return suite;
}

int main(void)
{
	return run_suite(make_suite());
}
