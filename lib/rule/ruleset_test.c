/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/names.h"
#include "rule/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define RULE(id, threshold)                                                                 \
	"{\"id\":\"" id "\",\"when\":[\"vmstat.r > " threshold "\"],\"cause\":\"cpu-hog\"," \
	"\"say\":\"r {vmstat.r}\"}"

static int overlay(struct ruleset *rules, const char *name, const char *text, struct err *err)
{
	return ruleset_overlay_text(rules, name, text, strlen(text), err);
}

START_TEST(every_field)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[\n{ \"id\": \"top.storm\", \"for\": \"top.groups\",\n"
		"\"when\": [\"row.threads > 5\", \"row.cpu_pct > 1 %\"], \"unless\": "
		"[\"top.throttled_pct > 25\"],\n\"cause\": \"thread-storm\", \"role\": "
		"\"trigger\", \"severity\": {\"warning\": \"row.threads > 6\", \"critical\": "
		"[\"row.threads > 7\", \"row.threads > 8\"], \"least\": \"info\"},\n"
		"\"subject\": \"program\", \"say\": \"a\", \"means\": \"b\", \"remedy\": [\"c\", "
		"\"d\"], \"try\": [\"e\"], \"next\": \"perf\", \"why\": \"f\", \"share\": "
		"\"row.cpu_share_pct\", \"share_of\": \"busy\", \"source\": \"g\", }, ]");
	const struct rule *rule = ruleset_find(rules, "top.storm");

	ck_assert_ptr_nonnull(rule);
	ck_assert_int_eq(rule->line, 2);
	ck_assert_str_eq(rule->file, "t.jsonc");
	ck_assert_int_eq(rule->stage, STAGE_top);
	ck_assert_int_eq(rule->table, TABLE_top_groups);
	ck_assert_uint_eq(rule->when.len, 2);
	ck_assert_str_eq(rule->when.data[1].text, "row.cpu_pct > 1 %");
	ck_assert_uint_eq(rule->unless.len, 1);
	ck_assert_int_eq(rule->role, ROLE_TRIGGER);
	ck_assert_uint_eq(rule->severity[SEVERITY_WARNING].len, 1);
	ck_assert_uint_eq(rule->severity[SEVERITY_CRITICAL].len, 2);
	ck_assert_str_eq(rule->subject, "program");
	ck_assert_uint_eq(rule->remedy.len, 2);
	ck_assert_str_eq(rule->commands.data[0], "e");
	ck_assert_int_eq(rule->next, STAGE_perf);
	ck_assert_int_eq(rule->share_ref.column, COLUMN_top_groups_cpu_share_pct);
	ck_assert(rule->enabled);
}
END_TEST

START_TEST(same_id_replaces)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[" RULE("vmstat.a", "1") "," RULE("vmstat.b", "2") "]");
	struct err err;

	ck_assert_int_eq(overlay(rules, "over", "[" RULE("vmstat.a", "9") "]", &err), 0);
	ck_assert_uint_eq(rules->rules.len, 2);
	ck_assert_str_eq(rules->rules.data[0]->id, "vmstat.a");
	ck_assert_double_eq(rules->rules.data[0]->when.data[0].number, 9);
	ck_assert_str_eq(rules->rules.data[0]->file, "over");
	ck_assert_double_eq(rules->rules.data[1]->when.data[0].number, 2);
}
END_TEST

START_TEST(switched_off)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[" RULE("vmstat.a", "1") "]");
	struct err err;

	ck_assert_int_eq(overlay(rules, "o", "{\"id\":\"vmstat.a\",\"enabled\":false}", &err), 0);
	ck_assert_uint_eq(rules->rules.len, 1);
	ck_assert(!rules->rules.data[0]->enabled);
	ck_assert_uint_eq(rules->rules.data[0]->when.len, 1);
	ck_assert_int_eq(overlay(rules, "o", "{\"id\":\"vmstat.aa\",\"enabled\":false}", &err),
			 -EBADMSG);
	ck_assert_str_eq(err.msg, "o:1: vmstat.aa: id: unknown rule \"vmstat.aa\" "
				  "(did you mean \"vmstat.a\"?)");
}
END_TEST

