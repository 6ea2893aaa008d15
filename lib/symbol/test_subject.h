/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs for tests: compiled in the scratch tree, started, asked where their functions are. */
#ifndef TRIAGE_SYMBOL_TEST_SUBJECT_H
#define TRIAGE_SYMBOL_TEST_SUBJECT_H

#include "source/test_tree.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/wait.h>

#define SUBJECT_SOURCE SOURCE_ROOT "/lib/symbol/test_subject.c"
#define SUBJECT_LIBRARY SOURCE_ROOT "/lib/symbol/test_subject_library.c"
#define SUBJECT_PLACES_MAX 32

struct subject_place {
	char name[64];
	uint64_t address;
	int line;
};

struct subject {
	pid_t pid;
	FILE *input, *output;
	struct subject_place places[SUBJECT_PLACES_MAX];
	int count;
};

/* The exit status of a shell command in the scratch tree. */
static inline int __attribute__((format(printf, 1, 2))) subject_shell(const char *format, ...)
{
	char command[8192];
	int len = snprintf(command, sizeof(command), "cd %s && ", tree);
	va_list args;

	va_start(args, format);
	len += vsnprintf(command + len, sizeof(command) - (size_t)len, format, args);
	va_end(args);
	ck_assert_int_lt(len, (int)sizeof(command));
	return system(command);
}

static inline void subject_build(const char *name, const char *flags)
{
	ck_assert_int_eq(subject_shell("%s -std=gnu11 -g -O1 %s -o %s %s", TEST_CC, SUBJECT_SOURCE,
				       name, flags),
			 0);
}

/* A program with a shared library beside it. */
static inline void subject_build_with_library(const char *library_flags)
{
	ck_assert_int_eq(subject_shell("%s -g -O1 -shared -fPIC %s -o libsubject.so.1 "
				       "-Wl,-soname,libsubject.so.1 %s",
				       TEST_CC, SUBJECT_LIBRARY, library_flags),
			 0);
	subject_build("program", "-DWITH_LIBRARY -pie -fPIE libsubject.so.1 -Wl,-rpath,'$ORIGIN'");
}

static inline void subject_read_places(struct subject *subject)
{
	char line[256];

	while (fgets(line, sizeof(line), subject->output) && strcmp(line, "ready\n") != 0) {
		struct subject_place *place = &subject->places[subject->count];

		ck_assert_int_lt(subject->count, SUBJECT_PLACES_MAX);
		ck_assert_int_eq(
			sscanf(line, "%63s %lx %d", place->name, &place->address, &place->line), 3);
		subject->count++;
	}
	ck_assert_int_gt(subject->count, 0);
}

static inline void subject_start(struct subject *subject, const char *name)
{
	int to[2], from[2];

	memset(subject, 0, sizeof(*subject));
	ck_assert_int_eq(pipe2(to, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(from, O_CLOEXEC), 0);
	subject->pid = fork();
	ck_assert_int_ge(subject->pid, 0);
	if (subject->pid == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		execl(tree_path(name), name, NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	subject->input = fdopen(to[1], "w");
	subject->output = fdopen(from[0], "r");
	subject_read_places(subject);
}

static inline void subject_stop(struct subject *subject)
{
	fclose(subject->input);
	fclose(subject->output);
	waitpid(subject->pid, NULL, 0);
}

static inline const struct subject_place *subject_place(const struct subject *subject,
							const char *name)
{
	for (int i = 0; i < subject->count; i++)
		if (strcmp(subject->places[i].name, name) == 0)
			return &subject->places[i];
	ck_abort_msg("no place %s", name);
	return NULL;
}

static inline uint64_t subject_address(const struct subject *subject, const char *name)
{
	return subject_place(subject, name)->address;
}

#endif
