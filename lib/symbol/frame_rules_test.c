/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Against libdw: the same rules for every function of whole libraries. And hand-made sections. */
#include "symbol/frame_entry.h"
#include "symbol/frame_expression.h"
#include "symbol/frame_file.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>

#if defined(__x86_64__) || defined(__aarch64__)

/* ---- libdw ----------------------------------------------------------------------------------- */

struct peer {
	int fd;
	Elf *elf;
	Dwarf_CFI *cfi;
};

static void peer_open(struct peer *peer, const char *path)
{
	elf_version(EV_CURRENT);
	peer->fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(peer->fd, 0);
	peer->elf = elf_begin(peer->fd, ELF_C_READ_MMAP, NULL);
	ck_assert_ptr_nonnull(peer->elf);
	peer->cfi = dwarf_getcfi_elf(peer->elf);
	ck_assert_ptr_nonnull(peer->cfi);
}

static void peer_close(struct peer *peer)
{
	dwarf_cfi_end(peer->cfi);
	elf_end(peer->elf);
	close(peer->fd);
}

static void compare_cfa(Dwarf_Frame *frame, const struct frame_rule *rule)
{
	Dwarf_Op *ops;
	size_t count;

	ck_assert_int_eq(dwarf_frame_cfa(frame, &ops, &count), 0);
	if (count == 1 && ops[0].atom == DW_OP_bregx) {
		ck_assert_int_eq(rule->kind, FRAME_REGISTER);
		ck_assert_uint_eq(rule->reg, ops[0].number);
		ck_assert_int_eq(rule->value, (int64_t)ops[0].number2);
	} else {
		ck_assert_int_eq(rule->kind, FRAME_EXPRESSION);
	}
}

/* "At CFA + n" is call_frame_cfa [plus_uconst n]; as a value, stack_value follows. */
static void compare_cfa_relative(const Dwarf_Op *ops, size_t count, const struct frame_rule *rule)
{
	bool is_value = ops[count - 1].atom == DW_OP_stack_value;
	int64_t offset = count > 1 && ops[1].atom == DW_OP_plus_uconst ? (int64_t)ops[1].number : 0;

	if (count - (is_value ? 1 : 0) > (offset ? 2 : 1)) {
		ck_assert_int_eq(rule->kind, is_value ? FRAME_EXPRESSION : FRAME_AT_EXPRESSION);
		return;
	}
	ck_assert_int_eq(rule->kind, is_value ? FRAME_CFA_PLUS : FRAME_AT_CFA);
	ck_assert_int_eq(rule->value, offset);
}

static void compare_register(Dwarf_Frame *frame, int reg, const struct frame_rule *rule)
{
	Dwarf_Op memory[3], *ops;
	size_t count;

	ck_assert_int_eq(dwarf_frame_register(frame, reg, memory, &ops, &count), 0);
	/* libdw says of the ABI what unwinding does by itself: the caller's stack pointer is the
	 * CFA */
	if (reg == FRAME_REG_SP && rule->kind == FRAME_SAME)
		ck_assert(count == 2 && ops[0].atom == DW_OP_call_frame_cfa &&
			  ops[1].atom == DW_OP_stack_value);
	else if (count == 0)
		ck_assert(rule->kind == FRAME_SAME || rule->kind == FRAME_UNDEFINED);
	else if (ops[0].atom == DW_OP_call_frame_cfa)
		compare_cfa_relative(ops, count, rule);
	else if (ops[0].atom == DW_OP_regx)
		ck_assert(rule->kind == FRAME_REGISTER && rule->reg == ops[0].number);
	else
		ck_assert(rule->kind == FRAME_AT_EXPRESSION || rule->kind == FRAME_EXPRESSION);
}

/* Returns whether there are rules. */
static bool compare_address(struct frame_section *section, struct peer *peer, uint64_t address)
{
	Dwarf_Frame *frame = NULL;
	struct frame_row row;
	Dwarf_Addr start, end;
	bool signal;
	int r = frame_section_find(section, address, &row);
	int column;

	if (dwarf_cfi_addrframe(peer->cfi, address, &frame) != 0) {
		ck_assert_msg(r < 0, "0x%llx: libdw has no rules", (unsigned long long)address);
		return false;
	}
	ck_assert_msg(r == 0, "0x%llx: only libdw has rules", (unsigned long long)address);
	column = dwarf_frame_info(frame, &start, &end, &signal);
	ck_assert_int_eq(row.return_reg, column);
	ck_assert_int_eq(row.signal, signal);
	compare_cfa(frame, &row.cfa);
	for (int reg = 0; reg < FRAME_REGS; reg++)
		compare_register(frame, reg, &row.regs[reg]);
	free(frame);
	return true;
}

