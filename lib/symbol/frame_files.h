/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frame information of the files that processes map, each read once and shared: the least used go
 * when there are too many. What can't be had is remembered too.
 */
#ifndef TRIAGE_SYMBOL_FRAME_FILES_H
#define TRIAGE_SYMBOL_FRAME_FILES_H

#include "symbol/address_space.h"
#include "symbol/frame_file.h"

struct frame_files;

struct frame_files *frame_files_new(const struct address_spaces *spaces, uint32_t files_max);
void frame_files_free(struct frame_files *files);

/* That of a mapping; valid until the next call. -ENOENT: there is none; -ENOMEM. */
int frame_files_get(struct frame_files *files, pid_t pid, const struct mapping *mapping,
		    struct frame_file **ret);

uint64_t frame_files_failed(const struct frame_files *files);
size_t frame_files_bytes(const struct frame_files *files);

#endif
