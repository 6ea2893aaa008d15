/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes loads whose events are known, and counts what the rings tell of them. */
#include "source/sched_rings.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#define ROUNDS 20000
#define CPUS_MAX 4096
#define SKIP 77
#define S 1000000000ULL

static void sleep_ms(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Two threads of a load; it begins when the first event was seen, and ends the window. */
struct load {
	pthread_t threads[2];
	pid_t tids[2];
	long switches[2]; /* by the kernel's own count */
	long blocks[2];
	int pipes[2][2];
	int sockets[2];
	pthread_barrier_t ready;
	volatile sig_atomic_t go, stop;
};

static void load_wait(struct load *load)
{
	pthread_barrier_wait(&load->ready);
	while (!load->go)
		sleep_ms(10);
}

static struct rusage own_usage(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage;
}

static void pin_to_first_cpu(void)
{
	cpu_set_t all, one;
	int cpu = 0;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

static void play(struct load *load, int side)
{
	char ball = 'x';

	for (int i = 0; i < ROUNDS; i++) {
		if (side == 0)
			ck_assert_int_eq(write(load->pipes[0][1], &ball, 1), 1);
		ck_assert_int_eq(read(load->pipes[1 - side][0], &ball, 1), 1);
		if (side == 1)
			ck_assert_int_eq(write(load->pipes[1][1], &ball, 1), 1);
	}
}

/* Side 0 writes to pipe 0 and reads from pipe 1; side 1 the reverse. */
static void *ping_pong(struct load *load, int side)
{
	struct rusage before, after;

	pin_to_first_cpu();
	load->tids[side] = gettid();
	load_wait(load);
	before = own_usage();
	play(load, side);
	after = own_usage();
	load->blocks[side] = after.ru_nvcsw - before.ru_nvcsw;
	load->switches[side] = load->blocks[side] + after.ru_nivcsw - before.ru_nivcsw;
	return NULL;
}

static void *ping(void *context)
{
	struct load *load = context;

	ping_pong(load, 0);
	sleep_ms(50);
	load->stop = 1;
	return NULL;
}

static void *pong(void *context)
{
	return ping_pong(context, 1);
}

static void load_start(struct load *load, void *(*first)(void *), void *(*second)(void *))
{
	int sockets[2] = { load->sockets[0], load->sockets[1] };

	memset(load, 0, sizeof(*load));
	memcpy(load->sockets, sockets, sizeof(sockets));
	pthread_barrier_init(&load->ready, NULL, 3);
	ck_assert_int_eq(pipe(load->pipes[0]), 0);
	ck_assert_int_eq(pipe(load->pipes[1]), 0);
	ck_assert_int_eq(pthread_create(&load->threads[0], NULL, first, load), 0);
	ck_assert_int_eq(pthread_create(&load->threads[1], NULL, second, load), 0);
	pthread_barrier_wait(&load->ready);
}

static void load_join(struct load *load)
{
	for (int i = 0; i < 2; i++) {
		pthread_join(load->threads[i], NULL);
		close(load->pipes[i][0]);
		close(load->pipes[i][1]);
	}
	pthread_barrier_destroy(&load->ready);
}

struct seen {
	struct load *load;
	long switches[2], wakeups[2], blocks[2];
	long by_other[2]; /* wakeups from the other thread, in task context */
	long by_context[2][3];
	long strange_current; /* a switch that another than `prev` made */
	long broken;	      /* a thread of ours was switched to, and then another left that CPU */
	long backwards;
	uint64_t last_ns, lost;
	long names, named_process;
	pid_t running[CPUS_MAX];
	bool ours[CPUS_MAX];
	long sleep_every;
	long events;
	int give_up_after;
};

static int side_of(const struct seen *seen, pid_t tid)
{
	for (int i = 0; i < 2; i++) {
		if (seen->load && seen->load->tids[i] == tid)
			return i;
	}
	return -1;
}

/* Threads have the name of their process. Others are no good: kernels were seen that drop all events of some
 * threads, among them an idle thread, for every reader. */
static bool is_ours(const char *comm)
{
	char own[SCHED_COMM_LEN];

	return prctl(PR_GET_NAME, own) == 0 && strcmp(comm, own) == 0;
}

static void see_switch(struct seen *seen, const struct sched_event *event)
{
	int side = side_of(seen, event->other_tid);

	if (side >= 0) {
		seen->switches[side]++;
		seen->blocks[side] += !event->runnable;
	}
	seen->strange_current += event->current_tid != event->other_tid;
	if (event->cpu >= CPUS_MAX)
		return;
	seen->broken += seen->ours[event->cpu] && seen->running[event->cpu] != event->other_tid;
	seen->running[event->cpu] = event->tid;
	seen->ours[event->cpu] = is_ours(event->comm);
}

static void see_wakeup(struct seen *seen, const struct sched_event *event)
{
	int side = side_of(seen, event->tid);

	if (side < 0)
		return;
	seen->wakeups[side]++;
	seen->by_context[side][event->context]++;
	seen->by_other[side] += event->context == SCHED_CONTEXT_TASK &&
				event->current_tid == seen->load->tids[1 - side];
}

static int see(void *context, const struct sched_event *event)
{
	struct seen *seen = context;

	if (seen->load)
		seen->load->go = 1;
	seen->backwards += event->time_ns < seen->last_ns;
	if (event->time_ns > seen->last_ns)
		seen->last_ns = event->time_ns;
	if (event->type == SCHED_SWITCH)
		see_switch(seen, event);
	if (event->type == SCHED_WAKEUP)
		see_wakeup(seen, event);
	if (event->type == SCHED_NAME) {
		seen->names += strcmp(event->comm, "renamed-thread") == 0;
		seen->named_process += event->other_tid == getpid();
	}
	if (event->type == SCHED_LOST && event->cpu < CPUS_MAX) {
		seen->lost += event->value;
		seen->ours[event->cpu] = false;
	}
	seen->events++;
	if (seen->sleep_every && seen->events % seen->sleep_every == 0)
		sleep_ms(20);
	return seen->give_up_after && seen->events == seen->give_up_after ? 7 : 0;
}

static struct sched_rings *open_rings(size_t bytes_per_cpu_max, const char *tracefs)
{
	const struct sched_rings_options options = {
		.bytes_per_cpu_max = bytes_per_cpu_max,
		.tracefs = tracefs,
	};
	struct sched_rings *rings = NULL;
	struct err err = { 0 };

	ck_assert_msg(sched_rings_open(&options, &rings, &err) == 0, "%s", err.msg);
	return rings;
}

static void watch_load(struct sched_rings *rings, struct load *load, struct seen *seen,
		       struct sched_rings_result *ret)
{
	const struct sched_rings_limits limits = { .duration_ns = 60 * S, .stop = &load->stop };
	struct err err = { 0 };

	ck_assert_int_eq(sched_rings_watch(rings, &limits, see, seen, ret, &err), -EINTR);
	load_join(load);
}

/* Within 1 %, and the few switches before and after the counted stretch. */
static void assert_near(long got, long expected)
{
	ck_assert_msg(labs(got - expected) <= expected / 100 + 5, "%ld, expected %ld", got,
		      expected);
}

START_TEST(ping_pong_is_counted)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = open_rings(0, NULL);
	struct load load = { 0 };
	struct seen seen = { .load = &load };
	struct sched_rings_result result;

	ck_assert_int_eq(sched_rings_source(rings), SCHED_SOURCE_TRACEPOINTS);
	ck_assert_str_eq(sched_rings_reason(rings), "");
	load_start(&load, ping, pong);
	watch_load(rings, &load, &seen, &result);

	for (int i = 0; i < 2; i++) {
		ck_assert_int_ge(load.switches[i], ROUNDS / 2);
		assert_near(seen.switches[i], load.switches[i]);
		assert_near(seen.blocks[i], load.blocks[i]);
		assert_near(seen.wakeups[i], load.blocks[i]);
		assert_near(seen.by_other[i], load.blocks[i]);
	}
	ck_assert_uint_eq(result.lost, 0);
	ck_assert_uint_eq(result.undecoded, 0);
	ck_assert_int_eq(seen.strange_current, 0);
	ck_assert_int_eq(seen.broken, 0);
	ck_assert_uint_eq(result.events, (uint64_t)seen.events);
	ck_assert_uint_ge(result.end_ns, seen.last_ns);
}
END_TEST

START_TEST(times_are_ordered_across_cpus)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = open_rings(0, NULL);
	struct load load = { 0 };
	struct seen seen = { .load = &load };
	struct sched_rings_result result;

	load_start(&load, ping, pong);
	watch_load(rings, &load, &seen, &result);
	ck_assert_uint_eq(result.out_of_order, (uint64_t)seen.backwards);
	/* A guest's CPU may be taken away between an event's time and its record. */
	ck_assert_int_le(seen.backwards, seen.events / 1000);
}
END_TEST

