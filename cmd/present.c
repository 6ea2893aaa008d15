/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include "rules/embedded.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_RULES "/etc/triage/rules.d"

int cmd_fail(const char *format, ...)
{
	va_list args;

	fputs("triage: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

int cmd_load_rules(const char *rules_dir, struct ruleset **ret, struct err *err)
{
	struct ruleset *rules;
	int r;

	r = ruleset_load(embedded_rules, embedded_rules_count, &rules, err);
	if (r < 0)
		return r;
	r = ruleset_overlay(rules, SYSTEM_RULES, err);
	if (r == -ENOENT)
		r = 0;
	if (r == 0 && rules_dir)
		r = ruleset_overlay(rules, rules_dir, err);
	if (r < 0)
		ruleset_free(rules);
	else
		*ret = rules;
	return r;
}

int cmd_judge(const struct ruleset *rules, struct evidence *evidence, struct judgement **ret,
	      struct err *err)
{
	int r = rule_annotate(rules, evidence);

	if (r == 0)
		r = rule_judge(rules, evidence, ret);
	return r < 0 ? err_set(err, r, "judging the evidence: %s", strerror(-r)) : 0;
}

int cmd_explain_evidence(const struct ruleset *rules, struct evidence *evidence,
			 const struct report_options *options, struct str *ret_text,
			 struct judgement **ret, struct err *err)
{
	struct judgement *judgement;
	struct report report;
	int r = cmd_judge(rules, evidence, &judgement, err);

	if (r < 0)
		return r;
	report = (struct report){
		.rules = rules,
		.evidence = evidence,
		.judgement = judgement,
		.tool_version = TRIAGE_VERSION,
	};
	r = options->format->write(&report, &options->style, ret_text);
	if (r < 0) {
		judgement_free(judgement);
		return err_set(err, r, "writing the report: %s", strerror(-r));
	}
	*ret = judgement;
	return 0;
}

int cmd_exit_code(const struct judgement *judgement, const struct report_options *options)
{
	if (options->exit_zero)
		return EXIT_HEALTHY;
	vec_each(finding, &judgement->findings)
		if (finding->severity >= options->fail_on)
			return EXIT_FINDINGS;
	return judgement->verdict.status == VERDICT_INCONCLUSIVE ? EXIT_INCONCLUSIVE : EXIT_HEALTHY;
}

int cmd_print(const struct str *text, int exit_code)
{
	if (fwrite(str_text(text), 1, text->len, stdout) != text->len || fflush(stdout) != 0)
		return cmd_fail("writing the report: %s", strerror(errno));
	return exit_code;
}
