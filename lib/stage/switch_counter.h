/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the kernel's counter of switches (/proc/stat, "ctxt 165188") while a stage watches and while it does not, for
 * model/slowdown.h. Live hosts only.
 */
#ifndef TRIAGE_STAGE_SWITCH_COUNTER_H
#define TRIAGE_STAGE_SWITCH_COUNTER_H

#include "base/str.h"
#include "model/slowdown.h"
#include "source/procroot.h"

#include <signal.h>

/* The text is freed by switch_counter_free(); the root is the caller's. */
struct switch_counter {
	struct procroot *root;
	struct slowdown slowdown;
	struct str text;
};

void switch_counter_free(struct switch_counter *counter);

/* The phase so far ends here, `next` begins. A counter that can't be read leaves the slowdown unknown. */
void switch_counter_mark(struct switch_counter *counter, enum slowdown_phase next);

#define SWITCH_COUNTER_REST_NS 200000000ULL

/* A rest of SWITCH_COUNTER_REST_NS with nobody watching; less when `stop` (NULL allowed) is set. Sleeps. */
void switch_counter_rest(struct switch_counter *counter, const volatile sig_atomic_t *stop);

/* What two rests leave of a stage's window; a short window is left as it is. */
uint64_t switch_counter_window_ns(uint64_t window_ns);

#endif
