/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/kernel_symbols.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "source/test_tree.h"
#include "symbol/symbolizer.h"

#include <errno.h>
#include <time.h>

static struct kernel_symbols *parse(const char *text)
{
	struct kernel_symbols *symbols = NULL;

	ck_assert_int_eq(kernel_symbols_parse(text, strlen(text), &symbols), 0);
	return symbols;
}

static void expect(const struct kernel_symbols *symbols, uint64_t address, const char *name,
		   const char *module)
{
	const char *found, *found_module;

	ck_assert_msg(kernel_symbols_find(symbols, address, &found, &found_module), "%lx", address);
	ck_assert_str_eq(found, name);
	ck_assert_str_eq(found_module, module);
}

static void expect_none(const struct kernel_symbols *symbols, uint64_t address)
{
	const char *found, *module;

	ck_assert(!kernel_symbols_find(symbols, address, &found, &module));
}

START_TEST(functions_and_modules)
{
	struct kernel_symbols *symbols =
		parse("ffffffff81000000 T first\n"
		      "ffffffff81000100 t second\n"
		      "ffffffff81000180 D data\n"
		      "ffffffff81000200 W third\n"
		      "ffffffffc0300000 t bpf_prog_6deef7357e7b4530_main\t[bpf]\n"
		      "ffffffffc0200000 t nf_nat_inet_fn\t[nf_nat]\n"
		      "ffffffffc0200040 T nf_nat_exit\t[nf_nat]\n");

	ck_assert_uint_eq(kernel_symbols_count(symbols), 6);
	expect(symbols, 0xffffffff81000000, "first", "kernel");
	expect(symbols, 0xffffffff810000ff, "first", "kernel");
	expect(symbols, 0xffffffff81000100, "second", "kernel");
	expect(symbols, 0xffffffff81000190, "second", "kernel");
	expect(symbols, 0xffffffff81000200, "third", "kernel");
	expect(symbols, 0xffffffffc020003f, "nf_nat_inet_fn", "nf_nat");
	expect(symbols, 0xffffffffc0200041, "nf_nat_exit", "nf_nat");
	expect(symbols, 0xffffffffc0300010, "bpf_prog_6deef7357e7b4530_main", "bpf");
	expect_none(symbols, 0xffffffff80ffffff);
	expect_none(symbols, 0);
	kernel_symbols_free(symbols);
}
END_TEST

START_TEST(gaps_have_no_name)
{
	struct kernel_symbols *symbols = parse("ffffffff81000ff0 T last_of_kernel\n"
					       "ffffffffc0200000 t last\t[mod]\n"
					       "ffffffffffffff00 t at_the_end\t[odd]\n");

	expect(symbols, 0xffffffff81001fff, "last_of_kernel", "kernel");
	expect_none(symbols, 0xffffffff81002000);
	expect_none(symbols, 0xffffffffc01fffff);
	expect(symbols, 0xffffffffc0200fff, "last", "mod");
	expect_none(symbols, 0xffffffffc0300000);
	expect(symbols, UINT64_MAX, "at_the_end", "odd");
	kernel_symbols_free(symbols);
}
END_TEST

START_TEST(aliases)
{
	struct kernel_symbols *symbols = parse("ffffffff81000000 T _text\n"
					       "ffffffff81000000 T _stext\n"
					       "ffffffff81000000 t startup_64\n"
					       "ffffffff81000100 t local_one\n"
					       "ffffffff81000100 T global_one\n"
					       "ffffffff81000200 T __softirqentry_text_start\n"
					       "ffffffff81000200 T __do_softirq\n");

	ck_assert_uint_eq(kernel_symbols_count(symbols), 3);
	expect(symbols, 0xffffffff81000000, "startup_64", "kernel");
	expect(symbols, 0xffffffff81000100, "global_one", "kernel");
	expect(symbols, 0xffffffff81000200, "__do_softirq", "kernel");
	kernel_symbols_free(symbols);
}
END_TEST

