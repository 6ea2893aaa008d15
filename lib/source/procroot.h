/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root under which /proc and /sys are read: the live host, or a recorded tree (`--root DIR`, raw/ of a
 * bundle). A stage can't tell which, and its reads are the same.
 *
 * Time is cut into moments: all reads between two calls of procroot_moment() belong to one snapshot. Live, a
 * moment is reached by sleeping; recorded, it is a folder "STAGE.NN" that holds proc/, sys/ and a file `clock`
 * ("monotonic_ns realtime_ns"). A folder that is itself a copy of a root (DIR/proc) is one moment only:
 * what needs two snapshots stays unknown.
 *
 * Every read goes through openat2() beneath the root, never follows a link out of a recorded tree, opens
 * regular files only (a FIFO in a hostile tree can't hang) and is capped. Needs Linux 5.6 for openat2();
 * before that, live roots fall back to openat() and recorded ones are refused.
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

/* Called with every file as read; `path` is "STAGE.NN/proc/stat". Returning negative stops recording. */
typedef int procroot_record_fn(void *context, const char *path, const char *bytes, size_t len);

/* The live host. `stop` (NULL allowed) ends sleeps early when it becomes non-zero. */
int procroot_open_live(const volatile sig_atomic_t *stop, struct procroot **ret, struct err *err);

/* A recorded tree. -ENOENT, -ENOTDIR, or -EINVAL when it holds neither moments nor proc/. */
int procroot_open_recorded(const char *folder, struct procroot **ret, struct err *err);

void procroot_free(struct procroot *root);
void procroot_freep(struct procroot **root);

bool procroot_is_live(const struct procroot *root);

void procroot_set_recorder(struct procroot *root, procroot_record_fn *record, void *context);

/* Goes to moment `index` of `stage` ("vmstat", "top"): live, sleeps until `after_ns` after the start of that stage's
 * moment 0 (0: at once). Returns 0; -EINTR when stopped; -ENODATA when the recording has no such moment. */
int procroot_moment(struct procroot *root, const char *stage, int index, uint64_t after_ns);

/* CLOCK_MONOTONIC and CLOCK_REALTIME of the current moment, in ns; recorded: from `clock`, else from proc/uptime
 * (realtime 0). */
uint64_t procroot_monotonic_ns(const struct procroot *root);
uint64_t procroot_realtime_ns(const struct procroot *root);

/* Replaces `ret` by the whole file ("proc/stat"), 4 MiB at most (-EFBIG). -ENOENT, -EACCES, -ESRCH (thread gone) ... */
int procroot_read(struct procroot *root, const char *path, struct str *ret);

/* The same for a path relative to an open folder of this root, for walks over thousands of threads: one open, one
 * read, one close. `path` names the file in the recording. */
int procroot_read_at(struct procroot *root, int folder_fd, const char *name, const char *path,
		     struct str *ret);

/* A folder's descriptor (O_DIRECTORY), owned by the caller; negative errno. */
int procroot_open_folder(struct procroot *root, const char *path);
int procroot_open_folder_at(struct procroot *root, int folder_fd, const char *name);

/* The names in a folder that are decimal numbers (PIDs, TIDs), ascending, into a caller-owned growing array. */
struct id_list {
	pid_t *data;
	size_t len;
	size_t cap;
};
int procroot_list_ids(struct procroot *root, int folder_fd, struct id_list *ret);

/* Sub-folders by name (cgroup trees), without "." and "..", links not followed; calls `each` for every one. */
int procroot_list_folders(struct procroot *root, const char *path,
			  int (*each)(void *context, const char *name), void *context);

/* True when the moment has the file. */
bool procroot_has(struct procroot *root, const char *path);

#endif
