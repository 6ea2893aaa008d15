/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/span.h"
#include "base/str.h"
#include "source/cgroup.h"

#include <errno.h>
#include <string.h>

/* One line: "32 31 0:29 ROOT MOUNT_POINT OPTIONS [TAGS...] - TYPE SOURCE SUPER_OPTIONS". */
struct mount_line {
	struct span root;
	struct span mount_point;
	struct span type;
	struct span super_options;
};

static bool skip_words(struct span *line, int count)
{
	struct span word;

	while (count > 0 && span_word(line, &word))
		count--;
	return count == 0;
}

static bool split_line(struct span line, struct mount_line *ret)
{
	struct span word;

	if (!skip_words(&line, 3) || !span_word(&line, &ret->root) ||
	    !span_word(&line, &ret->mount_point) || !skip_words(&line, 1))
		return false;
	do {
		if (!span_word(&line, &word))
			return false;
	} while (!span_is(word, "-"));
	return span_word(&line, &ret->type) && skip_words(&line, 1) &&
	       span_word(&line, &ret->super_options);
}

static bool has_option(struct span options, const char *name)
{
	struct span option;

	while (span_until(&options, ',', &option))
		if (span_is(option, name))
			return true;
	return span_is(options, name);
}

static bool is_octal(const char *p)
{
	return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' &&
	       p[2] <= '7';
}

/* Blanks, newlines and backslashes come as "\040". */
static bool copy_unescaped(struct span path, char *buffer, size_t size)
{
	size_t len = 0;

	for (; path.p < path.end; path.p++) {
		char c = *path.p;

		if (c == '\\' && path.end - path.p > 3 && is_octal(path.p + 1)) {
			c = (char)((path.p[1] - '0') << 6 | (path.p[2] - '0') << 3 |
				   (path.p[3] - '0'));
			path.p += 3;
		}
		if (!c || len + 1 >= size)
			return false;
		buffer[len++] = c;
	}
	buffer[len] = '\0';
	return true;
}

/* "/.." as root: the mount lies above our cgroup namespace, and what its groups are called can't
 * be known. */
static bool fill_mount(const struct mount_line *line, const char *controller,
		       struct cgroup_mount *ret)
{
	struct span mount_point = line->mount_point;

	if (!span_starts(mount_point, "/") || !span_starts(line->root, "/") ||
	    span_starts(line->root, "/.."))
		return false;
	mount_point.p++;
	if (span_len(mount_point) == 0 ||
	    !copy_unescaped(mount_point, ret->path, sizeof(ret->path)) ||
	    !copy_unescaped(line->root, ret->top, sizeof(ret->top)))
		return false;
	if (strcmp(ret->top, "/") == 0)
		ret->top[0] = '\0';
	ret->v2 = span_is(line->type, "cgroup2");
	span_copy(span_of(ret->v2 ? "" : controller), ret->controller, sizeof(ret->controller));
	return true;
}

/* A v1 mount of the controller beats v2 (hybrid hosts have an empty v2 beside it), a whole hierarchy a part
 * of it. */
static int rank_line(struct span text, const char *controller, struct cgroup_mount *ret)
{
	struct mount_line line;
	bool v1, v2;

	if (!split_line(text, &line))
		return 0;
	v1 = span_is(line.type, "cgroup") && has_option(line.super_options, controller);
	v2 = span_is(line.type, "cgroup2");
	if ((!v1 && !v2) || !fill_mount(&line, controller, ret))
		return 0;
	return (v1 ? 2 : 0) + (*ret->top ? 1 : 2);
}

int cgroup_mount_parse(const char *text, size_t len, const char *controller,
		       struct cgroup_mount *ret)
{
	struct span rest = span_make(text, len), line;
	struct cgroup_mount best, candidate;
	int best_rank = 0;

	while (span_line(&rest, &line)) {
		int rank = rank_line(line, controller, &candidate);

		if (rank > best_rank) {
			best_rank = rank;
			best = candidate;
		}
	}
	if (best_rank == 0)
		return -ENOENT;
	*ret = best;
	return 0;
}

int cgroup_find(struct procroot *root, const char *controller, struct cgroup_mount *ret)
{
	_cleanup_(str_free) struct str text = { 0 };
	int r = procroot_read(root, "proc/self/mountinfo", &text);

	return r < 0 ? r : cgroup_mount_parse(text.data, text.len, controller, ret);
}
