/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/view.h"

#include "base/testing.h"

#include "report/testing.h"

START_TEST(facts_that_say_nothing_are_left_out)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct fact all[] = { make_fact("top.groups.kind", UNIT_TEXT, 0, 0),
			      make_fact("vmstat.r_per_cpu", UNIT_RATIO, 9.5, 2),
			      make_fact("vmstat.b", UNIT_COUNT, 1, 3),
			      make_fact("perf.classes.name", UNIT_TEXT, 0, 0),
			      make_fact("vmstat.r_per_cpu", UNIT_RATIO, 9.5, 4) };
	struct facts facts = { .data = all, .len = ARRAY_SIZE(all) };

	all[0].op = OP_EQ;
	all[2].op = OP_LT;
	all[3].op = OP_GLOB;
	view_facts(&out, &facts);
	ck_assert_str_eq(str_text(&out), "b 1 < 3, r_per_cpu 9.5 >= 4");
}
END_TEST

START_TEST(times_outside_the_era_are_unknown)
{
	_cleanup_(str_free) struct str out = { 0 };

	ck_assert(!view_time(&out, NAN));
	ck_assert(!view_time(&out, -1));
	ck_assert(!view_time(&out, 1e300));
	ck_assert_uint_eq(out.len, 0);
	ck_assert(view_time(&out, 0.9996));
	ck_assert_str_eq(str_text(&out), "1970-01-01T00:00:01.000Z");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view");
	TCase *tcase = tcase_create("view");

	tcase_add_test(tcase, facts_that_say_nothing_are_left_out);
	tcase_add_test(tcase, times_outside_the_era_are_unknown);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
