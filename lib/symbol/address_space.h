/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is mapped where in the processes of a host, so that an address of a sample leads to a file:
 * read from /proc/PID/maps when a process is first seen, and kept up to date by the mappings, forks
 * and execs that were noticed since, so that processes that are gone by now still resolve.
 *
 *   7f0c1a028000-7f0c1a17d000 r-xp 00028000 fe:00 1835 /usr/lib/x86_64-linux-gnu/libc.so.6
 *
 * Everything is hostile: paths of a process are its own choice, and so is what lies behind them.
 */
#ifndef TRIAGE_SYMBOL_ADDRESS_SPACE_H
#define TRIAGE_SYMBOL_ADDRESS_SPACE_H

#include "base/stack_sample.h"
#include "source/procroot.h"

struct mapping {
	uint64_t start, end;
	uint64_t offset; /* of `start` in the file, bytes */
	uint32_t major, minor;
	uint64_t inode;
	/* As the kernel tells it, raw, without " (deleted)"; "" anonymous; "[vdso]". Equal paths
	 * are one pointer, valid until the end. */
	const char *path;
	bool deleted;
};

struct address_spaces;

/* Bounded: processes beyond `processes_max` and mappings beyond `mappings_max` of one of them are
 * left out and counted (0: 4096, 4096); in a full table a new process takes the place of one that
 * has exited. Only executable mappings are kept. NULL: no memory. */
struct address_spaces *address_spaces_new(struct procroot *root, uint32_t processes_max,
					  uint32_t mappings_max);
void address_spaces_free(struct address_spaces *spaces);
void address_spaces_freep(struct address_spaces **spaces);

bool address_spaces_is_live(const struct address_spaces *spaces);

/* Reads /proc/PID/maps unless the process is known already (read, forked from a known one, or
 * followed since its exec). 0; -ESRCH: it is gone (what events told stays); -EACCES. Asking again
 * is cheap. */
int address_spaces_see(struct address_spaces *spaces, pid_t pid);

/* A new mapping replaces what it overlaps; a forked process starts with its parent's; exec clears.
 * -ENOMEM. */
int address_spaces_map(struct address_spaces *spaces, const struct mapping_event *event);
int address_spaces_task(struct address_spaces *spaces, const struct task_event *event);

/* The executable mapping that holds the address; NULL: none is known. Valid until the next call
 * that changes the process. */
const struct mapping *address_spaces_find(const struct address_spaces *spaces, pid_t pid,
					  uint64_t address);

/* All of a process, ascending; NULL and 0 when it is not known. */
const struct mapping *address_spaces_of(const struct address_spaces *spaces, pid_t pid,
					size_t *ret_count);

/* Opens the file behind a mapping, read-only: /proc/PID/map_files (the very file, even when it is
 * deleted) or /proc/PID/root + path while the process lives (so that containers resolve), else the
 * path under the root. Only a regular file is taken, by path only the one that has the mapping's
 * inode where that is known (not the device: btrfs and overlayfs tell two of them); never blocks on
 * a FIFO, never follows a path out of the process's root. A descriptor, or -ENOENT, -ESTALE
 * (another file is there now), -EACCES, -ELOOP. */
int address_spaces_open_file(const struct address_spaces *spaces, pid_t pid,
			     const struct mapping *mapping);

/* How much was left out. */
struct address_spaces_counts {
	uint64_t processes_left_out; /* times that one did not fit */
	uint64_t mappings_left_out;
	uint64_t lines_skipped; /* of maps files, and events, that make no sense */
};

void address_spaces_counts(const struct address_spaces *spaces, struct address_spaces_counts *ret);

#endif
