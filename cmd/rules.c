/* SPDX-License-Identifier: GPL-2.0-or-later */
/* triage rules: the table that judges, as a list, row by row in prose, or checked. */
#include "cmd.h"

#include "base/cleanup.h"
#include "rule/rule.h"

#include <stdio.h>
#include <string.h>

static int usage(FILE *out, int status)
{
	fputs("usage: triage rules list [--rules DIR]\n"
	      "       triage rules show ID [--rules DIR]\n"
	      "       triage rules check DIR\n",
	      out);
	return status;
}

/* The worst that a row can say. */
static const char *worst_severity(const struct rule *rule)
{
	for (int i = SEVERITY_CRITICAL; i > (int)rule->severity_least; i--)
		if (rule->severity[i].len)
			return severity_name((enum severity)i);
	return rule->cause ? severity_name(rule->severity_least) : "-";
}

static const char *about(const struct rule *rule, char *buffer, size_t size)
{
	if (rule->rules_out)
		snprintf(buffer, size, "not %s", rule->rules_out);
	else if (!rule->cause)
		snprintf(buffer, size, "asks for %s", stage_name(rule->next));
	else
		snprintf(buffer, size, "%s", rule->cause);
	return buffer;
}

static int widest_id(const struct ruleset *rules)
{
	int width = 2;

	vec_each(rule, &rules->rules)
		if ((int)strlen((*rule)->id) > width)
			width = (int)strlen((*rule)->id);
	vec_each(link, &rules->links)
		if ((int)strlen((*link)->id) > width)
			width = (int)strlen((*link)->id);
	return width;
}

static void list_row(int width, const char *id, const char *severity, const char *cause,
		     const char *stage, const char *says)
{
	printf("%-*s  %-8s  %-26s  %-6s  %s\n", width, id, severity, cause, stage, says);
}

static void list_link(int width, const struct link *link)
{
	char arrow[96];

	snprintf(arrow, sizeof(arrow), "%s%s > %s%s", link->from.data[0],
		 link->from.len > 1 ? " ..." : "", link->to.data[0],
		 link->to.len > 1 ? " ..." : "");
	list_row(width, link->id, link->enabled ? "-" : "off", arrow, "chain", link->say);
}

static int list(const struct ruleset *rules)
{
	int width = widest_id(rules);
	char buffer[64];

	list_row(width, "ID", "SEVERITY", "CAUSE", "STAGE", "SAYS");
	vec_each(item, &rules->rules) {
		const struct rule *rule = *item;

		list_row(width, rule->id, rule->enabled ? worst_severity(rule) : "off",
			 about(rule, buffer, sizeof(buffer)), stage_name(rule->stage),
			 rule->say ? rule->say : rule->why);
	}
	vec_each(link, &rules->links)
		list_link(width, *link);
	return EXIT_HEALTHY;
}

static int show(const struct ruleset *rules, const char *id)
{
	const struct rule *rule = ruleset_find(rules, id);
	const struct link *link = ruleset_find_link(rules, id);
	const char *near = rule || link ? NULL : ruleset_nearest(rules, id);
	_cleanup_(str_free) struct str text = { 0 };

	if (near)
		return cmd_fail("no rule \"%s\" (did you mean \"%s\"?)", id, near);
	if (!rule && !link)
		return cmd_fail("no rule \"%s\"", id);
	if (rule)
		rule_describe(rule, &text);
	else
		link_describe(link, &text);
	fputs(str_text(&text), stdout);
	return EXIT_HEALTHY;
}

static int check(const char *folder)
{
	_cleanup_(ruleset_freep) struct ruleset *base = NULL;
	_cleanup_(str_free) struct str complaints = { 0 };
	struct rules_seen seen = { 0 };
	struct err err = { 0 };
	int count;

	/* a broken /etc/triage/rules.d must not keep anybody from checking that very folder */
	if (cmd_load_rules(NULL, &base, &err) < 0)
		base = NULL;
	count = ruleset_check(base, folder, &complaints, &seen, &err);
	if (count < 0)
		return cmd_fail("%s", err.msg);
	fputs(str_text(&complaints), stdout);
	if (count > 0)
		return EXIT_USAGE;
	printf("%d rule%s in %d file%s: fine\n", seen.rules, seen.rules == 1 ? "" : "s", seen.files,
	       seen.files == 1 ? "" : "s");
	return EXIT_HEALTHY;
}

static int list_or_show(const char *rules_dir, const char *id)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	struct err err = { 0 };

	if (cmd_load_rules(rules_dir, &rules, &err) < 0)
		return cmd_fail("%s", err.msg);
	return id ? show(rules, id) : list(rules);
}

/* False on an unknown option; what is left of argv begins at optind. */
static bool parse_options(int argc, char **argv, const char **ret_rules_dir)
{
	static const struct option options[] = {
		{ "rules", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 0; /* glibc: start anew, main has parsed already */
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'r')
			return false;
		*ret_rules_dir = optarg;
	}
	return true;
}

int cmd_rules(int argc, char **argv)
{
	const char *rules_dir = NULL;
	const char *verb;
	int words;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EXIT_HEALTHY);
	if (!parse_options(argc, argv, &rules_dir))
		return usage(stderr, EXIT_USAGE);
	words = argc - optind;
	verb = words > 0 ? argv[optind] : "";
	if (strcmp(verb, "list") == 0 && words == 1)
		return list_or_show(rules_dir, NULL);
	if (strcmp(verb, "show") == 0 && words == 2)
		return list_or_show(rules_dir, argv[optind + 1]);
	if (strcmp(verb, "check") == 0 && words == 2 && !rules_dir)
		return check(argv[optind + 1]);
	return usage(stderr, EXIT_USAGE);
}
