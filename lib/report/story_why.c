/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the verdict comes from: the run, and why the primary is what it is. */
#include "report/story.h"

#include "base/cleanup.h"
#include "report/view.h"

#include <math.h>
#include <string.h>

enum {
	/* when a list of processes hides a group; words only, nothing is judged by these */
	SPREAD_THREADS = 8,
	SPREAD_PCT = 20,
	HIDDEN_PCT = 5,
};

/* Appends "format"-ed value of a metric when it is known. */
static void append_metric(struct str *out, const struct report *report, enum metric_id id,
			  const char *before, const char *after)
{
	struct value value = evidence_get(report->evidence, id);

	if (value.kind == VALUE_UNKNOWN)
		return;
	if (!out->len && strncmp(before, ", ", 2) == 0)
		before += 2;
	str_append(out, before);
	value_format(out, metric_info(id)->unit, value);
	str_append(out, after);
}

static void tell_host(struct story *story, const struct report *report)
{
	_cleanup_(str_free) struct str text = { 0 };

	append_metric(&text, report, METRIC_host_name, "", "");
	append_metric(&text, report, METRIC_host_kernel, ", Linux ", "");
	append_metric(&text, report, METRIC_host_cpus_online, ", ", " CPUs");
	if (evidence_number(report->evidence, METRIC_host_usable_cpus) !=
	    evidence_number(report->evidence, METRIC_host_cpus_online))
		append_metric(&text, report, METRIC_host_usable_cpus, " (", " usable)");
	append_metric(&text, report, METRIC_host_memory_bytes, ", ", "");
	append_metric(&text, report, METRIC_host_virtualization, ", virtualization ", "");
	if (text.len)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "host", str_text(&text));
}

static bool comes_from(const struct report *report, const char *input)
{
	struct value value = evidence_get(report->evidence, METRIC_self_input);

	return value.kind == VALUE_TEXT && strcmp(value.text, input) == 0;
}

static void append_watched(struct str *out, const struct report *report)
{
	double watched_s = view_duration_s(report);

	if (watched_s > 0 || !view_is_text(report)) {
		unit_format(out, UNIT_S, watched_s);
		str_append(out, " watched");
	}
	if (view_is_text(report))
		str_format(out, "%spasted text, of moments that it does not tell",
			   watched_s > 0 ? " by perf; the rest is " : "");
	else if (comes_from(report, "recorded"))
		str_append(out, ", from a copy of /proc");
	else if (comes_from(report, "perf.data"))
		str_append(out, ", from perf.data");
}

static void tell_window(struct story *story, const struct report *report)
{
	_cleanup_(str_free) struct str text = { 0 };

	if (view_time(&text, evidence_number(report->evidence, METRIC_host_time_unix_s)))
		str_append(&text, ", ");
	append_watched(&text, report);
	str_format(&text, "; triage %s, rules %.12s", report->tool_version, report->rules->sha256);
	story_add_text(story, LINE_TEXT, TONE_PLAIN, "window", str_text(&text));
}

/* ---- why ---- */

static void append_count(struct str *out, const char *before, double count, const char *one,
			 const char *many)
{
	if (isnan(count))
		return;
	str_append(out, before);
	unit_format(out, UNIT_COUNT, count);
	str_format(out, " %s", count == 1 ? one : many);
}

static bool differs(const char *a, const char *b)
{
	return a && strcmp(a, b) != 0;
}

void story_append_subject(struct str *out, const struct subject *subject)
{
	if (strcmp(subject->kind, "host") == 0)
		return;
	str_format(out, "%s %s", subject->kind, subject->name);
	if (differs(subject->program, subject->name))
		str_format(out, ", program %s", subject->program);
	if (differs(subject->thread, subject->name))
		str_format(out, ", thread %s", subject->thread);
	append_count(out, ", ", subject->threads, "thread", "threads");
	append_count(out, ", ", subject->processes, "process", "processes");
	if (subject->pids)
		str_format(out, ", PID %s", subject->pids);
}

/* A table with a row per group of threads. */
struct group_table {
	enum table_id table;
	enum column_id program, thread;
};

static const struct group_table top_groups = { TABLE_top_groups, COLUMN_top_groups_program,
					       COLUMN_top_groups_thread };
static const struct group_table perf_groups = { TABLE_perf_groups, COLUMN_perf_groups_program,
						COLUMN_perf_groups_thread };

/* The row that a subject is about; -1: none. */
static int group_of(const struct report *report, const struct group_table *groups,
		    const struct subject *subject)
{
	int rows = evidence_rows(report->evidence, groups->table);

	for (int row = 0; subject->program && subject->thread && row < rows; row++) {
		struct value program = evidence_cell(report->evidence, row, groups->program);
		struct value thread = evidence_cell(report->evidence, row, groups->thread);

		if (program.kind == VALUE_TEXT && thread.kind == VALUE_TEXT &&
		    strcmp(program.text, subject->program) == 0 &&
		    strcmp(thread.text, subject->thread) == 0)
			return row;
	}
	return -1;
}

