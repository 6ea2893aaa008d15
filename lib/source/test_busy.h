/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Children that compute, whose addresses and stacks are known, for the tests of cpu_samples.
 */
#ifndef TRIAGE_SOURCE_TEST_BUSY_H
#define TRIAGE_SOURCE_TEST_BUSY_H

#include "source/cpu_samples.h"

#include "base/cleanup.h"

#include <check.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SKIP 77
#define CPUS_MAX 1024
#define S 1000000000ULL
#define PATTERN_WORDS 640 /* 5 KiB: more than libperf copies of a record at the ring's end */

/* The children's functions, in sections of their own so that their addresses are known. */
extern const char __start_busy_leaf[], __stop_busy_leaf[];
extern const char __start_busy_caller[], __stop_busy_caller[];

__attribute__((noinline, section("busy_leaf"), no_sanitize("address", "undefined"))) static void
burn(const volatile uint64_t *pattern)
{
	for (volatile uint64_t i = 0; i < UINT64_MAX && pattern; i++)
		;
}

/* Has a pattern on its stack, which nobody else has. */
__attribute__((noinline, section("busy_caller"), no_sanitize("address", "undefined"))) static void
call_burn(void)
{
	volatile uint64_t pattern[PATTERN_WORDS];

	for (uint64_t i = 0; i < PATTERN_WORDS; i++)
		pattern[i] = (uint64_t)getpid() << 32 | i;
	burn(pattern);
	__asm__ volatile("" ::: "memory"); /* so that it is a call, not a jump */
}

static bool is_in(uint64_t address, const char *start, const char *stop)
{
	return address >= (uintptr_t)start && address <= (uintptr_t)stop;
}

#define ANY_CPU (-1)

static pid_t start_busy(int cpu)
{
	cpu_set_t one;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu % CPU_SETSIZE, &one);
	if (cpu != ANY_CPU)
		sched_setaffinity(0, sizeof(one), &one);
	call_burn();
	_exit(0);
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static struct cpu_samples *open_samples(const struct cpu_samples_options *options)
{
	struct cpu_samples *samples;
	struct err err = { "" };
	int r = cpu_samples_open(options, &samples, &err);

	ck_assert_msg(r == 0, "%s", err.msg);
	return samples;
}

static void watch(struct cpu_samples *samples, uint64_t duration_ns,
		  const struct cpu_samples_handler *handler, struct cpu_samples_result *ret)
{
	const struct cpu_samples_limits limits = { .duration_ns = duration_ns };

	ck_assert_int_eq(cpu_samples_watch(samples, &limits, handler, ret, NULL), 0);
	ck_assert_uint_eq(ret->undecoded, 0);
	ck_assert_uint_ge(ret->end_ns - ret->start_ns, duration_ns);
}

/* Runs the cases, each in a process of its own, unless the host does not allow sampling at all. */
static int run_live(Suite *suite)
{
	const struct cpu_samples_options options = { 0 };
	struct cpu_samples *samples;
	struct err err = { "" };
	SRunner *runner = srunner_create(suite);
	int failed = SKIP;

	if (cpu_samples_open(&options, &samples, &err) < 0) {
		printf("skipped: %s\n", err.msg);
	} else {
		cpu_samples_free(samples);
		srunner_run_all(runner, CK_NORMAL);
		failed = srunner_ntests_failed(runner) > 0;
	}
	srunner_free(runner);
	return failed;
}

#endif
