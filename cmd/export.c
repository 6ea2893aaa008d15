/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "bundle/bundle.h"
#include "evidence/json.h"
#include "report/flame.h"
#include "rule/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STACKS_PREFIX "stacks/"
#define STACKS_SUFFIX ".folded"

enum {
	OPT_AS = OPT_OWN,
	OPT_VIEW,
};

static const struct option long_options[] = {
	{ "as", required_argument, NULL, OPT_AS },
	{ "view", required_argument, NULL, OPT_VIEW },
	{ "output", required_argument, NULL, 'O' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: triage export BUNDLE|- --as FORMAT [OPTIONS]\n"
	"\n"
	"  --as FORMAT          folded (a stack per line), svg (flame graph for a browser) or\n"
	"                       speedscope (JSON for speedscope.app)\n"
	"  --view VIEW          on-cpu, off-cpu or wakeup (default on-cpu)\n"
	"  -O, --output FILE    write this file instead of standard output\n";

struct export
{
	const struct flame_format *format;
	const char *view, *input;
	const char *output; /* NULL: standard output */
};

/* ---- command line ---- */

static int take_format(struct export *export, const char *name)
{
	export->format = flame_format_by_name(name);
	if (!export->format)
		return cmd_fail("--as: there is no %s; use folded, svg or speedscope",
				quote(name).text) +
		       1;
	return 0;
}

static int take_view(struct export *export, const char *name)
{
	if (strcmp(name, "on-cpu") != 0 && strcmp(name, "off-cpu") != 0 &&
	    strcmp(name, "wakeup") != 0)
		return cmd_fail("--view: there is no %s; use on-cpu, off-cpu or wakeup",
				quote(name).text) +
		       1;
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
	if (!export->format)
		return cmd_fail("export: say what as: --as folded, svg or speedscope") + 1;
	if (!export->output && !export->format->for_people && isatty(STDOUT_FILENO))
		return cmd_fail("export: %s is not for a terminal; name a file with -O FILE",
				export->format->name) +
		       1;
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
			r = take_format(export, optarg);
		else if (option == OPT_VIEW)
			r = take_view(export, optarg);
		else if (option == 'O')
			export->output = optarg;
		else
			return EXIT_USAGE + 1;
		if (r)
			return r;
	}
	return check_complete(export, argc, argv);
}

/* ---- from the bundle ---- */

static int load_bundle(const char *path, struct bundle **ret, struct err *err)
{
	if (strcmp(path, "-") == 0)
		return bundle_load_fd(STDIN_FILENO, "standard input", 0, ret, err);
	return bundle_load(path, 0, ret, err);
}

/* "off-cpu, wakeup" */
static void list_views(const struct bundle *bundle, struct str *out)
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

static int no_view(const struct export *export, const struct bundle *bundle, struct err *err)
{
	_cleanup_(str_free) struct str views = { 0 };

	list_views(bundle, &views);
	return err_set(err, -ENOENT,
		       "%s has no %s stacks; it has %s. `triage run --full` saves all that this "
		       "host and version can take",
		       quote(export->input).text, export->view,
		       views.len ? quote(views.data).text : "none");
}

static int load_stacks(const struct export *export, const struct bundle *bundle,
		       struct folded **ret, struct err *err)
{
	char name[64];
	const char *bytes;
	size_t len;
	int r;

	snprintf(name, sizeof(name), STACKS_PREFIX "%s" STACKS_SUFFIX, export->view);
	if (!bundle_find(bundle, name, &bytes, &len))
		return no_view(export, bundle, err);
	r = folded_parse(bytes, len, ret, err);
	if (r < 0)
		return err_prefix(err, r, "%s: %s", quote(export->input).text, name);
	/* what was asked for, whatever a file without header or with another one says */
	snprintf((*ret)->view, sizeof((*ret)->view), "%s", export->view);
	return 0;
}

/* Facts to tell beside the stacks: a bundle that a newer version wrote may have none that we can
 * read. NULL then. */
static struct evidence *load_evidence(const struct bundle *bundle)
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

static const char *text_of(const struct evidence *evidence, enum metric_id id)
{
	struct value value = evidence_get(evidence, id);

	return value.kind == VALUE_TEXT ? value.text : NULL;
}

static void take_facts(struct flame *flame, const struct evidence *evidence)
{
	flame->host = text_of(evidence, METRIC_host_name);
	flame->start_unix_s = evidence_number(evidence, METRIC_host_time_unix_s);
	flame->cpus = evidence_number(evidence, METRIC_host_usable_cpus);
	if (strcmp(flame->stacks->view, "on-cpu") != 0)
		return;
	flame->clock = text_of(evidence, METRIC_perf_clock);
	flame->samples = evidence_number(evidence, METRIC_perf_samples);
	flame->window_s = evidence_stage(evidence, STAGE_perf)->duration_s;
}

static uint64_t classes_of(const void *context, const char *function, bool kernel)
{
	const struct symbol_meaning meaning = rule_symbol_meaning(context, function, "", kernel);

	return meaning.classes | meaning.leaf_classes;
}

static int convert(const struct export *export, const struct bundle *bundle,
		   const struct ruleset *rules, struct str *ret, struct err *err)
{
	_cleanup_(folded_freep) struct folded *stacks = NULL;
	_cleanup_(evidence_freep) struct evidence *evidence = load_evidence(bundle);
	struct flame flame = {
		.tool_version = TRIAGE_VERSION,
		.start_unix_s = NAN,
		.window_s = NAN,
		.samples = NAN,
		.cpus = NAN,
		.classes = classes_of,
		.context = rules,
	};
	int r;

	r = load_stacks(export, bundle, &stacks, err);
	if (r < 0)
		return r;
	flame.stacks = stacks;
	if (evidence)
		take_facts(&flame, evidence);
	return export->format->write(&flame, ret);
}

/* ---- into a file ---- */

static int failed(struct err *err, const char *path)
{
	int code = errno;

	return err_set(err, -code, "cannot write %s: %s", quote(path).text, strerror(code));
}

static int write_all(int fd, const struct str *text)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t n = write(fd, text->data + done, text->len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Complete or not there at all; as readable as a file that a shell would make. */
static int write_draft(const char *draft, int fd, const char *path, const struct str *text,
		       struct err *err)
{
	mode_t mask = umask(0);
	bool written;

	umask(mask);
	written = write_all(fd, text) == 0 && fchmod(fd, 0666 & ~mask) == 0;
	if (close(fd) < 0 || !written || rename(draft, path) < 0) {
		failed(err, path);
		unlink(draft);
		return -EIO;
	}
	return 0;
}

/* Nothing but a regular file gives way. */
static int write_file(const char *path, const struct str *text, struct err *err)
{
	_cleanup_(str_free) struct str draft = { 0 };
	struct stat st;
	int fd;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, -EEXIST, "cannot write %s: it exists and is not a regular file",
			       quote(path).text);
	str_format(&draft, "%s.XXXXXX", path);
	if (str_error(&draft) < 0)
		return -ENOMEM;
	fd = mkostemp(draft.data, O_CLOEXEC);
	if (fd < 0)
		return failed(err, path);
	return write_draft(draft.data, fd, path, text, err);
}

int cmd_export(int argc, char **argv)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	_cleanup_(str_free) struct str text = { 0 };
	struct export export = { .view = "on-cpu" };
	struct err err = { "" };
	int r;

	r = parse(argc, argv, &export);
	if (r)
		return r - 1;
	r = cmd_load_rules(NULL, &rules, &err);
	if (r == 0)
		r = load_bundle(export.input, &bundle, &err);
	if (r == 0)
		r = convert(&export, bundle, rules, &text, &err);
	if (r == 0 && export.output)
		r = write_file(export.output, &text, &err);
	if (r < 0)
		return cmd_fail("%s", err.msg[0] ? err.msg : strerror(-r));
	return export.output ? EXIT_HEALTHY : cmd_print(&text, EXIT_HEALTHY);
}
