/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/testing.h"
#include "bundle/bundle.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define CREATED 1785499200 /* 2026-07-31T12:00:00Z */
#define DEFAULT_NAME "triage-db1-20260731T120000Z.tar.zst"

static char folder[64];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void set_up(void)
{
	strcpy(folder, "/tmp/triage-save-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void tear_down(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static const struct bundle_info info = { .version = "0.1",
					 .host = "db1",
					 .created_unix_s = CREATED };
static const struct bundle_target here = { .uid = (uid_t)-1, .gid = (gid_t)-1 };

static struct bundle_writer *two_files(void)
{
	struct bundle_writer *writer;

	ck_assert_int_eq(bundle_writer_new(1 << 20, &writer), 0);
	ck_assert_int_eq(bundle_add(writer, "evidence.json", "{}\n", 3), 0);
	ck_assert_int_eq(bundle_add(writer, "raw/vmstat.00/proc/stat", "cpu 1\0002\n", 8), 0);
	return writer;
}

static char *save(const struct bundle_target *target)
{
	_cleanup_(bundle_writer_freep) struct bundle_writer *writer = two_files();
	struct err err = { "" };
	char *path = NULL;

	ck_assert_msg(bundle_save(writer, &info, target, &path, &err) == 0, "%s", err.msg);
	return path;
}

static int save_to(const char *path, struct err *err)
{
	_cleanup_(bundle_writer_freep) struct bundle_writer *writer = two_files();
	_cleanup_(cleanup_free) char *saved = NULL;
	struct bundle_target target = here;

	target.path = path;
	return bundle_save(writer, &info, &target, &saved, err);
}

static struct bundle *load(const char *path, unsigned flags)
{
	struct bundle *bundle = NULL;
	struct err err = { "" };

	ck_assert_msg(bundle_load(path, flags, &bundle, &err) == 0, "%s", err.msg);
	return bundle;
}

static void ck_file(const struct bundle *bundle, const char *name, const char *text, size_t len)
{
	const char *bytes;
	size_t got;

	ck_assert(bundle_find(bundle, name, &bytes, &got));
	ck_assert_uint_eq(got, len);
	ck_assert_mem_eq(bytes, text, len);
	ck_assert_int_eq(bytes[len], 0);
}

static size_t read_file(const char *path, char *buffer, size_t size)
{
	_cleanup_(cleanup_fclose) FILE *file = fopen(path, "rb");

	ck_assert_ptr_nonnull(file);
	return fread(buffer, 1, size, file);
}

static int files_in_folder(void)
{
	_cleanup_(cleanup_free) struct dirent **entries = NULL;
	int count = scandir(folder, &entries, NULL, NULL);

	for (int i = 0; i < count; i++)
		free(entries[i]);
	return count - 2;
}

START_TEST(saved_bundle_loads)
{
	_cleanup_(cleanup_free) char *path = save(&here);
	_cleanup_(bundle_freep) struct bundle *bundle = load(path, BUNDLE_WITH_RAW);
	const struct bundle_info *about = bundle_about(bundle);

	ck_assert_str_eq(path, DEFAULT_NAME);
	ck_assert_str_eq(about->version, "0.1");
	ck_assert_str_eq(about->host, "db1");
	ck_assert_int_eq(about->created_unix_s, CREATED);
	ck_assert_uint_eq(about->dropped, 0);
	ck_file(bundle, "evidence.json", "{}\n", 3);
	ck_file(bundle, "raw/vmstat.00/proc/stat", "cpu 1\0002\n", 8);
	ck_assert_uint_eq(bundle_files(bundle), 2);
	ck_assert_str_eq(bundle_file_name(bundle, 1), "raw/vmstat.00/proc/stat");
}
END_TEST

START_TEST(raw_is_passed_over_unless_asked_for)
{
	_cleanup_(cleanup_free) char *path = save(&here);
	_cleanup_(bundle_freep) struct bundle *bundle = load(path, 0);
	const char *bytes;
	size_t len;

	ck_file(bundle, "evidence.json", "{}\n", 3);
	ck_assert(!bundle_find(bundle, "raw/vmstat.00/proc/stat", &bytes, &len));
	ck_assert(!bundle_find(bundle, "report.json", &bytes, &len));
	ck_assert_uint_eq(bundle_files(bundle), 2);
}
END_TEST

START_TEST(same_input_gives_same_bytes)
{
	_cleanup_(cleanup_free) char *first = save(&here);
	_cleanup_(cleanup_free) char *second = save(&here);
	static char a[8192], b[8192];
	size_t len = read_file(first, a, sizeof(a));

	ck_assert_str_eq(second, "triage-db1-20260731T120000Z-2.tar.zst");
	ck_assert_uint_gt(len, 100);
	ck_assert_uint_eq(read_file(second, b, sizeof(b)), len);
	ck_assert_mem_eq(a, b, len);
	ck_assert(bundle_looks_like(a, len));
}
END_TEST

START_TEST(only_the_owner_may_read_it)
{
	mode_t before = umask(0);
	_cleanup_(cleanup_free) char *path = save(&here);
	struct stat st;

	umask(before);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode, S_IFREG | 0600);
	ck_assert_int_eq(files_in_folder(), 1);
}
END_TEST

