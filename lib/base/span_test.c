/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/span.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <string.h>

/* A copy without a NUL behind it, so that a read past the end is seen. */
#define EXACT(name, text)                                                  \
	_cleanup_(cleanup_free) char *name##_bytes = malloc(sizeof(text)); \
	struct span name =                                                 \
		span_make(memcpy(name##_bytes + 1, text, sizeof(text) - 1), sizeof(text) - 1)

static void ck_span(struct span s, const char *text)
{
	ck_assert_msg(span_is(s, text), "\"%.*s\" is not \"%s\"", (int)span_len(s), s.p, text);
}

START_TEST(spans_compare)
{
	ck_assert(span_is(span_of("abc"), "abc"));
	ck_assert(!span_is(span_of("abc"), "ab"));
	ck_assert(!span_is(span_of("ab"), "abc"));
	ck_assert(span_is(span_make("abc", 2), "ab"));
	ck_assert(span_is(span_of(""), ""));
	ck_assert(span_starts(span_of("abc"), "ab"));
	ck_assert(span_starts(span_of("abc"), ""));
	ck_assert(!span_starts(span_of("ab"), "abc"));
}
END_TEST

START_TEST(lines_are_split)
{
	EXACT(text, "one\n\ntwo");
	struct span line;

	ck_assert(span_line(&text, &line));
	ck_span(line, "one");
	ck_assert(span_line(&text, &line));
	ck_span(line, "");
	ck_assert(span_line(&text, &line));
	ck_span(line, "two");
	ck_assert(!span_line(&text, &line));
	ck_span(line, "two");
}
END_TEST

START_TEST(last_newline_ends_the_text)
{
	EXACT(text, "one\n");
	struct span line;

	ck_assert(span_line(&text, &line));
	ck_assert(!span_line(&text, &line));
}
END_TEST

START_TEST(words_are_split)
{
	EXACT(line, " \tone  two ");
	struct span word;

	ck_assert(span_word(&line, &word));
	ck_span(word, "one");
	ck_assert(span_word(&line, &word));
	ck_span(word, "two");
	ck_assert(!span_word(&line, &word));
	ck_span(line, " ");
}
END_TEST

START_TEST(separators_are_found)
{
	EXACT(line, "key: value");
	struct span before;

	ck_assert(!span_until(&line, '=', &before));
	ck_span(line, "key: value");
	ck_assert(span_until(&line, ':', &before));
	ck_span(before, "key");
	ck_span(line, " value");
	line = span_of("");
	ck_assert(!span_until(&line, ':', &before));
}
END_TEST

START_TEST(unsigned_numbers)
{
	EXACT(line, " 42 18446744073709551615 18446744073709551616");
	struct span other = span_of("-1");
	uint64_t value = 7;

	ck_assert(span_u64(&line, &value));
	ck_assert_uint_eq(value, 42);
	ck_assert(span_u64(&line, &value));
	ck_assert_uint_eq(value, UINT64_MAX);
	ck_assert(!span_u64(&line, &value));
	ck_span(line, " 18446744073709551616");
	ck_assert(!span_u64(&other, &value));
	ck_span(other, "-1");
	ck_assert_uint_eq(value, UINT64_MAX);
	other = span_of("");
	ck_assert(!span_u64(&other, &value));
}
END_TEST

START_TEST(signed_numbers)
{
	EXACT(line, "-5 9223372036854775807 -9223372036854775807 9223372036854775808");
	struct span odd = span_of("- 5");
	int64_t value = 1;

	ck_assert(span_i64(&line, &value));
	ck_assert_int_eq(value, -5);
	ck_assert(span_i64(&line, &value));
	ck_assert_int_eq(value, INT64_MAX);
	ck_assert(span_i64(&line, &value));
	ck_assert_int_eq(value, -INT64_MAX);
	ck_assert(!span_i64(&line, &value));
	ck_span(line, " 9223372036854775808");
	ck_assert(!span_i64(&odd, &value));
	ck_span(odd, "- 5");
	odd = span_of("-");
	ck_assert(!span_i64(&odd, &value));
}
END_TEST

START_TEST(decimals)
{
	EXACT(line, "0.42 17 3. 100.05");
	struct span odd = span_of(".5");
	double value;

	ck_assert(span_decimal(&line, &value));
	ck_assert_double_eq_tol(value, 0.42, 1e-12);
	ck_assert(span_decimal(&line, &value));
	ck_assert_double_eq(value, 17);
	ck_assert(span_decimal(&line, &value));
	ck_assert_double_eq(value, 3);
	ck_assert(span_decimal(&line, &value));
	ck_assert_double_eq_tol(value, 100.05, 1e-12);
	ck_assert(!span_decimal(&line, &value));
	ck_assert(!span_decimal(&odd, &value));
	ck_span(odd, ".5");
}
END_TEST

START_TEST(hexadecimals)
{
	EXACT(line, "ffffffffffffffff 1aB 1ffffffffffffffff");
	struct span odd = span_of("xyz");
	uint64_t value;

	ck_assert(span_hex(&line, &value));
	ck_assert_uint_eq(value, UINT64_MAX);
	ck_assert(span_hex(&line, &value));
	ck_assert_uint_eq(value, 0x1ab);
	ck_assert(!span_hex(&line, &value));
	ck_span(line, " 1ffffffffffffffff");
	ck_assert(!span_hex(&odd, &value));
}
END_TEST

START_TEST(blanks_are_trimmed)
{
	ck_span(span_trim(span_of(" \ta b\t \r")), "a b");
	ck_span(span_trim(span_of(" \t\r ")), "");
	ck_span(span_trim(span_of("")), "");
}
END_TEST

START_TEST(copies_are_cut_and_terminated)
{
	char buffer[4];

	span_copy(span_of("abcdef"), buffer, sizeof(buffer));
	ck_assert_str_eq(buffer, "abc");
	span_copy(span_of("a"), buffer, sizeof(buffer));
	ck_assert_str_eq(buffer, "a");
	span_copy(span_of(""), buffer, sizeof(buffer));
	ck_assert_str_eq(buffer, "");
	span_copy(span_of("abc"), buffer, 1);
	ck_assert_str_eq(buffer, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("span");
	TCase *tests = tcase_create("span");

	tcase_add_test(tests, spans_compare);
	tcase_add_test(tests, lines_are_split);
	tcase_add_test(tests, last_newline_ends_the_text);
	tcase_add_test(tests, words_are_split);
	tcase_add_test(tests, separators_are_found);
	tcase_add_test(tests, unsigned_numbers);
	tcase_add_test(tests, signed_numbers);
	tcase_add_test(tests, decimals);
	tcase_add_test(tests, hexadecimals);
	tcase_add_test(tests, blanks_are_trimmed);
	tcase_add_test(tests, copies_are_cut_and_terminated);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
