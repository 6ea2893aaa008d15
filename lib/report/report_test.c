/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of judgements built by hand: hostile names, widths, what stands where. */
#include "report/report.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "report/layout.h"
#include "report/view.h"

#include <check.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define HOSTILE                                                        \
	"evil\033[31m\nFAKE  row|x|<script>alert(1)</script>`id`$(id)" \
	"\xe2\x80\xae[a](http://x) @all #1 www.evil.example *b* \xff &amp; a_b _c_"

static const struct rule storm_rule = {
	.id = "top.thread-storm",
	.stage = STAGE_top,
	.table = TABLE_top_groups,
	.cause = "thread-storm",
	.role = ROLE_MECHANISM,
	.share_of = "run-queue wait",
};

static const struct rule queue_rule = {
	.id = "vmstat.run-queue",
	.stage = STAGE_vmstat,
	.table = TABLE_NONE,
	.cause = "cpu-saturation",
	.role = ROLE_SYMPTOM,
};

static const struct rule softirq_rule = {
	.id = "vmstat.softirq",
	.stage = STAGE_vmstat,
	.table = TABLE_NONE,
	.cause = "softirq-pressure",
	.role = ROLE_AMPLIFIER,
};

static const struct rule io_rule = {
	.id = "vmstat.no-io",
	.stage = STAGE_vmstat,
	.table = TABLE_NONE,
	.rules_out = "io-saturation",
};

/* Everything that a report points to. */
struct fixture {
	struct ruleset rules;
	struct evidence *evidence;
	struct judgement judgement;
	struct report report;
	struct saw_line saw[2];
	struct finding findings[3];
	struct fact facts[2];
	struct exclusion exclusion;
	struct unknown unknown;
	struct suppression suppression;
	struct request requests[3];
	const char *remedies[3];
	const char *commands[1];
	const char *missing[1];
};

static struct fact make_fact(const char *metric, enum unit unit, double value, double threshold)
{
	return (struct fact){
		.metric = metric,
		.unit = unit,
		.value = { .kind = VALUE_NUMBER, .number = value },
		.op = OP_GE,
		.threshold = { .kind = VALUE_NUMBER, .number = threshold },
		.origin = "/proc/loadavg",
		.command = "vmstat 1",
	};
}

static struct finding make_finding(const struct rule *rule, const char *id, enum severity severity,
				   const char *name)
{
	struct finding finding = {
		.rule = rule,
		.row = rule->table == TABLE_NONE ? -1 : 0,
		.severity = severity,
		.confidence = 0.9,
		.share_pct = rule->share_of ? 97 : NAN,
		.subject = { .kind = rule->table == TABLE_NONE ? "host" : "program",
			     .name = name,
			     .threads = 20,
			     .processes = NAN,
			     .pids = rule->table == TABLE_NONE ? NULL : "417, 418" },
		.say = name,
		.means = "more runnable threads than CPUs: they take turns, each costs a switch",
		.fingerprint = "0123456789abcdef",
	};

	strcpy(finding.id, id);
	return finding;
}

static void set_up_evidence(struct fixture *f, const char *name)
{
	int row;

	ck_assert_int_eq(evidence_new(&f->evidence), 0);
	evidence_set_text(f->evidence, METRIC_host_name, name);
	evidence_set(f->evidence, METRIC_host_time_unix_s, 1767323045.25);
	evidence_set(f->evidence, METRIC_host_cpus_online, 2);
	evidence_set(f->evidence, METRIC_vmstat_r, 19);
	evidence_set(f->evidence, METRIC_self_wall_s, 2.4);
	evidence_set(f->evidence, METRIC_self_cpu_pct_of_host, 1.2);
	row = evidence_add_row(f->evidence, TABLE_top_groups);
	evidence_set_cell_text(f->evidence, row, COLUMN_top_groups_name, name);
	evidence_set_cell(f->evidence, row, COLUMN_top_groups_threads, 20);
	evidence_set_stage(f->evidence, STAGE_vmstat,
			   &(struct stage_record){ .status = STAGE_OK, .duration_s = 2 });
	evidence_set_stage(f->evidence, STAGE_top,
			   &(struct stage_record){ .status = STAGE_DEGRADED,
						   .duration_s = 1.5,
						   .reason = "3 tasks could not be read",
						   .fix = "sudo triage run" });
	evidence_set_stage(f->evidence, STAGE_perf,
			   &(struct stage_record){ .status = STAGE_UNAVAILABLE,
						   .reason = "not in this version" });
	evidence_add_caveat(f->evidence, "window %d was short: %s", 2, name);
}

