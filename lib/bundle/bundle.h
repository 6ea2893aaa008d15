/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bundle: what one run saw and concluded, in one archive for a ticket.
 *
 *   triage-db1-20260731T120000Z.tar.zst
 *     manifest.json    always first: { "schema": "triage-bundle/1", "tool": { "version" }, "host",
 *                      "created", "dropped", "files": [ { "name", "bytes", "sha256" }, ... ] }
 *     evidence.json    report.json    stacks/...
 *     raw/...          text of /proc and /sys as it was read
 *
 * Same files, same info: same bytes. A bundle that is loaded is a stranger's: nothing is extracted
 * to disk, every entry must be a regular file that the manifest lists, under a name that stays
 * inside, and sizes are limited while unpacking, whatever the archive says about itself.
 */
#ifndef TRIAGE_BUNDLE_BUNDLE_H
#define TRIAGE_BUNDLE_BUNDLE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BUNDLE_FILE_BYTES_MAX ((size_t)64 << 20)
#define BUNDLE_BYTES_MAX ((size_t)256 << 20)
#define BUNDLE_ENTRIES_MAX 50000

struct bundle_info {
	const char *version; /* of triage */
	const char *host;
	int64_t created_unix_s;
	uint64_t dropped; /* raw files that were left out; bundle_save() counts them itself */
};

/* ---- save ---- */

struct bundle_writer;

/* Raw files are kept up to `raw_bytes_max` in all; they wait in memory until bundle_save(). */
int bundle_writer_new(size_t raw_bytes_max, struct bundle_writer **ret);
void bundle_writer_free(struct bundle_writer *writer);
void bundle_writer_freep(struct bundle_writer **writer); /* for _cleanup_ */

/* Adds a copy of a file: "evidence.json", "raw/vmstat.00/proc/stat". A file under raw/ that is too
 * much (bytes, number of files) or whose name could not be loaded again (control characters, longer
 * than 512 bytes) is left out and counted, and that is no error. Other files: -EINVAL for such a
 * name, -E2BIG for a file over 64 MiB. -ENOMEM. */
int bundle_add(struct bundle_writer *writer, const char *name, const char *bytes, size_t len);

/* How many raw files were left out so far. */
uint64_t bundle_dropped(const struct bundle_writer *writer);

struct bundle_target {
	const char *path;   /* this file: replaced when it is a regular file, refused when it is a
			       link, a device or a directory */
	const char *folder; /* path NULL: a new file in this folder ("." when NULL), named
			       triage-HOST-YYYYMMDDTHHMMSSZ.tar.zst, with -2, -3 ... rather than
			       replacing one that exists */
	uid_t uid;	    /* owner of the file, (uid_t)-1 for whoever runs this */
	gid_t gid;
};

/* Writes the bundle: mode 0600, complete or not there at all. `ret_path` (free()) is where it went.
 * -EEXIST when two files have the same name, else the number of what failed, with the place and,
 * where there is one, a way out in `err`. */
int bundle_save(const struct bundle_writer *writer, const struct bundle_info *info,
		const struct bundle_target *target, char **ret_path, struct err *err);

/* ---- load ---- */

struct bundle;

enum bundle_flags {
	BUNDLE_WITH_RAW = 1, /* keep raw/ in memory too; without it those files are passed over */
};

/* Reads a bundle (tar; zstd, gzip or no compression) and verifies it against its manifest.
 *
 * -EBADMSG: not a bundle, another major version, truncated, damaged, or an entry that is refused;
 * -E2BIG: over 64 MiB in a file, 256 MiB or 50,000 entries in all; else what open or read said.
 * `err` names the bundle and the entry. `ret` must be freed by bundle_free(). */
int bundle_load(const char *path, unsigned flags, struct bundle **ret, struct err *err);

/* The same from an open file or pipe (not closed) and from memory; `name` is for messages. */
int bundle_load_fd(int fd, const char *name, unsigned flags, struct bundle **ret, struct err *err);
int bundle_load_memory(const void *bytes, size_t len, const char *name, unsigned flags,
		       struct bundle **ret, struct err *err);

void bundle_free(struct bundle *bundle);
void bundle_freep(struct bundle **bundle); /* for _cleanup_ */

/* Valid as long as the bundle. Texts are as the manifest has them: not made printable. */
const struct bundle_info *bundle_about(const struct bundle *bundle);

/* The bytes of a file that was kept, with a NUL after them; false when there is none of that name.
 * Valid as long as the bundle. */
bool bundle_find(const struct bundle *bundle, const char *name, const char **ret_bytes,
		 size_t *ret_len);

/* The names of all files but the manifest, in the manifest's order. */
size_t bundle_files(const struct bundle *bundle);
const char *bundle_file_name(const struct bundle *bundle, size_t index);

/* True when the bytes begin as zstd, gzip or tar do (a tar needs its first 262 bytes). */
bool bundle_looks_like(const char *bytes, size_t len);

#endif
