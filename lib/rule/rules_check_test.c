/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One malformed text per test, and the complaint it earns. */
#include "rule/load.h"
#include "rule/testing.h"

#define GOOD "\"when\":[\"vmstat.r > 1\"],\"cause\":\"cpu-hog\",\"say\":\"x\""
#define PROSE ",\"means\":\"m\",\"remedy\":[\"r\"],\"source\":\"s\""
#define ROW(id, rest) "{\"id\":\"" id "\"," rest "}"
#define SYMBOLS(rows) "{\"symbols\":[" rows "]}"
#define LINK(rest) "{\"link\":\"chain.a\"," rest "}"
#define ENDS "\"from\":\"thread-storm\",\"to\":\"cpu-saturation\""
#define SHOWN "\"when\":[\"vmstat.r > 1\"],\"strength\":\"vmstat.busy_pct\",\"say\":\"x\""
#define STORMS "\"for\":\"top.groups\"," ENDS "," SHOWN
#define KNOWLEDGE(rest) "{\"knowledge\":\"k\",\"table\":\"top.groups\"," rest "}"

static const struct {
	const char *text;
	const char *complaint; /* without "t:LINE: " */
	int line;
} refused[] = {
	{ "[\n1\n2]", "not JSON from here on", 3 },
	{ "7", "must hold a list of rows or an object", 1 },
	{ "[\n7]", "a row must be an object", 2 },
	{ "{\"from\":\"a\",\"to\":\"b\"}", "a row needs an id", 1 },
	{ "[{" GOOD "}]", "a row needs an id", 1 },
	{ "{\"id\":7," GOOD "}", "id: must be a text", 1 },
	{ ROW("vmstat", GOOD), "vmstat: id: must be stage.name, of a-z, 0-9 and -", 1 },
	{ ROW("vmstat.A", GOOD), "vmstat.A: id: must be stage.name, of a-z, 0-9 and -", 1 },
	{ ROW("cpu.a", GOOD),
	  "cpu.a: id: must begin with a stage: vmstat, top, perf, sched or locate", 1 },
	{ "[" ROW("vmstat.a", GOOD) ",\n" ROW("vmstat.a", GOOD) "]",
	  "vmstat.a: id: is used in t:1 already", 2 },
	{ ROW("vmstat.a", GOOD ",\n\"whn\":[]"),
	  "vmstat.a: unknown key \"whn\" (did you mean \"when\"?)", 2 },
	{ ROW("vmstat.a", GOOD ",\"say\":\"y\""), "vmstat.a: say: stands here twice", 1 },
	{ ROW("vmstat.a", "\n\"when\":[\n\"vmstat.rr > 1\"],\"cause\":\"cpu-hog\",\"say\":\"x\""),
	  "vmstat.a: when: unknown metric \"vmstat.rr\" (did you mean \"vmstat.r\"?)", 3 },
	{ ROW("vmstat.a", "\"when\":[],\"cause\":\"cpu-hog\",\"say\":\"x\""),
	  "vmstat.a: when: must be a condition or a list of conditions", 1 },
	{ ROW("vmstat.a", "\"cause\":\"cpu-hog\",\"say\":\"x\""), "vmstat.a: when: is missing", 1 },
	{ ROW("vmstat.a", GOOD ",\"unless\":[\"row.threads > 1\"]"),
	  "vmstat.a: unless: \"row.threads\" needs a table: the row has no `for`", 1 },
	{ ROW("vmstat.a", GOOD ",\"for\":\"top.group\""),
	  "vmstat.a: for: unknown table \"top.group\" (did you mean \"top.groups\"?)", 1 },
	{ ROW("vmstat.a", "\"when\":[\"vmstat.r > 1\"],\"cause\":\"cpu-hogg\",\"say\":\"x\""),
	  "vmstat.a: cause: unknown cause \"cpu-hogg\" (did you mean \"cpu-hog\"?)", 1 },
	{ ROW("vmstat.a", "\"when\":[\"vmstat.r > 1\"],\"rules_out\":\"x\",\"say\":\"x\""),
	  "vmstat.a: rules_out: unknown cause \"x\"", 1 },
	{ ROW("vmstat.a", GOOD ",\"rules_out\":\"cpu-steal\""),
	  "vmstat.a: rules_out: can't stand beside cause", 1 },
	{ ROW("vmstat.a", "\"when\":[\"vmstat.r > 1\"],\"cause\":\"cpu-hog\""),
	  "vmstat.a: say: is missing", 1 },
	{ ROW("vmstat.a", "\"when\":[\"vmstat.r > 1\"],\"say\":\"x\""),
	  "vmstat.a: a row needs cause, rules_out or next", 1 },
	{ ROW("vmstat.a", GOOD ",\"next\":\"topp\",\"why\":\"w\""),
	  "vmstat.a: next: unknown stage \"topp\" (did you mean \"top\"?)", 1 },
	{ ROW("vmstat.a", GOOD ",\"next\":\"top\""), "vmstat.a: next: without why", 1 },
	{ ROW("vmstat.a", GOOD ",\"why\":\"x\""), "vmstat.a: why: without next", 1 },
	{ ROW("top.a", GOOD ",\"next\":\"vmstat\",\"why\":\"w\""),
	  "top.a: next: top can't ask for vmstat: the funnel goes one way", 1 },
	{ ROW("top.a", GOOD ",\"next\":\"top\",\"why\":\"w\""),
	  "top.a: next: top can't ask for top: the funnel goes one way", 1 },
	{ ROW("vmstat.a", GOOD ",\"role\":\"symptons\""),
	  "vmstat.a: role: unknown role \"symptons\" (did you mean \"symptom\"?)", 1 },
	{ ROW("vmstat.a", GOOD ",\"severity\":\"bad\""),
	  "vmstat.a: severity: unknown severity \"bad\"", 1 },
	{ ROW("vmstat.a", GOOD ",\"severity\":{\"warnin\":\"vmstat.r > 1\"}"),
	  "vmstat.a: unknown key \"warnin\" (did you mean \"warning\"?)", 1 },
	{ ROW("vmstat.a", GOOD ",\"severity\":{\"warning\":\"vmstat.r > 1 %\"}"),
	  "vmstat.a: warning: \"1 %\" is not a number of count", 1 },
	{ ROW("vmstat.a", GOOD ",\"subject\":\"programme\""),
	  "vmstat.a: subject: unknown kind of subject \"programme\" (did you mean \"program\"?)",
	  1 },
	{ ROW("vmstat.a", GOOD ",\"share\":\"vmstat.r\""),
	  "vmstat.a: share: \"vmstat.r\" is not a percentage", 1 },
	{ ROW("vmstat.a", GOOD ",\"means\":\"{vmstat.rr}\""),
	  "vmstat.a: means: unknown metric \"vmstat.rr\" (did you mean \"vmstat.r\"?)", 1 },
	{ ROW("vmstat.a", GOOD ",\"remedy\":[\"{row.name}\"]"),
	  "vmstat.a: remedy: \"row.name\" needs a table: the row has no `for`", 1 },
	{ ROW("vmstat.a", GOOD ",\"try\":[\"awk {print\"]"),
	  "vmstat.a: try: a brace is never closed (\"{{\" is a brace)", 1 },
	{ ROW("vmstat.a", GOOD ",\"remedy\":7"),
	  "vmstat.a: remedy: must be a text or a list of texts", 1 },
	{ ROW("vmstat.a", GOOD ",\"means\":\"\""), "vmstat.a: means: is empty", 1 },
	{ ROW("vmstat.a", GOOD ",\"means\":\"\\u001b[2J\""),
	  "vmstat.a: means: holds control characters or invalid UTF-8", 1 },
	{ ROW("vmstat.a", GOOD ",\"enabled\":\"no\""), "vmstat.a: enabled: must be true or false",
	  1 },
	{ KNOWLEDGE("\"match\":\"thread\""), "k: rows: must be a list of objects", 1 },
	{ KNOWLEDGE("\"rows\":[]"), "k: match: is missing", 1 },
	{ KNOWLEDGE("\"match\":\"thred\",\"rows\":[]"),
	  "k: match: unknown column \"thred\" (did you mean \"thread\"?)", 1 },
	{ KNOWLEDGE("\"match\":\"threads\",\"rows\":[]"),
	  "k: match: column \"threads\" is not a text", 1 },
	{ "{\"knowledge\":\"k\",\"table\":\"top.x\",\"match\":\"name\",\"rows\":[]}",
	  "k: table: unknown table \"top.x\"", 1 },
	{ KNOWLEDGE("\"match\":\"thread\",\"rows\":[{\"set\":{\"runtime\":\"x\"}}]"),
	  "k: glob: is missing", 1 },
	{ KNOWLEDGE("\"match\":\"thread\",\"rows\":[{\"glob\":\"x\"}]"),
	  "k: set: must be an object of columns and texts", 1 },
	{ KNOWLEDGE("\"match\":\"thread\",\"rows\":[{\"glob\":\"x\",\"set\":{\"name\":\"x\"}}]"),
	  "k: set: column \"name\" is measured: only known columns can be set", 1 },
	{ KNOWLEDGE("\"match\":\"thread\",\"rows\":[{\"glob\":\"x\",\"set\":{\"rutime\":\"x\"}}]"),
	  "k: set: unknown column \"rutime\" (did you mean \"runtime\"?)", 1 },
	{ "{\"stages\":[]}", "stages: must be an object of stages", 1 },
	{ "{\"stages\":{\"tap\":{}}}",
	  "stages: stages: unknown stage \"tap\" (did you mean "
	  "\"top\"?)",
	  1 },
	{ "{\"stages\":{\"top\":{\"question\":\"q\",\"saw\":[{\"say\":\"{row.name}\"}]}}}",
	  "stages: say: \"row.name\" needs a table: the row has no `for`", 1 },
	{ "{\"stages\":{\"top\":{\"question\":\"q\",\"saw\":[{\"for\":\"top.groups\",\"most\":0,"
	  "\"say\":\"x\"}]}}}",
	  "stages: most: must be a number from 1 to 64", 1 },
	{ "{\"stages\":{\"top\":{\"saw\":[]}}}", "stages: question: is missing", 1 },
	{ "{\"link\":\"a\"," ENDS "," SHOWN "}", "a: link: must be chain.name, of a-z, 0-9 and -",
	  1 },
	{ "{\"link\":\"chain.\"," ENDS "," SHOWN "}",
	  "chain.: link: must be chain.name, of a-z, 0-9 and -", 1 },
	{ "{\"link\":7," ENDS "," SHOWN "}", "link: must be a text", 1 },
	{ "[" LINK(ENDS "," SHOWN) ",\n" LINK(ENDS "," SHOWN) "]",
	  "chain.a: link: is used in t:1 already", 2 },
	{ LINK(ENDS "," SHOWN ",\n\"strenght\":\"x\""),
	  "chain.a: unknown key \"strenght\" (did you mean \"strength\"?)", 2 },
	{ LINK("\"to\":\"cpu-saturation\"," SHOWN), "chain.a: from: is missing", 1 },
	{ LINK("\"from\":\"thread-storms\",\"to\":\"cpu-saturation\"," SHOWN),
	  "chain.a: from: unknown cause \"thread-storms\" (did you mean \"thread-storm\"?)", 1 },
	{ LINK("\"from\":\"thread-storm\",\n\"to\":[\"cpu-hog\",\"x\"]," SHOWN),
	  "chain.a: to: unknown cause \"x\"", 2 },
	{ LINK("\"for\":\"top.group\"," ENDS "," SHOWN),
	  "chain.a: for: unknown table \"top.group\" (did you mean \"top.groups\"?)", 1 },
	{ LINK(ENDS ",\"strength\":\"vmstat.busy_pct\",\"say\":\"x\""), "chain.a: when: is missing",
	  1 },
	{ LINK(ENDS ",\"when\":[\"vmstat.r > 1 ms\"],\"strength\":\"vmstat.busy_pct\","
		    "\"say\":\"x\""),
	  "chain.a: when: \"1 ms\" is not a number of count", 1 },
	{ LINK(ENDS ",\"when\":[\"vmstat.r > 1\"],\"strength\":\"vmstat.busy_pct\""),
	  "chain.a: say: is missing", 1 },
	{ LINK(ENDS ",\"when\":[\"vmstat.r > 1\"],\"say\":\"x\""), "chain.a: strength: is missing",
	  1 },
	{ LINK(ENDS ",\"when\":[\"vmstat.r > 1\"],\"say\":\"x\",\"strength\":\"vmstat.r\""),
	  "chain.a: strength: \"vmstat.r\" is not a percentage", 1 },
	{ LINK(ENDS ",\"when\":[\"vmstat.r > 1\"],\"say\":\"x\",\"strength\":\"vmstat.busypct\""),
	  "chain.a: strength: unknown metric \"vmstat.busypct\" (did you mean "
	  "\"vmstat.busy_pct\"?)",
	  1 },
	{ LINK(STORMS ",\"match\":\"row.name\""),
	  "chain.a: match: must be an object of from and to", 1 },
	{ LINK(STORMS ",\"match\":{\"form\":\"row.name\"}"),
	  "chain.a: unknown key \"form\" (did you mean \"from\"?)", 1 },
	{ LINK(STORMS ",\"match\":{\"from\":\"row.nam\"}"),
	  "chain.a: match: unknown column \"row.nam\" (did you mean \"row.name\"?)", 1 },
	{ LINK(STORMS ",\"match\":{\"from\":\"row.threads\"}"),
	  "chain.a: match: column \"row.threads\" is not a text", 1 },
	{ LINK(STORMS ",\"match\":{\"to\":\"vmstat.r\"}"),
	  "chain.a: match: \"vmstat.r\" is neither row.COLUMN nor a quoted text", 1 },
	{ LINK(STORMS ",\"match\":{\"to\":\"''\"}"), "chain.a: match: the quoted text is empty",
	  1 },
	{ LINK(ENDS "," SHOWN ",\"match\":{\"to\":\"row.name\"}"),
	  "chain.a: match: \"row.name\" needs a table: the row has no `for`", 1 },
	{ LINK(ENDS ",\"when\":[\"vmstat.r > 1\"],\"strength\":\"vmstat.busy_pct\",\"say\":"
		    "\"{vmstat.rr}\""),
	  "chain.a: say: unknown metric \"vmstat.rr\" (did you mean \"vmstat.r\"?)", 1 },
	{ LINK(ENDS "," SHOWN ",\"enabled\":\"no\""), "chain.a: enabled: must be true or false",
	  1 },
	{ LINK("\"enabled\":false"), "chain.a: link: unknown rule \"chain.a\"", 1 },
	{ "{\"symbols\":{}}", "symbols: must be a list of objects", 1 },
	{ SYMBOLS("7"), "symbols: must be a list of objects", 1 },
	{ "{\"symbols\":[],\n\"simbols\":[]}",
	  "symbols: unknown key \"simbols\" (did you mean \"symbols\"?)", 2 },
	{ SYMBOLS("{\"class\":\"futex\",\n\"kernl\":[\"x\"],\"user\":[\"x\"]}"),
	  "symbols: unknown key \"kernl\" (did you mean \"kernel\"?)", 2 },
	{ SYMBOLS("\n{\"class\":\"futx\",\"kernel\":[\"x\"]}"),
	  "symbols: class: unknown class \"futx\" (did you mean \"futex\"?)", 2 },
	{ SYMBOLS("{\"class\":\"zzzzzz\",\"kernel\":[\"x\"]}"),
	  "symbols: class: unknown class \"zzzzzz\"", 1 },
	{ SYMBOLS("{\"kernel\":[\"x\"]}"), "symbols: class: is missing", 1 },
	{ SYMBOLS("{\"class\":\"futex\"}"), "symbols: a row needs kernel, user, module or all", 1 },
	{ SYMBOLS("{\"class\":\"futex\",\"kernel\":[]}"),
	  "symbols: kernel: must be a text or a list of texts", 1 },
	{ SYMBOLS("{\"class\":\"futex\",\n\"kernel\":[\"\"]}"), "symbols: kernel: is empty", 2 },
	{ SYMBOLS("{\"class\":\"futex\",\"kernel\":[\"*\"]}"),
	  "symbols: \"*\" without module is every function", 1 },
	{ SYMBOLS("{\"class\":\"futex\",\"kernel\":[\"x\"],\"at\":\"root\"}"),
	  "symbols: at: must be \"leaf\"", 1 },
	{ SYMBOLS("{\"class\":\"futex\",\"kernel\":[\"x\"],\"loop\":1}"),
	  "symbols: loop: must be true or false", 1 },
	{ SYMBOLS("{\"class\":\"futex\",\"kernel\":[\"x\"],\"loop\":true}"),
	  "symbols: loop: can't stand beside class", 1 },
	{ SYMBOLS("{\"class\":\"mmap_lock\",\"all\":[\"rwsem\"]}"),
	  "symbols: all: must be a list of two classes or more", 1 },
	{ SYMBOLS("{\"class\":\"mmap_lock\",\"all\":[\"rwsem\",\"rwsm\"]}"),
	  "symbols: all: unknown class \"rwsm\" (did you mean \"rwsem\"?)", 1 },
	{ SYMBOLS("{\"class\":\"rwsem\",\"all\":[\"rwsem\",\"futex\"]}"),
	  "symbols: all: names the row's own class", 1 },
	{ SYMBOLS("{\"class\":\"mmap_lock\",\"kernel\":\"x\",\"all\":[\"rwsem\",\"futex\"]}"),
	  "symbols: all: can't stand beside kernel, user, module, at or loop", 1 },
};