START_TEST(owner_is_set)
{
	struct bundle_target target = { .uid = 12345, .gid = 23456 };
	_cleanup_(cleanup_free) char *path = NULL;
	struct stat st;

	if (geteuid() != 0) {
		fprintf(stderr, "owner_is_set: skipped, only root may give files away\n");
		return;
	}
	path = save(&target);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, 12345);
	ck_assert_uint_eq(st.st_gid, 23456);
}
END_TEST

START_TEST(default_name_never_replaces)
{
	_cleanup_(cleanup_free) char *path = NULL;
	char target[16] = "";

	/* a link that somebody left under the name that is going to be used, a folder under the
	 * next one */
	ck_assert_int_eq(symlink("victim", DEFAULT_NAME), 0);
	ck_assert_int_eq(mkdir("triage-db1-20260731T120000Z-2.tar.zst", 0700), 0);
	path = save(&here);
	ck_assert_str_eq(path, "triage-db1-20260731T120000Z-3.tar.zst");
	ck_assert_int_eq(access("victim", F_OK), -1);
	ck_assert_int_gt(readlink(DEFAULT_NAME, target, sizeof(target) - 1), 0);
	ck_assert_str_eq(target, "victim");
}
END_TEST

START_TEST(folder_is_part_of_the_path)
{
	struct bundle_target target = here;
	_cleanup_(cleanup_free) char *path = NULL;
	_cleanup_(cleanup_free) char *slashed = NULL;

	ck_assert_int_eq(mkdir("out", 0700), 0);
	target.folder = "out";
	path = save(&target);
	ck_assert_str_eq(path, "out/" DEFAULT_NAME);
	target.folder = "out/";
	slashed = save(&target);
	ck_assert_str_eq(slashed, "out/triage-db1-20260731T120000Z-2.tar.zst");
	ck_assert_int_eq(access(slashed, R_OK), 0);
}
END_TEST

START_TEST(host_is_made_plain)
{
	_cleanup_(bundle_writer_freep) struct bundle_writer *writer = two_files();
	_cleanup_(cleanup_free) char *path = NULL;
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	struct bundle_info odd = info;
	struct err err;

	odd.host = "../a b\x1b[1m";
	ck_assert_int_eq(bundle_save(writer, &odd, &here, &path, &err), 0);
	ck_assert_str_eq(path, "triage-..-a-b--1m-20260731T120000Z.tar.zst");
	bundle = load(path, 0);
	ck_assert_str_eq(bundle_about(bundle)->host, "../a b\\x1b[1m");
}
END_TEST

START_TEST(named_file_is_replaced)
{
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	_cleanup_(cleanup_fclose) FILE *old = fopen("b.tar.zst", "w");
	struct err err = { "" };

	fputs("an old bundle", old);
	fflush(old);
	ck_assert_msg(save_to("b.tar.zst", &err) == 0, "%s", err.msg);
	bundle = load("b.tar.zst", 0);
	ck_file(bundle, "evidence.json", "{}\n", 3);
	ck_assert_int_eq(files_in_folder(), 1);
}
END_TEST

