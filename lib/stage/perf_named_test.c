/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks and functions by name: shares, classes, and what stays unknown. */
#include "stage/perf_named.h"

#include "base/cleanup.h"
#include "rule/load.h"
#include "rules/embedded.h"

#include <check.h>
#include <math.h>
#include <string.h>

static struct ruleset *rules;
static struct perf_named *named;
static struct evidence *evidence;

static void setup(void)
{
	ck_assert_int_eq(perf_named_new(rules, &named), 0);
	ck_assert_int_eq(evidence_new(&evidence), 0);
}

static void teardown(void)
{
	perf_named_free(named);
	evidence_free(evidence);
}

static void put(void)
{
	ck_assert_int_eq(perf_named_put(named, evidence), 0);
}

static void add_stack(const char *comm, pid_t tid, uint64_t weight,
		      const struct named_frame *frames, size_t count)
{
	struct named_stack stack = { .comm = comm,
				     .pid = -1,
				     .tid = tid,
				     .cpu = 0,
				     .weight = weight,
				     .frames = frames,
				     .count = count };

	ck_assert_int_eq(perf_named_stack(named, &stack), 0);
}

static void add_function(const char *name, const char *module, bool kernel, double self_pct,
			 double total_pct)
{
	struct named_function function = { .frame = { name, module, kernel },
					   .comm = "",
					   .self_pct = self_pct,
					   .total_pct = total_pct };

	ck_assert_int_eq(perf_named_function(named, &function), 0);
}

static double metric(enum metric_id id)
{
	return evidence_number(evidence, id);
}

static const struct named_frame futex[] = { { "futex_wait_queue", "kernel", true },
					    { "do_futex", "kernel", true },
					    { "__x64_sys_futex", "kernel", true },
					    { "do_syscall_64", "kernel", true },
					    { "run", "app", false } };
static const struct named_frame spin[] = { { "spin", "app", false }, { "main", "app", false } };
static const struct named_frame idle[] = { { "default_idle", "kernel", true } };

START_TEST(stacks)
{
	add_stack("pool-1", 11, 300, futex, 5);
	add_stack("pool-2", 12, 100, spin, 2);
	add_stack("swapper", 0, 400, idle, 1);
	put();
	ck_assert_double_eq_tol(metric(METRIC_perf_busy_pct), 50, 1e-9);
	ck_assert_double_eq_tol(metric(METRIC_perf_futex_pct), 75, 1e-9);
	ck_assert_double_eq_tol(metric(METRIC_perf_user_pct), 25, 1e-9);
	ck_assert_double_eq(metric(METRIC_perf_softirq_pct), 0);
	ck_assert_int_eq(evidence_rows(evidence, TABLE_perf_groups), 1);
	ck_assert_str_eq(evidence_cell(evidence, 0, COLUMN_perf_groups_name).text, "pool");
	ck_assert_double_eq(evidence_cell(evidence, 0, COLUMN_perf_groups_threads).number, 2);
	ck_assert(isnan(metric(METRIC_perf_broken_pct)));
}
END_TEST

START_TEST(stacks_without_callers)
{
	add_stack("pool-1", 11, 300, futex, 1);
	put();
	ck_assert(isnan(metric(METRIC_perf_softirq_pct)));
	ck_assert(isnan(metric(METRIC_perf_syscall_pct)));
	ck_assert(isnan(metric(METRIC_perf_busy_pct)));
	ck_assert_double_eq(metric(METRIC_perf_spin_lock_pct), 0);
}
END_TEST

/* Of busy samples: half of them all were idle. */
START_TEST(functions)
{
	add_function("default_idle", "kernel", true, 50, 50);
	add_function("do_futex", "kernel", true, 1, 20);
	add_function("__x64_sys_futex", "kernel", true, 1, 25);
	add_function("native_queued_spin_lock_slowpath", "kernel", true, 10, 10);
	add_function("native_queued_spin_lock_slowpath", "kernel", true, 5, 5);
	put();
	ck_assert_double_eq_tol(metric(METRIC_perf_futex_pct), 50, 1e-9);
	ck_assert_double_eq_tol(metric(METRIC_perf_spin_lock_pct), 30, 1e-9);
	ck_assert_double_eq_tol(metric(METRIC_perf_function_pct), 30, 1e-9);
	/* Not in the table: it may be below its end. */
	ck_assert(isnan(metric(METRIC_perf_softirq_pct)));
	ck_assert_int_eq(evidence_rows(evidence, TABLE_perf_functions), 3);
}
END_TEST

/* A name that was only mentioned is in the tables, without a share. */
START_TEST(names_alone)
{
	add_function("swapper", "", false, NAN, NAN);
	add_function("futex", "", false, NAN, NAN);
	add_function("net_rx_action", "", false, NAN, NAN);
	put();
	ck_assert_int_eq(evidence_rows(evidence, TABLE_perf_functions), 2);
	ck_assert(isnan(metric(METRIC_perf_futex_pct)));
	ck_assert(isnan(metric(METRIC_perf_net_rx_pct)));
	ck_assert_int_gt(evidence_rows(evidence, TABLE_perf_classes), 1);
	ck_assert_int_eq(evidence_cell(evidence, 0, COLUMN_perf_classes_share_pct).kind,
			 VALUE_UNKNOWN);
}
END_TEST

START_TEST(nothing)
{
	put();
	ck_assert(!evidence_has_table(evidence, TABLE_perf_functions));
	ck_assert(isnan(metric(METRIC_perf_samples)));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("perf_named");
	TCase *t = tcase_create("perf_named");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, stacks);
	tcase_add_test(t, stacks_without_callers);
	tcase_add_test(t, functions);
	tcase_add_test(t, names_alone);
	tcase_add_test(t, nothing);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	struct err err = { "" };
	SRunner *runner;
	int failed;

	if (ruleset_load(embedded_rules, embedded_rules_count, &rules, &err) < 0)
		return 1;
	runner = srunner_create(suite());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	ruleset_free(rules);
	return failed ? 1 : 0;
}
