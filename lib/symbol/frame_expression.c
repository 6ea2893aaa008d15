/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/frame_expression.h"

#include <dwarf.h>

#define DEPTH_MAX 32
#define STEPS_MAX 256

struct calculator {
	const struct frame_state *state;
	struct frame_bytes all, code;
	uint64_t stack[DEPTH_MAX];
	unsigned depth;
	bool bad;
};

bool frame_state_read(const struct frame_state *state, uint64_t address, unsigned size,
		      uint64_t *ret)
{
	uint64_t offset = address - state->stack_start, value = 0;

	if (address < state->stack_start || offset > state->stack_len ||
	    state->stack_len - offset < size || size > sizeof(value))
		return false;
	memcpy(&value, state->stack + offset, size);
	*ret = value;
	return true;
}

static void push(struct calculator *c, uint64_t value)
{
	if (c->depth == DEPTH_MAX)
		c->bad = true;
	else
		c->stack[c->depth++] = value;
}

static uint64_t pop(struct calculator *c)
{
	if (c->depth > 0)
		return c->stack[--c->depth];
	c->bad = true;
	return 0;
}

static void push_copy(struct calculator *c, unsigned below)
{
	if (below < c->depth)
		push(c, c->stack[c->depth - 1 - below]);
	else
		c->bad = true;
}

static void push_register(struct calculator *c, uint64_t reg)
{
	uint64_t offset = (uint64_t)frame_bytes_sleb(&c->code);

	if (reg >= FRAME_REGS || !(c->state->known >> reg & 1))
		c->bad = true;
	else
		push(c, c->state->regs[reg] + offset);
}

static void push_memory(struct calculator *c, unsigned size)
{
	uint64_t value = 0;

	if (size == 0 || !frame_state_read(c->state, pop(c), size, &value))
		c->bad = true;
	push(c, value);
}

/* The top goes below the next count-1. */
static void rotate(struct calculator *c, unsigned count)
{
	uint64_t top = pop(c), *place;

	if (c->depth + 1 < count) {
		c->bad = true;
		return;
	}
	place = &c->stack[c->depth + 1 - count];
	memmove(place + 1, place, (count - 1) * sizeof(*place));
	*place = top;
	c->depth++;
}

static uint64_t shift_signed(uint64_t value, uint64_t by)
{
	return (uint64_t)((int64_t)value >> (by > 63 ? 63 : by));
}

static void run_binary(struct calculator *c, uint8_t op)
{
	uint64_t b = pop(c), a = pop(c);
	int64_t sa = (int64_t)a, sb = (int64_t)b;

	switch (op) {
	case DW_OP_and:
		return push(c, a & b);
	case DW_OP_or:
		return push(c, a | b);
	case DW_OP_xor:
		return push(c, a ^ b);
	case DW_OP_plus:
		return push(c, a + b);
	case DW_OP_minus:
		return push(c, a - b);
	case DW_OP_mul:
		return push(c, a * b);
	case DW_OP_shl:
		return push(c, b > 63 ? 0 : a << b);
	case DW_OP_shr:
		return push(c, b > 63 ? 0 : a >> b);
	case DW_OP_shra:
		return push(c, shift_signed(a, b));
	case DW_OP_eq:
		return push(c, a == b);
	case DW_OP_ne:
		return push(c, a != b);
	case DW_OP_lt:
		return push(c, sa < sb);
	case DW_OP_le:
		return push(c, sa <= sb);
	case DW_OP_gt:
		return push(c, sa > sb);
	case DW_OP_ge:
		return push(c, sa >= sb);
	}
	c->bad = true;
}

static void run_constant(struct calculator *c, uint8_t op)
{
	unsigned size = 1u << ((op - DW_OP_const1u) / 2);

	if (op == DW_OP_constu)
		push(c, frame_bytes_uleb(&c->code));
	else if (op == DW_OP_consts)
		push(c, (uint64_t)frame_bytes_sleb(&c->code));
	else if ((op - DW_OP_const1u) % 2 == 0)
		push(c, frame_bytes_fixed(&c->code, size));
	else
		push(c, (uint64_t)frame_bytes_signed(&c->code, size));
}

static void run_jump(struct calculator *c, uint8_t op)
{
	int64_t distance = frame_bytes_signed(&c->code, 2);
	int64_t place = (c->code.p - c->all.p) + distance;

	if (op == DW_OP_bra && pop(c) == 0)
		return;
	if (place < 0 || place > c->all.end - c->all.p)
		c->bad = true;
	else
		c->code.p = c->all.p + place;
}

static void run_stack(struct calculator *c, uint8_t op)
{
	switch (op) {
	case DW_OP_dup:
		return push_copy(c, 0);
	case DW_OP_over:
		return push_copy(c, 1);
	case DW_OP_pick:
		return push_copy(c, frame_bytes_u8(&c->code));
	case DW_OP_drop:
		pop(c);
		return;
	case DW_OP_swap:
		return rotate(c, 2);
	case DW_OP_rot:
		return rotate(c, 3);
	}
}

static void run_one(struct calculator *c)
{
	uint8_t op = frame_bytes_u8(&c->code);

	switch (op) {
	case DW_OP_lit0 ... DW_OP_lit31:
		return push(c, op - DW_OP_lit0);
	case DW_OP_breg0 ... DW_OP_breg31:
		return push_register(c, op - DW_OP_breg0);
	case DW_OP_bregx:
		return push_register(c, frame_bytes_uleb(&c->code));
	case DW_OP_const1u ... DW_OP_consts:
		return run_constant(c, op);
	case DW_OP_dup ... DW_OP_rot:
		return run_stack(c, op);
	case DW_OP_deref:
		return push_memory(c, 8);
	case DW_OP_deref_size:
		return push_memory(c, frame_bytes_u8(&c->code));
	case DW_OP_plus_uconst:
		return push(c, pop(c) + frame_bytes_uleb(&c->code));
	case DW_OP_neg:
		return push(c, -pop(c));
	case DW_OP_not:
		return push(c, ~pop(c));
	case DW_OP_bra:
	case DW_OP_skip:
		return run_jump(c, op);
	case DW_OP_nop:
		return;
	default:
		run_binary(c, op);
	}
}

bool frame_expression_run(const struct frame_state *state, struct frame_bytes expression,
			  const uint64_t *initial, uint64_t *ret)
{
	struct calculator c = { .state = state, .all = expression, .code = expression };
	unsigned steps = 0;

	if (initial)
		push(&c, *initial);
	while (c.code.p < c.code.end && !c.bad && !c.code.bad && ++steps <= STEPS_MAX)
		run_one(&c);
	if (c.bad || c.code.bad || steps > STEPS_MAX || c.depth == 0)
		return false;
	*ret = c.stack[c.depth - 1];
	return true;
}
