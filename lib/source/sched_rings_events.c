/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/sched_rings_internal.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#define FORMAT_BYTES_MAX ((size_t)64 << 10)

static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

/* Of the first two, sched_waking: it is there since 4.3 and fires in the waker's context, so that common_pid and the irq bits are the
 * waker's. sched_wakeup may fire on the wakee's CPU, in an IPI. */
static const char *const wakeups[] = { "sched_waking", "sched_wakeup" };
static const char *const optional[] = {
	"sched_wakeup_new",
	"sched_process_fork",
	"sched_process_exit",
	"sched_migrate_task",
};

/* Every event writes its time last, so that records of any kind can be read without knowing whose they are. */
static void fill_common(struct perf_event_attr *attr, size_t ring_bytes)
{
	attr->size = sizeof(*attr);
	attr->disabled = 1;
	attr->sample_id_all = 1;
	attr->use_clockid = 1;
	attr->clockid = CLOCK_MONOTONIC;
	attr->watermark = 1;
	attr->wakeup_watermark = (__u32)(ring_bytes / 2);
}

static void add_tracepoint(struct sched_rings_events *events, int id, size_t ring_bytes)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.config = (__u64)id,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
	};

	fill_common(&attr, ring_bytes);
	events->attrs[events->count++] = attr;
}

/* Costs nothing but when a thread is made, ends or is renamed. */
static void add_dummy(struct sched_rings_events *events, __u64 sample_type, bool switches,
		      size_t ring_bytes)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = sample_type,
		.comm = 1,
		.task = 1,
		.context_switch = switches,
	};

	fill_common(&attr, ring_bytes);
	events->attrs[events->count++] = attr;
}

void sched_rings_switch_records(size_t ring_bytes, struct sched_rings_events *ret)
{
	struct sched_rings_events events = { 0 };

	add_dummy(&events, PERF_SAMPLE_TID | PERF_SAMPLE_TIME, true, ring_bytes);
	*ret = events;
}

int sched_rings_read_format(const char *path, struct str *ret)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	str_clear(ret);
	for (;;) {
		char piece[4096];
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0)
			return -errno;
		if (n == 0)
			return str_error(ret);
		if (ret->len + (size_t)n > FORMAT_BYTES_MAX)
			return -EFBIG;
		str_append_bytes(ret, piece, (size_t)n);
	}
}

struct loader {
	char folder[256]; /* .../events/sched */
	size_t ring_bytes;
	struct str text;
	struct sched_rings_events *events;
};

/* Makes `name` known to the format and opens it with the others. */
static int load(struct loader *loader, const char *name, struct err *err)
{
	char path[320];
	int r;

	snprintf(path, sizeof(path), "%s/%s/format", loader->folder, name);
	r = sched_rings_read_format(path, &loader->text);
	if (r < 0)
		return err_set(err, r, "%s: %s", path, strerror(-r));
	r = sched_format_add(loader->events->format, str_text(&loader->text), loader->text.len,
			     err);
	if (r < 0)
		return r;
	r = sched_format_id(loader->events->format, name);
	if (r < 0)
		return err_set(err, r, "%s: no id", path);
	add_tracepoint(loader->events, r, loader->ring_bytes);
	return 0;
}

static int load_all(struct loader *loader, struct err *err)
{
	int r = load(loader, "sched_switch", err);

	if (r < 0)
		return r;
	r = load(loader, wakeups[0], err);
	if (r == -ENOENT)
		r = load(loader, wakeups[1], err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++) {
		r = load(loader, optional[i], NULL);
		if (r == -ENOMEM)
			return r;
	}
	sched_format_settle(loader->events->format);
	add_dummy(loader->events, PERF_SAMPLE_TIME, false, loader->ring_bytes);
	return 0;
}

const char *sched_rings_find_tracefs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char folder[64];

		snprintf(folder, sizeof(folder), "%s/events/sched", places[i]);
		if (access(folder, F_OK) == 0)
			return places[i];
	}
	return places[0];
}

int sched_rings_tracepoints(const char *tracefs, size_t ring_bytes, struct sched_rings_events *ret,
			    struct err *err)
{
	struct sched_rings_events events = { 0 };
	struct loader loader = { .ring_bytes = ring_bytes, .events = &events };
	int r = sched_format_new(&events.format);

	if (r < 0)
		return r;
	snprintf(loader.folder, sizeof(loader.folder), "%s/events/sched",
		 tracefs ? tracefs : sched_rings_find_tracefs());
	r = load_all(&loader, err);
	str_free(&loader.text);
	if (r < 0) {
		sched_format_free(events.format);
		return r;
	}
	*ret = events;
	return 0;
}
