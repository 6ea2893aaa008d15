/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/procroot.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "base/vec.h"
#include "source/test_tree.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static struct procroot *open_tree(const char *folder)
{
	struct procroot *root = NULL;
	struct err err = { "" };
	int r = procroot_open_recorded(folder, &root, &err);

	ck_assert_msg(r == 0, "%d %s", r, err.msg);
	return root;
}

static struct procroot *open_live(const volatile sig_atomic_t *stop)
{
	struct procroot *root = NULL;

	ck_assert_int_eq(procroot_open_live(stop, &root, NULL), 0);
	return root;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- live ----------------------------------------------------------------------------------- */

START_TEST(live_reads_whole_files)
{
	struct procroot *root = open_live(NULL);
	_cleanup_(str_free) struct str text = { 0 };

	ck_assert(procroot_is_live(root));
	ck_assert_int_eq(procroot_read(root, "proc/stat", &text), 0);
	ck_assert(memcmp(text.data, "cpu ", 4) == 0);
	ck_assert_int_eq(procroot_read(root, "proc/vmstat", &text), 0);
	ck_assert_ptr_nonnull(strstr(text.data, "pgfault "));
	/* many records: the kernel hands them out a page at a time, however large the buffer */
	ck_assert_int_eq(str_reserve(&text, 65536), 0);
	ck_assert_int_eq(procroot_read(root, "proc/self/smaps", &text), 0);
	ck_assert_uint_gt(text.len, 8192);
	procroot_free(root);
}
END_TEST

START_TEST(live_refuses_paths_outside)
{
	struct procroot *root = open_live(NULL);
	_cleanup_(str_free) struct str text = { 0 };
	const char *const paths[] = { "/proc/stat",	   "",	     "..", "../proc/stat",
				      "proc/../proc/stat", "proc/.." };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		ck_assert_int_eq(procroot_read(root, paths[i], &text), -EINVAL);
		ck_assert_int_eq(procroot_open_folder(root, paths[i]), -EINVAL);
		ck_assert(!procroot_has(root, paths[i]));
	}
	ck_assert_int_eq(procroot_read(root, "proc/a..b", &text), -ENOENT);
	ck_assert_int_eq(procroot_read(root, "proc/sys", &text), -EISDIR);
	ck_assert(procroot_has(root, "proc/stat"));
	ck_assert(procroot_has(root, "proc/self/task"));
	ck_assert(!procroot_has(root, "proc/no-such-file"));
	procroot_free(root);
}
END_TEST

START_TEST(live_threads)
{
	struct procroot *root = open_live(NULL);
	_cleanup_(str_free) struct str text = { 0 };
	struct id_list ids = { 0 };
	int fd = procroot_open_folder(root, "proc/self/task");
	char name[64], *buffer;

	ck_assert_int_ge(fd, 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(procroot_list_ids(root, fd, &ids), 0);
		ck_assert_uint_eq(ids.len, 1);
		ck_assert_int_eq(ids.data[0], getpid());
	}
	snprintf(name, sizeof(name), "%d/stat", getpid());
	ck_assert_int_eq(procroot_read_at(root, fd, name, "ignored", &text), 0);
	ck_assert_int_eq(atoi(text.data), getpid());
	buffer = text.data;
	ck_assert_int_eq(procroot_read_in(root, fd, "proc/self/task", name, &text), 0);
	ck_assert_ptr_eq(text.data, buffer);
	ck_assert_int_eq(procroot_read_in(root, fd, "x", "1/stat", &text), -ENOENT);
	close(fd);
	vec_free(&ids);
	procroot_free(root);
}
END_TEST

START_TEST(live_lists_processes_in_order)
{
	struct procroot *root = open_live(NULL);
	struct id_list ids = { 0 };
	int fd = procroot_open_folder(root, "proc");
	bool found_self = false;

	ck_assert_int_eq(procroot_list_ids(root, fd, &ids), 0);
	for (size_t i = 0; i < ids.len; i++) {
		ck_assert(i == 0 || ids.data[i - 1] < ids.data[i]);
		found_self |= ids.data[i] == getpid();
	}
	ck_assert(found_self);
	close(fd);
	vec_free(&ids);
	procroot_free(root);
}
END_TEST