START_TEST(refused_text)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[]");
	const char *text = refused[_i].text;
	char expected[256];
	struct err err = { 0 };

	snprintf(expected, sizeof(expected), "t:%d: %s", refused[_i].line, refused[_i].complaint);
	ck_assert_int_lt(ruleset_overlay_text(rules, "t", text, strlen(text), &err), 0);
	ck_assert_str_eq(err.msg, expected);
	ck_assert_uint_eq(
		rules->rules.len + rules->links.len + rules->knowledge.len + rules->symbols.len, 0);
}
END_TEST

/* Texts that load, and what a check says of them. */
static const struct {
	const char *text;
	const char *complaint; /* NULL: none */
} checked[] = {
	{ ROW("vmstat.a", GOOD PROSE), NULL },
	{ ROW("vmstat.a", "\"when\":[\"vmstat.r > 5\",\"vmstat.r <= 5\"],\"cause\":\"cpu-hog\","
			  "\"say\":\"x\"" PROSE),
	  "t:1: vmstat.a: when: `vmstat.r > 5` can't hold with the others\n" },
	{ ROW("vmstat.a", "\"when\":[\"vmstat.r > 5\",\"vmstat.r <= 6\"],\"cause\":\"cpu-hog\","
			  "\"say\":\"x\"" PROSE),
	  NULL },
	{ ROW("vmstat.a", "\"when\":[\"vmstat.r < 5\"],\"cause\":\"cpu-hog\",\"say\":\"x\","
			  "\"severity\":{\"critical\":\"vmstat.r > 8\"}" PROSE),
	  "t:1: vmstat.a: severity: critical: `vmstat.r > 8` can't hold when `when` does\n" },
	{ ROW("vmstat.a", "\"when\":[\"vmstat.r > 5\"],\"cause\":\"cpu-hog\",\"say\":\"x\","
			  "\"unless\":[\"vmstat.r > 2\"]" PROSE),
	  "t:1: vmstat.a: unless: `vmstat.r > 2` always holds when `when` does\n" },
	{ ROW("vmstat.a", GOOD PROSE ",\"severity\":{\"least\":\"warning\","
				     "\"warning\":\"vmstat.r > 9\"}"),
	  "t:1: vmstat.a: severity: warning: is never more than least\n" },
	{ ROW("vmstat.a",
	      "\"when\":[\"top.threads > 5\"],\"cause\":\"cpu-hog\",\"say\":\"x\"" PROSE),
	  "t:1: vmstat.a: when: `top.threads > 5` is measured by top, after vmstat: the id must "
	  "begin with \"top.\"\n" },
	{ ROW("vmstat.a", GOOD), "t:1: vmstat.a: means: is missing: what does it mean?\n"
				 "t:1: vmstat.a: remedy: is missing: what is there to do?\n"
				 "t:1: vmstat.a: source: is missing: where do the thresholds come "
				 "from?\n" },
	{ ROW("vmstat.a", GOOD PROSE ",\"share\":\"vmstat.us_pct\""),
	  "t:1: vmstat.a: share_of: is missing: a share of what?\n" },
	{ ROW("top.a", GOOD PROSE ",\"for\":\"top.groups\""),
	  "t:1: top.a: when: never looks at a column of top.groups\n" },
	{ LINK(ENDS "," SHOWN ",\"strength_of\":\"x\",\"source\":\"s\""), NULL },
	{ LINK(ENDS "," SHOWN), "t:1: chain.a: source: is missing: why does the one drive the "
				"other?\n"
				"t:1: chain.a: strength_of: is missing: a share of what?\n" },
	{ LINK(ENDS ",\"when\":[\"vmstat.r > 5\",\"vmstat.r < 5\"],\"strength\":"
		    "\"vmstat.busy_pct\",\"say\":\"x\",\"strength_of\":\"x\",\"source\":\"s\""),
	  "t:1: chain.a: when: `vmstat.r > 5` can't hold with the others\n" },
	{ LINK(STORMS ",\"strength_of\":\"x\",\"source\":\"s\""),
	  "t:1: chain.a: for: never looks at a column of top.groups\n" },
	{ LINK("\"from\":\"cpu-hog\",\"to\":[\"thread-storm\",\"cpu-hog\"]," SHOWN
	       ",\"strength_of\":\"x\",\"source\":\"s\""),
	  "t:1: chain.a: match: is missing: from and to are the same finding\n" },
	{ LINK("\"enabled\":false"), NULL },
	{ "[{\"id\":\"vmstat.a\"},\n{\"id\":\"vmstat.b\",\"when\":[\"vmstat.r\"]}]",
	  "t:1: vmstat.a: when: is missing\n"
	  "t:1: vmstat.a: a row needs cause, rules_out or next\n"
	  "t:2: vmstat.b: when: no operator after \"vmstat.r\" (one of < <= > >= == != ~)\n"
	  "t:2: vmstat.b: a row needs cause, rules_out or next\n" },
};

