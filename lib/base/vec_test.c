/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/testing.h"
#include "base/vec.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>

struct pair {
	int left;
	double right;
};

VEC_DECLARE(pairs, struct pair);

START_TEST(pushes_are_kept_in_order)
{
	struct pairs pairs = { 0 };
	int count = 0;

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(vec_push(&pairs, ((struct pair){ i, i / 2.0 })), 0);
	ck_assert_uint_eq(pairs.len, 1000);
	ck_assert_uint_ge(pairs.cap, pairs.len);
	vec_each(pair, &pairs) {
		ck_assert_int_eq(pair->left, count);
		ck_assert_double_eq(pair->right, count / 2.0);
		count++;
	}
	ck_assert_int_eq(count, 1000);
	ck_assert_int_eq(vec_at(&pairs, 999)->left, 999);
	vec_free(&pairs);
	ck_assert_ptr_null(pairs.data);
	ck_assert_uint_eq(pairs.len + pairs.cap, 0);
}
END_TEST

START_TEST(empty_is_walked_and_freed)
{
	VEC(int) numbers = { 0 };

	vec_each(number, &numbers)
		ck_abort_msg("there is no number");
	vec_free(&numbers);
	vec_free(&numbers);
}
END_TEST

START_TEST(no_memory_changes_nothing)
{
	size_t cap = SIZE_MAX / 32;
	int item = 5;
	void *data = &item;

	ck_assert_int_eq(vec_grow(&data, cap, &cap, 64), -ENOMEM);
	ck_assert_ptr_eq(data, &item);
	ck_assert_uint_eq(cap, SIZE_MAX / 32);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vec");
	TCase *tests = tcase_create("vec");

	tcase_add_test(tests, pushes_are_kept_in_order);
	tcase_add_test(tests, empty_is_walked_and_freed);
	tcase_add_test(tests, no_memory_changes_nothing);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
