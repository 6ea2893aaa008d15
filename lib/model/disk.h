/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a disk did between two reads of /proc/diskstats, as `iostat -x` counts it.
 */
#ifndef TRIAGE_MODEL_DISK_H
#define TRIAGE_MODEL_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* Counters since boot. Sectors are of 512 bytes, times in ms. */
struct disk_totals {
	uint64_t reads, read_sectors, read_ms;
	uint64_t writes, write_sectors, write_ms;
	uint64_t busy_ms, weighted_ms;
};

/* NAN: unknown. Waits are unknown when no request of that kind completed: a device that is stuck
 * has no average, but a queue and in-flight requests. */
struct disk_load {
	double reads_per_s, writes_per_s;
	double read_bytes_per_s, write_bytes_per_s;
	double await_ms, read_await_ms, write_await_ms;
	double queue;	 /* average number of requests in flight */
	double util_pct; /* time with a request in flight; at most 100 */
};

struct disk_load disk_load(const struct disk_totals *before, const struct disk_totals *after,
			   uint64_t elapsed_ns);

/* By the kernel's naming (block/partitions/core.c): "sda1" is a part of "sda", "nvme0n1p2" of
 * "nvme0n1", and "loop10" is none of "loop1". */
bool disk_is_partition(const char *name, const char *disk);

#endif
