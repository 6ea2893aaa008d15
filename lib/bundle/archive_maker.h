/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An archive that a test makes in memory, a good bundle or a hostile one. Tests only.
 */
#ifndef TRIAGE_BUNDLE_ARCHIVE_MAKER_H
#define TRIAGE_BUNDLE_ARCHIVE_MAKER_H

#include "base/err.h"

#include <archive.h>
#include <stddef.h>

/* A manifest up to its list of files. */
#define MANIFEST_HEAD                                                                      \
	"{\"schema\":\"triage-bundle/1\",\"tool\":{\"version\":\"0.1\"},\"host\":\"db1\"," \
	"\"created\":\"2026-07-31T12:00:00Z\",\"dropped\":3,\"files\":["

struct maker {
	struct archive *archive;
	char *bytes;
	size_t len;
};

enum packing { PLAIN, GZIP, ZSTD };

void maker_open(struct maker *maker, enum packing packing);
void maker_header(struct maker *maker, const char *name, unsigned type, const char *link,
		  size_t len);
void maker_file(struct maker *maker, const char *name, const char *text);

/* A manifest that lists up to two files (NULL: none), whose texts are their names. */
void maker_manifest(struct maker *maker, const char *first, const char *second);

/* A good beginning, into which one bad thing is put: "raw/stat" is listed and not yet there. */
void maker_begin(struct maker *maker, enum packing packing);

void maker_close(struct maker *maker);
void maker_free(struct maker *maker); /* for _cleanup_ */

/* Loads the first `len` bytes under the name "b", raw files too. */
int maker_load(const struct maker *maker, size_t len, struct err *err);

/* Closes the archive and checks that it is refused with this number and these words. */
void ck_refused(struct maker *maker, int code, const char *message);

#endif
