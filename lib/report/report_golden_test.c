/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole reports: evidence of testdata/report/NAME.evidence.json, judged by the rules of this tree,
 * against NAME.txt, NAME.md, NAME.html and NAME.json. `report_golden_test --bless` rewrites them; look at the
 * difference.
 */
#include "report/report.h"

#include "base/cleanup.h"
#include "evidence/json.h"

#include <errno.h>
#include <string.h>

static const char *const cases[] = { "storm", "gateway", "dstate", "healthy" };

/* What an editor of rules changes by a comment does not belong into a golden. */
#define GOLDEN_SHA256 "0000000000000000000000000000000000000000000000000000000000000000"
#define GOLDEN_VERSION "0.0.0"

static int read_whole(const char *path, struct str *out)
{
	_cleanup_(cleanup_fclose) FILE *file = fopen(path, "rb");
	char block[4096];
	size_t len;

	if (!file)
		return -errno;
	while ((len = fread(block, 1, sizeof(block), file)) > 0)
		str_append_bytes(out, block, len);
	return ferror(file) ? -EIO : str_error(out);
}

static int write_whole(const char *path, const struct str *text)
{
	_cleanup_(cleanup_fclose) FILE *file = fopen(path, "wb");

	if (!file || fwrite(text->data, 1, text->len, file) != text->len || fflush(file) != 0)
		return -errno;
	return 0;
}

static int load_evidence(const char *name, struct evidence **ret, struct err *err)
{
	_cleanup_(str_free) struct str path = { 0 };
	_cleanup_(str_free) struct str text = { 0 };
	int r;

	str_format(&path, "%s/report/%s.evidence.json", TESTDATA, name);
	r = read_whole(str_text(&path), &text);
	if (r < 0)
		return err_set(err, r, "%s: %s", str_text(&path), strerror(-r));
	return evidence_from_json(str_text(&text), text.len, ret, err);
}

static int load_rules(struct ruleset **ret, struct err *err)
{
	struct ruleset *rules;
	int r = ruleset_load(NULL, 0, &rules, err);

	if (r < 0)
		return r;
	r = ruleset_overlay(rules, SOURCE_ROOT "/rules", err);
	if (r < 0) {
		ruleset_free(rules);
		return r;
	}
	strcpy(rules->sha256, GOLDEN_SHA256);
	*ret = rules;
	return 0;
}

static size_t first_difference(const struct str *a, const struct str *b, int *ret_line)
{
	size_t i = 0;

	for (*ret_line = 1; i < a->len && i < b->len && a->data[i] == b->data[i]; i++)
		*ret_line += a->data[i] == '\n';
	return i;
}

/* 0, or 1 after saying what differs. */
static int compare(const char *path, const struct str *got)
{
	_cleanup_(str_free) struct str want = { 0 };
	int r = read_whole(path, &want);
	size_t at;
	int line;

	if (r < 0) {
		fprintf(stderr, "%s: %s (--bless writes it)\n", path, strerror(-r));
		return 1;
	}
	at = first_difference(&want, got, &line);
	if (at == want.len && at == got->len)
		return 0;
	while (at > 0 && want.data[at - 1] != '\n')
		at--;
	fprintf(stderr, "%s:%d: differs (--bless rewrites it)\n-%.*s\n+%.*s\n", path, line,
		(int)strcspn(str_text(&want) + at, "\n"), str_text(&want) + at,
		(int)strcspn(str_text(got) + at, "\n"), str_text(got) + at);
	return 1;
}

static int check_format(const struct report *report, const char *name, const char *format,
			const char *extension, bool bless)
{
	struct report_style style = { .columns = REPORT_COLUMNS };
	_cleanup_(str_free) struct str path = { 0 };
	_cleanup_(str_free) struct str text = { 0 };

	str_format(&path, "%s/report/%s.%s", TESTDATA, name, extension);
	if (report_format_by_name(format)->write(report, &style, &text) < 0)
		return 1;
	if (bless)
		return write_whole(str_text(&path), &text) < 0;
	return compare(str_text(&path), &text);
}

/* How many of its goldens differ. */
static int check_case(const struct ruleset *rules, const char *name, bool bless)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	struct report report = { .rules = rules, .tool_version = GOLDEN_VERSION };
	struct err err = { "" };

	if (load_evidence(name, &evidence, &err) < 0 || rule_annotate(rules, evidence) < 0 ||
	    rule_judge(rules, evidence, &judgement) < 0) {
		fprintf(stderr, "%s: %s\n", name, err.msg);
		return 1;
	}
	report.evidence = evidence;
	report.judgement = judgement;
	return check_format(&report, name, "text", "txt", bless) +
	       check_format(&report, name, "md", "md", bless) +
	       check_format(&report, name, "html", "html", bless) +
	       check_format(&report, name, "json", "json", bless);
}

int main(int argc, char **argv)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	bool bless = argc > 1 && strcmp(argv[1], "--bless") == 0;
	struct err err = { "" };
	int failed = 0;

	if (load_rules(&rules, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		failed += check_case(rules, cases[i], bless);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
