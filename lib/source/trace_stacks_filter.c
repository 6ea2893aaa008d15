/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/trace_stacks_internal.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *names[2], *tids[2];
} fields[] = {
	[TRACE_ABOUT_SWITCH] = { { "prev_comm", "next_comm" }, { "prev_pid", "next_pid" } },
	[TRACE_ABOUT_WAKEE] = { { "comm" }, { "pid" } },
	[TRACE_ABOUT_CURRENT] = { { "COMM" }, { "common_pid" } },
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

/* Of a switch the one that leaves has the stack. */
void trace_filter_tids(enum trace_about about, const struct trace_stacks_options *options,
		       struct str *out)
{
	for (size_t i = 0; i < options->tids_count; i++)
		str_format(out, "%s%s == %d", out->len ? " || " : "", fields[about].tids[0],
			   options->tids[i]);
}
