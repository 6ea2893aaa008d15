/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much less a host switches threads while it is watched: the kernel's own counter (/proc/stat, "ctxt 165188") over the time that
 * was watched, beside time just before and after in which nobody watched. The counter misses nothing, so that records lost
 * on the way are not taken for a slower host.
 */
#ifndef TRIAGE_MODEL_SLOWDOWN_H
#define TRIAGE_MODEL_SLOWDOWN_H

#include <stdint.h>

/* What the host is while the counter runs on. */
enum slowdown_phase {
	SLOWDOWN_NEITHER, /* rings are open, but off or being emptied: counts for nobody */
	SLOWDOWN_WATCHED,
	SLOWDOWN_RESTS,
	SLOWDOWN_PHASES,
};

/* All zero is one that has seen nothing. */
struct slowdown {
	enum slowdown_phase phase;
	uint64_t switches, at_ns; /* when it began */
	struct {
		uint64_t switches, ns;
	} sum[SLOWDOWN_PHASES];
};

/* The counter reads `switches` at `at_ns`: the phase so far ends, `next` begins. A counter or a clock that went back counts for
 * nobody. */
void slowdown_mark(struct slowdown *slowdown, enum slowdown_phase next, uint64_t switches,
		   uint64_t at_ns);

/* Per second; NAN when less than 50 ms were seen: too few to compare. */
double slowdown_rate_per_s(const struct slowdown *slowdown, enum slowdown_phase phase);

/* How many fewer while watched, of those in the rests; negative: more. NAN when one of the two is unknown or the rests had none. */
double slowdown_pct(const struct slowdown *slowdown);

#endif
