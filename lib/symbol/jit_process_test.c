/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code that processes make at run time, and the lists of it that they leave, well or ill. */
#include "symbol/test_symbolizer.h"

#include "base/testing.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

static char *map_path(pid_t pid)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)pid);
	return path;
}

static void put_map(const char *path, uint64_t address)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "%lx 40 Lcom/example/Foo;::bar\n%lx 10 LazyCompile:*run\x1b[31m /a b.js:1\n",
		address, address + 0x40);
	fclose(file);
}

static void start_with_map(struct subject *subject)
{
	subject_build("program", "-pie -fPIE");
	start(subject, "program");
	put_map(map_path(subject->pid), subject_address(subject, "code"));
}

static void stop_with_map(struct subject *subject)
{
	unlink(map_path(subject->pid));
	subject_stop(subject);
}

START_TEST(jit_names)
{
	struct subject subject;
	struct symbol symbol;

	start_with_map(&subject);
	symbol = find_place(&subject, "code", 0x3f);
	ck_assert_str_eq(symbol.function, "Lcom/example/Foo;::bar");
	ck_assert_str_eq(symbol.module, "[jit]");
	ck_assert(symbol.named && symbol.jit);
	symbol = find_place(&subject, "code", 0x40);
	ck_assert_str_eq(symbol.function, "LazyCompile:*run\\x1b[31m /a b.js:1");
	symbol = find_place(&subject, "code", 0x50);
	ck_assert_str_eq(symbol.function, "[unknown]");
	ck_assert(symbol.jit && !symbol.named);
	expect(&subject, "main", "main", "program");
	stop_with_map(&subject);
}
END_TEST

static void expect_no_jit(struct subject *subject)
{
	ck_assert_str_eq(find_place(subject, "code", 0).function, "[unknown]");
	stop_with_map(subject);
}

START_TEST(jit_map_of_others)
{
	struct subject subject;

	start_with_map(&subject);
	if (chown(map_path(subject.pid), 12345, 12345) == 0)
		expect_no_jit(&subject);
	else
		puts("skipped: not root");
}
END_TEST

START_TEST(jit_map_fifo)
{
	struct subject subject;

	start_with_map(&subject);
	unlink(map_path(subject.pid));
	ck_assert_int_eq(mkfifo(map_path(subject.pid), 0600), 0);
	expect_no_jit(&subject);
}
END_TEST

START_TEST(jit_map_link)
{
	struct subject subject;

	start_with_map(&subject);
	unlink(map_path(subject.pid));
	put_map(tree_path("real.map"), subject_address(&subject, "code"));
	ck_assert_int_eq(symlink(tree_path("real.map"), map_path(subject.pid)), 0);
	expect_no_jit(&subject);
}
END_TEST

START_TEST(jit_map_too_large)
{
	const struct symbolizer_options options = { .jit_bytes_max = 20 };
	struct subject subject;

	world_options(&options);
	start_with_map(&subject);
	expect_no_jit(&subject);
}
END_TEST

/* As in a container: another root, and PID 1 in it. */
static void run_in_container(int report)
{
	uint64_t code = (uint64_t)(uintptr_t)mmap(NULL, 65536, PROT_READ | PROT_EXEC,
						  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (chroot(tree) < 0 || write(report, &code, sizeof(code)) != sizeof(code))
		_exit(1);
	pause();
	_exit(0);
}

/* Through a process of its own, as what unshares can't fork again once PID 1 is gone. */
static bool start_container(pid_t *ret_pid, uint64_t *ret_code)
{
	int report[2], pid_pipe[2];
	pid_t parent, child;

	ck_assert_int_eq(pipe(report), 0);
	ck_assert_int_eq(pipe(pid_pipe), 0);
	parent = fork();
	if (parent == 0) {
		child = unshare(CLONE_NEWPID) < 0 ? -1 : fork();
		if (child == 0)
			run_in_container(report[1]);
		_exit(write(pid_pipe[1], &child, sizeof(child)) != sizeof(child));
	}
	waitpid(parent, NULL, 0);
	close(report[1]);
	close(pid_pipe[1]);
	if (read(pid_pipe[0], ret_pid, sizeof(*ret_pid)) != sizeof(*ret_pid) || *ret_pid < 0)
		return false;
	return read(report[0], ret_code, sizeof(*ret_code)) == sizeof(*ret_code);
}

START_TEST(jit_map_in_a_container)
{
	struct subject subject = { 0 };
	struct symbol symbol;
	uint64_t code;

	if (!start_container(&subject.pid, &code)) {
		puts("skipped: no PID namespace");
		return;
	}
	tree_put_folder("tmp");
	put_map(tree_path("tmp/perf-1.map"), code);
	ck_assert_int_eq(address_spaces_see(spaces, subject.pid), 0);
	symbol = find_at(&subject, code);
	kill(subject.pid, SIGKILL);
	ck_assert_str_eq(symbol.function, "Lcom/example/Foo;::bar");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("jit_process");
	TCase *c = tcase_create("live");

	tcase_add_checked_fixture(c, world_make, world_remove);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, jit_names);
	tcase_add_test(c, jit_map_of_others);
	tcase_add_test(c, jit_map_fifo);
	tcase_add_test(c, jit_map_link);
	tcase_add_test(c, jit_map_too_large);
	tcase_add_test(c, jit_map_in_a_container);
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
