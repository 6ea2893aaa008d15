/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "report/json_build.h"
#include "report/view.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <string.h>

static void put_metric(struct json *json, cJSON *object, const char *key,
		       const struct report *report, enum metric_id id)
{
	json_put_value(json, object, key, evidence_get(report->evidence, id));
}

/* ---- findings ---- */

static void put_facts(struct json *json, cJSON *object, const struct facts *facts)
{
	cJSON *array = json_put_array(json, object, "evidence");

	vec_each(fact, facts) {
		cJSON *item = json_push_object(json, array);

		json_put_text(json, item, "metric", fact->metric);
		json_put_value(json, item, "value", fact->value);
		json_put_text(json, item, "unit", unit_name(fact->unit));
		json_put_text(json, item, "op", op_name(fact->op));
		json_put_value(json, item, "threshold", fact->threshold);
		json_put_text(json, item, "origin", fact->origin);
		json_put_text(json, item, "command", fact->command);
	}
}

static void put_finding(struct json *json, cJSON *array, const struct finding *finding)
{
	cJSON *item = json_push_object(json, array);

	json_put_text(json, item, "id", finding->id);
	json_put_text(json, item, "rule", finding->rule->id);
	json_put_text(json, item, "cause", finding->rule->cause);
	json_put_text(json, item, "role", role_name(finding->rule->role));
	json_put_text(json, item, "severity", severity_name(finding->severity));
	json_put_number(json, item, "confidence", finding->confidence);
	json_put_subject(json, item, &finding->subject);
	json_put_text(json, item, "say", view_say(finding));
	json_put_text(json, item, "means", finding->means);
	json_put_strings(json, item, "remedy", &finding->remedy);
	put_facts(json, item, &finding->facts);
	json_put_text(json, item, "fingerprint", finding->fingerprint);
}

static void put_findings(struct json *json, const struct report *report)
{
	cJSON *array = json_put_array(json, json->root, "findings");

	vec_each(finding, &report->judgement->findings)
		put_finding(json, array, finding);
}

/* ---- verdict ---- */

static void put_share(struct json *json, cJSON *item, const struct report *report,
		      const struct finding *finding)
{
	struct subject subject = view_subject(report, finding);

	json_put_text(json, item, "cause", finding->rule->cause);
	json_put_text(json, item, "finding", finding->id);
	json_put_known_number(json, item, "share_pct", finding->share_pct);
	if (isfinite(finding->share_pct))
		json_put_known_text(json, item, "share_of", finding->rule->share_of);
	json_put_subject(json, item, &subject);
}

static const char *const standing_names[] = {
	[STANDING_PRIMARY] = "primary",	    [STANDING_SECONDARY] = "secondary",
	[STANDING_AMPLIFIER] = "amplifier", [STANDING_TRIGGER] = "trigger",
	[STANDING_EFFECT] = "effect",	    [STANDING_ASIDE] = "aside",
};

static bool contributes(const struct chain_node *node)
{
	return node->standing == STANDING_SECONDARY || node->standing == STANDING_AMPLIFIER ||
	       node->standing == STANDING_TRIGGER;
}

static void put_contributing(struct json *json, cJSON *verdict, const struct report *report)
{
	cJSON *array = json_put_array(json, verdict, "contributing");

	vec_each(node, &report->judgement->chain.nodes) {
		cJSON *item;

		if (!contributes(node))
			continue;
		item = json_push_object(json, array);
		put_share(json, item, report, view_node_finding(report, node));
		json_put_text(json, item, "role", standing_names[node->standing]);
	}
}

static void put_verdict(struct json *json, const struct report *report)
{
	const struct verdict *verdict = &report->judgement->verdict;
	const struct finding *primary = view_primary(report);
	cJSON *item = json_put_object(json, json->root, "verdict");

	json_put_text(json, item, "status", verdict_status_name(verdict->status));
	json_put_text(json, item, "headline", verdict->headline ? verdict->headline : "");
	json_put_number(json, item, "confidence", verdict->confidence);
	if (primary)
		put_share(json, json_put_object(json, item, "primary"), report, primary);
	else
		json_put_text(json, item, "primary", NULL);
	put_contributing(json, item, report);
}

/* ---- the chain ---- */

static const char *node_id(const struct report *report, size_t node)
{
	return view_node_finding(report, &report->judgement->chain.nodes.data[node])->id;
}

static void put_arrow(struct json *json, cJSON *array, const struct report *report,
		      const struct chain_arrow *arrow)
{
	cJSON *item = json_push_object(json, array);

	json_put_text(json, item, "from", node_id(report, arrow->from));
	json_put_text(json, item, "to", node_id(report, arrow->to));
	json_put_text(json, item, "link", arrow->link->id);
	json_put_text(json, item, "say", arrow->say ? arrow->say : "");
	json_put_number(json, item, "strength_pct", arrow->strength_pct);
	json_put_known_text(json, item, "strength_of", arrow->link->strength_of);
	json_put(json, item, "feedback", json_checked(json, cJSON_CreateBool(arrow->feedback)));
	put_facts(json, item, &arrow->facts);
}

