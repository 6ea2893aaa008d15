/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/unwind.h"

#include "symbol/frame_expression.h"
#include "symbol/frame_files.h"

#include <errno.h>
#include <stdlib.h>

#define FILES_MAX 512
#define ROWS 8192 /* a power of two */

/* What was found for an address before. */
struct known_row {
	uint64_t offset; /* in the file */
	uint32_t file;	 /* its id; 0: free */
	bool found;
	const struct frame_section *section;
	struct frame_row row;
};

struct unwinder {
	const struct address_spaces *spaces;
	struct frame_files *files;
	struct known_row *rows;
	struct unwinder_counts counts;
};

struct unwinder *unwinder_new(const struct address_spaces *spaces,
			      const struct unwinder_options *options)
{
	struct unwinder *unwinder = calloc(1, sizeof(*unwinder));

	if (!unwinder)
		return NULL;
	unwinder->spaces = spaces;
	unwinder->rows = calloc(ROWS, sizeof(*unwinder->rows));
	unwinder->files = frame_files_new(
		spaces, options && options->files_max ? options->files_max : FILES_MAX);
	if (!unwinder->rows || !unwinder->files) {
		unwinder_free(unwinder);
		return NULL;
	}
	return unwinder;
}

void unwinder_free(struct unwinder *unwinder)
{
	if (!unwinder)
		return;
	frame_files_free(unwinder->files);
	free(unwinder->rows);
	free(unwinder);
}

void unwinder_freep(struct unwinder **unwinder)
{
	unwinder_free(*unwinder);
}

void unwinder_counts(const struct unwinder *unwinder, struct unwinder_counts *ret)
{
	*ret = unwinder->counts;
	ret->files_failed = frame_files_failed(unwinder->files);
	ret->file_bytes = frame_files_bytes(unwinder->files);
}

/* ---- registers ------------------------------------------------------------------------------- */

#if defined(__x86_64__)

#define CS_INDEX 10
#define CS_64BIT 0x33

/* Of the kernel's order (ax bx cx dx si di bp sp ip flags cs ss r8-r15): where each DWARF register
 * is. */
static const uint8_t register_order[FRAME_REGS] = { 0,	3,  2,	1,  4,	5,  6,	7, 12,
						    13, 14, 15, 16, 17, 18, 19, 8 };

static bool load_registers(const uint64_t *regs, struct frame_state *state)
{
	for (unsigned i = 0; i < FRAME_REGS; i++)
		state->regs[i] = regs[register_order[i]];
	state->pc = regs[8];
	return regs[CS_INDEX] == CS_64BIT; /* not a 32-bit program: those have other frames */
}

static uint64_t return_address(uint64_t value)
{
	return value;
}

#elif defined(__aarch64__)

static bool load_registers(const uint64_t *regs, struct frame_state *state)
{
	for (unsigned i = 0; i < FRAME_REGS; i++)
		state->regs[i] = regs[i];
	state->pc = regs[32];
	return true;
}

/* Signed ones (PAC) carry the signature above the address. */
static uint64_t return_address(uint64_t value)
{
	return value & ((1ull << 48) - 1);
}

#else

static bool load_registers(const uint64_t *regs, struct frame_state *state)
{
	return false;
}

static uint64_t return_address(uint64_t value)
{
	return value;
}

#endif

/* ---- one step -------------------------------------------------------------------------------- */

enum step {
	STEP_CALLER,
	STEP_OUTERMOST, /* there is no caller */
	STEP_CUT,
};

/* Where a thread is while its callers are being found. */
struct walk {
	struct unwinder *unwinder;
	pid_t pid;
	struct frame_state state;
	bool is_return; /* state.pc is a return address: the call is before it */
};

static bool evaluate(const struct frame_state *state, const struct frame_section *section,
		     const struct frame_rule *rule, const uint64_t *cfa, uint64_t *ret)
{
	struct frame_bytes code = { .p = section->data + rule->value,
				    .end = section->data + rule->value + rule->len };

	return frame_expression_run(state, code, cfa, ret);
}

