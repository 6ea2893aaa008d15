/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A format text, a NUL, then a payload for it. */
#include "source/sched_format.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_all(struct sched_format *format, const uint8_t *raw, size_t len)
{
	/* From the heap and of exact size: reading past it is seen. */
	uint8_t *exact = malloc(len ? len : 1);
	struct sched_event event = { 0 };

	if (!exact)
		return;
	memcpy(exact, raw, len);
	for (size_t n = 0; n <= len && n < 128; n++) {
		if (sched_format_decode(format, exact + (len - n), n, &event) != 1)
			continue;
		if (memchr(event.comm, '\0', sizeof(event.comm)) == NULL ||
		    memchr(event.other_comm, '\0', sizeof(event.other_comm)) == NULL)
			abort();
		if (event.type == SCHED_SWITCH && !event.state)
			abort();
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, '\0', size);
	size_t len = nul ? (size_t)(nul - data) : size;
	struct sched_format *format;

	if (sched_format_new(&format) < 0)
		return 0;
	if (sched_format_add(format, (const char *)data, len, NULL) == 0 && nul) {
		sched_format_settle(format);
		decode_all(format, nul + 1, size - len - 1);
	}
	sched_format_free(format);
	return 0;
}