START_TEST(switch_records_count_the_same)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = open_rings(0, "/nonexistent");
	struct load load = { 0 };
	struct seen seen = { .load = &load };
	struct sched_rings_result result;

	ck_assert_int_eq(sched_rings_source(rings), SCHED_SOURCE_SWITCH_RECORDS);
	ck_assert_ptr_nonnull(strstr(sched_rings_reason(rings), "/nonexistent"));
	load_start(&load, ping, pong);
	watch_load(rings, &load, &seen, &result);
	for (int i = 0; i < 2; i++) {
		assert_near(seen.switches[i], load.switches[i]);
		assert_near(seen.blocks[i], load.blocks[i]);
		ck_assert_int_eq(seen.wakeups[i], 0);
	}
	ck_assert_uint_eq(result.lost, 0);
	ck_assert_uint_eq(result.undecoded, 0);
}
END_TEST

static void *sleeper(void *context)
{
	struct load *load = context;

	pin_to_first_cpu();
	load->tids[0] = gettid();
	load_wait(load);
	for (int i = 0; i < 300; i++)
		sleep_ms(1);
	load->stop = 1;
	return NULL;
}

/* Keeps the sleeper's CPU from being idle. */
static void *renamer(void *context)
{
	struct load *load = context;

	pin_to_first_cpu();
	load->tids[1] = gettid();
	load_wait(load);
	prctl(PR_SET_NAME, "renamed-thread");
	while (!load->stop)
		continue;
	return NULL;
}

