/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bundle/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bundle *bundle = NULL;
	const char *bytes;
	struct err err;
	size_t len;

	bundle_looks_like((const char *)data, size);
	if (bundle_load_memory(data, size, "fuzz", size % 2 ? BUNDLE_WITH_RAW : 0, &bundle, &err) <
	    0)
		return 0;
	for (size_t i = 0; i < bundle_files(bundle); i++)
		if (bundle_find(bundle, bundle_file_name(bundle, i), &bytes, &len) && bytes[len])
			__builtin_trap();
	bundle_free(bundle);
	return 0;
}
