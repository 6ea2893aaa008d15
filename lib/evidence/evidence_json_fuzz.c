/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "evidence/json.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read once is written and read again without a change. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(evidence_freep) struct evidence *again = NULL;
	_cleanup_(str_free) struct str first = { 0 };
	_cleanup_(str_free) struct str second = { 0 };
	struct err err;

	if (evidence_from_json((const char *)data, size, &evidence, &err) < 0)
		return 0;
	if (evidence_to_json(evidence, &first) < 0 ||
	    evidence_from_json(first.data, first.len, &again, &err) < 0 ||
	    evidence_to_json(again, &second) < 0 || strcmp(first.data, second.data) != 0)
		__builtin_trap();
	return 0;
}
