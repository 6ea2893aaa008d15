/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/unit.h"

#include "base/cleanup.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const unit_names[UNIT_TOTAL] = {
	[UNIT_TEXT] = "text",	    [UNIT_COUNT] = "count",
	[UNIT_RATIO] = "ratio",	    [UNIT_PCT] = "percent",
	[UNIT_CPUS] = "cpus",	    [UNIT_PER_S] = "per_second",
	[UNIT_BYTES] = "bytes",	    [UNIT_BYTES_PER_S] = "bytes_per_second",
	[UNIT_MS] = "milliseconds", [UNIT_S] = "seconds",
};

/* A suffix and what one of it is in the unit. */
static const struct suffix {
	enum unit unit;
	const char *text;
	double factor;
} suffixes[] = {
	{ UNIT_PCT, "%", 1 },
	{ UNIT_CPUS, "CPUs", 1 },
	{ UNIT_PER_S, "/s", 1 },
	{ UNIT_PER_S, "k/s", 1e3 },
	{ UNIT_PER_S, "M/s", 1e6 },
	{ UNIT_PER_S, "k", 1e3 },
	{ UNIT_PER_S, "M", 1e6 },
	{ UNIT_COUNT, "k", 1e3 },
	{ UNIT_COUNT, "M", 1e6 },
	{ UNIT_BYTES, "B", 1 },
	{ UNIT_BYTES, "KiB", 1024 },
	{ UNIT_BYTES, "MiB", 1048576 },
	{ UNIT_BYTES, "GiB", 1073741824 },
	{ UNIT_BYTES_PER_S, "B/s", 1 },
	{ UNIT_BYTES_PER_S, "KiB/s", 1024 },
	{ UNIT_BYTES_PER_S, "MiB/s", 1048576 },
	{ UNIT_BYTES_PER_S, "GiB/s", 1073741824 },
	{ UNIT_MS, "us", 1e-3 },
	{ UNIT_MS, "ms", 1 },
	{ UNIT_MS, "s", 1e3 },
	{ UNIT_S, "ms", 1e-3 },
	{ UNIT_S, "s", 1 },
	{ UNIT_S, "min", 60 },
};

const char *unit_name(enum unit unit)
{
	return unit < UNIT_TOTAL ? unit_names[unit] : "unknown";
}

int unit_parse(enum unit unit, struct span text, double *ret_value)
{
	double value;
	bool negative;

	text = span_trim(text);
	negative = text.p < text.end && *text.p == '-';
	if (negative)
		text.p++;
	if (unit == UNIT_TEXT || !span_decimal(&text, &value))
		return -EINVAL;
	if (negative)
		value = -value;
	text = span_trim(text);
	if (span_len(text) == 0) {
		*ret_value = value;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (suffixes[i].unit == unit && span_is(text, suffixes[i].text)) {
			*ret_value = value * suffixes[i].factor;
			return 0;
		}
	return -EDOM;
}

/* Two significant places below ten, none above a hundred: a tired person's precision. */
static void format_short(struct str *out, double value)
{
	double size = fabs(value);

	if (size < 10 && size != floor(size))
		str_format(out, size < 0.005 ? "%.1g" : size < 1 ? "%.2f" : "%.1f", value);
	else if (size < 100 && size != floor(size))
		str_format(out, "%.1f", value);
	else
		str_format(out, "%.0f", value);
}

static void format_grouped(struct str *out, double value)
{
	char digits[32];
	int len;

	if (value != floor(value) || fabs(value) >= 1e15) {
		format_short(out, value);
		return;
	}
	len = snprintf(digits, sizeof(digits), "%.0f", value);
	for (int i = 0; i < len; i++) {
		if (i > 0 && digits[i - 1] != '-' && (len - i) % 3 == 0)
			str_append_char(out, ',');
		str_append_char(out, digits[i]);
	}
}

static void format_scaled(struct str *out, double value, double base, const char *const *prefixes)
{
	int step = 0;

	while (fabs(value) >= base * 0.9995 && prefixes[step + 1]) {
		value /= base;
		step++;
	}
	format_short(out, value);
	str_append(out, prefixes[step]);
}

static void format_ms(struct str *out, double value)
{
	if (fabs(value) >= 1000) {
		format_short(out, value / 1000);
		str_append(out, " s");
	} else if (value != 0 && fabs(value) < 0.01) {
		format_short(out, value * 1000);
		str_append(out, " us");
	} else {
		format_short(out, value);
		str_append(out, " ms");
	}
}

void unit_format(struct str *out, enum unit unit, double value)
{
	static const char *const decimal[] = { "", "k", "M", "G", NULL };
	static const char *const binary[] = { " B", " KiB", " MiB", " GiB", " TiB", NULL };

	if (isnan(value)) {
		str_append(out, "unknown");
		return;
	}
	switch (unit) {
	case UNIT_COUNT:
		format_grouped(out, value);
		break;
	case UNIT_PER_S:
		format_scaled(out, value, 1000, decimal);
		str_append(out, "/s");
		break;
	case UNIT_BYTES:
	case UNIT_BYTES_PER_S:
		format_scaled(out, value, 1024, binary);
		str_append(out, unit == UNIT_BYTES ? "" : "/s");
		break;
	case UNIT_MS:
		format_ms(out, value);
		break;
	default:
		format_short(out, value);
		str_append(out, unit == UNIT_PCT ? " %" : unit == UNIT_S ? " s" : "");
	}
}
