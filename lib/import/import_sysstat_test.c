/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/import_testing.h"

/* ---- sysstat ------------------------------------------------------------------------------------- */

START_TEST(mpstat_text)
{
	begin(0);
	add_file("debian12-mpstat.txt");
	end();
	is(METRIC_host_cpus_online, 2);
	is(METRIC_vmstat_sy_pct, 0.25);
	is(METRIC_vmstat_id_pct, 99.75);
	is(METRIC_vmstat_si_pct, 0);
	is(METRIC_vmstat_cpu_busiest_pct, 0.5);
	cell_is(TABLE_vmstat_cpus, "CPU 1", COLUMN_vmstat_cpus_sy_pct, 0.5);
	ck_assert_str_eq(evidence_get(evidence, METRIC_host_name).text, "db1");
	finish();
}
END_TEST

START_TEST(mpstat_json)
{
	begin(0);
	add_file("debian12-mpstat.json");
	end();
	is(METRIC_host_cpus_online, 2);
	is(METRIC_vmstat_wa_pct, 9.18);
	is(METRIC_vmstat_us_pct, 7.65 + 23.47);
	cell_is(TABLE_vmstat_cpus, "CPU 1", COLUMN_vmstat_cpus_si_pct, 1);
	finish();
}
END_TEST

START_TEST(iostat_drops_the_first_report)
{
	begin(0);
	add_file(_i ? "debian12-iostat.json" : "debian12-iostat.txt");
	end();
	if (_i) {
		cell_is(TABLE_vmstat_disks, "vda", COLUMN_vmstat_disks_reads_per_s, 167);
		cell_is(TABLE_vmstat_disks, "vda", COLUMN_vmstat_disks_await_ms,
			(167 * 0.2 + 12 * 0.58) / 179);
		is(METRIC_vmstat_us_pct, 76.89);
	} else {
		cell_is(TABLE_vmstat_disks, "vda", COLUMN_vmstat_disks_reads_per_s, 16.83);
		cell_is(TABLE_vmstat_disks, "vda", COLUMN_vmstat_disks_queue, 0.01);
		is(METRIC_vmstat_us_pct, 83.92);
	}
	ck_assert_int_eq(row_of(TABLE_vmstat_disks, "loop0"), -1);
	finish();
}
END_TEST

START_TEST(sar_text)
{
	begin(0);
	add("Linux 6.1.0 (db1) \t11/22/26 \t_x86_64_\t(2 CPU)\n\n"
	    "06:43:20 AM     IFACE   rxpck/s   txpck/s    rxkB/s    txkB/s   rxcmp/s   txcmp/s  rxmcst/s   %ifutil\n"
	    "06:43:21 AM      eth0    100.00     50.00     10.00      5.00      0.00      0.00      0.00      0.00\n"
	    "06:43:22 AM      eth0    300.00     50.00     10.00      5.00      0.00      0.00      0.00      0.00\n"
	    "Average:         eth0    200.00     50.00     10.00      5.00      0.00      0.00      0.00      0.00\n"
	    "\n06:43:24      runq-sz  plist-sz   ldavg-1   ldavg-5  ldavg-15   blocked\n"
	    "06:43:25            6        99      1.73      3.63      4.65         2\n"
	    "\n06:43:24       proc/s   cswch/s\n06:43:25        17.00    535.00\n");
	end();
	cell_is(TABLE_vmstat_nics, "eth0", COLUMN_vmstat_nics_rx_packets_per_s, 200);
	cell_is(TABLE_vmstat_nics, "eth0", COLUMN_vmstat_nics_rx_bytes_per_s, 10240);
	is(METRIC_vmstat_rx_packets_per_s, 200);
	is_unknown(METRIC_vmstat_nic_drops_per_s);
	is(METRIC_vmstat_r_per_cpu, 3);
	is(METRIC_vmstat_b, 2);
	is(METRIC_vmstat_load1, 1.73);
	is(METRIC_vmstat_cs_per_s, 535);
	is(METRIC_vmstat_forks_per_s, 17);
	finish();
}
END_TEST

START_TEST(sadf_json)
{
	begin(0);
	add_file("debian12-sadf.json");
	end();
	is(METRIC_vmstat_cs_per_s, 968);
	is(METRIC_vmstat_load15, 4.65);
	is(METRIC_vmstat_sy_pct, 14.355);
	ck_assert(evidence_has_table(evidence, TABLE_vmstat_nics));
	finish();
}
END_TEST

