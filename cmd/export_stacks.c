/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "export.h"
#include "rule/symbols.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define STACKS_PREFIX "stacks/"
#define STACKS_SUFFIX ".folded"

/* The files of a bundle, and which stage keeps them. */
static const struct kept {
	const char *name;
	enum stage_id stage;
	const char *command;
} on_cpu = { "on-cpu", STAGE_perf, "triage run --stage vmstat,top,perf" },
  off_cpu = { "off-cpu", STAGE_locate, "triage run --full" },
  wakeup = { "wakeup", STAGE_locate, "triage run --full" };

/* What a view is made of. */
static const struct source {
	const char *view;
	const struct kept *kept, *beside;
	bool faults_only;
} sources[] = {
	{ "on-cpu", &on_cpu, NULL, false },	{ "off-cpu", &off_cpu, NULL, false },
	{ "wakeup", &wakeup, NULL, false },	{ "hot-cold", &on_cpu, &off_cpu, false },
	{ "page-faults", &on_cpu, NULL, true },
};

static const struct source *source_of(const char *view)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (strcmp(sources[i].view, view) == 0)
			return &sources[i];
	return NULL;
}

bool export_knows_view(const char *name)
{
	return source_of(name);
}

struct stacks_export {
	const struct export *export;
	const struct bundle *bundle;
	const struct evidence *evidence; /* NULL: none that we can read */
	const struct ruleset *rules;
	const struct source *source;
	struct flame flame;
};

/* ---- what the bundle has --------------------------------------------------------------------- */

/* "off-cpu, wakeup" */
static void list_kept(const struct bundle *bundle, struct str *out)
{
	for (size_t i = 0; i < bundle_files(bundle); i++) {
		struct span name = span_of(bundle_file_name(bundle, i));
		size_t suffix = strlen(STACKS_SUFFIX);

		if (!span_starts(name, STACKS_PREFIX))
			continue;
		name.p += strlen(STACKS_PREFIX);
		if (span_len(name) <= suffix || strcmp(name.end - suffix, STACKS_SUFFIX) != 0)
			continue;
		str_format(out, "%s%.*s", out->len ? ", " : "", (int)(span_len(name) - suffix),
			   name.p);
	}
}

static int tell_missing(const struct stacks_export *job, const struct kept *kept, struct err *err)
{
	_cleanup_(str_free) struct str has = { 0 }, stage = { 0 };

	list_kept(job->bundle, &has);
	export_tell_stage(job->evidence, kept->stage, &stage);
	return err_set(err, -ENOENT,
		       "%s has no %s stacks; it has %s. The %s stage makes them: `%s`%s",
		       quote(job->export->input).text, kept->name,
		       has.len ? quote(has.data).text : "none", stage_name(kept->stage),
		       kept->command, str_text(&stage));
}

static int load_kept(const struct stacks_export *job, const struct kept *kept, struct folded **ret,
		     struct err *err)
{
	char name[64];
	const char *bytes;
	size_t len;
	int r;

	snprintf(name, sizeof(name), STACKS_PREFIX "%s" STACKS_SUFFIX, kept->name);
	if (!bundle_find(job->bundle, name, &bytes, &len))
		return tell_missing(job, kept, err);
	r = folded_parse(bytes, len, ret, err);
	if (r < 0)
		return err_prefix(err, r, "%s: %s", quote(job->export->input).text, name);
	/* what was asked for, whatever a file without header or with another one says */
	snprintf((*ret)->view, sizeof((*ret)->view), "%s", kept->name);
	return 0;
}

/* ---- views that are made of others ------------------------------------------------------------- */

static struct symbol_meaning meaning_of(const struct ruleset *rules, struct span name, bool kernel)
{
	char function[1024];

	span_copy(name, function, sizeof(function));
	return rule_symbol_meaning(rules, function, "", kernel);
}

