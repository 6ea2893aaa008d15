/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of unwind_load.c that is in a shared library. */
#include "symbol/unwind_load.h"

static NOINLINE void library_inner(void (*call)(void))
{
	SAY_RETURN();
	call();
	AFTER_CALL();
}

void library_outer(void (*call)(void))
{
	SAY_RETURN();
	library_inner(call);
	AFTER_CALL();
}
