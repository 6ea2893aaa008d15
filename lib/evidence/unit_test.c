/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/unit.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>

static const struct {
	enum unit unit;
	const char *text;
	int code;
	double value;
} parses[] = {
	{ UNIT_COUNT, "77", 0, 77 },
	{ UNIT_COUNT, "-3", 0, -3 },
	{ UNIT_COUNT, " 0.5 ", 0, 0.5 },
	{ UNIT_COUNT, "10k", 0, 10000 },
	{ UNIT_COUNT, "10 ms", -EDOM, 0 },
	{ UNIT_COUNT, "", -EINVAL, 0 },
	{ UNIT_COUNT, "-", -EINVAL, 0 },
	{ UNIT_COUNT, "many", -EINVAL, 0 },
	{ UNIT_COUNT, "5 5", -EDOM, 0 },
	{ UNIT_TEXT, "5", -EINVAL, 0 },
	{ UNIT_PCT, "95 %", 0, 95 },
	{ UNIT_PCT, "95%", 0, 95 },
	{ UNIT_PCT, "95 k", -EDOM, 0 },
	{ UNIT_CPUS, "1.5 CPUs", 0, 1.5 },
	{ UNIT_RATIO, "2", 0, 2 },
	{ UNIT_RATIO, "2 %", -EDOM, 0 },
	{ UNIT_PER_S, "412k/s", 0, 412000 },
	{ UNIT_PER_S, "1.5 M/s", 0, 1500000 },
	{ UNIT_PER_S, "10k", 0, 10000 },
	{ UNIT_BYTES, "64 MiB", 0, 67108864 },
	{ UNIT_BYTES, "1 GiB", 0, 1073741824 },
	{ UNIT_BYTES, "1 GB", -EDOM, 0 },
	{ UNIT_BYTES_PER_S, "1 KiB/s", 0, 1024 },
	{ UNIT_MS, "77 ms", 0, 77 },
	{ UNIT_MS, "2 s", 0, 2000 },
	{ UNIT_MS, "500 us", 0, 0.5 },
	{ UNIT_S, "500 ms", 0, 0.5 },
	{ UNIT_S, "2 min", 0, 120 },
};

START_TEST(rules_write_quantities)
{
	double value = 12345;

	ck_assert_int_eq(unit_parse(parses[_i].unit, span_of(parses[_i].text), &value),
			 parses[_i].code);
	ck_assert_double_eq_tol(value, parses[_i].code ? 12345 : parses[_i].value, 1e-9);
}
END_TEST

static const struct {
	enum unit unit;
	double value;
	const char *text;
} formats[] = {
	{ UNIT_COUNT, 0, "0" },
	{ UNIT_COUNT, 791, "791" },
	{ UNIT_COUNT, 1234567, "1,234,567" },
	{ UNIT_COUNT, -1234, "-1,234" },
	{ UNIT_COUNT, -123, "-123" },
	{ UNIT_COUNT, 2.5, "2.5" },
	{ UNIT_RATIO, 4, "4" },
	{ UNIT_RATIO, 0.25, "0.25" },
	{ UNIT_RATIO, 0.0123456, "0.01" },
	{ UNIT_RATIO, 12.34, "12.3" },
	{ UNIT_RATIO, 123.4, "123" },
	{ UNIT_PCT, 99.96, "100.0 %" },
	{ UNIT_PCT, 12, "12 %" },
	{ UNIT_CPUS, 1.5, "1.5" },
	{ UNIT_PER_S, 412345, "412k/s" },
	{ UNIT_PER_S, 999, "999/s" },
	{ UNIT_PER_S, 1500000, "1.5M/s" },
	{ UNIT_PER_S, 2e12, "2000G/s" },
	{ UNIT_BYTES, 512, "512 B" },
	{ UNIT_BYTES, 1048576, "1 MiB" },
	{ UNIT_BYTES, 1.5 * 1099511627776, "1.5 TiB" },
	{ UNIT_BYTES_PER_S, 2048, "2 KiB/s" },
	{ UNIT_MS, 77, "77 ms" },
	{ UNIT_MS, 1500, "1.5 s" },
	{ UNIT_MS, 0.004, "4 us" },
	{ UNIT_MS, 0, "0 ms" },
	{ UNIT_S, 3, "3 s" },
	{ UNIT_S, NAN, "unknown" },
	{ UNIT_BYTES, NAN, "unknown" },
};

START_TEST(people_read_quantities)
{
	_cleanup_(str_free) struct str out = { 0 };

	unit_format(&out, formats[_i].unit, formats[_i].value);
	ck_assert_str_eq(str_text(&out), formats[_i].text);
}
END_TEST

START_TEST(units_have_names)
{
	for (int a = 0; a < UNIT_TOTAL; a++)
		for (int b = 0; b < a; b++)
			ck_assert_str_ne(unit_name(a), unit_name(b));
	ck_assert_str_eq(unit_name(UNIT_PER_S), "per_second");
	ck_assert_str_eq(unit_name(UNIT_TOTAL), "unknown");
}
END_TEST

START_TEST(huge_values_fit)
{
	static const double values[] = { 1e300, -1e300, 1e15, -1e15, 123456789012345678.0 };

	for (int unit = UNIT_COUNT; unit < UNIT_TOTAL; unit++)
		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			_cleanup_(str_free) struct str out = { 0 };

			unit_format(&out, unit, values[i]);
			ck_assert_uint_gt(out.len, 0);
			ck_assert_int_eq(str_text(&out)[0] == '-', values[i] < 0);
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unit");
	TCase *tests = tcase_create("unit");

	tcase_add_loop_test(tests, rules_write_quantities, 0, ARRAY_SIZE(parses));
	tcase_add_loop_test(tests, people_read_quantities, 0, ARRAY_SIZE(formats));
	tcase_add_test(tests, units_have_names);
	tcase_add_test(tests, huge_values_fit);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
