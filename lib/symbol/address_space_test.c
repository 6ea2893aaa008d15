/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/address_space.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "source/test_tree.h"
#include "symbol/maps_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct procroot *root;
static struct address_spaces *spaces;

static void open_tree(void)
{
	tree_put_folder("proc");
	ck_assert_int_eq(procroot_open_recorded(tree, &root, NULL), 0);
	spaces = address_spaces_new(root, 0, 0);
	ck_assert_ptr_nonnull(spaces);
}

static void open_live(void)
{
	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	spaces = address_spaces_new(root, 0, 0);
	ck_assert_ptr_nonnull(spaces);
}

static void teardown(void)
{
	address_spaces_free(spaces);
	procroot_free(root);
	spaces = NULL;
	root = NULL;
	tree_remove();
}

static void map(pid_t pid, uint64_t start, uint64_t end, uint64_t offset, const char *path)
{
	struct mapping_event event = { .pid = pid,
				       .tid = pid,
				       .start = start,
				       .len = end - start,
				       .offset = offset,
				       .path = path };

	ck_assert_int_eq(address_spaces_map(spaces, &event), 0);
}

static void fork_of(pid_t parent, pid_t child)
{
	struct task_event event = {
		.type = TASK_EVENT_FORK, .pid = child, .tid = child, .parent_pid = parent
	};

	ck_assert_int_eq(address_spaces_task(spaces, &event), 0);
}

static void exit_of(pid_t pid)
{
	struct task_event event = { .type = TASK_EVENT_EXIT, .pid = pid, .tid = pid };

	ck_assert_int_eq(address_spaces_task(spaces, &event), 0);
}

static void exec_of(pid_t pid)
{
	struct task_event event = { .type = TASK_EVENT_NAME, .exec = true, .pid = pid, .tid = pid };

	ck_assert_int_eq(address_spaces_task(spaces, &event), 0);
}

static const char *path_at(pid_t pid, uint64_t address)
{
	const struct mapping *mapping = address_spaces_find(spaces, pid, address);

	return mapping ? mapping->path : NULL;
}

static void assert_mapping(pid_t pid, uint64_t start, uint64_t end, uint64_t offset,
			   const char *path)
{
	const struct mapping *mapping = address_spaces_find(spaces, pid, start);

	ck_assert_ptr_nonnull(mapping);
	ck_assert_uint_eq(mapping->start, start);
	ck_assert_uint_eq(mapping->end, end);
	ck_assert_uint_eq(mapping->offset, offset);
	ck_assert_str_eq(mapping->path, path);
}

/* ---- one line -------------------------------------------------------------------------------- */

static int parse(const char *text, struct maps_line *ret)
{
	return maps_parse_line(span_of(text), ret);
}

START_TEST(line_is_taken_apart)
{
	struct maps_line line;

	ck_assert_int_eq(parse("7f0c1a028000-7f0c1a17d000 r-xp 00028000 fe:01 1835       "
			       "/usr/lib/a b.so (deleted)",
			       &line),
			 0);
	ck_assert_uint_eq(line.start, 0x7f0c1a028000);
	ck_assert_uint_eq(line.end, 0x7f0c1a17d000);
	ck_assert_uint_eq(line.offset, 0x28000);
	ck_assert_uint_eq(line.major, 0xfe);
	ck_assert_uint_eq(line.minor, 1);
	ck_assert_uint_eq(line.inode, 1835);
	ck_assert(line.executable);
	ck_assert(line.deleted);
	ck_assert(span_is(line.path, "/usr/lib/a b.so"));
	ck_assert_int_eq(parse("1000-2000 rw-p 0 0:0 0 ", &line), 0);
	ck_assert(!line.executable && !line.deleted);
	ck_assert_uint_eq(span_len(line.path), 0);
}
END_TEST

