/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/proc_irq.h"

#include "base/testing.h"
#include "source/procroot.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct irq_table parse(const char *text)
{
	struct irq_table table;

	ck_assert_int_eq(irq_table_parse(text, strlen(text), &table), 0);
	return table;
}

START_TEST(interrupts)
{
	struct irq_table table =
		parse("           CPU0       CPU2       \n"
		      " 24:          1          0  IO-APIC   5-edge      ACPI:Ged\n"
		      " 41:       1627         12 PCI-MSIX-0000:00:04.0   1-edge      virtio3-rx\n"
		      "LOC:      25614      18693   Local timer interrupts\n"
		      "ERR:          3\n"
		      "TRM:          0          0   Thermal event interrupts\n");

	ck_assert_uint_eq(table.columns, 2);
	ck_assert_int_eq(table.cpus[0], 0);
	ck_assert_int_eq(table.cpus[1], 2);
	ck_assert_uint_eq(table.len, 5);
	ck_assert_str_eq(table.lines[0].device, "ACPI:Ged");
	ck_assert_str_eq(table.lines[1].name, "41");
	ck_assert_str_eq(table.lines[1].device, "virtio3-rx");
	ck_assert_uint_eq(table.lines[1].counts[0], 1627);
	ck_assert_uint_eq(table.lines[1].counts[1], 12);
	ck_assert_str_eq(table.lines[2].name, "LOC");
	ck_assert_str_eq(table.lines[2].device, "Local timer interrupts");
	ck_assert_uint_eq(table.lines[2].counts[1], 18693);
	ck_assert_str_eq(table.lines[3].name, "ERR");
	ck_assert_str_eq(table.lines[3].device, "");
	ck_assert_uint_eq(table.lines[3].counts[0], 3);
	ck_assert_uint_eq(table.lines[3].counts[1], 0);
	irq_table_free(&table);
	ck_assert_uint_eq(table.len, 0);
	irq_table_free(NULL);
}
END_TEST

