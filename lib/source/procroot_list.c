/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/vec.h"
#include "source/procroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define DIRENT_BUFFER_SIZE 32768
#define MOST_ENTRIES 65536

/* As getdents64() writes it; glibc does not declare it. */
struct kernel_dirent {
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

/* 0 for what isn't the canonical decimal of a positive pid_t. */
static pid_t parse_id(const char *name)
{
	long id = 0;

	if (*name == '0')
		return 0;
	for (; *name >= '0' && *name <= '9'; name++) {
		id = id * 10 + (*name - '0');
		if (id > INT_MAX)
			return 0;
	}
	return *name ? 0 : (pid_t)id;
}

static int add_ids(const char *buffer, size_t len, struct id_list *list)
{
	int r = 0;

	for (size_t at = 0; at < len && r == 0;) {
		const struct kernel_dirent *entry = (const void *)(buffer + at);
		pid_t id = parse_id(entry->d_name);

		if (id > 0)
			r = vec_push(list, id);
		at += entry->d_reclen;
	}
	return r;
}

static int compare_ids(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;

	return (left > right) - (left < right);
}

/* procfs lists them in order already. */
static void sort_ids(struct id_list *list)
{
	for (size_t i = 1; i < list->len; i++)
		if (list->data[i - 1] > list->data[i]) {
			qsort(list->data, list->len, sizeof(*list->data), compare_ids);
			return;
		}
}

int procroot_list_ids(struct procroot *root, int folder_fd, struct id_list *ret)
{
	_Alignas(struct kernel_dirent) char buffer[DIRENT_BUFFER_SIZE];
	long n;
	int r;

	ret->len = 0;
	if (lseek(folder_fd, 0, SEEK_SET) < 0)
		return -errno;
	while ((n = syscall(SYS_getdents64, folder_fd, buffer, sizeof(buffer))) > 0) {
		r = add_ids(buffer, (size_t)n, ret);
		if (r < 0)
			return r;
	}
	if (n < 0)
		return -errno;
	sort_ids(ret);
	return 0;
}

VEC_DECLARE(names, char *);

static void names_free(struct names *names)
{
	vec_each(name, names)
		free(*name);
	vec_free(names);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_folder(DIR *folder, const struct dirent *entry)
{
	struct stat st;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int add_name(struct names *names, const char *name)
{
	char *copy = strdup(name);
	int r = copy ? vec_push(names, copy) : -ENOMEM;

	if (r < 0)
		free(copy);
	return r;
}

static int collect_names(DIR *folder, struct names *names)
{
	const struct dirent *entry;
	size_t entries = 0;
	int r = 0;

	while (r == 0 && (entry = readdir(folder))) {
		if (++entries > MOST_ENTRIES)
			return -E2BIG;
		if (is_folder(folder, entry))
			r = add_name(names, entry->d_name);
	}
	return r;
}

/* Takes the descriptor over. */
static int list_names(int fd, struct names *names)
{
	DIR *folder = fdopendir(fd);
	int r;

	if (!folder) {
		r = -errno;
		close(fd);
		return r;
	}
	r = collect_names(folder, names);
	closedir(folder);
	if (names->len > 1)
		qsort(names->data, names->len, sizeof(*names->data), compare_names);
	return r;
}

int procroot_list_folders(struct procroot *root, const char *path,
			  int (*each)(void *context, const char *name), void *context)
{
	_cleanup_(names_free) struct names names = { 0 };
	int fd = procroot_open_folder(root, path);
	int r;

	if (fd < 0)
		return fd;
	r = list_names(fd, &names);
	for (size_t i = 0; r >= 0 && i < names.len; i++)
		r = each(context, names.data[i]);
	return r < 0 ? r : 0;
}