static void set_up_rules(struct fixture *f)
{
	f->saw[0] = (struct saw_line){ .table = TABLE_NONE, .say = "r {vmstat.r}  b {vmstat.b}" };
	f->saw[1] = (struct saw_line){ .table = TABLE_NONE, .say = "steal {vmstat.st_pct}" };
	f->rules.stages[STAGE_vmstat] = (struct stage_story){
		.question = "is the wall CPU, disk, memory, network or the hypervisor?",
		.command = "vmstat 1 3",
		.nothing = "nothing queues",
		.saw = { .data = f->saw, .len = 2 },
	};
	f->rules.stages[STAGE_top].question = "who makes the load?";
	strcpy(f->rules.sha256, "00ff");
}

static void set_up_findings(struct fixture *f, const char *name)
{
	f->facts[0] = make_fact("top.groups.runnable_per_cpu", UNIT_RATIO, 9.5, 4);
	f->facts[1] = make_fact("vmstat.r_per_cpu", UNIT_RATIO, 9.5, 2);
	f->findings[0] = make_finding(&storm_rule, "F1", SEVERITY_CRITICAL, name);
	f->findings[0].facts = (struct facts){ .data = f->facts, .len = 1 };
	f->findings[0].remedy = (struct strings){ .data = f->remedies, .len = 2 };
	f->findings[0].commands = (struct strings){ .data = f->commands, .len = 1 };
	f->findings[1] = make_finding(&queue_rule, "F2", SEVERITY_WARNING, "19 threads queue");
	f->findings[1].facts = (struct facts){ .data = f->facts + 1, .len = 1 };
	f->findings[1].remedy = (struct strings){ .data = f->remedies + 2, .len = 1 };
	f->findings[2] = make_finding(&softirq_rule, "F3", SEVERITY_WARNING, "softirqs delay it");
	f->findings[2].remedy = (struct strings){ .data = f->remedies, .len = 1 };
	f->remedies[0] = "size the pool to the CPUs";
	f->remedies[1] = name;
	f->remedies[2] = "add CPUs";
	f->commands[0] = "perf sched record -- sleep 1";
}

static void set_up_rest(struct fixture *f, const char *name)
{
	f->missing[0] = "vmstat.psi_cpu_some_pct";
	f->exclusion = (struct exclusion){ .rule = &io_rule, .say = name };
	f->exclusion.facts = (struct facts){ .data = f->facts + 1, .len = 1 };
	f->unknown = (struct unknown){ .rule = &queue_rule,
				       .missing = { .data = f->missing, .len = 1 },
				       .fix = "cat /proc/pressure/cpu" };
	f->suppression = (struct suppression){ .rule = &queue_rule,
					       .say = name,
					       .because = "top.throttled_pct 61 % > 25 %" };
	f->requests[0] = (struct request){ &queue_rule, STAGE_top, "find who" };
	f->requests[1] = (struct request){ &softirq_rule, STAGE_top, "find who else" };
	f->requests[2] = (struct request){ &softirq_rule, STAGE_perf, "find the path" };
}

static void set_up(struct fixture *f, const char *name)
{
	memset(f, 0, sizeof(*f));
	set_up_evidence(f, name);
	set_up_rules(f);
	set_up_findings(f, name);
	set_up_rest(f, name);
	f->judgement.findings = (struct findings){ .data = f->findings, .len = 3 };
	f->judgement.ruled_out = (struct exclusions){ .data = &f->exclusion, .len = 1 };
	f->judgement.unknown = (struct unknowns){ .data = &f->unknown, .len = 1 };
	f->judgement.suppressed = (struct suppressions){ .data = &f->suppression, .len = 1 };
	f->judgement.requests = (struct requests){ .data = f->requests, .len = 3 };
	f->judgement.verdict = (struct verdict){ .status = VERDICT_FINDINGS,
						 .confidence = 0.9,
						 .headline = name,
						 .confidence_why = "two stages, no losses" };
	f->report = (struct report){ &f->rules, f->evidence, &f->judgement, "0.1.0" };
}

