/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shootdowns [N]: N threads that look things up in a shared table, and one that makes its pages
 * read-only and writable again all the time, as collectors with write barriers do: every CPU that
 * runs a thread of the process is interrupted to forget what the page was.
 */
#include "load.h"

#include <stdint.h>
#include <sys/mman.h>

#define PAGES 4

static volatile uint64_t *table;
static size_t table_bytes;

static __attribute__((noreturn)) void *run_reader(void *argument)
{
	size_t entries = table_bytes / sizeof(*table);
	uint64_t at = (uint64_t)(size_t)argument;

	prctl(PR_SET_NAME, "lookup");
	for (;;)
		at = at * 31 + table[at % entries] + 1;
}

static __attribute__((noinline)) int guard_table(void)
{
	return mprotect((void *)table, table_bytes, PROT_READ) ||
	       mprotect((void *)table, table_bytes, PROT_READ | PROT_WRITE);
}

int main(int argc, char **argv)
{
	table_bytes = PAGES * (size_t)sysconf(_SC_PAGESIZE);
	table = mmap(NULL, table_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (table == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < table_bytes / sizeof(*table); i++)
		table[i] = i;
	load_bound();
	load_threads(load_arg(argc, argv, 1, 1), run_reader);
	load_ready();
	while (!guard_table())
		;
	return 1;
}
