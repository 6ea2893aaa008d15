/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of user stacks, and what happens when rings are too small for them. */
#include "source/test_busy.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#define REGS_SP 7
#define REGS_IP 8
#elif defined(__aarch64__)
#define REGS_SP 31
#define REGS_IP 32
#endif

struct stacks {
	pid_t pids[3];
	uint64_t low, high; /* of their stacks */
	long samples, sp_outside, ip_other, incomplete, foreign, too_long;
	long kernel_threads_odd;
};

/* The stack that this process was given at its start; children have it at the same place. */
static void find_stack(uint64_t *ret_low, uint64_t *ret_high)
{
	_cleanup_(cleanup_fclose) FILE *file = fopen("/proc/self/maps", "re");
	char line[4096];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, "[stack]"))
			break;
	}
	ck_assert_int_eq(sscanf(line, "%" SCNx64 "-%" SCNx64, ret_low, ret_high), 2);
}

/* How many words of the pattern follow each other. */
static void check_pattern(struct stacks *stacks, const struct stack_sample *sample)
{
	const uint64_t *words = sample->user_stack;
	size_t count = sample->user_stack_len / 8, at = 0;
	uint64_t first = (uint64_t)sample->pid << 32;

	while (at < count && words[at] != first)
		at++;
	for (uint64_t i = 0; i < PATTERN_WORDS; i++) {
		if (at + i < count && words[at + i] != (first | i)) {
			stacks->foreign++;
			return;
		}
	}
	stacks->incomplete += at + PATTERN_WORDS > count;
}

static int see_stack(void *context, const struct stack_sample *sample)
{
	struct stacks *stacks = context;
	bool ours = false;
	uint64_t sp;

	for (int i = 0; i < 3; i++)
		ours = ours || sample->pid == stacks->pids[i];
	if (sample->pid == 0)
		stacks->kernel_threads_odd += sample->user_regs || sample->user_stack;
	if (!ours || !sample->in_user || !sample->user_regs || !sample->user_count ||
	    !is_in(sample->user[0], __start_busy_leaf, __stop_busy_leaf))
		return 0;
	stacks->samples++;
	sp = sample->user_regs[REGS_SP];
	stacks->sp_outside += sp < stacks->low || sp >= stacks->high;
	stacks->ip_other += sample->user_regs[REGS_IP] != sample->user[0];
	/* Up to where the stack begins, or a page of it that was never touched. */
	stacks->too_long += sample->user_stack_len > 8192 ||
			    sample->user_stack_len > stacks->high - sp;
	check_pattern(stacks, sample);
	return 0;
}

/* Three take turns on one CPU, whose ring is small: every seventh record or so lies across its end,
 * and what is left over there from the one before is another child's. */
START_TEST(user_stacks_are_copied_whole)
{
	const struct cpu_samples_options options = { .user_stack_bytes = 8192,
						     .bytes_per_cpu_max = 64 << 10 };
	_cleanup_(cpu_samples_freep) struct cpu_samples *samples = open_samples(&options);
	struct stacks stacks = { 0 };
	const struct cpu_samples_handler handler = { .sample = see_stack, .context = &stacks };
	struct cpu_samples_result result;

	find_stack(&stacks.low, &stacks.high);
	for (int i = 0; i < 3; i++)
		stacks.pids[i] = start_busy(0);
	watch(samples, 2 * S, &handler, &result);
	for (int i = 0; i < 3; i++)
		end_child(stacks.pids[i]);
	ck_assert_uint_eq(result.ring_bytes, 64 << 10);
	ck_assert_int_gt(stacks.samples, 100);
	ck_assert_int_eq(stacks.sp_outside, 0);
	ck_assert_int_eq(stacks.ip_other, 0);
	ck_assert_int_eq(stacks.foreign, 0);
	ck_assert_int_eq(stacks.incomplete, 0);
	ck_assert_int_eq(stacks.too_long, 0);
	ck_assert_int_eq(stacks.kernel_threads_odd, 0);
}
END_TEST

struct pauser {
	long samples, pause_at;
};

static int see_and_pause(void *context, const struct stack_sample *sample)
{
	const struct timespec pause = { .tv_nsec = 500000000 };
	struct pauser *pauser = context;

	if (++pauser->samples == pauser->pause_at)
		nanosleep(&pause, NULL);
	return 0;
}

START_TEST(loss_is_counted)
{
	const struct cpu_samples_options options = { .cpu_clock_only = true,
						     .user_stack_bytes = 4096,
						     .bytes_per_cpu_max = 16 << 10 };
	_cleanup_(cpu_samples_freep) struct cpu_samples *samples = open_samples(&options);
	struct pauser pauser = { .pause_at = 100 };
	const struct cpu_samples_handler handler = { .sample = see_and_pause, .context = &pauser };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct cpu_samples_result result;
	double expected, seen;
	pid_t pids[CPUS_MAX];

	/* Samples of idle threads have no stacks and are short, or don't come at all. */
	for (int i = 0; i < cpus && i < CPUS_MAX; i++)
		pids[i] = start_busy(i);
	watch(samples, 2 * S, &handler, &result);
	for (int i = 0; i < cpus && i < CPUS_MAX; i++)
		end_child(pids[i]);
	ck_assert_uint_eq(result.ring_bytes, 16384);
	ck_assert_uint_gt(result.lost, 0);
	expected = (double)(result.end_ns - result.start_ns) / 1e9 * result.cpus * result.hz;
	seen = (double)(result.samples + result.lost);
	/* More, where others start programs: mappings are lost as well. */
	ck_assert_msg(seen > expected * 0.7, "%" PRIu64 " + %" PRIu64 " of %.0f", result.samples,
		      result.lost, expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpu_samples_stack");
	TCase *tcase = tcase_create("live");

	tcase_set_timeout(tcase, 60);
#ifdef REGS_SP
	tcase_add_test(tcase, user_stacks_are_copied_whole);
#endif
	tcase_add_test(tcase, loss_is_counted);
	suite_add_tcase(suite, tcase);
	return run_live(suite);
}