START_TEST(failure_changes_nothing)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[" RULE("vmstat.a", "1") "]");
	char before[65];
	struct err err;

	memcpy(before, rules->sha256, sizeof(before));
	ck_assert_int_eq(overlay(rules, "bad", "[" RULE("vmstat.a", "7") ",{}]", &err), -EBADMSG);
	ck_assert_str_eq(err.msg, "bad:1: a row needs an id");
	ck_assert_uint_eq(rules->rules.len, 1);
	ck_assert_double_eq(rules->rules.data[0]->when.data[0].number, 1);
	ck_assert_str_eq(rules->sha256, before);
}
END_TEST

START_TEST(digest)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	struct rule_file file = { "f", "[]", 2 };
	struct err err;

	ck_assert_int_eq(ruleset_load(&file, 1, &rules, &err), 0);
	/* printf '[]' | sha256sum */
	ck_assert_str_eq(rules->sha256,
			 "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
	ck_assert_int_eq(overlay(rules, "o", "[]", &err), 0);
	ck_assert_str_ne(rules->sha256,
			 "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
}
END_TEST

START_TEST(stages_are_replaced_whole)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"{\"stages\":{\"top\":{\"question\":\"who?\",\"command\":\"top\",\"nothing\":\"no\","
		"\"saw\":[{\"for\":\"top.groups\",\"most\":2,\"when\":[\"row.cpu_pct > 1\"],"
		"\"say\":\"{row.name}\"},{\"say\":\"{top.threads}\"}]}}}");
	struct err err;

	ck_assert_str_eq(rules->stages[STAGE_top].question, "who?");
	ck_assert_uint_eq(rules->stages[STAGE_top].saw.len, 2);
	ck_assert_int_eq(rules->stages[STAGE_top].saw.data[0].most, 2);
	ck_assert_int_eq(overlay(rules, "o", "{\"stages\":{\"top\":{\"question\":\"q\"}}}", &err),
			 0);
	ck_assert_str_eq(rules->stages[STAGE_top].question, "q");
	ck_assert_uint_eq(rules->stages[STAGE_top].saw.len, 0);
}
END_TEST

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void remove_file(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

START_TEST(folders)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[]");
	_cleanup_(str_free) struct str complaints = { 0 };
	char folder[] = "/tmp/triage-rules-XXXXXX";
	struct rules_seen seen;
	struct err err;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	write_file(folder, "20.jsonc", "[" RULE("vmstat.b", "2") "]");
	write_file(folder, "10.jsonc", "[" RULE("vmstat.a", "1") "]");
	write_file(folder, "readme.txt", "not rules");
	ck_assert_int_eq(ruleset_overlay(rules, folder, &err), 0);
	ck_assert_uint_eq(rules->rules.len, 2);
	ck_assert_str_eq(rules->rules.data[0]->id, "vmstat.a");

	/* the same id twice in one folder is a mistake, over another layer it is not */
	write_file(folder, "30.jsonc", "\n[" RULE("vmstat.a", "1") "]");
	ck_assert_int_eq(ruleset_overlay(rules, folder, &err), -EBADMSG);
	ck_assert_str_eq(err.msg, "30.jsonc:2: vmstat.a: id: is used in 10.jsonc:1 already");
	ck_assert_int_gt(ruleset_check(rules, folder, &complaints, &seen, &err), 0);
	ck_assert_int_eq(seen.files, 3);
	ck_assert_int_eq(seen.rules, 3);
	remove_file(folder, "10.jsonc");
	remove_file(folder, "20.jsonc");
	remove_file(folder, "30.jsonc");
	remove_file(folder, "readme.txt");
	rmdir(folder);
	ck_assert_int_eq(ruleset_overlay(rules, folder, &err), -ENOENT);
}
END_TEST