static struct frame_file *read_path(const char *path)
{
	_cleanup_(elf_source_close) struct elf_source source = ELF_SOURCE_NONE;
	struct frame_file *file = NULL;

	ck_assert_int_eq(elf_source_open(open(path, O_RDONLY | O_CLOEXEC), 1u << 30, &source), 0);
	ck_assert_int_eq(frame_file_read(&source, &file), 0);
	return file;
}

/* At the first byte of every function, some within, the last one, and just outside. */
static size_t compare_file(const char *path)
{
	struct frame_file *file = read_path(path);
	struct frame_section *section = &file->eh;
	struct peer peer;
	size_t same = 0;

	peer_open(&peer, path);
	for (size_t i = 0; i < section->entries.len; i++) {
		struct frame_fde fde;

		ck_assert(frame_fde_read(section, section->entries.data[i].offset, &fde));
		for (uint64_t at = 0; at < fde.len; at += 1 + fde.len / 3)
			same += compare_address(section, &peer, fde.start + at);
		same += compare_address(section, &peer, fde.start + fde.len - 1);
		compare_address(section, &peer, fde.start + fde.len);
		compare_address(section, &peer, fde.start - 1);
	}
	peer_close(&peer);
	frame_file_free(file);
	return same;
}

/* Some of what every build of this test has loaded: assembly, C and much optimised code. */
static int compare_object(struct dl_phdr_info *info, size_t size, void *context)
{
	static const char *const names[] = { "/libc.so", "/libm.so", "/libdw.so", "/libdw-",
					     "/ld-" };
	size_t *total = context;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strstr(info->dlpi_name, names[i]))
			*total += compare_file(info->dlpi_name);
	return 0;
}

START_TEST(agrees_with_libdw_on_loaded_libraries)
{
	size_t total = 0;

	dl_iterate_phdr(compare_object, &total);
	ck_assert_uint_gt(total, 5000);
	printf("note: %zu addresses have the rules that libdw finds\n", total);
}
END_TEST

START_TEST(agrees_with_libdw_on_this_program)
{
	ck_assert_uint_gt(compare_file("/proc/self/exe"), 50);
}
END_TEST

/* ---- by hand --------------------------------------------------------------------------------- */

struct builder {
	uint8_t bytes[8192];
	size_t len;
};

static void put(struct builder *b, const void *bytes, size_t len)
{
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

static void put_u32(struct builder *b, uint32_t value)
{
	put(b, &value, 4);
}

/* Version 1, augmentation "zR", code 1, data -8, return register 16 or 30, absolute 4-byte
 * addresses; CFA: the stack pointer + 8. */
static void put_cie(struct builder *b)
{
	uint8_t content[] = { 1,
			      'z',
			      'R',
			      0,
			      1,
			      0x78,
			      FRAME_REGS == 17 ? 16 : 30,
			      1,
			      0x03,
			      0x0c,
			      FRAME_REG_SP,
			      8,
			      0x80 | (FRAME_REGS == 17 ? 16 : 30),
			      1 };

	put_u32(b, 4 + sizeof(content));
	put_u32(b, 0);
	put(b, content, sizeof(content));
}

static void put_fde(struct builder *b, uint32_t start, uint32_t len, const void *program,
		    size_t program_len)
{
	put_u32(b, (uint32_t)(4 + 8 + 1 + program_len));
	put_u32(b, (uint32_t)b->len);
	put_u32(b, start);
	put_u32(b, len);
	put(b, "", 1);
	put(b, program, program_len);
}

static int index_built(const struct builder *b, struct frame_section *ret)
{
	*ret = (struct frame_section){ .data = malloc(b->len ? b->len : 1),
				       .len = b->len,
				       .eh = true };
	memcpy(ret->data, b->bytes, b->len);
	return frame_section_index(ret);
}

static int rules_of(const void *program, size_t len, uint64_t address, struct frame_row *ret)
{
	struct builder b = { 0 };
	struct frame_section section;
	int r;

	put_cie(&b);
	put_fde(&b, 0x1000, 0x100, program, len);
	ck_assert_int_eq(index_built(&b, &section), 0);
	r = frame_section_find(&section, address, ret);
	frame_section_clear(&section);
	return r;
}

START_TEST(program_runs_up_to_the_address)
{
	/* +4: offset 16; +2: remember, offset 32; +1: recall */
	static const uint8_t program[] = { 0x44, 0x0e, 16, 0x42, 0x0a, 0x0e, 32, 0x41, 0x0b };
	static const struct {
		uint64_t address;
		int32_t offset;
	} rows[] = { { 0x1000, 8 },  { 0x1003, 8 },  { 0x1004, 16 },
		     { 0x1006, 32 }, { 0x1007, 16 }, { 0x10ff, 16 } };
	struct frame_row row;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ck_assert_int_eq(rules_of(program, sizeof(program), rows[i].address, &row), 0);
		ck_assert_int_eq(row.cfa.value, rows[i].offset);
		ck_assert_int_eq(row.regs[row.return_reg].kind, FRAME_AT_CFA);
		ck_assert_int_eq(row.regs[row.return_reg].value, -8);
	}
	ck_assert_int_eq(rules_of(program, sizeof(program), 0xfff, &row), -ENOENT);
	ck_assert_int_eq(rules_of(program, sizeof(program), 0x1100, &row), -ENOENT);
}
END_TEST

