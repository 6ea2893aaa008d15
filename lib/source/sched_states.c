/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/sched_states.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32
#define VALUE_REF "REC->prev_state"

static void skip_spaces(struct span *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
}

static bool take(struct span *s, const char *token)
{
	skip_spaces(s);
	if (!span_starts(*s, token))
		return false;
	s->p += strlen(token);
	return true;
}

/* Moves behind the next `token`. */
static bool seek(struct span *s, const char *token)
{
	const char *found = memmem(s->p, span_len(*s), token, strlen(token));

	if (!found)
		return false;
	s->p = found + strlen(token);
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 16;
}

static bool take_number(struct span *s, uint64_t *ret)
{
	bool hex = take(s, "0x");
	uint64_t base = hex ? 16 : 10, value = 0;
	const char *start = s->p;

	for (; s->p < s->end && digit_of(*s->p) < (int)base; s->p++) {
		if (value > UINT64_MAX / 16 - 1)
			return false;
		value = value * base + (uint64_t)digit_of(*s->p);
	}
	if (s->p == start)
		return false;
	while (s->p < s->end && strchr("uUlL", *s->p) && *s->p)
		s->p++;
	*ret = value;
	return true;
}

/* The kernel writes constant expressions out: (((0x00 | 0x01) + 1) << 1) - 1. Loosest first, as in C. */
enum level { LEVEL_OR, LEVEL_AND, LEVEL_SHIFT, LEVEL_SUM, LEVEL_UNARY };

static bool take_value(struct span *s, enum level level, int depth, uint64_t *ret);

static bool take_unary(struct span *s, int depth, uint64_t *ret)
{
	if (depth > DEPTH_MAX)
		return false;
	if (take(s, "("))
		return take_value(s, LEVEL_OR, depth + 1, ret) && take(s, ")");
	if (take(s, "~")) {
		if (!take_unary(s, depth + 1, ret))
			return false;
		*ret = ~*ret;
		return true;
	}
	return take_number(s, ret);
}

static char take_operator(struct span *s, enum level level)
{
	static const struct {
		enum level level;
		const char *text;
	} operators[] = {
		{ LEVEL_OR, "|" },     { LEVEL_AND, "&" }, { LEVEL_SHIFT, "<<" },
		{ LEVEL_SHIFT, ">>" }, { LEVEL_SUM, "+" }, { LEVEL_SUM, "-" },
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (operators[i].level == level && take(s, operators[i].text))
			return operators[i].text[0];
	return '\0';
}

static bool apply(char operator, uint64_t right, uint64_t *value)
{
	switch (operator) {
	case '|':
		*value |= right;
		return true;
	case '&':
		*value &= right;
		return true;
	case '+':
		*value += right;
		return true;
	case '-':
		*value -= right;
		return true;
	}
	if (right > 63)
		return false;
	*value = operator== '<' ? *value << right : * value>> right;
	return true;
}

static bool take_value(struct span *s, enum level level, int depth, uint64_t *ret)
{
	uint64_t value, right;
	char operator;

	if (level == LEVEL_UNARY)
		return take_unary(s, depth, ret);
	if (!take_value(s, level + 1, depth, &value))
		return false;
	while ((operator= take_operator(s, level))) {
		if (!take_value(s, level + 1, depth, &right) || !apply(operator, right, &value))
			return false;
	}
	*ret = value;
	return true;
}

/* What follows "__print_flags(": the value, the separator's string, then the pairs. */
static bool take_mask(struct span *s, uint64_t *ret_mask)
{
	uint64_t mask = UINT64_MAX;

	if (!take(s, VALUE_REF))
		return false;
	if (take(s, "&") && !take_value(s, LEVEL_SHIFT, 0, &mask))
		return false;
	if (!take(s, ",") || !take(s, "\"") || !seek(s, "\""))
		return false;
	*ret_mask = mask;
	return true;
}

static bool take_state(struct span *s, uint64_t *ret_bits, char *ret_letter)
{
	if (!take(s, "{") || !take_value(s, LEVEL_OR, 0, ret_bits) || !take(s, ",") ||
	    !take(s, "\"") || span_len(*s) < 2)
		return false;
	*ret_letter = *s->p++;
	return *ret_letter > ' ' && *ret_letter <= '~' && take(s, "\"") && take(s, "}");
}

static bool take_preempted(struct span s, uint64_t *ret)
{
	while (seek(&s, VALUE_REF)) {
		uint64_t bits;

		if (take(&s, "&") && take_value(&s, LEVEL_SHIFT, 0, &bits) && take(&s, "?") &&
		    take(&s, "\"+\"")) {
			*ret = bits;
			return true;
		}
	}
	return false;
}

int sched_states_parse(struct span print_format, struct sched_states *ret)
{
	struct sched_states states = { 0 };
	struct span s = print_format;

	if (!s.p || !seek(&s, "__print_flags(") || !take_mask(&s, &states.mask))
		return -EBADMSG;
	while (take(&s, ",")) {
		if (states.count == SCHED_STATES_MAX)
			return -EBADMSG;
		if (!take_state(&s, &states.states[states.count].bits,
				&states.states[states.count].letter))
			return -EBADMSG;
		states.count++;
	}
	if (!take(&s, ")") || states.count == 0)
		return -EBADMSG;
	take_preempted(s, &states.preempted);
	*ret = states;
	return 0;
}

char sched_states_letter(const struct sched_states *states, uint64_t prev_state)
{
	uint64_t set = prev_state & states->mask;

	if (!set)
		return 'R';
	for (size_t i = 0; i < states->count; i++)
		if (states->states[i].bits &&
		    (set & states->states[i].bits) == states->states[i].bits)
			return states->states[i].letter;
	return '?';
}