static void put_node(struct json *json, cJSON *array, const struct report *report,
		     const struct chain_node *node)
{
	cJSON *item = json_push_object(json, array), *members;

	json_put_text(json, item, "finding", view_node_finding(report, node)->id);
	members = json_put_array(json, item, "findings");
	vec_each(index, &node->findings)
		json_push(json, members,
			  json_text_item(json, report->judgement->findings.data[*index].id));
	json_put_text(json, item, "cause", node->cause);
	json_put_text(json, item, "role", role_name(node->role));
	json_put_text(json, item, "severity", severity_name(node->severity));
	json_put_text(json, item, "standing", standing_names[node->standing]);
	json_put_number(json, item, "share_pct", node->share_pct);
	json_put_number(json, item, "explained_pct", node->explained_pct);
}

static void put_chain(struct json *json, const struct report *report)
{
	const struct chain *chain = &report->judgement->chain;
	cJSON *array = json_put_array(json, json->root, "chain");

	vec_each(arrow, &chain->arrows)
		put_arrow(json, array, report, arrow);
	array = json_put_array(json, json->root, "nodes");
	vec_each(node, &chain->nodes)
		put_node(json, array, report, node);
}

/* ---- stages ---- */

static void put_saw(struct json *json, cJSON *stage_item, const struct report *report,
		    enum stage_id stage)
{
	_cleanup_(view_free_saw) struct saw_texts saw = { 0 };
	cJSON *array = json_put_array(json, stage_item, "saw");

	if (!view_stage_ran(report, stage))
		return;
	if (view_saw(report, stage, &saw) < 0)
		json->failed = true;
	vec_each(line, &saw) {
		_cleanup_(str_free) struct str text = { 0 };
		struct span cells = span_of(line->cells);
		struct span cell;

		while (span_line(&cells, &cell)) {
			str_append(&text, text.len ? "  " : "");
			str_append_bytes(&text, cell.p, span_len(cell));
		}
		json_push(json, array, json_text_item(json, str_text(&text)));
	}
}

static void put_judged(struct json *json, cJSON *stage_item, const struct report *report,
		       enum stage_id stage)
{
	cJSON *array = json_put_array(json, stage_item, "judged");
	const struct finding *finding = view_stage_finding(report, stage, NULL);

	for (; finding; finding = view_stage_finding(report, stage, finding)) {
		_cleanup_(str_free) struct str because = { 0 };
		cJSON *item = json_push_object(json, array);

		view_facts(&because, &finding->facts);
		json_put_text(json, item, "finding", finding->id);
		json_put_text(json, item, "rule", finding->rule->id);
		json_put_text(json, item, "severity", severity_name(finding->severity));
		json_put_text(json, item, "because", str_text(&because));
	}
}

/* How much slower the host switched while the stage watched: nothing when that was not measured. */
static void put_slowdown(struct json *json, cJSON *stage_item, const struct report *report,
			 enum stage_id stage)
{
	static const struct {
		enum metric_id watched_per_s, rest_per_s, fewer_pct;
	} metrics[STAGE_TOTAL] = {
		[STAGE_sched] = { METRIC_sched_host_switches_per_s,
				  METRIC_sched_rest_switches_per_s, METRIC_sched_slowed_pct },
		[STAGE_locate] = { METRIC_locate_host_switches_per_s,
				   METRIC_locate_rest_switches_per_s, METRIC_locate_slowed_pct },
	};
	cJSON *item;

	if ((stage != STAGE_sched && stage != STAGE_locate) ||
	    isnan(evidence_number(report->evidence, metrics[stage].fewer_pct)))
		return;
	item = json_put_object(json, stage_item, "slowdown");
	put_metric(json, item, "watched_per_s", report, metrics[stage].watched_per_s);
	put_metric(json, item, "rest_per_s", report, metrics[stage].rest_per_s);
	put_metric(json, item, "fewer_pct", report, metrics[stage].fewer_pct);
}

static void put_stage(struct json *json, cJSON *array, const struct report *report,
		      enum stage_id stage)
{
	const struct stage_record *record = evidence_stage(report->evidence, stage);
	const struct stage_story *told = &report->rules->stages[stage];
	const struct request *request = view_request(report, stage, NULL);
	cJSON *item = json_push_object(json, array);

