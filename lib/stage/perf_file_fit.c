/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/perf_file.h"

#include "base/cleanup.h"
#include "symbol/build_id.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KALLSYMS_LINES_MAX 100000 /* _text is among the first */

/* ---- the host ------------------------------------------------------------------------------- */

static bool is_told_here(struct procroot *root, const char *path, const char *expected)
{
	_cleanup_(str_free) struct str text = { 0 };

	return *expected && procroot_read(root, path, &text) == 0 &&
	       span_is(span_trim(span_make(str_text(&text), strcspn(str_text(&text), "\n"))),
		       expected);
}

void perf_fits_init(struct perf_fits *fits, struct procroot *root, struct address_spaces *spaces,
		    const struct perf_data *data)
{
	struct perf_data_info info;

	*fits = (struct perf_fits){ .root = root, .spaces = spaces, .data = data };
	perf_data_about(data, &info);
	fits->same_host = is_told_here(root, "proc/sys/kernel/hostname", info.hostname);
	fits->same_kernel = fits->same_host &&
			    is_told_here(root, "proc/sys/kernel/osrelease", info.release);
}

/* ---- files ---------------------------------------------------------------------------------- */

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3ULL;
	return hash;
}

/* Reading the build id of a file costs a few reads: once for each file, not for each process
 * that maps it. */
static const struct perf_fit *compare(struct perf_fits *fits, const char *path,
				      const struct perf_build_id *id)
{
	uint64_t key = hash_bytes(0xcbf29ce484222325ULL, path, strlen(path) + 1);
	struct build_id here = { .len = 0 };
	struct perf_fit *fit;

	key = hash_bytes(key, id->bytes, id->len) | 1;
	fit = &fits->known[key >> 8 & (PERF_FITS - 1)];
	if (fit->key == key)
		return fit;
	*fit = (struct perf_fit){ .key = key };
	fit->there = build_id_of_file(fits->spaces, path, &here) == 0;
	fit->inode = here.inode;
	/* The kernel pads short ids with zeros. */
	fit->same = fit->there && here.len >= 8 && here.len <= id->len &&
		    memcmp(here.bytes, id->bytes, here.len) == 0;
	return fit;
}

static void keep_name(struct perf_fits *fits, struct mapping_event *event)
{
	const char *slash = strrchr(event->path, '/');

	fits->left_out++;
	event->path = slash && slash[1] ? slash + 1 : "(other)";
}

void perf_fits_apply(struct perf_fits *fits, const struct mapping_event *event,
		     const struct perf_build_id *told, struct mapping_event *ret)
{
	struct perf_build_id id = *told;
	const struct perf_fit *fit;

	*ret = *event;
	if (*event->path != '/' || event->path[1] == '/') {
		/* The vdso is part of the kernel. */
		if (!fits->same_kernel && strcmp(event->path, "[vdso]") == 0)
			ret->path = "vdso";
		return;
	}
	if (!id.len && !perf_data_build_id(fits->data, event->path, &id)) {
		if (!fits->same_host)
			keep_name(fits, ret);
		return;
	}
	fit = compare(fits, event->path, &id);
	if (fit->same)
		ret->inode = fit->inode;
	/* Of the same host and not the file at that path: in a container that may still be
	 * there, found by the inode. */
	else if (!fits->same_host || !event->inode || (fit->there && fit->inode == event->inode))
		keep_name(fits, ret);
}

/* ---- the kernel ----------------------------------------------------------------------------- */

static bool find_symbol(FILE *file, const char *name, uint64_t *ret_address)
{
	char line[512], type, found[256];
	uint64_t address;

	for (int i = 0; i < KALLSYMS_LINES_MAX && fgets(line, sizeof(line), file); i++) {
		if (sscanf(line, "%" SCNx64 " %c %255s", &address, &type, found) != 3 ||
		    strcmp(found, name) != 0)
			continue;
		*ret_address = address;
		return true;
	}
	return false;
}

bool perf_fits_kernel_start(const struct perf_fits *fits, const char *name, uint64_t address)
{
	_cleanup_(cleanup_close) int folder = procroot_open_folder(fits->root, "proc");
	_cleanup_(cleanup_fclose) FILE *file = NULL;
	const char *symbol = strchr(name, ']');
	uint64_t here = 0;
	int fd;

	if (!address || !symbol || !symbol[1] || folder < 0)
		return true;
	fd = openat(folder, "kallsyms", O_RDONLY | O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	return !find_symbol(file, symbol + 1, &here) || !here || here == address;
}
