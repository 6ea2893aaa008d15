/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/slowdown.h"

#include "model/rates.h"

#include <math.h>

#define NS_LEAST 50000000ULL

void slowdown_mark(struct slowdown *slowdown, enum slowdown_phase next, uint64_t switches,
		   uint64_t at_ns)
{
	if (slowdown->at_ns && at_ns > slowdown->at_ns && switches >= slowdown->switches) {
		slowdown->sum[slowdown->phase].switches += switches - slowdown->switches;
		slowdown->sum[slowdown->phase].ns += at_ns - slowdown->at_ns;
	}
	slowdown->phase = next;
	slowdown->switches = switches;
	slowdown->at_ns = at_ns;
}

double slowdown_rate_per_s(const struct slowdown *slowdown, enum slowdown_phase phase)
{
	uint64_t ns = slowdown->sum[phase].ns;

	return ns < NS_LEAST ? NAN : rate_per_s(0, slowdown->sum[phase].switches, ns);
}

double slowdown_pct(const struct slowdown *slowdown)
{
	double rest_per_s = slowdown_rate_per_s(slowdown, SLOWDOWN_RESTS);
	double watched_per_s = slowdown_rate_per_s(slowdown, SLOWDOWN_WATCHED);

	return share_pct(rest_per_s - watched_per_s, rest_per_s);
}
