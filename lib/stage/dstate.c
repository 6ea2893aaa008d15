/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/dstate.h"

#include "base/span.h"

static bool lists_pid(const char *pids, pid_t pid)
{
	struct span rest = span_of(pids), word;
	uint64_t number;

	while (span_len(rest)) {
		if (!span_until(&rest, ',', &word)) {
			word = rest;
			rest.p = rest.end;
		}
		if (span_u64(&word, &number) && number == (uint64_t)pid)
			return true;
	}
	return false;
}

bool dstate_may_hang(const struct evidence *evidence, pid_t pid)
{
	for (int row = 0; row < evidence_rows(evidence, TABLE_top_dstate); row++) {
		struct value pids = evidence_cell(evidence, row, COLUMN_top_dstate_pids);
		struct value lasting = evidence_cell(evidence, row, COLUMN_top_dstate_lasting);

		if (pids.kind == VALUE_TEXT && lasting.kind == VALUE_NUMBER && lasting.number > 0 &&
		    lists_pid(pids.text, pid))
			return true;
	}
	return false;
}