START_TEST(bad_lines_are_refused)
{
	static const char *const bad[] = {
		"",
		"1000",
		"2000-1000 r-xp 0 0:0 0",
		"1000-1000 r-xp 0 0:0 0",
		"1000-2000 r-x 0 0:0 0",
		"1000-2000 r-xp zz 0:0 0",
		"1000-2000 r-xp 0 0 0",
		"1000-2000 r-xp 0 100000000:0 0",
		"1000-2000 r-xp 0 0:0",
		"11111111111111111-2000 r-xp 0 0:0 0",
	};
	char nul[] = "1000-2000 r-xp 0 0:0 7 /a_b";
	char longer[MAPS_PATH_MAX + 64];
	struct maps_line line;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(parse(bad[i], &line) == -EBADMSG, "%s", bad[i]);
	*strchr(nul, '_') = '\0';
	ck_assert_int_eq(maps_parse_line(span_make(nul, sizeof(nul) - 1), &line), -EBADMSG);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer, "1000-2000 r-xp 0 0:0 7 /", 24);
	ck_assert_int_eq(parse(longer, &line), -EBADMSG);
}
END_TEST

/* ---- reading --------------------------------------------------------------------------------- */

START_TEST(recorded_process_is_read)
{
	struct address_spaces_counts counts;
	size_t count;

	tree_put("proc/7/maps", "400000-401000 r--p 0 8:1 5 /bin/x\n"
				"401000-500000 r-xp 1000 8:1 5 /bin/x\n"
				"rubbish\n"
				"7f0000-7f1000 r-xp 0 0:0 0 [vdso]\n");
	open_tree();
	ck_assert_int_eq(address_spaces_see(spaces, 7), 0);
	ck_assert_int_eq(address_spaces_see(spaces, 7), 0);
	ck_assert_ptr_nonnull(address_spaces_of(spaces, 7, &count));
	ck_assert_uint_eq(count, 2);
	assert_mapping(7, 0x401000, 0x500000, 0x1000, "/bin/x");
	ck_assert_ptr_null(path_at(7, 0x400fff));
	ck_assert_ptr_null(path_at(7, 0x500000));
	ck_assert_str_eq(path_at(7, 0x7f0fff), "[vdso]");
	address_spaces_counts(spaces, &counts);
	ck_assert_uint_eq(counts.lines_skipped, 1);
	ck_assert_int_eq(address_spaces_see(spaces, 8), -ESRCH);
	ck_assert_int_eq(address_spaces_see(spaces, 8), -ESRCH);
	ck_assert_ptr_null(address_spaces_of(spaces, 9, &count));
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(reading_completes_what_events_told)
{
	tree_put("proc/7/maps", "401000-500000 r-xp 1000 8:1 5 /bin/x\n");
	open_tree();
	map(7, 0x900000, 0x901000, 0, "/lib/gone.so");
	map(8, 0x900000, 0x901000, 0, "/lib/early.so");
	ck_assert_int_eq(address_spaces_see(spaces, 7), 0);
	ck_assert_str_eq(path_at(7, 0x401000), "/bin/x");
	ck_assert_ptr_null(path_at(7, 0x900000));
	ck_assert_int_eq(address_spaces_see(spaces, 8), -ESRCH);
	ck_assert_str_eq(path_at(8, 0x900000), "/lib/early.so");
}
END_TEST

START_TEST(paths_are_shared)
{
	open_tree();
	map(1, 0x1000, 0x2000, 0, "/lib/libc.so.6");
	map(2, 0x5000, 0x6000, 0, "/lib/libc.so.6");
	map(2, 0x7000, 0x8000, 0, "/lib/libm.so.6 (deleted)");
	map(2, 0x9000, 0xa000, 0, "//anon");
	ck_assert_ptr_eq(path_at(1, 0x1000), path_at(2, 0x5000));
	ck_assert(address_spaces_find(spaces, 2, 0x7000)->deleted);
	ck_assert_str_eq(path_at(2, 0x7000), "/lib/libm.so.6");
	ck_assert_str_eq(path_at(2, 0x9000), "");
}
END_TEST

/* ---- events ---------------------------------------------------------------------------------- */

START_TEST(new_mapping_cuts_old_ones)
{
	open_tree();
	map(1, 0x10000, 0x20000, 0x1000, "/a");
	map(1, 0x14000, 0x16000, 0, "/b"); /* within */
	assert_mapping(1, 0x10000, 0x14000, 0x1000, "/a");
	assert_mapping(1, 0x14000, 0x16000, 0, "/b");
	assert_mapping(1, 0x16000, 0x20000, 0x7000, "/a");
	map(1, 0x15000, 0x18000, 0, "/c"); /* across two */
	assert_mapping(1, 0x14000, 0x15000, 0, "/b");
	assert_mapping(1, 0x15000, 0x18000, 0, "/c");
	assert_mapping(1, 0x18000, 0x20000, 0x9000, "/a");
	map(1, 0x10000, 0x20000, 0, "/d"); /* all of it */
	assert_mapping(1, 0x10000, 0x20000, 0, "/d");
	map(1, 0x20000, 0x21000, 0, "/e"); /* beside */
	map(1, 0x0f000, 0x10000, 0, "/f");
	assert_mapping(1, 0x10000, 0x20000, 0, "/d");
	assert_mapping(1, 0x0f000, 0x10000, 0, "/f");
	assert_mapping(1, 0x20000, 0x21000, 0, "/e");
}
END_TEST

/* Against an array of pages. */
START_TEST(random_mappings_agree_with_pages)
{
	static const char *const paths[] = { "/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7" };
	int owner[64];
	unsigned seed = 7;

	open_tree();
	memset(owner, -1, sizeof(owner));
	for (int round = 0; round < 2000; round++) {
		unsigned start = (unsigned)rand_r(&seed) % 64, path = (unsigned)rand_r(&seed) % 8;
		unsigned len = 1 + (unsigned)rand_r(&seed) % (64 - start);

		map(1, start * 0x1000ull, (start + len) * 0x1000ull, start * 0x1000ull,
		    paths[path]);
		for (unsigned i = start; i < start + len; i++)
			owner[i] = (int)path;
		for (unsigned i = 0; i < 64; i++) {
			const struct mapping *found = address_spaces_find(spaces, 1, i * 0x1000ull);

			ck_assert_int_eq(found ? atoi(found->path + 1) : -1, owner[i]);
			ck_assert(!found || found->start == found->offset);
		}
	}
}
END_TEST

START_TEST(fork_copies_exec_clears_exit_keeps)
{
	size_t count;

	tree_put("proc/1/maps", "401000-500000 r-xp 1000 8:1 5 /bin/x\n");
	tree_put("proc/2/maps", "901000-a00000 r-xp 1000 8:1 5 /bin/wrong\n");
	open_tree();
	ck_assert_int_eq(address_spaces_see(spaces, 1), 0);
	fork_of(1, 2);
	fork_of(77, 78); /* of a stranger: nothing is known */
	ck_assert_ptr_null(address_spaces_of(spaces, 78, &count));
	ck_assert_int_eq(address_spaces_see(spaces, 2), 0); /* known: not read */
	ck_assert_str_eq(path_at(2, 0x401000), "/bin/x");
	exec_of(2);
	ck_assert_ptr_null(path_at(2, 0x401000));
	ck_assert_str_eq(path_at(1, 0x401000), "/bin/x");
	map(2, 0x700000, 0x701000, 0, "/bin/y");
	ck_assert_int_eq(address_spaces_see(spaces, 2), 0);
	ck_assert_str_eq(path_at(2, 0x700000), "/bin/y");
	exit_of(2);
	ck_assert_str_eq(path_at(2, 0x700000), "/bin/y");
	fork_of(1, 2); /* the number again */
	ck_assert_ptr_null(path_at(2, 0x700000));
	ck_assert_str_eq(path_at(2, 0x401000), "/bin/x");
}
END_TEST

START_TEST(threads_are_no_processes)
{
	struct task_event thread = { .type = TASK_EVENT_FORK, .pid = 1, .tid = 5, .parent_pid = 1 };
	struct task_event exited = { .type = TASK_EVENT_EXIT, .pid = 1, .tid = 5 };

	open_tree();
	map(1, 0x1000, 0x2000, 0, "/a");
	ck_assert_int_eq(address_spaces_task(spaces, &thread), 0);
	ck_assert_int_eq(address_spaces_task(spaces, &exited), 0);
	fork_of(3, 1); /* older than what is known */
	ck_assert_str_eq(path_at(1, 0x1000), "/a");
}
END_TEST

START_TEST(memory_is_bounded)
{
	struct address_spaces_counts counts;
	size_t count;

	open_tree();
	address_spaces_free(spaces);
	spaces = address_spaces_new(root, 2, 3);
	map(1, 0x1000, 0x9000, 0, "/a");
	map(1, 0x3000, 0x4000, 0, "/b");
	map(1, 0x6000, 0x7000, 0, "/c"); /* would make five */
	address_spaces_of(spaces, 1, &count);
	ck_assert_uint_eq(count, 3);
	address_spaces_counts(spaces, &counts);
	ck_assert_uint_eq(counts.mappings_left_out, 2);
	map(2, 0x1000, 0x2000, 0, "/a");
	map(3, 0x1000, 0x2000, 0, "/a");
	ck_assert_int_eq(address_spaces_see(spaces, 4), 0);
	address_spaces_counts(spaces, &counts);
	ck_assert_uint_eq(counts.processes_left_out, 2);
	exit_of(1);
	map(3, 0x1000, 0x2000, 0, "/z");
	ck_assert_str_eq(path_at(3, 0x1000), "/z");
	ck_assert_ptr_null(address_spaces_of(spaces, 1, &count));
}
END_TEST

START_TEST(hostile_events_do_nothing)
{
	static char longer[3 * MAPS_PATH_MAX];
	size_t count;

	open_tree();
	memset(longer, '/', sizeof(longer) - 1);
	map(1, 0x1000, 0x1000, 0, "/empty");
	map(1, UINT64_MAX - 10, 10, 0, "/wraps");
	map(-1, 0x1000, 0x2000, 0, "/kernel");
	map(0, 0x1000, 0x2000, 0, "/idle");
	ck_assert_ptr_null(address_spaces_of(spaces, 1, &count));
	map(1, 0x1000, 0x2000, 0, longer);
	ck_assert_uint_le(strlen(path_at(1, 0x1000)), MAPS_PATH_MAX);
	fork_of(1, 1);
	fork_of(1, -5);
	fork_of(-5, 6);
	ck_assert_int_eq(address_spaces_see(spaces, -1), 0);
	ck_assert_int_eq(address_spaces_see(spaces, 0), 0);
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------- */

static int open_recorded_path(const char *path, uint64_t inode)
{
	struct mapping mapping = { .start = 0x1000, .end = 0x2000, .path = path, .inode = inode };

	return address_spaces_open_file(spaces, 1, &mapping);
}

static uint64_t inode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_ino;
}

START_TEST(recorded_files_are_beneath_the_root)
{
	uint64_t inode;
	int fd;

	tree_put("proc/1/maps", "");
	tree_put("lib/a.so", "AA");
	tree_put_link("/etc/passwd", "lib/out");
	tree_put_link("a.so", "lib/in");
	ck_assert_int_eq(mkfifo(tree_path("lib/fifo"), 0600), 0);
	inode = inode_of(tree_path("lib/a.so"));
	open_tree();
	fd = open_recorded_path("/lib/a.so", inode);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = open_recorded_path("/lib/in", 0);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(open_recorded_path("/lib/a.so", inode + 1), -ESTALE);
	ck_assert_int_eq(open_recorded_path("/lib/fifo", 0), -ESTALE);
	ck_assert_int_eq(open_recorded_path("/lib", 0), -ESTALE);
	ck_assert_int_eq(open_recorded_path("/lib/out", 0), -ENOENT);
	ck_assert_int_eq(open_recorded_path("/../../../../etc/passwd", 0), -ENOENT);
	ck_assert_int_eq(open_recorded_path("/etc/passwd", 0), -ENOENT);
	ck_assert_int_eq(open_recorded_path("[vdso]", 0), -ENOENT);
	ck_assert_int_eq(open_recorded_path("", 0), -ENOENT);
}
END_TEST

static const struct mapping *own_mapping(void *address)
{
	ck_assert_int_eq(address_spaces_see(spaces, getpid()), 0);
	return address_spaces_find(spaces, getpid(), (uint64_t)(uintptr_t)address);
}

static uint64_t inode_of_fd(int fd)
{
	struct stat st;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	return st.st_ino;
}

START_TEST(own_program_is_found)
{
	const struct mapping *mapping;
	int fd;

	open_live();
	mapping = own_mapping((void *)(uintptr_t)own_mapping);
	ck_assert_ptr_nonnull(mapping);
	ck_assert_ptr_nonnull(strstr(mapping->path, "address_space_test"));
	fd = address_spaces_open_file(spaces, getpid(), mapping);
	ck_assert_uint_eq(inode_of_fd(fd), inode_of("/proc/self/exe"));
	ck_assert_ptr_null(own_mapping(&spaces));
}
END_TEST

static void *map_file(const char *path, size_t len)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY);
	void *address;

	ck_assert_int_ge(fd, 0);
	address = mmap(NULL, len, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (address == MAP_FAILED) { /* a /tmp that is mounted noexec */
		printf("skipped: can't map files of /tmp for execution: %s\n", strerror(errno));
		exit(77);
	}
	return address;
}