static bool find_cfa(const struct frame_state *state, const struct known_row *known, uint64_t *ret)
{
	const struct frame_rule *rule = &known->row.cfa;

	if (rule->kind == FRAME_EXPRESSION)
		return evaluate(state, known->section, rule, NULL, ret);
	if (rule->kind != FRAME_REGISTER || !(state->known >> rule->reg & 1))
		return false;
	*ret = state->regs[rule->reg] + (uint64_t)(int64_t)rule->value;
	return true;
}

/* What register `i` was in the caller; false when that can't be known. */
static bool find_register(const struct frame_state *state, const struct known_row *known,
			  unsigned i, uint64_t cfa, uint64_t *ret)
{
	const struct frame_rule *rule = &known->row.regs[i];
	uint64_t address = cfa + (uint64_t)(int64_t)rule->value;

	switch (rule->kind) {
	case FRAME_SAME:
		*ret = i == FRAME_REG_SP ? cfa : state->regs[i];
		return i == FRAME_REG_SP || state->known >> i & 1;
	case FRAME_AT_CFA:
		return frame_state_read(state, address, 8, ret);
	case FRAME_CFA_PLUS:
		*ret = address;
		return true;
	case FRAME_REGISTER:
		*ret = state->regs[rule->reg];
		return state->known >> rule->reg & 1;
	case FRAME_AT_EXPRESSION:
		return evaluate(state, known->section, rule, &cfa, &address) &&
		       frame_state_read(state, address, 8, ret);
	case FRAME_EXPRESSION:
		return evaluate(state, known->section, rule, &cfa, ret);
	default:
		return false;
	}
}

static void find_registers(const struct frame_state *state, const struct known_row *known,
			   uint64_t cfa, struct frame_state *caller)
{
	*caller = *state;
	caller->known = 0;
	for (unsigned i = 0; i < FRAME_REGS; i++)
		if (find_register(state, known, i, cfa, &caller->regs[i]))
			caller->known |= 1ull << i;
}

static bool is_copied(const struct frame_state *state, uint64_t address)
{
	return address - state->stack_start < state->stack_len;
}

/* Stacks grow downwards: whoever called is above. A function that has put nothing on the stack may
 * be where it was called, which only the innermost can be; what a signal interrupted may be on
 * another stack, which was not copied. */
static bool is_progress(const struct walk *walk, const struct frame_state *caller, bool signal)
{
	uint64_t before = walk->state.regs[FRAME_REG_SP], after = caller->regs[FRAME_REG_SP];

	if (!(caller->known >> FRAME_REG_SP & 1))
		return false;
	if (after == before)
		return !walk->is_return && caller->pc != walk->state.pc;
	return after > before || (signal && !is_copied(&walk->state, after));
}

/* A function that calls has to save where it returns to; without a link register any has. */
static bool can_return(const struct walk *walk, const struct frame_rule *rule)
{
	return rule->kind != FRAME_SAME || (FRAME_HAS_LINK_REG && !walk->is_return);
}

static enum step step_by_rules(struct walk *walk, const struct known_row *known)
{
	uint8_t return_reg = known->row.return_reg;
	struct frame_state caller;
	uint64_t cfa;

	if (known->row.regs[return_reg].kind == FRAME_UNDEFINED)
		return STEP_OUTERMOST;
	if (!can_return(walk, &known->row.regs[return_reg]) || !find_cfa(&walk->state, known, &cfa))
		return STEP_CUT;
	find_registers(&walk->state, known, cfa, &caller);
	if (!(caller.known >> return_reg & 1))
		return STEP_CUT;
	caller.pc = return_address(caller.regs[return_reg]);
	if (caller.pc == 0)
		return STEP_OUTERMOST;
	if (!is_progress(walk, &caller, known->row.signal) ||
	    !address_spaces_find(walk->unwinder->spaces, walk->pid, caller.pc))
		return STEP_CUT;
	walk->state = caller;
	walk->is_return = !known->row.signal;
	return STEP_CALLER;
}

/* Code without frame information that keeps frame pointers: the caller's, then the return
 * address. */
