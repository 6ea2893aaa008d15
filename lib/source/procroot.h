/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root under which /proc and /sys are read: the live host, or a recorded tree (`--root DIR`,
 * raw/ of a bundle). A stage can't tell which, and its reads are the same.
 *
 * Time is cut into moments: all reads between two calls of procroot_moment() belong to one
 * snapshot. Live, a moment is reached by sleeping; recorded, it is a folder "STAGE.NN" that holds
 * proc/, sys/ and a file `clock` ("monotonic_ns realtime_ns"). A folder that is itself a copy of a
 * root (DIR/proc) is one moment only: what needs two snapshots stays unknown. Reads before the
 * first moment see the top of the root and are recorded without "STAGE.NN/".
 *
 * Paths are relative; absolute ones, empty ones and those with ".." are -EINVAL. A recorded tree is
 * hostile: it is read through openat2() beneath the root, without following any link (-ELOOP),
 * regular files only (a FIFO can't hang), and every read is capped. That needs Linux 5.6; before it
 * recorded trees are refused (-ENOSYS). The live /proc and /sys are the kernel's own and are read
 * with openat().
 */
#ifndef TRIAGE_SOURCE_PROCROOT_H
#define TRIAGE_SOURCE_PROCROOT_H

#include "base/err.h"
#include "base/str.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct procroot;

/* Called with every file as read, and with "STAGE.NN/clock" at each moment; `path` is
 * "STAGE.NN/proc/stat". A file that is read twice in a moment comes twice. Returning negative
 * stops recording. */
typedef int procroot_record_fn(void *context, const char *path, const char *bytes, size_t len);

/* The live host. `stop` (NULL allowed) ends sleeps early when it becomes non-zero. */
int procroot_open_live(const volatile sig_atomic_t *stop, struct procroot **ret, struct err *err);

/* A recorded tree. -ENOENT, -ENOTDIR, or -EINVAL when it holds neither moments nor proc/. */
int procroot_open_recorded(const char *folder, struct procroot **ret, struct err *err);

void procroot_free(struct procroot *root);
void procroot_freep(struct procroot **root);

bool procroot_is_live(const struct procroot *root);

void procroot_set_recorder(struct procroot *root, procroot_record_fn *record, void *context);

/* Stops and resumes recording: a walk over very many threads is too much text for a ticket. */
void procroot_pause_recorder(struct procroot *root, bool paused);

/* Goes to moment `index` of `stage` ("vmstat", "top"): live, sleeps until `after_ns` after the
 * start of that stage's moment 0 (0: at once). Returns 0; -EINTR when stopped; -ENODATA when the
 * recording has no such moment; -EINVAL for a stage that isn't lower-case letters, or live
 * without its moment 0. On failure the current moment stays. */
int procroot_moment(struct procroot *root, const char *stage, int index, uint64_t after_ns);

/* CLOCK_MONOTONIC and CLOCK_REALTIME of the current moment, in ns; recorded: from `clock`, else
 * from proc/uptime (realtime 0), else 0. */
uint64_t procroot_monotonic_ns(const struct procroot *root);
uint64_t procroot_realtime_ns(const struct procroot *root);

#define PROCROOT_FILE_MAX ((size_t)4 << 20)

/* Replaces `ret` by the whole file ("proc/stat"), PROCROOT_FILE_MAX at most (-EFBIG). -ENOENT,
 * -EACCES, -ESRCH (thread gone), -EISDIR ...; what `ret` holds after a failure is unspecified,
 * its memory stays usable. */
int procroot_read(struct procroot *root, const char *path, struct str *ret);

/* The same for a path relative to an open folder of this root, for walks over thousands of
 * threads: one open, one read, one close, and no allocation once `ret` is big enough. For files
 * that the kernel writes in one piece (stat, status, schedstat, cgroup, stack, wchan, comm of a
 * thread): a short read is taken as the end. `path` names the file in the recording. */
int procroot_read_at(struct procroot *root, int folder_fd, const char *name, const char *path,
		     struct str *ret);

/* As procroot_read_at(), where `folder` names the open folder ("proc/812/task"): the file is
 * FOLDER/NAME in the recording, and no path is built when nothing records. */
int procroot_read_in(struct procroot *root, int folder_fd, const char *folder, const char *name,
		     struct str *ret);

/* A folder's descriptor (O_DIRECTORY), owned by the caller; negative errno. */
int procroot_open_folder(struct procroot *root, const char *path);
int procroot_open_folder_at(struct procroot *root, int folder_fd, const char *name);

/* The names in a folder that are decimal numbers (PIDs, TIDs), ascending, replace the content of
 * a caller-owned growing array (zero-initialised at first, vec_free() at the end). Moves the
 * position of `folder_fd`. */
struct id_list {
	pid_t *data;
	size_t len;
	size_t cap;
};
int procroot_list_ids(struct procroot *root, int folder_fd, struct id_list *ret);

/* Sub-folders (cgroup trees), without "." and "..", links not followed, sorted by name; calls
 * `each` for every one and stops with what it returns when that is negative. -E2BIG (nothing
 * called) above 65,536 entries. */
int procroot_list_folders(struct procroot *root, const char *path,
			  int (*each)(void *context, const char *name), void *context);

/* True when the moment has the file or folder. While recording it is recorded too (a folder as
 * an empty file ".folder" in it), so that a replay answers the same. */
bool procroot_has(struct procroot *root, const char *path);

#endif
