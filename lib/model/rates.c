/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/rates.h"

#include <math.h>
#include <stdlib.h>

double counter_delta(uint64_t before, uint64_t after)
{
	return after < before ? NAN : (double)(after - before);
}

double rate_per_s(uint64_t before, uint64_t after, uint64_t elapsed_ns)
{
	return elapsed_ns ? counter_delta(before, after) * 1e9 / (double)elapsed_ns : NAN;
}

double share_pct(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : NAN;
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

double median(double *values, size_t count)
{
	if (!count)
		return NAN;
	qsort(values, count, sizeof(*values), compare_doubles);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double load_trend(double load1, double load15)
{
	return load1 / fmax(load15, 0.1);
}

const char *load_trend_text(double trend)
{
	if (isnan(trend))
		return NULL;
	return trend > 1.5 ? "rising" : trend < 0.67 ? "falling" : "steady";
}
