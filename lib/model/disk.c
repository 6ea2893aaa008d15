/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/disk.h"

#include "model/rates.h"

#include <math.h>
#include <string.h>

static double average(double sum, double count)
{
	return count > 0 ? sum / count : NAN;
}

struct disk_load disk_load(const struct disk_totals *before, const struct disk_totals *after,
			   uint64_t elapsed_ns)
{
	double reads = counter_delta(before->reads, after->reads);
	double writes = counter_delta(before->writes, after->writes);
	double read_ms = counter_delta(before->read_ms, after->read_ms);
	double write_ms = counter_delta(before->write_ms, after->write_ms);
	double elapsed_ms = (double)elapsed_ns / 1e6;

	return (struct disk_load){
		.reads_per_s = rate_per_s(before->reads, after->reads, elapsed_ns),
		.writes_per_s = rate_per_s(before->writes, after->writes, elapsed_ns),
		.read_bytes_per_s =
			512 * rate_per_s(before->read_sectors, after->read_sectors, elapsed_ns),
		.write_bytes_per_s =
			512 * rate_per_s(before->write_sectors, after->write_sectors, elapsed_ns),
		.await_ms = average(read_ms + write_ms, reads + writes),
		.read_await_ms = average(read_ms, reads),
		.write_await_ms = average(write_ms, writes),
		.queue =
			average(counter_delta(before->weighted_ms, after->weighted_ms), elapsed_ms),
		.util_pct = fmin(100, share_pct(counter_delta(before->busy_ms, after->busy_ms),
						elapsed_ms)),
	};
}

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

bool disk_is_partition(const char *name, const char *disk)
{
	size_t len = strlen(disk);
	const char *rest = name + len;

	if (!len || strncmp(name, disk, len) != 0)
		return false;
	if (!strchr("0123456789", disk[len - 1]))
		return is_number(rest);
	return *rest == 'p' && is_number(rest + 1);
}