static enum step step_by_frame_pointer(struct walk *walk)
{
	struct frame_state *state = &walk->state;
	uint64_t frame = state->regs[FRAME_REG_FP], next, address;

	if (!(state->known >> FRAME_REG_FP & 1) || !(state->known >> FRAME_REG_SP & 1) ||
	    frame % 8 || frame < state->regs[FRAME_REG_SP] ||
	    !frame_state_read(state, frame, 8, &next) ||
	    !frame_state_read(state, frame + 8, 8, &address))
		return STEP_CUT;
	address = return_address(address);
	if (address == 0 && next == 0)
		return STEP_OUTERMOST;
	if (!address_spaces_find(walk->unwinder->spaces, walk->pid, address))
		return STEP_CUT;
	state->pc = address;
	state->regs[FRAME_REG_FP] = next;
	state->regs[FRAME_REG_SP] = frame + 16;
	state->known = 1ull << FRAME_REG_FP | 1ull << FRAME_REG_SP;
	walk->is_return = true;
	walk->unwinder->counts.by_frame_pointer++;
	return STEP_CALLER;
}

static struct known_row *row_of(struct unwinder *unwinder, struct frame_file *file, uint64_t offset)
{
	uint64_t hash = (offset ^ (uint64_t)file->id << 40) * 0x9e3779b97f4a7c15ull;
	struct known_row *known = &unwinder->rows[hash >> 32 & (ROWS - 1)];

	if (known->file == file->id && known->offset == offset)
		return known;
	known->file = file->id;
	known->offset = offset;
	known->found = frame_file_find(file, offset, &known->row, &known->section) == 0;
	return known;
}

static int step(struct walk *walk, enum step *ret)
{
	struct unwinder *unwinder = walk->unwinder;
	uint64_t pc = walk->state.pc - (walk->is_return ? 1 : 0);
	const struct mapping *mapping = address_spaces_find(unwinder->spaces, walk->pid, pc);
	const struct known_row *known;
	struct frame_file *file;
	int r;

	*ret = STEP_CUT;
	if (!mapping)
		return 0;
	r = frame_files_get(unwinder->files, walk->pid, mapping, &file);
	if (r == -ENOMEM)
		return r;
	known = r < 0 ? NULL : row_of(unwinder, file, pc - mapping->start + mapping->offset);
	*ret = known && known->found ? step_by_rules(walk, known) : step_by_frame_pointer(walk);
	return 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int walk_stack(struct walk *walk, uint64_t *ret, size_t max, bool *ret_complete)
{
	enum step next = STEP_CUT;
	size_t count = 0;
	int r;

	ret[count++] = walk->state.pc;
	while (count < max) {
		r = step(walk, &next);
		if (r < 0)
			return r;
		if (next != STEP_CALLER)
			break;
		ret[count++] = walk->state.pc;
	}
	*ret_complete = next == STEP_OUTERMOST;
	return (int)count;
}

int unwind_user(struct unwinder *unwinder, pid_t pid, const uint64_t *regs, const void *stack,
		size_t stack_len, uint64_t *ret, size_t max, bool *ret_complete)
{
	struct walk walk = { .unwinder = unwinder, .pid = pid };
	bool supported, complete = false;
	int count = 1;

	if (STACK_USER_REGS_COUNT == 0)
		return -ENOTSUP;
	if (!regs || max == 0)
		return -ENODATA;
	supported = load_registers(regs, &walk.state);
	walk.state.known = (1ull << FRAME_REGS) - 1;
	walk.state.stack = stack;
	walk.state.stack_start = walk.state.regs[FRAME_REG_SP];
	walk.state.stack_len = stack ? stack_len : 0;
	if (supported)
		count = walk_stack(&walk, ret, max < INT32_MAX ? max : INT32_MAX, &complete);
	else
		ret[0] = walk.state.pc;
	if (count < 0)
		return count;
	unwinder->counts.stacks++;
	unwinder->counts.frames += (uint64_t)count;
	unwinder->counts.cut += complete ? 0 : 1;
	if (ret_complete)
		*ret_complete = complete;
	return count;
}
