/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mpstat, sar and iostat, as text:
 *
 *   06:43:12     CPU    %usr   %nice    %sys %iowait    %irq   %soft  %steal  %guest  %gnice   %idle
 *   06:43:13     all    0.00    0.00    0.50    0.00    0.00    0.00    0.00    0.00    0.00   99.50
 *
 *   Device:  rrqm/s wrqm/s r/s  w/s  rkB/s wkB/s avgrq-sz avgqu-sz await r_await w_await svctm %util
 *   Device   r/s rkB/s rrqm/s %rrqm r_await rareq-sz w/s wkB/s ... aqu-sz %util
 */
#include "import/kinds.h"

#include "import/table.h"

#include <errno.h>
#include <string.h>

#define KIB 1024
#define SECTOR 512
#define REPORTS_MAX 4096

typedef int row_fn(struct import *import, const struct text_table *table,
		   const struct text_row *row);

/* A table whose rows `take` reads; blank lines and repeated headers between belong to the next. */
static int take_table(struct import *import, const struct span *lines, size_t count,
		      const char *first, const char *needed, row_fn *take)
{
	struct text_table table;
	size_t at = table_header(lines, count, first, needed, &table), n;
	struct text_row row;
	int r = 0;

	if (!at)
		return 0;
	while (at < count && r >= 0 && (n = table_row(&table, lines + at, count - at, &row))) {
		r = take(import, &table, &row);
		if (r > 0)
			break;
		at += n;
	}
	return r < 0 ? r : (int)at;
}

static double number_of(const struct text_table *table, const struct text_row *row, const char *a,
			const char *b)
{
	double value = table_number(table, row, a);

	return isnan(value) ? table_number(table, row, b) : value;
}

/* ---- CPU shares ---------------------------------------------------------------------------------- */

static struct cpu_parts parts_of(const struct text_table *table, const struct text_row *row)
{
	double guest_nice = table_number(table, row, "%gnice");
	struct cpu_parts parts = {
		.us = number_of(table, row, "%usr", "%user"),
		.ni = table_number(table, row, "%nice"),
		.sy = number_of(table, row, "%sys", "%system"),
		.id = table_number(table, row, "%idle"),
		.wa = table_number(table, row, "%iowait"),
		.hi = table_number(table, row, "%irq"),
		.si = table_number(table, row, "%soft"),
		.st = table_number(table, row, "%steal"),
		.guest = table_number(table, row, "%guest"),
	};

	parts.guest += isnan(guest_nice) ? 0 : guest_nice;
	return parts;
}

static int take_cpu_row(struct import *import, const struct text_table *table,
			const struct text_row *row)
{
	bool mpstat = words_find(&table->columns, 0, "%soft") >= 0;
	struct span name = table_cell(table, row, "CPU");
	struct cpu_parts parts = parts_of(table, row);
	long cpu = -1;

	if (!span_is(name, "all") && !word_id(name, &cpu))
		return 1;
	return import_add_cpu(import, mpstat ? TOLD_BY_MPSTAT : TOLD_BY_SAR,
			      cpu < 8192 ? (int)cpu : 8192, &parts);
}

static int take_mpstat(struct import *import, const struct span *lines, size_t count)
{
	return take_table(import, lines, count, "CPU", "%soft", take_cpu_row);
}

static int take_sar_u(struct import *import, const struct span *lines, size_t count)
{
	return take_table(import, lines, count, "CPU", "%idle", take_cpu_row);
}

const struct text_kind kind_mpstat = { .name = "mpstat",
				       .stage = STAGE_vmstat,
				       .take = take_mpstat };
const struct text_kind kind_sar_u = { .name = "sar -u", .stage = STAGE_vmstat, .take = take_sar_u };

/* ---- queue, switches ----------------------------------------------------------------------------- */

static int take_queue_row(struct import *import, const struct text_table *table,
			  const struct text_row *row)
{
	told_set(&import->host[HOST_R], TOLD_BY_IOSTAT, table_number(table, row, "runq-sz"));
	told_set(&import->host[HOST_B], TOLD_BY_IOSTAT, table_number(table, row, "blocked"));
	told_set(&import->host[HOST_TASKS], TOLD_BY_SAR, table_number(table, row, "plist-sz"));
	told_set(&import->host[HOST_LOAD1], TOLD_BY_SAR, table_number(table, row, "ldavg-1"));
	told_set(&import->host[HOST_LOAD5], TOLD_BY_SAR, table_number(table, row, "ldavg-5"));
	told_set(&import->host[HOST_LOAD15], TOLD_BY_SAR, table_number(table, row, "ldavg-15"));
	return 0;
}

static int take_sar_q(struct import *import, const struct span *lines, size_t count)
{
	return take_table(import, lines, count, "runq-sz", "ldavg-1", take_queue_row);
}

static int take_switch_row(struct import *import, const struct text_table *table,
			   const struct text_row *row)
{
	told_set(&import->host[HOST_SWITCHES], TOLD_BY_SAR, table_number(table, row, "cswch/s"));
	told_set(&import->host[HOST_FORKS], TOLD_BY_SAR, table_number(table, row, "proc/s"));
	return 0;
}

static int take_sar_w(struct import *import, const struct span *lines, size_t count)
{
	return take_table(import, lines, count, "proc/s", "cswch/s", take_switch_row);
}

const struct text_kind kind_sar_q = { .name = "sar -q", .stage = STAGE_vmstat, .take = take_sar_q };
const struct text_kind kind_sar_w = { .name = "sar -w", .stage = STAGE_vmstat, .take = take_sar_w };

/* ---- interfaces ---------------------------------------------------------------------------------- */

