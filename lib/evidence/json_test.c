/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/json.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

static struct evidence *read_good(const char *text, size_t len)
{
	struct evidence *evidence = NULL;
	struct err err = { "" };

	ck_assert_msg(evidence_from_json(text, len, &evidence, &err) == 0, "%s", err.msg);
	return evidence;
}

/* Evidence to text, to evidence, to text: both texts are the same. */
static void ck_round_trip(const struct evidence *evidence)
{
	_cleanup_(str_free) struct str first = { 0 };
	_cleanup_(str_free) struct str second = { 0 };
	_cleanup_(evidence_freep) struct evidence *again = NULL;

	ck_assert_int_eq(evidence_to_json(evidence, &first), 0);
	again = read_good(first.data, first.len);
	ck_assert_int_eq(evidence_to_json(again, &second), 0);
	ck_assert_str_eq(first.data, second.data);
}

static const double numbers[] = {
	0,
	1,
	-1,
	0.1,
	1.0 / 3,
	2.0 / 3,
	-1.0 / 3,
	100.0 / 7,
	1e300,
	-1e300,
	DBL_MAX,
	DBL_MIN,
	5e-324,
	9007199254740992.0,
	9007199254740994.0,
	1785499200.123456,
	0.1 + 0.2,
	1e21,
	1.7976931348623155e308,
	4.35,
	1 + DBL_EPSILON,
	123456789.12345679,
};

START_TEST(numbers_survive_to_the_last_bit)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(evidence_freep) struct evidence *again = NULL;
	_cleanup_(str_free) struct str text = { 0 };
	double back;

	ck_assert_int_eq(evidence_new(&evidence), 0);
	ck_assert_int_eq(evidence_set(evidence, METRIC_vmstat_r, numbers[_i]), 0);
	ck_assert_int_eq(evidence_to_json(evidence, &text), 0);
	again = read_good(text.data, text.len);
	back = evidence_number(again, METRIC_vmstat_r);
	ck_assert_mem_eq(&back, &numbers[_i], sizeof(back));
	ck_round_trip(evidence);
}
END_TEST

START_TEST(random_numbers_survive)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	uint64_t x = 1;

	ck_assert_int_eq(evidence_new(&evidence), 0);
	for (int i = 0; i < 2000; i++) {
		_cleanup_(evidence_freep) struct evidence *again = NULL;
		_cleanup_(str_free) struct str text = { 0 };
		double number, back;

		x = x * 6364136223846793005 + 1442695040888963407;
		memcpy(&number, &x, sizeof(number));
		if (!isfinite(number))
			continue;
		ck_assert_int_eq(evidence_set(evidence, METRIC_vmstat_r, number), 0);
		ck_assert_int_eq(evidence_to_json(evidence, &text), 0);
		again = read_good(text.data, text.len);
		back = evidence_number(again, METRIC_vmstat_r);
		ck_assert_mem_eq(&back, &number, sizeof(back));
	}
}
END_TEST

static const char *const texts[] = {
	"",
	"tokio-runtime-w",
	"\"quoted\" \\ and / slashed",
	"\\x1b is text here",
	"esc \x1b[2J nl \n tab \t",
	"\xff\xfe broken \xc3",
	"gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x94\xa5",
	"\\u0041 \\u0000 stays",
};

START_TEST(texts_survive)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(evidence_freep) struct evidence *again = NULL;
	_cleanup_(str_free) struct str text = { 0 };
	struct stage_record record = { .reason = texts[_i], .fix = texts[_i] };

	ck_assert_int_eq(evidence_new(&evidence), 0);
	ck_assert_int_eq(evidence_set_text(evidence, METRIC_host_name, texts[_i]), 0);
	ck_assert_int_eq(evidence_add_caveat(evidence, "%s", texts[_i]), 0);
	ck_assert_int_eq(evidence_set_stage(evidence, STAGE_perf, &record), 0);
	evidence_add_row(evidence, TABLE_top_groups);
	ck_assert_int_eq(evidence_set_cell_text(evidence, 0, COLUMN_top_groups_name, texts[_i]), 0);
	ck_assert_int_eq(evidence_to_json(evidence, &text), 0);
	again = read_good(text.data, text.len);
	ck_assert_str_eq(evidence_get(again, METRIC_host_name).text,
			 evidence_get(evidence, METRIC_host_name).text);
	ck_assert_str_eq(evidence_cell(again, 0, COLUMN_top_groups_name).text,
			 evidence_get(evidence, METRIC_host_name).text);
	ck_assert_str_eq(evidence_caveat(again, 0), evidence_caveat(evidence, 0));
	ck_assert_str_eq(evidence_stage(again, STAGE_perf)->fix,
			 evidence_stage(evidence, STAGE_perf)->fix);
	ck_round_trip(evidence);
}
END_TEST

