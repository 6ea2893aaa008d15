/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/frame_rules.h"

#include "symbol/frame_entry.h"

#include <dwarf.h>
#include <errno.h>
#include <limits.h>

#define REMEMBERED_MAX 8
#define STEPS_MAX 16384	       /* of one function: 1,000 times what compilers make */
#define STEPS_ALL_MAX 50000000 /* of a section: about half a second */

struct machine {
	const struct frame_section *section;
	const struct frame_cie *cie;
	struct frame_row row;
	struct frame_row initial; /* what restore goes back to */
	struct frame_row remembered[REMEMBERED_MAX];
	unsigned remembered_len;
	uint64_t location, target;
	unsigned steps;
	bool bad;
};

/* Registers that are not followed (vectors, x87) have a place to go that nobody reads. */
static struct frame_rule *rule_of(struct machine *m, uint64_t reg, struct frame_rule *nowhere)
{
	return reg < FRAME_REGS ? &m->row.regs[reg] : nowhere;
}

static int32_t fits(struct machine *m, int64_t value)
{
	if (value < INT32_MIN || value > INT32_MAX) {
		m->bad = true;
		return 0;
	}
	return (int32_t)value;
}

static int64_t scaled(struct machine *m, int64_t factor)
{
	int64_t value;

	if (__builtin_mul_overflow(factor, m->cie->data_align, &value))
		m->bad = true;
	return m->bad ? 0 : value;
}

static void set_rule(struct machine *m, uint64_t reg, enum frame_rule_kind kind, int64_t value)
{
	struct frame_rule nowhere;

	*rule_of(m, reg, &nowhere) =
		(struct frame_rule){ .kind = (uint8_t)kind, .value = fits(m, value) };
}

static void restore(struct machine *m, uint64_t reg)
{
	if (reg < FRAME_REGS)
		m->row.regs[reg] = m->initial.regs[reg];
}

static void set_register(struct machine *m, uint64_t reg, uint64_t from)
{
	struct frame_rule nowhere;

	if (from >= FRAME_REGS)
		set_rule(m, reg, FRAME_UNDEFINED, 0);
	else
		*rule_of(m, reg, &nowhere) =
			(struct frame_rule){ .kind = FRAME_REGISTER, .reg = (uint8_t)from };
}

/* A block of code that follows in the program. */
static struct frame_rule take_expression(struct machine *m, struct frame_bytes *program,
					 enum frame_rule_kind kind)
{
	uint64_t len = frame_bytes_uleb(program);
	struct frame_rule rule = { .kind = (uint8_t)kind,
				   .len = (uint16_t)len,
				   .value = (int32_t)(program->p - m->section->data) };

	if (len > UINT16_MAX)
		m->bad = true;
	frame_bytes_skip(program, len);
	return rule;
}

static void set_expression(struct machine *m, struct frame_bytes *program,
			   enum frame_rule_kind kind)
{
	uint64_t reg = frame_bytes_uleb(program);
	struct frame_rule nowhere;

	*rule_of(m, reg, &nowhere) = take_expression(m, program, kind);
}

static void set_cfa_register(struct machine *m, uint64_t reg)
{
	if (reg >= FRAME_REGS)
		m->bad = true;
	m->row.cfa.kind = FRAME_REGISTER;
	m->row.cfa.reg = (uint8_t)reg;
}

static void set_cfa_offset(struct machine *m, int64_t offset)
{
	if (m->row.cfa.kind != FRAME_REGISTER)
		m->bad = true;
	m->row.cfa.value = fits(m, offset);
}

static void set_cfa(struct machine *m, struct frame_bytes *program, bool is_scaled)
{
	set_cfa_register(m, frame_bytes_uleb(program));
	set_cfa_offset(m, is_scaled ? scaled(m, frame_bytes_sleb(program)) :
				      (int64_t)frame_bytes_uleb(program));
}

static void remember(struct machine *m)
{
	if (m->remembered_len == REMEMBERED_MAX)
		m->bad = true;
	else
		m->remembered[m->remembered_len++] = m->row;
}

static void recall(struct machine *m)
{
	if (m->remembered_len == 0)
		m->bad = true;
	else
		m->row = m->remembered[--m->remembered_len];
}

static void advance(struct machine *m, uint64_t delta)
{
	uint64_t by;

	if (__builtin_mul_overflow(delta, m->cie->code_align, &by) ||
	    __builtin_add_overflow(m->location, by, &m->location))
		m->bad = true;
}

static void run_location(struct machine *m, uint8_t op, struct frame_bytes *program)
{
	if (op == DW_CFA_advance_loc1)
		advance(m, frame_bytes_fixed(program, 1));
	else if (op == DW_CFA_advance_loc2)
		advance(m, frame_bytes_fixed(program, 2));
	else if (op == DW_CFA_advance_loc4)
		advance(m, frame_bytes_fixed(program, 4));
	else if (!frame_pointer_read(m->section, program, m->cie->encoding, &m->location))
		m->bad = true;
}

