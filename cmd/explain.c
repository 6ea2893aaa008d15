/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "bundle/bundle.h"
#include "evidence/json.h"
#include "import/import.h"
#include "import/perf_text.h"
#include "source/perf_data.h"
#include "stage/funnel.h"
#include "stage/perf_named.h"
#include "stage/sched_named.h"
#include "stage/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define HEAD_BYTES 4096
#define PIPE_BYTES_MAX ((size_t)512 << 20) /* of what comes through a pipe */
#define FOLDER_FILES_MAX 1000
#define CPUS_MOST 8192

enum { OPT_CPUS = OPT_OWN };

static const struct option long_options[] = { { "cpus", required_argument, NULL, OPT_CPUS },
					      REPORT_LONG_OPTIONS,
					      { NULL, 0, NULL, 0 } };

static const char usage[] =
	"usage: triage explain BUNDLE|FILE...|DIR|- [OPTIONS]\n"
	"\n"
	"What an input is is told by its content:\n"
	"  BUNDLE      what `triage run` saved\n"
	"  perf.data   of `perf record -a -g` or `perf sched record`\n"
	"  text        of vmstat, top, pidstat, ps, mpstat, iostat, sar, uptime, perf, or copies of\n"
	"              /proc files, pasted as they are; several files are one host's\n"
	"  DIR         a recorded tree of /proc and /sys, or a folder of such files\n"
	"  -           a bundle, perf.data or text on standard input\n"
	"\n"
	"  --cpus N             how many CPUs the host has, where the text does not tell\n" REPORT_HELP;

/* --cpus, the only one of its own. */
static int take_cpus(void *context, int option, const char *text, struct err *err)
{
	double *cpus = context;
	char *end;

	*cpus = strtod(text, &end);
	if (end == text || *end || !(*cpus >= 1 && *cpus <= CPUS_MOST))
		return err_set(err, -EINVAL, "--cpus: \"%s\" is not a number from 1 to %d", text,
			       CPUS_MOST);
	return 0;
}

/* 0, or an exit code plus one when the command ends here. */
static int parse(int argc, char **argv, struct report_options *options, struct inputs *inputs)
{
	const struct report_arguments arguments = {
		.long_options = long_options,
		.short_options = REPORT_SHORT_OPTIONS,
		.usage = usage,
		.take = take_cpus,
		.context = &inputs->cpus,
	};
	int r = report_options_parse(options, &arguments, argc, argv);

	if (r == 0 && optind == argc)
		r = cmd_fail("explain: name a bundle, a file or a folder (triage explain --help)") +
		    1;
	inputs->names = argv + optind;
	inputs->count = argc - optind;
	return r;
}

/* ---- what an input is ---------------------------------------------------------------------------- */

enum content { CONTENT_TEXT, CONTENT_BUNDLE, CONTENT_PERF_DATA, CONTENT_OTHER };

/* What is nothing of these is for the loader of bundles, which says why not. */
static enum content content_of(const char *head, size_t len)
{
	if (perf_data_looks_like(head, len))
		return CONTENT_PERF_DATA;
	if (bundle_looks_like(head, len))
		return CONTENT_BUNDLE;
	return memchr(head, '\0', len) ? CONTENT_OTHER : CONTENT_TEXT;
}