static bool can_use_map_files(void *address)
{
	char link[96];

	snprintf(link, sizeof(link), "/proc/self/map_files/%lx-%lx", (unsigned long)address,
		 (unsigned long)address + 4096);
	return access(link, F_OK) == 0;
}

/* Deleted, and another file has its name: only map_files leads to the one that is mapped. */
START_TEST(replaced_file_is_not_taken_for_the_mapped_one)
{
	const struct mapping *mapping;
	uint64_t inode;
	void *address;
	int fd;

	tree_put("mapped", "old old");
	inode = inode_of(tree_path("mapped"));
	address = map_file(tree_path("mapped"), 4096);
	ck_assert_int_eq(unlink(tree_path("mapped")), 0);
	tree_put("mapped", "new new"); /* still mapped: its inode can't be the same */
	open_live();
	mapping = own_mapping(address);
	ck_assert_ptr_nonnull(mapping);
	ck_assert(mapping->deleted);
	fd = address_spaces_open_file(spaces, getpid(), mapping);
	if (can_use_map_files(address))
		ck_assert_uint_eq(inode_of_fd(fd), inode);
	else
		ck_assert(fd < 0);
	munmap(address, 4096);
}
END_TEST

/* By the path alone: as when the process is gone. */
START_TEST(gone_process_resolves_by_path_and_inode)
{
	struct mapping mapping = { .start = 0x1000, .end = 0x2000 };
	int fd;

	tree_put("lib.so", "content");
	open_live();
	mapping.path = tree_path("lib.so");
	mapping.inode = inode_of(mapping.path);
	fd = address_spaces_open_file(spaces, 0x7ffffff0, &mapping);
	ck_assert_uint_eq(inode_of_fd(fd), mapping.inode);
	mapping.inode++;
	ck_assert_int_eq(address_spaces_open_file(spaces, 0x7ffffff0, &mapping), -ESTALE);
	mapping.inode = 0;
	mapping.path = "/dev/null";
	ck_assert_int_eq(address_spaces_open_file(spaces, 0x7ffffff0, &mapping), -ESTALE);
	mapping.path = "/proc/self/fd/0";
	ck_assert_int_lt(address_spaces_open_file(spaces, getpid(), &mapping), 0);
}
END_TEST

