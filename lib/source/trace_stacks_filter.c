/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/trace_stacks_internal.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <linux/futex.h>
#include <string.h>

static const struct {
	const char *names[2], *tids[2];
} fields[] = {
	[TRACE_ABOUT_SWITCH] = { { "prev_comm", "next_comm" }, { "prev_pid", "next_pid" } },
	[TRACE_ABOUT_WAKEE] = { { "comm" }, { "pid" } },
	[TRACE_ABOUT_CURRENT] = { { "COMM" }, { "common_pid" } },
	[TRACE_ABOUT_FUTEX] = { { "COMM" }, { "common_pid" } },
};

/* Letters and what is common in names; a star only where the caller means it. */
static void append_glob(const char *comm, struct str *out)
{
	for (const char *p = comm; *p; p++) {
		bool star = *p == '*' && !p[1];

		str_append_char(out, isalnum((unsigned char)*p) || star || strchr("-_./: #@+", *p) ?
					     *p :
					     '?');
	}
}

void trace_filter_names(enum trace_about about, const struct trace_stacks_options *options,
			struct str *out)
{
	for (size_t f = 0; f < ARRAY_SIZE(fields[about].names) && fields[about].names[f]; f++)
		for (size_t i = 0; i < options->comms_count; i++) {
			str_format(out, "%s%s ~ \"", out->len ? " || " : "",
				   fields[about].names[f]);
			append_glob(options->comms[i], out);
			str_append_char(out, '"');
		}
}

/* A filter knows no masks: each operation by its number, private or not. */
static void append_wake_ops(struct str *out)
{
	static const int ops[] = { FUTEX_WAKE,	   FUTEX_WAKE_BITSET, FUTEX_WAKE_OP,
				   FUTEX_REQUEUE,  FUTEX_CMP_REQUEUE, FUTEX_CMP_REQUEUE_PI,
				   FUTEX_UNLOCK_PI };

	str_append(out, " && (");
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		str_format(out, "%sop == %d || op == %d", i ? " || " : "", ops[i],
			   ops[i] | FUTEX_PRIVATE_FLAG);
	str_append_char(out, ')');
}

/* Of a switch the one that leaves has the stack. */
void trace_filter_tids(enum trace_about about, const struct trace_stacks_options *options,
		       struct str *out)
{
	str_append_char(out, '(');
	for (size_t i = 0; i < options->tids_count; i++)
		str_format(out, "%s%s == %d", i ? " || " : "", fields[about].tids[0],
			   options->tids[i]);
	str_append_char(out, ')');
	if (about == TRACE_ABOUT_FUTEX)
		append_wake_ops(out);
}