static void tear_down(struct fixture *f)
{
	evidence_free(f->evidence);
}

static void render(const struct fixture *f, const char *format, int columns, struct str *out)
{
	struct report_style style = { .columns = columns };

	ck_assert_int_eq(report_format_by_name(format)->write(&f->report, &style, out), 0);
	ck_assert_uint_gt(out->len, 0);
	ck_assert_int_eq(out->data[out->len - 1], '\n');
}

/* Lines of the text that are wider than `columns` and not a command; lines that end with a blank.
 * */
static int count_bad_lines(const struct str *text, int columns)
{
	struct span rest = span_make(text->data, text->len);
	struct span line;
	int bad = 0;

	while (span_line(&rest, &line)) {
		bool command = memmem(line.p, span_len(line), "$ ", 2) != NULL;

		bad += !text_is_printable(line.p, span_len(line));
		bad += !command && layout_width(line) > columns;
		bad += line.p < line.end && line.end[-1] == ' ';
	}
	return bad;
}

static void assert_order(const char *text, const char *const *pieces)
{
	for (const char *at = text; *pieces; pieces++) {
		at = strstr(at, *pieces);
		ck_assert_msg(at != NULL, "`%s` is missing or out of order in\n%s", *pieces, text);
	}
}

/* ---- text ---- */

START_TEST(text_tells_the_story_in_order)
{
	static const char *const pieces[] = {
		"CRITICAL  thread-storm: storm   (confidence 0.90)\n",
		"confidence  two stages",
		"\nWhy\n",
		"means",
		"97 % of the run-queue wait",
		"numbers",
		"9.5",
		">= 4",
		"\nSeen together\n",
		"19 threads queue (symptom, vmstat.run-queue)",
		"\nDo now\n",
		"1. size the pool",
		"3. $ perf sched record -- sleep 1\n",
		"\nvmstat  is the wall",
		"command    $ vmstat 1 3\n",
		"saw        r 19  b ?\n",
		"judged     vmstat.run-queue warning: r_per_cpu 9.5 >= 2\n",
		"concluded",
		"next       top: find who\n",
		"perf: find the path\n",
		"\ntop  who makes the load?\n",
		"degraded   3 tasks",
		"fix        $ sudo triage run\n",
		"\nperf    unavailable: not in this version\n",
		"sched   skipped: no rule asked for it\n",
		"\nRuled out\n  io-saturation  storm",
		"\nUnknown\n",
		"vmstat.psi_cpu_some_pct not measured: vmstat.run-queue",
		"\nHeld back\n",
		"because top.throttled_pct 61 % > 25 %",
		"\nLimits",
		"\nCost    2.4 s (1.2 % of the host)\n",
		NULL,
	};
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "text", 0, &out);
	assert_order(str_text(&out), pieces);
	tear_down(&f);
}
END_TEST

START_TEST(a_stage_is_well_when_all_its_rules_could_look)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, "healthy: fine");
	f.judgement.findings.len = 0;
	f.judgement.unknown.len = 0;
	f.judgement.verdict.primary = -1;
	f.judgement.verdict.status = VERDICT_HEALTHY;
	render(&f, "text", 0, &out);
	ck_assert_ptr_nonnull(strstr(str_text(&out), "concluded  nothing queues\n"));
	tear_down(&f);
}
END_TEST

START_TEST(nothing_is_said_twice)
{
	_cleanup_(str_free) struct str out = { 0 };
	const char *remedy;
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "text", 0, &out);
	remedy = strstr(str_text(&out), "size the pool");
	ck_assert_ptr_null(strstr(remedy + 1, "size the pool"));
	ck_assert_ptr_null(strstr(str_text(&out), "find who else"));
	ck_assert_ptr_null(strstr(str_text(&out), "steal"));
	tear_down(&f);
}
END_TEST

START_TEST(symptoms_advise_only_when_nothing_explains_them)
{
	_cleanup_(str_free) struct str explained = { 0 };
	_cleanup_(str_free) struct str unexplained = { 0 };
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "text", 0, &explained);
	ck_assert_ptr_null(strstr(str_text(&explained), "add CPUs"));
	f.judgement.verdict.primary = 1;
	f.judgement.findings = (struct findings){ .data = f.findings, .len = 2 };
	render(&f, "text", 0, &unexplained);
	ck_assert_ptr_nonnull(strstr(str_text(&unexplained), "1. add CPUs\n"));
	tear_down(&f);
}
END_TEST

