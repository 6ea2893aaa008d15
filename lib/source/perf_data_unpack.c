/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `perf record -z`: what came from the rings is one zstd stream, cut into records of the type
 * COMPRESSED; what perf wrote itself stands plain between them. Before events are read the whole is
 * written plain into a file without a name, so that all else need not know.
 *
 * A round that does not fit into one record leaves its rest to the next round's: perf's plain
 * records in between wait until the record that they interrupt is whole. perf 6.1 forgets such a
 * rest at the end of a recording; that is told.
 *
 * What is decompressed must be records: a stream of zeros ends at its first byte, and what grows
 * beyond its bounds is left out and told.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "source/perf_data_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <zstd.h>

#define UNPACKED_MAX (UINT64_C(4) << 30)
#define RATIO_MAX 512u /* perf's records shrink to a tenth or a fortieth */
#define BUFFER 65536u
/* An offset of 0 means none to the readers. */
#define LEAD 16u
#define WAITING_MAX 65536u
#define WITHIN "the compressed records end within a record"

struct unpack {
	struct perf_data *data;
	ZSTD_DStream *stream;
	int fd;
	uint64_t written, most;
	uint64_t whole;	    /* of `written`: up to the last record's end */
	struct str waiting; /* plain records that interrupt one */
	size_t held;	    /* in `out` */
	uint32_t need;	    /* bytes until the record ends that is being written */
	uint8_t header[8];  /* of the next one, `header_len` of it */
	uint32_t header_len;
	uint8_t *out, *plain;
};

/* What ends the reading before the file ends: the events before it are good. */
static int damaged(struct unpack *unpack, uint64_t offset, const char *what)
{
	perf_data_damaged(unpack->data, &unpack->data->tail, offset, "%s", what);
	return -EBADMSG;
}

