/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From counters to quantities. All functions are pure; what can't be computed is NAN: a counter
 * that went backwards (reset, hot-unplugged device, wrapped in a 32-bit kernel), no time between
 * two reads, nothing to take a share of. NAN in, NAN out.
 */
#ifndef TRIAGE_MODEL_RATES_H
#define TRIAGE_MODEL_RATES_H

#include <stddef.h>
#include <stdint.h>

/* How much a counter grew. */
double counter_delta(uint64_t before, uint64_t after);

/* Growth per second. */
double rate_per_s(uint64_t before, uint64_t after, uint64_t elapsed_ns);

/* part / whole in per cent; NAN when whole is not positive. */
double share_pct(double part, double whole);

/* The middle value (mean of the two middle ones); sorts `values` in place; NAN when there is
 * none. */
double median(double *values, size_t count);

/* The load average's direction: load1 / load15, where a load15 below 0.1 counts as 0.1. */
double load_trend(double load1, double load15);

/* "rising" above 1.5, "falling" below 0.67, else "steady"; NULL for NAN. */
const char *load_trend_text(double trend);

#endif
