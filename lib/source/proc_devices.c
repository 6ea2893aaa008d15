/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/proc_devices.h"

#include "base/span.h"
#include "base/vec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool parse_columns(struct span *line, uint64_t *columns, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!span_u64(line, &columns[i]))
			return false;
	return true;
}

/* A cut name would be a different device's. */
static bool copy_name(struct span name, char *buffer, size_t size)
{
	if (span_len(name) == 0 || span_len(name) >= size || memchr(name.p, '\0', span_len(name)))
		return false;
	span_copy(name, buffer, size);
	return true;
}

/* Columns of each half: bytes packets errs drop fifo frame|colls compressed|carrier
 * multicast|compressed. */
static bool parse_net_device(struct span line, struct net_device *ret)
{
	uint64_t rx[8], tx[8];
	struct span name;

	if (!span_until(&line, ':', &name) || !parse_columns(&line, rx, 8) ||
	    !parse_columns(&line, tx, 8) ||
	    !copy_name(span_trim(name), ret->name, sizeof(ret->name)))
		return false;
	ret->rx_bytes = rx[0];
	ret->rx_packets = rx[1];
	ret->rx_drops = rx[3] + rx[4];
	ret->tx_bytes = tx[0];
	ret->tx_packets = tx[1];
	ret->tx_drops = tx[3] + tx[4];
	return true;
}

int net_devices_parse(const char *text, size_t len, struct net_devices *ret)
{
	struct span rest = span_make(text, len), line;
	struct net_devices devices = { 0 };
	struct net_device device = { 0 };
	int r = 0;

	while (r == 0 && span_line(&rest, &line))
		if (parse_net_device(line, &device))
			r = vec_push(&devices, device);
	if (r == 0 && devices.len == 0)
		r = -EBADMSG;
	if (r < 0) {
		net_devices_free(&devices);
		return r;
	}
	*ret = devices;
	return 0;
}

void net_devices_free(struct net_devices *devices)
{
	if (devices)
		vec_free(devices);
}

/* reads merged sectors ms, writes merged sectors ms, in_flight io_ticks time_in_queue; discards and
 * flushes (4.18, 5.5) follow. */
static bool parse_disk(struct span line, struct disk_counters *ret)
{
	uint64_t device[2], columns[11];
	struct span name;

	if (!parse_columns(&line, device, 2) || !span_word(&line, &name) ||
	    !parse_columns(&line, columns, 11) || !copy_name(name, ret->name, sizeof(ret->name)))
		return false;
	ret->reads = columns[0];
	ret->read_sectors = columns[2];
	ret->read_ms = columns[3];
	ret->writes = columns[4];
	ret->write_sectors = columns[6];
	ret->write_ms = columns[7];
	ret->in_flight = columns[8];
	ret->busy_ms = columns[9];
	ret->weighted_ms = columns[10];
	return true;
}

int disks_parse(const char *text, size_t len, struct disks *ret)
{
	struct span rest = span_make(text, len), line;
	struct disk_counters disk = { 0 };
	struct disks disks = { 0 };
	int r = 0;

	while (r == 0 && span_line(&rest, &line))
		if (parse_disk(line, &disk))
			r = vec_push(&disks, disk);
	if (r == 0 && disks.len == 0 && len > 0)
		r = -EBADMSG;
	if (r < 0) {
		disks_free(&disks);
		return r;
	}
	*ret = disks;
	return 0;
}

void disks_free(struct disks *disks)
{
	if (disks)
		vec_free(disks);
}
