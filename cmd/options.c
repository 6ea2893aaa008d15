/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool want_colour_by_default(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

void report_options_init(struct report_options *options)
{
	*options = (struct report_options){
		.format = report_format_by_name("text"),
		.style = { .columns = REPORT_COLUMNS, .colour = want_colour_by_default() },
		.fail_on = SEVERITY_WARNING,
	};
}

static int take_format(struct report_options *options, const char *name, struct err *err)
{
	const struct report_format *format = report_format_by_name(name);

	if (!format)
		return err_set(err, -EINVAL,
			       "--format: there is no \"%s\"; use text, json, md or html", name);
	options->format = format;
	return 1;
}

static int take_fail_on(struct report_options *options, const char *name, struct err *err)
{
	for (int severity = SEVERITY_INFO; severity <= SEVERITY_CRITICAL; severity++)
		if (strcmp(severity_name(severity), name) == 0) {
			options->fail_on = (enum severity)severity;
			return 1;
		}
	return err_set(err, -EINVAL, "--fail-on: \"%s\" is not one of info, warning, critical",
		       name);
}

static int take_colour(struct report_options *options, const char *when, struct err *err)
{
	if (!when || strcmp(when, "always") == 0)
		options->style.colour = true;
	else if (strcmp(when, "never") == 0)
		options->style.colour = false;
	else if (strcmp(when, "auto") != 0)
		return err_set(err, -EINVAL, "--color: \"%s\" is not one of auto, always, never",
			       when);
	return 1;
}

/* 1: taken; 0: not one of these; -EINVAL with `err`. */
static int take(struct report_options *options, int option, const char *argument, struct err *err)
{
	switch (option) {
	case OPT_FORMAT:
		return take_format(options, argument, err);
	case OPT_JSON:
		return take_format(options, "json", err);
	case OPT_RULES:
		options->rules_dir = argument;
		return 1;
	case OPT_FAIL_ON:
		return take_fail_on(options, argument, err);
	case OPT_EXIT_ZERO:
		options->exit_zero = true;
		return 1;
	case OPT_COLOR:
		return take_colour(options, argument, err);
	case OPT_REDACT:
		options->redact = true;
		return 1;
	case 'q':
		options->quiet = true;
		return 1;
	case 'v':
		options->style.verbosity++;
		return 1;
	default:
		return 0;
	}
}

int report_options_parse(struct report_options *options, const struct report_arguments *arguments,
			 int argc, char **argv)
{
	struct err err = { "" };
	int option;

	while ((option = getopt_long(argc, argv, arguments->short_options, arguments->long_options,
				     NULL)) != -1) {
		int r;

		if (option == 'h') {
			fputs(arguments->usage, stdout);
			return EXIT_HEALTHY + 1;
		}
		if (option == '?')
			return EXIT_USAGE + 1;
		r = take(options, option, optarg, &err);
		if (r == 0 && arguments->take)
			r = arguments->take(arguments->context, option, optarg, &err);
		if (r < 0)
			return cmd_fail("%s", err.msg) + 1;
	}
	return 0;
}
