/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile name inside a message: printable, on one line, cut to a length that leaves room for the
 * sentence around it.
 */
#ifndef TRIAGE_BASE_QUOTE_H
#define TRIAGE_BASE_QUOTE_H

struct quote {
	char text[104];
};

/* The name between double quotes, control characters as \xNN, its tail as "..." when it is long. By
 * value, to be used in place: err_set(err, -EINVAL, "%s is odd", quote(name).text). NULL is "". */
struct quote quote(const char *name);

#endif
