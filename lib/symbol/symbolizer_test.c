/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs built in all the ways that programs are built, looked at while they run. */
#include "symbol/test_symbolizer.h"

#include "base/testing.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

static void expect_all(const struct subject *subject, const char *module)
{
	expect(subject, "spin_local", "spin_local", module);
	expect(subject, "spin_global", "spin_global", module);
	expect(subject, "rust_legacy", "core::fmt::write", module);
	expect(subject, "rust_v0", "mycrate::run", module);
	expect(subject, "main", "main", module);
}

/* The names of nm for the whole program: every function, at its start and at its last byte. */
static int compare_with_nm(const struct subject *subject, const char *file)
{
	unsigned long value, size, main_value = 0;
	char line[512], name[256], type;
	int compared = 0;
	FILE *list;

	ck_assert_int_eq(subject_shell("nm -S --defined-only %s > nm.txt", file), 0);
	list = fopen(tree_path("nm.txt"), "r");
	ck_assert_ptr_nonnull(list);
	while (fgets(line, sizeof(line), list))
		if (sscanf(line, "%lx %lx %c %255s", &value, &size, &type, name) == 4 &&
		    strcmp(name, "main") == 0)
			main_value = value;
	ck_assert_uint_ne(main_value, 0);
	rewind(list);
	while (fgets(line, sizeof(line), list)) {
		uint64_t bias = subject_address(subject, "main") - main_value;
		struct symbol first, last;

		if (sscanf(line, "%lx %lx %c %255s", &value, &size, &type, name) != 4 ||
		    !strchr("tT", type) || strncmp(name, "_R", 2) == 0 ||
		    strncmp(name, "_Z", 2) == 0)
			continue;
		first = find_at(subject, bias + value);
		last = find_at(subject, bias + value + size - 1);
		ck_assert_msg(strcmp(first.function, name) == 0, "%s is called %s", name,
			      first.function);
		ck_assert_ptr_eq(first.function, last.function);
		compared++;
	}
	fclose(list);
	return compared;
}

static void check_build(const char *flags)
{
	struct subject subject;

	subject_build("program", flags);
	start(&subject, "program");
	expect_all(&subject, "program");
	/* the address of a library's function, as a fixed program sees it, is its own jump to it */
	if (!strstr(flags, "-no-pie"))
		expect(&subject, "l64a", "l64a",
		       strstr(flags, "-static") ? "program" : "libc.so.6");
	if (!strstr(flags, "-static"))
		ck_assert_int_gt(compare_with_nm(&subject, "program"), 5);
	subject_stop(&subject);
}

START_TEST(programs_of_all_kinds)
{
	static const char *const flags[] = { "-pie -fPIE",
					     "-no-pie -fno-pie",
					     "-static",
					     "-static-pie -fPIE",
					     "-pie -fPIE -Wl,-z,separate-code",
					     "-pie -fPIE -Wl,-z,noseparate-code" };

	check_build(flags[_i]);
}
END_TEST

START_TEST(sizes_are_respected)
{
	struct subject subject;

	subject_build("program", "-pie -fPIE");
	start(&subject, "program");
	ck_assert_str_eq(find_place(&subject, "sized_start", 15).function, "sized_start");
	ck_assert(!find_place(&subject, "sized_start", 16).named);
	ck_assert_ptr_nonnull(
		strstr(find_place(&subject, "sized_start", 16).function, "program+0x"));
	/* one without size goes up to the next */
	ck_assert_str_eq(find_place(&subject, "after_gap", 31).function, "after_gap");
	ck_assert_str_eq(find_place(&subject, "after_gap", 32).function, "last_one");
	subject_stop(&subject);
}
END_TEST

