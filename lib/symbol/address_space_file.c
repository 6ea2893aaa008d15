/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of other processes: what lies behind a path may be anything, and may change at any
 * moment. */
#include "symbol/address_space_internal.h"

#include "base/cleanup.h"
#include "symbol/maps_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define LONG_MAPS_MAX ((size_t)32 << 20)
#define READ_SIZE ((size_t)1 << 18)

static int read_all(int fd, struct str *ret)
{
	ssize_t n;

	do {
		if (str_reserve(ret, READ_SIZE) < 0)
			return -ENOMEM;
		n = read(fd, ret->data + ret->len, READ_SIZE);
		if (n < 0 && errno != EINTR)
			return -errno;
		ret->len += n > 0 ? (size_t)n : 0;
		ret->data[ret->len] = '\0';
		if (ret->len > LONG_MAPS_MAX)
			return -EFBIG;
	} while (n != 0);
	return 0;
}

int address_space_read_long(const struct address_spaces *spaces, const char *path, struct str *ret)
{
	_cleanup_(cleanup_close) int folder = -1;
	_cleanup_(cleanup_close) int fd = -1;

	if (!procroot_is_live(spaces->root))
		return -EFBIG;
	folder = procroot_open_folder(spaces->root, ".");
	if (folder < 0)
		return folder;
	fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret->failed = false;
	str_clear(ret);
	return read_all(fd, ret);
}

/* ---- where a file is ------------------------------------------------------------------------- */

/* Before Linux 5.6: component by component, no link followed. The kernel's own paths have none. */
static int walk_beneath(int root_fd, const char *path)
{
	_cleanup_(cleanup_close) int folder = dup(root_fd);
	char name[NAME_MAX + 1];

	while (folder >= 0) {
		size_t len;
		int fd;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0 || len > NAME_MAX)
			return -ENOENT;
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		if (strcmp(name, "..") == 0)
			return -ELOOP;
		fd = openat(folder, name,
			    O_PATH | O_CLOEXEC | O_NOFOLLOW | (*path ? O_DIRECTORY : 0));
		if (fd < 0)
			return -errno;
		if (!*path)
			return fd;
		close(folder);
		folder = fd;
	}
	return -errno;
}

/* O_PATH: looking at what is there does not open it, so that no device notices. */
static int find_beneath(int root_fd, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	if (fd >= 0)
		return (int)fd;
	/* EPERM: a container's filter of system calls that is older than this one. */
	return errno == ENOSYS || errno == EPERM ? walk_beneath(root_fd, path) : -errno;
}

/* Opens for reading what an O_PATH descriptor stands for. */
static int reopen(int path_fd)
{
	char name[40];
	int fd;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/* The device is not compared: on btrfs and overlayfs stat() tells another one than the kernel's
 * list of mappings. */
static int open_same(int path_fd, uint64_t inode)
{
	struct stat st;

	if (fstat(path_fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (!S_ISREG(st.st_mode) || (inode && st.st_ino != inode))
		return -ESTALE;
	return reopen(path_fd);
}

/* ---- the ways to it -------------------------------------------------------------------------- */

/* True when the link of map_files leads to the mapping's path; then its inode may differ, as
 * overlayfs has two numbers for a file. */
static bool links_to(int folder, const char *name, const struct mapping *mapping)
{
	char target[MAPS_PATH_MAX];
	ssize_t len = readlinkat(folder, name, target, sizeof(target));
	struct span path = span_make(target, len > 0 ? (size_t)len : 0);

	maps_cut_deleted(&path);
	return span_is(path, mapping->path);
}

/* The very file that is mapped, even when it is deleted or in another mount namespace. Needs
 * CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. */
static int open_map_file(const struct address_spaces *spaces, pid_t pid,
			 const struct mapping *mapping)
{
	_cleanup_(cleanup_close) int folder = -1;
	_cleanup_(cleanup_close) int found = -1;
	char name[64];

	snprintf(name, sizeof(name), "proc/%d/map_files", (int)pid);
	folder = procroot_open_folder(spaces->root, name);
	if (folder < 0)
		return folder;
	snprintf(name, sizeof(name), "%llx-%llx", (unsigned long long)mapping->start,
		 (unsigned long long)mapping->end);
	found = openat(folder, name, O_PATH | O_CLOEXEC);
	if (found < 0)
		return -errno;
	return open_same(found, links_to(folder, name, mapping) ? 0 : mapping->inode);
}

static int open_path(const struct address_spaces *spaces, const char *root_path,
		     const struct mapping *mapping)
{
	_cleanup_(cleanup_close) int folder = procroot_open_folder(spaces->root, root_path);
	_cleanup_(cleanup_close) int found = -1;

	if (folder < 0)
		return folder;
	found = find_beneath(folder, mapping->path);
	return found < 0 ? found : open_same(found, mapping->inode);
}

static int open_process_path(const struct address_spaces *spaces, pid_t pid,
			     const struct mapping *mapping)
{
	char root_path[32];

	snprintf(root_path, sizeof(root_path), "proc/%d/root", (int)pid);
	return open_path(spaces, root_path, mapping);
}

/* Of two failures the one that says more: that another file is there rather than that there is
 * none. */
static int worse(int first, int second)
{
	return first == -ENOENT || first == -ESRCH || first == -ENOTDIR ? second : first;
}

int address_spaces_open_file(const struct address_spaces *spaces, pid_t pid,
			     const struct mapping *mapping)
{
	int process = -ENOENT, fd;

	if (*mapping->path != '/')
		return -ENOENT;
	if (procroot_is_live(spaces->root)) {
		fd = open_map_file(spaces, pid, mapping);
		if (fd >= 0)
			return fd;
		process = open_process_path(spaces, pid, mapping);
		if (process >= 0)
			return process;
	}
	fd = open_path(spaces, ".", mapping);
	return fd >= 0 ? fd : worse(process, fd);
}
