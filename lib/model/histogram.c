/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/histogram.h"

#include <math.h>

#define SUB_BUCKETS (1U << HISTOGRAM_SUB_BITS)
#define VALUE_MAX ((UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1)

uint32_t histogram_bucket(uint64_t value_ns)
{
	uint32_t exponent;

	if (value_ns < SUB_BUCKETS)
		return (uint32_t)value_ns;
	if (value_ns > VALUE_MAX)
		value_ns = VALUE_MAX;
	exponent = 63 - (uint32_t)__builtin_clzll(value_ns) - HISTOGRAM_SUB_BITS;
	return (exponent << HISTOGRAM_SUB_BITS) + (uint32_t)(value_ns >> exponent);
}

uint64_t histogram_bucket_low_ns(uint32_t bucket)
{
	uint32_t exponent;

	if (bucket < 2 * SUB_BUCKETS)
		return bucket;
	exponent = bucket / SUB_BUCKETS - 1;
	return (uint64_t)(bucket % SUB_BUCKETS + SUB_BUCKETS) << exponent;
}

void histogram_add(struct histogram *histogram, uint64_t value_ns)
{
	uint32_t *bucket = &histogram->buckets[histogram_bucket(value_ns)];

	histogram->count++;
	*bucket += *bucket < UINT32_MAX;
}

static uint64_t bucket_middle(uint32_t bucket)
{
	uint64_t low = histogram_bucket_low_ns(bucket);

	return low + (histogram_bucket_low_ns(bucket + 1) - low) / 2;
}

uint64_t histogram_quantile_ns(const struct histogram *histogram, double share)
{
	double rank = fmax(1, ceil(share * (double)histogram->count));
	uint64_t passed = 0;
	uint32_t last = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (!histogram->buckets[i])
			continue;
		passed += histogram->buckets[i];
		last = i;
		if ((double)passed >= rank)
			break;
	}
	return passed ? bucket_middle(last) : 0;
}
