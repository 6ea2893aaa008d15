/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the CPU time went: two lines of /proc/stat into per cent, as vmstat and mpstat count it.
 *
 * The file's `user` and `nice` include guest time, which vmstat takes out of `us`; so do we. `idle`
 * and `iowait` may go backwards on a tickless kernel (fs/proc/stat.c, get_iowait_time()): that
 * counts as no growth. Any other counter that goes backwards means a CPU that was offline in
 * between: its shares are unknown.
 */
#ifndef TRIAGE_MODEL_CPU_TIME_H
#define TRIAGE_MODEL_CPU_TIME_H

#include <stdint.h>

enum cpu_time_kind {
	CPU_USER,
	CPU_NICE,
	CPU_SYSTEM,
	CPU_IDLE,
	CPU_IOWAIT,
	CPU_IRQ,
	CPU_SOFTIRQ,
	CPU_STEAL,
	CPU_GUEST,
	CPU_GUEST_NICE,
	CPU_TIME_KINDS,
};

/* Per cent of the elapsed time of the CPU(s); all NAN when unknown. */
struct cpu_shares {
	double us; /* user + nice - guest */
	double ni; /* nice - guest_nice, part of us */
	double sy;
	double id;
	double wa;
	double hi;
	double si;
	double st;
	double guest; /* guest + guest_nice */
	double busy;  /* us + sy + hi + si + guest */
};

struct cpu_shares cpu_shares(const uint64_t before[CPU_TIME_KINDS],
			     const uint64_t after[CPU_TIME_KINDS]);

#endif
