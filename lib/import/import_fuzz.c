/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "import/import.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(import_freep) struct import *import = NULL;
	struct import_options options = { .cpus = size % 3 };
	size_t half = size && data[0] % 2 ? size / 2 : size;

	if (evidence_new(&evidence) < 0 || import_new(&options, evidence, &import) < 0)
		abort();
	import_text(import, "fuzz", (const char *)data, half);
	if (half < size)
		import_text(import, "fuzz", (const char *)data + half, size - half);
	import_end(import, NULL);
	return 0;
}
