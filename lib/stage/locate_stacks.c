/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/locate_stacks.h"

#include "base/cleanup.h"
#include "evidence/classes.h"

#include <errno.h>
#include <string.h>

#define PATH_FRAMES_MAX 24

void locate_stacks_free(struct locate_stacks *stacks)
{
	vec_each(path, &stacks->paths)
		free(*path);
	vec_free(&stacks->list);
	vec_free(&stacks->symbols);
	vec_free(&stacks->addresses);
	vec_free(&stacks->paths);
}

/* ---- naming --------------------------------------------------------------------------------------- */

static int find_path(struct locate_stacks *stacks, const char *text, uint32_t *ret)
{
	char *copy;

	for (*ret = 0; *ret < stacks->paths.len; ++*ret)
		if (strcmp(stacks->paths.data[*ret], text) == 0)
			return 0;
	copy = strdup(text);
	if (!copy || vec_push(&stacks->paths, copy) < 0) {
		free(copy);
		return -ENOMEM;
	}
	return 0;
}

/* Behind an interrupt's functions is what it interrupted. */
static size_t end_of_interrupt(const struct profile *profile, const struct perf_frames *frames)
{
	size_t end = 0;

	for (size_t i = 0; i < frames->kernel_count; i++)
		if (profile_symbol_of(profile, frames->symbols[i])->classes &
		    (CLASS_BIT(hardirq) | CLASS_BIT(softirq)))
			end = i + 1;
	return end ? end : frames->kernel_count;
}

/* The scheduler's own functions at the leaf say nothing: all these stacks begin there. */
static int make_path(struct locate_stacks *stacks, const struct profile *profile,
		     const struct perf_frames *frames, uint32_t *ret)
{
	const uint64_t boring = CLASS_BIT(schedule) | CLASS_BIT(wakeup);
	_cleanup_(str_free) struct str text = { 0 };
	size_t from = 0, shown = 0, end = end_of_interrupt(profile, frames);

	while (from < end) {
		const struct profile_symbol *symbol =
			profile_symbol_of(profile, frames->symbols[from]);

		if (!(symbol->classes & boring) && strcmp(symbol->function, "schedule") != 0 &&
		    !strstr(symbol->function, "trace"))
			break;
		from++;
	}
	for (size_t i = from; i < end && shown < PATH_FRAMES_MAX; i++, shown++)
		str_format(&text, "%s%s", shown ? ";" : "",
			   profile_symbol_of(profile, frames->symbols[i])->function);
	return str_error(&text) < 0 ? -ENOMEM : find_path(stacks, str_text(&text), ret);
}

static bool is_own(const struct profile_symbol *symbol)
{
	return !(symbol->classes & (CLASS_BIT(library) | CLASS_BIT(user_lock) | CLASS_BIT(malloc) |
				    CLASS_BIT(user_copy) | CLASS_BIT(runtime_scheduler) |
				    CLASS_BIT(interpreter_lock))) &&
	       (symbol->named || (*symbol->module && *symbol->function != '['));
}

static void find_own(const struct profile *profile, const struct perf_frames *frames,
		     struct locate_stack *stack)
{
	stack->own = stack->outer = PROFILE_SYMBOL_OTHER;
	for (size_t i = frames->kernel_count; i < frames->count; i++) {
		if (!is_own(profile_symbol_of(profile, frames->symbols[i])))
			continue;
		stack->outer = frames->symbols[i];
		if (stack->own != PROFILE_SYMBOL_OTHER)
			continue;
		stack->own = frames->symbols[i];
		stack->own_address = frames->addresses[i];
		stack->own_is_return = i > frames->kernel_count;
	}
}

static uint64_t classes_of(const struct ruleset *rules, const struct profile *profile,
			   const struct perf_frames *frames)
{
	uint64_t classes = 0;

	for (size_t i = 0; i < frames->count; i++)
		classes |= profile_symbol_of(profile, frames->symbols[i])->classes;
	vec_each(row, &rules->symbols)
		if (row->all && row->class != CLASS_NONE && (classes & row->all) == row->all)
			classes |= UINT64_C(1) << row->class;
	return classes;
}

static int add_stack(struct perf_resolver *resolver, const struct stack_sample *sample,
		     struct locate_stacks *stacks)
{
	struct locate_stack stack = { .first = stacks->symbols.len, .pid = sample->pid };
	struct perf_frames frames;
	int r = perf_resolve_frames(resolver, sample, &frames);

	for (size_t i = 0; i < frames.count && r == 0; i++)
		if (vec_push(&stacks->symbols, frames.symbols[i]) < 0 ||
		    vec_push(&stacks->addresses, frames.addresses[i]) < 0)
			r = -ENOMEM;
	if (r < 0)
		return r;
	stack.count = frames.count;
	stack.kernel_count = frames.kernel_count;
	stack.user_broken = frames.user_broken;
	stack.classes = classes_of(resolver->rules, resolver->profile, &frames);
	find_own(resolver->profile, &frames, &stack);
	r = make_path(stacks, resolver->profile, &frames, &stack.path);
	return r < 0 ? r : vec_push(&stacks->list, stack);
}

int locate_stacks_resolve(struct perf_resolver *resolver, const struct perf_log *log,
			  struct locate_stacks *ret)
{
	int r = 0;

	vec_each(sample, &log->samples)
		if (r == 0)
			r = add_stack(resolver, sample, ret);
	return r;
}