START_TEST(return_addresses_are_before)
{
	struct subject subject;
	struct symbol symbol;
	uint64_t end;

	subject_build("program", "-pie -fPIE");
	start(&subject, "program");
	end = subject_address(&subject, "sized_start") + 16;
	ck_assert_int_eq(symbolizer_find_user(symbolizer, subject.pid, end, true, &symbol), 0);
	ck_assert_str_eq(symbol.function, "sized_start");
	ck_assert_int_eq(symbolizer_find_user(symbolizer, subject.pid, 0, true, &symbol), 0);
	ck_assert_str_eq(symbol.function, "[unknown]");
	ck_assert_str_eq(symbol.module, "");
	subject_stop(&subject);
}
END_TEST

START_TEST(stripped_is_module_and_offset)
{
	struct symbolizer_counts counts;
	struct subject subject;
	struct symbol symbol, again;
	uint64_t offset;

	subject_build("program", "-no-pie -fno-pie -s");
	start(&subject, "program");
	symbol = find_place(&subject, "spin_local", 0);
	ck_assert(!symbol.named);
	ck_assert_str_eq(symbol.module, "program");
	ck_assert_int_eq(sscanf(symbol.function, "program+0x%lx", &offset), 1);
	ck_assert_uint_eq(offset, subject_address(&subject, "spin_local"));
	again = find_place(&subject, "spin_local", 0);
	ck_assert_ptr_eq(symbol.function, again.function);
	ck_assert_ptr_eq(symbol.module, again.module);
	symbolizer_counts(symbolizer, &counts);
	ck_assert_uint_eq(counts.files_opened, 1);
	ck_assert_uint_eq(counts.files_stripped, 1);
	ck_assert_uint_eq(counts.user_missed, 2);
	subject_stop(&subject);
}
END_TEST

START_TEST(libraries)
{
	struct subject subject;

	subject_build_with_library("");
	start(&subject, "program");
	expect(&subject, "library_entry", "library_entry", "libsubject.so.1");
	expect(&subject, "library_inner", "library_inner", "libsubject.so.1");
	subject_stop(&subject);
}
END_TEST

START_TEST(stripped_libraries_keep_what_they_export)
{
	struct subject subject;
	struct symbol symbol;
	struct symbolizer_counts counts;

	subject_build_with_library("-s");
	start(&subject, "program");
	expect(&subject, "library_entry", "library_entry", "libsubject.so.1");
	symbol = find_place(&subject, "library_inner", 0);
	ck_assert_ptr_nonnull(strstr(symbol.function, "libsubject.so.1+0x"));
	ck_assert(!symbol.named);
	symbolizer_counts(symbolizer, &counts);
	ck_assert_uint_eq(counts.files_stripped, 1);
	subject_stop(&subject);
}
END_TEST

START_TEST(mini_debug_info)
{
	struct subject subject;

	if (subject_shell("command -v objcopy xz > tools.txt") != 0) {
		puts("skipped: objcopy or xz is not installed");
		return;
	}
	subject_build_with_library("");
	ck_assert_int_eq(subject_shell(
				 "nm libsubject.so.1 | sed -n 's/.* [tT] //p' > keep.txt && "
				 "objcopy --only-keep-debug libsubject.so.1 full && "
				 "objcopy -S --remove-section .comment --keep-symbols=keep.txt "
				 "full mini && xz -k mini && strip libsubject.so.1 && "
				 "objcopy --add-section .gnu_debugdata=mini.xz libsubject.so.1"),
			 0);
	start(&subject, "program");
	expect(&subject, "library_inner", "library_inner", "libsubject.so.1");
	expect(&subject, "library_entry", "library_entry", "libsubject.so.1");
	subject_stop(&subject);
}
END_TEST

/* Over /usr/lib/debug, for this process alone. */
static bool cover_debug_folder(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/usr/lib/debug", "tmpfs", 0, NULL) < 0) {
		printf("skipped: no mount over /usr/lib/debug: %s\n", strerror(errno));
		return false;
	}
	/* the open root still is that of the other namespace */
	world_close();
	world_open();
	return true;
}

