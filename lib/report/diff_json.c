/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/diff.h"

#include "base/cleanup.h"
#include "report/json_build.h"
#include "report/view.h"

static void put_side(struct json *json, const char *key, const struct report *report)
{
	const struct verdict *verdict = &report->judgement->verdict;
	cJSON *item = json_put_object(json, json->root, key);
	_cleanup_(str_free) struct str start = { 0 };

	json_put_text(json, item, "status", verdict_status_name(verdict->status));
	json_put_text(json, item, "headline", verdict->headline);
	json_put_number(json, item, "confidence", verdict->confidence);
	json_put_value(json, item, "host", evidence_get(report->evidence, METRIC_host_name));
	if (view_time(&start, evidence_number(report->evidence, METRIC_host_time_unix_s)))
		json_put_text(json, item, "start", str_text(&start));
	else
		json_put_text(json, item, "start", NULL);
}

static void put_finding(struct json *json, cJSON *parent, const char *key,
			const struct finding *finding)
{
	cJSON *item;

	if (!finding) {
		json_put_text(json, parent, key, NULL);
		return;
	}
	item = json_put_object(json, parent, key);
	json_put_text(json, item, "rule", finding->rule->id);
	json_put_text(json, item, "severity", severity_name(finding->severity));
	json_put_text(json, item, "say", view_say(finding));
	json_put_text(json, item, "fingerprint", finding->fingerprint);
}

static void put_numbers(struct json *json, cJSON *parent, const struct change *change)
{
	cJSON *array = json_put_array(json, parent, "numbers");

	vec_each(number, &change->numbers) {
		cJSON *item = json_push_object(json, array);

		json_put_text(json, item, "metric", number->metric);
		json_put_text(json, item, "unit", unit_name(number->unit));
		json_put_value(json, item, "before", number->before);
		json_put_value(json, item, "after", number->after);
	}
}

static void put_change(struct json *json, cJSON *array, const struct change *change)
{
	const struct finding *finding = change->after ? change->after : change->before;
	cJSON *item = json_push_object(json, array);

	json_put_text(json, item, "change", change_kind_name(change->kind));
	json_put_text(json, item, "cause", finding->rule->cause);
	json_put_subject(json, item, &finding->subject);
	put_finding(json, item, "before", change->before);
	put_finding(json, item, "after", change->after);
	put_numbers(json, item, change);
}

int diff_json(const struct diff *diff, struct str *out)
{
	_cleanup_(json_free) struct json json = { .root = cJSON_CreateObject() };
	cJSON *changes;

	json_put_text(&json, json.root, "schema", "triage-diff/1");
	json_put_text(&json, json.root, "result", diff_result_name(diff->result));
	put_side(&json, "before", diff->before);
	put_side(&json, "after", diff->after);
	changes = json_put_array(&json, json.root, "changes");
	vec_each(change, &diff->changes)
		put_change(&json, changes, change);
	return json_print(&json, out);
}