START_TEST(facts_that_say_nothing_are_left_out)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct fact all[] = { make_fact("top.groups.kind", UNIT_TEXT, 0, 0),
			      make_fact("vmstat.r_per_cpu", UNIT_RATIO, 9.5, 2),
			      make_fact("vmstat.b", UNIT_COUNT, 1, 3),
			      make_fact("vmstat.r_per_cpu", UNIT_RATIO, 9.5, 4) };
	struct facts facts = { .data = all, .len = ARRAY_SIZE(all) };

	all[0].op = OP_EQ;
	all[2].op = OP_LT;
	view_facts(&out, &facts);
	ck_assert_str_eq(str_text(&out), "b 1 < 3, r_per_cpu 9.5 >= 4");
}
END_TEST

START_TEST(no_line_is_wider_than_asked)
{
	static const int columns[] = { 40, 57, 80, 100, 200 };
	struct fixture f;

	set_up(&f, HOSTILE HOSTILE);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		_cleanup_(str_free) struct str out = { 0 };

		render(&f, "text", columns[i], &out);
		ck_assert_int_eq(count_bad_lines(&out, columns[i]), 0);
	}
	tear_down(&f);
}
END_TEST

START_TEST(colour_only_adds)
{
	struct report_style style = { .colour = true };
	_cleanup_(str_free) struct str plain = { 0 };
	_cleanup_(str_free) struct str coloured = { 0 };
	_cleanup_(str_free) struct str stripped = { 0 };
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "text", 0, &plain);
	ck_assert_int_eq(report_text(&f.report, &style, &coloured), 0);
	ck_assert(strncmp(str_text(&coloured), "\033[1;31mCRITICAL\033[0m  thread-storm", 32) == 0);
	for (const char *p = str_text(&coloured); *p; p++) {
		if (*p == '\033')
			p += strcspn(p, "m");
		else
			str_append_char(&stripped, *p);
	}
	ck_assert_str_eq(str_text(&stripped), str_text(&plain));
	tear_down(&f);
}
END_TEST

START_TEST(verdicts_are_named)
{
	static const struct {
		enum verdict_status status;
		const char *starts;
	} cases[] = {
		{ VERDICT_HEALTHY, "HEALTHY  fine   (confidence 0.90)\n" },
		{ VERDICT_INCONCLUSIVE, "INCONCLUSIVE  healthy: fine\n" },
		{ VERDICT_FINDINGS, "WARNING  healthy: fine   (confidence 0.90)\n" },
	};
	struct fixture f;

	set_up(&f, "healthy: fine");
	f.judgement.findings.len = 0;
	f.judgement.verdict.primary = -1;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(str_free) struct str out = { 0 };

		f.judgement.verdict.status = cases[i].status;
		render(&f, "text", 0, &out);
		ck_assert(strncmp(str_text(&out), cases[i].starts, strlen(cases[i].starts)) == 0);
		ck_assert_ptr_null(strstr(str_text(&out), "\nWhy\n"));
		ck_assert_int_eq(strstr(str_text(&out), "\nDo now\n") != NULL,
				 cases[i].status == VERDICT_INCONCLUSIVE);
		ck_assert_ptr_nonnull(strstr(str_text(&out), "concluded  nothing found, but not"));
	}
	tear_down(&f);
}
END_TEST

START_TEST(long_lists_are_counted)
{
	struct report_style verbose = { .verbosity = 1 };
	_cleanup_(str_free) struct str brief = { 0 };
	_cleanup_(str_free) struct str whole = { 0 };
	struct finding many[20];
	struct fixture f;

	set_up(&f, "storm");
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = f.findings[i ? 1 : 0];
	f.judgement.findings = (struct findings){ .data = many, .len = ARRAY_SIZE(many) };
	render(&f, "text", 0, &brief);
	ck_assert_ptr_nonnull(strstr(str_text(&brief), "and 13 more (-v shows them)\n"));
	ck_assert_int_eq(report_text(&f.report, &verbose, &whole), 0);
	ck_assert_ptr_null(strstr(str_text(&whole), "more (-v"));
	ck_assert_uint_gt(whole.len, brief.len);
	tear_down(&f);
}
END_TEST