static bool is_page_fault(const void *context, const struct folded_node *node, bool leaf)
{
	struct symbol_meaning meaning;

	if (!node->kernel)
		return false;
	meaning = meaning_of(context, node->name, true);
	return (meaning.classes | (leaf ? meaning.leaf_classes : 0)) & CLASS_BIT(page_fault);
}

static int select_faults(struct stacks_export *job, struct folded **stacks, struct err *err)
{
	_cleanup_(folded_freep) struct folded *all = TAKE_PTR(*stacks);

	job->flame.whole = folded_node(all, FOLDED_ROOT)->total;
	return folded_select(all, "page-faults", is_page_fault, job->rules, stacks, err);
}

static int join_cold(struct stacks_export *job, struct folded **stacks, struct err *err)
{
	_cleanup_(folded_freep) struct folded *hot = TAKE_PTR(*stacks), *cold = NULL;
	int r = load_kept(job, job->source->beside, &cold, err);

	return r < 0 ? r : folded_join(hot, cold, stacks, err);
}

static int load_view(struct stacks_export *job, struct folded **ret, struct err *err)
{
	int r = load_kept(job, job->source->kept, ret, err);

	if (r == 0 && job->source->beside)
		r = join_cold(job, ret, err);
	if (r == 0 && job->source->faults_only)
		r = select_faults(job, ret, err);
	return r;
}

/* ---- what is told beside the stacks ------------------------------------------------------------- */

static const char *text_of(const struct evidence *evidence, enum metric_id id)
{
	struct value value = evidence_get(evidence, id);

	return value.kind == VALUE_TEXT ? value.text : NULL;
}

static void take_facts(struct stacks_export *job)
{
	const struct evidence *evidence = job->evidence;
	const struct source *source = job->source;
	struct flame *flame = &job->flame;

	if (!evidence)
		return;
	flame->host = text_of(evidence, METRIC_host_name);
	flame->start_unix_s = evidence_number(evidence, METRIC_host_time_unix_s);
	flame->cpus = evidence_number(evidence, METRIC_host_usable_cpus);
	flame->window_s = evidence_stage(evidence, source->kept->stage)->duration_s;
	if (source->beside)
		flame->cold_window_s = evidence_stage(evidence, source->beside->stage)->duration_s;
	if (source->kept != &on_cpu || source->beside)
		return;
	flame->clock = text_of(evidence, METRIC_perf_clock);
	flame->samples = evidence_number(evidence, METRIC_perf_samples);
}

static uint64_t classes_of(const void *context, const char *function, bool kernel)
{
	const struct symbol_meaning meaning = rule_symbol_meaning(context, function, "", kernel);

	return meaning.classes | meaning.leaf_classes;
}

static int write_stacks(struct stacks_export *job, struct output *output, struct err *err)
{
	_cleanup_(folded_freep) struct folded *stacks = NULL;
	_cleanup_(str_free) struct str text = { 0 };
	int r;

	take_facts(job);
	r = load_view(job, &stacks, err);
	if (r < 0)
		return r;
	job->flame.stacks = stacks;
	r = job->export->format->write(&job->flame, &text);
	return r < 0 ? r : output_write(output, str_text(&text), text.len);
}

int export_stacks(const struct export *export, struct output *output, struct err *err)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	struct stacks_export job = {
		.export = export,
	};
	int r;

	r = cmd_load_rules(NULL, &rules, err);
	if (r == 0)
		r = export_load_bundle(export->input, &bundle, err);
	if (r < 0)
		return r;
	evidence = export_load_evidence(bundle);
	job.bundle = bundle;
	job.evidence = evidence;
	job.rules = rules;
	job.source = source_of(export->view ? export->view : "on-cpu");
	job.flame = (struct flame){
		.tool_version = TRIAGE_VERSION,
		.start_unix_s = NAN,
		.window_s = NAN,
		.samples = NAN,
		.cpus = NAN,
		.classes = classes_of,
		.context = rules,
	};
	return write_stacks(&job, output, err);
}
