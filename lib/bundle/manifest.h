/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * manifest.json: the list that every entry of a bundle is checked against. Inside lib/bundle only.
 */
#ifndef TRIAGE_BUNDLE_MANIFEST_H
#define TRIAGE_BUNDLE_MANIFEST_H

#include "base/str.h"
#include "base/vec.h"
#include "bundle/bundle.h"

#define MANIFEST_NAME "manifest.json"
#define BUNDLE_RAW_PREFIX "raw/"
#define BUNDLE_NAME_MAX 512
#define SHA256_TEXT_SIZE 65

struct bundle_file {
	char *name;
	char *bytes; /* NULL while not loaded */
	size_t len;
	char sha256[SHA256_TEXT_SIZE]; /* lower-case hexadecimal */
	bool is_seen;		       /* an entry of the archive was this file */
};

VEC_DECLARE(bundle_file_list, struct bundle_file);

void bundle_files_free(struct bundle_file_list *files);

/* What is wrong with a name inside a bundle, as the end of a sentence that begins with it; NULL
 * when it may be used. */
const char *bundle_name_fault(const char *name);

void manifest_digest(struct bundle_file *file);

/* Appends the manifest of `files`; -ENOMEM. */
int manifest_write(const struct bundle_info *info, const struct bundle_file_list *files,
		   struct str *out);

/* Reads a manifest: names, lengths and digests without bytes. `ret_info` borrows its texts from
 * `ret_texts`. -EBADMSG with the reason. */
struct manifest_texts {
	char *version;
	char *host;
};
int manifest_read(const char *text, size_t len, struct bundle_file_list *ret_files,
		  struct bundle_info *ret_info, struct manifest_texts *ret_texts, struct err *err);

#endif
