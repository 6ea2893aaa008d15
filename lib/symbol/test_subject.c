/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program to look at. Prints "NAME ADDRESS LINE" of functions and of memory that it made
 * executable, then "ready", then waits for the end of its input. Built in several ways by
 * test_subject.h; the fillers keep functions apart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TELL(name, address, line) printf("%s %lx %d\n", name, (unsigned long)(address), line)
#define KEEP __attribute__((noinline, noclone, used))

static volatile int sink;

static const int spin_local_line = __LINE__ + 2;
KEEP static void spin_local(void)
{
	for (int i = 0; i < 10; i++)
		sink += i;
}

KEEP void spin_global(void)
{
	for (int i = 0; i < 20; i++)
		sink += i;
}

/* As rustc names a function. */
void rust_legacy(void) __asm__("_ZN4core3fmt5write17h0123456789abcdefE");
KEEP void rust_legacy(void)
{
	sink += 3;
}

void rust_v0(void) __asm__("_RNvCs4fqI2P2rA04_7mycrate3run");
KEEP void rust_v0(void)
{
	sink += 4;
}

void spin_alias(void) __attribute__((weak, alias("spin_global")));

/* An address behind a function with a size has no name. */
__asm__(".text\n"
	".globl sized_start\n"
	".type sized_start, @function\n"
	"sized_start: .skip 16, 0x90\n"
	".size sized_start, 16\n"
	".skip 64, 0x90\n"
	".globl after_gap\n"
	".type after_gap, @function\n"
	"after_gap: .skip 32, 0x90\n" /* without a size */
	".globl last_one\n"
	".type last_one, @function\n"
	"last_one: .skip 16, 0x90\n"
	".size last_one, 16\n");

void sized_start(void);
void after_gap(void);

int main(void)
{
	void *code = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char line[16];

	spin_local();
	TELL("spin_local", spin_local, spin_local_line);
	TELL("spin_global", spin_global, 0);
	TELL("rust_legacy", rust_legacy, 0);
	TELL("rust_v0", rust_v0, 0);
	TELL("sized_start", sized_start, 0);
	TELL("after_gap", after_gap, 0);
	TELL("main", main, 0);
	TELL("l64a", l64a, 0);
	TELL("code", code, 0);
#ifdef WITH_LIBRARY
	extern void library_entry(unsigned long *ret_inner);
	unsigned long inner;

	library_entry(&inner);
	TELL("library_entry", library_entry, 0);
	TELL("library_inner", inner, 0);
#endif
	puts("ready");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) ? 0 : 0;
}
