/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of /proc/PID/maps (proc(5); every kernel):
 *
 *   7f0c1a028000-7f0c1a17d000 r-xp 00028000 fe:00 1835     /usr/lib/x86_64-linux-gnu/libc.so.6
 */
#ifndef TRIAGE_SYMBOL_MAPS_PARSE_H
#define TRIAGE_SYMBOL_MAPS_PARSE_H

#include "base/span.h"

#define MAPS_PATH_MAX 4096

struct maps_line {
	uint64_t start, end, offset;
	uint32_t major, minor;
	uint64_t inode;
	bool executable;
	struct span path; /* into the line; empty: anonymous; without " (deleted)" */
	bool deleted;
};

/* `line` without its '\n'. 0, or -EBADMSG: not such a line, empty or reversed range, NUL in the
 * path, a path of MAPS_PATH_MAX bytes or more. */
int maps_parse_line(struct span line, struct maps_line *ret);

/* Cuts " (deleted)" off the path of a file; true when it was there. */
bool maps_cut_deleted(struct span *path);

#endif
