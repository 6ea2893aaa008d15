/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/jit_process.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

struct owner {
	uint64_t uid;	/* effective */
	uint64_t nspid; /* innermost */
};

static bool take_uid(struct span line, struct owner *ret)
{
	uint64_t real;

	return span_u64(&line, &real) && span_u64(&line, &ret->uid);
}

static void take_last_number(struct span line, uint64_t *ret)
{
	uint64_t number;

	while (span_u64(&line, &number))
		*ret = number;
}

static int read_owner(struct procroot *root, pid_t pid, struct owner *ret)
{
	_cleanup_(str_free) struct str status = { 0 };
	struct span text, line, label;
	bool has_uid = false;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "proc/%d/status", (int)pid);
	r = procroot_read(root, path, &status);
	if (r < 0)
		return -ENOENT;
	ret->nspid = (uint64_t)pid; /* before Linux 4.1 there is no NSpid */
	text = span_make(status.data, status.len);
	while (span_line(&text, &line)) {
		if (!span_until(&line, ':', &label))
			continue;
		if (span_is(label, "Uid"))
			has_uid = take_uid(line, ret);
		else if (span_is(label, "NSpid"))
			take_last_number(line, &ret->nspid);
	}
	return has_uid ? 0 : -ENOENT;
}

static int open_in_tmp(struct procroot *root, pid_t pid, uint64_t nspid)
{
	_cleanup_(cleanup_close) int top = -1;
	_cleanup_(cleanup_close) int tmp = -1;
	char name[48];
	int fd;

	snprintf(name, sizeof(name), "proc/%d/root", (int)pid);
	top = procroot_open_folder(root, name);
	if (top < 0)
		return -ENOENT;
	/* A link would lead out of the process's root into ours. */
	tmp = openat(top, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (tmp < 0)
		return errno == ELOOP || errno == ENOTDIR ? -ELOOP : -ENOENT;
	snprintf(name, sizeof(name), "perf-%llu.map", (unsigned long long)nspid);
	fd = openat(tmp, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int check(int fd, uint64_t uid, size_t bytes_max, size_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_uid != 0 && st.st_uid != uid)
		return -EPERM;
	if ((uint64_t)st.st_size > bytes_max)
		return -EFBIG;
	*ret_size = (size_t)st.st_size;
	return 0;
}

/* As much as the file had when it was looked at: it may be growing. */
static int read_text(int fd, size_t size, struct str *ret)
{
	if (str_reserve(ret, size) < 0)
		return -ENOMEM;
	while (ret->len < size) {
		ssize_t n = read(fd, ret->data + ret->len, size - ret->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		ret->len += (size_t)n;
	}
	ret->data[ret->len] = '\0';
	return 0;
}

int jit_process_load(struct procroot *root, pid_t pid, size_t bytes_max, struct jit_map **ret,
		     size_t *ret_bytes)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(cleanup_close) int fd = -1;
	struct owner owner = { 0 };
	size_t size = 0;
	int r;

	if (!procroot_is_live(root))
		return -ENOENT;
	r = read_owner(root, pid, &owner);
	if (r < 0)
		return r;
	fd = open_in_tmp(root, pid, owner.nspid);
	if (fd < 0)
		return fd;
	r = check(fd, owner.uid, bytes_max, &size);
	if (r == 0)
		r = read_text(fd, size, &text);
	if (r < 0)
		return r;
	*ret_bytes = text.len;
	return jit_map_parse(&text, ret);
}
