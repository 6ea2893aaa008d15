/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/snapshot.h"

#include "evidence/evidence.h"
#include "model/disk.h"
#include "model/rates.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static const struct net_device *find_nic(const struct net_devices *nics, const char *name)
{
	for (size_t i = 0; i < nics->len; i++)
		if (strcmp(nics->data[i].name, name) == 0)
			return &nics->data[i];
	return NULL;
}

struct nic_rates {
	double rx_packets, tx_packets, rx_bytes, tx_bytes, rx_drops, tx_drops;
};

static struct nic_rates nic_rates(const struct net_device *before, const struct net_device *after,
				  uint64_t elapsed_ns)
{
	return (struct nic_rates){
		.rx_packets = rate_per_s(before->rx_packets, after->rx_packets, elapsed_ns),
		.tx_packets = rate_per_s(before->tx_packets, after->tx_packets, elapsed_ns),
		.rx_bytes = rate_per_s(before->rx_bytes, after->rx_bytes, elapsed_ns),
		.tx_bytes = rate_per_s(before->tx_bytes, after->tx_bytes, elapsed_ns),
		.rx_drops = rate_per_s(before->rx_drops, after->rx_drops, elapsed_ns),
		.tx_drops = rate_per_s(before->tx_drops, after->tx_drops, elapsed_ns),
	};
}

static int put_nic(struct evidence *evidence, const char *name, const struct nic_rates *rates)
{
	int row = evidence_add_row(evidence, TABLE_vmstat_nics);

	if (row < 0)
		return row;
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_rx_packets_per_s, rates->rx_packets);
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_tx_packets_per_s, rates->tx_packets);
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_rx_bytes_per_s, rates->rx_bytes);
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_tx_bytes_per_s, rates->tx_bytes);
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_rx_drops_per_s, rates->rx_drops);
	evidence_set_cell(evidence, row, COLUMN_vmstat_nics_tx_drops_per_s, rates->tx_drops);
	return evidence_set_cell_text(evidence, row, COLUMN_vmstat_nics_name, name);
}

static int put_nics(const struct interval *interval, struct evidence *evidence)
{
	double rx = 0, tx = 0, drops = 0;
	int r = 0;

	evidence_mark_table(evidence, TABLE_vmstat_nics);
	for (size_t i = 0; i < interval->after->nics.len && r == 0; i++) {
		const struct net_device *after = &interval->after->nics.data[i];
		const struct net_device *before = find_nic(&interval->before->nics, after->name);
		struct nic_rates rates;

		if (!before)
			continue;
		rates = nic_rates(before, after, interval->elapsed_ns);
		if (!(rates.rx_packets + rates.tx_packets + rates.rx_drops + rates.tx_drops > 0))
			continue;
		rx += rates.rx_packets;
		tx += rates.tx_packets;
		drops += rates.rx_drops + rates.tx_drops;
		r = put_nic(evidence, after->name, &rates);
	}
	evidence_set(evidence, METRIC_vmstat_rx_packets_per_s, rx);
	evidence_set(evidence, METRIC_vmstat_tx_packets_per_s, tx);
	evidence_set(evidence, METRIC_vmstat_nic_drops_per_s, drops);
	return r;
}

static struct softnet_cpu softnet_sum(const struct softnet *softnet)
{
	struct softnet_cpu sum = { .cpu = -1 };

	for (size_t i = 0; i < softnet->len; i++) {
		sum.processed += softnet->data[i].processed;
		sum.dropped += softnet->data[i].dropped;
		sum.squeezed += softnet->data[i].squeezed;
	}
	return sum;
}

