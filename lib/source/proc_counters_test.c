/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/proc_counters.h"

#include "base/str.h"
#include "base/testing.h"
#include "source/procroot.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int parse_fn(const char *text, size_t len, struct counters *ret);

static struct counters parse(parse_fn *fn, const char *text)
{
	struct counters counters;

	ck_assert_int_eq(fn(text, strlen(text), &counters), 0);
	return counters;
}

static void expect(const struct counters *counters, const char *name, int64_t expected)
{
	int64_t value;

	ck_assert_msg(counters_get(counters, name, &value), "no %s", name);
	ck_assert_msg(value == expected, "%s is %lld", name, (long long)value);
}

static void expect_none(const struct counters *counters, const char *name)
{
	int64_t value = 42;

	ck_assert_msg(!counters_get(counters, name, &value), "%s is there", name);
	ck_assert_int_eq(value, 42);
}

START_TEST(pairs)
{
	struct counters counters = parse(counters_parse_pairs, "nr_free_pages 1085016\n"
							       "pgscan_direct 0\n"
							       "drift -3\n"
							       "\n"
							       "no_value\n"
							       "three 1 2\n"
							       "text abc\n"
							       "fraction 1.5\n"
							       "wide 18446744073709551615\n"
							       "last 7");

	ck_assert_uint_eq(counters.len, 4);
	expect(&counters, "nr_free_pages", 1085016);
	expect(&counters, "pgscan_direct", 0);
	expect(&counters, "drift", -3);
	expect(&counters, "last", 7);
	expect_none(&counters, "wide");
	expect_none(&counters, "nr_free");
	expect_none(&counters, "");
	counters_free(&counters);
	expect_none(&counters, "last");
	counters_free(NULL);
}
END_TEST

START_TEST(meminfo)
{
	struct counters counters = parse(counters_parse_meminfo, "MemTotal:       24684084 kB\n"
								 "Active(anon):       9100 kB\n"
								 "HugePages_Total:       2\n"
								 "Wrong:                 2 MB\n"
								 "Wide:   9007199254740991 kB\n"
								 "Wider:  9007199254740992 kB\n");

	ck_assert_uint_eq(counters.len, 4);
	expect(&counters, "MemTotal", 24684084ll * 1024);
	expect(&counters, "Active(anon)", 9100 * 1024);
	expect(&counters, "HugePages_Total", 2);
	expect(&counters, "Wide", 9007199254740991ll * 1024);
	counters_free(&counters);
}
END_TEST

START_TEST(snmp)
{
	struct counters counters = parse(counters_parse_snmp,
					 "Tcp: RtoAlgorithm RtoMin MaxConn OutSegs\n"
					 "Tcp: 1 200 -1 1821\n"
					 "Udp: InDatagrams RcvbufErrors\n"
					 "Udp: 26 3\n"
					 "TcpExt: ListenOverflows\n"
					 "TcpExt: 4\n");

	ck_assert_uint_eq(counters.len, 7);
	expect(&counters, "Tcp.RtoAlgorithm", 1);
	expect(&counters, "Tcp.MaxConn", -1);
	expect(&counters, "Tcp.OutSegs", 1821);
	expect(&counters, "Udp.RcvbufErrors", 3);
	expect(&counters, "TcpExt.ListenOverflows", 4);
	expect_none(&counters, "OutSegs");
	counters_free(&counters);
}
END_TEST

START_TEST(snmp_lines_that_do_not_match)
{
	struct counters counters = parse(counters_parse_snmp, "Ip: A B C\n"
							      "Ip: 1 2\n" /* fewer values */
							      "Icmp: A\n"
							      "Icmp: 1 2 3\n" /* more values */
							      "Lost: A B\n"   /* no values */
							      "Tcp: A B C\n"
							      "Tcp: 1 x 99999999999999999999\n"
							      "Udp: A B\n"
							      "garbage\n"
							      "Udp: 7 8\n"
							      "Cut: A B\n");

	ck_assert_uint_eq(counters.len, 6);
	expect(&counters, "Ip.A", 1);
	expect(&counters, "Ip.B", 2);
	expect(&counters, "Icmp.A", 1);
	expect(&counters, "Tcp.A", 1);
	expect(&counters, "Udp.A", 7);
	expect(&counters, "Udp.B", 8);
	expect_none(&counters, "Tcp.B");
	counters_free(&counters);
}
END_TEST