static void fill_column(struct evidence *evidence, enum column_id id)
{
	for (int row = 0; row < evidence_rows(evidence, column_info(id)->table); row++) {
		if (column_info(id)->known)
			continue;
		if (column_info(id)->unit == UNIT_TEXT)
			evidence_set_cell_text(evidence, row, id, "a text");
		else
			evidence_set_cell(evidence, row, id, row / 3.0);
	}
}

START_TEST(everything_survives)
{
	static const enum stage_status statuses[STAGE_TOTAL] = { STAGE_OK, STAGE_DEGRADED,
								 STAGE_SKIPPED, STAGE_UNAVAILABLE,
								 STAGE_OK };
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(evidence_freep) struct evidence *again = NULL;
	_cleanup_(str_free) struct str text = { 0 };

	ck_assert_int_eq(evidence_new(&evidence), 0);
	for (int id = 0; id < METRIC_TOTAL; id++)
		if (metric_info(id)->unit == UNIT_TEXT)
			evidence_set_text(evidence, id, metric_info(id)->name);
		else
			evidence_set(evidence, id, id / 7.0);
	for (int id = 0; id < TABLE_TOTAL; id++)
		for (int row = 0; row < id % 4; row++)
			evidence_add_row(evidence, id);
	for (int id = 0; id < COLUMN_TOTAL; id++)
		fill_column(evidence, id);
	for (int id = 0; id < STAGE_TOTAL; id++)
		evidence_set_stage(evidence, id,
				   &(struct stage_record){ .status = statuses[id],
							   .duration_s = id / 3.0 });
	ck_assert_int_eq(evidence_to_json(evidence, &text), 0);
	again = read_good(text.data, text.len);
	for (int id = 0; id < METRIC_TOTAL; id++)
		ck_assert_int_ne(evidence_get(again, id).kind, VALUE_UNKNOWN);
	for (int id = 0; id < TABLE_TOTAL; id++)
		ck_assert_int_eq(evidence_rows(again, id), id % 4);
	for (int id = 0; id < STAGE_TOTAL; id++) {
		ck_assert_int_eq(evidence_stage(again, id)->status, statuses[id]);
		ck_assert_double_eq(evidence_stage(again, id)->duration_s, id / 3.0);
	}
	ck_assert_uint_eq(evidence_caveats(again), 0);
	ck_round_trip(evidence);
}
END_TEST

START_TEST(unknown_stays_unknown)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(evidence_freep) struct evidence *again = NULL;
	_cleanup_(str_free) struct str text = { 0 };

	ck_assert_int_eq(evidence_new(&evidence), 0);
	evidence_mark_table(evidence, TABLE_top_dstate);
	evidence_add_row(evidence, TABLE_top_groups);
	evidence_set_cell_text(evidence, 0, COLUMN_top_groups_runtime, "from rules/");
	ck_assert_int_eq(evidence_to_json(evidence, &text), 0);
	ck_assert_ptr_null(strstr(text.data, "vmstat.r"));
	ck_assert_ptr_null(strstr(text.data, "from rules/"));
	again = read_good(text.data, text.len);
	for (int id = 0; id < METRIC_TOTAL; id++)
		ck_assert_int_eq(evidence_get(again, id).kind, VALUE_UNKNOWN);
	for (int id = 0; id < TABLE_TOTAL; id++)
		ck_assert_int_eq(evidence_has_table(again, id),
				 id == TABLE_top_dstate || id == TABLE_top_groups);
	ck_assert_int_eq(evidence_rows(again, TABLE_top_dstate), 0);
	ck_assert_int_eq(evidence_rows(again, TABLE_top_groups), 1);
}
END_TEST

