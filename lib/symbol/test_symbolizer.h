/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A symbolizer of this host, and questions to it about programs that run. */
#ifndef TRIAGE_SYMBOL_TEST_SYMBOLIZER_H
#define TRIAGE_SYMBOL_TEST_SYMBOLIZER_H

#include "symbol/symbolizer.h"
#include "symbol/test_subject.h"

static struct procroot *root;
static struct address_spaces *spaces;
static struct symbolizer *symbolizer;

static inline void world_open(void)
{
	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	spaces = address_spaces_new(root, 0, 0);
	ck_assert_ptr_nonnull(spaces);
	symbolizer = symbolizer_new(root, spaces, NULL);
	ck_assert_ptr_nonnull(symbolizer);
}

static inline void world_close(void)
{
	symbolizer_free(symbolizer);
	address_spaces_free(spaces);
	procroot_free(root);
}

static inline void world_make(void)
{
	tree_make();
	world_open();
}

static inline void world_remove(void)
{
	world_close();
	tree_remove();
}

/* With other options. */
static inline void world_options(const struct symbolizer_options *options)
{
	symbolizer_free(symbolizer);
	symbolizer = symbolizer_new(root, spaces, options);
	ck_assert_ptr_nonnull(symbolizer);
}

static inline void start(struct subject *subject, const char *name)
{
	subject_start(subject, name);
	ck_assert_int_eq(address_spaces_see(spaces, subject->pid), 0);
}

static inline struct symbol find_at(const struct subject *subject, uint64_t address)
{
	struct symbol symbol;

	ck_assert_int_eq(symbolizer_find_user(symbolizer, subject->pid, address, false, &symbol),
			 0);
	return symbol;
}

static inline struct symbol find_place(const struct subject *subject, const char *place,
				       uint64_t offset)
{
	return find_at(subject, subject_address(subject, place) + offset);
}

static inline void expect(const struct subject *subject, const char *place, const char *function,
			  const char *module)
{
	struct symbol symbol = find_place(subject, place, 1);

	ck_assert_str_eq(symbol.function, function);
	ck_assert_str_eq(symbol.module, module);
	ck_assert(symbol.named && !symbol.kernel && !symbol.jit);
}

#endif