static int read_up_to(int fd, size_t most, struct str *ret)
{
	for (;;) {
		ssize_t n;

		if (str_reserve(ret, 65536) < 0)
			return -ENOMEM;
		n = read(fd, ret->data + ret->len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		ret->len += (size_t)n;
		ret->data[ret->len] = '\0';
		if (n == 0)
			return 0;
		if (ret->len >= most)
			return -EFBIG;
	}
}

/* ---- the kinds of input -------------------------------------------------------------------------- */

static int take_bundle(struct bundle *bundle, const char *name, struct evidence **ret,
		       struct err *err)
{
	const char *bytes;
	size_t len;
	int r;

	if (!bundle_find(bundle, "evidence.json", &bytes, &len))
		return err_set(err, -EBADMSG, "%s: the bundle has no evidence.json", name);
	r = evidence_from_json(bytes, len, ret, err);
	return r < 0 ? err_prefix(err, r, "%s: evidence.json", name) : 0;
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

/* What becomes one set of evidence: files of perf, then all texts. */
struct joined {
	const struct ruleset *rules;
	struct evidence *evidence;
	struct import *import;
	unsigned texts, perf_files;
	bool alone; /* the only input: a bundle is allowed */
	struct evidence *bundled;
};

/* The first lines of a text that is too long. */
static int cut_text(struct joined *joined, const char *name, const char *bytes, size_t *len)
{
	const char *end;

	if (*len <= IMPORT_BYTES_MAX)
		return 0;
	end = memrchr(bytes, '\n', IMPORT_BYTES_MAX);
	*len = end ? (size_t)(end + 1 - bytes) : IMPORT_BYTES_MAX;
	return evidence_add_caveat(joined->evidence, "%s: only the first %zu MiB were read", name,
				   IMPORT_BYTES_MAX >> 20);
}

static int join_text(struct joined *joined, const char *name, const struct str *text)
{
	size_t len = text->len;
	int r = cut_text(joined, name, str_text(text), &len);

	if (r == 0)
		r = import_text(joined->import, name, str_text(text), len);
	joined->texts++;
	return r;
}

/* Beside other inputs. */
static int refuse(const char *name, enum content content, struct err *err)
{
	return err_set(err, -EINVAL,
		       content == CONTENT_BUNDLE ? "%s is a bundle: one input at a time" :
						   "%s is neither text nor perf.data",
		       quote(name).text);
}

static int join_perf_data(struct joined *joined, const char *path, struct err *err)
{
	int r = stage_from_perf_data(path, joined->rules, joined->evidence, err);

	joined->perf_files += r == 0;
	return r;
}

/* perf.data from a pipe, as `perf record -o - | triage explain -`: its reader wants a file. */
static int join_perf_stream(struct joined *joined, const struct str *bytes, const char *name,
			    struct err *err)
{
	_cleanup_(cleanup_close) int fd = memfd_create("perf.data", MFD_CLOEXEC);
	char path[64];
	size_t done = 0;

	while (fd >= 0 && done < bytes->len) {
		ssize_t n = write(fd, bytes->data + done, bytes->len - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || done < bytes->len)
		return err_set(err, -errno, "%s: %s", name, strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return join_perf_data(joined, path, err);
}

/* A pipe or a terminal: it can be read once. */
static int join_stream(struct joined *joined, int fd, const char *name, struct err *err)
{
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	_cleanup_(str_free) struct str bytes = { 0 };
	int r = read_up_to(fd, PIPE_BYTES_MAX, &bytes);
	enum content content;

	if (r < 0)
		return err_set(err, r, "%s: %s", name, strerror(-r));
	content = content_of(str_text(&bytes), bytes.len);
	switch (content) {
	case CONTENT_TEXT:
		return join_text(joined, name, &bytes);
	case CONTENT_PERF_DATA:
		return join_perf_stream(joined, &bytes, name, err);
	case CONTENT_BUNDLE:
	case CONTENT_OTHER:
		break;
	}
	if (!joined->alone)
		return refuse(name, content, err);
	r = bundle_load_memory(bytes.data, bytes.len, name, 0, &bundle, err);
	return r < 0 ? r : take_bundle(bundle, name, &joined->bundled, err);
}

static int join_bundle(struct joined *joined, const char *path, enum content content,
		       struct err *err)
{
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	int r;

	if (!joined->alone)
		return refuse(path, content, err);
	r = bundle_load(path, 0, &bundle, err);
	return r < 0 ? r : take_bundle(bundle, path, &joined->bundled, err);
}

static int join_regular(struct joined *joined, int fd, const char *path, struct err *err)
{
	_cleanup_(str_free) struct str text = { 0 };
	char head[HEAD_BYTES];
	ssize_t len = pread(fd, head, sizeof(head), 0);
	enum content content;
	int r;

	if (len < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	content = content_of(head, (size_t)len);
	switch (content) {
	case CONTENT_PERF_DATA:
		return join_perf_data(joined, path, err);
	case CONTENT_BUNDLE:
	case CONTENT_OTHER:
		return join_bundle(joined, path, content, err);
	case CONTENT_TEXT:
		break;
	}
	r = read_up_to(fd, IMPORT_BYTES_MAX + 1, &text);
	if (r < 0 && r != -EFBIG)
		return err_set(err, r, "%s: %s", path, strerror(-r));
	return join_text(joined, path, &text);
}

static int join_file(struct joined *joined, const char *path, struct err *err)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode))
		return join_regular(joined, fd, path, err);
	return join_stream(joined, fd, path, err);
}

/* ---- folders ------------------------------------------------------------------------------------- */

/* Regular files that are no links; what else lies in the folder is not for us. */
static int is_plain_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN);
}