START_TEST(debug_files_by_build_id)
{
	struct subject subject;

	if (!cover_debug_folder())
		return;
	subject_build_with_library("-Wl,--build-id=0xabcdef0123456789");
	ck_assert_int_eq(subject_shell("mkdir -p /usr/lib/debug/.build-id/ab && "
				       "objcopy --only-keep-debug libsubject.so.1 "
				       "/usr/lib/debug/.build-id/ab/cdef0123456789.debug && "
				       "strip libsubject.so.1"),
			 0);
	start(&subject, "program");
	expect(&subject, "library_inner", "library_inner", "libsubject.so.1");
	ck_assert_ptr_eq(strstr(symbolizer_line(symbolizer, subject.pid,
						subject_address(&subject, "library_inner"), false),
				"test_subject_library.c:"),
			 symbolizer_line(symbolizer, subject.pid,
					 subject_address(&subject, "library_inner"), false));
	subject_stop(&subject);
}
END_TEST

/* A debug file of the right name and another build must not give names. */
START_TEST(debug_files_of_other_builds)
{
	struct subject subject;

	if (!cover_debug_folder())
		return;
	subject_build_with_library("-Wl,--build-id=0xabcdef0123456789");
	ck_assert_int_eq(
		subject_shell("mkdir -p /usr/lib/debug/.build-id/ab && "
			      "%s -g -shared -fPIC %s -o other -Wl,--build-id=0xabcdef0123456780 "
			      "&& objcopy --only-keep-debug other "
			      "/usr/lib/debug/.build-id/ab/cdef0123456789.debug && "
			      "strip libsubject.so.1",
			      TEST_CC, SUBJECT_LIBRARY),
		0);
	start(&subject, "program");
	ck_assert(!find_place(&subject, "library_inner", 0).named);
	subject_stop(&subject);
}
END_TEST

START_TEST(debug_files_by_link)
{
	struct subject subject;

	if (!cover_debug_folder())
		return;
	subject_build_with_library("-Wl,--build-id=none");
	ck_assert_int_eq(subject_shell("mkdir -p /usr/lib/debug%s && "
				       "objcopy --only-keep-debug libsubject.so.1 "
				       "/usr/lib/debug%s/subject.debug && strip libsubject.so.1 && "
				       "objcopy --add-gnu-debuglink=/usr/lib/debug%s/subject.debug "
				       "libsubject.so.1",
				       tree, tree, tree),
			 0);
	start(&subject, "program");
	expect(&subject, "library_inner", "library_inner", "libsubject.so.1");
	subject_stop(&subject);
}
END_TEST

START_TEST(cplusplus)
{
	struct subject subject;

	tree_put("plus.cc",
		 "#include <cstdio>\n"
		 "namespace foo { template <class T> struct bar {\n"
		 "\t__attribute__((noinline)) void run(T n) { volatile T x = n; (void)x; }\n"
		 "\tstatic void at() { void (bar::*p)(T) = &bar::run;\n"
		 "\t\tprintf(\"run %lx 0\\n\", *(unsigned long *)&p); } }; }\n"
		 "int main() { foo::bar<int> b; b.run(1); foo::bar<int>::at();\n"
		 "\tputs(\"ready\"); fflush(stdout); return getchar() == 0; }\n");
	if (subject_shell("c++ -g -O1 plus.cc -o program 2> log.txt") != 0) {
		puts("skipped: no C++ compiler");
		return;
	}
	start(&subject, "program");
	expect(&subject, "run", "foo::bar<int>::run", "program");
	subject_stop(&subject);
}
END_TEST