START_TEST(order_is_the_catalogues)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(str_free) struct str text = { 0 };

	ck_assert_int_eq(evidence_new(&evidence), 0);
	evidence_set(evidence, METRIC_vmstat_b, 2);
	evidence_set(evidence, METRIC_vmstat_r, 0.5);
	evidence_set_text(evidence, METRIC_host_name, "db1");
	evidence_set_stage(evidence, STAGE_top,
			   &(struct stage_record){ .status = STAGE_OK, .duration_s = 1.5 });
	evidence_set_stage(evidence, STAGE_perf,
			   &(struct stage_record){ .status = STAGE_UNAVAILABLE, .reason = "no" });
	evidence_add_row(evidence, TABLE_top_parents);
	evidence_set_cell(evidence, 0, COLUMN_top_parents_zombies, 3);
	evidence_set_cell_text(evidence, 0, COLUMN_top_parents_name, "init");
	evidence_add_caveat(evidence, "short");
	ck_assert_int_eq(evidence_to_json(evidence, &text), 0);
	ck_assert_str_eq(text.data, "{\n"
				    "\t\"schema\":\t\"triage-evidence/1\",\n"
				    "\t\"stages\":\t{\n"
				    "\t\t\"vmstat\":\t{\n\t\t\t\"status\":\t\"skipped\"\n\t\t},\n"
				    "\t\t\"top\":\t{\n\t\t\t\"status\":\t\"ok\",\n"
				    "\t\t\t\"duration_s\":\t1.5\n\t\t},\n"
				    "\t\t\"perf\":\t{\n\t\t\t\"status\":\t\"unavailable\",\n"
				    "\t\t\t\"reason\":\t\"no\"\n\t\t},\n"
				    "\t\t\"sched\":\t{\n\t\t\t\"status\":\t\"skipped\"\n\t\t},\n"
				    "\t\t\"locate\":\t{\n\t\t\t\"status\":\t\"skipped\"\n\t\t}\n"
				    "\t},\n"
				    "\t\"metrics\":\t{\n"
				    "\t\t\"host.name\":\t\"db1\",\n"
				    "\t\t\"vmstat.r\":\t0.5,\n"
				    "\t\t\"vmstat.b\":\t2\n"
				    "\t},\n"
				    "\t\"tables\":\t{\n"
				    "\t\t\"top.parents\":\t[{\n"
				    "\t\t\t\t\"name\":\t\"init\",\n"
				    "\t\t\t\t\"zombies\":\t3\n"
				    "\t\t\t}]\n"
				    "\t},\n"
				    "\t\"caveats\":\t[\"short\"]\n"
				    "}\n");
}
END_TEST

#define HEAD "{\"schema\":\"triage-evidence/1\","
#define DEPTH_8 "[[[[[[[["

