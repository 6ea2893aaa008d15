/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/cpu_samples_internal.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "source/perf_probe.h"
#include "source/perf_ring.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Primes, so that they don't beat with timers of 100, 250 and 1000 Hz. In a guest a timer interrupt
 * costs 20 us, nearly all of it the way through the hypervisor, whatever is sampled. */
#define HZ_CYCLES 499
#define HZ_CPU_CLOCK 199
#define RING_BYTES_MIN ((size_t)128 << 10)
#define RING_BYTES_MAX ((size_t)2 << 20)

/* How much of the deepest stacks a ring holds: the reader may come late on a busy host. */
#define RING_MS 400

#define USER_STACK_MAX 65528 /* the kernel's: a multiple of 8 below 64 KiB */
#define CHAIN_MARKERS_MAX 8

void cpu_samples_free(struct cpu_samples *samples)
{
	if (!samples)
		return;
	perf_rings_free(samples->perf);
	free(samples->times);
	free(samples->heads);
	free(samples);
}

void cpu_samples_freep(struct cpu_samples **samples)
{
	cpu_samples_free(*samples);
}

enum cpu_samples_clock cpu_samples_clock(const struct cpu_samples *samples)
{
	return samples->clock;
}

const char *cpu_samples_reason(const struct cpu_samples *samples)
{
	return samples->reason;
}

/* 0 when the kernel does not have it. */
static unsigned read_limit(const char *path)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	_cleanup_(str_free) struct str text = { 0 };
	uint64_t value = 0;
	struct span span;

	if (procroot_open_live(NULL, &root, NULL) < 0 || procroot_read(root, path, &text) < 0)
		return 0;
	span = span_make(str_text(&text), text.len);
	return span_u64(&span, &value) && value <= UINT32_MAX ? (unsigned)value : 0;
}

/* True when it was too high. The kernel lowers the limit by itself when its interrupts take too
 * long. */
static bool lower_hz(struct cpu_samples *samples)
{
	unsigned max = read_limit("proc/sys/kernel/perf_event_max_sample_rate");

	if (!max || samples->hz <= max)
		return false;
	samples->hz = max;
	return true;
}

/* Kernels before 4.8 know no limit of one event: 0 leaves theirs. */
static unsigned usable_frames(unsigned wanted)
{
	unsigned max = read_limit("proc/sys/kernel/perf_event_max_stack");

	return wanted < max ? wanted : 0;
}

static size_t sample_bytes(const struct cpu_samples *samples)
{
	size_t frames = samples->frames_max ? samples->frames_max : STACK_FRAMES_MAX;
	size_t words = 7 + frames + CHAIN_MARKERS_MAX;

	if (samples->user_stack_bytes)
		words += 3 + STACK_USER_REGS_COUNT + samples->user_stack_bytes / 8;
	return words * 8;
}

static size_t ring_bytes(const struct cpu_samples *samples, size_t max)
{
	uint64_t wanted = (uint64_t)samples->hz * sample_bytes(samples) * RING_MS / 1000;
	size_t bytes = RING_BYTES_MIN;

	while (bytes < wanted && bytes < max)
		bytes *= 2;
	while (bytes > max && bytes > PERF_RING_BYTES_MIN)
		bytes /= 2;
	return bytes;
}

/* Mappings and names are told by the sampling event itself, in the same ring. The watermark is left
 * to the kernel: half of the ring, also of one that was shrunk. Idle is not excluded: interrupts
 * are handled on top of it. */
static struct perf_event_attr make_attr(const struct cpu_samples *samples)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.freq = 1,
		.sample_freq = samples->hz,
		.sample_type = CPU_SAMPLES_TYPE,
		.disabled = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.sample_max_stack = (__u16)samples->frames_max,
	};

	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	if (samples->clock == CPU_SAMPLES_CYCLES) {
		attr.type = PERF_TYPE_HARDWARE;
		attr.config = PERF_COUNT_HW_CPU_CYCLES;
	}
	if (samples->user_stack_bytes) {
		attr.sample_type = CPU_SAMPLES_TYPE_STACK;
		attr.sample_regs_user = STACK_USER_REGS;
		attr.sample_stack_user = (__u32)samples->user_stack_bytes;
	}
	return attr;
}

