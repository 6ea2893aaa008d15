/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON with comments: // to the end of the line, between slash-star and star-slash, and a comma
 * before a closing bracket. Everything else is JSON.
 */
#ifndef TRIAGE_RULE_JSONC_H
#define TRIAGE_RULE_JSONC_H

#include "base/err.h"

#include <cjson/cJSON.h>
#include <stddef.h>

/* Parses a text; the caller frees the tree by cJSON_Delete(). -EBADMSG (the message begins with the
 * line, "12: ..."), -ENOMEM. NUL bytes and more than 32 levels are refused. */
int jsonc_parse(const char *text, size_t len, cJSON **ret, struct err *err);

/* The line on which a node of such a tree begins, from 1. */
int jsonc_line(const cJSON *node);

void jsonc_freep(cJSON **root); /* for _cleanup_ */

#endif
