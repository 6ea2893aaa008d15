/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include "base/cleanup.h"
#include "bundle/bundle.h"
#include "evidence/json.h"
#include "source/perf_data.h"
#include "stage/funnel.h"
#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct option long_options[] = { REPORT_LONG_OPTIONS, { NULL, 0, NULL, 0 } };

static const char usage[] =
	"usage: triage explain BUNDLE|DIR|- [OPTIONS]\n"
	"\n"
	"BUNDLE is what `triage run` saved, DIR a recorded tree of /proc and /sys, - a\n"
	"bundle on standard input.\n"
	"\n" REPORT_HELP;

/* 0, or an exit code plus one when the command ends here. */
static int parse(int argc, char **argv, struct report_options *options, const char **ret_input)
{
	struct err err = { "" };
	int option;

	while ((option = getopt_long(argc, argv, REPORT_SHORT_OPTIONS, long_options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return EXIT_HEALTHY + 1;
		}
		if (option == '?')
			return EXIT_USAGE + 1;
		if (report_options_take(options, option, optarg, &err) < 0)
			return cmd_fail("%s", err.msg) + 1;
	}
	if (optind == argc)
		return cmd_fail("explain: name a bundle or a folder (triage explain --help)") + 1;
	if (optind + 1 < argc)
		return cmd_fail("explain: one input at a time; \"%s\" is one too many",
				argv[optind + 1]) +
		       1;
	*ret_input = argv[optind];
	return 0;
}

static int load_bundle(const char *path, struct evidence **ret, struct err *err)
{
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	const char *bytes;
	size_t len;
	int r;

	if (strcmp(path, "-") == 0)
		r = bundle_load_fd(STDIN_FILENO, "standard input", 0, &bundle, err);
	else
		r = bundle_load(path, 0, &bundle, err);
	if (r < 0)
		return r;
	if (!bundle_find(bundle, "evidence.json", &bytes, &len))
		return err_set(err, -EBADMSG, "%s: the bundle has no evidence.json", path);
	r = evidence_from_json(bytes, len, ret, err);
	return r < 0 ? err_prefix(err, r, "%s: evidence.json", path) : 0;
}

static int replay(const char *folder, const struct ruleset *rules, struct evidence **ret,
		  struct err *err)
{
	struct funnel_options options = { .rules = rules };
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	int r;

	r = procroot_open_recorded(folder, &root, err);
	if (r == 0)
		r = evidence_new(&evidence);
	if (r == 0)
		r = funnel_run(root, &options, evidence, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(evidence);
	return 0;
}

static int load_perf_data(const char *path, struct evidence **ret, struct err *err)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	int r;

	r = evidence_new(&evidence);
	if (r == 0)
		r = stage_sched_from_file(path, evidence, err);
	if (r == 0)
		*ret = TAKE_PTR(evidence);
	return r;
}

static bool is_perf_data(const char *path)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char head[16];
	ssize_t len = fd < 0 ? -1 : read(fd, head, sizeof(head));

	return len > 0 && perf_data_looks_like(head, (size_t)len);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* What the input is is told by its content, not its name. */
static int load(const char *input, const struct ruleset *rules, struct evidence **ret,
		struct err *err)
{
	if (is_folder(input))
		return replay(input, rules, ret, err);
	if (is_perf_data(input))
		return load_perf_data(input, ret, err);
	return load_bundle(input, ret, err);
}

int cmd_explain(int argc, char **argv)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	_cleanup_(str_free) struct str text = { 0 };
	struct report_options options;
	struct err err = { "" };
	const char *input = NULL;
	int r;

	report_options_init(&options);
	r = parse(argc, argv, &options, &input);
	if (r)
		return r - 1;
	r = cmd_load_rules(options.rules_dir, &rules, &err);
	if (r == 0)
		r = load(input, rules, &evidence, &err);
	if (r == 0 && options.redact)
		r = evidence_set_text(evidence, METRIC_host_name, "redacted");
	if (r == 0)
		r = cmd_explain_evidence(rules, evidence, &options, &text, &judgement, &err);
	if (r < 0)
		return cmd_fail("%s", err.msg[0] ? err.msg : strerror(-r));
	return cmd_print(&text, cmd_exit_code(judgement, &options));
}
