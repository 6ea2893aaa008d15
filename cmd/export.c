/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "base/span.h"
#include "evidence/json.h"
#include "export.h"

#include <string.h>
#include <unistd.h>

enum {
	OPT_AS = OPT_OWN,
	OPT_VIEW,
	OPT_MAX_EVENTS,
};

static const struct option long_options[] = {
	{ "as", required_argument, NULL, OPT_AS },
	{ "view", required_argument, NULL, OPT_VIEW },
	{ "max-events", required_argument, NULL, OPT_MAX_EVENTS },
	{ "output", required_argument, NULL, 'O' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

#define FORMATS "folded, svg, speedscope, chrome-trace, perf-script or perf.data"

static const char usage[] =
	"usage: triage export BUNDLE|perf.data|- --as FORMAT [OPTIONS]\n"
	"\n"
	"  --as FORMAT          stacks: folded (a stack per line), svg (flame graph for a browser),\n"
	"                       speedscope (JSON for speedscope.app); the scheduler's timeline, of\n"
	"                       a perf.data file or what a bundle keeps: chrome-trace (JSON for\n"
	"                       ui.perfetto.dev or chrome://tracing) or perf-script (text);\n"
	"                       perf.data: what `triage run --keep-trace` recorded, for perf\n"
	"                       and Hotspot\n"
	"  --view VIEW          on-cpu, off-cpu, wakeup, hot-cold (on-cpu and off-cpu side by side)\n"
	"                       or page-faults (default on-cpu)\n"
	"  --max-events N       of a timeline: end it after that many events (chrome-trace: 500000)\n"
	"  -O, --output FILE    write this file instead of standard output\n";

static const struct export_kind kinds[] = {
	{ "chrome-trace", false, export_chrome_trace },
	{ "perf.data", false, export_perf_data },
	{ "perf-script", true, export_perf_script },
};

static int take_kind(struct export *export, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0) {
			export->kind = kinds[i];
			return 0;
		}
	export->format = flame_format_by_name(name);
	if (!export->format)
		return cmd_fail("--as: there is no %s; use " FORMATS, quote(name).text) + 1;
	export->kind = (struct export_kind){ name, export->format->for_people, export_stacks };
	return 0;
}

static int take_events(struct export *export, const char *text)
{
	struct span rest = span_of(text);

	if (!span_u64(&rest, &export->events_max) || span_len(rest) || !export->events_max)
		return cmd_fail("--max-events: %s is not a number above 0", quote(text).text) + 1;
	return 0;
}

static int take_view(struct export *export, const char *name)
{
	if (!export_knows_view(name))
		return cmd_fail("--view: there is no %s; use " EXPORT_VIEWS, quote(name).text) + 1;
	export->view = name;
	return 0;
}

static int check_complete(struct export *export, int argc, char **argv)
{
	if (optind == argc)
		return cmd_fail("export: name a bundle (triage export --help)") + 1;
	if (optind + 1 < argc)
		return cmd_fail("export: one input at a time; %s is one too many",
				quote(argv[optind + 1]).text) +
		       1;
	if (!export->kind.write)
		return cmd_fail("export: say what as: --as " FORMATS) + 1;
	if (!export->output && !export->kind.for_people && isatty(STDOUT_FILENO))
		return cmd_fail("export: %s is not for a terminal; name a file with -O FILE",
				export->kind.name) +
		       1;
	if (export->view && !export->format)
		return cmd_fail("export: --view is of stacks; %s has none", export->kind.name) + 1;
	export->input = argv[optind];
	return 0;
}

/* 0, or an exit code plus one when the command ends here. */
static int parse(int argc, char **argv, struct export *export)
{
	int option, r = 0;

	while ((option = getopt_long(argc, argv, "O:h", long_options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return EXIT_HEALTHY + 1;
		}
		if (option == OPT_AS)
			r = take_kind(export, optarg);
		else if (option == OPT_VIEW)
			r = take_view(export, optarg);
		else if (option == OPT_MAX_EVENTS)
			r = take_events(export, optarg);
		else if (option == 'O')
			export->output = optarg;
		else
			return EXIT_USAGE + 1;
		if (r)
			return r;
	}
	return check_complete(export, argc, argv);
}

int export_load_bundle(const char *path, struct bundle **ret, struct err *err)
{
	if (strcmp(path, "-") == 0)
		return bundle_load_fd(STDIN_FILENO, "standard input", 0, ret, err);
	return bundle_load(path, 0, ret, err);
}

struct evidence *export_load_evidence(const struct bundle *bundle)
{
	struct evidence *evidence = NULL;
	struct err err = { "" };
	const char *bytes;
	size_t len;

	if (!bundle_find(bundle, "evidence.json", &bytes, &len) ||
	    evidence_from_json(bytes, len, &evidence, &err) < 0)
		return NULL;
	return evidence;
}

void export_tell_stage(const struct evidence *evidence, enum stage_id stage, struct str *out)
{
	static const char *const states[] = {
		[STAGE_UNAVAILABLE] = "it was unavailable",
		[STAGE_SKIPPED] = "it was skipped",
		[STAGE_DEGRADED] = "it ran degraded",
		[STAGE_OK] = "it ran, and kept none",
	};
	const struct stage_record *record;

	if (!evidence)
		return;
	record = evidence_stage(evidence, stage);
	str_format(out, " (%s%s%s)", states[record->status], record->reason ? ": " : "",
		   record->reason ? record->reason : "");
}

int cmd_export(int argc, char **argv)
{
	_cleanup_(output_drop) struct output output = { 0 };
	struct export export = { 0 };
	struct err err = { "" };
	int r;

	r = parse(argc, argv, &export);
	if (r)
		return r - 1;
	r = output_open(export.output, &output, &err);
	if (r == 0)
		r = export.kind.write(&export, &output, &err);
	if (r == 0)
		r = output_commit(&output, &err);
	if (r < 0)
		return cmd_fail("%s", err.msg[0] ? err.msg : strerror(-r));
	return EXIT_HEALTHY;
}
