/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/cpu_time.h"

#include "model/rates.h"

#include <math.h>

static const struct cpu_shares unknown_shares = {
	.us = NAN,
	.ni = NAN,
	.sy = NAN,
	.id = NAN,
	.wa = NAN,
	.hi = NAN,
	.si = NAN,
	.st = NAN,
	.guest = NAN,
	.busy = NAN,
};

static double kind_delta(enum cpu_time_kind kind, uint64_t before, uint64_t after)
{
	double delta = counter_delta(before, after);

	return isnan(delta) && (kind == CPU_IDLE || kind == CPU_IOWAIT) ? 0 : delta;
}

struct cpu_shares cpu_shares(const uint64_t before[CPU_TIME_KINDS],
			     const uint64_t after[CPU_TIME_KINDS])
{
	double delta[CPU_TIME_KINDS], total = 0, guest;
	struct cpu_shares shares;

	for (int kind = 0; kind < CPU_TIME_KINDS; kind++) {
		delta[kind] = kind_delta(kind, before[kind], after[kind]);
		if (kind != CPU_GUEST && kind != CPU_GUEST_NICE)
			total += delta[kind];
	}
	guest = delta[CPU_GUEST] + delta[CPU_GUEST_NICE];
	if (!(total > 0) || isnan(guest))
		return unknown_shares;
	shares = (struct cpu_shares){
		.us = fmax(0, share_pct(delta[CPU_USER] + delta[CPU_NICE] - guest, total)),
		.ni = fmax(0, share_pct(delta[CPU_NICE] - delta[CPU_GUEST_NICE], total)),
		.sy = share_pct(delta[CPU_SYSTEM], total),
		.id = share_pct(delta[CPU_IDLE], total),
		.wa = share_pct(delta[CPU_IOWAIT], total),
		.hi = share_pct(delta[CPU_IRQ], total),
		.si = share_pct(delta[CPU_SOFTIRQ], total),
		.st = share_pct(delta[CPU_STEAL], total),
		.guest = share_pct(guest, total),
	};
	shares.busy = shares.us + shares.sy + shares.hi + shares.si + shares.guest;
	return shares;
}