	json_put_text(json, item, "name", stage_name(stage));
	json_put_text(json, item, "question", told->question);
	json_put_text(json, item, "status", view_status_name(record->status));
	json_put_text(json, item, "reason", record->reason);
	json_put_text(json, item, "fix", record->fix);
	json_put_text(json, item, "command", told->command);
	put_saw(json, item, report, stage);
	put_slowdown(json, item, report, stage);
	put_judged(json, item, report, stage);
	json_put_text(json, item, "concluded", view_concluded(report, stage));
	json_put_text(json, item, "next", request ? stage_name(request->stage) : NULL);
	json_put_text(json, item, "why", request ? request->why : NULL);
}

static void put_stages(struct json *json, const struct report *report)
{
	cJSON *array = json_put_array(json, json->root, "stages");

	for (int stage = 0; stage < STAGE_TOTAL; stage++)
		put_stage(json, array, report, stage);
}

/* ---- the rest ---- */

static void put_head(struct json *json, const struct report *report)
{
	_cleanup_(str_free) struct str start = { 0 };
	double unix_s = evidence_number(report->evidence, METRIC_host_time_unix_s);
	cJSON *item;

	json_put_text(json, json->root, "schema", "triage-report/1");
	item = json_put_object(json, json->root, "tool");
	json_put_text(json, item, "version", report->tool_version);
	json_put_text(json, item, "rules_sha256", report->rules->sha256);
	item = json_put_object(json, json->root, "host");
	put_metric(json, item, "name", report, METRIC_host_name);
	put_metric(json, item, "kernel", report, METRIC_host_kernel);
	put_metric(json, item, "cpus", report, METRIC_host_cpus_online);
	put_metric(json, item, "usable_cpus", report, METRIC_host_usable_cpus);
	put_metric(json, item, "memory_bytes", report, METRIC_host_memory_bytes);
	put_metric(json, item, "virtualization", report, METRIC_host_virtualization);
	item = json_put_object(json, json->root, "window");
	json_put_text(json, item, "start", view_time(&start, unix_s) ? str_text(&start) : NULL);
	json_put_number(json, item, "duration_s", view_duration_s(report));
}

static void put_ruled_out(struct json *json, const struct report *report)
{
	cJSON *array = json_put_array(json, json->root, "ruled_out");

	vec_each(exclusion, &report->judgement->ruled_out) {
		cJSON *item = json_push_object(json, array);

		json_put_text(json, item, "cause", exclusion->rule->rules_out);
		json_put_text(json, item, "rule", exclusion->rule->id);
		json_put_text(json, item, "say", exclusion->say ? exclusion->say : "");
		put_facts(json, item, &exclusion->facts);
	}
}

static void put_missing(struct json *json, cJSON *array, const char *id,
			const struct strings *missing, const char *fix)
{
	cJSON *item = json_push_object(json, array);

	json_put_text(json, item, "rule", id);
	json_put_strings(json, item, "missing", missing);
	json_put_text(json, item, "fix", fix);
}

static void put_unknown(struct json *json, const struct report *report)
{
	cJSON *array = json_put_array(json, json->root, "unknown");

	vec_each(unknown, &report->judgement->unknown)
		put_missing(json, array, unknown->rule->id, &unknown->missing, unknown->fix);
	vec_each(gap, &report->judgement->chain.gaps)
		put_missing(json, array, gap->link->id, &gap->missing, gap->fix);
}

static void put_help(struct json *json, const struct report *report)
{
	struct view_help help;
	cJSON *item;

	if (!view_help(report, &help))
		return;
	item = json_put_object(json, json->root, "helps_most");
	json_put_text(json, item, "command", help.command);
	json_put_text(json, item, "stage", stage_name(help.stage));
	json_put_number(json, item, "rules", (double)help.rules);
}

static void put_self(struct json *json, const struct report *report)
{
	cJSON *item = json_put_object(json, json->root, "self");
	cJSON *losses;

	put_metric(json, item, "input", report, METRIC_self_input);
	put_metric(json, item, "wall_s", report, METRIC_self_wall_s);
	put_metric(json, item, "cpu_s", report, METRIC_self_cpu_s);
	put_metric(json, item, "cpu_pct_of_host", report, METRIC_self_cpu_pct_of_host);
	put_metric(json, item, "max_rss_bytes", report, METRIC_self_max_rss_bytes);
	put_metric(json, item, "events", report, METRIC_self_events);
	put_metric(json, item, "lost_events", report, METRIC_self_lost_events);
	losses = json_put_array(json, item, "window_losses");
	for (size_t i = 0; i < evidence_caveats(report->evidence); i++)
		json_push(json, losses, json_text_item(json, evidence_caveat(report->evidence, i)));
}

int report_json(const struct report *report, struct str *out)
{
	_cleanup_(json_free) struct json json = { .root = cJSON_CreateObject() };

	put_head(&json, report);
	put_verdict(&json, report);
	put_chain(&json, report);
	put_stages(&json, report);
	put_findings(&json, report);
	put_ruled_out(&json, report);
	put_unknown(&json, report);
	put_help(&json, report);
	put_self(&json, report);
	return json_print(&json, out);
}