START_TEST(live_vanished_thread)
{
	struct procroot *root = open_live(NULL);
	_cleanup_(str_free) struct str text = { 0 };
	pid_t child = fork();
	char path[64];
	int fd, r;

	if (child == 0) {
		pause();
		_exit(0);
	}
	snprintf(path, sizeof(path), "proc/%d/task", child);
	fd = procroot_open_folder(root, path);
	ck_assert_int_ge(fd, 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	snprintf(path, sizeof(path), "%d/stat", child);
	r = procroot_read_in(root, fd, "", path, &text);
	ck_assert_msg(r == -ENOENT || r == -ESRCH, "%d", r);
	close(fd);
	procroot_free(root);
}
END_TEST

/* ---- moments -------------------------------------------------------------------------------- */

START_TEST(live_moments_keep_time)
{
	struct procroot *root = open_live(NULL);
	uint64_t start_ns = now_ns();

	ck_assert_int_eq(procroot_moment(root, "vmstat", 1, 0), -EINVAL);
	ck_assert_int_eq(procroot_moment(root, "Vm/..", 0, 0), -EINVAL);
	ck_assert_int_eq(procroot_moment(root, "", 0, 0), -EINVAL);
	ck_assert_int_eq(procroot_moment(root, "vmstat", -1, 0), -EINVAL);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 0, 0), 0);
	ck_assert_uint_ge(procroot_monotonic_ns(root), start_ns);
	start_ns = procroot_monotonic_ns(root);
	ck_assert_int_eq(procroot_moment(root, "top", 0, 0), 0);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 1, 300000000), 0);
	ck_assert_uint_ge(procroot_monotonic_ns(root), start_ns + 290000000);
	ck_assert_uint_gt(procroot_realtime_ns(root), 1500000000ull * 1000000000ull);
	/* late already: no sleep */
	start_ns = now_ns();
	ck_assert_int_eq(procroot_moment(root, "vmstat", 2, 1), 0);
	ck_assert_uint_lt(now_ns() - start_ns, 200000000);
	procroot_free(root);
}
END_TEST

static volatile sig_atomic_t stopped;

static void on_alarm(int signal_number)
{
	stopped = 1;
}

START_TEST(live_moment_stops)
{
	struct procroot *root;
	uint64_t start_ns;

	stopped = 0;
	root = open_live(&stopped);
	signal(SIGALRM, on_alarm);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 0, 0), 0);
	start_ns = now_ns();
	ualarm(50000, 0);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 1, 20000000000ull), -EINTR);
	ck_assert_uint_lt(now_ns() - start_ns, 5000000000ull);
	ck_assert_int_eq(procroot_moment(root, "top", 0, 0), -EINTR);
	procroot_free(root);
}
END_TEST

START_TEST(recorded_moments)
{
	struct procroot *root = open_tree(TESTDATA "/proc/two-moments");
	_cleanup_(str_free) struct str text = { 0 };
	uint64_t first_ns;

	ck_assert(!procroot_is_live(root));
	/* before the first moment there is only the top, which holds no proc/ */
	ck_assert_int_eq(procroot_read(root, "proc/stat", &text), -ENOENT);
	ck_assert_int_eq(procroot_moment(root, "top", 0, 0), -ENODATA);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 0, 0), 0);
	ck_assert_int_eq(procroot_read(root, "proc/stat", &text), 0);
	first_ns = procroot_monotonic_ns(root);
	ck_assert_uint_gt(procroot_realtime_ns(root), first_ns);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 1, 99000000000ull), 0);
	ck_assert_uint_gt(procroot_monotonic_ns(root), first_ns + 900000000);
	first_ns = procroot_monotonic_ns(root);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 2, 0), -ENODATA);
	ck_assert_uint_eq(procroot_monotonic_ns(root), first_ns);
	ck_assert_int_eq(procroot_read(root, "proc/loadavg", &text), 0);
	procroot_free(root);
}
END_TEST

START_TEST(plain_copy_is_one_moment)
{
	struct procroot *root = open_tree(TESTDATA "/proc/plain-copy");
	_cleanup_(str_free) struct str text = { 0 };

	ck_assert_int_eq(procroot_moment(root, "vmstat", 0, 0), 0);
	ck_assert_int_eq(procroot_read(root, "proc/stat", &text), 0);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 1, 0), -ENODATA);
	ck_assert_int_eq(procroot_moment(root, "top", 0, 0), 0);
	ck_assert_uint_gt(procroot_monotonic_ns(root), 0);
	ck_assert_uint_eq(procroot_realtime_ns(root), 0);
	procroot_free(root);
}
END_TEST

START_TEST(bad_clock_falls_back_to_uptime)
{
	struct procroot *root;

	tree_put("top.00/clock", "yesterday\n");
	tree_put("top.00/proc/uptime", "12.50 20.00\n");
	tree_put("top.01/clock", "99999999999999999999999 1\n");
	root = open_tree(tree);
	ck_assert_int_eq(procroot_moment(root, "top", 0, 0), 0);
	ck_assert_uint_eq(procroot_monotonic_ns(root), 12500000000ull);
	ck_assert_int_eq(procroot_moment(root, "top", 1, 0), 0);
	ck_assert_uint_eq(procroot_monotonic_ns(root), 0);
	procroot_free(root);
}
END_TEST

START_TEST(no_recorded_tree)
{
	struct procroot *root = NULL;
	struct err err = { "" };

	ck_assert_int_eq(procroot_open_recorded(tree_path("nowhere"), &root, &err), -ENOENT);
	ck_assert_int_eq(procroot_open_recorded(tree, &root, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "neither proc/ nor moments"));
	tree_put("proc", "a file\n");
	ck_assert_int_eq(procroot_open_recorded(tree, &root, &err), -EINVAL);
	ck_assert_int_eq(procroot_open_recorded(tree_path("proc"), &root, &err), -ENOTDIR);
	ck_assert_ptr_null(root);
}
END_TEST

