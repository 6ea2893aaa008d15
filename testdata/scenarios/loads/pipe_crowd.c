/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pipe_crowd [N]: N threads that write to one pipe and N that read from it: all of them take its
 * mutex.
 */
#include "load.h"

#define PIECE_BYTES 4096

static int ends[2];

static __attribute__((noreturn)) void *run_writer(void *unused)
{
	static const char bytes[PIECE_BYTES];

	(void)unused;
	prctl(PR_SET_NAME, "log-producer");
	for (;;)
		if (write(ends[1], bytes, sizeof(bytes)) <= 0)
			_exit(1);
}

static __attribute__((noreturn)) void *run_reader(void *unused)
{
	char bytes[PIECE_BYTES];

	(void)unused;
	prctl(PR_SET_NAME, "log-consumer");
	for (;;)
		if (read(ends[0], bytes, sizeof(bytes)) <= 0)
			_exit(1);
}

int main(int argc, char **argv)
{
	int threads = load_arg(argc, argv, 1, 16);

	if (pipe2(ends, O_CLOEXEC))
		return 1;
	load_bound();
	load_threads(threads, run_writer);
	load_threads(threads, run_reader);
	load_ready();
	for (;;)
		pause();
}
