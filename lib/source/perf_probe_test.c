/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_probe.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void probe_live(struct perf_abilities *ret)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;

	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	ck_assert_int_eq(perf_probe(root, ret), 0);
}

/* The same question asked without libperf and for CPU 0 only; 0 or the errno. */
static int ask_kernel(__u32 type, __u64 config)
{
	struct perf_event_attr attr = {
		.type = type,
		.config = config,
		.size = sizeof(attr),
		.disabled = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

START_TEST(every_item_is_told)
{
	struct perf_abilities abilities;

	probe_live(&abilities);
	for (int i = 0; i < PERF_ABILITY_TOTAL; i++) {
		const struct perf_ability *ability = &abilities.item[i];

		ck_assert_ptr_nonnull(ability->name);
		ck_assert_int_eq(ability->available, ability->error == 0);
		ck_assert_int_eq(ability->available, ability->reason[0] == '\0');
		if (ability->available)
			ck_assert_str_eq(ability->fix, "");
	}
}
END_TEST

START_TEST(agrees_with_the_kernel)
{
	struct perf_abilities abilities;

	probe_live(&abilities);
	ck_assert_int_eq(abilities.item[PERF_ABILITY_CPU_CLOCK].error,
			 ask_kernel(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK));
	ck_assert_int_eq(abilities.item[PERF_ABILITY_CYCLES].available,
			 ask_kernel(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES) == 0);
}
END_TEST

START_TEST(tracepoint_needs_tracefs)
{
	const struct perf_ability *ability;
	struct perf_abilities abilities;

	probe_live(&abilities);
	ability = &abilities.item[PERF_ABILITY_SCHED_SWITCH];
	if (access("/sys/kernel/tracing/events", R_OK) == 0)
		ck_assert_str_eq(abilities.tracefs, "sys/kernel/tracing");
	else if (access("/sys/kernel/debug/tracing/events", R_OK) < 0)
		ck_assert_str_eq(abilities.tracefs, "");
	if (!*abilities.tracefs)
		ck_assert(!ability->available);
	if (!*abilities.tracefs && ability->error == ENOENT)
		ck_assert_ptr_nonnull(strstr(ability->reason, "tracefs"));
}
END_TEST

START_TEST(everything_is_closed_again)
{
	struct perf_abilities abilities;
	int before = open_descriptors();

	probe_live(&abilities);
	ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

/* An empty folder with proc/ in it is a recorded root, of which no events can be opened. */
START_TEST(recorded_root_is_refused)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	struct perf_abilities abilities = { .paranoid = 42 };
	char folder[] = "/tmp/perf_probe_test.XXXXXX";
	char inner[sizeof(folder) + 8];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(inner, sizeof(inner), "%s/proc", folder);
	ck_assert_int_eq(mkdir(inner, 0700), 0);
	ck_assert_int_eq(procroot_open_recorded(folder, &root, NULL), 0);
	ck_assert_int_eq(perf_probe(root, &abilities), -EINVAL);
	ck_assert_int_eq(abilities.paranoid, 42);
	rmdir(inner);
	rmdir(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("perf_probe");
	TCase *cases = tcase_create("live");

	if (ask_kernel(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK) == ENOSYS) {
		puts("skipped: the kernel has no perf_event_open()");
		return 77;
	}
	tcase_add_test(cases, every_item_is_told);
	tcase_add_test(cases, agrees_with_the_kernel);
	tcase_add_test(cases, tracepoint_needs_tracefs);
	tcase_add_test(cases, everything_is_closed_again);
	tcase_add_test(cases, recorded_root_is_refused);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