static void wait_in_chroot(const char *folder, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (chroot(folder) < 0 || chdir("/") < 0)
		_exit(1);
	if (write(ready, "x", 1) != 1)
		_exit(1);
	pause();
	_exit(0);
}

/* A container in small: the path is the process's own, and a file outside has the same. */
START_TEST(path_is_looked_up_in_the_process_s_root)
{
	struct mapping mapping = { .start = 0x1000, .end = 0x2000, .path = "/inner/lib.so" };
	int ready[2], fd;
	char byte;
	pid_t child;

	if (geteuid() != 0)
		return; /* chroot() is root's */
	tree_put("inner/lib.so", "in the root");
	tree_put_link("/etc/passwd", "inner/link");
	mapping.inode = inode_of(tree_path("inner/lib.so"));
	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0)
		wait_in_chroot(tree, ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	open_live();
	fd = address_spaces_open_file(spaces, child, &mapping);
	ck_assert_uint_eq(inode_of_fd(fd), mapping.inode);
	mapping.path = "/inner/link"; /* would lead out of it */
	mapping.inode = 0;
	ck_assert_int_eq(address_spaces_open_file(spaces, child, &mapping), -ENOENT);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

/* More lines than procroot reads at once: 50,000 with a long path. */
START_TEST(very_long_maps_are_read)
{
	const size_t len = (size_t)50000 * 4096;
	struct str text = { 0 };
	char name[128] = { 0 };
	char *area;

	memset(name, 'n', sizeof(name) - 1);
	tree_put(name, "");
	ck_assert_int_eq(truncate(tree_path(name), (off_t)len), 0);
	area = map_file(tree_path(name), len);
	for (size_t at = 0; at < len; at += 2 * 4096)
		if (mprotect(area + at, 4096, PROT_READ) < 0)
			break;
	open_live();
	if (procroot_read(root, "proc/self/maps", &text) != -EFBIG)
		printf("note: vm.max_map_count is too low to make a long maps file\n");
	str_free(&text);
	ck_assert_ptr_nonnull(own_mapping((void *)(uintptr_t)own_mapping));
	munmap(area, len);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address_space");
	TCase *cases = tcase_create("all");

	tcase_add_checked_fixture(cases, tree_make, teardown);
	tcase_add_test(cases, line_is_taken_apart);
	tcase_add_test(cases, bad_lines_are_refused);
	tcase_add_test(cases, recorded_process_is_read);
	tcase_add_test(cases, reading_completes_what_events_told);
	tcase_add_test(cases, paths_are_shared);
	tcase_add_test(cases, new_mapping_cuts_old_ones);
	tcase_add_test(cases, random_mappings_agree_with_pages);
	tcase_add_test(cases, fork_copies_exec_clears_exit_keeps);
	tcase_add_test(cases, threads_are_no_processes);
	tcase_add_test(cases, memory_is_bounded);
	tcase_add_test(cases, hostile_events_do_nothing);
	tcase_add_test(cases, recorded_files_are_beneath_the_root);
	tcase_add_test(cases, own_program_is_found);
	tcase_add_test(cases, replaced_file_is_not_taken_for_the_mapped_one);
	tcase_add_test(cases, gone_process_resolves_by_path_and_inode);
	tcase_add_test(cases, path_is_looked_up_in_the_process_s_root);
	tcase_add_test(cases, very_long_maps_are_read);
	tcase_set_timeout(cases, 60);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
