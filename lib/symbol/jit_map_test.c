/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/jit_map.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static struct jit_map *parse(const char *content)
{
	struct str text = { 0 };
	struct jit_map *map = NULL;

	str_append(&text, content);
	ck_assert_int_eq(jit_map_parse(&text, &map), 0);
	ck_assert_ptr_null(text.data);
	return map;
}

static void expect(const struct jit_map *map, uint64_t address, const char *name)
{
	struct span found;

	ck_assert_int_eq(jit_map_find(map, address, &found), name != NULL);
	if (name)
		ck_assert_msg(span_is(found, name), "%.*s", (int)span_len(found), found.p);
}

START_TEST(names)
{
	struct jit_map *map = parse("7f2c3d0104c0 1a0 Ljava/lang/String;::hashCode\n"
				    "7f2c3d010000 20 a name with blanks \r\n"
				    "0x7f2c3d020000 0x10 prefixed");

	ck_assert_uint_eq(jit_map_count(map), 3);
	expect(map, 0x7f2c3d0104c0, "Ljava/lang/String;::hashCode");
	expect(map, 0x7f2c3d01065f, "Ljava/lang/String;::hashCode");
	expect(map, 0x7f2c3d010660, NULL);
	expect(map, 0x7f2c3d01001f, "a name with blanks");
	expect(map, 0x7f2c3d010020, NULL);
	expect(map, 0x7f2c3d02000f, "prefixed");
	expect(map, 0, NULL);
	expect(map, UINT64_MAX, NULL);
	jit_map_free(map);
}
END_TEST

/* Memory of a function that was thrown away is used again, also in other pieces. */
START_TEST(the_latest_counts)
{
	struct jit_map *map = parse("1000 100 old\n"
				    "1000 80 new\n"
				    "3000 100 old_whole\n"
				    "3040 20 new_part\n"
				    "5040 20 old_part\n"
				    "5000 100 new_whole\n");

	expect(map, 0x1000, "new");
	expect(map, 0x1090, "old");
	expect(map, 0x3050, "new_part");
	expect(map, 0x3070, "old_whole");
	expect(map, 0x5050, "new_whole");
	jit_map_free(map);
}
END_TEST

START_TEST(odd_lines_are_passed_over)
{
	struct jit_map *map = parse("\n"
				    "zz 10 no_address\n"
				    "1000 zz no_size\n"
				    "1000 0 no_bytes\n"
				    "1000 10\n"
				    "1000 10   \n"
				    "1000 100000000 too_long\n"
				    "ffffffffffffffff 10 over_the_end\n"
				    "10000000000000000 10 too_large\n"
				    "1000x 10 odd_digits\n"
				    "2000 10 good\n");

	ck_assert_uint_eq(jit_map_count(map), 1);
	expect(map, 0x1000, NULL);
	expect(map, 0x2000, "good");
	jit_map_free(map);
}
END_TEST

START_TEST(nothing_in_it)
{
	struct str text = { 0 };
	struct jit_map *map = NULL;

	ck_assert_int_eq(jit_map_parse(&text, &map), -ENODATA);
	str_append(&text, "no such line\n");
	ck_assert_int_eq(jit_map_parse(&text, &map), -ENODATA);
	ck_assert_ptr_null(map);
	ck_assert_ptr_null(text.data);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("jit_map");
	TCase *c = tcase_create("text");

	tcase_add_test(c, names);
	tcase_add_test(c, the_latest_counts);
	tcase_add_test(c, odd_lines_are_passed_over);
	tcase_add_test(c, nothing_in_it);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