static void run_rule(struct machine *m, uint8_t op, struct frame_bytes *program)
{
	uint64_t reg = frame_bytes_uleb(program);

	switch (op) {
	case DW_CFA_offset_extended:
		set_rule(m, reg, FRAME_AT_CFA, scaled(m, (int64_t)frame_bytes_uleb(program)));
		break;
	case DW_CFA_offset_extended_sf:
		set_rule(m, reg, FRAME_AT_CFA, scaled(m, frame_bytes_sleb(program)));
		break;
	case DW_CFA_GNU_negative_offset_extended:
		set_rule(m, reg, FRAME_AT_CFA,
			 scaled(m, -(int64_t)(frame_bytes_uleb(program) & INT64_MAX)));
		break;
	case DW_CFA_val_offset:
		set_rule(m, reg, FRAME_CFA_PLUS, scaled(m, (int64_t)frame_bytes_uleb(program)));
		break;
	case DW_CFA_val_offset_sf:
		set_rule(m, reg, FRAME_CFA_PLUS, scaled(m, frame_bytes_sleb(program)));
		break;
	case DW_CFA_restore_extended:
		restore(m, reg);
		break;
	case DW_CFA_undefined:
		set_rule(m, reg, FRAME_UNDEFINED, 0);
		break;
	case DW_CFA_same_value:
		set_rule(m, reg, FRAME_SAME, 0);
		break;
	case DW_CFA_register:
		set_register(m, reg, frame_bytes_uleb(program));
		break;
	}
}

static void run_cfa(struct machine *m, uint8_t op, struct frame_bytes *program)
{
	switch (op) {
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
		set_cfa(m, program, op == DW_CFA_def_cfa_sf);
		break;
	case DW_CFA_def_cfa_register:
		if (m->row.cfa.kind != FRAME_REGISTER)
			m->bad = true;
		set_cfa_register(m, frame_bytes_uleb(program));
		break;
	case DW_CFA_def_cfa_offset:
		set_cfa_offset(m, (int64_t)frame_bytes_uleb(program));
		break;
	case DW_CFA_def_cfa_offset_sf:
		set_cfa_offset(m, scaled(m, frame_bytes_sleb(program)));
		break;
	case DW_CFA_def_cfa_expression:
		m->row.cfa = take_expression(m, program, FRAME_EXPRESSION);
		break;
	}
}

static void run_extended(struct machine *m, uint8_t op, struct frame_bytes *program)
{
	switch (op) {
	case DW_CFA_nop:
		break;
	case DW_CFA_set_loc ... DW_CFA_advance_loc4:
		run_location(m, op, program);
		break;
	case DW_CFA_offset_extended ... DW_CFA_register:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
	case DW_CFA_GNU_negative_offset_extended:
		run_rule(m, op, program);
		break;
	case DW_CFA_remember_state:
		remember(m);
		break;
	case DW_CFA_restore_state:
		recall(m);
		break;
	case DW_CFA_def_cfa ... DW_CFA_def_cfa_expression:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_def_cfa_offset_sf:
		run_cfa(m, op, program);
		break;
	case DW_CFA_expression:
		set_expression(m, program, FRAME_AT_EXPRESSION);
		break;
	case DW_CFA_val_expression:
		set_expression(m, program, FRAME_EXPRESSION);
		break;
	case DW_CFA_GNU_args_size:
		frame_bytes_uleb(program);
		break;
#if defined(__aarch64__)
	case 0x2d: /* negate_ra_state: signatures of return addresses are cut off in any case */
		break;
#endif
	default:
		m->bad = true;
	}
}

static void run_one(struct machine *m, struct frame_bytes *program)
{
	uint8_t byte = frame_bytes_u8(program), low = byte & 0x3f;

	switch (byte & 0xc0) {
	case DW_CFA_advance_loc:
		advance(m, low);
		break;
	case DW_CFA_offset:
		set_rule(m, low, FRAME_AT_CFA, scaled(m, (int64_t)frame_bytes_uleb(program)));
		break;
	case DW_CFA_restore:
		restore(m, low);
		break;
	default:
		run_extended(m, byte, program);
	}
}

/* Until the row of the target address is complete. */
static bool run(struct machine *m, struct frame_bytes program)
{
	while (program.p < program.end && m->location <= m->target) {
		run_one(m, &program);
		if (m->bad || program.bad || ++m->steps > STEPS_MAX)
			return false;
	}
	return true;
}

static bool find_rules(const struct frame_section *section, const struct frame_fde *fde,
		       uint64_t address, struct machine *m)
{
	m->section = section;
	m->cie = &fde->cie;
	m->location = m->target = address;
	if (!run(m, fde->cie.program))
		return false;
	m->initial = m->row;
	m->remembered_len = 0;
	m->location = fde->start;
	return run(m, fde->program) && m->row.cfa.kind != FRAME_SAME;
}

static const struct frame_entry *find_entry(const struct frame_section *section, uint64_t address)
{
	size_t low = 0, high = section->entries.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (section->entries.data[middle].start > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low ? &section->entries.data[low - 1] : NULL;
}

int frame_section_find(struct frame_section *section, uint64_t address, struct frame_row *ret)
{
	const struct frame_entry *entry = find_entry(section, address);
	struct machine m = { 0 };
	struct frame_fde fde;
	bool good;

	if (!entry)
		return -ENOENT;
	if (!frame_fde_read(section, entry->offset, &fde))
		return -EBADMSG;
	if (address - fde.start >= fde.len)
		return -ENOENT;
	if (section->steps > STEPS_ALL_MAX)
		return -EBADMSG;
	good = find_rules(section, &fde, address, &m);
	section->steps += m.steps;
	if (!good)
		return -EBADMSG;
	*ret = m.row;
	ret->return_reg = fde.cie.return_reg;
	ret->signal = fde.cie.signal;
	return 0;
}
