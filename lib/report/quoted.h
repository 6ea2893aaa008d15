/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings of JSON that is streamed as text rather than built as a tree. */
#ifndef TRIAGE_REPORT_QUOTED_H
#define TRIAGE_REPORT_QUOTED_H

#include "base/span.h"
#include "base/str.h"

/* Of text that is printable already (base/text.h): only two bytes have a meaning in JSON. */
void quoted_append(struct str *out, struct span printable);

/* Of any bytes: made printable first. */
void quoted_append_any(struct str *out, const char *bytes, size_t len);

#endif