static int join_entry(struct joined *joined, const char *folder, const char *name, struct err *err)
{
	_cleanup_(str_free) struct str path = { 0 };
	struct stat st;

	str_format(&path, "%s/%s", folder, name);
	if (str_error(&path) < 0)
		return -ENOMEM;
	if (lstat(str_text(&path), &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size)
		return 0;
	return join_file(joined, str_text(&path), err);
}

/* One bad file of many, as a recording that perf could not finish, must not hide the others. */
static int pass_over(struct joined *joined, struct err *why, struct err *first)
{
	if (!first->msg[0])
		*first = *why;
	return evidence_add_caveat(joined->evidence, "passed over: %s", why->msg);
}

static int join_entries(struct joined *joined, const char *folder, struct dirent **entries,
			int count, struct err *err)
{
	struct err first = { "" };
	int r = 0, bad = 0;

	for (int i = 0; i < count && r == 0; i++) {
		struct err why = { "" };

		r = join_entry(joined, folder, entries[i]->d_name, &why);
		if (r == 0 || r == -ENOMEM)
			continue;
		bad = bad ? bad : r;
		r = pass_over(joined, &why, &first);
	}
	if (r == 0 && bad && !joined->texts && !joined->perf_files)
		return err_set(err, bad, "%s", first.msg);
	return r;
}

static int join_folder(struct joined *joined, const char *folder, struct err *err)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_plain_file, alphasort);
	int r;

	if (count < 0)
		return err_set(err, -errno, "%s: %s", folder, strerror(errno));
	joined->alone = false;
	if (count > FOLDER_FILES_MAX)
		r = err_set(err, -EINVAL, "%s: more than %d files", folder, FOLDER_FILES_MAX);
	else if (!count)
		r = err_set(err, -EINVAL,
			    "%s is no recorded tree (it has neither proc/ nor moments such as "
			    "vmstat.00/) and holds no file",
			    folder);
	else
		r = join_entries(joined, folder, entries, count, err);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return r;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_recorded(const char *folder)
{
	static const char *const marks[] = { "proc", "vmstat.00", "top.00", "sched.00", "perf.00" };
	_cleanup_(cleanup_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	for (size_t i = 0; fd >= 0 && i < ARRAY_SIZE(marks); i++)
		if (fstatat(fd, marks[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
			return true;
	return false;
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static int join_input(struct joined *joined, const char *name, struct err *err)
{
	if (strcmp(name, "-") == 0)
		return join_stream(joined, STDIN_FILENO, "standard input", err);
	if (!is_folder(name))
		return join_file(joined, name, err);
	if (is_recorded(name))
		return err_set(err, -EINVAL, "%s is a recorded tree: one input at a time",
			       quote(name).text);
	return join_folder(joined, name, err);
}

static bool has_run(const struct evidence *evidence, enum stage_id stage)
{
	enum stage_status status = evidence_stage(evidence, stage)->status;

	return status == STAGE_OK || status == STAGE_DEGRADED;
}

/* Stacks and functions that texts of perf name. */
static int put_named(struct joined *joined)
{
	_cleanup_(perf_named_freep) struct perf_named *named = NULL;
	int r;

	r = perf_named_new(joined->rules, &named);
	if (r == 0)
		r = import_each_stack(joined->import, perf_named_stack, named);
	if (r == 0)
		r = import_each_function(joined->import, perf_named_function, named);
	return r < 0 ? r : perf_named_put(named, joined->evidence);
}

/* The scheduler's events that texts of perf tell. */
static int put_sched_named(struct joined *joined)
{
	_cleanup_(sched_named_freep) struct sched_named *named = NULL;
	int r = sched_named_new(&named);

	if (r == 0)
		r = import_each_sched_event(joined->import, sched_named_event, named);
	return r < 0 ? r : sched_named_put(named, joined->evidence);
}

static int end_joined(struct joined *joined, struct err *err)
{
	bool has_samples = has_run(joined->evidence, STAGE_perf);
	bool has_sched = has_run(joined->evidence, STAGE_sched);
	int r = joined->texts ? import_end(joined->import, err) : 0;

	/* a file of perf tells the same, and more */
	if (r == 0 && joined->texts && !has_samples)
		r = put_named(joined);
	if (r == 0 && joined->texts && !has_sched)
		r = put_sched_named(joined);
	/* beside a file of perf, text without a word in it is no reason to say nothing */
	return r == -ENODATA && joined->perf_files ? 0 : r;
}

static int join(const struct inputs *inputs, struct joined *joined, struct err *err)
{
	int r = 0;

	for (int i = 0; i < inputs->count && r == 0; i++)
		r = join_input(joined, inputs->names[i], err);
	return r == 0 && !joined->bundled ? end_joined(joined, err) : r;
}

static int load_joined(const struct inputs *inputs, const struct ruleset *rules,
		       struct evidence **ret, struct err *err)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(import_freep) struct import *import = NULL;
	const struct import_options options = { .cpus = inputs->cpus };
	struct joined joined = { .rules = rules, .alone = inputs->count == 1 };
	int r;

	r = evidence_new(&evidence);
	if (r == 0)
		r = import_new(&options, evidence, &import);
	if (r < 0)
		return r;
	joined.evidence = evidence;
	joined.import = import;
	r = join(inputs, &joined, err);
	if (r < 0)
		evidence_free(joined.bundled);
	else
		*ret = joined.bundled ? joined.bundled : TAKE_PTR(evidence);
	return r;
}

int cmd_load_inputs(const struct inputs *inputs, const struct ruleset *rules, struct evidence **ret,
		    struct err *err)
{
	const char *first = inputs->names[0];

	if (inputs->count == 1 && is_folder(first) && is_recorded(first))
		return replay(first, rules, ret, err);
	return load_joined(inputs, rules, ret, err);
}

int cmd_explain(int argc, char **argv)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	_cleanup_(str_free) struct str text = { 0 };
	struct report_options options;
	struct inputs inputs = { 0 };
	struct err err = { "" };
	int r;

	report_options_init(&options);
	r = parse(argc, argv, &options, &inputs);
	if (r)
		return r - 1;
	r = cmd_load_rules(options.rules_dir, &rules, &err);
	if (r == 0)
		r = cmd_load_inputs(&inputs, rules, &evidence, &err);
	if (r == 0 && options.redact)
		r = evidence_set_text(evidence, METRIC_host_name, "redacted");
	if (r == 0)
		r = cmd_explain_evidence(rules, evidence, &options, &text, &judgement, &err);
	if (r < 0)
		return cmd_fail("%s", err.msg[0] ? err.msg : strerror(-r));
	return cmd_print(&text, cmd_exit_code(judgement, &options));
}
