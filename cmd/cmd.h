/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: argv to options, and the only code that prints. One file per command.
 */
#ifndef TRIAGE_CMD_H
#define TRIAGE_CMD_H

#include "base/err.h"
#include "evidence/evidence.h"
#include "report/report.h"
#include "rule/judge.h"

#include <getopt.h>
#include <stdbool.h>

enum exit_code {
	EXIT_HEALTHY = 0,
	EXIT_FINDINGS = 1,     /* at or above --fail-on */
	EXIT_USAGE = 2,	       /* usage, or input that can't be read */
	EXIT_INCONCLUSIVE = 3, /* too little could be measured to say healthy */
	EXIT_INTERRUPTED = 130,
};

int cmd_run(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/* "triage: " and the message on stderr; returns EXIT_USAGE, so that commands `return
 * cmd_fail(...)`. */
int cmd_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The embedded table, then /etc/triage/rules.d where it exists, then `rules_dir` (NULL: none). */
int cmd_load_rules(const char *rules_dir, struct ruleset **ret, struct err *err);

/* ---- options that every command with a report has --------------------------------------------- */

struct report_options {
	const struct report_format *format;
	struct report_style style;
	const char *rules_dir;
	enum severity fail_on;
	bool exit_zero;
	bool redact;
	bool quiet;
};

enum {
	OPT_FORMAT = 256,
	OPT_JSON,
	OPT_RULES,
	OPT_FAIL_ON,
	OPT_EXIT_ZERO,
	OPT_COLOR,
	OPT_REDACT,
	OPT_OWN, /* the first that a command may use for itself */
};

#define REPORT_LONG_OPTIONS                                                                       \
	{ "format", required_argument, NULL, OPT_FORMAT },                                        \
		{ "json", no_argument, NULL, OPT_JSON },                                          \
		{ "rules", required_argument, NULL, OPT_RULES },                                  \
		{ "fail-on", required_argument, NULL, OPT_FAIL_ON },                              \
		{ "exit-zero", no_argument, NULL, OPT_EXIT_ZERO },                                \
		{ "color", optional_argument, NULL, OPT_COLOR },                                  \
		{ "redact", no_argument, NULL, OPT_REDACT }, { "quiet", no_argument, NULL, 'q' }, \
		{ "verbose", no_argument, NULL, 'v' },                                            \
	{                                                                                         \
		"help", no_argument, NULL, 'h'                                                    \
	}
#define REPORT_SHORT_OPTIONS "qvh"
#define REPORT_HELP                                                                                 \
	"  --format FORMAT      text, json, md or html (default text); --json is short for json\n"  \
	"  --rules DIR          rules of a folder over the built-in ones\n"                         \
	"  --fail-on SEVERITY   info, warning or critical (default warning): exit 1 from here on\n" \
	"  --exit-zero          exit 0 whatever was found\n"                                        \
	"  --redact             without the host's name and the raw text\n"                         \
	"  --color[=WHEN]       auto, always or never\n"                                            \
	"  -q, -v               fewer or more words\n"

void report_options_init(struct report_options *options);

/* How a command with a report takes its arguments. */
struct report_arguments {
	const struct option *long_options; /* REPORT_LONG_OPTIONS among them */
	const char *short_options;	   /* likewise */
	const char *usage;		   /* what --help prints */
	/* Takes an option of the command's own, as getopt_long() returned it: 0, or -EINVAL with `err`. NULL: it has none. */
	int (*take)(void *context, int option, const char *argument, struct err *err);
	void *context;
};

/* Takes all options; words begin at optind. 0, or an exit code plus one when the command ends here. */
int report_options_parse(struct report_options *options, const struct report_arguments *arguments,
			 int argc, char **argv);

/* ---- from evidence to the exit code ------------------------------------------------------------ */

/* What `triage explain` takes: one bundle or recorded tree, or files that are joined. */
struct inputs {
	char **names;
	int count;
	double cpus; /* 0: not told */
};

int cmd_load_inputs(const struct inputs *inputs, const struct ruleset *rules, struct evidence **ret,
		    struct err *err);

/* Annotates and judges; the judgement belongs to the caller. */
int cmd_judge(const struct ruleset *rules, struct evidence *evidence, struct judgement **ret,
	      struct err *err);

/* Annotates, judges and writes the report in the chosen format. The judgement belongs to the
 * caller. */
int cmd_explain_evidence(const struct ruleset *rules, struct evidence *evidence,
			 const struct report_options *options, struct str *ret_text,
			 struct judgement **ret, struct err *err);

int cmd_exit_code(const struct judgement *judgement, const struct report_options *options);

/* The report on stdout; EXIT_USAGE after a message when it can't be written (full disk, closed
 * pipe). */
int cmd_print(const struct str *text, int exit_code);

#endif