START_TEST(broken_json)
{
	begin(2);
	add("{\"sysstat\": {\"hosts\": [ {\n1 0 0\n{\"sysstat\": {\n"
	    " 06:43:05 up  4:26,  0 user,  load average: 1.87, 3.79, 4.73\n");
	end();
	is(METRIC_vmstat_load1, 1.87);
	ck_assert(has_caveat("JSON of sysstat that is cut"));
	finish();
}
END_TEST

/* ---- copies of /proc ----------------------------------------------------------------------------- */

START_TEST(proc_once)
{
	begin(0);
	add("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 50 0 25 400 25 0 0 0 0 0\ncpu1 50 0 25 400 25 0 0 0 0 0\n"
	    "intr 500 1 2\nctxt 1000\nprocesses 10\nprocs_running 3\nprocs_blocked 2\n"
	    "0.06 0.04 0.05 4/170 4087\n"
	    "==> /proc/pressure/io <==\nsome avg10=12.50 avg60=0.00 avg300=0.00 total=100\n"
	    "full avg10=2.50 avg60=0.00 avg300=0.00 total=50\n");
	end();
	is(METRIC_host_cpus_online, 2);
	is(METRIC_vmstat_b, 2);
	is(METRIC_vmstat_r, 3);
	is(METRIC_host_tasks, 170);
	is(METRIC_vmstat_psi_io_some_pct, 12.5);
	is(METRIC_vmstat_psi_io_full_pct, 2.5);
	is_unknown(METRIC_vmstat_cs_per_s);
	is_unknown(METRIC_vmstat_busy_pct);
	is_unknown(METRIC_vmstat_psi_cpu_some_pct);
	finish();
}
END_TEST

START_TEST(proc_twice)
{
	begin(0);
	/* the later one first: the ticks tell */
	add("cpu  200 0 50 1000 50 0 100 0 0 0\ncpu0 100 0 25 500 25 0 50 0 0 0\ncpu1 100 0 25 500 25 0 50 0 0 0\n"
	    "intr 900 1 2\nctxt 3000\n"
	    "          CPU0       CPU1\n      HI:  0 0\n  NET_RX: 3000 1000\n"
	    "0000000a 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n");
	add("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 50 0 25 400 25 0 0 0 0 0\ncpu1 50 0 25 400 25 0 0 0 0 0\n"
	    "intr 500 1 2\nctxt 1000\n"
	    "          CPU0       CPU1\n      HI:  0 0\n  NET_RX: 1000 1000\n"
	    "00000006 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n");
	end();
	is(METRIC_vmstat_cs_per_s, 1000);
	is(METRIC_vmstat_in_per_s, 200);
	is(METRIC_vmstat_us_pct, 25);
	is(METRIC_vmstat_si_pct, 25);
	is(METRIC_vmstat_softnet_processed_per_s, 2);
	cell_is(TABLE_vmstat_softirqs, "NET_RX", COLUMN_vmstat_softirqs_per_s, 1000);
	cell_is(TABLE_vmstat_softirqs, "NET_RX", COLUMN_vmstat_softirqs_busiest_share_pct, 100);
	finish();
}
END_TEST

START_TEST(proc_of_debian)
{
	begin(0);
	add_file("debian12-proc-twice.txt");
	end();
	ck_assert(evidence_number(evidence, METRIC_vmstat_cs_per_s) > 1000);
	ck_assert(row_of(TABLE_vmstat_softirqs, "TIMER") >= 0);
	ck_assert(evidence_rows(evidence, TABLE_vmstat_irqs) > 0);
	ck_assert(evidence_number(evidence, METRIC_vmstat_psi_cpu_some_pct) > 50);
	ck_assert(evidence_number(evidence, METRIC_vmstat_res_per_s) >= 0);
	finish();
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("sysstat and /proc");
	TCase *cases = tcase_create("sysstat and /proc");

	tcase_add_test(cases, mpstat_text);
	tcase_add_test(cases, mpstat_json);
	tcase_add_loop_test(cases, iostat_drops_the_first_report, 0, 2);
	tcase_add_test(cases, sar_text);
	tcase_add_test(cases, sadf_json);
	tcase_add_test(cases, broken_json);
	tcase_add_test(cases, proc_once);
	tcase_add_test(cases, proc_twice);
	tcase_add_test(cases, proc_of_debian);
	suite_add_tcase(suite, cases);
	return suite;
}

int main(void)
{
	return run_suite(make_suite());
}
