/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/perf_resolve.h"

#include "evidence/classes.h"
#include "rule/symbols.h"

#include <errno.h>
#include <string.h>

/* A chain by frame pointers that is this short has probably lost its way: even main() has callers. */
#define FRAMES_BROKEN 2

struct chain {
	const uint64_t *addresses;
	size_t count;
	bool broken;
	bool unwound;
};

/* Frame pointers that lead nowhere: an address in nobody's code is no caller. */
static int trim_chain(struct perf_resolver *resolver, pid_t pid, struct chain *chain)
{
	struct symbol symbol;
	int r;

	for (size_t i = 0; i < chain->count; i++) {
		r = symbolizer_find_user(resolver->symbolizer, pid, chain->addresses[i], i > 0,
					 &symbol);
		if (r < 0)
			return r;
		if (*symbol.module)
			continue;
		chain->count = i;
		break;
	}
	return 0;
}

/* The longer of what frame pointers and the copied stack tell; a complete unwinding beats both. */
static int user_chain(struct perf_resolver *resolver, const struct stack_sample *sample,
		      uint64_t unwound[STACK_FRAMES_MAX], struct chain *ret)
{
	struct chain sound = { .addresses = sample->user, .count = sample->user_count };
	bool complete = false;
	int count = 0, r;

	*ret = sound;
	ret->broken = ret->count && ret->count <= FRAMES_BROKEN;
	if (resolver->unwinder && sample->user_regs && sample->user_stack_len)
		count = unwind_user(resolver->unwinder, sample->pid, sample->user_regs,
				    sample->user_stack, sample->user_stack_len, unwound,
				    STACK_FRAMES_MAX, &complete);
	if (count <= 0)
		return 0;
	r = complete ? 0 : trim_chain(resolver, sample->pid, &sound);
	if (r < 0 || (!complete && (size_t)count < sound.count))
		return r;
	*ret = (struct chain){
		.addresses = unwound,
		.count = (size_t)count,
		.broken = !complete && count <= FRAMES_BROKEN,
		.unwound = true,
	};
	return 0;
}

/* What a function is about is asked once, when it is first seen. */
int64_t perf_resolve_symbol(struct perf_resolver *resolver, const struct symbol *symbol)
{
	struct profile_symbol row = {
		.function = symbol->function,
		.module = symbol->module,
		.kernel = symbol->kernel,
		.named = symbol->named,
	};
	int64_t id = profile_find_symbol(resolver->profile, &row);
	struct symbol_meaning meaning;

	if (id >= 0)
		return id;
	meaning = rule_symbol_meaning(resolver->rules, symbol->function, symbol->module,
				      symbol->kernel);
	row.classes = meaning.classes;
	row.leaf_classes = meaning.leaf_classes;
	row.loop = meaning.loop;
	return profile_symbol(resolver->profile, &row, NULL);
}

static int intern(struct perf_resolver *resolver, const struct symbol *symbol, uint64_t address,
		  struct perf_frames *frames)
{
	int64_t id = perf_resolve_symbol(resolver, symbol);

	if (id < 0)
		return -ENOMEM;
	frames->symbols[frames->count] = (uint32_t)id;
	frames->addresses[frames->count++] = address;
	return 0;
}

/* A return address is behind the call, which may be the last instruction of its function. */
static int name_kernel(struct perf_resolver *resolver, const struct stack_sample *sample,
		       struct perf_frames *frames)
{
	struct symbol symbol;
	int r = 0;

	for (size_t i = 0; i < sample->kernel_count && i < STACK_FRAMES_MAX && r == 0; i++) {
		r = symbolizer_find_kernel(resolver->symbolizer, sample->kernel[i] - (i > 0),
					   &symbol);
		if (r == 0)
			r = intern(resolver, &symbol, sample->kernel[i], frames);
	}
	return r;
}