START_TEST(special_files_are_refused)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[]");
	char folder[] = "/tmp/triage-rules-XXXXXX", path[64];
	struct err err;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fifo.jsonc", folder);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(ruleset_overlay(rules, folder, &err), -EBADMSG);
	ck_assert_str_eq(err.msg, "fifo.jsonc: is not a regular file");
	unlink(path);
	rmdir(folder);
}
END_TEST

START_TEST(large_files_are_refused)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[]");
	size_t len = ((size_t)1 << 20) + 1;
	char *text = malloc(len);
	struct err err;

	memset(text, ' ', len);
	ck_assert_int_eq(ruleset_overlay_text(rules, "big", text, len, &err), -EBADMSG);
	ck_assert_str_eq(err.msg, "big: is larger than 1 MiB");
	free(text);
}
END_TEST

START_TEST(nearest_names)
{
	ck_assert_uint_eq(names_distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(names_distance("ab", "ba"), 1);
	ck_assert_uint_eq(names_distance("", "abc"), 3);
	ck_assert_str_eq(nearest_metric("vmstat.usable_cpus"), "host.usable_cpus");
	ck_assert_str_eq(nearest_cause("thread-strom"), "thread-storm");
	ck_assert_str_eq(nearest_stage("shed"), "sched");
	ck_assert_ptr_null(nearest_cause("something-else-altogether"));
}
END_TEST

START_TEST(causes_are_unique)
{
	for (const struct cause *cause = causes; cause->name; cause++) {
		ck_assert_ptr_eq(cause_find(cause->name), cause);
		ck_assert_ptr_nonnull(cause->meaning);
	}
	ck_assert_ptr_null(cause_find("bad-luck"));
}
END_TEST

START_TEST(described)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[{\"id\":\"vmstat.q\",\"when\":[\"vmstat.r_per_cpu >= 2\",\"vmstat.cs_per_s > "
		"10k/s * host.usable_cpus\",\"vmstat.us_pct > 0.5 * vmstat.sy_pct\"],\"cause\":\"cpu-saturation\",\"role\":\"symptom\","
		"\"severity\":{\"critical\":\"vmstat.r_per_cpu >= 4\",\"least\":\"warning\"},"
		"\"say\":\"s\",\"means\":\"m\",\"remedy\":[\"x\"]}]");
	_cleanup_(str_free) struct str out = { 0 };

	rule_describe(rules->rules.data[0], &out);
	ck_assert_ptr_nonnull(strstr(str_text(&out), "vmstat.q: cpu-saturation, a symptom"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "- vmstat.r_per_cpu is at least 2 ("));
	ck_assert_ptr_nonnull(
		strstr(str_text(&out), "vmstat.cs_per_s is above 10k/s times host.usable_cpus"));
	ck_assert_ptr_nonnull(
		strstr(str_text(&out), "vmstat.us_pct is above 0.50 times vmstat.sy_pct"));
	ck_assert_ptr_nonnull(
		strstr(str_text(&out),
		       "Severity: warning, critical when vmstat.r_per_cpu is at least 4."));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ruleset");
	TCase *tests = tcase_create("ruleset");

	tcase_add_test(tests, every_field);
	tcase_add_test(tests, same_id_replaces);
	tcase_add_test(tests, switched_off);
	tcase_add_test(tests, failure_changes_nothing);
	tcase_add_test(tests, digest);
	tcase_add_test(tests, stages_are_replaced_whole);
	tcase_add_test(tests, folders);
	tcase_add_test(tests, special_files_are_refused);
	tcase_add_test(tests, large_files_are_refused);
	tcase_add_test(tests, nearest_names);
	tcase_add_test(tests, causes_are_unique);
	tcase_add_test(tests, described);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