static double group_number(const struct report *report, int row, enum column_id column)
{
	struct value value = evidence_cell(report->evidence, row, column);

	return value.kind == VALUE_NUMBER ? value.number : NAN;
}

/* Comparisons with what was not measured are false. */
static bool is_spread(double threads, double busiest_pct, double group_pct)
{
	return threads >= SPREAD_THREADS && group_pct > 0 &&
	       (busiest_pct <= SPREAD_PCT || busiest_pct <= group_pct * SPREAD_PCT / 100);
}

/* That many small threads hold the load, when they do: no list of processes shows that. */
static void tell_spread(struct story *story, const struct report *report,
			const struct subject *subject)
{
	int row = group_of(report, &top_groups, subject);
	double threads = group_number(report, row, COLUMN_top_groups_threads);
	double processes = group_number(report, row, COLUMN_top_groups_processes);
	double group_pct = group_number(report, row, COLUMN_top_groups_cpu_pct);
	double busiest_pct = group_number(report, row, COLUMN_top_groups_busiest_thread_pct);
	double switches = group_number(report, row, COLUMN_top_groups_switches_per_s);
	double leaders = group_number(report, row, COLUMN_top_groups_leader_switches_per_s);
	_cleanup_(str_free) struct str text = { 0 };

	if (row < 0 || !is_spread(threads, busiest_pct, group_pct))
		return;
	/* of a process with several threads the busiest one is not known */
	str_append(&text, threads == processes ? "no single process holds the load: " :
						 "no single thread holds the load: ");
	unit_format(&text, UNIT_COUNT, threads);
	str_format(&text, " %s of %s do together, with ",
		   threads == processes ? "processes" : "threads", subject->thread);
	unit_format(&text, UNIT_PCT, group_pct);
	str_append(&text, " CPU; the busiest has ");
	unit_format(&text, UNIT_PCT, busiest_pct);
	if (switches > 0 && leaders <= switches * HIDDEN_PCT / 100) {
		str_append(&text, ". A list of processes shows ");
		unit_format(&text, UNIT_PER_S, leaders);
		str_append(&text, " of their ");
		unit_format(&text, UNIT_PER_S, switches);
		str_append(&text, " switches");
	}
	story_add_text(story, LINE_TEXT, TONE_PLAIN, NULL, str_text(&text));
}

/* Appends "99.4 % in spin (worker), spin.c:14": a function of a row of perf.groups. */
static void append_function(struct str *out, const struct report *report, int row,
			    const char *where, enum column_id pct, enum column_id name,
			    enum column_id line)
{
	struct value source = evidence_cell(report->evidence, row, line);

	str_append(out, out->len ? "; " : "");
	unit_format(out, UNIT_PCT, group_number(report, row, pct));
	str_format(out, " %s %s", where, evidence_cell(report->evidence, row, name).text);
	if (source.kind == VALUE_TEXT)
		str_format(out, " at %s", source.text);
}

/* Where in its code the subject's CPU time goes, when the perf stage saw it. */
static void tell_where(struct story *story, const struct report *report,
		       const struct subject *subject)
{
	int row = group_of(report, &perf_groups, subject);
	_cleanup_(str_free) struct str text = { 0 };
	struct value hottest, own;

	if (row < 0)
		return;
	hottest = evidence_cell(report->evidence, row, COLUMN_perf_groups_function);
	own = evidence_cell(report->evidence, row, COLUMN_perf_groups_own_function);
	if (hottest.kind == VALUE_TEXT)
		append_function(&text, report, row, "of its CPU time in",
				COLUMN_perf_groups_function_pct, COLUMN_perf_groups_function,
				COLUMN_perf_groups_function_line);
	if (own.kind == VALUE_TEXT &&
	    (hottest.kind != VALUE_TEXT || strcmp(own.text, hottest.text) != 0))
		append_function(&text, report, row, "below its own",
				COLUMN_perf_groups_own_function_pct,
				COLUMN_perf_groups_own_function,
				COLUMN_perf_groups_own_function_line);
	if (text.len)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "where", str_text(&text));
}

void story_tell_who(struct story *story, const struct report *report, const struct finding *finding)
{
	struct subject subject = view_subject(report, finding);
	_cleanup_(str_free) struct str text = { 0 };

	story_append_subject(&text, &subject);
	if (text.len)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "who", str_text(&text));
	tell_spread(story, report, &subject);
	tell_where(story, report, &subject);
}

/* One fact as cells: name, value, threshold, and where to see it oneself. */
static void tell_fact(struct story *story, const char *label, const struct fact *fact)
{
	_cleanup_(str_free) struct str cells = { 0 };
	_cleanup_(str_free) struct str value = { 0 };
	_cleanup_(str_free) struct str threshold = { 0 };

	value_format(&value, fact->unit, fact->value);
	str_format(&threshold, "%s ", op_name(fact->op));
	value_format(&threshold, fact->unit, fact->threshold);
	story_append_cell(&cells, fact->metric);
	story_append_cell(&cells, str_text(&value));
	story_append_cell(&cells, str_text(&threshold));
	if (fact->command && *fact->command)
		story_append_cell(&cells, fact->command);
	story_add_text(story, LINE_ROW, TONE_PLAIN, label, str_text(&cells));
}