START_TEST(bad_programs_are_refused)
{
	static const uint8_t deep[] = { 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a };
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "\x0b", 1 },	       /* recall without remember */
		{ "\x3b", 1 },	       /* no such operation */
		{ "\x0e", 1 },	       /* cut off */
		{ "\x0d\x7f", 2 },     /* CFA by a vector register */
		{ "\x0f\x7f\x50", 3 }, /* expression longer than the program */
		{ "\x0e\xff\xff\xff\xff\xff\xff\xff\x7f", 9 }, /* offset beyond 32 bits */
		{ "\x0f\x01\x50\x0e\x08", 5 },		       /* offset of an expression */
		{ "\x01\xff\xff", 3 },			       /* address cut off */
	};
	static uint8_t longer[8000];
	struct frame_row row;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(rules_of(bad[i].bytes, bad[i].len, 0x1080, &row) == -EBADMSG, "%zu",
			      i);
	ck_assert_int_eq(rules_of(deep, sizeof(deep), 0x1080, &row), -EBADMSG);
	ck_assert_int_eq(rules_of(longer, sizeof(longer), 0x1080, &row), 0); /* of nops */
}
END_TEST

/* Registers that are not followed do no harm. */
START_TEST(other_registers_are_passed_over)
{
	static const uint8_t program[] = { 0x80 | 0x3f, 2,    0x05, 0xff, 0x7f,
					   3,		0x06, 0x60, 0x09, FRAME_REG_FP,
					   0x50,	0x10, 0x60, 1,	  0x50 };
	struct frame_row row;

	ck_assert_int_eq(rules_of(program, sizeof(program), 0x1001, &row), 0);
	ck_assert_int_eq(row.regs[FRAME_REG_FP].kind, FRAME_UNDEFINED);
}
END_TEST

START_TEST(broken_records_are_left_out)
{
	struct builder b = { 0 };
	struct frame_section section;
	struct frame_row row;

	put_cie(&b);
	put_u32(&b, 8); /* points far back */
	put_u32(&b, 4000);
	put_u32(&b, 0);
	put_u32(&b, 0); /* ends nothing when the length is known */
	put_fde(&b, 0x2000, 0, "", 0);
	put_fde(&b, 0x3000, 0x10, "", 0);
	put_fde(&b, 0x1000, 0x10, "", 0); /* out of order */
	put_u32(&b, 0x7fffffff);
	ck_assert_int_eq(index_built(&b, &section), 0);
	ck_assert_uint_eq(section.entries.len, 2);
	ck_assert_int_eq(frame_section_find(&section, 0x1008, &row), 0);
	ck_assert_int_eq(frame_section_find(&section, 0x300f, &row), 0);
	ck_assert_int_eq(frame_section_find(&section, 0x2000, &row), -ENOENT);
	frame_section_clear(&section);
	b.len = 0;
	ck_assert_int_eq(index_built(&b, &section), -ENODATA);
	frame_section_clear(&section);
}
END_TEST

