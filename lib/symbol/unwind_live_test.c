/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples of a program without frame pointers, as the kernel takes them. */
#include "symbol/unwind.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "base/vec.h"

#include <check.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#if STACK_USER_REGS_COUNT > 0

#define STACK_BYTES 8192
#define SAMPLES 300
#define RING_PAGES 256
#define EXPECTED_MAX 8
#define MOST STACK_FRAMES_MAX
#define RECORD_MAX 65536

/* Of PERF_SAMPLE_TID, _REGS_USER and _STACK_USER. */
struct sample {
	uint32_t pid, tid;
	uint64_t abi;
	uint64_t regs[STACK_USER_REGS_COUNT];
	uint64_t stack_size;
	uint8_t stack[STACK_BYTES];
	uint64_t stack_len;
};

VEC_DECLARE(samples, struct sample);

struct ring {
	int fd;
	uint8_t *base;
};

struct load {
	pid_t pid;
	uint64_t expected[EXPECTED_MAX]; /* the outermost first */
	size_t expected_len;
};

static struct procroot *root;
static struct address_spaces *spaces;
static struct unwinder *unwinder;
static struct load load;
static struct samples samples;

static void setup(void)
{
	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	spaces = address_spaces_new(root, 0, 0);
	unwinder = unwinder_new(spaces, NULL);
	ck_assert_ptr_nonnull(unwinder);
}

static void teardown(void)
{
	if (load.pid > 0) {
		kill(load.pid, SIGKILL);
		waitpid(load.pid, NULL, 0);
	}
	vec_free(&samples);
	unwinder_free(unwinder);
	address_spaces_free(spaces);
	procroot_free(root);
}

/* ---- the load -------------------------------------------------------------------------------- */

static void read_expected(FILE *output)
{
	char line[64];

	while (fgets(line, sizeof(line), output) && *line != '\n') {
		ck_assert_uint_lt(load.expected_len, EXPECTED_MAX);
		load.expected[load.expected_len++] = strtoull(line, NULL, 16);
	}
	ck_assert_uint_gt(load.expected_len, 0);
}

static void start_load(const char *what)
{
	int output[2];
	FILE *stream;

	ck_assert_int_eq(pipe(output), 0);
	load = (struct load){ .pid = fork() };
	if (load.pid == 0) {
		dup2(output[1], STDOUT_FILENO);
		execl(UNWIND_LOAD, "unwind_load", what, NULL);
		_exit(127);
	}
	close(output[1]);
	stream = fdopen(output[0], "r");
	ck_assert_ptr_nonnull(stream);
	read_expected(stream);
	fclose(stream);
	ck_assert_int_eq(address_spaces_see(spaces, load.pid), 0);
}

/* ---- samples --------------------------------------------------------------------------------- */

static long open_event(pid_t tid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000, /* ns */
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
		.sample_regs_user = STACK_USER_REGS,
		.sample_stack_user = STACK_BYTES,
	};

	return syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void open_ring(pid_t tid, struct ring *ret)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	ret->fd = (int)open_event(tid);
	ck_assert_int_ge(ret->fd, 0);
	ret->base =
		mmap(NULL, (RING_PAGES + 1) * page, PROT_READ | PROT_WRITE, MAP_SHARED, ret->fd, 0);
	ck_assert_ptr_ne(ret->base, MAP_FAILED);
}

static void close_ring(struct ring *ring)
{
	munmap(ring->base, (RING_PAGES + 1) * (size_t)sysconf(_SC_PAGESIZE));
	close(ring->fd);
}

static void copy_wrapped(const struct ring *ring, uint64_t from, void *to, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = ring->base[page + (from + i) % (RING_PAGES * page)];
}

/* "pid, tid; abi, regs; size, stack, used". */
static void take_sample(const struct ring *ring, uint64_t at)
{
	const size_t head = sizeof(struct perf_event_header);
	struct sample sample = { 0 };

	copy_wrapped(ring, at + head, &sample.pid, 16);
	if (sample.abi != PERF_SAMPLE_REGS_ABI_64)
		return;
	copy_wrapped(ring, at + head + 16, sample.regs, sizeof(sample.regs));
	at += head + 16 + sizeof(sample.regs);
	copy_wrapped(ring, at, &sample.stack_size, 8);
	ck_assert_uint_eq(sample.stack_size, STACK_BYTES);
	copy_wrapped(ring, at + 8, sample.stack, STACK_BYTES);
	copy_wrapped(ring, at + 8 + STACK_BYTES, &sample.stack_len, 8);
	ck_assert_uint_le(sample.stack_len, STACK_BYTES);
	ck_assert_int_eq(vec_push(&samples, sample), 0);
}