START_TEST(lines)
{
	const struct subject_place *place;
	struct subject subject;
	const char *line;
	int number = 0;

	subject_build("program", _i == 0 ? "-pie -fPIE" :
				 _i == 1 ? "-no-pie -gdwarf-4" :
					   "-gz -pie");
	start(&subject, "program");
	place = subject_place(&subject, "spin_local");
	line = symbolizer_line(symbolizer, subject.pid, place->address, false);
	ck_assert_int_eq(sscanf(line, "test_subject.c:%d", &number), 1);
	ck_assert_int_ge(number, place->line);
	ck_assert_int_le(number, place->line + 3);
	ck_assert_ptr_eq(line, symbolizer_line(symbolizer, subject.pid, place->address, false));
	ck_assert_str_eq(symbolizer_line(symbolizer, subject.pid, 1, false), "");
	ck_assert_str_eq(symbolizer_line(symbolizer, subject.pid, subject_address(&subject, "code"),
					 false),
			 "");
	subject_stop(&subject);
}
END_TEST

/* addr2line for every function of the program. */
START_TEST(lines_as_addr2line)
{
	struct subject subject;
	unsigned long value;
	char type, name[256], expected[256];
	int compared = 0;
	FILE *list;

	subject_build("program", "-no-pie -fno-pie");
	ck_assert_int_eq(subject_shell(
				 "nm --defined-only program | while read a t n; do case $t in "
				 "t|T) echo $a $t $n $(addr2line -s -e program $a);; "
				 "esac; done > lines.txt"),
			 0);
	start(&subject, "program");
	list = fopen(tree_path("lines.txt"), "r");
	while (fscanf(list, "%lx %c %255s %255[^\n]", &value, &type, name, expected) == 4) {
		if (strncmp(expected, " ?", 2) == 0 || strchr(expected, '?') ||
		    strchr(expected, '('))
			continue;
		ck_assert_str_eq(symbolizer_line(symbolizer, subject.pid, value, false),
				 expected + strspn(expected, " "));
		compared++;
	}
	fclose(list);
	ck_assert_int_ge(compared, 5);
	subject_stop(&subject);
}
END_TEST

START_TEST(lines_without_dwarf)
{
	struct subject subject;

	subject_build("program", "-pie -fPIE -g0");
	start(&subject, "program");
	expect(&subject, "spin_local", "spin_local", "program");
	ck_assert_str_eq(symbolizer_line(symbolizer, subject.pid,
					 subject_address(&subject, "spin_local"), false),
			 "");
	subject_stop(&subject);
}
END_TEST

START_TEST(exited_processes)
{
	struct subject subject;

	subject_build("program", "-pie -fPIE");
	start(&subject, "program");
	subject_stop(&subject);
	ck_assert_int_lt(kill(subject.pid, 0), 0);
	expect_all(&subject, "program");
}
END_TEST

START_TEST(deleted_files)
{
	struct subject subject;

	subject_build("program", "-pie -fPIE");
	start(&subject, "program");
	ck_assert_int_eq(unlink(tree_path("program")), 0);
	expect_all(&subject, "program");
	subject_stop(&subject);
}
END_TEST

START_TEST(files_are_shared)
{
	struct symbolizer_counts counts;
	struct subject one, other;

	subject_build("program", "-static");
	start(&one, "program");
	start(&other, "program");
	ck_assert_ptr_eq(find_place(&one, "main", 0).function,
			 find_place(&other, "main", 0).function);
	symbolizer_counts(symbolizer, &counts);
	ck_assert_uint_eq(counts.files_opened, 1);
	ck_assert_uint_eq(counts.user_found, 2);
	subject_stop(&one);
	subject_stop(&other);
}
END_TEST

/* More files than may be open: all resolve, and names that were given stay. */
START_TEST(files_are_bounded)
{
	const struct symbolizer_options options = { .files_max = 1 };
	struct subject subject;
	const char *first;

	world_options(&options);
	subject_build_with_library("");
	start(&subject, "program");
	first = find_place(&subject, "main", 0).function;
	for (int i = 0; i < 5; i++) {
		expect(&subject, "library_inner", "library_inner", "libsubject.so.1");
		expect_all(&subject, "program");
	}
	ck_assert_ptr_eq(first, find_place(&subject, "main", 0).function);
	subject_stop(&subject);
}
END_TEST