/* ---- expressions ----------------------------------------------------------------------------- */

static bool calculate(const char *code, size_t len, uint64_t *ret)
{
	static const uint64_t words[] = { 11, 22, 33 };
	struct frame_state state = { .stack = (const uint8_t *)words,
				     .stack_start = 0x1000,
				     .stack_len = sizeof(words),
				     .known = 1u << 3 };
	struct frame_bytes bytes = { .p = (const uint8_t *)code };

	state.regs[3] = 0x1008;
	bytes.end = bytes.p + len;
	return frame_expression_run(&state, bytes, NULL, ret);
}

#define CALCULATE(code, ret) calculate(code, sizeof(code) - 1, ret)

START_TEST(expressions_are_calculated)
{
	uint64_t value;

	ck_assert(CALCULATE("\x73\x08\x06", &value)); /* breg3+8 deref */
	ck_assert_uint_eq(value, 33);
	ck_assert(CALCULATE("\x73\x78\x06\x23\x05", &value)); /* breg3-8 deref plus_uconst 5 */
	ck_assert_uint_eq(value, 16);
	ck_assert(CALCULATE("\x3b\x3f\x1a\x3a\x2a\x33\x24",
			    &value)); /* (11 & 15) >= 10 << 3, as in the PLT */
	ck_assert_uint_eq(value, 8);
	ck_assert(
		CALCULATE("\x31\x32\x33\x17\x1c\x1c", &value)); /* 1 2 3 rot: 3 1 2; 3 - (1 - 2) */
	ck_assert_uint_eq(value, 4);
	ck_assert(CALCULATE("\x31\x32\x16\x1c", &value)); /* swap: 2 - 1 */
	ck_assert_uint_eq(value, 1);
	ck_assert(CALCULATE("\x09\xfe\x1f", &value)); /* const1s -2, neg */
	ck_assert_uint_eq(value, 2);
	ck_assert(CALCULATE("\x31\x28\x01\x00\x37\x38", &value)); /* 1 bra over the next */
	ck_assert_uint_eq(value, 8);
}
END_TEST

START_TEST(bad_expressions_are_refused)
{
	uint64_t value = 7;

	ck_assert(!CALCULATE("", &value));
	ck_assert(!CALCULATE("\x22", &value));		       /* nothing to add */
	ck_assert(!CALCULATE("\x31\x16", &value));	       /* nothing to swap with */
	ck_assert(!CALCULATE("\x70\x00", &value));	       /* unknown register */
	ck_assert(!CALCULATE("\x92\xff\x7f\x00", &value));     /* no such register */
	ck_assert(!CALCULATE("\x31\x06", &value));	       /* memory that was not copied */
	ck_assert(!CALCULATE("\x73\x09\x06", &value));	       /* half of it */
	ck_assert(!CALCULATE("\x73\x00\x94\x09", &value));     /* nine bytes */
	ck_assert(!CALCULATE("\x31\x2f\xfd\xff", &value));     /* for ever */
	ck_assert(!CALCULATE("\x31\x2f\x7f\x00", &value));     /* away */
	ck_assert(!CALCULATE("\x31\x12\x2f\xfc\xff", &value)); /* fills its stack */
	ck_assert(!CALCULATE("\x03\x00\x00\x00\x00\x00\x00\x00\x00", &value));
	ck_assert_uint_eq(value, 7);
}
END_TEST

static void add_tests(TCase *cases)
{
	tcase_add_test(cases, agrees_with_libdw_on_loaded_libraries);
	tcase_add_test(cases, agrees_with_libdw_on_this_program);
	tcase_add_test(cases, program_runs_up_to_the_address);
	tcase_add_test(cases, bad_programs_are_refused);
	tcase_add_test(cases, other_registers_are_passed_over);
	tcase_add_test(cases, broken_records_are_left_out);
	tcase_add_test(cases, expressions_are_calculated);
	tcase_add_test(cases, bad_expressions_are_refused);
	tcase_set_timeout(cases, 240);
}

#else

static void add_tests(TCase *cases)
{
	printf("skipped: no unwinding on this architecture\n");
	exit(77);
}

#endif

int main(void)
{
	Suite *suite = suite_create("frame_rules");
	TCase *cases = tcase_create("all");

	add_tests(cases);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
