/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text of /proc/kallsyms. */
#include "symbol/kernel_symbols.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct kernel_symbols *symbols, uint64_t address)
{
	const char *name, *module;

	if (kernel_symbols_find(symbols, address, &name, &module) && (!*name || !*module))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel_symbols *symbols;
	uint64_t address = 0;

	if (kernel_symbols_parse((const char *)data, size, &symbols) < 0)
		return 0;
	if (kernel_symbols_count(symbols) == 0)
		abort();
	memcpy(&address, data, size < sizeof(address) ? size : sizeof(address));
	ask(symbols, address);
	ask(symbols, 0);
	ask(symbols, UINT64_MAX);
	ask(symbols, 0xffffffff81000000);
	kernel_symbols_free(symbols);
	return 0;
}
