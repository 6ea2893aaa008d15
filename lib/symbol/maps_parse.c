/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/maps_parse.h"

#include <errno.h>
#include <string.h>

#define DELETED " (deleted)"

static bool take_char(struct span *line, char wanted)
{
	if (line->p >= line->end || *line->p != wanted)
		return false;
	line->p++;
	return true;
}

static bool take_hex32(struct span *line, uint32_t *ret)
{
	uint64_t value;

	if (!span_hex(line, &value) || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool take_permissions(struct span *line, bool *ret_executable)
{
	struct span word;

	if (!span_word(line, &word) || span_len(word) != 4)
		return false;
	*ret_executable = word.p[2] == 'x';
	return true;
}

bool maps_cut_deleted(struct span *path)
{
	size_t len = strlen(DELETED);

	if (span_len(*path) <= len || *path->p != '/' || memcmp(path->end - len, DELETED, len) != 0)
		return false;
	path->end -= len;
	return true;
}

/* The kernel pads with blanks before the path; those at its end are its own. */
static bool take_path(struct span line, struct maps_line *ret)
{
	while (line.p < line.end && *line.p == ' ')
		line.p++;
	if (span_len(line) >= MAPS_PATH_MAX || memchr(line.p, '\0', span_len(line)))
		return false;
	ret->path = line;
	ret->deleted = maps_cut_deleted(&ret->path);
	return true;
}

int maps_parse_line(struct span line, struct maps_line *ret)
{
	struct maps_line map = { 0 };

	if (!span_hex(&line, &map.start) || !take_char(&line, '-') || !span_hex(&line, &map.end) ||
	    map.start >= map.end || !take_permissions(&line, &map.executable) ||
	    !span_hex(&line, &map.offset) || !take_hex32(&line, &map.major) ||
	    !take_char(&line, ':') || !take_hex32(&line, &map.minor) ||
	    !span_u64(&line, &map.inode) || !take_path(line, &map))
		return -EBADMSG;
	*ret = map;
	return 0;
}