static int name_user(struct perf_resolver *resolver, const struct stack_sample *sample,
		     const struct chain *chain, struct perf_frames *frames)
{
	struct symbol symbol;
	int r = 0;

	for (size_t i = 0; i < chain->count && i < STACK_FRAMES_MAX && r == 0; i++) {
		r = symbolizer_find_user(resolver->symbolizer, sample->pid, chain->addresses[i],
					 i > 0, &symbol);
		if (r == 0)
			r = intern(resolver, &symbol, chain->addresses[i], frames);
	}
	return r;
}

int perf_resolve_frames(struct perf_resolver *resolver, const struct stack_sample *sample,
			struct perf_frames *ret)
{
	uint64_t unwound[STACK_FRAMES_MAX];
	struct chain chain;
	int r = user_chain(resolver, sample, unwound, &chain);

	if (r < 0)
		return r;
	ret->count = 0;
	ret->user_broken = chain.broken;
	r = name_kernel(resolver, sample, ret);
	ret->kernel_count = ret->count;
	if (r == 0)
		r = name_user(resolver, sample, &chain, ret);
	if (r == 0 && chain.unwound)
		resolver->unwound_weight += sample->period;
	return r;
}

int perf_resolve(struct perf_resolver *resolver, const struct stack_sample *sample)
{
	struct perf_frames frames;
	int r = perf_resolve_frames(resolver, sample, &frames);

	return r < 0 ? r :
		       profile_add(resolver->profile, &(struct profile_sample){
							      .pid = sample->pid,
							      .tid = sample->tid,
							      .cpu = sample->cpu,
							      .weight = sample->period,
							      .in_user = sample->in_user,
							      .user_broken = frames.user_broken,
							      .frames = frames.symbols,
							      .addresses = frames.addresses,
							      .count = frames.count,
						      });
}

/* ---- the profile ---------------------------------------------------------------------------------- */

/* The rules' combinations of classes, as the profile takes them. */
static size_t find_combinations(const struct ruleset *rules,
				struct profile_combination combinations[CLASS_TOTAL])
{
	size_t count = 0;

	vec_each(row, &rules->symbols)
		if (row->all && row->class != CLASS_NONE && count < CLASS_TOTAL)
			combinations[count++] = (struct profile_combination){
				.of = row->all,
				.gives = row->class,
			};
	return count;
}

struct profile *perf_profile_new(const struct ruleset *rules)
{
	struct profile_combination combinations[CLASS_TOTAL];
	struct profile_options options = {
		.idle = CLASS_BIT(idle),
		.lock = CLASS_BIT(futex) | CLASS_BIT(user_lock),
		.glue = CLASS_BIT(library) | CLASS_BIT(user_lock) | CLASS_BIT(malloc) |
			CLASS_BIT(user_copy) | CLASS_BIT(runtime_scheduler) |
			CLASS_BIT(interpreter_lock),
		.focus = CLASS_BIT(net_rx) | CLASS_BIT(net_tx),
		.combinations = combinations,
		.combinations_count = find_combinations(rules, combinations),
	};

	return profile_new(&options);
}

int perf_naming_open(struct stage_context *context, struct address_spaces *spaces,
		     struct symbolizer **ret_symbolizer, struct unwinder **ret_unwinder)
{
	bool unwinds = context->call_graph != CALL_GRAPH_FP;
	struct err why = { "" };
	int r;

	*ret_symbolizer = symbolizer_new(context->root, spaces, NULL);
	*ret_unwinder = unwinds ? unwinder_new(spaces, NULL) : NULL;
	if (!*ret_symbolizer || (unwinds && !*ret_unwinder))
		return -ENOMEM;
	r = symbolizer_load_kernel(*ret_symbolizer, &why);
	if (r < 0 && r != -ENOMEM) {
		stage_degrade(context, "sysctl kernel.kptr_restrict=0", "%s", why.msg);
		return 0;
	}
	return r;
}
