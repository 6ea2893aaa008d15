/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A /tmp/perf-PID.map. */
#include "symbol/jit_map.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct jit_map *map, uint64_t address)
{
	struct span name;

	if (jit_map_find(map, address, &name) &&
	    (span_len(name) == 0 || memchr(name.p, '\n', span_len(name))))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { 0 };
	struct jit_map *map;
	uint64_t address = 0;

	str_append_bytes(&text, (const char *)data, size);
	if (jit_map_parse(&text, &map) < 0)
		return 0;
	memcpy(&address, data, size < sizeof(address) ? size : sizeof(address));
	ask(map, address);
	ask(map, UINT64_MAX);
	for (uint64_t at = 0; at < 0x10000; at += 0x10)
		ask(map, at);
	jit_map_free(map);
	return 0;
}