/* ---- markdown ---- */

START_TEST(markdown_neutralises_markup)
{
	static const char *const forbidden[] = { "<script",	 "|x",	     "[a](",	 "http://",
						 "@all",	 "#1",	     "www.evil", "*b*",
						 " _c_",	 "\n\nFAKE", "\nFAKE",	 "\033",
						 "\xe2\x80\xae", "\xff",     "$(id)" };
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, HOSTILE);
	render(&f, "md", 0, &out);
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		for (const char *p = str_text(&out); (p = strstr(p, forbidden[i])); p++)
			ck_assert_msg(p > out.data && p[-1] == '\\', "`%s` in\n%s", forbidden[i],
				      str_text(&out));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "\\x1b"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "&amp;amp;"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), " a_b "));
	tear_down(&f);
}
END_TEST

START_TEST(markdown_fences_commands_that_hold_backticks)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, "- 1. storm");
	f.commands[0] = "grep ``x` /proc";
	render(&f, "md", 0, &out);
	ck_assert_ptr_nonnull(strstr(str_text(&out), "3. ``` grep ``x` /proc ```\n"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "2. \\- 1. storm\n"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "- **command** `vmstat 1 3`\n"));
	tear_down(&f);
}
END_TEST

START_TEST(markdown_has_the_order_of_text)
{
	static const char *const pieces[] = {
		"## CRITICAL: thread-storm: storm · (confidence 0.90)\n",
		"### Why",
		"### Seen together",
		"### Do now",
		"1. size the pool",
		"### vmstat: is the wall",
		"- **saw** r 19 · b ?\n",
		"### Ruled out",
		"### Unknown",
		"\n**Cost** 2.4 s",
		NULL
	};
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "md", 0, &out);
	assert_order(str_text(&out), pieces);
	tear_down(&f);
}
END_TEST

/* ---- JSON ---- */

static cJSON *render_json(const struct fixture *f)
{
	_cleanup_(str_free) struct str out = { 0 };
	cJSON *root;

	render(f, "json", 0, &out);
	ck_assert(text_is_printable(out.data, strcspn(out.data, "\n")));
	root = cJSON_Parse(str_text(&out));
	ck_assert_ptr_nonnull(root);
	return root;
}

static const cJSON *member(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	ck_assert_msg(item != NULL, "no key %s", key);
	return item;
}

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(member(object, key));

	ck_assert_msg(text != NULL, "%s is no string", key);
	return text;
}

START_TEST(json_has_the_verdict)
{
	const cJSON *verdict, *primary, *contributing;
	struct fixture f;
	cJSON *root;

	set_up(&f, "storm");
	root = render_json(&f);
	verdict = member(root, "verdict");
	primary = member(verdict, "primary");
	contributing = member(verdict, "contributing");
	ck_assert_str_eq(text_of(verdict, "status"), "findings");
	ck_assert_str_eq(text_of(verdict, "headline"), "storm");
	ck_assert_str_eq(text_of(primary, "cause"), "thread-storm");
	ck_assert_str_eq(text_of(primary, "finding"), "F1");
	ck_assert_double_eq(member(primary, "share_pct")->valuedouble, 97);
	ck_assert_int_eq(cJSON_GetArraySize(member(member(primary, "subject"), "pids")), 2);
	/* the symptom is in the findings, but contributes nothing */
	ck_assert_int_eq(cJSON_GetArraySize(member(root, "findings")), 3);
	ck_assert_int_eq(cJSON_GetArraySize(contributing), 1);
	ck_assert_str_eq(text_of(cJSON_GetArrayItem(contributing, 0), "role"), "amplifier");
	cJSON_Delete(root);
	tear_down(&f);
}
END_TEST

