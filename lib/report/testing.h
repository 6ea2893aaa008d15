/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of lib/report share: a judgement built by hand, what must hold for any text. */
#ifndef TRIAGE_REPORT_TESTING_H
#define TRIAGE_REPORT_TESTING_H

#include "base/cleanup.h"
#include "base/text.h"
#include "report/layout.h"
#include "report/report.h"

#include <check.h>
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

static inline struct fact make_fact(const char *metric, enum unit unit, double value,
				    double threshold)
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

static inline struct finding make_finding(const struct rule *rule, const char *id,
					  enum severity severity, const char *name)
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

static inline void set_up_evidence(struct fixture *f, const char *name)
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

static inline void set_up_rules(struct fixture *f)
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

static inline void set_up_findings(struct fixture *f, const char *name)
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

static inline void set_up_rest(struct fixture *f, const char *name)
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

static inline void set_up(struct fixture *f, const char *name)
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

static inline void tear_down(struct fixture *f)
{
	evidence_free(f->evidence);
}

static inline void render(const struct fixture *f, const char *format, int columns, struct str *out)
{
	struct report_style style = { .columns = columns };

	ck_assert_int_eq(report_format_by_name(format)->write(&f->report, &style, out), 0);
	ck_assert_uint_gt(out->len, 0);
	ck_assert_int_eq(out->data[out->len - 1], '\n');
}

/* Lines of the text that are wider than `columns` and not a command; lines that end with a blank.
 * */
static inline int count_bad_lines(const struct str *text, int columns)
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

static inline void assert_order(const char *text, const char *const *pieces)
{
	for (const char *at = text; *pieces; pieces++) {
		at = strstr(at, *pieces);
		ck_assert_msg(at != NULL, "`%s` is missing or out of order in\n%s", *pieces, text);
	}
}

#endif
