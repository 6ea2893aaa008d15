/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Separate debug files, as distributions package them below /usr/lib/debug of the host:
 *
 *   .build-id/ab/cdef0123.debug               by the build-id of the file
 *   usr/bin/DIR/NAME.debug                    by its folder and its .gnu_debuglink
 *
 * Files of the host's administrator: links between them are followed. Never the network.
 */
#ifndef TRIAGE_SYMBOL_DEBUG_FILE_H
#define TRIAGE_SYMBOL_DEBUG_FILE_H

#include "source/procroot.h"
#include "symbol/elf_source.h"

#define DEBUG_BUILD_ID_MAX 64

/* What leads from a file to its debug file. */
struct debug_key {
	unsigned char build_id[DEBUG_BUILD_ID_MAX];
	size_t build_id_len; /* 0: none */
	char link[256];	     /* plain file name; "": none */
	uint32_t crc;	     /* of the linked file */
};

void debug_key_of(Elf *elf, struct debug_key *ret);

/* The debug file of `path` ("/usr/bin/nginx"), which has the same build-id, or the checksum where
 * there is none. -ENOENT; -ESTALE: those that are there belong to other builds. A recorded root has
 * none. */
int debug_file_open(struct procroot *root, const struct debug_key *key, const char *path,
		    uint64_t bytes_max, struct elf_source *ret);

#endif