START_TEST(checked_text)
{
	_cleanup_(layer_free) struct layer layer = { 0 };

	ck_assert_int_eq(layer_new(NULL, &layer), 0);
	ck_assert_int_eq(layer_add_text(&layer, "t", checked[_i].text, strlen(checked[_i].text)),
			 0);
	check_rules(&layer);
	ck_assert_str_eq(str_text(&layer.complaints),
			 checked[_i].complaint ? checked[_i].complaint : "");
	ck_assert_int_eq(layer.count > 0, checked[_i].complaint != NULL);
}
END_TEST

START_TEST(too_many_rows)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[]");
	_cleanup_(str_free) struct str text = { 0 };
	struct err err;

	str_append_char(&text, '[');
	for (int i = 0; i <= RULES_MAX; i++)
		str_format(&text, "{\"id\":\"vmstat.a%d\"," GOOD "},", i);
	str_append_char(&text, ']');
	ck_assert_int_lt(ruleset_overlay_text(rules, "t", str_text(&text), text.len, &err), 0);
	ck_assert_str_eq(err.msg, "t:1: more than 2000 rows");
}
END_TEST

START_TEST(too_many_symbol_rows)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[]");
	_cleanup_(str_free) struct str text = { 0 };
	struct err err;

	str_append(&text, "{\"symbols\":[");
	for (int i = 0; i < SYMBOL_ROWS_MAX; i++)
		str_append(&text, "{\"class\":\"futex\",\"user\":\"x\"},");
	str_append(&text, "]}");
	ck_assert_int_eq(ruleset_overlay_text(rules, "t", str_text(&text), text.len, &err), 0);
	/* one more, from another layer */
	str_clear(&text);
	str_append(&text, SYMBOLS("{\"class\":\"futex\",\"user\":\"x\"}"));
	ck_assert_int_lt(ruleset_overlay_text(rules, "t", str_text(&text), text.len, &err), 0);
	ck_assert_str_eq(err.msg, "more than 2000 rows");
	ck_assert_uint_eq(rules->symbols.len, SYMBOL_ROWS_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules_check");
	TCase *tests = tcase_create("rules_check");

	tcase_add_loop_test(tests, refused_text, 0, ARRAY_SIZE(refused));
	tcase_add_loop_test(tests, checked_text, 0, ARRAY_SIZE(checked));
	tcase_add_test(tests, too_many_rows);
	tcase_add_test(tests, too_many_symbol_rows);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
