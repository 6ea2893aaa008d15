/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks by hand, for tests of the profile only: "main;work;do_futex", root first. */
#ifndef TRIAGE_MODEL_PROFILE_TESTING_H
#define TRIAGE_MODEL_PROFILE_TESTING_H

#include "base/cleanup.h"
#include "model/profile.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDLE, FUTEX, USER_LOCK, LIBRARY, NET_RX, BRIDGE, MAP_CHANGE, RWSEM, MMAP_LOCK };

#define BIT(class) (UINT64_C(1) << (class))
#define FRAMES 16

static struct profile *profile;

static inline struct profile_options normal_options(void)
{
	static const struct profile_combination both[] = {
		{ BIT(RWSEM) | BIT(MAP_CHANGE), MMAP_LOCK },
	};

	return (struct profile_options){
		.idle = BIT(IDLE),
		.lock = BIT(FUTEX) | BIT(USER_LOCK),
		.glue = BIT(LIBRARY) | BIT(USER_LOCK),
		.focus = BIT(NET_RX),
		.combinations = both,
		.combinations_count = 1,
	};
}

static inline void restart(struct profile_options options)
{
	profile_free(profile);
	profile = profile_new(&options);
	ck_assert_ptr_nonnull(profile);
}

static inline void setup(void)
{
	restart(normal_options());
}

static inline void teardown(void)
{
	profile_free(profile);
	profile = NULL;
}

/* What the functions of these tests are. All others are the program's own. */
static const struct profile_symbol known[] = {
	{ .function = "default_idle", .kernel = true, .classes = BIT(IDLE) },
	{ .function = "do_futex", .kernel = true, .classes = BIT(FUTEX) },
	{ .function = "net_rx_action", .kernel = true, .classes = BIT(NET_RX) },
	{ .function = "br_handle_frame", .kernel = true, .classes = BIT(BRIDGE) },
	{ .function = "do_mmap", .kernel = true, .classes = BIT(MAP_CHANGE) },
	{ .function = "down_write", .kernel = true, .leaf_classes = BIT(RWSEM) },
	{ .function = "kthread", .kernel = true, .loop = true },
	{ .function = "worker_thread", .kernel = true, .loop = true },
	{ .function = "wb_workfn", .kernel = true },
	{ .function = "do_syscall_64", .kernel = true },
	{ .function = "pthread_mutex_lock", .module = "libc.so.6", .classes = BIT(USER_LOCK) },
	{ .function = "memmove", .module = "libc.so.6", .classes = BIT(LIBRARY) },
	{ .function = "__libc_start_main", .module = "libc.so.6", .classes = BIT(LIBRARY) },
};

static inline struct profile_symbol symbol_named(const char *function)
{
	struct profile_symbol symbol = { .function = function, .module = "app" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].function, function) == 0)
			symbol = known[i];
	symbol.named = function[0] != '+';
	return symbol;
}

static inline uint32_t id_of(const char *function)
{
	struct profile_symbol symbol = symbol_named(function);
	int64_t id = profile_symbol(profile, &symbol, NULL);

	ck_assert_int_ge(id, 0);
	return (uint32_t)id;
}

static inline const char *name_of(uint32_t symbol)
{
	return profile_symbol_of(profile, symbol)->function;
}

/* "main;work;do_futex", root first; addresses count from 100 at the root. */
static inline void add_sample(struct profile_sample sample, const char *text)
{
	uint32_t frames[FRAMES];
	uint64_t addresses[FRAMES];
	char *copy = strdup(text), *rest = copy, *name;
	size_t count = 0;

	while ((name = strsep(&rest, ";")))
		if (*name) {
			frames[FRAMES - ++count] = id_of(name);
			addresses[FRAMES - count] = 99 + count;
		}
	free(copy);
	sample.frames = frames + FRAMES - count;
	if (!sample.addresses)
		sample.addresses = addresses + FRAMES - count;
	sample.count = count;
	ck_assert_int_eq(profile_add(profile, &sample), 0);
}

static inline void add(pid_t tid, uint64_t weight, const char *text)
{
	add_sample((struct profile_sample){ .pid = tid, .tid = tid, .weight = weight }, text);
}

static inline void name(pid_t pid, pid_t tid, const char *comm)
{
	ck_assert_int_eq(profile_thread(profile, pid, tid, comm, false), 0);
}

static inline void finish(void)
{
	ck_assert_int_eq(profile_end(profile), 0);
}

static inline const struct profile_group *group_of(const char *program, const char *thread)
{
	size_t count;
	const struct profile_group *const *groups = profile_groups(profile, &count);

	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(groups[i]->id, i);
		if (strcmp(groups[i]->program, program) == 0 &&
		    strcmp(groups[i]->thread, thread) == 0)
			return groups[i];
	}
	ck_abort_msg("no group %s/%s", program, thread);
}

static inline const struct profile_class *class_of(unsigned number)
{
	size_t count;
	const struct profile_class *classes = profile_class_list(profile, &count);

	for (size_t i = 0; i < count; i++)
		if (classes[i].number == number)
			return &classes[i];
	return NULL;
}

static inline void assert_own(const char *program, const char *function, uint64_t total)
{
	const struct profile_function *own = &group_of(program, program)->hottest_own;

	ck_assert_str_eq(name_of(own->symbol), function);
	ck_assert_uint_eq(own->total, total);
}

static inline void assert_folded(uint64_t unit, size_t bytes_max, const char *expected)
{
	_cleanup_(str_free) struct str text = { 0 };

	ck_assert_int_eq(profile_fold(profile, unit, bytes_max, &text), 0);
	ck_assert_str_eq(str_text(&text), expected);
}

static inline const struct profile_function *row_of(const struct profile_functions *rows,
						    const char *name)
{
	vec_each(row, rows)
		if (strcmp(name_of(row->symbol), name) == 0)
			return row;
	return NULL;
}

#endif
