/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/view.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

void view_free_saw(struct saw_texts *saw)
{
	vec_each(line, saw)
		free(line->cells);
	vec_free(saw);
}

static int count_placeholders(const char *template)
{
	int count = 0;

	for (const char *p = template; (p = strchr(p, '{')); p++)
		count++;
	return count;
}

/* Appends one cell, filled and printable; returns its unknown placeholders. The template is split
 * before it is filled, so that blanks in a host's names make no cells. */
static int fill_cell(const struct report *report, const struct saw_line *line, int row,
		     struct span cell, struct str *out)
{
	_cleanup_(str_free) struct str template = { 0 };
	_cleanup_(str_free) struct str filled = { 0 };
	int unknown;

	str_append_bytes(&template, cell.p, span_len(cell));
	if (str_error(&template) < 0)
		return -ENOMEM;
	unknown = rule_fill(str_text(&template), line->table, row, report->evidence, &filled);
	if (unknown < 0 || str_error(&filled) < 0)
		return -ENOMEM;
	text_append_printable(out, str_text(&filled), filled.len);
	return unknown;
}

/* The next cell of a template; false at its end. */
static bool next_cell(struct span *template, struct span *ret_cell)
{
	const char *p;

	*template = span_trim(*template);
	if (template->p == template->end)
		return false;
	for (p = template->p; p < template->end; p++)
		if (template->end - p >= 2 && p[0] == ' ' && p[1] == ' ')
			break;
	*ret_cell = (struct span){ template->p, p };
	template->p = p;
	return true;
}

static int fill_cells(const struct report *report, const struct saw_line *line, int row,
		      struct str *out)
{
	struct span template = span_of(line->say);
	struct span cell;
	int unknown = 0;
	int r;

	while (next_cell(&template, &cell)) {
		if (out->len)
			str_append_char(out, '\n');
		r = fill_cell(report, line, row, cell, out);
		if (r < 0)
			return r;
		unknown += r;
	}
	return unknown;
}

static bool line_applies(const struct report *report, const struct saw_line *line, int row)
{
	vec_each(condition, &line->when)
		if (condition_holds(condition, report->evidence, row) != TRUTH_TRUE)
			return false;
	return true;
}

/* Adds the line if it says something: 1, 0 when it was left out, or -ENOMEM. */
static int add_saw(const struct report *report, const struct saw_line *line, int row,
		   struct saw_texts *saw)
{
	_cleanup_(str_free) struct str cells = { 0 };
	struct saw_text text = { .row = line->table != TABLE_NONE };
	int placeholders = count_placeholders(line->say);
	int unknown;

	if (!line_applies(report, line, row))
		return 0;
	unknown = fill_cells(report, line, row, &cells);
	if (unknown < 0)
		return unknown;
	if (placeholders > 0 && unknown >= placeholders)
		return 0;
	text.cells = str_take(&cells);
	if (!text.cells)
		return -ENOMEM;
	if (vec_push(saw, text) < 0) {
		free(text.cells);
		return -ENOMEM;
	}
	return 1;
}

static int add_saw_line(const struct report *report, const struct saw_line *line,
			struct saw_texts *saw)
{
	int rows = 1;
	int r = 0;

	if (line->table != TABLE_NONE)
		rows = evidence_rows(report->evidence, line->table);
	for (int row = 0, shown = 0; row < rows && r >= 0; row++) {
		if (line->table != TABLE_NONE && shown >= line->most)
			break;
		r = add_saw(report, line, line->table == TABLE_NONE ? -1 : row, saw);
		shown += r > 0;
	}
	return r < 0 ? r : 0;
}

int view_saw(const struct report *report, enum stage_id stage, struct saw_texts *ret)
{
	_cleanup_(view_free_saw) struct saw_texts saw = { 0 };
	int r;

	vec_each(line, &report->rules->stages[stage].saw) {
		r = add_saw_line(report, line, &saw);
		if (r < 0)
			return r;
	}
	*ret = saw;
	saw = (struct saw_texts){ 0 };
	return 0;
}

bool view_stage_ran(const struct report *report, enum stage_id stage)
{
	enum stage_status status = evidence_stage(report->evidence, stage)->status;

	return status == STAGE_OK || status == STAGE_DEGRADED;
}

static const struct finding *first_from(const struct report *report, const struct finding *previous)
{
	return previous ? previous + 1 : report->judgement->findings.data;
}

static const struct finding *last_end(const struct report *report)
{
	const struct findings *findings = &report->judgement->findings;

	return findings->data ? findings->data + findings->len : NULL;
}

const struct finding *view_stage_finding(const struct report *report, enum stage_id stage,
					 const struct finding *previous)
{
	const struct finding *end = last_end(report);

	for (const struct finding *f = first_from(report, previous); f < end; f++)
		if (f->rule->stage == stage)
			return f;
	return NULL;
}

const char *view_say(const struct finding *finding)
{
	if (finding->say)
		return finding->say;
	return finding->rule->cause ? finding->rule->cause : finding->rule->id;
}

const struct finding *view_primary(const struct report *report)
{
	int index = report->judgement->verdict.primary;

	if (index < 0 || (size_t)index >= report->judgement->findings.len)
		return NULL;
	return &report->judgement->findings.data[index];
}

const struct finding *view_node_finding(const struct report *report, const struct chain_node *node)
{
	return &report->judgement->findings.data[node->findings.data[0]];
}

