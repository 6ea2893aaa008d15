/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include "base/cleanup.h"
#include "bundle/bundle.h"
#include "evidence/json.h"
#include "stage/funnel.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RAW_BYTES_MAX ((size_t)12 << 20) /* of /proc text kept for the bundle */
#define SECONDS_LEAST 1
#define SECONDS_MOST 3600

enum {
	OPT_NO_BUNDLE = OPT_OWN,
	OPT_FULL,
	OPT_KEEP_TRACE,
	OPT_STAGE,
	OPT_ROOT,
	OPT_MAX_EVENTS,
	OPT_CALL_GRAPH,
	OPT_COST,
};

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "no-bundle", no_argument, NULL, OPT_NO_BUNDLE },
	{ "duration", required_argument, NULL, 'd' },
	{ "full", no_argument, NULL, OPT_FULL },
	{ "stage", required_argument, NULL, OPT_STAGE },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "keep-trace", no_argument, NULL, OPT_KEEP_TRACE },
	{ "max-events", required_argument, NULL, OPT_MAX_EVENTS },
	{ "call-graph", required_argument, NULL, OPT_CALL_GRAPH },
	{ "cost", required_argument, NULL, OPT_COST },
	REPORT_LONG_OPTIONS,
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: triage run [OPTIONS]\n"
	"\n"
	"  -o, --output FILE    save the bundle here (default: triage-HOST-TIME.tar.zst in this folder)\n"
	"  --no-bundle          save none\n"
	"  -d, --duration SECS  budget of all stages together (default 10); an idle host needs less\n"
	"  --full               run every stage, asked for by a rule or not\n"
	"  --stage LIST         only these stages, as in vmstat,top\n"
	"  --keep-trace         keep the scheduler's events in the bundle, as a perf.data file\n"
	"  --max-events N       end a stage early after that many kernel events\n"
	"  --cost PERCENT       of all CPUs' time, that watching the scheduler may take (default 3; 100: no bound)\n"
	"  --call-graph HOW     callers by fp (frame pointers), dwarf, or auto (default)\n"
	"  --root DIR           read a recorded tree of /proc and /sys instead of this host\n" REPORT_HELP
	"\n"
	"exit: 0 healthy, 1 findings, 2 usage or input, 3 inconclusive, 130 interrupted\n";

static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number)
{
	(void)signal_number;
	stop_requested = 1;
}

struct run {
	struct report_options report;
	struct funnel_options funnel;
	struct bundle_target target;
	const char *root;
	bool no_bundle;
	struct bundle_writer *writer;
};

static int parse_seconds(const char *text, double *ret, struct err *err)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= SECONDS_LEAST && seconds <= SECONDS_MOST))
		return err_set(err, -EINVAL, "-d: \"%s\" is not a number of seconds from %d to %d",
			       text, SECONDS_LEAST, SECONDS_MOST);
	*ret = seconds;
	return 0;
}

static int parse_stages(const char *list, unsigned *ret, struct err *err)
{
	struct span rest = span_of(list), name;
	unsigned stages = 0;
	char text[32];

	do {
		enum stage_id stage;

		if (!span_until(&rest, ',', &name)) {
			name = rest;
			rest.p = rest.end;
		}
		span_copy(name, text, sizeof(text));
		stage = stage_by_name(text);
		if (stage == STAGE_TOTAL)
			return err_set(
				err, -EINVAL,
				"--stage: there is no \"%s\"; use vmstat, top, perf, sched, locate",
				text);
		stages |= 1U << stage;
	} while (span_len(rest));
	*ret = stages;
	return 0;
}

static int parse_events(const char *text, uint64_t *ret, struct err *err)
{
	struct span rest = span_of(text);
	uint64_t events;

	if (!span_u64(&rest, &events) || span_len(rest) || !events)
		return err_set(err, -EINVAL, "--max-events: \"%s\" is not a number above 0", text);
	*ret = events;
	return 0;
}

static int parse_cost(const char *text, double *ret, struct err *err)
{
	char *end;
	double pct = strtod(text, &end);

	if (end == text || *end || !(pct > 0 && pct <= 100))
		return err_set(err, -EINVAL,
			       "--cost: \"%s\" is not a percentage above 0, up to 100", text);
	*ret = pct;
	return 0;
}