START_TEST(pressure)
{
	struct counters counters = parse(counters_parse_pressure,
					 "some avg10=0.34 avg60=12.79 avg300=0.29 total=6682923\n"
					 "full avg10=100.00 avg60=x avg300=1e9 total=-\n");

	ck_assert_uint_eq(counters.len, 5);
	expect(&counters, "some.avg10", 34);
	expect(&counters, "some.avg60", 1279);
	expect(&counters, "some.avg300", 29);
	expect(&counters, "some.total", 6682923);
	expect(&counters, "full.avg10", 10000);
	expect_none(&counters, "full.total");
	counters_free(&counters);
}
END_TEST

START_TEST(hostile_names)
{
	struct counters counters = { .len = 3 };
	struct str long_name = { 0 };
	static const char nul[] = "a\0b 1\n\033[2J 2\n";

	ck_assert_int_eq(counters_parse_pairs(nul, sizeof(nul) - 1, &counters), -EBADMSG);
	ck_assert_uint_eq(counters.len, 3);
	for (int i = 0; i < 200; i++)
		str_append_char(&long_name, 'x');
	str_append(&long_name, " 1\n");
	ck_assert_int_eq(counters_parse_pairs(long_name.data, long_name.len, &counters), -EBADMSG);
	ck_assert_int_eq(counters_parse_meminfo(long_name.data, long_name.len, &counters),
			 -EBADMSG);
	ck_assert_int_eq(counters_parse_snmp("", 0, &counters), -EBADMSG);
	ck_assert_int_eq(counters_parse_pressure("\n", 1, &counters), -EBADMSG);
	str_free(&long_name);
}
END_TEST

static struct counters parse_live(parse_fn *fn, const char *path)
{
	struct procroot *root = NULL;
	struct counters counters;
	struct str text = { 0 };

	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	ck_assert_int_eq(procroot_read(root, path, &text), 0);
	ck_assert_int_eq(fn(text.data, text.len, &counters), 0);
	str_free(&text);
	procroot_free(root);
	return counters;
}

START_TEST(this_host)
{
	struct counters counters = parse_live(counters_parse_meminfo, "proc/meminfo");
	int64_t value;

	ck_assert(counters_get(&counters, "MemTotal", &value));
	ck_assert_int_eq(value / 4096, sysconf(_SC_PHYS_PAGES));
	counters_free(&counters);
	counters = parse_live(counters_parse_pairs, "proc/vmstat");
	ck_assert(counters_get(&counters, "pgfault", &value));
	ck_assert_int_gt(value, 0);
	counters_free(&counters);
	counters = parse_live(counters_parse_snmp, "proc/net/snmp");
	ck_assert(counters_get(&counters, "Tcp.OutSegs", &value));
	counters_free(&counters);
	counters = parse_live(counters_parse_snmp, "proc/net/netstat");
	ck_assert(counters_get(&counters, "TcpExt.ListenDrops", &value));
	counters_free(&counters);
}
END_TEST

static Suite *proc_counters_suite(void)
{
	Suite *suite = suite_create("proc_counters");
	TCase *tests = tcase_create("core");

	tcase_add_test(tests, pairs);
	tcase_add_test(tests, meminfo);
	tcase_add_test(tests, snmp);
	tcase_add_test(tests, snmp_lines_that_do_not_match);
	tcase_add_test(tests, pressure);
	tcase_add_test(tests, hostile_names);
	tcase_add_test(tests, this_host);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(proc_counters_suite());
}