static int flush(struct unpack *unpack)
{
	size_t done = 0;

	while (done < unpack->held) {
		ssize_t n = write(unpack->fd, unpack->out + done, unpack->held - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	unpack->held = 0;
	return 0;
}

static int put(struct unpack *unpack, const uint8_t *bytes, size_t len)
{
	while (len) {
		size_t n = BUFFER - unpack->held < len ? BUFFER - unpack->held : len;
		int r;

		memcpy(unpack->out + unpack->held, bytes, n);
		unpack->held += n;
		unpack->written += n;
		bytes += n;
		len -= n;
		r = unpack->held == BUFFER ? flush(unpack) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/* Takes up to the end of a header or of a record; how many bytes, or -EBADMSG: it is none. */
static ssize_t frame(struct unpack *unpack, const uint8_t *bytes, size_t len)
{
	uint16_t size;

	if (unpack->need) {
		if (len > unpack->need)
			len = unpack->need;
		unpack->need -= (uint32_t)len;
		return (ssize_t)len;
	}
	if (len > sizeof(unpack->header) - unpack->header_len)
		len = sizeof(unpack->header) - unpack->header_len;
	memcpy(unpack->header + unpack->header_len, bytes, len);
	unpack->header_len += (uint32_t)len;
	if (unpack->header_len < sizeof(unpack->header))
		return (ssize_t)len;
	unpack->header_len = 0;
	memcpy(&size, unpack->header + 6, sizeof(size));
	if (size < sizeof(unpack->header))
		return -EBADMSG;
	unpack->need = size - (uint32_t)sizeof(unpack->header);
	return (ssize_t)len;
}

/* At the end of a record. */
static int end_record(struct unpack *unpack)
{
	int r = put(unpack, (const uint8_t *)str_text(&unpack->waiting), unpack->waiting.len);

	str_clear(&unpack->waiting);
	unpack->whole = unpack->written;
	return r;
}

static bool is_within(const struct unpack *unpack)
{
	return unpack->need || unpack->header_len;
}

static int put_records(struct unpack *unpack, const uint8_t *bytes, size_t len, uint64_t offset)
{
	int r = 0;

	while (r == 0 && len) {
		ssize_t n = frame(unpack, bytes, len);

		if (n < 0)
			return damaged(unpack, offset, "what was compressed are no records");
		if (unpack->written + (uint64_t)n > unpack->most)
			return damaged(unpack, offset,
				       "it grows beyond its bounds when it is decompressed");
		r = put(unpack, bytes, (size_t)n);
		if (r == 0 && !is_within(unpack))
			r = end_record(unpack);
		bytes += n;
		len -= (size_t)n;
	}
	return r;
}

static int decompress(struct unpack *unpack, const uint8_t *bytes, size_t len, uint64_t offset)
{
	ZSTD_inBuffer in = { bytes, len, 0 };
	bool full = true;
	int r = 0;

	/* a full buffer may leave bytes within the decompressor */
	while (r == 0 && (in.pos < in.size || full)) {
		ZSTD_outBuffer out = { unpack->plain, BUFFER, 0 };
		size_t rest = ZSTD_decompressStream(unpack->stream, &out, &in);

		if (ZSTD_isError(rest))
			return damaged(unpack, offset, "a record can't be decompressed");
		full = out.pos == out.size;
		r = put_records(unpack, unpack->plain, out.pos, offset);
	}
	return r;
}

/* COMPRESSED2 (6.16 and later) tells how many bytes there are before it is padded. */
static int take_compressed(struct unpack *unpack, const struct perf_record *record, uint64_t offset)
{
	uint64_t len;

	if (record->type == PERF_RECORD_COMPRESSED)
		return decompress(unpack, record->p + 8, record->size - 8u, offset);
	len = record->size >= 16 ? perf_u64(record->p + 8) : UINT64_MAX;
	if (record->size < 16 || len > record->size - 16u)
		return damaged(unpack, offset, "a compressed record is longer than it is");
	return decompress(unpack, record->p + 16, (size_t)len, offset);
}

/* AUX data stands behind its record. */
static int copy(struct unpack *unpack, uint64_t offset, uint64_t len)
{
	uint32_t hint = 0;
	int r = 0;

	while (r == 0 && len) {
		uint32_t n = len < BUFFER / 2 ? (uint32_t)len : BUFFER / 2;
		const uint8_t *bytes = perf_file_at(unpack->data->file, offset, n, &hint);

		if (!bytes)
			return damaged(unpack, offset, "can't be read");
		r = put(unpack, bytes, n);
		offset += n;
		len -= n;
	}
	return r;
}

static int wait(struct unpack *unpack, const struct perf_record *record, uint64_t offset)
{
	if (unpack->waiting.len > WAITING_MAX)
		return damaged(unpack, offset, WITHIN);
	str_append_bytes(&unpack->waiting, (const char *)record->p, record->size);
	return str_error(&unpack->waiting);
}

static int take(struct unpack *unpack, const struct perf_record *record, uint64_t offset,
		uint64_t advance)
{
	int r;

	if (record->type == PERF_RECORD_COMPRESSED || record->type == PERF_RECORD_COMPRESSED2)
		return take_compressed(unpack, record, offset);
	if (record->type == PERF_RECORD_TRACING_DATA)
		return 0; /* it was read with the header */
	if (is_within(unpack) && advance == record->size)
		return wait(unpack, record, offset);
	if (is_within(unpack))
		return damaged(unpack, offset, WITHIN);
	r = copy(unpack, offset, advance);
	return r == 0 ? end_record(unpack) : r;
}

static int unpack_all(struct unpack *unpack)
{
	struct perf_data *data = unpack->data;
	uint64_t offset = data->records.offset, end = offset + data->records.size, advance;
	struct perf_record record;
	uint32_t hint = 0;
	int r = 0;

	while (r == 0 && offset < end) {
		r = perf_record_fetch(data, offset, end, &hint, &record, &advance, &data->tail);
		if (r == 0)
			r = take(unpack, &record, offset, advance);
		offset += advance;
	}
	if (r == 0 && is_within(unpack))
		r = damaged(unpack, end, WITHIN);
	return r;
}

/* A file that nobody else sees and that is gone with us; in memory where there is no place. */
static int open_spool(void)
{
	static const char *const folders[] = { "/var/tmp", "/tmp" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		int fd = open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

		if (fd >= 0)
			return fd;
	}
	return memfd_create("triage", MFD_CLOEXEC);
}

/* The plain file takes the place of the one that was read. */
static int replace(struct unpack *unpack)
{
	struct perf_data *data = unpack->data;
	struct perf_file *plain;
	int r = perf_file_of_fd(unpack->fd, unpack->whole, &plain);

	if (r < 0)
		return r;
	unpack->fd = -1;
	perf_file_free(data->file);
	data->file = plain;
	data->records = (struct perf_section){ LEAD, unpack->whole - LEAD };
	return 0;
}

static int run(struct unpack *unpack, struct err *err)
{
	struct perf_data *data = unpack->data;
	static const uint8_t lead[LEAD];
	int r = put(unpack, lead, sizeof(lead));

	unpack->whole = unpack->written;
	data->packed = true;
	r = r == 0 ? unpack_all(unpack) : r;
	data->packed = false;
	if (r == -EBADMSG)
		r = 0;
	r = r == 0 ? flush(unpack) : r;
	r = r == 0 ? replace(unpack) : r;
	return r < 0 ? err_set(err, r, "\"%s\": its records can't be decompressed: %s", data->path,
			       strerror(-r)) :
		       0;
}

int perf_data_unpack(struct perf_data *data, struct err *err)
{
	_cleanup_(cleanup_free) uint8_t *buffers = NULL;
	struct unpack unpack = { .data = data, .fd = -1 };
	int r = -ENOMEM;

	if (!data->compressed)
		return 0;
	data->compressed = false;
	unpack.most = data->file->size < UNPACKED_MAX / RATIO_MAX ? data->file->size * RATIO_MAX :
								    UNPACKED_MAX;
	buffers = malloc((size_t)2 * BUFFER);
	unpack.stream = ZSTD_createDStream();
	if (buffers && unpack.stream) {
		unpack.out = buffers;
		unpack.plain = buffers + BUFFER;
		unpack.fd = open_spool();
		r = unpack.fd < 0 ? err_set(err, -errno, "\"%s\": no place to decompress it: %s",
					    data->path, strerror(errno)) :
				    run(&unpack, err);
	}
	ZSTD_freeDStream(unpack.stream);
	str_free(&unpack.waiting);
	if (unpack.fd >= 0)
		close(unpack.fd);
	return r;
}

int perf_data_end(const struct perf_data *data, int damage, struct err *err)
{
	if (!data->tail.msg[0])
		return damage;
	return err_set(err, -EBADMSG, "%s", data->tail.msg);
}
