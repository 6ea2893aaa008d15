/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run", cmd_run, "diagnose this host now" },
	{ "explain", cmd_explain, "diagnose from a saved bundle or a recorded /proc" },
	{ "diff", cmd_diff, "what changed between two of them, cause by cause" },
	{ "export", cmd_export, "flame graphs and other formats from a saved bundle" },
	{ "rules", cmd_rules, "list, show and check the rule table" },
	{ "doctor", cmd_doctor, "say which evidence this host can give, and how to get the rest" },
	{ NULL, NULL, NULL },
};

static void print_usage(FILE *out)
{
	fputs("usage: triage COMMAND [OPTIONS]\n\n", out);
	for (const struct command *command = commands; command->name; command++)
		fprintf(out, "  %-8s %s\n", command->name, command->summary);
	fputs("\ntriage COMMAND --help tells the options.\n", out);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (const struct command *command = commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command->run(argc - 1, argv + 1);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("triage " TRIAGE_VERSION);
		return EXIT_HEALTHY;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_usage(stdout);
		return EXIT_HEALTHY;
	}
	print_usage(stderr);
	return *name ? cmd_fail("there is no command \"%s\"", name) : EXIT_USAGE;
}