void story_tell_facts(struct story *story, const char *label, const struct facts *facts)
{
	vec_each(fact, facts) {
		if (!view_fact_matters(facts, fact))
			continue;
		tell_fact(story, label, fact);
		label = NULL;
	}
}

static void tell_doubts(struct story *story, const struct strings *doubts)
{
	vec_each(doubt, doubts)
		story_add(story, LINE_TEXT, doubt == doubts->data ? "unchecked" : NULL,
			  "%s (unknown here; it would speak against this finding)", *doubt);
}

/* Its share says what it takes itself; this, how much of what follows from it is its doing. */
void story_append_explained(struct str *out, const struct report *report,
			    const struct chain_node *node)
{
	const struct chain *chain = &report->judgement->chain;
	bool drives = false;

	vec_each(arrow, &chain->arrows)
		drives = drives || (!arrow->feedback && &chain->nodes.data[arrow->from] == node);
	if (!drives || !isfinite(node->explained_pct))
		return;
	str_append(out, ", explains ");
	unit_format(out, UNIT_PCT, node->explained_pct);
	str_append(out, " through its arrows");
}

bool story_append_share(struct str *out, const struct finding *finding)
{
	const char *share_of = finding->rule->share_of;

	if (!isfinite(finding->share_pct) || !share_of)
		return false;
	unit_format(out, UNIT_PCT, finding->share_pct);
	str_format(out, " of %s%s", strncmp(share_of, "the ", 4) == 0 ? "" : "the ", share_of);
	return true;
}

static void tell_share(struct story *story, const struct report *report,
		       const struct finding *finding)
{
	const struct chain_node *node = view_finding_node(report, finding);
	_cleanup_(str_free) struct str text = { 0 };

	if (!story_append_share(&text, finding))
		return;
	if (node)
		story_append_explained(&text, report, node);
	story_add_text(story, LINE_TEXT, TONE_PLAIN, "share", str_text(&text));
}

/* What the last stage found about the same thing: its code, its lock, what wakes it. */
static void tell_located(struct story *story, const struct report *report,
			 const struct finding *finding)
{
	const struct chain_node *node = view_finding_node(report, finding);
	const char *label = "located";

	if (!node)
		return;
	vec_each(index, &node->findings) {
		const struct finding *other = &report->judgement->findings.data[*index];

		if (other == finding || other->rule->stage != STAGE_locate)
			continue;
		story_add_text(story, LINE_TEXT, TONE_PLAIN, label, other->say);
		label = NULL;
	}
}

static bool is_drawn(const struct story *story, const struct chain_arrow *arrow)
{
	vec_each(line, &story->drawn)
		if (line->arrow == arrow)
			return true;
	return false;
}

/* The sentences behind the chain's arrows; all of them with -v. */
static void tell_arrows(struct story *story, const struct report *report, int verbosity)
{
	const char *label = "arrows";

	vec_each(arrow, &report->judgement->chain.arrows) {
		if (!arrow->say || !tree_has(&story->chain, arrow->from) ||
		    (verbosity == 0 && !is_drawn(story, arrow)))
			continue;
		story_add(story, LINE_TEXT, label, "%s (%s)", arrow->say, arrow->link->id);
		label = NULL;
		if (verbosity > 0)
			story_tell_facts(story, NULL, &arrow->facts);
	}
}

static void tell_primary(struct story *story, const struct report *report,
			 const struct finding *finding, int verbosity)
{
	story_add(story, LINE_HEADING, "Why", "%s", "");
	/* without a chain the first screen has said it */
	if (story->chain.len) {
		if (finding->means)
			story_add_text(story, LINE_TEXT, TONE_PLAIN, "means", finding->means);
		story_tell_who(story, report, finding);
	}
	tell_located(story, report, finding);
	tell_share(story, report, finding);
	story_tell_facts(story, "numbers", &finding->facts);
	tell_arrows(story, report, verbosity);
	tell_doubts(story, &finding->doubts);
	story_add(story, LINE_TEXT, "rule", "%s, %s, %s (%s)", finding->rule->id,
		  role_name(finding->rule->role), severity_name(finding->severity), finding->id);
}

void story_tell_why(struct story *story, const struct report *report, int verbosity)
{
	const struct verdict *verdict = &report->judgement->verdict;
	const struct finding *primary = view_primary(report);

	/* a title that stands alone is their heading */
	if (story->lines.len > 1)
		story_add(story, LINE_HEADING, "This run", "%s", "");
	tell_host(story, report);
	tell_window(story, report);
	if (verdict->confidence_why && *verdict->confidence_why)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "confidence", verdict->confidence_why);
	if (primary)
		tell_primary(story, report, primary, verbosity);
}
