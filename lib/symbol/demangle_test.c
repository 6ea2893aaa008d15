/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/demangle.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "symbol/names.h"
#include "symbol/symbol_alias.h"
#include "symbol/symbolizer.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *expected; /* NULL: is none */
} cases[] = {
	{ "_ZN3Foo3barEi", "Foo::bar" },
	{ "_ZNSt6vectorIiSaIiEE9push_backERKi",
	  "std::vector<int, std::allocator<int> >::push_back" },
	{ "_ZN12_GLOBAL__N_14workEv", "(anonymous namespace)::work" },
	{ "_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write" },
	{ "_RNvCs4fqI2P2rA04_7mycrate3run", "mycrate::run" },
	{ "_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar" },
	{ "malloc", NULL },
	{ "_Z", NULL },
	{ "_ZN3Foo", NULL },
	{ "_R", NULL },
	{ "_Zebra", NULL },
	{ "", NULL },
	{ "runtime.mallocgc", NULL },
};

START_TEST(names_of_languages)
{
	_cleanup_(str_free) struct str out = { 0 };
	bool is = demangle(cases[_i].name, &out);

	ck_assert_int_eq(is, cases[_i].expected != NULL);
	if (is)
		ck_assert_str_eq(str_text(&out), cases[_i].expected);
}
END_TEST

/* Each argument is a pair of the one before, twice: the last one stands for 2^30 names. */
START_TEST(doubling_names_are_cut)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	_cleanup_(str_free) struct str name = { 0 };
	_cleanup_(str_free) struct str out = { 0 };

	str_append(&name, "_Z1fISt4pairIiiE");
	for (int i = 0; i < 30; i++)
		str_format(&name, "S_IS%c_S%c_E", digits[i], digits[i]);
	str_append(&name, "EvT_");
	ck_assert(demangle(str_text(&name), &out));
	ck_assert_uint_eq(out.len, SYMBOL_NAME_MAX + 1);
}
END_TEST

START_TEST(long_names_are_cut)
{
	_cleanup_(str_free) struct str name = { 0 };
	_cleanup_(str_free) struct str out = { 0 };

	str_append(&name, "_ZN300");
	for (int i = 0; i < 300; i++)
		str_append_char(&name, 'a');
	str_append(&name, "300");
	for (int i = 0; i < 300; i++)
		str_append_char(&name, 'b');
	str_append(&name, "Ev");
	ck_assert(demangle(str_text(&name), &out));
	ck_assert_uint_eq(out.len, SYMBOL_NAME_MAX + 1);
	ck_assert(strncmp(out.data, "aaa", 3) == 0 && out.data[out.len - 1] == 'b');
}
END_TEST

/* ---- what is handed out ---------------------------------------------------------------------- */

static struct names names;

static void names_teardown(void)
{
	names_clear(&names);
}

START_TEST(shared_once)
{
	const char *first = names_share_symbol(&names, "_ZN3Foo3barEi");

	ck_assert_str_eq(first, "Foo::bar");
	ck_assert_ptr_eq(first, names_share(&names, "Foo::bar", 8));
	ck_assert_ptr_ne(first, names_share(&names, "Foo::baz", 8));
	ck_assert_str_eq(names_share(&names, "a\x1b\n\xff\0b", 6), "a\\x1b\\x0a\\xff\\x00b");
	ck_assert_str_eq(names_share_symbol(&names, "read@@GLIBC_2.2.5"), "read");
	ck_assert_str_eq(names_share_symbol(&names, "@odd"), "@odd");
}
END_TEST

START_TEST(cut_between_characters)
{
	char name[2 * SYMBOL_NAME_MAX];
	const char *shared;

	memset(name, 'x', sizeof(name));
	ck_assert_uint_eq(strlen(names_share(&names, name, sizeof(name))), SYMBOL_NAME_MAX);
	for (size_t i = 1; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	shared = names_share(&names, name, sizeof(name));
	ck_assert_uint_eq(strlen(shared), SYMBOL_NAME_MAX - 1);
	memset(name, 1, sizeof(name));
	ck_assert_uint_le(strlen(names_share(&names, name, sizeof(name))), SYMBOL_NAME_MAX);
}
END_TEST

START_TEST(bounded)
{
	char name[32];

	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ck_assert_ptr_nonnull(names_share(&names, name, strlen(name)));
	}
	ck_assert_str_eq(names_share(&names, "f99999", 6), NAMES_FULL);
	ck_assert_str_eq(names_share(&names, "f7", 2), "f7");
}
END_TEST

/* ---- aliases --------------------------------------------------------------------------------- */

static void expect_better(const char *better, enum symbol_binding better_binding, const char *worse,
			  enum symbol_binding worse_binding)
{
	struct symbol_alias a = { better, better_binding }, b = { worse, worse_binding };

	ck_assert_msg(symbol_alias_compare(&a, &b) < 0, "%s", better);
	ck_assert_msg(symbol_alias_compare(&b, &a) > 0, "%s", better);
	ck_assert_int_eq(symbol_alias_compare(&a, &a), 0);
}

START_TEST(better_aliases)
{
	expect_better("read", SYMBOL_GLOBAL, "read_it", SYMBOL_WEAK);
	expect_better("cpu_show_not_affected", SYMBOL_LOCAL, "cpu_show_gds", SYMBOL_WEAK);
	expect_better("__x64_sys_read", SYMBOL_GLOBAL, "read_local", SYMBOL_LOCAL);
	expect_better("read", SYMBOL_GLOBAL, "__libc_read", SYMBOL_GLOBAL);
	expect_better("longer", SYMBOL_GLOBAL, "short", SYMBOL_GLOBAL);
	expect_better("a_same", SYMBOL_GLOBAL, "b_same", SYMBOL_GLOBAL);
	expect_better("__do_softirq", SYMBOL_GLOBAL, "__softirqentry_text_start", SYMBOL_GLOBAL);
	expect_better("startup_64", SYMBOL_LOCAL, "_stext", SYMBOL_GLOBAL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("names");
	TCase *c = tcase_create("demangle");

	tcase_add_loop_test(c, names_of_languages, 0, (int)ARRAY_SIZE(cases));
	tcase_add_test(c, doubling_names_are_cut);
	tcase_add_test(c, long_names_are_cut);
	suite_add_tcase(s, c);
	c = tcase_create("names");
	tcase_add_checked_fixture(c, NULL, names_teardown);
	tcase_add_test(c, shared_once);
	tcase_add_test(c, cut_between_characters);
	tcase_add_test(c, bounded);
	tcase_add_test(c, better_aliases);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