START_TEST(timers_wake_from_interrupts_and_names_are_told)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = open_rings(0, NULL);
	struct load load = { 0 };
	struct seen seen = { .load = &load };
	struct sched_rings_result result;

	load_start(&load, sleeper, renamer);
	watch_load(rings, &load, &seen, &result);
	ck_assert_int_ge(seen.wakeups[0], 200);
	ck_assert_int_le(seen.by_context[0][SCHED_CONTEXT_TASK], seen.wakeups[0] / 10);
	ck_assert_int_eq(seen.names, 1);
	ck_assert_int_ge(seen.named_process, 1);
}
END_TEST

static void *receiver(void *context)
{
	struct load *load = context;
	char text[16];

	load->tids[0] = gettid();
	load_wait(load);
	for (int i = 0; i < 500; i++)
		ck_assert_int_gt(recv(load->sockets[0], text, sizeof(text), 0), 0);
	load->stop = 1;
	return NULL;
}

static void *sender(void *context)
{
	struct load *load = context;
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	load->tids[1] = gettid();
	load_wait(load);
	ck_assert_int_eq(getsockname(load->sockets[0], (struct sockaddr *)&address, &len), 0);
	while (!load->stop) {
		sendto(load->sockets[1], "x", 1, 0, (struct sockaddr *)&address, len);
		sleep_ms(1);
	}
	return NULL;
}

START_TEST(network_wakes_from_softirq)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = open_rings(0, NULL);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct load load = { 0 };
	struct seen seen = { .load = &load };
	struct sched_rings_result result;
	int sockets[2] = { socket(AF_INET, SOCK_DGRAM, 0), socket(AF_INET, SOCK_DGRAM, 0) };

	ck_assert_int_eq(bind(sockets[0], (struct sockaddr *)&address, sizeof(address)), 0);
	memcpy(load.sockets, sockets, sizeof(sockets));
	load_start(&load, receiver, sender);
	watch_load(rings, &load, &seen, &result);
	ck_assert_int_ge(seen.wakeups[0], 400);
	ck_assert_int_ge(seen.by_context[0][SCHED_CONTEXT_SOFTIRQ], seen.wakeups[0] * 9 / 10);
	close(sockets[0]);
	close(sockets[1]);
}
END_TEST

START_TEST(loss_is_told_and_counted)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = open_rings(16384, NULL);
	struct load load = { 0 };
	struct seen seen = { .load = &load, .sleep_every = 100 };
	struct sched_rings_result result;

	load_start(&load, ping, pong);
	watch_load(rings, &load, &seen, &result);
	ck_assert_uint_eq(result.ring_bytes, 16384);
	ck_assert_uint_gt(result.lost, 0);
	ck_assert_uint_eq(result.lost, seen.lost);
	/* Between two losses nothing is missing. */
	ck_assert_int_eq(seen.broken, 0);
}
END_TEST