/* ---- recording ------------------------------------------------------------------------------ */

static int record_into_tree(void *context, const char *path, const char *bytes, size_t len)
{
	int *left = context;

	tree_put_bytes(path, bytes, len);
	return --*left > 0 ? 0 : -1;
}

static void record_live(struct str *ret_stat, uint64_t *ret_monotonic_ns)
{
	struct procroot *root = open_live(NULL);
	_cleanup_(str_free) struct str text = { 0 };
	int left = 1000, fd;
	char name[64];

	procroot_set_recorder(root, record_into_tree, &left);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 0, 0), 0);
	ck_assert_int_eq(procroot_read(root, "proc/stat", ret_stat), 0);
	ck_assert_int_lt(procroot_read(root, "proc/no-such-file", &text), 0);
	*ret_monotonic_ns = procroot_monotonic_ns(root);
	ck_assert_int_eq(procroot_moment(root, "top", 0, 0), 0);
	fd = procroot_open_folder(root, "proc/self/task");
	snprintf(name, sizeof(name), "%d/stat", getpid());
	ck_assert_int_eq(procroot_read_in(root, fd, "proc/7/task", name, &text), 0);
	snprintf(name, sizeof(name), "%d/status", getpid());
	ck_assert_int_eq(procroot_read_at(root, fd, name, "proc/7/task/7/status", &text), 0);
	ck_assert(procroot_has(root, "proc/self/ns"));
	ck_assert(procroot_has(root, "proc/uptime"));
	ck_assert(!procroot_has(root, "proc/no-such-file"));
	close(fd);
	procroot_free(root);
}

START_TEST(replay_is_what_was_read)
{
	_cleanup_(str_free) struct str live = { 0 };
	_cleanup_(str_free) struct str text = { 0 };
	struct procroot *root;
	uint64_t live_ns;
	char path[128];

	record_live(&live, &live_ns);
	root = open_tree(tree);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 0, 0), 0);
	ck_assert_uint_eq(procroot_monotonic_ns(root), live_ns);
	ck_assert_int_eq(procroot_read(root, "proc/stat", &text), 0);
	ck_assert_uint_eq(text.len, live.len);
	ck_assert_mem_eq(text.data, live.data, live.len);
	ck_assert_int_eq(procroot_read(root, "proc/no-such-file", &text), -ENOENT);
	ck_assert_int_eq(procroot_moment(root, "top", 0, 0), 0);
	snprintf(path, sizeof(path), "proc/7/task/%d/stat", getpid());
	ck_assert_int_eq(procroot_read(root, path, &text), 0);
	ck_assert_int_eq(atoi(text.data), getpid());
	ck_assert_int_eq(procroot_read(root, "proc/7/task/7/status", &text), 0);
	ck_assert(procroot_has(root, "proc/self/ns"));
	ck_assert(procroot_has(root, "proc/uptime"));
	ck_assert(!procroot_has(root, "proc/no-such-file"));
	procroot_free(root);
}
END_TEST

START_TEST(recorder_can_stop)
{
	struct procroot *root = open_live(NULL);
	_cleanup_(str_free) struct str text = { 0 };
	int left = 2;

	procroot_set_recorder(root, record_into_tree, &left);
	ck_assert_int_eq(procroot_moment(root, "vmstat", 0, 0), 0);
	ck_assert_int_eq(procroot_read(root, "proc/stat", &text), 0);
	ck_assert_int_eq(procroot_read(root, "proc/uptime", &text), 0);
	ck_assert_int_eq(left, 0);
	ck_assert_int_eq(access(tree_path("vmstat.00/proc/stat"), F_OK), 0);
	ck_assert_int_ne(access(tree_path("vmstat.00/proc/uptime"), F_OK), 0);
	procroot_free(root);
}
END_TEST

static Suite *procroot_suite(void)
{
	Suite *suite = suite_create("procroot");
	TCase *live = tcase_create("live"), *trees = tcase_create("trees");

	tcase_set_timeout(live, 30);
	tcase_add_test(live, live_reads_whole_files);
	tcase_add_test(live, live_refuses_paths_outside);
	tcase_add_test(live, live_threads);
	tcase_add_test(live, live_lists_processes_in_order);
	tcase_add_test(live, live_vanished_thread);
	tcase_add_test(live, live_moments_keep_time);
	tcase_add_test(live, live_moment_stops);
	suite_add_tcase(suite, live);
	tcase_set_timeout(trees, 30);
	tcase_add_checked_fixture(trees, tree_make, tree_remove);
	tcase_add_test(trees, recorded_moments);
	tcase_add_test(trees, plain_copy_is_one_moment);
	tcase_add_test(trees, bad_clock_falls_back_to_uptime);
	tcase_add_test(trees, no_recorded_tree);
	tcase_add_test(trees, replay_is_what_was_read);
	tcase_add_test(trees, recorder_can_stop);
	suite_add_tcase(suite, trees);
	return suite;
}

int main(void)
{
	return run_suite(procroot_suite());
}