static const struct {
	const char *text;
	size_t len;
	const char *message;
} bad[] = {
#define BAD(text, message)                      \
	{                                       \
		text, sizeof(text) - 1, message \
	}
	BAD("", "the file is empty"),
	BAD("\n {", "line 2: not JSON"),
	BAD("{} x", "line 1: not JSON"),
	BAD("{}\0", "line 1: NUL byte"),
	BAD("nul", "line 1: not JSON"),
	BAD("[]", "not triage's evidence: an object is expected"),
	BAD("{}", "not triage's evidence: it names no schema"),
	BAD("{\"schema\":1}", "not triage's evidence: it names no schema"),
	BAD("{\"schema\":\"other\\u001b\"}",
	    "not triage's evidence: schema \"other\\x1b\", not triage-evidence/1"),
	BAD("{\"schema\":\"triage-evidence/2\"}",
	    "made by another version of triage: schema \"triage-evidence/2\", this one reads "
	    "triage-evidence/1"),
	BAD(HEAD "\"schema\":\"triage-evidence/1\"}", "schema: given twice"),
	BAD(HEAD "\"x\":" DEPTH_8 DEPTH_8 DEPTH_8 DEPTH_8 "}", "line 1: nested too deeply"),
	BAD(HEAD "\"metrics\":[]}", "metrics: an object is expected"),
	BAD(HEAD "\"metrics\":{},\"metrics\":{}}", "metrics: given twice"),
	BAD(HEAD "\"metrics\":{\"vmstat.r\":\"5\"}}", "metrics, vmstat.r: a number is expected"),
	BAD(HEAD "\"metrics\":{\"vmstat.r\":null}}", "metrics, vmstat.r: a number is expected"),
	BAD(HEAD "\"metrics\":{\"vmstat.r\":true}}", "metrics, vmstat.r: a number is expected"),
	BAD(HEAD "\"metrics\":{\"vmstat.r\":[1]}}", "metrics, vmstat.r: a number is expected"),
	BAD(HEAD "\"metrics\":{\"vmstat.r\":1e999}}", "metrics, vmstat.r: the number is too large"),
	BAD(HEAD "\"metrics\":{\"vmstat.r\":NaN}}", "line 1: not JSON"),
	BAD(HEAD "\"metrics\":{\"vmstat.r\":1,\"vmstat.r\":2}}", "metrics, vmstat.r: given twice"),
	BAD(HEAD "\"metrics\":{\"host.name\":5}}", "metrics, host.name: a text is expected"),
	BAD(HEAD "\"metrics\":{\"host.name\":\"a\\u0000b\"}}", "line 1: NUL character in a string"),
	BAD(HEAD "\"tables\":7}", "tables: an object is expected"),
	BAD(HEAD "\"tables\":{\"top.groups\":{}}}", "tables, top.groups: an array is expected"),
	BAD(HEAD "\"tables\":{\"top.groups\":[],\"top.groups\":[]}}",
	    "tables, top.groups: given twice"),
	BAD(HEAD "\"tables\":{\"top.groups\":[{},5]}}",
	    "tables, top.groups, row 1: an object is expected"),
	BAD(HEAD "\"tables\":{\"top.groups\":[{\"threads\":\"x\"}]}}",
	    "tables, top.groups, row 1: threads: a number is expected"),
	BAD(HEAD "\"tables\":{\"top.groups\":[{},{\"name\":\"a\",\"name\":\"b\"}]}}",
	    "tables, top.groups, row 2: name: given twice"),
	BAD(HEAD "\"stages\":[]}", "stages: an object is expected"),
	BAD(HEAD "\"stages\":{\"top\":1}}", "stages, top: an object is expected"),
	BAD(HEAD "\"stages\":{\"top\":{}}}", "stages, top: status is missing"),
	BAD(HEAD "\"stages\":{\"top\":{\"status\":\"fine\"}}}",
	    "stages, top: status must be ok, degraded, skipped or unavailable"),
	BAD(HEAD "\"stages\":{\"top\":{\"status\":3}}}",
	    "stages, top: status must be ok, degraded, skipped or unavailable"),
	BAD(HEAD "\"stages\":{\"top\":{\"status\":\"ok\",\"status\":\"ok\"}}}",
	    "stages, top: given twice"),
	BAD(HEAD "\"stages\":{\"top\":{\"status\":\"ok\",\"duration_s\":-1}}}",
	    "stages, top: duration_s must be a number of seconds"),
	BAD(HEAD "\"stages\":{\"top\":{\"status\":\"ok\",\"reason\":1}}}",
	    "stages, top: reason and fix must be texts"),
	BAD(HEAD "\"stages\":{\"top\":{\"status\":\"ok\"},\"top\":{\"status\":\"ok\"}}}",
	    "stages, top: given twice"),
	BAD(HEAD "\"caveats\":{}}", "caveats: an array is expected"),
	BAD(HEAD "\"caveats\":[1]}", "caveats: a text is expected"),
#undef BAD
};

