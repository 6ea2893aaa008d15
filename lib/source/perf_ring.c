/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_ring.h"

#include "base/cleanup.h"

#include <errno.h>
#include <perf/cpumap.h>
#include <perf/event.h>
#include <perf/evlist.h>
#include <perf/evsel.h>
#include <perf/mmap.h>
#include <perf/threadmap.h>
#include <string.h>
#include <sys/resource.h>

#define RECORD_BYTES_MAX ((size_t)64 << 10) /* header.size has 16 bits */

/* In every libperf.a, but in no header, and the shared library keeps it to itself. */
int perf_evsel__apply_filter(struct perf_evsel *evsel, const char *filter) __attribute__((weak));

/* Where a ring was read up to. */
struct position {
	const char *data; /* the ring's first byte; NULL before the first record */
	uint64_t read;	  /* bytes */
};

struct perf_rings {
	struct perf_cpu_map *cpus;
	struct perf_thread_map *threads; /* one entry, -1: whatever runs on the CPU */
	struct perf_evlist *evlist;
	struct perf_mmap **maps; /* by position in `cpus` */
	struct position *positions;
	char *copies; /* RECORD_BYTES_MAX for each ring; untouched unless needed */
	size_t count;
	size_t bytes;
};

static int refuse_to_print(enum libperf_print_level level, const char *format, va_list args)
{
	return 0;
}

static void close_events(struct perf_rings *rings)
{
	if (!rings->evlist)
		return;
	perf_evlist__munmap(rings->evlist);
	perf_evlist__close(rings->evlist);
	/* Deleting an event does not drop its hold on the maps (libperf 6.1); setting none does. */
	perf_evlist__set_maps(rings->evlist, NULL, NULL);
	perf_evlist__delete(rings->evlist);
	rings->evlist = NULL;
}

void perf_rings_free(struct perf_rings *rings)
{
	if (!rings)
		return;
	close_events(rings);
	perf_thread_map__put(rings->threads);
	perf_cpu_map__put(rings->cpus);
	free(rings->maps);
	free(rings->positions);
	free(rings->copies);
	free(rings);
}

void perf_rings_freep(struct perf_rings **rings)
{
	perf_rings_free(*rings);
}

static int make_evlist(struct perf_rings *rings, const struct perf_event_attr *attrs, size_t count)
{
	rings->evlist = perf_evlist__new();
	if (!rings->evlist)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct perf_event_attr attr = attrs[i];
		struct perf_evsel *evsel = perf_evsel__new(&attr);

		if (!evsel)
			return -ENOMEM;
		perf_evlist__add(rings->evlist, evsel);
	}
	perf_evlist__set_maps(rings->evlist, rings->cpus, rings->threads);
	return 0;
}

/* The soft limit of descriptors (1024) is less than the events of a machine with many CPUs. */
static bool raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static int open_events(struct perf_rings *rings, const struct perf_event_attr *attrs, size_t count)
{
	int r = make_evlist(rings, attrs, count);

	if (r == 0)
		r = perf_evlist__open(rings->evlist);
	if (r == -EMFILE && raise_descriptor_limit())
		r = perf_evlist__open(rings->evlist);
	return r;
}

static int map_rings(struct perf_rings *rings)
{
	size_t pages = rings->bytes / (size_t)sysconf(_SC_PAGESIZE);
	struct perf_mmap *map;
	size_t i = 0;

	errno = 0;
	if (perf_evlist__mmap(rings->evlist, (int)pages) < 0)
		return errno ? -errno : -ENOMEM;
	perf_evlist__for_each_mmap(rings->evlist, map, false)
	{
		if (i == rings->count)
			return -EBADF;
		rings->maps[i++] = map;
	}
	return i == rings->count ? 0 : -EBADF;
}

static int explain_memory(const struct perf_rings *rings, struct err *err)
{
	return err_set(
		err, -ENOBUFS,
		"%zu KiB of ring buffer per CPU may not be locked in memory: run as root, or "
		"ulimit -l unlimited, or sysctl kernel.perf_event_mlock_kb=%zu",
		PERF_RING_BYTES_MIN >> 10, (size_t)2048);
}

