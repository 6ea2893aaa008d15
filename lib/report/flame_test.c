/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writers promise; testdata/export_test.py reads the results with other parsers. */
#include "report/flame.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "evidence/classes.h"
#include "report/flame_colour.h"
#include "report/flame_view.h"
#include "report/xml.h"

#include <check.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static struct folded *parsed(const char *text)
{
	struct folded *folded = NULL;
	struct err err = { "" };

	ck_assert_msg(folded_parse(text, strlen(text), &folded, &err) == 0, "%s", err.msg);
	return folded;
}

static uint64_t some_classes(const void *context, const char *function, bool kernel)
{
	ck_assert_ptr_eq(context, &some_classes);
	if (strcmp(function, "net_rx_action") == 0)
		return kernel ? CLASS_BIT(net_rx) : 0;
	if (strcmp(function, "pthread_mutex_lock") == 0)
		return CLASS_BIT(user_lock) | CLASS_BIT(library);
	if (strcmp(function, "futex_wait") == 0)
		return CLASS_BIT(futex);
	if (strcmp(function, "handle_mm_fault") == 0)
		return kernel ? CLASS_BIT(page_fault) : 0;
	return strcmp(function, "malloc") == 0 ? CLASS_BIT(malloc) : 0;
}

static struct flame flame_of(const struct folded *stacks)
{
	return (struct flame){
		.stacks = stacks,
		.host = "db1",
		.tool_version = "0.1",
		.clock = "cpu-clock",
		.start_unix_s = 1785499200,
		.window_s = 3,
		.samples = 2994,
		.cpus = 4,
		.classes = some_classes,
		.context = some_classes,
	};
}

static const struct {
	const char *view, *stack;
	enum flame_kind kind; /* of the leaf */
} kinds[] = {
	{ "on-cpu", "nginx", FLAME_GROUP },
	{ "on-cpu", "nginx;worker", FLAME_GROUP },
	{ "on-cpu", "(interrupts on idle CPUs)", FLAME_OTHER },
	{ "on-cpu", "(left out)", FLAME_OTHER },
	{ "on-cpu", "p;t;main", FLAME_USER },
	{ "on-cpu", "p;t;[other]", FLAME_OTHER },
	{ "on-cpu", "p;t;(anonymous namespace)::run(int)", FLAME_USER },
	{ "on-cpu", "p;t;malloc", FLAME_LIBRARY },
	{ "on-cpu", "p;t;libcrypto.so.3+0x1a2b0", FLAME_LIBRARY },
	{ "on-cpu", "p;t;server+0x1a2b0", FLAME_USER },
	{ "on-cpu", "p;t;pthread_mutex_lock", FLAME_LOCK },
	{ "on-cpu", "p;t;[k] futex_wait", FLAME_LOCK },
	{ "on-cpu", "p;t;[k] net_rx_action", FLAME_INTERRUPT },
	{ "on-cpu", "p;t;net_rx_action", FLAME_USER },
	{ "on-cpu", "p;t;[k] net_rx_action;[k] br_handle_frame", FLAME_INTERRUPT },
	{ "on-cpu", "p;t;[k] br_handle_frame", FLAME_KERNEL },
	{ "on-cpu", "p;t;[k] net_rx_action;[k] futex_wait", FLAME_LOCK },
	{ "on-cpu", "p;t;[k] net_rx_action;[k] futex_wait;[k] f", FLAME_INTERRUPT },
	{ "on-cpu", "p;t;main;(on CPU);main", FLAME_USER },
	{ "on-cpu", "p;t;main;[k] handle_mm_fault", FLAME_KERNEL },
	{ "page-faults", "p;t;main;[k] handle_mm_fault", FLAME_FAULT },
	{ "page-faults", "p;t;main;[k] handle_mm_fault;[k] clear_page", FLAME_FAULT },
	{ "page-faults", "p;t;main;[k] handle_mm_fault;[k] futex_wait", FLAME_LOCK },
	{ "page-faults", "p;t;main;[k] exc_page_fault", FLAME_KERNEL },
	{ "page-faults", "p;t;main", FLAME_USER },
	{ "hot-cold", "p;t", FLAME_GROUP },
	{ "hot-cold", "p;t;(on CPU)", FLAME_HOT },
	{ "hot-cold", "p;t;(on CPU);main;[k] futex_wait", FLAME_HOT },
	{ "hot-cold", "p;t;(off CPU);main", FLAME_COLD },
	{ "hot-cold", "p;t;(off CPU);main;(on CPU);main", FLAME_COLD },
	{ "hot-cold", "p;t;(off CPU);[unknown]", FLAME_OTHER },
	{ "wakeup", "p;t;main;[k] futex_wait", FLAME_COLD },
	{ "wakeup", "p;t;main;--", FLAME_OTHER },
	{ "wakeup", "p;t;main;--;[k] wake_up_q;main", FLAME_WAKER },
	{ "wakeup", "p;t;main;--;[k] net_rx_action", FLAME_INTERRUPT },
	{ "wakeup", "p;t;main;--;[k] net_rx_action;[k] ip_output", FLAME_WAKER },
	{ "wakeup", "p;t;main;--;main;--", FLAME_WAKER },
};