static int parse_call_graph(const char *text, enum call_graph *ret, struct err *err)
{
	static const char *const names[] = {
		[CALL_GRAPH_AUTO] = "auto",
		[CALL_GRAPH_FP] = "fp",
		[CALL_GRAPH_DWARF] = "dwarf",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum call_graph)i;
			return 0;
		}
	}
	return err_set(err, -EINVAL, "--call-graph: there is no \"%s\"; use fp, dwarf or auto",
		       text);
}

static int take_option(void *context, int option, const char *argument, struct err *err)
{
	struct run *run = context;

	switch (option) {
	case 'o':
		run->target.path = argument;
		return 0;
	case OPT_NO_BUNDLE:
		run->no_bundle = true;
		return 0;
	case 'd':
		return parse_seconds(argument, &run->funnel.seconds, err);
	case OPT_KEEP_TRACE:
		run->funnel.keep_trace = true;
		return 0;
	case OPT_FULL:
		run->funnel.full = true;
		return 0;
	case OPT_STAGE:
		return parse_stages(argument, &run->funnel.stages, err);
	case OPT_MAX_EVENTS:
		return parse_events(argument, &run->funnel.events_max, err);
	case OPT_COST:
		return parse_cost(argument, &run->funnel.cost_max_pct, err);
	case OPT_CALL_GRAPH:
		return parse_call_graph(argument, &run->funnel.call_graph, err);
	default:
		run->root = argument; /* OPT_ROOT */
		return 0;
	}
}

/* 0, or an exit code plus one when the command ends here. */
static int parse(int argc, char **argv, struct run *run)
{
	const struct report_arguments arguments = {
		.long_options = long_options,
		.short_options = "o:d:" REPORT_SHORT_OPTIONS,
		.usage = usage,
		.take = take_option,
		.context = run,
	};
	int r = report_options_parse(&run->report, &arguments, argc, argv);

	if (r)
		return r;
	if (optind < argc)
		return cmd_fail("run: what is \"%s\"? (triage run --help)", argv[optind]) + 1;
	if (run->funnel.keep_trace && run->no_bundle)
		return cmd_fail("run: --keep-trace keeps it in the bundle: not with --no-bundle") +
		       1;
	return 0;
}

static void watch_signals(void)
{
	struct sigaction action = { .sa_handler = request_stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN); /* a closed pager is a write error */
}

static void show_progress(void *context, const char *stage, double seconds)
{
	(void)context;
	fprintf(stderr, "\r\033[Ktriage: %s, %.1f s ...", stage, seconds);
}

static void clear_progress(const struct run *run)
{
	if (run->funnel.progress)
		fputs("\r\033[K", stderr);
}

static int record_raw(void *context, const char *path, const char *bytes, size_t len)
{
	struct bundle_writer *writer = context;
	char name[512];
	int needed = snprintf(name, sizeof(name), "raw/%s", path);

	if (needed < 0 || (size_t)needed >= sizeof(name))
		return 0;
	return bundle_add(writer, name, bytes, len);
}

static int keep_file(void *context, const char *name, const char *bytes, size_t len)
{
	struct run *run = context;

	return bundle_add(run->writer, name, bytes, len);
}

static int open_root(struct run *run, struct procroot **ret, struct err *err)
{
	int r;

	if (run->root)
		r = procroot_open_recorded(run->root, ret, err);
	else
		r = procroot_open_live(&stop_requested, ret, err);
	if (r < 0 || run->no_bundle)
		return r;
	r = bundle_writer_new(RAW_BYTES_MAX, &run->writer);
	if (r == 0) {
		run->funnel.keep = keep_file;
		run->funnel.redact = run->report.redact;
		run->funnel.context = run;
	}
	if (r == 0 && !run->report.redact)
		procroot_set_recorder(*ret, record_raw, run->writer);
	return r;
}

/* The evidence of this run; 0, -EINTR with what there is, or an error. */
static int collect(struct run *run, struct evidence *evidence, struct err *err)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	int r, named = 0;

	r = open_root(run, &root, err);
	if (r < 0)
		return r;
	r = funnel_run(root, &run->funnel, evidence, err);
	clear_progress(run);
	if (run->report.redact)
		named = evidence_set_text(evidence, METRIC_host_name, "redacted");
	if (run->writer && bundle_dropped(run->writer))
		evidence_add_caveat(
			evidence, "the bundle's raw text is not complete: %llu files were left out",
			(unsigned long long)bundle_dropped(run->writer));
	return named < 0 ? named : r;
}

