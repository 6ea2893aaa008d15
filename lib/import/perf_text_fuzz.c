/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of perf. Whatever it holds: what comes of it is printable, sane, and in bounds. */
#include "import/import.h"
#include "import/perf_text.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_frame(const struct named_frame *frame)
{
	if ((frame->function && !*frame->function) || strlen(frame->module) > (1 << 20))
		abort();
}

static int check_stack(void *context, const struct named_stack *stack)
{
	if (!*stack->comm || stack->weight == 0 || stack->cpu < -1)
		abort();
	for (size_t i = 0; i < stack->count; i++)
		check_frame(&stack->frames[i]);
	return 0;
}

static int check_function(void *context, const struct named_function *function)
{
	check_frame(&function->frame);
	if (function->self_pct < 0 || function->self_pct > 101 || function->total_pct < 0)
		abort();
	return 0;
}

static int check_event(void *context, const struct sched_event *event)
{
	uint64_t *last_ns = context;

	if (event->time_ns < *last_ns || event->cpu >= 65536 || event->tid < 0 ||
	    !memchr(event->comm, '\0', sizeof(event->comm)) ||
	    !memchr(event->other_comm, '\0', sizeof(event->other_comm)))
		abort();
	*last_ns = event->time_ns;
	return 0;
}

static void check_rows(const struct evidence *evidence)
{
	for (int row = 0; row < evidence_rows(evidence, TABLE_sched_groups); row++) {
		struct value share =
			evidence_cell(evidence, row, COLUMN_sched_groups_switch_share_pct);

		if (share.kind == VALUE_NUMBER && !(share.number >= 0 && share.number < 100.1))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evidence *evidence = NULL;
	struct import *import = NULL;
	struct import_options options = { 0 };
	struct err err = { "" };
	uint64_t last_ns = 0;

	if (evidence_new(&evidence) < 0 || import_new(&options, evidence, &import) < 0)
		abort();
	if (import_text(import, "fuzz", (const char *)data, size) == 0) {
		import_each_stack(import, check_stack, NULL);
		import_each_function(import, check_function, NULL);
		import_each_sched_event(import, check_event, &last_ns);
		if (import_end(import, &err) == 0)
			check_rows(evidence);
	}
	import_free(import);
	evidence_free(evidence);
	return 0;
}