static void drain(const struct ring *ring)
{
	struct perf_event_mmap_page *page = (void *)ring->base;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE), at = page->data_tail;

	while (at < head) {
		struct perf_event_header header;

		copy_wrapped(ring, at, &header, sizeof(header));
		if (header.type == PERF_RECORD_SAMPLE)
			take_sample(ring, at);
		at += header.size;
	}
	__atomic_store_n(&page->data_tail, at, __ATOMIC_RELEASE);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void watch(pid_t tid)
{
	uint64_t deadline_ns = now_ns() + 20000000000u;
	struct ring ring;

	open_ring(tid, &ring);
	while (samples.len < SAMPLES && now_ns() < deadline_ns) {
		usleep(20000);
		drain(&ring);
	}
	close_ring(&ring);
	ck_assert_uint_ge(samples.len, SAMPLES / 3);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static size_t unwind(const struct sample *sample, uint64_t *ret, bool *ret_complete)
{
	int count = unwind_user(unwinder, load.pid, sample->regs, sample->stack, sample->stack_len,
				ret, MOST, ret_complete);

	ck_assert_int_ge(count, 1);
	return (size_t)count;
}

/* The expected return addresses in their order, others between them allowed. */
static bool has_expected(const uint64_t *frames, size_t count)
{
	size_t wanted = load.expected_len;

	for (size_t i = 0; i < count && wanted > 0; i++)
		if (frames[i] == load.expected[wanted - 1])
			wanted--;
	return wanted == 0;
}

/* What a sample of an instruction that has not set up its frame yet may miss is nothing: rules are
 * exact for each. */
static void assert_all_unwound(void)
{
	size_t expected = 0, complete = 0, frames_len = 0;

	vec_each(sample, &samples) {
		uint64_t frames[MOST];
		bool is_complete;
		size_t count = unwind(sample, frames, &is_complete);

		expected += has_expected(frames, count);
		complete += is_complete;
		frames_len += count;
	}
	printf("note: %zu samples, %zu with all known callers, %zu complete, %.1f frames each\n",
	       samples.len, expected, complete, (double)frames_len / (double)samples.len);
	ck_assert_uint_eq(expected, samples.len);
	ck_assert_uint_eq(complete, samples.len);
}

START_TEST(chain_in_one_program)
{
	start_load("chain");
	watch(load.pid);
	assert_all_unwound();
}
END_TEST

START_TEST(through_a_shared_library)
{
	start_load("library");
	watch(load.pid);
	assert_all_unwound();
}
END_TEST

START_TEST(through_the_stripped_c_library)
{
	start_load("sort");
	watch(load.pid);
	assert_all_unwound();
}
END_TEST

START_TEST(through_a_signal_handler)
{
	start_load("signal");
	watch(load.pid);
	assert_all_unwound();
}
END_TEST

static pid_t other_thread(pid_t pid)
{
	_cleanup_(cleanup_close) int folder = -1;
	struct id_list tids = { 0 };
	char path[64];
	pid_t found = 0;

	snprintf(path, sizeof(path), "proc/%d/task", (int)pid);
	folder = procroot_open_folder(root, path);
	ck_assert_int_ge(folder, 0);
	ck_assert_int_eq(procroot_list_ids(root, folder, &tids), 0);
	for (size_t i = 0; i < tids.len; i++)
		if (tids.data[i] != pid)
			found = tids.data[i];
	vec_free(&tids);
	ck_assert_int_gt(found, 0);
	return found;
}

static size_t leaves_in(const char *file)
{
	size_t found = 0;

	vec_each(sample, &samples) {
		const struct mapping *mapping;
		uint64_t frames[MOST];

		unwind(sample, frames, NULL);
		mapping = address_spaces_find(spaces, load.pid, frames[0]);
		found += mapping && strstr(mapping->path, file);
	}
	return found;
}

/* In futex() as much as in user code: the registers are those of the system call then. */
START_TEST(threads_at_a_mutex)
{
	start_load("mutex");
	watch(other_thread(load.pid));
	assert_all_unwound();
	ck_assert_uint_gt(leaves_in("libc"), samples.len / 10);
}
END_TEST

START_TEST(short_copy_is_not_complete)
{
	start_load("chain");
	watch(load.pid);
	vec_each(sample, &samples) {
		uint64_t all[MOST], some[MOST];
		size_t count = unwind(sample, all, NULL), got;
		bool complete;

		sample->stack_len = 64;
		got = unwind(sample, some, &complete);
		ck_assert_uint_lt(got, count);
		ck_assert_mem_eq(all, some, got * sizeof(*all));
		ck_assert(!complete);
	}
}
END_TEST

/* The files are gone from /proc with the process, but were read before. */
START_TEST(process_that_is_gone)
{
	start_load("library");
	watch(load.pid);
	kill(load.pid, SIGKILL);
	waitpid(load.pid, NULL, 0);
	assert_all_unwound();
	load.pid = 0;
}
END_TEST

START_TEST(costs_are_small)
{
	struct unwinder_counts counts;
	uint64_t start_ns, spent_ns, frames[MOST];
	const int rounds = 20;

	start_load("sort");
	watch(load.pid);
	unwind(samples.data, frames, NULL);
	start_ns = now_ns();
	for (int round = 0; round < rounds; round++)
		vec_each(sample, &samples)
			unwind(sample, frames, NULL);
	spent_ns = now_ns() - start_ns;
	unwinder_counts(unwinder, &counts);
	printf("note: %.2f us per stack of %.1f frames, %zu KiB of frame information\n",
	       (double)spent_ns / 1e3 / rounds / (double)samples.len,
	       (double)counts.frames / (double)counts.stacks, counts.file_bytes >> 10);
	ck_assert_uint_lt(spent_ns / (uint64_t)rounds / samples.len, 1000000);
	ck_assert_uint_lt(counts.file_bytes, 8u << 20);
}
END_TEST

static void add_tests(TCase *cases)
{
	long fd = open_event(getpid());

	if (fd < 0) {
		printf("skipped: perf_event_open: %s\n", strerror(errno));
		exit(77);
	}
	close((int)fd);
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, chain_in_one_program);
	tcase_add_test(cases, through_a_shared_library);
	tcase_add_test(cases, through_the_stripped_c_library);
	tcase_add_test(cases, through_a_signal_handler);
	tcase_add_test(cases, threads_at_a_mutex);
	tcase_add_test(cases, short_copy_is_not_complete);
	tcase_add_test(cases, process_that_is_gone);
	tcase_add_test(cases, costs_are_small);
	tcase_set_timeout(cases, 60);
}

#else

static void add_tests(TCase *cases)
{
	printf("skipped: no unwinding on this architecture\n");
	exit(77);
}

#endif

int main(void)
{
	Suite *suite = suite_create("unwind_live");
	TCase *cases = tcase_create("live");

	add_tests(cases);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