/* The files of the user who called sudo belong to that user. */
static void set_owner(struct bundle_target *target)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

	target->uid = uid && geteuid() == 0 ? (uid_t)strtoul(uid, NULL, 10) : (uid_t)-1;
	target->gid = gid && geteuid() == 0 ? (gid_t)strtoul(gid, NULL, 10) : (gid_t)-1;
}

static int add_documents(struct run *run, const struct ruleset *rules,
			 const struct evidence *evidence, const struct judgement *judgement)
{
	_cleanup_(str_free) struct str facts = { 0 }, report_text = { 0 };
	struct report report = {
		.rules = rules,
		.evidence = evidence,
		.judgement = judgement,
		.tool_version = TRIAGE_VERSION,
	};
	int r;

	r = evidence_to_json(evidence, &facts);
	if (r == 0)
		r = report_json(&report, &report_text);
	if (r == 0)
		r = bundle_add(run->writer, "evidence.json", str_text(&facts), facts.len);
	if (r == 0)
		r = bundle_add(run->writer, "report.json", str_text(&report_text), report_text.len);
	return r;
}

/* After the report: a sick disk may keep this waiting. The diagnosis stands without it, so only a
 * file that was asked for makes its loss a failure. */
static int save_bundle(struct run *run, const struct ruleset *rules,
		       const struct evidence *evidence, const struct judgement *judgement)
{
	_cleanup_(cleanup_free) char *path = NULL;
	struct value host = evidence_get(evidence, METRIC_host_name);
	double created_s = evidence_number(evidence, METRIC_host_time_unix_s);
	struct bundle_info info = {
		.version = TRIAGE_VERSION,
		.host = host.kind == VALUE_TEXT ? host.text : "unknown",
		.created_unix_s = isnan(created_s) ? 0 : (int64_t)created_s,
	};
	struct err err = { "" };
	int r;

	set_owner(&run->target);
	r = add_documents(run, rules, evidence, judgement);
	if (r == 0)
		r = bundle_save(run->writer, &info, &run->target, &path, &err);
	if (r < 0) {
		cmd_fail("the bundle was not saved: %s", err.msg[0] ? err.msg : strerror(-r));
		return run->target.path ? r : 0;
	}
	if (!run->report.quiet)
		fprintf(stderr, "triage: saved %s\n", path);
	return 0;
}

static int explain_and_save(struct run *run, struct evidence *evidence, bool interrupted)
{
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	_cleanup_(str_free) struct str text = { 0 };
	struct err err = { "" };
	int code, saved = 0;

	if (cmd_explain_evidence(run->funnel.rules, evidence, &run->report, &text, &judgement,
				 &err) < 0)
		return cmd_fail("%s", err.msg);
	code = cmd_print(&text, cmd_exit_code(judgement, &run->report));
	if (run->writer)
		saved = save_bundle(run, run->funnel.rules, evidence, judgement);
	if (code == EXIT_USAGE || saved < 0)
		return EXIT_USAGE;
	return interrupted ? EXIT_INTERRUPTED : code;
}

static int run_with_rules(struct run *run)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	struct err err = { "" };
	int r;

	if (isatty(STDERR_FILENO) && !run->report.quiet)
		run->funnel.progress = show_progress;
	r = evidence_new(&evidence);
	if (r == 0)
		r = collect(run, evidence, &err);
	if (r < 0 && r != -EINTR)
		return cmd_fail("%s", err.msg[0] ? err.msg : strerror(-r));
	return explain_and_save(run, evidence, r == -EINTR);
}

int cmd_run(int argc, char **argv)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	struct run run = { .funnel.stop = &stop_requested };
	struct err err = { "" };
	int r;

	report_options_init(&run.report);
	r = parse(argc, argv, &run);
	if (r)
		return r - 1;
	watch_signals();
	if (cmd_load_rules(run.report.rules_dir, &rules, &err) < 0)
		return cmd_fail("%s", err.msg);
	run.funnel.rules = rules;
	r = run_with_rules(&run);
	bundle_writer_free(run.writer);
	return r;
}
