/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scratch tree for tests: made before each one, removed after it, written by relative path. */
#ifndef TRIAGE_SOURCE_TEST_TREE_H
#define TRIAGE_SOURCE_TEST_TREE_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char tree[64];

static inline void tree_make(void)
{
	strcpy(tree, "/tmp/triage-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(tree));
}

static inline int tree_remove_entry(const char *path, const struct stat *st, int type,
				    struct FTW *ftw)
{
	return remove(path);
}

static inline void tree_remove(void)
{
	nftw(tree, tree_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The full path, valid until the next call. */
static inline const char *tree_path(const char *path)
{
	static char full[4096 + sizeof(tree)];

	snprintf(full, sizeof(full), "%s/%s", tree, path);
	return full;
}

/* With its parents. */
static inline void tree_put_folder(const char *path)
{
	char full[4096 + sizeof(tree)];

	snprintf(full, sizeof(full), "%s", tree_path(path));
	for (char *slash = full + strlen(tree) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	mkdir(full, 0755);
}

static inline void tree_put_bytes(const char *path, const char *bytes, size_t len)
{
	char folder[4096];
	FILE *file;

	snprintf(folder, sizeof(folder), "%s", path);
	if (strrchr(folder, '/')) {
		*strrchr(folder, '/') = '\0';
		tree_put_folder(folder);
	}
	file = fopen(tree_path(path), "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static inline void tree_put(const char *path, const char *text)
{
	tree_put_bytes(path, text, strlen(text));
}

static inline void tree_put_link(const char *target, const char *path)
{
	ck_assert_int_eq(symlink(target, tree_path(path)), 0);
}

#endif