START_TEST(json_has_window_and_stages)
{
	const cJSON *stage, *window;
	struct fixture f;
	cJSON *root;

	set_up(&f, "storm");
	root = render_json(&f);
	window = member(root, "window");
	ck_assert_str_eq(text_of(window, "start"), "2026-01-02T03:04:05.250Z");
	ck_assert_double_eq(member(window, "duration_s")->valuedouble, 3.5);
	ck_assert_int_eq(cJSON_GetArraySize(member(root, "stages")), STAGE_TOTAL);
	stage = cJSON_GetArrayItem(member(root, "stages"), 0);
	ck_assert_str_eq(text_of(stage, "next"), "top");
	ck_assert_str_eq(cJSON_GetArrayItem(member(stage, "saw"), 0)->valuestring, "r 19  b ?");
	ck_assert_int_eq(cJSON_GetArraySize(member(stage, "judged")), 2);
	stage = cJSON_GetArrayItem(member(root, "stages"), 2);
	ck_assert_str_eq(text_of(stage, "status"), "unavailable");
	ck_assert(cJSON_IsNull(member(stage, "concluded")));
	cJSON_Delete(root);
	tear_down(&f);
}
END_TEST

START_TEST(json_tells_unknown_from_zero)
{
	struct fixture f;
	cJSON *root;

	set_up(&f, "storm");
	f.judgement.verdict.primary = -1;
	f.findings[0].share_pct = NAN;
	f.facts[0].value.kind = VALUE_UNKNOWN;
	root = render_json(&f);
	ck_assert(cJSON_IsNull(member(member(root, "verdict"), "primary")));
	ck_assert(cJSON_IsNull(member(member(root, "host"), "kernel")));
	ck_assert(cJSON_IsNull(member(member(root, "self"), "cpu_s")));
	ck_assert_double_eq(member(member(root, "self"), "wall_s")->valuedouble, 2.4);
	ck_assert(cJSON_IsNull(member(
		cJSON_GetArrayItem(
			member(cJSON_GetArrayItem(member(root, "findings"), 0), "evidence"), 0),
		"value")));
	cJSON_Delete(root);
	tear_down(&f);
}
END_TEST

START_TEST(json_survives_hostile_names)
{
	struct fixture f;
	const char *headline;
	cJSON *root;

	set_up(&f, HOSTILE);
	root = render_json(&f);
	headline = text_of(member(root, "verdict"), "headline");
	ck_assert(text_is_printable(headline, strlen(headline)));
	ck_assert_ptr_nonnull(strstr(headline, "\\xff"));
	cJSON_Delete(root);
	tear_down(&f);
}
END_TEST

START_TEST(times_outside_the_era_are_unknown)
{
	_cleanup_(str_free) struct str out = { 0 };

	ck_assert(!view_time(&out, NAN));
	ck_assert(!view_time(&out, -1));
	ck_assert(!view_time(&out, 1e300));
	ck_assert_uint_eq(out.len, 0);
	ck_assert(view_time(&out, 0.9996));
	ck_assert_str_eq(str_text(&out), "1970-01-01T00:00:01.000Z");
}
END_TEST

START_TEST(formats_are_found_by_name)
{
	ck_assert_ptr_nonnull(report_format_by_name("text"));
	ck_assert_ptr_null(report_format_by_name("tex"));
	ck_assert_ptr_null(report_format_by_name(""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *tcase = tcase_create("report");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, text_tells_the_story_in_order);
	tcase_add_test(tcase, a_stage_is_well_when_all_its_rules_could_look);
	tcase_add_test(tcase, nothing_is_said_twice);
	tcase_add_test(tcase, symptoms_advise_only_when_nothing_explains_them);
	tcase_add_test(tcase, facts_that_say_nothing_are_left_out);
	tcase_add_test(tcase, no_line_is_wider_than_asked);
	tcase_add_test(tcase, colour_only_adds);
	tcase_add_test(tcase, verdicts_are_named);
	tcase_add_test(tcase, long_lists_are_counted);
	tcase_add_test(tcase, markdown_neutralises_markup);
	tcase_add_test(tcase, markdown_fences_commands_that_hold_backticks);
	tcase_add_test(tcase, markdown_has_the_order_of_text);
	tcase_add_test(tcase, json_has_the_verdict);
	tcase_add_test(tcase, json_has_window_and_stages);
	tcase_add_test(tcase, json_tells_unknown_from_zero);
	tcase_add_test(tcase, json_survives_hostile_names);
	tcase_add_test(tcase, times_outside_the_era_are_unknown);
	tcase_add_test(tcase, formats_are_found_by_name);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