START_TEST(frames_have_kinds)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(folded_freep) struct folded *folded = NULL;
	enum flame_region region = FLAME_IN_NOTHING;
	enum flame_kind kind = FLAME_KINDS;
	struct flame flame;

	str_format(&text, "# triage-stacks/1 view=%s\n%s 1\n", kinds[_i].view, kinds[_i].stack);
	folded = parsed(text.data);
	flame = flame_of(folded);
	for (uint32_t i = FOLDED_ROOT; i < folded->nodes.len; i++)
		kind = flame_kind(&flame, i, region, &region);
	ck_assert_int_eq(kind, kinds[_i].kind);
}
END_TEST

static const char *const views[] = { "on-cpu", "off-cpu", "wakeup", "hot-cold", "page-faults", "" };

static unsigned brightness(const char *colour)
{
	unsigned red, green, blue;

	ck_assert_int_eq(sscanf(colour, "#%2x%2x%2x", &red, &green, &blue), 3);
	return (299 * red + 587 * green + 114 * blue) / 1000;
}

/* Labels are dark: every colour must be light. */
START_TEST(colours_are_light_and_steady)
{
	for (int kind = 0; kind < FLAME_KINDS; kind++) {
		for (int i = 0; i < 200; i++) {
			char name[32], colour[FLAME_COLOUR_SIZE], again[FLAME_COLOUR_SIZE];

			snprintf(name, sizeof(name), "function_%d", i);
			flame_colour(views[_i], (enum flame_kind)kind, span_of(name), colour);
			flame_colour(views[_i], (enum flame_kind)kind, span_of(name), again);
			ck_assert_str_eq(colour, again);
			ck_assert_uint_ge(brightness(colour), 125);
		}
	}
}
END_TEST

START_TEST(legends_tell_kinds_apart)
{
	const struct flame_view *view = flame_view_of(views[_i]);
	char colours[FLAME_LEGEND_MAX][FLAME_COLOUR_SIZE];

	ck_assert_str_eq(view->name, views[_i]);
	ck_assert_ptr_null(view->legend[FLAME_LEGEND_MAX - 1].text);
	for (int i = 0; view->legend[i].text; i++) {
		flame_colour(views[_i], view->legend[i].kind, span_of(""), colours[i]);
		for (int other = 0; other < i; other++)
			ck_assert_str_ne(colours[i], colours[other]);
	}
}
END_TEST

START_TEST(waiting_does_not_look_like_work)
{
	char work[FLAME_COLOUR_SIZE], waiting[FLAME_COLOUR_SIZE];

	flame_colour("on-cpu", FLAME_USER, span_of("main"), work);
	flame_colour("off-cpu", FLAME_USER, span_of("main"), waiting);
	ck_assert_str_ne(work, waiting);
}
END_TEST

START_TEST(markup_is_text)
{
	static const char hostile[] = "<script>alert(\"1\")&'\x01\xff\xef\xbf\xbe\xef\xbf\xbf]]>";
	_cleanup_(str_free) struct str out = { 0 };

	xml_append_text(&out, hostile, sizeof(hostile) - 1);
	ck_assert_str_eq(str_text(&out), "&lt;script&gt;alert(&quot;1&quot;)&amp;&#39;\\x01\\xff"
					 "\\xef\\xbf\\xbe\\xef\\xbf\\xbf]]&gt;");
}
END_TEST

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		n++;
	return n;
}

