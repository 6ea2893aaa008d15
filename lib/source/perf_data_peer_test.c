/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same events, in the same order, as perf script tells: of the recordings in testdata/perf,
 * by its saved text and, where perf is installed, by perf itself; and of a recording made here,
 * where that is allowed. */
#include "source/test_perf_data.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#define WORK "sh -c 'perf bench sched messaging -g 1 -l 10 >/dev/null' 2>/dev/null"
#define SCRIPT "perf script --ns -G -F tid,cpu,time,event -i '%s' 2>'%s'"

static const char *const names[] = {
	[SCHED_SWITCH] = "sched_switch",	 [SCHED_WAKEUP] = "sched_waking",
	[SCHED_WAKEUP_NEW] = "sched_wakeup_new", [SCHED_FORK] = "sched_process_fork",
	[SCHED_EXIT] = "sched_process_exit",	 [SCHED_MIGRATE] = "sched_migrate_task",
	[SCHED_RUNTIME] = "sched_stat_runtime",
};

static void read_events(const char *path, struct event_list *events)
{
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	struct perf_data_counts counts;
	struct err err = { "" };

	ck_assert_msg(perf_data_open(path, &data, &err) == 0, "%s", err.msg);
	/* perf 6.1 forgets the rest of a round that does not fit into a compressed record */
	ck_assert_msg(perf_data_each(data, keep_event, events, &err) == 0 ||
			      strstr(err.msg, "the compressed records end within a record"),
		      "%s", err.msg);
	perf_data_counts(data, &counts);
	ck_assert_uint_eq(counts.undecoded, 0);
	if (!err.msg[0])
		ck_assert_uint_eq(counts.out_of_order, 0);
}

/* "959 [000] 6076.292066425: sched:sched_stat_runtime:". perf says -1 of a thread that is gone;
 * the tracepoint knows it. */
static void check_line(const char *line, const struct sched_event *event)
{
	int tid;
	unsigned int cpu;
	uint64_t seconds, ns;
	char name[64];

	ck_assert_msg(sscanf(line, " %d [%u] %" SCNu64 ".%" SCNu64 ": sched:%63[^:]:", &tid, &cpu,
			     &seconds, &ns, name) == 5,
		      "%s", line);
	ck_assert_msg(event->time_ns == seconds * 1000000000 + ns && event->cpu == cpu &&
			      (tid == -1 || event->current_tid == tid) &&
			      strcmp(names[event->type], name) == 0,
		      "perf: %sours: %d [%03u] %" PRIu64 " %s", line, event->current_tid,
		      event->cpu, event->time_ns, names[event->type]);
}

/* The number of lines that were compared. */
static size_t compare(FILE *text, const struct event_list *events)
{
	char line[256];
	size_t count = 0, at = 0;

	while (fgets(line, sizeof(line), text)) {
		if (strspn(line, " \n") == strlen(line) || !strstr(line, " sched:"))
			continue;
		while (at < events->len && events->data[at].type >= SCHED_NAME)
			at++;
		ck_assert_msg(at < events->len, "only perf tells: %s", line);
		check_line(line, &events->data[at++]);
		count++;
	}
	while (at < events->len && events->data[at].type >= SCHED_NAME)
		at++;
	ck_assert_uint_eq(at, events->len);
	return count;
}

static void compare_saved(const char *name, size_t least)
{
	struct event_list events = { 0 };
	char path[256];
	FILE *text;

	snprintf(path, sizeof(path), TESTDATA "/perf/%s.data", name);
	read_events(path, &events);
	snprintf(path, sizeof(path), TESTDATA "/perf/%s.events", name);
	text = fopen(path, "r");
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_ge(compare(text, &events), least);
	fclose(text);
	vec_free(&events);
}

START_TEST(saved)
{
	compare_saved("sleep", 60);
	compare_saved("stacks", 200);
}
END_TEST

static bool have_perf(void)
{
	return system("perf --version >/dev/null 2>&1") == 0;
}

static void compare_perf(const char *path, size_t least)
{
	struct event_list events = { 0 };
	char command[8192];
	FILE *text;

	read_events(path, &events);
	snprintf(command, sizeof(command), SCRIPT, path, tree_path("messages"));
	text = popen(command, "r");
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_ge(compare(text, &events), least);
	ck_assert_int_eq(pclose(text), 0);
	vec_free(&events);
}

START_TEST(perf_script)
{
	if (!have_perf()) {
		puts("perf_script skipped: perf is not installed");
		return;
	}
	tree_make();
	compare_perf(TESTDATA "/perf/pipe.data", 1000);
	compare_perf(TESTDATA "/perf/stacks.data", 200);
	tree_remove();
}
END_TEST

/* In the forms that perf writes, into $file. */
static const char *const forms[] = {
	"perf sched record -N -B -o $file -- " WORK,
	"perf sched record -N -B -o - -- " WORK " | cat >$file",
	"perf sched record -N -B -z -o $file -- " WORK,
	"perf sched record -N -B -z -o - -- " WORK " | cat >$file",
	"perf record -a -g -e cpu-clock -e sched:sched_switch -e sched:sched_waking -N -B "
	"-o $file -- " WORK,
};

static bool record(const char *form, const char *path)
{
	char command[1024];
	struct stat st;

	snprintf(command, sizeof(command), "file='%s'; %s", path, form);
	return system(command) == 0 && stat(path, &st) == 0 && st.st_size > 1000;
}

START_TEST(new_recording)
{
	char path[sizeof(tree) + 16];

	tree_make();
	snprintf(path, sizeof(path), "%s/new.data", tree);
	if (record(forms[_i], path))
		compare_perf(path, 100);
	else
		puts("new_recording skipped: perf sched record does not work here (root, tracefs)");
	tree_remove();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("perf_data_peer");
	TCase *tests = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, saved);
	tcase_add_test(tests, perf_script);
	tcase_add_loop_test(tests, new_recording, 0, ARRAY_SIZE(forms));
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