static void *yielder(void *context)
{
	const volatile sig_atomic_t *stop = context;

	while (!*stop)
		sched_yield();
	return NULL;
}

START_TEST(storm_on_every_cpu_loses_nothing)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = open_rings(0, NULL);
	const struct sched_rings_limits limits = { .duration_ns = 3 * S };
	struct seen seen = { 0 };
	struct sched_rings_result result;
	volatile sig_atomic_t stop = 0;
	long count = 10 * sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[256];

	if (count > 256)
		count = 256;
	for (long i = 0; i < count; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, yielder, (void *)&stop), 0);
	ck_assert_int_eq(sched_rings_watch(rings, &limits, see, &seen, &result, NULL), 0);
	stop = 1;
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_gt(result.events, 50000);
	ck_assert_uint_eq(result.lost, 0);
	ck_assert_int_eq(seen.broken, 0);
	ck_assert_uint_ge(result.end_ns - result.start_ns, 3 * S);
	ck_assert_uint_le(result.end_ns - result.start_ns, 4 * S);
}
END_TEST

START_TEST(caps_and_consumers_end_the_window)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = open_rings(0, NULL);
	struct sched_rings_limits limits = { .duration_ns = 60 * S, .events_max = 1000 };
	struct load load = { 0 };
	struct seen seen = { .load = &load };
	struct sched_rings_result result;

	load_start(&load, ping, pong);
	ck_assert_int_eq(sched_rings_watch(rings, &limits, see, &seen, &result, NULL), 0);
	ck_assert(result.capped);
	ck_assert_uint_eq(result.events, 1000);
	ck_assert_int_eq(seen.events, 1000);
	ck_assert_uint_eq(result.end_ns, seen.last_ns);

	seen.give_up_after = 1010;
	limits.events_max = 0;
	ck_assert_int_eq(sched_rings_watch(rings, &limits, see, &seen, &result, NULL), 7);
	ck_assert(!result.capped);
	ck_assert_uint_eq(result.events, 10);
	load_join(&load);
}
END_TEST

static int open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

START_TEST(nothing_is_left_behind)
{
	const struct sched_rings_limits limits = { .duration_ns = S / 10 };
	int before = open_descriptors();
	int nice = getpriority(PRIO_PROCESS, 0);
	int policy = sched_getscheduler(0);
	struct sched_rings *rings = open_rings(0, NULL);
	struct seen seen = { 0 };
	struct sched_rings_result result;

	ck_assert_int_eq(sched_rings_watch(rings, &limits, see, &seen, &result, NULL), 0);
	sched_rings_free(rings);
	ck_assert_int_eq(open_descriptors(), before);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), nice);
	ck_assert_int_eq(sched_getscheduler(0), policy);
}
END_TEST

static int skip(const char *reason)
{
	printf("skipped: %s\n", reason);
	return SKIP;
}

/* tracefs where it is, else in a mount namespace of our own. */
static bool have_tracefs(void)
{
	if (access("/sys/kernel/tracing/events/sched", F_OK) == 0)
		return true;
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL) == 0 &&
	       access("/sys/kernel/tracing/events/sched", F_OK) == 0;
}

static const char *why_not(void)
{
	const struct sched_rings_options options = { 0 };
	static struct err err;
	struct sched_rings *rings;

	if (!have_tracefs())
		return "no tracefs, and none can be mounted here";
	if (sched_rings_open(&options, &rings, &err) < 0)
		return err.msg;
	if (sched_rings_source(rings) != SCHED_SOURCE_TRACEPOINTS)
		err_set(&err, 0, "%s", sched_rings_reason(rings));
	sched_rings_free(rings);
	return *err.msg ? err.msg : NULL;
}

int main(void)
{
	Suite *suite = suite_create("sched_rings");
	TCase *tcase = tcase_create("live");
	const char *reason = why_not();

	if (reason)
		return skip(reason);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, ping_pong_is_counted);
	tcase_add_test(tcase, times_are_ordered_across_cpus);
	tcase_add_test(tcase, switch_records_count_the_same);
	tcase_add_test(tcase, timers_wake_from_interrupts_and_names_are_told);
	tcase_add_test(tcase, network_wakes_from_softirq);
	tcase_add_test(tcase, loss_is_told_and_counted);
	tcase_add_test(tcase, storm_on_every_cpu_loses_nothing);
	tcase_add_test(tcase, caps_and_consumers_end_the_window);
	tcase_add_test(tcase, nothing_is_left_behind);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
