/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What went wrong, in one sentence, owned by the caller.
 *
 * Functions return 0 or -Exxx; those that can say more than the number take a `struct err *` (NULL
 * is allowed) and fill it. The text names the thing that failed, never a prefix such as "error:":
 * only cmd/ prints.
 */
#ifndef TRIAGE_BASE_ERR_H
#define TRIAGE_BASE_ERR_H

struct err {
	char msg[256];
};

/* Writes the message (truncated to fit) and returns `code`, so that callers `return
 * err_set(...)`. */
int err_set(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message that is already there; returns `code`. */
int err_prefix(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