START_TEST(svg_tells_what_is_known)
{
	_cleanup_(folded_freep) struct folded *folded =
		parsed("p;t;main;[k] futex_wait 2500000\np;t;main 1500000\n");
	_cleanup_(str_free) struct str out = { 0 }, less = { 0 };
	struct flame flame = flame_of(folded);

	ck_assert_int_eq(flame_svg(&flame, &out), 0);
	ck_assert_ptr_nonnull(strstr(out.data, "On-CPU flame graph \xc2\xb7 db1<"));
	ck_assert_ptr_nonnull(strstr(
		out.data, ">2026-07-31T12:00:00.000Z \xc2\xb7 3.00 s window, 4 CPUs \xc2\xb7 "
			  "2,994 samples by cpu-clock \xc2\xb7 4.00 s in all<"));
	ck_assert_ptr_nonnull(
		strstr(out.data,
		       "<title>futex_wait \xe2\x80\x94 2.50 s, 62.50 % of all (kernel)</title>"));
	ck_assert_uint_eq(count(out.data, "\n<g class=\"f\""), 5);
	ck_assert_uint_eq(count(out.data, "not drawn"), 0);

	flame = (struct flame){
		.stacks = folded, .start_unix_s = NAN, .window_s = NAN, .samples = NAN, .cpus = NAN
	};
	ck_assert_int_eq(flame_svg(&flame, &less), 0);
	ck_assert_ptr_nonnull(strstr(less.data, "\">4.00 s in all<"));
	ck_assert_uint_eq(count(less.data, "nan"), 0);
}
END_TEST

START_TEST(views_tell_their_windows)
{
	_cleanup_(folded_freep) struct folded *both =
		parsed("# triage-stacks/1 view=hot-cold unit=us\np;t;(on CPU);main 1500000\n");
	_cleanup_(folded_freep) struct folded *faults =
		parsed("# triage-stacks/1 view=page-faults unit=us\np;t;main 1500000\n");
	_cleanup_(str_free) struct str out = { 0 }, some = { 0 };
	struct flame flame = flame_of(both);

	flame.cold_window_s = 2;
	flame.samples = NAN;
	ck_assert_int_eq(flame_svg(&flame, &out), 0);
	ck_assert_ptr_nonnull(strstr(out.data, "hot: 3.00 s window, cold: 2.00 s window, 4 CPUs "));
	ck_assert_ptr_nonnull(strstr(out.data, "Hot and cold flame graph"));
	flame = flame_of(faults);
	flame.whole = 6000000;
	ck_assert_int_eq(flame_svg(&flame, &some), 0);
	ck_assert_ptr_nonnull(strstr(some.data, "1.50 s of 6.00 s in all"));
}
END_TEST

START_TEST(narrow_frames_are_not_drawn)
{
	_cleanup_(folded_freep) struct folded *folded =
		parsed("p;t;wide 1000000\np;t;narrow;child 80\np;t;edge 90\n");
	_cleanup_(str_free) struct str out = { 0 };
	struct flame flame = flame_of(folded);

	ck_assert_int_eq(flame_svg(&flame, &out), 0);
	ck_assert_uint_eq(count(out.data, "<title>edge"), 1);
	ck_assert_uint_eq(count(out.data, "<title>narrow"), 0);
	ck_assert_uint_eq(count(out.data, "<title>child"), 0);
	ck_assert_ptr_nonnull(strstr(out.data, ">1 frames narrower than 0.1 px"));
}
END_TEST

/* 400 programs of equal shape, each a little lighter than the one before. */
static struct folded *many_stacks(uint64_t *ret_total)
{
	_cleanup_(str_free) struct str text = { 0 };

	*ret_total = 0;
	for (unsigned i = 0; i < 400; i++) {
		str_format(&text, "p%03u;t;a;b;c;d;e;f;[k] g %u\n", i, 10000 - 20 * i);
		*ret_total += 10000 - 20 * i;
	}
	return parsed(text.data);
}

START_TEST(a_large_picture_loses_narrow_frames_first)
{
	uint64_t total;
	_cleanup_(folded_freep) struct folded *folded = many_stacks(&total);
	_cleanup_(str_free) struct str whole = { 0 }, out = { 0 };
	struct flame flame = flame_of(folded);

	ck_assert_int_eq(flame_svg(&flame, &whole), 0);
	flame.bytes_max = whole.len - 1;
	ck_assert_int_eq(flame_svg(&flame, &out), 0);
	ck_assert_uint_le(out.len, flame.bytes_max);
	ck_assert_ptr_nonnull(strstr(out.data, "Too large for "));
	ck_assert_uint_eq(count(out.data, "<title>p000 "), 1);
	ck_assert_uint_eq(count(out.data, "<title>p399 "), 0);
	ck_assert_uint_eq(count(whole.data, "<title>p399 "), 1);
}
END_TEST

