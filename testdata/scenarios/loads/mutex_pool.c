/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mutex_pool [N [NAME]]: N threads named teller-K (or NAME-K) that move money between accounts,
 * all under one mutex. What they do under it is short, so most of their CPU time goes to taking
 * turns.
 */
#include "load.h"

#define ACCOUNTS 256

static pthread_mutex_t books = PTHREAD_MUTEX_INITIALIZER;
static long balance[ACCOUNTS];
static const char *role = "teller";

/* The result keeps the unlock from becoming a jump: both calls have this function in the stack. */
static __attribute__((noinline)) long account_transfer(unsigned from, unsigned to, long amount)
{
	long left;

	pthread_mutex_lock(&books);
	balance[from] -= amount;
	balance[to] += amount;
	left = balance[from];
	pthread_mutex_unlock(&books);
	return left;
}

static __attribute__((noreturn)) void *serve_customers(void *argument)
{
	unsigned seed = (unsigned)(size_t)argument;
	char name[16];

	snprintf(name, sizeof(name), "%.9s-%u", role, seed % 10000);
	prctl(PR_SET_NAME, name);
	for (;;) {
		unsigned from, to;

		seed = seed * 1664525u + 1013904223u;
		from = (seed >> 8) % ACCOUNTS;
		to = (seed >> 20) % ACCOUNTS;
		seed += (unsigned)account_transfer(from, to, seed & 7) & 1;
	}
}

int main(int argc, char **argv)
{
	if (argc > 2)
		role = argv[2];
	load_bound();
	load_threads(load_arg(argc, argv, 1, 32), serve_customers);
	load_ready();
	for (;;)
		pause();
}