START_TEST(devices)
{
	static const struct {
		const char *text;
		const char *device;
	} cases[] = {
		{ "IO-APIC   2-edge      timer", "timer" },
		{ "PCI-MSIX-0000:00:04.0   1-edge      virtio3-rx", "virtio3-rx" },
		{ "IR-IO-APIC    9-fasteoi   acpi", "acpi" },
		{ "IR-PCI-MSI 524288-edge      eth0-TxRx-0", "eth0-TxRx-0" },
		{ "PCI-MSI-edge      eth0-TxRx-0", "eth0-TxRx-0" },
		{ "IO-APIC-edge      rtc0", "rtc0" },
		{ "IO-APIC  16-fasteoi   ehci_hcd:usb1, i801_smbus", "ehci_hcd:usb1, i801_smbus" },
		{ "GICv3  27 Level     arch_timer", "arch_timer" },
		{ "GICv2  79 Edge      xhci-hcd:usb1", "xhci-hcd:usb1" },
		{ "ITS-MSI 16384 Edge      nvme0q0", "nvme0q0" },
		{ "ITS-PCI-MSI-0000:01:00.0   0 Edge      mlx5 async", "mlx5 async" },
		{ "SiFive PLIC   5 Edge      virtio0", "virtio0" },
		{ "OPAL EVT   0 Level     hvc_console", "hvc_console" },
		{ "XICS 4101 Level     eth0", "eth0" },
		{ "xen-percpu    -virq      timer0", "timer0" },
		{ "xen-pirq    -ioapic-edge  i8042", "i8042" },
		{ "xen-dyn-event     eth0-q0-tx", "eth0-q0-tx" },
		{ "IO-APIC   8-edge", "" },
		{ "IO-APIC   8-edge      2-wire sensor", "2-wire sensor" },
		{ "None", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str text = { 0 };
		struct irq_table table;

		str_format(&text, "  CPU0 CPU1\n 7:  1  2  %s\n", cases[i].text);
		table = parse(text.data);
		ck_assert_uint_eq(table.len, 1);
		ck_assert_msg(strcmp(table.lines[0].device, cases[i].device) == 0, "'%s' gave '%s'",
			      cases[i].text, table.lines[0].device);
		irq_table_free(&table);
		str_free(&text);
	}
}
END_TEST

START_TEST(softirqs)
{
	struct irq_table table = parse("                    CPU0       CPU1       \n"
				       "          HI:          0          0\n"
				       "      NET_RX:       1619       2135\n");

	ck_assert_uint_eq(table.len, 2);
	ck_assert_str_eq(table.lines[1].name, "NET_RX");
	ck_assert_str_eq(table.lines[1].device, "");
	ck_assert_uint_eq(table.lines[1].counts[1], 2135);
	irq_table_free(&table);
}
END_TEST

START_TEST(lookups)
{
	struct irq_table table = parse("CPU0 CPU2\n NET_TX: 1 2\n NET_RX: 3 4\n");
	struct irq_table empty = { 0 };
	uint64_t count = 42;

	ck_assert_ptr_eq(irq_table_find(&table, "NET_RX"), &table.lines[1]);
	ck_assert_ptr_null(irq_table_find(&table, "NET"));
	ck_assert(!irq_table_get(&table, "NET_RX", 1, &count));
	ck_assert(!irq_table_get(&table, "BLOCK", 0, &count));
	ck_assert(!irq_table_get(&empty, "NET_RX", 0, &count));
	ck_assert_uint_eq(count, 42);
	ck_assert(irq_table_get(&table, "NET_RX", 2, &count));
	ck_assert_uint_eq(count, 4);
	irq_table_free(&table);
}
END_TEST

START_TEST(odd_lines)
{
	struct irq_table table = parse("CPU0 CPU1 CPU2\n"
				       " 5: 1 2\n"
				       " 6: 1 2 3 4 5\n"
				       " : 1 2 3\n"
				       " no colon\n"
				       " 9: none\n"
				       " A_NAME_THAT_IS_FAR_TOO_LONG_FOR_THE_FIELD: 1\n"
				       "10: 99999999999999999999 1 2 x");

	ck_assert_uint_eq(table.len, 3);
	ck_assert_uint_eq(table.lines[0].counts[1], 2);
	ck_assert_uint_eq(table.lines[0].counts[2], 0);
	ck_assert_uint_eq(table.lines[1].counts[2], 3);
	ck_assert_uint_eq(strlen(table.lines[2].name), sizeof(table.lines[2].name) - 1);
	irq_table_free(&table);
}
END_TEST

START_TEST(no_header)
{
	const char *const bad[] = { "",		  "\n",		"5: 1 2\n", "CPU\n", "CPU0 CPUx\n",
				    "CPU70000\n", "CPU0 5: 1\n" };
	struct irq_table table = { .len = 9 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(irq_table_parse(bad[i], strlen(bad[i]), &table), -EBADMSG);
	ck_assert_uint_eq(table.len, 9);
}
END_TEST

START_TEST(short_lines_do_not_multiply)
{
	struct irq_table table = { .len = 9 };
	struct str text = { 0 };

	for (int i = 0; i < 8192; i++)
		str_format(&text, "CPU%d ", i);
	for (int i = 0; i < 100000; i++)
		str_append(&text, "\na:1");
	ck_assert_int_eq(irq_table_parse(text.data, text.len, &table), -E2BIG);
	str_free(&text);
	for (int i = 0; i < 8193; i++)
		str_format(&text, "CPU%d ", i);
	ck_assert_int_eq(irq_table_parse(text.data, text.len, &table), -EBADMSG);
	ck_assert_uint_eq(table.len, 9);
	str_free(&text);
}
END_TEST

START_TEST(softnet_lines)
{
	const char *now =
		"00000015 00000001 0000000a 00000000 00000000 00000000 00000000 00000000 00000000 "
		"00000000 00000000 00000000 00000000 00000000 00000000\n"
		"00000bd0 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
		"00000000 00000000 00000000 00000003 00000000 00000000\n";
	const char *old = "000000ff 00000000 00000002 0 0 0 0 0 0 00000000\n"
			  "0000000f 00000000 00000000 0 0 0 0 0 0 00000000\n"
			  "cut 1\n";
	struct softnet softnet;

	ck_assert_int_eq(softnet_parse(now, strlen(now), &softnet), 0);
	ck_assert_uint_eq(softnet.len, 2);
	ck_assert_uint_eq(softnet.data[0].processed, 0x15);
	ck_assert_uint_eq(softnet.data[0].dropped, 1);
	ck_assert_uint_eq(softnet.data[0].squeezed, 10);
	ck_assert_int_eq(softnet.data[1].cpu, 3);
	softnet_free(&softnet);
	ck_assert_int_eq(softnet_parse(old, strlen(old), &softnet), 0);
	ck_assert_uint_eq(softnet.len, 2);
	ck_assert_int_eq(softnet.data[1].cpu, 1);
	ck_assert_uint_eq(softnet.data[1].processed, 15);
	softnet_free(&softnet);
	ck_assert_int_eq(softnet_parse("1 2\n", 4, &softnet), -EBADMSG);
	softnet_free(NULL);
}
END_TEST

START_TEST(this_host)
{
	const char *const paths[] = { "proc/interrupts", "proc/softirqs" };
	const char *const names[] = { "LOC", "NET_RX" };
	struct procroot *root = NULL;
	struct irq_table table;
	struct softnet softnet;
	struct str text = { 0 };

	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	for (int i = 0; i < 2; i++) {
		bool found = false;

		ck_assert_int_eq(procroot_read(root, paths[i], &text), 0);
		ck_assert_int_eq(irq_table_parse(text.data, text.len, &table), 0);
		ck_assert_int_eq((long)table.columns, sysconf(_SC_NPROCESSORS_ONLN));
		for (size_t j = 0; j < table.len; j++)
			found |= strcmp(table.lines[j].name, names[i]) == 0;
#if !defined(__x86_64__)
		found |= i == 0;
#endif
		ck_assert(found);
		irq_table_free(&table);
	}
	ck_assert_int_eq(procroot_read(root, "proc/net/softnet_stat", &text), 0);
	ck_assert_int_eq(softnet_parse(text.data, text.len, &softnet), 0);
	ck_assert_int_eq((long)softnet.len, sysconf(_SC_NPROCESSORS_ONLN));
	softnet_free(&softnet);
	str_free(&text);
	procroot_free(root);
}
END_TEST

static Suite *proc_irq_suite(void)
{
	Suite *suite = suite_create("proc_irq");
	TCase *tests = tcase_create("core");

	tcase_add_test(tests, interrupts);
	tcase_add_test(tests, devices);
	tcase_add_test(tests, softirqs);
	tcase_add_test(tests, lookups);
	tcase_add_test(tests, odd_lines);
	tcase_add_test(tests, no_header);
	tcase_add_test(tests, short_lines_do_not_multiply);
	tcase_add_test(tests, softnet_lines);
	tcase_add_test(tests, this_host);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(proc_irq_suite());
}