/* ---- profiles ------------------------------------------------------------------------------------- */

struct folding {
	const struct locate_stacks *stacks;
	struct profile *blocked, *wakeups;
	uint32_t between; /* the frame "--" of wakeups */
	/* by group: how much of its waiting has a stack, or both */
	VEC(double) with_one, with_both;
	uint32_t frames[4 * STACK_FRAMES_MAX + 1];
	uint64_t addresses[4 * STACK_FRAMES_MAX + 1];
};

static bool has_both(const struct locate_wait *wait)
{
	return wait->blocked_stack != LOCATE_STACK_NONE && wait->waker_stack != LOCATE_STACK_NONE;
}

static int sum_up(struct folding *folding, const struct locate_model *model)
{
	const struct locate_wait *waits;
	size_t count;

	for (uint32_t i = 0; i < locate_model_totals(model)->groups; i++)
		if (vec_push(&folding->with_one, 0) < 0 || vec_push(&folding->with_both, 0) < 0)
			return -ENOMEM;
	waits = locate_model_waits(model, &count);
	for (size_t i = 0; i < count; i++) {
		if (waits[i].blocked_stack != LOCATE_STACK_NONE)
			folding->with_one.data[waits[i].group] += (double)waits[i].wait_ns;
		if (has_both(&waits[i]))
			folding->with_both.data[waits[i].group] += (double)waits[i].wait_ns;
	}
	return 0;
}

static uint64_t scaled(const struct locate_model *model, const struct locate_wait *wait,
		       double seen)
{
	double whole = (double)locate_model_group(model, wait->group)->wait_ns;

	return seen > 0 ? (uint64_t)((double)wait->wait_ns * whole / seen) : 0;
}

static int add_blocked(struct folding *folding, const struct locate_wait *wait, uint64_t weight)
{
	const struct locate_stack *stack = &folding->stacks->list.data[wait->blocked_stack];
	struct profile_sample sample = {
		.pid = wait->pid,
		.tid = wait->tid,
		.weight = weight,
		.user_broken = stack->user_broken,
		.frames = folding->stacks->symbols.data + stack->first,
		.addresses = folding->stacks->addresses.data + stack->first,
		.count = stack->count,
	};

	return weight && stack->count ? profile_add(folding->blocked, &sample) : 0;
}

/* The same function in the other profile. */
static int64_t carry_over(const struct folding *folding, uint32_t symbol)
{
	return profile_symbol(folding->wakeups, profile_symbol_of(folding->blocked, symbol), NULL);
}

static int append_frame(struct folding *folding, size_t at, size_t *count)
{
	int64_t id = carry_over(folding, folding->stacks->symbols.data[at]);

	if (id < 0)
		return -ENOMEM;
	folding->frames[*count] = (uint32_t)id;
	folding->addresses[(*count)++] = folding->stacks->addresses.data[at];
	return 0;
}

/* Leaf first, as the profile takes frames: the waker's outermost function is the leaf. */
static int add_wakeup(struct folding *folding, const struct locate_wait *wait, uint64_t weight)
{
	const struct locate_stack *waker = &folding->stacks->list.data[wait->waker_stack];
	const struct locate_stack *blocked = &folding->stacks->list.data[wait->blocked_stack];
	struct profile_sample sample = { .pid = wait->pid, .tid = wait->tid, .weight = weight };
	size_t count = 0;
	int r = 0;

	for (size_t i = waker->count; i-- > 0 && r == 0;)
		r = append_frame(folding, waker->first + i, &count);
	folding->frames[count] = folding->between;
	folding->addresses[count++] = 0;
	for (size_t i = 0; i < blocked->count && r == 0; i++)
		r = append_frame(folding, blocked->first + i, &count);
	sample.frames = folding->frames;
	sample.addresses = folding->addresses;
	sample.count = count;
	return r == 0 && weight ? profile_add(folding->wakeups, &sample) : r;
}

static int add_all(struct folding *folding, const struct locate_model *model)
{
	const struct locate_wait *waits;
	size_t count;
	int r = 0;

	waits = locate_model_waits(model, &count);
	for (size_t i = 0; i < count && r == 0; i++) {
		const struct locate_wait *wait = &waits[i];

		if (wait->blocked_stack != LOCATE_STACK_NONE)
			r = add_blocked(folding, wait,
					scaled(model, wait, folding->with_one.data[wait->group]));
		if (r == 0 && has_both(wait))
			r = add_wakeup(folding, wait,
				       scaled(model, wait, folding->with_both.data[wait->group]));
	}
	return r;
}

int locate_stacks_profile(const struct locate_stacks *stacks, const struct locate_model *model,
			  struct profile *blocked, struct profile *wakeups)
{
	struct folding folding = { .stacks = stacks, .blocked = blocked, .wakeups = wakeups };
	struct profile_symbol between = { .function = "--", .module = "", .named = true };
	int64_t id = profile_symbol(wakeups, &between, NULL);
	int r = id < 0 ? -ENOMEM : sum_up(&folding, model);

	folding.between = id < 0 ? 0 : (uint32_t)id;
	if (r == 0)
		r = add_all(&folding, model);
	vec_free(&folding.with_one);
	vec_free(&folding.with_both);
	if (r == 0)
		r = profile_end(blocked);
	return r < 0 ? r : profile_end(wakeups);
}