static int open_clock(struct cpu_samples *samples, enum cpu_samples_clock clock,
		      const struct cpu_samples_options *options, struct err *err)
{
	size_t bytes_max = options->bytes_per_cpu_max ? options->bytes_per_cpu_max : RING_BYTES_MAX;

	samples->clock = clock;
	samples->hz = clock == CPU_SAMPLES_CYCLES ? HZ_CYCLES : HZ_CPU_CLOCK;
	if (options->hz)
		samples->hz = options->hz;
	lower_hz(samples);
	for (;;) {
		struct perf_event_attr attr = make_attr(samples);
		int r = perf_rings_new(&attr, 1, ring_bytes(samples, bytes_max), &samples->perf,
				       err);

		if (r != -EINVAL || !lower_hz(samples))
			return r;
	}
}

static bool is_missing(int error)
{
	return error == -ENOENT || error == -ENXIO || error == -ENODEV || error == -EOPNOTSUPP;
}

static int open_any(struct cpu_samples *samples, const struct cpu_samples_options *options,
		    struct err *err)
{
	int r;

	if (options->cpu_clock_only) {
		snprintf(samples->reason, sizeof(samples->reason), "cpu-clock was asked for");
		return open_clock(samples, CPU_SAMPLES_CPU_CLOCK, options, err);
	}
	r = open_clock(samples, CPU_SAMPLES_CYCLES, options, err);
	if (!is_missing(r))
		return r;
	snprintf(samples->reason, sizeof(samples->reason),
		 "this machine counts no cycles (a guest without a virtual PMU?): %s",
		 strerror(-r));
	return open_clock(samples, CPU_SAMPLES_CPU_CLOCK, options, err);
}

/* The probe knows every reason and its remedy; it is asked only when something failed. */
static int explain(const struct cpu_samples *samples, int error, struct err *err)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	struct perf_abilities abilities;
	const struct perf_ability *ability = &abilities.item[PERF_ABILITY_CPU_CLOCK];

	if (error == -ENOBUFS)
		return error;
	if (error == -ENOMEM)
		return err_set(err, error, "out of memory");
	if (error == -EMFILE)
		return err_set(err, error, "too few file descriptors: ulimit -n 65536");
	if (samples->clock == CPU_SAMPLES_CYCLES)
		ability = &abilities.item[PERF_ABILITY_CYCLES];
	if (procroot_open_live(NULL, &root, NULL) < 0 || perf_probe(root, &abilities) < 0 ||
	    ability->available)
		return err_set(err, error, "perf_event_open: %s", strerror(-error));
	return err_set(err, error, "%s%s%s", ability->reason, *ability->fix ? "; " : "",
		       ability->fix);
}

static int make_heads(struct cpu_samples *samples)
{
	samples->count = perf_rings_count(samples->perf);
	samples->times = calloc(samples->count, sizeof(*samples->times));
	samples->heads = calloc(samples->count, sizeof(*samples->heads));
	if (!samples->times || !samples->heads)
		return -ENOMEM;
	for (size_t i = 0; i < samples->count; i++)
		samples->times[i] = UINT64_MAX;
	return 0;
}

int cpu_samples_open(const struct cpu_samples_options *options, struct cpu_samples **ret,
		     struct err *err)
{
	_cleanup_(cpu_samples_freep) struct cpu_samples *samples = calloc(1, sizeof(*samples));
	int r;

	if (!samples)
		return err_set(err, -ENOMEM, "out of memory");
	if (options->user_stack_bytes % 8 || options->user_stack_bytes > USER_STACK_MAX)
		return err_set(err, -EINVAL, "%zu bytes of user stacks can't be copied",
			       options->user_stack_bytes);
	samples->frames_max =
		usable_frames(options->frames_max ? options->frames_max : STACK_FRAMES_MAX);
	samples->user_stack_bytes = STACK_USER_REGS ? options->user_stack_bytes : 0;
	r = open_any(samples, options, err);
	if (r == 0)
		r = make_heads(samples);
	if (r < 0)
		return explain(samples, r, err);
	*ret = TAKE_PTR(samples);
	return 0;
}
