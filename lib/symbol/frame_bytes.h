/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the numbers of DWARF, little-endian as all machines that are unwound. Reading past the end
 * gives 0 and sets `bad`, which stays: read a whole record, then ask once.
 */
#ifndef TRIAGE_SYMBOL_FRAME_BYTES_H
#define TRIAGE_SYMBOL_FRAME_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct frame_bytes {
	const uint8_t *p, *end;
	bool bad;
};

static inline size_t frame_bytes_left(const struct frame_bytes *bytes)
{
	return (size_t)(bytes->end - bytes->p);
}

static inline void frame_bytes_skip(struct frame_bytes *bytes, uint64_t len)
{
	if (len > frame_bytes_left(bytes)) {
		bytes->bad = true;
		len = frame_bytes_left(bytes);
	}
	bytes->p += len;
}

/* An unsigned number of 1 to 8 bytes. */
static inline uint64_t frame_bytes_fixed(struct frame_bytes *bytes, unsigned size)
{
	uint64_t value = 0;

	if (size > frame_bytes_left(bytes)) {
		bytes->bad = true;
		bytes->p = bytes->end;
		return 0;
	}
	memcpy(&value, bytes->p, size);
	bytes->p += size;
	return value;
}

static inline uint8_t frame_bytes_u8(struct frame_bytes *bytes)
{
	return (uint8_t)frame_bytes_fixed(bytes, 1);
}

static inline int64_t frame_bytes_signed(struct frame_bytes *bytes, unsigned size)
{
	unsigned spare = 64 - 8 * size;

	return (int64_t)(frame_bytes_fixed(bytes, size) << spare) >> spare;
}

/* Seven bits a byte, the lowest first. */
static inline uint64_t frame_bytes_leb(struct frame_bytes *bytes, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = frame_bytes_u8(bytes);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 140);
	if (is_signed && byte & 0x40 && shift < 64)
		value |= UINT64_MAX << shift;
	return value;
}

static inline uint64_t frame_bytes_uleb(struct frame_bytes *bytes)
{
	return frame_bytes_leb(bytes, false);
}

static inline int64_t frame_bytes_sleb(struct frame_bytes *bytes)
{
	return (int64_t)frame_bytes_leb(bytes, true);
}

#endif
