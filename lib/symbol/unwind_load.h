/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program and its library share. */
#ifndef TRIAGE_SYMBOL_UNWIND_LOAD_H
#define TRIAGE_SYMBOL_UNWIND_LOAD_H

#include <stdio.h>

#define NOINLINE __attribute__((noinline, noclone))

/* Tells where the function it stands in returns to. */
#define SAY_RETURN() printf("%p\n", __builtin_return_address(0))

/* Keeps a call from becoming a jump. */
#define AFTER_CALL() __asm__ volatile("" ::: "memory")

void library_outer(void (*call)(void));

#endif
