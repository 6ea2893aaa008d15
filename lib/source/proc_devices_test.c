/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/proc_devices.h"

#include "base/str.h"
#include "base/testing.h"
#include "source/procroot.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(net_device_lines)
{
	const char *text =
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|"
		"bytes    packets errs drop "
		"fifo colls carrier compressed\n"
		"    lo:    3267      29    0    0    0     0          0         0 "
		"3267 29 0 0 0 0"
		"       0          0\n"
		"  eth0:167719335    3016    1    2    3     4          5         6 "
		"127967 1828 7 8 9 "
		"10      11         12\n"
		"  cut0: 1 2 3\n"
		"  a_name_that_is_longer_than_the_kernel_allows: 1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8\n";
	struct net_devices devices;

	ck_assert_int_eq(net_devices_parse(text, strlen(text), &devices), 0);
	ck_assert_uint_eq(devices.len, 2);
	ck_assert_str_eq(devices.data[0].name, "lo");
	ck_assert_str_eq(devices.data[1].name, "eth0");
	ck_assert_uint_eq(devices.data[1].rx_bytes, 167719335);
	ck_assert_uint_eq(devices.data[1].rx_packets, 3016);
	ck_assert_uint_eq(devices.data[1].rx_drops, 5);
	ck_assert_uint_eq(devices.data[1].tx_bytes, 127967);
	ck_assert_uint_eq(devices.data[1].tx_packets, 1828);
	ck_assert_uint_eq(devices.data[1].tx_drops, 17);
	net_devices_free(&devices);
	net_devices_free(&devices);
	net_devices_free(NULL);
}
END_TEST

START_TEST(disk_lines)
{
	const char *text =
		" 254       0 vda 31901 9447 2554882 14980 7261 6686 1099648 4762 2 9732 20921 "
		"5578 11 159952 "
		"1137 985 41\n"
		"   8       1 sda1 1 2 3 4 5 6 7 8 9 10 11\n"
		"   8       2 sda2 1 2 3 4\n"
		"\n";
	struct disks disks;

	ck_assert_int_eq(disks_parse(text, strlen(text), &disks), 0);
	ck_assert_uint_eq(disks.len, 2);
	ck_assert_str_eq(disks.data[0].name, "vda");
	ck_assert_uint_eq(disks.data[0].reads, 31901);
	ck_assert_uint_eq(disks.data[0].read_sectors, 2554882);
	ck_assert_uint_eq(disks.data[0].read_ms, 14980);
	ck_assert_uint_eq(disks.data[0].writes, 7261);
	ck_assert_uint_eq(disks.data[0].write_sectors, 1099648);
	ck_assert_uint_eq(disks.data[0].write_ms, 4762);
	ck_assert_uint_eq(disks.data[0].in_flight, 2);
	ck_assert_uint_eq(disks.data[0].busy_ms, 9732);
	ck_assert_uint_eq(disks.data[0].weighted_ms, 20921);
	ck_assert_uint_eq(disks.data[1].weighted_ms, 11);
	disks_free(&disks);
	disks_free(NULL);
}
END_TEST

START_TEST(nothing_that_fits)
{
	static const char nul[] = "8 0 s\0a 1 2 3 4 5 6 7 8 9 10 11\n";
	struct net_devices devices = { .len = 3 };
	struct disks disks = { .len = 3 };

	ck_assert_int_eq(net_devices_parse("", 0, &devices), -EBADMSG);
	ck_assert_int_eq(net_devices_parse("a: 1\n", 5, &devices), -EBADMSG);
	ck_assert_int_eq(disks_parse("a b c\n", 6, &disks), -EBADMSG);
	ck_assert_int_eq(disks_parse(nul, sizeof(nul) - 1, &disks), -EBADMSG);
	ck_assert_uint_eq(devices.len, 3);
	ck_assert_uint_eq(disks.len, 3);
	/* a host without disks */
	ck_assert_int_eq(disks_parse("", 0, &disks), 0);
	ck_assert_uint_eq(disks.len, 0);
}
END_TEST

START_TEST(this_host)
{
	struct procroot *root = NULL;
	struct net_devices devices;
	struct disks disks;
	struct str text = { 0 };

	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	ck_assert_int_eq(procroot_read(root, "proc/net/dev", &text), 0);
	ck_assert_int_eq(net_devices_parse(text.data, text.len, &devices), 0);
	ck_assert_uint_ge(devices.len, 1);
	net_devices_free(&devices);
	ck_assert_int_eq(procroot_read(root, "proc/diskstats", &text), 0);
	ck_assert_int_eq(disks_parse(text.data, text.len, &disks), 0);
	disks_free(&disks);
	str_free(&text);
	procroot_free(root);
}
END_TEST

static Suite *proc_devices_suite(void)
{
	Suite *suite = suite_create("proc_devices");
	TCase *tests = tcase_create("core");

	tcase_add_test(tests, net_device_lines);
	tcase_add_test(tests, disk_lines);
	tcase_add_test(tests, nothing_that_fits);
	tcase_add_test(tests, this_host);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(proc_devices_suite());
}
