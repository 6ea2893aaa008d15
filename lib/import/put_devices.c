/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/gather.h"

#include <errno.h>
#include <string.h>

static double average(double sum, double count)
{
	return count > 0 ? sum / count : NAN;
}

static int put_disk(struct evidence *evidence, const struct disk_sample *disk)
{
	int row = evidence_add_row(evidence, TABLE_vmstat_disks);
	double n = disk->count;

	if (row < 0)
		return row;
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_reads_per_s, disk->reads / n);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_writes_per_s, disk->writes / n);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_read_bytes_per_s,
			  disk->read_bytes / n);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_write_bytes_per_s,
			  disk->write_bytes / n);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_await_ms,
			  average(disk->wait_ms, disk->reads + disk->writes));
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_read_await_ms,
			  average(disk->read_wait_ms, disk->reads));
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_write_await_ms,
			  average(disk->write_wait_ms, disk->writes));
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_queue, disk->queue / n);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_util_pct,
			  fmin(100, disk->util_pct / n));
	return evidence_set_cell_text(evidence, row, COLUMN_vmstat_disks_name, disk->name);
}

/* The first of several reports is of the time since boot. */
static int sum_reports(const struct import *import, struct disk_samples *ret)
{
	size_t count = import->iostat_reports.len;
	int r = 0;

	for (size_t i = count > 1 ? 1 : 0; i < count && r == 0; i++)
		vec_each(disk, &import->iostat_reports.data[i].disks)
			if (r == 0)
				r = import_add_disk(ret, disk);
	return r;
}

static int put_disks(struct import *import)
{
	double util_pct = NAN, await_ms = NAN;
	struct disk_samples disks = { 0 };
	int r = sum_reports(import, &disks);

	evidence_mark_table(import->evidence, TABLE_vmstat_disks);
	vec_each(disk, &disks) {
		util_pct = fmax(util_pct, fmin(100, disk->util_pct / disk->count));
		await_ms = fmax(await_ms, average(disk->wait_ms, disk->reads + disk->writes));
		if (r == 0 && disk->reads + disk->writes > 0)
			r = put_disk(import->evidence, disk);
	}
	evidence_set(import->evidence, METRIC_vmstat_disk_util_max_pct, util_pct);
	evidence_set(import->evidence, METRIC_vmstat_disk_await_max_ms, await_ms);
	if (import->iostat_reports.len == 1)
		evidence_add_caveat(
			import->evidence,
			"iostat printed one report: if it is the first one it is of the time since "
			"boot; iostat -x 1 3 tells");
	vec_free(&disks);
	return r;
}

static int put_nic(struct evidence *evidence, const struct nic_sample *nic)
{
	int row = evidence_add_row(evidence, TABLE_vmstat_nics);
	double n = nic->count ? nic->count : NAN, drops = nic->drops_count ? nic->drops_count : NAN;

	if (row < 0)
		return row;
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_rx_packets_per_s, nic->rx_packets / n);
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_tx_packets_per_s, nic->tx_packets / n);
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_rx_bytes_per_s, nic->rx_bytes / n);
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_tx_bytes_per_s, nic->tx_bytes / n);
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_rx_drops_per_s, nic->rx_drops / drops);
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_tx_drops_per_s, nic->tx_drops / drops);
	return evidence_set_cell_text(evidence, row, COLUMN_vmstat_nics_name, nic->name);
}

static int put_nics(struct import *import)
{
	double rx = 0, tx = 0, drops = 0;
	int r = 0;

	evidence_mark_table(import->evidence, TABLE_vmstat_nics);
	vec_each(nic, &import->nics) {
		double n = nic->count ? nic->count : NAN;

		rx += nic->rx_packets / n;
		tx += nic->tx_packets / n;
		drops += (nic->rx_drops + nic->tx_drops) /
			 (nic->drops_count ? nic->drops_count : NAN);
		if (r == 0 && nic->rx_packets + nic->tx_packets + nic->rx_drops + nic->tx_drops > 0)
			r = put_nic(import->evidence, nic);
	}
	evidence_set(import->evidence, METRIC_vmstat_rx_packets_per_s, rx);
	evidence_set(import->evidence, METRIC_vmstat_tx_packets_per_s, tx);
	evidence_set(import->evidence, METRIC_vmstat_nic_drops_per_s, drops);
	return r;
}

int import_put_devices(struct import *import)
{
	int r = import->iostat_reports.len ? put_disks(import) : 0;

	return r == 0 && import->nics.len ? put_nics(import) : r;
}