static void put_softnet(const struct interval *interval, struct evidence *evidence)
{
	struct softnet_cpu before = softnet_sum(&interval->before->softnet);
	struct softnet_cpu after = softnet_sum(&interval->after->softnet);
	uint64_t elapsed_ns = interval->elapsed_ns;

	evidence_set(evidence, METRIC_vmstat_softnet_processed_per_s,
		     rate_per_s(before.processed, after.processed, elapsed_ns));
	evidence_set(evidence, METRIC_vmstat_softnet_dropped_per_s,
		     rate_per_s(before.dropped, after.dropped, elapsed_ns));
	evidence_set(evidence, METRIC_vmstat_softnet_squeezed_per_s,
		     rate_per_s(before.squeezed, after.squeezed, elapsed_ns));
}

static const struct disk_counters *find_disk(const struct disks *disks, const char *name)
{
	for (size_t i = 0; i < disks->len; i++)
		if (strcmp(disks->data[i].name, name) == 0)
			return &disks->data[i];
	return NULL;
}

static bool is_partition(const struct disks *disks, const char *name)
{
	for (size_t i = 0; i < disks->len; i++)
		if (disk_is_partition(name, disks->data[i].name))
			return true;
	return false;
}

static struct disk_totals totals_of(const struct disk_counters *disk)
{
	return (struct disk_totals){
		.reads = disk->reads,
		.read_sectors = disk->read_sectors,
		.read_ms = disk->read_ms,
		.writes = disk->writes,
		.write_sectors = disk->write_sectors,
		.write_ms = disk->write_ms,
		.busy_ms = disk->busy_ms,
		.weighted_ms = disk->weighted_ms,
	};
}

static int put_disk(struct evidence *evidence, const struct disk_counters *disk,
		    const struct disk_load *load)
{
	int row = evidence_add_row(evidence, TABLE_vmstat_disks);

	if (row < 0)
		return row;
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_reads_per_s, load->reads_per_s);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_writes_per_s, load->writes_per_s);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_read_bytes_per_s,
			  load->read_bytes_per_s);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_write_bytes_per_s,
			  load->write_bytes_per_s);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_await_ms, load->await_ms);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_read_await_ms, load->read_await_ms);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_write_await_ms, load->write_await_ms);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_queue, load->queue);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_in_flight, (double)disk->in_flight);
	evidence_set_cell(evidence, row, COLUMN_vmstat_disks_util_pct, load->util_pct);
	return evidence_set_cell_text(evidence, row, COLUMN_vmstat_disks_name, disk->name);
}

static int put_disks(const struct interval *interval, struct evidence *evidence)
{
	const struct disks *disks = &interval->after->disks;
	double util_pct = NAN, await_ms = NAN; /* fmax() prefers a number over NAN */
	int r = 0;

	evidence_mark_table(evidence, TABLE_vmstat_disks);
	for (size_t i = 0; i < disks->len && r == 0; i++) {
		const struct disk_counters *after = &disks->data[i];
		const struct disk_counters *before =
			find_disk(&interval->before->disks, after->name);
		struct disk_totals old_totals, new_totals = totals_of(after);
		struct disk_load load;

		if (!before || is_partition(disks, after->name))
			continue;
		old_totals = totals_of(before);
		load = disk_load(&old_totals, &new_totals, interval->elapsed_ns);
		util_pct = fmax(util_pct, load.util_pct);
		await_ms = fmax(await_ms, load.await_ms);
		if (load.reads_per_s + load.writes_per_s > 0 || after->in_flight)
			r = put_disk(evidence, after, &load);
	}
	evidence_set(evidence, METRIC_vmstat_disk_util_max_pct, util_pct);
	evidence_set(evidence, METRIC_vmstat_disk_await_max_ms, await_ms);
	return r;
}

int vmstat_put_devices(const struct interval *interval, struct evidence *evidence)
{
	int r = 0;

	if (!interval->elapsed_ns)
		return 0;
	if (interval->before->nics.len)
		r = put_nics(interval, evidence);
	if (interval->before->softnet.len && interval->after->softnet.len)
		put_softnet(interval, evidence);
	if (r == 0 && interval->before->disks.len)
		r = put_disks(interval, evidence);
	return r;
}
