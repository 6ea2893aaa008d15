/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log-linear histogram of durations in ns: every power of two is split into 32 equal buckets, so that a quantile is
 * off by 1.6 % at most and memory is fixed (4.6 KiB). Values below 64 ns are exact; values of 2^40 ns (18 min) and more
 * are counted in the last bucket. No allocation; a zeroed struct is an empty histogram.
 */
#ifndef TRIAGE_MODEL_HISTOGRAM_H
#define TRIAGE_MODEL_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 5
#define HISTOGRAM_VALUE_BITS 40
#define HISTOGRAM_BUCKETS ((HISTOGRAM_VALUE_BITS - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
	uint64_t count;
	uint32_t buckets[HISTOGRAM_BUCKETS]; /* they saturate, `count` does not */
};

void histogram_add(struct histogram *histogram, uint64_t value_ns);

/* Which bucket a value falls into, and the first value of a bucket (for `bucket` == HISTOGRAM_BUCKETS: the end of the
 * last one). */
uint32_t histogram_bucket(uint64_t value_ns);
uint64_t histogram_bucket_low_ns(uint32_t bucket);

/* The value that a share of 0..1 of all values does not exceed, as the middle of its bucket; 0 when empty. */
uint64_t histogram_quantile_ns(const struct histogram *histogram, double share);

#endif
