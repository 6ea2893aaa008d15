/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include <fnmatch.h>
#include <stdint.h>
#include <string.h>

static bool is_printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	if (c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0x061c)
		return false;
	/* U+200B..U+200F, U+202A..U+202E, U+2066..U+2069: invisible or reordering */
	return !((c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
		 (c >= 0x2066 && c <= 0x2069));
}

static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	if (lead >= 0xe0 && lead < 0xf0)
		return 3;
	return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/* The length of the well-formed printable character at `bytes`, 0 when there is none. */
static size_t printable_length(const unsigned char *bytes, size_t left)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	static const unsigned char lead_mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t len = sequence_length(bytes[0]);
	uint32_t c;

	if (len == 0 || len > left)
		return 0;
	c = bytes[0] & lead_mask[len];
	for (size_t i = 1; i < len; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (bytes[i] & 0x3f);
	}
	if (c < smallest[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return is_printable(c) ? len : 0;
}

void text_append_printable(struct str *out, const char *bytes, size_t len)
{
	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		n = printable_length((const unsigned char *)bytes + i, len - i);
		if (n)
			str_append_bytes(out, bytes + i, n);
		else
			str_format(out, "\\x%02x", (unsigned char)bytes[i]);
	}
}

bool text_is_printable(const char *bytes, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = printable_length((const unsigned char *)bytes + i, len - i);
		if (!n)
			return false;
	}
	return true;
}

bool text_glob(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}
