/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/net/dev and /proc/diskstats: what interfaces and disks did since boot. Kernel:
 * net/core/net-procfs.c, block/genhd.c (Documentation/admin-guide/iostats.rst).
 *
 *   eth0: 4096 32 0 1 0 0 0 0 2048 16 0 0 0 0 0 0
 *   254 0 vda 6425 3854 709466 4058 932 4312 324016 1011 0 1844 5405 3707 11 80272 330 102 4
 */
#ifndef TRIAGE_SOURCE_PROC_DEVICES_H
#define TRIAGE_SOURCE_PROC_DEVICES_H

#include <stddef.h>
#include <stdint.h>

struct net_device {
	char name[32];
	uint64_t rx_bytes, rx_packets, rx_drops; /* drops: drop + fifo columns */
	uint64_t tx_bytes, tx_packets, tx_drops;
};

struct net_devices {
	struct net_device *data;
	size_t len;
	size_t cap;
};

/* -EBADMSG when not one line fits: every network namespace has `lo`. */
int net_devices_parse(const char *text, size_t len, struct net_devices *ret);
void net_devices_free(struct net_devices *devices);

struct disk_counters {
	char name[32];
	uint64_t reads, read_sectors, read_ms; /* sectors of 512 bytes */
	uint64_t writes, write_sectors, write_ms;
	uint64_t in_flight;
	uint64_t busy_ms;     /* io_ticks */
	uint64_t weighted_ms; /* time_in_queue */
};

struct disks {
	struct disk_counters *data;
	size_t len;
	size_t cap;
};

/* All lines, partitions too: whether a name is a whole disk is told by sys/block/NAME.
 * -EBADMSG when there are lines and not one fits. */
int disks_parse(const char *text, size_t len, struct disks *ret);
void disks_free(struct disks *disks);

#endif