static int take_dev_row(struct import *import, const struct text_table *table,
			const struct text_row *row)
{
	bool bytes = words_find(&table->columns, 0, "rxbyt/s") >= 0;
	double unit = bytes ? 1 : KIB;
	struct nic_sample nic = {
		.count = 1,
		.rx_packets = table_number(table, row, "rxpck/s"),
		.tx_packets = table_number(table, row, "txpck/s"),
		.rx_bytes = unit * table_number(table, row, bytes ? "rxbyt/s" : "rxkB/s"),
		.tx_bytes = unit * table_number(table, row, bytes ? "txbyt/s" : "txkB/s"),
	};

	if (isnan(nic.rx_packets) || isnan(nic.tx_packets))
		return 1;
	span_copy(table_cell(table, row, "IFACE"), nic.name, sizeof(nic.name));
	return row->average ? 0 : import_add_nic(&import->nics, &nic);
}

static int take_sar_dev(struct import *import, const struct span *lines, size_t count)
{
	return take_table(import, lines, count, "IFACE", "rxpck/s", take_dev_row);
}

static int take_edev_row(struct import *import, const struct text_table *table,
			 const struct text_row *row)
{
	struct nic_sample nic = {
		.drops_count = 1,
		.rx_drops = table_number(table, row, "rxdrop/s"),
		.tx_drops = table_number(table, row, "txdrop/s"),
	};

	if (isnan(nic.rx_drops) || isnan(nic.tx_drops))
		return 1;
	span_copy(table_cell(table, row, "IFACE"), nic.name, sizeof(nic.name));
	return row->average ? 0 : import_add_nic(&import->nics, &nic);
}

static int take_sar_edev(struct import *import, const struct span *lines, size_t count)
{
	return take_table(import, lines, count, "IFACE", "rxdrop/s", take_edev_row);
}

const struct text_kind kind_sar_dev = { .name = "sar -n DEV",
					.stage = STAGE_vmstat,
					.take = take_sar_dev };
const struct text_kind kind_sar_edev = { .name = "sar -n EDEV",
					 .stage = STAGE_vmstat,
					 .take = take_sar_edev };

/* ---- iostat -------------------------------------------------------------------------------------- */

static int take_avg_cpu(struct import *import, const struct span *lines, size_t count)
{
	struct text_table table;
	size_t at = table_header(lines, count, "avg-cpu:", "%idle", &table), blank, n;
	struct cpu_parts parts;
	struct text_row row;
	int r;

	if (!at)
		return 0;
	/* the name is no column: the row has values only */
	memmove(table.columns.at, table.columns.at + 1,
		(table.columns.count - 1) * sizeof(table.columns.at[0]));
	table.columns.count--;
	blank = lines_blank(lines + at, count - at);
	if (at + blank >= count)
		return (int)at;
	n = table_row(&table, lines + at + blank, count - at - blank, &row);
	if (!n)
		return (int)at;
	parts = parts_of(&table, &row);
	/* the first report is of the time since boot: the next ones replace it */
	if (!import->iostat_reports.len)
		r = import_add_cpu(import, TOLD_SINCE_BOOT, -1, &parts);
	else
		r = import_add_cpu(import, TOLD_BY_IOSTAT, -1, &parts);
	return r < 0 ? r : (int)(at + blank + n);
}

const struct text_kind kind_iostat_cpu = { .name = "iostat -c",
					   .stage = STAGE_vmstat,
					   .take = take_avg_cpu };

static double known(double value)
{
	return isnan(value) ? 0 : value;
}

static struct disk_sample disk_of(const struct text_table *table, const struct text_row *row)
{
	bool sectors = words_find(&table->columns, 0, "rsec/s") >= 0;
	double unit = sectors ? SECTOR : KIB, await = table_number(table, row, "await");
	struct disk_sample disk = {
		.count = 1,
		.reads = table_number(table, row, "r/s"),
		.writes = table_number(table, row, "w/s"),
		.read_bytes = unit * table_number(table, row, sectors ? "rsec/s" : "rkB/s"),
		.write_bytes = unit * table_number(table, row, sectors ? "wsec/s" : "wkB/s"),
		.queue = number_of(table, row, "aqu-sz", "avgqu-sz"),
		.util_pct = table_number(table, row, "%util"),
	};

	disk.read_wait_ms = known(table_number(table, row, "r_await")) * disk.reads;
	disk.write_wait_ms = known(table_number(table, row, "w_await")) * disk.writes;
	disk.wait_ms = isnan(await) ? disk.read_wait_ms + disk.write_wait_ms :
				      await * (disk.reads + disk.writes);
	return disk;
}

static int add_disk_row(struct import *import, const struct text_table *table,
			const struct text_row *row)
{
	struct iostat_report *report =
		vec_at(&import->iostat_reports, import->iostat_reports.len - 1);
	struct disk_sample disk = disk_of(table, row);

	if (isnan(disk.reads + disk.writes + disk.util_pct))
		return 1;
	span_copy(row->cells.at[0], disk.name, sizeof(disk.name));
	return import_add_disk(&report->disks, &disk);
}

static int take_iostat(struct import *import, const struct span *lines, size_t count)
{
	struct iostat_report fresh = { 0 };
	bool colon = line_has(lines[0], "Device:");

	if (!line_has(lines[0], "Device") || import->iostat_reports.len >= REPORTS_MAX ||
	    !line_has(lines[0], "r/s"))
		return 0;
	if (vec_push(&import->iostat_reports, fresh) < 0)
		return -ENOMEM;
	return take_table(import, lines, count, colon ? "Device:" : "Device", "%util",
			  add_disk_row);
}

const struct text_kind kind_iostat = { .name = "iostat -x",
				       .stage = STAGE_vmstat,
				       .take = take_iostat };