START_TEST(named_link_is_not_followed)
{
	struct err err = { "" };
	struct stat st;

	ck_assert_int_eq(close(open("victim", O_CREAT | O_WRONLY, 0600)), 0);
	ck_assert_int_eq(symlink("victim", "b.tar.zst"), 0);
	ck_assert_int_eq(save_to("b.tar.zst", &err), -EEXIST);
	ck_assert_ptr_nonnull(
		strstr(err.msg, "\"b.tar.zst\": it exists and is not a regular file"));
	ck_assert_int_eq(stat("victim", &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_eq(files_in_folder(), 2);
}
END_TEST

START_TEST(devices_and_folders_are_not_replaced)
{
	struct err err;

	ck_assert_int_eq(mkdir("d", 0700), 0);
	ck_assert_int_eq(save_to("d", &err), -EEXIST);
	ck_assert_int_eq(save_to("/dev/null", &err), -EEXIST);
	ck_assert_int_eq(save_to("", &err), -ENOENT);
	ck_assert_int_eq(files_in_folder(), 1);
}
END_TEST

START_TEST(missing_folder_is_said)
{
	struct err err;

	ck_assert_int_eq(save_to("no/such/b.tar.zst", &err), -ENOENT);
	ck_assert_str_eq(err.msg, "cannot open the folder \"no/such\": No such file or directory; "
				  "another place can be named with -o FILE");
}
END_TEST

START_TEST(full_disk_leaves_nothing)
{
	_cleanup_(bundle_writer_freep) struct bundle_writer *writer = two_files();
	_cleanup_(cleanup_free) char *path = NULL;
	_cleanup_(cleanup_free) char *noise = malloc(1 << 20);
	uint64_t x = 1;
	struct err err;

	for (size_t i = 0; i < 1 << 20; i++, x = x * 6364136223846793005 + 1442695040888963407)
		noise[i] = (char)(x >> 56);
	ck_assert_int_eq(bundle_add(writer, "report.json", noise, 1 << 20), 0);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 65536, 65536 });
	ck_assert_int_eq(bundle_save(writer, &info, &here, &path, &err), -EFBIG);
	ck_assert_str_eq(err.msg, "cannot write the bundle in \".\": File too large; another place "
				  "can be named with -o FILE");
	ck_assert_ptr_null(path);
	ck_assert_int_eq(files_in_folder(), 0);
}
END_TEST

START_TEST(too_much_raw_is_dropped_and_counted)
{
	_cleanup_(bundle_writer_freep) struct bundle_writer *writer = NULL;
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	_cleanup_(cleanup_free) char *path = NULL;
	struct err err;

	ck_assert_int_eq(bundle_writer_new(10, &writer), 0);
	ck_assert_int_eq(bundle_add(writer, "raw/a", "123456", 6), 0);
	ck_assert_int_eq(bundle_add(writer, "raw/b", "12345", 5), 0);
	ck_assert_uint_eq(bundle_dropped(writer), 1);
	ck_assert_int_eq(bundle_add(writer, "raw/c", "1234", 4), 0);
	ck_assert_int_eq(bundle_add(writer, "raw/d", "1", 1), 0);
	ck_assert_int_eq(bundle_add(writer, "raw/empty", NULL, 0), 0);
	ck_assert_int_eq(bundle_add(writer, "raw/odd\nname", "", 0), 0);
	ck_assert_int_eq(bundle_add(writer, "raw/../b", "", 0), 0);
	ck_assert_int_eq(bundle_add(writer, "report.json", "not raw: always kept", 20), 0);
	ck_assert_uint_eq(bundle_dropped(writer), 4);
	ck_assert_int_eq(bundle_save(writer, &info, &here, &path, &err), 0);
	bundle = load(path, BUNDLE_WITH_RAW);
	ck_assert_uint_eq(bundle_about(bundle)->dropped, 4);
	ck_assert_uint_eq(bundle_files(bundle), 4);
	ck_file(bundle, "raw/c", "1234", 4);
	ck_file(bundle, "raw/empty", "", 0);
	ck_file(bundle, "report.json", "not raw: always kept", 20);
}
END_TEST

START_TEST(odd_names_are_refused)
{
	static const char *const names[] = { "",       "/etc/passwd", "../x",
					     "a/../x", "a/..",	      "a//b",
					     "a/",     "./a",	      "stacks/a\x1b",
					     "a\xff",  "..",	      "manifest.json" };
	_cleanup_(bundle_writer_freep) struct bundle_writer *writer = two_files();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ck_assert_msg(bundle_add(writer, names[i], "x", 1) == -EINVAL, "%s", names[i]);
	ck_assert_int_eq(bundle_add(writer, "stacks/..a..b/...", "x", 1), 0);
}
END_TEST

START_TEST(a_raw_file_that_comes_twice_is_kept_once)
{
	_cleanup_(bundle_writer_freep) struct bundle_writer *writer = two_files();
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	_cleanup_(cleanup_free) char *path = NULL;
	const char *bytes;
	struct err err;
	size_t len;

	for (int i = 0; i < 3000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "raw/top.00/proc/%d/stat", i);
		ck_assert_int_eq(bundle_add(writer, name, "first", 5), 0);
		ck_assert_int_eq(bundle_add(writer, name, "second", 6), 0);
	}
	ck_assert_int_eq(bundle_save(writer, &info, &here, &path, &err), 0);
	ck_assert_int_eq(bundle_load(path, BUNDLE_WITH_RAW, &bundle, &err), 0);
	ck_assert(bundle_find(bundle, "raw/top.00/proc/2999/stat", &bytes, &len));
	ck_assert_str_eq(bytes, "first");
}
END_TEST

