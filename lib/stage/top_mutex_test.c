/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/top_mutex.h"

#include "base/testing.h"

#include <check.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool waits(int64_t number, uint64_t op, uint64_t value)
{
	struct task_syscall call = { .number = number, .args = { 0x1000, op, value } };
	uint64_t word = 0;
	bool found = mutex_waited_for(&call, &word);

	ck_assert_uint_eq(word, found ? 0x1000 : 0);
	return found;
}

START_TEST(kinds_of_futex_calls)
{
	ck_assert(waits(SYS_futex, FUTEX_WAIT_PRIVATE, 2));
	ck_assert(waits(SYS_futex, FUTEX_WAIT, 2)); /* shared between processes */
	ck_assert(waits(SYS_futex, FUTEX_WAIT_BITSET_PRIVATE, 2));
	ck_assert(waits(SYS_futex, FUTEX_LOCK_PI_PRIVATE, 0));
	/* the value is 32 bits wide, whatever stands above it in the register */
	ck_assert(waits(SYS_futex, FUTEX_WAIT_PRIVATE, 0x700000002));
	ck_assert(!waits(SYS_futex, FUTEX_WAIT_PRIVATE, 0));
	ck_assert(!waits(SYS_futex, FUTEX_WAKE_PRIVATE, 2));
	ck_assert(!waits(SYS_futex, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 2));
	ck_assert(!waits(SYS_nanosleep, FUTEX_WAIT_PRIVATE, 2));
	ck_assert(!waits(TASK_SYSCALL_NONE, FUTEX_WAIT_PRIVATE, 2));
}
END_TEST

START_TEST(the_most_crowded_word)
{
	static const struct mutex_wait list[] = { { 7, 16 }, { 7, 32 }, { 8, 16 },
						  { 7, 32 }, { 8, 16 }, { 7, 32 } };

	ck_assert_uint_eq(mutex_most_waiters(NULL, 0), 0);
	ck_assert_uint_eq(mutex_most_waiters(list, 1), 1);
	/* one address of two processes is two mutexes */
	ck_assert_uint_eq(mutex_most_waiters(list, 3), 1);
	ck_assert_uint_eq(mutex_most_waiters(list, 6), 3);
}
END_TEST

/* ---- what the C library really calls ---- */

struct sleeper {
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	bool for_condition;
	volatile pid_t tid;
};

static void *sleep_for_it(void *argument)
{
	struct sleeper *sleeper = argument;

	sleeper->tid = (pid_t)syscall(SYS_gettid);
	pthread_mutex_lock(&sleeper->mutex);
	if (sleeper->for_condition)
		pthread_cond_wait(&sleeper->condition, &sleeper->mutex);
	pthread_mutex_unlock(&sleeper->mutex);
	return NULL;
}

static bool read_call(pid_t tid, struct task_syscall *ret)
{
	char path[64], text[256] = "";
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	file = fopen(path, "r");
	if (!file)
		return false;
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	return task_syscall_parse(text, len, ret) == 0;
}

/* Until it sleeps in a futex call; two seconds at most. */
static bool wait_asleep(const struct sleeper *sleeper, struct task_syscall *ret)
{
	for (int i = 0; i < 2000; i++) {
		if (sleeper->tid && read_call(sleeper->tid, ret) && ret->number == SYS_futex)
			return true;
		usleep(1000);
	}
	return false;
}

static void look_at(bool for_condition, bool expected)
{
	struct sleeper sleeper = { .mutex = PTHREAD_MUTEX_INITIALIZER,
				   .condition = PTHREAD_COND_INITIALIZER,
				   .for_condition = for_condition };
	struct task_syscall call;
	pthread_t thread;
	uint64_t word = 0;

	if (!for_condition)
		pthread_mutex_lock(&sleeper.mutex);
	ck_assert_int_eq(pthread_create(&thread, NULL, sleep_for_it, &sleeper), 0);
	ck_assert(wait_asleep(&sleeper, &call));
	ck_assert_int_eq(mutex_waited_for(&call, &word), expected);
	if (expected)
		ck_assert_uint_eq(word, (uint64_t)(uintptr_t)&sleeper.mutex);
	if (for_condition)
		pthread_mutex_lock(&sleeper.mutex);
	pthread_cond_signal(&sleeper.condition);
	pthread_mutex_unlock(&sleeper.mutex);
	pthread_join(thread, NULL);
}

START_TEST(a_real_mutex_and_a_real_condition)
{
	struct task_syscall call;

	if (!read_call(getpid(), &call)) {
		printf("skipped: /proc/self/task/TID/syscall can't be read\n");
		return;
	}
	look_at(false, true);
	look_at(true, false);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("top_mutex");
	TCase *tests = tcase_create("top_mutex");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, kinds_of_futex_calls);
	tcase_add_test(tests, the_most_crowded_word);
	tcase_add_test(tests, a_real_mutex_and_a_real_condition);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