START_TEST(no_stacks_are_a_picture_too)
{
	_cleanup_(folded_freep) struct folded *folded = parsed("");
	_cleanup_(str_free) struct str out = { 0 };
	struct flame flame = flame_of(folded);

	ck_assert_int_eq(flame_svg(&flame, &out), 0);
	ck_assert_ptr_nonnull(strstr(out.data, "No stacks"));
	ck_assert_int_eq(flame_speedscope(&flame, &out), 0);
}
END_TEST

/* The sum of a profile's weights, which must be its end; the samples must be as many. */
static double ck_weights(const cJSON *profile)
{
	const cJSON *weights = cJSON_GetObjectItem(profile, "weights"), *weight;
	double sum = 0;

	cJSON_ArrayForEach(weight, weights)
		sum += weight->valuedouble;
	ck_assert_double_eq(sum, cJSON_GetObjectItem(profile, "endValue")->valuedouble);
	ck_assert_int_eq(cJSON_GetArraySize(weights),
			 cJSON_GetArraySize(cJSON_GetObjectItem(profile, "samples")));
	return sum;
}

START_TEST(speedscope_leaves_light_stacks_out)
{
	uint64_t total;
	_cleanup_(folded_freep) struct folded *folded = many_stacks(&total);
	_cleanup_(str_free) struct str out = { 0 };
	struct flame flame = flame_of(folded);
	const cJSON *profiles;
	cJSON *root;

	flame.bytes_max = 24000;
	ck_assert_int_eq(flame_speedscope(&flame, &out), 0);
	root = cJSON_Parse(out.data);
	ck_assert_ptr_nonnull(root);
	profiles = cJSON_GetObjectItem(root, "profiles");
	ck_assert_int_eq(cJSON_GetArraySize(profiles), 1);
	ck_assert_double_eq(ck_weights(cJSON_GetArrayItem(profiles, 0)), (double)total);
	ck_assert_int_lt(
		cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetArrayItem(profiles, 0), "samples")),
		400);
	cJSON_Delete(root);
}
END_TEST

START_TEST(speedscope_has_the_heaviest_programs)
{
	uint64_t total;
	_cleanup_(folded_freep) struct folded *folded = many_stacks(&total);
	_cleanup_(str_free) struct str out = { 0 };
	struct flame flame = flame_of(folded);
	const cJSON *profiles, *profile;
	cJSON *root;
	int i = 0;

	ck_assert_int_eq(flame_speedscope(&flame, &out), 0);
	root = cJSON_Parse(out.data);
	profiles = cJSON_GetObjectItem(root, "profiles");
	ck_assert_int_eq(cJSON_GetArraySize(profiles), 9);
	cJSON_ArrayForEach(profile, profiles) {
		char name[16];

		snprintf(name, sizeof(name), "p%03d", i - 1);
		ck_assert_str_eq(cJSON_GetObjectItem(profile, "name")->valuestring,
				 i ? name : "all");
		ck_weights(profile);
		i++;
	}
	cJSON_Delete(root);
}
END_TEST

START_TEST(formats_have_names)
{
	ck_assert_ptr_eq(flame_format_by_name("svg")->write, flame_svg);
	ck_assert(flame_format_by_name("folded")->for_people);
	ck_assert_ptr_null(flame_format_by_name("sv"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flame");
	TCase *tests = tcase_create("flame");

	tcase_add_loop_test(tests, frames_have_kinds, 0, ARRAY_SIZE(kinds));
	tcase_add_loop_test(tests, colours_are_light_and_steady, 0, ARRAY_SIZE(views));
	tcase_add_loop_test(tests, legends_tell_kinds_apart, 0, ARRAY_SIZE(views));
	tcase_add_test(tests, waiting_does_not_look_like_work);
	tcase_add_test(tests, markup_is_text);
	tcase_add_test(tests, svg_tells_what_is_known);
	tcase_add_test(tests, views_tell_their_windows);
	tcase_add_test(tests, narrow_frames_are_not_drawn);
	tcase_add_test(tests, a_large_picture_loses_narrow_frames_first);
	tcase_add_test(tests, no_stacks_are_a_picture_too);
	tcase_add_test(tests, speedscope_leaves_light_stacks_out);
	tcase_add_test(tests, speedscope_has_the_heaviest_programs);
	tcase_add_test(tests, formats_have_names);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
