/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live: threads of this process that pass a futex back and forth, and one that only sleeps. */
#include "source/trace_stacks.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "source/perf_probe.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_S 20

static _Atomic uint32_t turn;
static atomic_bool stop;
static _Atomic pid_t tids[3];

static long futex(int op, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, &turn, op | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

/* Each waits until it is its turn, and wakes the other. */
static void *play(void *argument)
{
	const struct timespec patience = { .tv_nsec = 100000000 };
	uint32_t side = (uint32_t)(size_t)argument;

	prctl(PR_SET_NAME, side ? "ts-pong" : "ts-ping");
	tids[side] = (pid_t)syscall(SYS_gettid);
	while (!stop) {
		while (turn != side && !stop)
			futex(FUTEX_WAIT, 1 - side, &patience);
		turn = 1 - side;
		futex(FUTEX_WAKE, 1, NULL);
		nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
	}
	return NULL;
}

static void *bystand(void *argument)
{
	prctl(PR_SET_NAME, "ts-other");
	tids[2] = (pid_t)syscall(SYS_gettid);
	while (!stop)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return argument;
}

struct seen {
	uint64_t switches, wakeups, futexes, futex_ends, others, backwards;
	uint64_t switch_stacks, wakeup_stacks, futex_stacks, other_stacks, without_kernel,
		without_copy;
	uint64_t last_ns;
};

static void see_stack(struct seen *seen, const struct sched_event *event,
		      const struct stack_sample *sample)
{
	seen->switch_stacks += event->type == SCHED_SWITCH;
	seen->wakeup_stacks += event->type == SCHED_WAKEUP;
	seen->futex_stacks += event->type == SCHED_FUTEX;
	/* the entry of a system call is told as of the program */
	if (event->type != SCHED_FUTEX)
		seen->without_kernel += !sample->kernel_count;
	if (event->context == SCHED_CONTEXT_TASK && sample->pid == getpid())
		seen->without_copy += !sample->user_stack_len;
	if (event->type == SCHED_SWITCH)
		seen->other_stacks += event->other_tid != tids[0];
	if (event->type == SCHED_WAKEUP)
		seen->other_stacks += event->tid != tids[0];
}

static int see(void *context, const struct sched_event *event, pid_t pid,
	       const struct stack_sample *sample)
{
	struct seen *seen = context;

	seen->backwards += event->time_ns < seen->last_ns;
	seen->last_ns = event->time_ns;
	if (sample) {
		see_stack(seen, event, sample);
		return 0;
	}
	seen->switches += event->type == SCHED_SWITCH;
	seen->wakeups += event->type == SCHED_WAKEUP;
	seen->futexes += event->type == SCHED_FUTEX && event->value == (uintptr_t)&turn;
	seen->futex_ends += event->type == SCHED_FUTEX_END;
	seen->others += event->type == SCHED_WAKEUP && event->tid == tids[2];
	(void)pid;
	return 0;
}

static void watch(struct seen *seen, struct trace_stacks_result *result)
{
	const char *comms[] = { "ts-p*" };
	struct trace_stacks_options options = { .comms = comms,
						.comms_count = 1,
						.tids = (pid_t[]){ tids[0] },
						.tids_count = 1,
						.user_stack_bytes = 2048 };
	struct trace_stacks_limits limits = { .duration_ns = 500000000 };
	struct trace_stacks *stacks;
	struct err err = { "" };
	int r = trace_stacks_open(&options, &stacks, &err);

	if (r < 0) {
		printf("skipped: %s\n", err.msg);
		exit(77);
	}
	ck_assert_int_eq(trace_stacks_watch(stacks, &limits, see, seen, result, &err), 0);
	trace_stacks_free(stacks);
}

START_TEST(events_of_the_suspects_with_their_stacks)
{
	struct trace_stacks_result result;
	struct seen seen = { 0 };
	pthread_t threads[3];

	pthread_create(&threads[0], NULL, play, (void *)0);
	pthread_create(&threads[1], NULL, play, (void *)1);
	pthread_create(&threads[2], NULL, bystand, NULL);
	while (!tids[0] || !tids[1] || !tids[2])
		usleep(1000);
	watch(&seen, &result);
	stop = true;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	printf("%llu events, %llu stacks, lost %llu and %llu\n", (unsigned long long)result.events,
	       (unsigned long long)result.stacks, (unsigned long long)result.lost,
	       (unsigned long long)result.lost_stacks);
	ck_assert_uint_ge(seen.switches, 50);
	ck_assert_uint_ge(seen.wakeups, 50);
	ck_assert_uint_ge(seen.futexes, 20);
	ck_assert_uint_ge(seen.futex_ends, 20);
	ck_assert_uint_ge(seen.switch_stacks, 10);
	ck_assert_uint_ge(seen.wakeup_stacks, 10);
	ck_assert_uint_ge(seen.futex_stacks, 5);
	ck_assert_uint_eq(seen.without_kernel, 0);
	ck_assert_uint_eq(seen.without_copy, 0);
	if (!result.unfiltered) {
		ck_assert_uint_eq(seen.others, 0);
		ck_assert_uint_eq(seen.other_stacks, 0);
	}
	ck_assert_uint_eq(result.undecoded, 0);
	ck_assert_uint_gt(result.end_ns, result.start_ns);
}
END_TEST

START_TEST(what_can_be_watched_is_what_the_probe_tells)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	const char *comms[] = { "ts-p*" };
	const struct trace_stacks_options options = { .comms = comms, .comms_count = 1 };
	struct perf_abilities abilities;
	struct trace_stacks *stacks;
	int r = trace_stacks_open(&options, &stacks, NULL);

	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	ck_assert_int_eq(perf_probe(root, &abilities), 0);
	if (r < 0) {
		ck_assert(!abilities.item[PERF_ABILITY_SCHED_SWITCH].available);
		return;
	}
	ck_assert_int_eq(abilities.item[PERF_ABILITY_FUTEX].available,
			 trace_stacks_has_futexes(stacks));
	ck_assert_int_eq(abilities.item[PERF_ABILITY_CONTENTION].available,
			 trace_stacks_has_locks(stacks));
	trace_stacks_free(stacks);
}
END_TEST

START_TEST(nobody_to_look_at_is_an_error)
{
	struct trace_stacks *stacks;
	struct err err = { "" };

	ck_assert_int_eq(trace_stacks_open(&(struct trace_stacks_options){ 0 }, &stacks, &err),
			 -EINVAL);
	ck_assert_str_ne(err.msg, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace_stacks");
	TCase *cases = tcase_create("trace_stacks");

	alarm(LIMIT_S);
	tcase_set_timeout(cases, LIMIT_S);
	tcase_add_test(cases, events_of_the_suspects_with_their_stacks);
	tcase_add_test(cases, what_can_be_watched_is_what_the_probe_tells);
	tcase_add_test(cases, nobody_to_look_at_is_an_error);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