const struct chain_node *view_finding_node(const struct report *report,
					   const struct finding *finding)
{
	size_t index = (size_t)(finding - report->judgement->findings.data);

	vec_each(node, &report->judgement->chain.nodes)
		vec_each(member, &node->findings)
			if (*member == index)
				return node;
	return NULL;
}

struct subject view_subject(const struct report *report, const struct finding *finding)
{
	const struct chain_node *node = view_finding_node(report, finding);
	struct subject subject = finding->subject;

	if (!node)
		return subject;
	vec_each(index, &node->findings) {
		const struct subject *other = &report->judgement->findings.data[*index].subject;

		if (!subject.pids)
			subject.pids = other->pids;
		if (isnan(subject.threads))
			subject.threads = other->threads;
		if (isnan(subject.processes))
			subject.processes = other->processes;
	}
	return subject;
}

bool view_node_is_beside(const struct report *report, const struct tree_lines *connected,
			 const struct chain_node *node)
{
	const struct finding *primary = view_primary(report);
	size_t index = (size_t)(node - report->judgement->chain.nodes.data);

	return node->severity >= SEVERITY_WARNING && !tree_has(connected, index) &&
	       !(primary && view_finding_node(report, primary) == node);
}

const struct finding *view_unchained(const struct report *report, const struct finding *previous)
{
	const struct finding *primary = view_primary(report);
	const struct finding *end = last_end(report);

	for (const struct finding *f = first_from(report, previous); f < end; f++)
		if (f != primary && f->severity >= SEVERITY_WARNING &&
		    !view_finding_node(report, f))
			return f;
	return NULL;
}

static bool has_unknown(const struct report *report, enum stage_id stage)
{
	vec_each(unknown, &report->judgement->unknown)
		if (unknown->rule->stage == stage)
			return true;
	return false;
}

/* That nothing is wrong is said only when every rule of the stage could look. */
const char *view_concluded(const struct report *report, enum stage_id stage)
{
	const struct finding *top;

	if (!view_stage_ran(report, stage))
		return NULL;
	top = view_stage_finding(report, stage, NULL);
	if (top)
		return view_say(top);
	return has_unknown(report, stage) ? "nothing found, but not every rule could be evaluated" :
					    report->rules->stages[stage].nothing;
}

static bool asked_before(const struct request *first, const struct request *request)
{
	for (const struct request *other = first; other < request; other++)
		if (other->rule->stage == request->rule->stage && other->stage == request->stage)
			return true;
	return false;
}

const struct request *view_request(const struct report *report, enum stage_id stage,
				   const struct request *previous)
{
	const struct requests *requests = &report->judgement->requests;

	for (size_t i = previous ? (size_t)(previous - requests->data) + 1 : 0; i < requests->len;
	     i++) {
		const struct request *request = &requests->data[i];

		if (request->rule->stage == stage && request->stage < STAGE_TOTAL &&
		    !asked_before(requests->data, request))
			return request;
	}
	return NULL;
}

void view_fact(struct str *out, const struct fact *fact)
{
	const char *dot = strrchr(fact->metric, '.');

	str_format(out, "%s ", dot ? dot + 1 : fact->metric);
	value_format(out, fact->unit, fact->value);
	str_format(out, " %s ", op_name(fact->op));
	value_format(out, fact->unit, fact->threshold);
}

static bool asks_for_more(enum op op)
{
	return op == OP_GT || op == OP_GE;
}

static bool asks_for_less(enum op op)
{
	return op == OP_LT || op == OP_LE;
}

/* Severities come after `when`, so the later of two thresholds is the stricter. */
static bool same_direction(enum op a, enum op b)
{
	return (asks_for_more(a) && asks_for_more(b)) || (asks_for_less(a) && asks_for_less(b));
}

bool view_fact_matters(const struct facts *facts, const struct fact *fact)
{
	if (fact->unit == UNIT_TEXT && (fact->op == OP_EQ || fact->op == OP_GLOB) && facts->len > 1)
		return false;
	for (const struct fact *later = fact + 1; later < facts->data + facts->len; later++)
		if (strcmp(later->metric, fact->metric) == 0 && same_direction(later->op, fact->op))
			return false;
	return true;
}

void view_facts(struct str *out, const struct facts *facts)
{
	const char *separator = "";

	vec_each(fact, facts) {
		if (!view_fact_matters(facts, fact))
			continue;
		str_append(out, separator);
		view_fact(out, fact);
		separator = ", ";
	}
}

bool view_time(struct str *out, double unix_s)
{
	long long unix_ms;
	struct tm tm;
	time_t seconds;

	/* up to the year 9999, the last that ISO 8601 writes with four digits */
	if (!(unix_s >= 0 && unix_s < 253402300799.0))
		return false;
	unix_ms = llround(unix_s * 1000);
	seconds = (time_t)(unix_ms / 1000);
	if (!gmtime_r(&seconds, &tm))
		return false;
	str_format(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(unix_ms % 1000));
	return true;
}

double view_duration_s(const struct report *report)
{
	double sum = 0;

	for (int stage = 0; stage < STAGE_TOTAL; stage++)
		sum += evidence_stage(report->evidence, stage)->duration_s;
	return sum;
}

const char *view_status_name(enum stage_status status)
{
	static const char *const names[] = {
		[STAGE_UNAVAILABLE] = "unavailable",
		[STAGE_SKIPPED] = "skipped",
		[STAGE_DEGRADED] = "degraded",
		[STAGE_OK] = "ok",
	};

	return names[status];
}