/* What failed to map can't be mapped again: libperf keeps half of it. */
static int open_shrinking(struct perf_rings *rings, const struct perf_event_attr *attrs,
			  size_t count, struct err *err)
{
	for (;;) {
		int r = open_events(rings, attrs, count);

		if (r < 0)
			return r;
		r = map_rings(rings);
		if (r != -EPERM && r != -ENOMEM)
			return r;
		if (rings->bytes <= PERF_RING_BYTES_MIN)
			return explain_memory(rings, err);
		close_events(rings);
		rings->bytes /= 2;
	}
}

int perf_rings_new(const struct perf_event_attr *attrs, size_t count, size_t bytes,
		   struct perf_rings **ret, struct err *err)
{
	_cleanup_(perf_rings_freep) struct perf_rings *rings = calloc(1, sizeof(*rings));
	int r;

	if (!rings)
		return -ENOMEM;
	libperf_init(refuse_to_print);
	rings->bytes = bytes;
	rings->cpus = perf_cpu_map__new(NULL);
	rings->threads = perf_thread_map__new_dummy();
	if (!rings->cpus || !rings->threads)
		return -ENOMEM;
	perf_thread_map__set_pid(rings->threads, 0, -1);
	rings->count = (size_t)perf_cpu_map__nr(rings->cpus);
	rings->maps = calloc(rings->count, sizeof(struct perf_mmap *));
	rings->positions = calloc(rings->count, sizeof(struct position));
	rings->copies = calloc(rings->count, RECORD_BYTES_MAX);
	if (!rings->maps || !rings->positions || !rings->copies)
		return -ENOMEM;
	r = open_shrinking(rings, attrs, count, err);
	if (r == 0)
		*ret = TAKE_PTR(rings);
	return r;
}

size_t perf_rings_count(const struct perf_rings *rings)
{
	return rings->count;
}

size_t perf_rings_bytes(const struct perf_rings *rings)
{
	return rings->bytes;
}

uint32_t perf_rings_cpu(const struct perf_rings *rings, size_t ring)
{
	return (uint32_t)perf_cpu_map__cpu(rings->cpus, (int)ring).cpu;
}

int perf_rings_filter(struct perf_rings *rings, size_t index, const char *filter)
{
	struct perf_evsel *evsel;
	size_t i = 0;

	if (!perf_evsel__apply_filter)
		return -ENOSYS;
	perf_evlist__for_each_evsel(rings->evlist, evsel)
	{
		if (i++ == index)
			return perf_evsel__apply_filter(evsel, filter) < 0 ? -errno : 0;
	}
	return -EINVAL;
}

void perf_rings_enable(struct perf_rings *rings)
{
	perf_evlist__enable(rings->evlist);
}

void perf_rings_disable(struct perf_rings *rings)
{
	perf_evlist__disable(rings->evlist);
}

bool perf_rings_wait(struct perf_rings *rings, int timeout_ms)
{
	return perf_evlist__poll(rings->evlist, timeout_ms) > 0;
}

/* A record that lies across the ring's end is copied by libperf, but only as much of it (6.1) as a
 * `union perf_event` has: 4 KiB. A longer one, with a copied stack, would lack the rest. */
static const struct perf_event_header *make_whole(struct perf_rings *rings, size_t ring,
						  const struct perf_event_header *header)
{
	const struct position *position = &rings->positions[ring];
	size_t at = position->read % rings->bytes, size = header->size;
	char *copy = rings->copies + ring * RECORD_BYTES_MAX;

	if (size <= sizeof(union perf_event) || at + size < rings->bytes)
		return header;
	memcpy(copy, position->data + at, rings->bytes - at);
	memcpy(copy + (rings->bytes - at), position->data, size - (rings->bytes - at));
	return (const struct perf_event_header *)(const void *)copy;
}

const struct perf_event_header *perf_rings_next(struct perf_rings *rings, size_t ring)
{
	const union perf_event *event = perf_mmap__read_event(rings->maps[ring]);
	struct position *position = &rings->positions[ring];
	const struct perf_event_header *header;

	if (!event)
		return NULL;
	/* A ring's first record begins where the ring does. */
	if (!position->data)
		position->data = (const char *)event;
	header = make_whole(rings, ring, &event->header);
	position->read += header->size;
	return header;
}

void perf_rings_release(struct perf_rings *rings, size_t ring)
{
	perf_mmap__consume(rings->maps[ring]);
}
