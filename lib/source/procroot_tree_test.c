/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded trees that mean harm, and the edges of files and folders. */
#include "source/procroot.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "base/vec.h"
#include "source/test_tree.h"

#include <errno.h>

static struct procroot *open_tree(const char *folder)
{
	struct procroot *root = NULL;
	struct err err = { "" };
	int r = procroot_open_recorded(folder, &root, &err);

	ck_assert_msg(r == 0, "%d %s", r, err.msg);
	return root;
}

static int count_open_files(void)
{
	struct procroot *root = NULL;
	struct id_list ids = { 0 };
	int count, fd;

	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	fd = procroot_open_folder(root, "proc/self/fd");
	ck_assert_int_eq(procroot_list_ids(root, fd, &ids), 0);
	count = (int)ids.len;
	vec_free(&ids);
	close(fd);
	procroot_free(root);
	return count;
}

START_TEST(links_are_not_followed)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct procroot *root;

	tree_put("proc/stat", "cpu 1 2 3 4\n");
	tree_put_link("/etc/passwd", "proc/out");
	tree_put_link("../../../../etc/passwd", "proc/up");
	tree_put_link("stat", "proc/inside");
	tree_put_link("/proc", "proc/net");
	root = open_tree(tree);
	ck_assert_int_eq(procroot_read(root, "proc/stat", &text), 0);
	ck_assert_int_eq(procroot_read(root, "proc/out", &text), -ELOOP);
	ck_assert_int_eq(procroot_read(root, "proc/up", &text), -ELOOP);
	ck_assert_int_eq(procroot_read(root, "proc/inside", &text), -ELOOP);
	ck_assert_int_eq(procroot_read(root, "proc/net/uptime", &text), -ELOOP);
	ck_assert_int_lt(procroot_open_folder(root, "proc/net"), 0);
	ck_assert(!procroot_has(root, "proc/out"));
	ck_assert(!procroot_has(root, "proc/net/uptime"));
	procroot_free(root);
}
END_TEST

START_TEST(linked_moment_is_refused)
{
	struct procroot *root;

	tree_put("top.00/proc/stat", "cpu 1 2 3 4\n");
	tree_put_link("/", "top.01");
	tree_put("top.02", "no folder\n");
	root = open_tree(tree);
	ck_assert_int_eq(procroot_moment(root, "top", 0, 0), 0);
	ck_assert_int_lt(procroot_moment(root, "top", 1, 0), 0);
	ck_assert_int_eq(procroot_moment(root, "top", 2, 0), -ENOTDIR);
	procroot_free(root);
}
END_TEST

START_TEST(linked_proc_is_no_tree)
{
	struct procroot *root = NULL;

	tree_put_link("/proc", "proc");
	ck_assert_int_eq(procroot_open_recorded(tree, &root, NULL), -EINVAL);
}
END_TEST

START_TEST(only_regular_files_are_read)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct procroot *root;
	struct id_list ids = { 0 };
	int before, fd;

	tree_put_folder("proc/stat");
	ck_assert_int_eq(mkfifo(tree_path("proc/loadavg"), 0644), 0);
	ck_assert_int_eq(mkfifo(tree_path("proc/12"), 0644), 0);
	tree_put("proc/7/stat", "7 (a) R");
	tree_put_folder("proc/007");
	tree_put_folder("proc/99999999999");
	tree_put_folder("proc/3x");
	root = open_tree(tree);
	before = count_open_files();
	ck_assert_int_eq(procroot_read(root, "proc/stat", &text), -EISDIR);
	ck_assert_int_eq(procroot_read(root, "proc/loadavg", &text), -EINVAL);
	ck_assert(!procroot_has(root, "proc/loadavg"));
	fd = procroot_open_folder(root, "proc");
	ck_assert_int_eq(procroot_list_ids(root, fd, &ids), 0);
	ck_assert_uint_eq(ids.len, 2);
	ck_assert_int_eq(ids.data[0], 7);
	ck_assert_int_eq(ids.data[1], 12);
	ck_assert_int_eq(procroot_open_folder_at(root, fd, "12"), -ENOTDIR);
	ck_assert_int_eq(procroot_read_in(root, fd, "proc", "12", &text), -EINVAL);
	ck_assert_int_eq(procroot_read_in(root, fd, "proc", "../proc/7/stat", &text), -EINVAL);
	ck_assert_int_eq(procroot_read_in(root, fd, "proc", "7/stat", &text), 0);
	close(fd);
	ck_assert_int_eq(count_open_files(), before);
	vec_free(&ids);
	procroot_free(root);
}
END_TEST

