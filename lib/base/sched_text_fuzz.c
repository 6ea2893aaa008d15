/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/sched_text.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int append(void *context, const struct sched_event *event)
{
	sched_text_append(context, event);
	return 0;
}

static int parse(const struct str *text, struct str *out)
{
	struct sched_text_about about = { 0 };
	struct str events = { 0 };
	struct err err = { "" };
	int r = sched_text_parse(str_text(text), text->len, append, &events, &about, &err);

	if (r == 0) {
		sched_text_begin(out, &about);
		str_append_bytes(out, str_text(&events), events.len);
	}
	str_free(&events);
	return r;
}

/* What was read once is written and read again without a change. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(str_free) struct str text = { 0 }, first = { 0 }, second = { 0 };

	str_append_bytes(&text, (const char *)data, size);
	if (parse(&text, &first) < 0)
		return 0;
	if (parse(&first, &second) < 0 || strcmp(first.data, second.data) != 0)
		__builtin_trap();
	return 0;
}
