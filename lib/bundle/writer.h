/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The archive of a bundle as bytes in an open file; where that file goes is
 * save.c's. Inside lib/bundle only.
 */
#ifndef TRIAGE_BUNDLE_WRITER_H
#define TRIAGE_BUNDLE_WRITER_H

#include "bundle/bundle.h"

/* -EEXIST with the name in `err` when two files have the same one; -ENOMEM. */
int bundle_check_names(const struct bundle_writer *writer, struct err *err);

/* Writes the archive to `fd`, manifest first. */
int bundle_write(const struct bundle_writer *writer, const struct bundle_info *info, int fd,
		 struct err *err);

#endif
