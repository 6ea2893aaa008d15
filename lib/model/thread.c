/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/thread.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_tids(const void *left, const void *right)
{
	const struct thread_sample *a = left, *b = right;

	return (a->tid > b->tid) - (a->tid < b->tid);
}

static bool is_sorted(const struct thread_samples *samples)
{
	for (size_t i = 1; i < samples->len; i++)
		if (samples->data[i - 1].tid > samples->data[i].tid)
			return false;
	return true;
}

void thread_pass_seal(struct thread_pass *pass)
{
	if (!is_sorted(&pass->samples))
		qsort(pass->samples.data, pass->samples.len, sizeof(*pass->samples.data),
		      compare_tids);
}

const struct thread_sample *thread_pass_find(const struct thread_pass *pass, pid_t tid)
{
	struct thread_sample key = { .tid = tid };

	if (!pass->samples.len)
		return NULL;
	return bsearch(&key, pass->samples.data, pass->samples.len, sizeof(key), compare_tids);
}

void thread_pass_free(struct thread_pass *pass)
{
	vec_free(&pass->samples);
}

static double grown(uint64_t before, uint64_t after)
{
	return after > before ? (double)(after - before) : 0;
}

/* Both passes are in TID order: `at` walks along with the caller's loop. */
static const struct thread_sample *find_same(const struct thread_pass *before, size_t *at,
					     const struct thread_sample *now)
{
	const struct thread_samples *samples = &before->samples;

	while (*at < samples->len && samples->data[*at].tid < now->tid)
		++*at;
	if (*at == samples->len || samples->data[*at].tid != now->tid ||
	    samples->data[*at].start_ticks != now->start_ticks)
		return NULL;
	return &samples->data[*at];
}

static const char *program_of(const struct thread_pass *pass, const struct thread_sample *thread)
{
	const struct thread_sample *leader =
		thread->tid == thread->pid ? thread : thread_pass_find(pass, thread->pid);

	return leader ? leader->comm : thread->comm;
}

/* Ready at both passes, and not a nanosecond on a CPU in between. */
static bool starved(const struct thread_sample *then, const struct thread_sample *now)
{
	return then && then->state == 'R' && now->state == 'R' && then->runs == now->runs &&
	       then->run_ns == now->run_ns;
}

static double between_s(const struct thread_pass *before, const struct thread_pass *after)
{
	return (double)(after->when_ns - before->when_ns) / 1e9;
}

static struct thread_change make_change(const struct thread_pass *before,
					const struct thread_pass *after,
					const struct thread_sample *then,
					const struct thread_sample *now)
{
	static const struct thread_sample newborn;
	bool born = !then && now->start_ticks >= before->boot_ticks;
	const struct thread_sample *from = then ? then : born ? &newborn : now;
	bool timed = now->has_schedstat && (!then || then->has_schedstat);
	double wait_s = starved(then, now) ? between_s(before, after) :
					     grown(from->wait_ns, now->wait_ns) / 1e9;

	return (struct thread_change){
		.now = now,
		.before = then,
		.born = born,
		.program = program_of(after, now),
		.run_s = timed ? grown(from->run_ns, now->run_ns) / 1e9 : NAN,
		.wait_s = timed ? wait_s : NAN,
		.runs = timed ? grown(from->runs, now->runs) : NAN,
		.user_s = grown(from->user_ticks, now->user_ticks) / THREAD_TICKS_PER_S,
		.system_s = grown(from->system_ticks, now->system_ticks) / THREAD_TICKS_PER_S,
		.minor_faults = grown(from->minor_faults, now->minor_faults),
		.major_faults = grown(from->major_faults, now->major_faults),
		.lasting = then && then->state == 'D' && now->state == 'D' &&
			   (!timed || now->runs == then->runs),
	};
}

int thread_changes_make(const struct thread_pass *before, const struct thread_pass *after,
			struct thread_changes *ret)
{
	struct thread_changes changes = { 0 };
	size_t at = 0;

	vec_each(now, &after->samples) {
		const struct thread_sample *then = find_same(before, &at, now);

		if (vec_push(&changes, make_change(before, after, then, now)) < 0) {
			vec_free(&changes);
			return -ENOMEM;
		}
	}
	*ret = changes;
	return 0;
}

double thread_change_cpu_s(const struct thread_change *change)
{
	return isnan(change->run_s) ? change->user_s + change->system_s : change->run_s;
}