START_TEST(two_files_of_one_name_are_refused)
{
	_cleanup_(bundle_writer_freep) struct bundle_writer *writer = two_files();
	_cleanup_(cleanup_free) char *path = NULL;
	struct err err;

	ck_assert_int_eq(bundle_add(writer, "evidence.json", "{}\n", 3), 0);
	ck_assert_int_eq(bundle_save(writer, &info, &here, &path, &err), -EEXIST);
	ck_assert_str_eq(err.msg, "the bundle has two files named \"evidence.json\"");
	ck_assert_int_eq(files_in_folder(), 0);
}
END_TEST

START_TEST(long_and_foreign_names_survive)
{
	_cleanup_(bundle_writer_freep) struct bundle_writer *writer = two_files();
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	_cleanup_(cleanup_free) char *path = NULL;
	static const char foreign[] = "raw/cgroup/gr\xc3\xbc\xc3\x9f \xe6\x97\xa5/cpu.stat";
	char name[400] = "raw/";
	struct err err = { "" };

	memset(name + 4, 'x', 300);
	ck_assert_int_eq(bundle_add(writer, name, "long", 4), 0);
	ck_assert_int_eq(bundle_add(writer, foreign, "utf8", 4), 0);
	ck_assert_uint_eq(bundle_dropped(writer), 0);
	ck_assert_msg(bundle_save(writer, &info, &here, &path, &err) == 0, "%s", err.msg);
	bundle = load(path, BUNDLE_WITH_RAW);
	ck_file(bundle, name, "long", 4);
	ck_file(bundle, foreign, "utf8", 4);
}
END_TEST

/* The standard output of a command, "" when it failed. */
static void output_of(char *const argv[], char *buffer, size_t size)
{
	size_t used = 0;
	ssize_t got;
	int fds[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	while (used + 1 < size && (got = read(fds[0], buffer + used, size - used - 1)) > 0)
		used += (size_t)got;
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	buffer[status == 0 ? used : 0] = '\0';
}

static bool has_program(char *name)
{
	char text[512];

	output_of((char *[]){ name, "--version", NULL }, text, sizeof(text));
	return text[0];
}

START_TEST(tar_lists_it)
{
	_cleanup_(cleanup_free) char *path = save(&here);
	char text[512];

	if (!has_program("tar") || !has_program("zstd")) {
		fprintf(stderr, "tar_lists_it: skipped, tar or zstd is not installed\n");
		return;
	}
	output_of((char *[]){ "tar", "--zstd", "-tf", path, NULL }, text, sizeof(text));
	ck_assert_str_eq(text, "manifest.json\nevidence.json\nraw/vmstat.00/proc/stat\n");
	output_of((char *[]){ "tar", "--zstd", "-xOf", path, "evidence.json", NULL }, text,
		  sizeof(text));
	ck_assert_str_eq(text, "{}\n");
}
END_TEST

START_TEST(a_pipe_is_read)
{
	_cleanup_(cleanup_free) char *path = save(&here);
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	static char bytes[8192];
	size_t len = read_file(path, bytes, sizeof(bytes));
	struct err err = { "" };
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], bytes, len), (ssize_t)len);
	close(fds[1]);
	ck_assert_msg(bundle_load_fd(fds[0], "standard input", 0, &bundle, &err) == 0, "%s",
		      err.msg);
	close(fds[0]);
	ck_file(bundle, "evidence.json", "{}\n", 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bundle save");
	TCase *tests = tcase_create("save");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, saved_bundle_loads);
	tcase_add_test(tests, raw_is_passed_over_unless_asked_for);
	tcase_add_test(tests, same_input_gives_same_bytes);
	tcase_add_test(tests, only_the_owner_may_read_it);
	tcase_add_test(tests, owner_is_set);
	tcase_add_test(tests, default_name_never_replaces);
	tcase_add_test(tests, folder_is_part_of_the_path);
	tcase_add_test(tests, host_is_made_plain);
	tcase_add_test(tests, named_file_is_replaced);
	tcase_add_test(tests, named_link_is_not_followed);
	tcase_add_test(tests, devices_and_folders_are_not_replaced);
	tcase_add_test(tests, missing_folder_is_said);
	tcase_add_test(tests, full_disk_leaves_nothing);
	tcase_add_test(tests, too_much_raw_is_dropped_and_counted);
	tcase_add_test(tests, odd_names_are_refused);
	tcase_add_test(tests, a_raw_file_that_comes_twice_is_kept_once);
	tcase_add_test(tests, two_files_of_one_name_are_refused);
	tcase_add_test(tests, long_and_foreign_names_survive);
	tcase_add_test(tests, tar_lists_it);
	tcase_add_test(tests, a_pipe_is_read);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