START_TEST(large_files_are_not_read)
{
	const struct symbolizer_options options = { .file_bytes_max = 4096 };
	struct symbolizer_counts counts;
	struct subject subject;

	world_options(&options);
	subject_build("program", "-static");
	start(&subject, "program");
	ck_assert_ptr_nonnull(strstr(find_place(&subject, "main", 0).function, "program+0x"));
	symbolizer_counts(symbolizer, &counts);
	ck_assert_uint_eq(counts.files_failed, 1);
	ck_assert_uint_eq(counts.files_opened, 0);
	subject_stop(&subject);
}
END_TEST

START_TEST(unknown_addresses)
{
	struct subject subject;
	struct symbol symbol;

	subject_build("program", "-static");
	start(&subject, "program");
	symbol = find_at(&subject, 4096);
	ck_assert_str_eq(symbol.function, "[unknown]");
	ck_assert_str_eq(symbol.module, "");
	ck_assert(!symbol.named && !symbol.jit);
	/* code made at run time that nobody lists */
	symbol = find_place(&subject, "code", 0);
	ck_assert_str_eq(symbol.function, "[unknown]");
	ck_assert_str_eq(symbol.module, "[jit]");
	ck_assert(!symbol.named && symbol.jit);
	ck_assert_int_eq(symbolizer_find_user(symbolizer, 0x3fffffff, 4096, false, &symbol), 0);
	ck_assert_str_eq(symbol.function, "[unknown]");
	subject_stop(&subject);
}
END_TEST

START_TEST(vdso)
{
	struct subject subject;
	const struct mapping *mapping = NULL;
	const struct mapping *all;
	bool found = false;
	size_t count;

	subject_build("program", "-pie -fPIE");
	start(&subject, "program");
	all = address_spaces_of(spaces, subject.pid, &count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].path, "[vdso]") == 0)
			mapping = &all[i];
	if (!mapping) {
		puts("skipped: no vdso");
		return;
	}
	for (uint64_t address = mapping->start; address < mapping->end; address += 16) {
		struct symbol symbol = find_at(&subject, address);

		ck_assert_str_eq(symbol.module, "[vdso]");
		found = found || strstr(symbol.function, "clock_gettime");
		ck_assert(symbol.named || strstr(symbol.function, "[vdso]+0x"));
	}
	ck_assert(found);
	subject_stop(&subject);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("symbolizer");
	TCase *c = tcase_create("live");

	tcase_add_checked_fixture(c, world_make, world_remove);
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, programs_of_all_kinds, 0, 6);
	tcase_add_test(c, sizes_are_respected);
	tcase_add_test(c, return_addresses_are_before);
	tcase_add_test(c, stripped_is_module_and_offset);
	tcase_add_test(c, libraries);
	tcase_add_test(c, stripped_libraries_keep_what_they_export);
	tcase_add_test(c, mini_debug_info);
	tcase_add_test(c, debug_files_by_build_id);
	tcase_add_test(c, debug_files_of_other_builds);
	tcase_add_test(c, debug_files_by_link);
	tcase_add_test(c, cplusplus);
	tcase_add_loop_test(c, lines, 0, 3);
	tcase_add_test(c, lines_as_addr2line);
	tcase_add_test(c, lines_without_dwarf);
	tcase_add_test(c, exited_processes);
	tcase_add_test(c, deleted_files);
	tcase_add_test(c, files_are_shared);
	tcase_add_test(c, files_are_bounded);
	tcase_add_test(c, large_files_are_not_read);
	tcase_add_test(c, unknown_addresses);
	tcase_add_test(c, vdso);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	if (access("/proc/self/map_files", X_OK) < 0 || geteuid() != 0) {
		puts("skipped: needs root to look into processes");
		return 77;
	}
	return run_suite(suite());
}