START_TEST(ids_are_sorted)
{
	struct procroot *root;
	struct id_list ids = { 0 };
	char path[32];
	int fd;

	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "proc/%d", 1 + i * 73 % 200);
		tree_put_folder(path);
	}
	root = open_tree(tree);
	fd = procroot_open_folder(root, "proc");
	ck_assert_int_eq(procroot_list_ids(root, fd, &ids), 0);
	ck_assert_uint_eq(ids.len, 200);
	for (int i = 0; i < 200; i++)
		ck_assert_int_eq(ids.data[i], i + 1);
	close(fd);
	vec_free(&ids);
	procroot_free(root);
}
END_TEST

START_TEST(sizes_are_capped)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct procroot *root;

	tree_put("proc/huge", "");
	tree_put("proc/full", "");
	tree_put("proc/empty", "");
	ck_assert_int_eq(truncate(tree_path("proc/huge"), (off_t)PROCROOT_FILE_MAX + 1), 0);
	ck_assert_int_eq(truncate(tree_path("proc/full"), (off_t)PROCROOT_FILE_MAX), 0);
	root = open_tree(tree);
	ck_assert_int_eq(procroot_read(root, "proc/huge", &text), -EFBIG);
	ck_assert_int_eq(procroot_read(root, "proc/full", &text), 0);
	ck_assert_uint_eq(text.len, PROCROOT_FILE_MAX);
	ck_assert_int_eq(procroot_read(root, "proc/empty", &text), 0);
	ck_assert_uint_eq(text.len, 0);
	ck_assert_str_eq(str_text(&text), "");
	procroot_free(root);
}
END_TEST

START_TEST(buffer_edges)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(cleanup_close) int fd = -1;
	struct procroot *root;
	char bytes[8300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)('a' + i % 26);
	tree_put("proc/7/stat", "");
	root = open_tree(tree);
	fd = procroot_open_folder(root, "proc");
	for (size_t len = 4090; len < sizeof(bytes); len += len == 4100 ? 4080 : 1) {
		tree_put_bytes("proc/7/stat", bytes, len);
		str_free(&text);
		ck_assert_int_eq(procroot_read_in(root, fd, "proc", "7/stat", &text), 0);
		ck_assert_uint_eq(text.len, len);
		ck_assert_mem_eq(text.data, bytes, len);
	}
	procroot_free(root);
}
END_TEST

static int note_name(void *context, const char *name)
{
	struct str *names = context;

	str_format(names, "%s;", name);
	return strcmp(name, "stop") == 0 ? -ECANCELED : 0;
}

START_TEST(folders_are_listed_by_name)
{
	_cleanup_(str_free) struct str names = { 0 };
	struct procroot *root;

	tree_put_folder("proc/z");
	tree_put_folder("proc/a b");
	tree_put_folder("proc/m/inner");
	tree_put("proc/file", "");
	tree_put_link("/", "proc/link");
	root = open_tree(tree);
	ck_assert_int_eq(procroot_list_folders(root, "proc", note_name, &names), 0);
	ck_assert_str_eq(str_text(&names), "a b;m;z;");
	tree_put_folder("proc/stop");
	ck_assert_int_eq(procroot_list_folders(root, "proc", note_name, &names), -ECANCELED);
	ck_assert_str_eq(str_text(&names), "a b;m;z;a b;m;stop;");
	ck_assert_int_eq(procroot_list_folders(root, "nowhere", note_name, &names), -ENOENT);
	ck_assert_int_eq(procroot_list_folders(root, "proc/file", note_name, &names), -ENOTDIR);
	procroot_free(root);
}
END_TEST

static Suite *procroot_tree_suite(void)
{
	Suite *suite = suite_create("procroot_tree");
	TCase *tests = tcase_create("core");

	tcase_set_timeout(tests, 30);
	tcase_add_checked_fixture(tests, tree_make, tree_remove);
	tcase_add_test(tests, links_are_not_followed);
	tcase_add_test(tests, linked_moment_is_refused);
	tcase_add_test(tests, linked_proc_is_no_tree);
	tcase_add_test(tests, only_regular_files_are_read);
	tcase_add_test(tests, ids_are_sorted);
	tcase_add_test(tests, sizes_are_capped);
	tcase_add_test(tests, buffer_edges);
	tcase_add_test(tests, folders_are_listed_by_name);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(procroot_tree_suite());
}