START_TEST(odd_lines_are_passed_over)
{
	struct kernel_symbols *symbols = parse("\n"
					       "hello\n"
					       "ffffffff81000000\n"
					       "ffffffff81000000 T\n"
					       "ffffffff81000000 TT both\n"
					       "fffffffffffffffff T too_large\n"
					       "ffffffff81000100 T good trailing [words\n"
					       "ffffffff81000200 T bad_module []\n"
					       "ffffffff81000300 T no_newline");

	ck_assert_uint_eq(kernel_symbols_count(symbols), 3);
	expect(symbols, 0xffffffff81000100, "good", "kernel");
	expect(symbols, 0xffffffff81000200, "bad_module", "kernel");
	expect(symbols, 0xffffffff81000300, "no_newline", "kernel");
	kernel_symbols_free(symbols);
}
END_TEST

START_TEST(nothing_in_it)
{
	struct kernel_symbols *symbols = NULL;

	ck_assert_int_eq(kernel_symbols_parse("", 0, &symbols), -ENODATA);
	ck_assert_int_eq(kernel_symbols_parse("1000 D data\n", 12, &symbols), -ENODATA);
	ck_assert_int_eq(kernel_symbols_parse("0 T a\n0 t b\n", 12, &symbols), -EPERM);
	ck_assert_ptr_null(symbols);
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------- */

static int load_tree(struct kernel_symbols **ret, struct err *err)
{
	struct procroot *root = NULL;
	int r;

	ck_assert_int_eq(procroot_open_recorded(tree, &root, NULL), 0);
	r = kernel_symbols_load(root, ret, err);
	procroot_free(root);
	return r;
}

START_TEST(hidden_addresses_tell_the_command)
{
	struct kernel_symbols *symbols = NULL;
	struct err err = { "" };

	tree_put("proc/kallsyms", "0000000000000000 T _text\n0000000000000000 t first\n");
	tree_put("proc/sys/kernel/kptr_restrict", "2\n");
	ck_assert_int_eq(load_tree(&symbols, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.msg, "sysctl -w kernel.kptr_restrict=1"));
	tree_put("proc/sys/kernel/kptr_restrict", "1\n");
	ck_assert_int_eq(load_tree(&symbols, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.msg, "CAP_SYSLOG"));
	tree_put("proc/sys/kernel/kptr_restrict", "");
	ck_assert_int_eq(load_tree(&symbols, &err), -EPERM);
	ck_assert_ptr_null(symbols);
}
END_TEST

START_TEST(hostile_trees)
{
	struct kernel_symbols *symbols = NULL;
	struct err err = { "" };

	tree_put_folder("proc");
	ck_assert_int_eq(load_tree(&symbols, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "/proc/kallsyms"));
	ck_assert_int_eq(mkfifo(tree_path("proc/kallsyms"), 0600), 0);
	ck_assert_int_eq(load_tree(&symbols, NULL), -EINVAL);
	unlink(tree_path("proc/kallsyms"));
	tree_put_link("/proc/kallsyms", "proc/kallsyms");
	ck_assert_int_eq(load_tree(&symbols, NULL), -ELOOP);
}
END_TEST

/* Lines across the edges of the buffer, and one that is longer than it. */
START_TEST(long_files)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct kernel_symbols *symbols = NULL;

	for (int i = 0; i < 20000; i++)
		str_format(&text, "%x T function_number_%d_%.*s\n", 0x1000 + i * 16, i, i % 50,
			   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	for (int i = 0; i < 1000000; i++)
		str_append_char(&text, 'q');
	str_append(&text, "\n90000 T behind\n");
	tree_put_folder("proc");
	tree_put_bytes("proc/kallsyms", text.data, text.len);
	ck_assert_int_eq(load_tree(&symbols, NULL), 0);
	ck_assert_uint_eq(kernel_symbols_count(symbols), 20001);
	expect(symbols, 0x1000 + 19998 * 16 + 15,
	       "function_number_19998_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "kernel");
	expect(symbols, 0x90001, "behind", "kernel");
	kernel_symbols_free(symbols);
}
END_TEST

/* ---- this kernel ----------------------------------------------------------------------------- */

static bool is_text(char type)
{
	return strchr("tTwW", type);
}

/* Every text symbol of the file: the name that is found is one that the file has at that
 * address. */
START_TEST(this_kernel)
{
	struct kernel_symbols *symbols = NULL;
	struct procroot *root = NULL;
	struct err err = { "" };
	char line[1024], name[512], type;
	unsigned long address, before = 0;
	size_t compared = 0, same = 0;
	FILE *file = fopen("/proc/kallsyms", "r");
	int r;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	r = kernel_symbols_load(root, &symbols, &err);
	procroot_free(root);
	if (r == -EPERM) {
		printf("skipped: %s\n", err.msg);
		fclose(file);
		return;
	}
	ck_assert_msg(r == 0, "%s", err.msg);
	while (fgets(line, sizeof(line), file)) {
		const char *found, *module;

		if (sscanf(line, "%lx %c %511s", &address, &type, name) != 3 || !is_text(type))
			continue;
		ck_assert(kernel_symbols_find(symbols, address, &found, &module));
		same += strcmp(found, name) == 0;
		compared += address != before;
		before = address;
	}
	fclose(file);
	ck_assert_uint_gt(compared, 1000);
	/* one name an address */
	ck_assert_uint_eq(same, kernel_symbols_count(symbols));
	ck_assert_uint_le(kernel_symbols_bytes(symbols),
			  (size_t)64 * kernel_symbols_count(symbols));
	kernel_symbols_free(symbols);
}
END_TEST

START_TEST(through_the_symbolizer)
{
	struct procroot *root = NULL;
	struct symbolizer *symbolizer;
	struct address_spaces *spaces;
	struct symbol symbol, again;
	struct symbolizer_counts counts;

	tree_put("proc/kallsyms",
		 "ffffffff81000000 T tcp_sendmsg\n"
		 "ffffffff81000100 T _RNvCs4fqI2P2rA04_7mycrate3run\t[rust_mod]\n");
	ck_assert_int_eq(procroot_open_recorded(tree, &root, NULL), 0);
	spaces = address_spaces_new(root, 0, 0);
	symbolizer = symbolizer_new(root, spaces, NULL);
	ck_assert_int_eq(symbolizer_find_kernel(symbolizer, 0xffffffff81000010, &symbol), 0);
	ck_assert_str_eq(symbol.function, "[unknown]");
	ck_assert(symbol.kernel && !symbol.named);
	ck_assert_int_eq(symbolizer_load_kernel(symbolizer, NULL), 0);
	ck_assert_int_eq(symbolizer_find_kernel(symbolizer, 0xffffffff81000010, &symbol), 0);
	ck_assert_int_eq(symbolizer_find_kernel(symbolizer, 0xffffffff81000020, &again), 0);
	ck_assert_str_eq(symbol.function, "tcp_sendmsg");
	ck_assert_str_eq(symbol.module, "kernel");
	ck_assert(symbol.kernel && symbol.named && !symbol.jit);
	ck_assert_ptr_eq(symbol.function, again.function);
	ck_assert_ptr_eq(symbol.module, again.module);
	ck_assert_int_eq(symbolizer_find_kernel(symbolizer, 0xffffffff81000100, &symbol), 0);
	ck_assert_str_eq(symbol.function, "mycrate::run");
	ck_assert_str_eq(symbol.module, "rust_mod");
	symbolizer_counts(symbolizer, &counts);
	ck_assert_uint_eq(counts.kernel_found, 3);
	ck_assert_uint_eq(counts.kernel_missed, 1);
	symbolizer_free(symbolizer);
	address_spaces_free(spaces);
	procroot_free(root);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("kernel_symbols");
	TCase *c = tcase_create("text");

	tcase_add_test(c, functions_and_modules);
	tcase_add_test(c, gaps_have_no_name);
	tcase_add_test(c, aliases);
	tcase_add_test(c, odd_lines_are_passed_over);
	tcase_add_test(c, nothing_in_it);
	suite_add_tcase(s, c);
	c = tcase_create("files");
	tcase_add_checked_fixture(c, tree_make, tree_remove);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, hidden_addresses_tell_the_command);
	tcase_add_test(c, hostile_trees);
	tcase_add_test(c, long_files);
	tcase_add_test(c, this_kernel);
	tcase_add_test(c, through_the_symbolizer);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