START_TEST(bad_documents_are_refused)
{
	struct evidence *evidence = NULL;
	/* exactly as large, so that a read past the end is seen */
	_cleanup_(cleanup_free) char *text = malloc(bad[_i].len ? bad[_i].len : 1);
	struct err err = { "" };

	memcpy(text, bad[_i].text, bad[_i].len);
	ck_assert_int_eq(evidence_from_json(text, bad[_i].len, &evidence, &err), -EBADMSG);
	ck_assert_str_eq(err.msg, bad[_i].message);
	ck_assert_ptr_null(evidence);
	ck_assert_int_eq(evidence_from_json(text, bad[_i].len, &evidence, NULL), -EBADMSG);
}
END_TEST

START_TEST(newer_documents_are_read_as_far_as_known)
{
	static const char text[] = HEAD
		"\"future\":[1],"
		"\"stages\":{\"top\":{\"status\":\"ok\",\"mood\":\"good\"},\"later\":{}},"
		"\"metrics\":{\"vmstat.r\":5,\"vmstat.mood\":\"good\"},"
		"\"tables\":{\"top.moods\":[{}],\"top.groups\":[{\"name\":\"a\",\"mood\":1,"
		"\"runtime\":\"tokio\"}]}}";
	_cleanup_(evidence_freep) struct evidence *evidence = read_good(text, sizeof(text) - 1);

	ck_assert_double_eq(evidence_number(evidence, METRIC_vmstat_r), 5);
	ck_assert_str_eq(evidence_cell(evidence, 0, COLUMN_top_groups_name).text, "a");
	ck_assert_int_eq(evidence_cell(evidence, 0, COLUMN_top_groups_runtime).kind, VALUE_UNKNOWN);
	ck_assert_int_eq(evidence_stage(evidence, STAGE_top)->status, STAGE_OK);
	ck_assert_uint_eq(evidence_caveats(evidence), 1);
	ck_assert_str_eq(evidence_caveat(evidence, 0),
			 "7 facts are left out because this version of triage does not know them "
			 "(the first: \"future\")");
	ck_round_trip(evidence);
}
END_TEST

/* `count` times `item`, joined by commas, between `head` and `tail`. */
static int read_many(const char *head, const char *item, int count, const char *tail,
		     struct err *err)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(str_free) struct str text = { 0 };

	str_append(&text, head);
	for (int i = 0; i < count; i++) {
		str_append(&text, i ? "," : "");
		str_append(&text, item);
	}
	str_append(&text, tail);
	return evidence_from_json(text.data, text.len, &evidence, err);
}

START_TEST(huge_documents_are_refused)
{
	static const char rows[] = HEAD "\"tables\":{\"top.groups\":[";
	struct err err = { "" };

	ck_assert_int_eq(read_many(rows, "{}", 100000, "]}}", &err), 0);
	ck_assert_int_eq(read_many(rows, "{}", 100001, "]}}", &err), -EBADMSG);
	ck_assert_str_eq(err.msg, "tables, top.groups, row 100000: too many rows");
	ck_assert_int_eq(read_many(HEAD "\"x\":[", "0", 2100000, "]}", &err), -EBADMSG);
	ck_assert_str_eq(err.msg, "line 1: too many values");
	ck_assert_int_eq(read_many(HEAD "\"caveats\":[", "\"x\"", 1001, "]}", &err), -EBADMSG);
	ck_assert_str_eq(err.msg, "caveats: too many");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("evidence json");
	TCase *tests = tcase_create("evidence json");

	tcase_set_timeout(tests, 60);

	tcase_add_loop_test(tests, numbers_survive_to_the_last_bit, 0, ARRAY_SIZE(numbers));
	tcase_add_test(tests, random_numbers_survive);
	tcase_add_loop_test(tests, texts_survive, 0, ARRAY_SIZE(texts));
	tcase_add_test(tests, everything_survives);
	tcase_add_test(tests, unknown_stays_unknown);
	tcase_add_test(tests, order_is_the_catalogues);
	tcase_add_loop_test(tests, bad_documents_are_refused, 0, ARRAY_SIZE(bad));
	tcase_add_test(tests, newer_documents_are_read_as_far_as_known);
	tcase_add_test(tests, huge_documents_are_refused);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
