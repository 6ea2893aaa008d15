/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include "base/cleanup.h"
#include "report/diff.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct option long_options[] = { REPORT_LONG_OPTIONS, { NULL, 0, NULL, 0 } };

static const char usage[] =
	"usage: triage diff BEFORE AFTER [OPTIONS]\n"
	"\n"
	"What is gone, milder, worse and new, cause by cause, with the numbers that decide. Each of the\n"
	"two is anything that `triage explain` takes; both are judged by the same rules, those of now.\n"
	"\n" REPORT_HELP "\n"
	"exit: 0 nothing is new or worse, 1 something is (from --fail-on), 2 usage or input\n";

/* One of the two. */
struct side {
	struct evidence *evidence;
	struct judgement *judgement;
	struct report report;
};

static void side_free(struct side *side)
{
	judgement_free(side->judgement);
	evidence_free(side->evidence);
}

static int side_load(char **name, const struct ruleset *rules, const struct report_options *options,
		     struct side *side, struct err *err)
{
	const struct inputs inputs = { .names = name, .count = 1 };
	int r = cmd_load_inputs(&inputs, rules, &side->evidence, err);

	if (r == 0 && options->redact)
		r = evidence_set_text(side->evidence, METRIC_host_name, "redacted");
	if (r == 0)
		r = cmd_judge(rules, side->evidence, &side->judgement, err);
	if (r < 0)
		return r;
	side->report = (struct report){
		.rules = rules,
		.evidence = side->evidence,
		.judgement = side->judgement,
		.tool_version = TRIAGE_VERSION,
	};
	return 0;
}

/* 0, or an exit code plus one when the command ends here. */
static int parse(int argc, char **argv, struct report_options *options)
{
	const struct report_arguments arguments = {
		.long_options = long_options,
		.short_options = REPORT_SHORT_OPTIONS,
		.usage = usage,
	};
	int r = report_options_parse(options, &arguments, argc, argv);

	if (r == 0 && argc - optind != 2)
		r = cmd_fail("diff: name two bundles, before and after (triage diff --help)") + 1;
	return r;
}

static int write_diff(const struct diff *diff, const struct report_options *options,
		      struct str *out)
{
	if (strcmp(options->format->name, "json") == 0)
		return diff_json(diff, out);
	if (strcmp(options->format->name, "md") == 0)
		return diff_markdown(diff, &options->style, out);
	if (strcmp(options->format->name, "html") == 0)
		return diff_html(diff, &options->style, out);
	return diff_text(diff, &options->style, out);
}

static int compare(const struct side *before, const struct side *after,
		   const struct report_options *options)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(diff_free) struct diff diff = { 0 };
	int r = diff_make(&before->report, &after->report, &diff);

	if (r == 0)
		r = write_diff(&diff, options, &text);
	if (r < 0)
		return cmd_fail("writing the difference: %s", strerror(-r));
	return cmd_print(&text, !options->exit_zero && diff_reaches(&diff, options->fail_on) ?
					EXIT_FINDINGS :
					EXIT_HEALTHY);
}

int cmd_diff(int argc, char **argv)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	_cleanup_(side_free) struct side before = { 0 }, after = { 0 };
	struct report_options options;
	struct err err = { "" };
	int r;

	report_options_init(&options);
	r = parse(argc, argv, &options);
	if (r)
		return r - 1;
	r = cmd_load_rules(options.rules_dir, &rules, &err);
	if (r == 0)
		r = side_load(&argv[optind], rules, &options, &before, &err);
	if (r == 0)
		r = side_load(&argv[optind + 1], rules, &options, &after, &err);
	if (r < 0)
		return cmd_fail("%s", err.msg[0] ? err.msg : strerror(-r));
	return compare(&before, &after, &options);
}
