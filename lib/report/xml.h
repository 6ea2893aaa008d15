/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text inside XML: safe between tags and between double or single quotes.
 */
#ifndef TRIAGE_REPORT_XML_H
#define TRIAGE_REPORT_XML_H

#include "base/str.h"

#include <stddef.h>

/* Passes the bytes through base/text.h and escapes what is markup; the two code points that are
 * printable UTF-8 but no XML characters (U+FFFE, U+FFFF) become \xNN too. */
void xml_append_text(struct str *out, const char *bytes, size_t len);

#endif
