/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched_tasks FILE: what the sched model makes of a perf.data file, one line per thread:
 *
 *   TID COMM|COUNT SUM_NS MAX_NS|STAT_RUNTIME_NS|PREEMPTED UNKNOWN_STARTS CUT OPEN
 *
 * COUNT, SUM and MAX are of the waits that `perf sched latency` counts: woken, new and yielded ones.
 */
#include "base/cleanup.h"
#include "model/sched.h"
#include "source/perf_data.h"

#include <stdio.h>

static int take(void *context, const struct sched_event *event)
{
	if (event->type == SCHED_NAME && !event->time_ns)
		return sched_model_name(context, event->tid, event->other_tid, event->comm, false);
	return sched_model_event(context, event);
}

static void print_thread(const struct sched_thread *thread)
{
	static const enum sched_wait_kind kinds[] = { SCHED_WAIT_WOKEN, SCHED_WAIT_NEW,
						      SCHED_WAIT_YIELDED };
	uint64_t count = 0, sum_ns = 0, max_ns = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct sched_delays *waits = &thread->waits[kinds[i]];

		count += waits->count;
		sum_ns += waits->sum_ns;
		max_ns = waits->max_ns > max_ns ? waits->max_ns : max_ns;
	}
	printf("%d %s|%llu %llu %llu|%llu|%llu %llu %llu %d\n", thread->tid, thread->comm,
	       (unsigned long long)count, (unsigned long long)sum_ns, (unsigned long long)max_ns,
	       (unsigned long long)thread->stat_runtime_ns,
	       (unsigned long long)thread->waits[SCHED_WAIT_PREEMPTED].count,
	       (unsigned long long)thread->work.unknown_starts,
	       (unsigned long long)thread->work.cut_waits, thread->open_wait_ns > 0);
}

int main(int argc, char **argv)
{
	_cleanup_(sched_model_freep) struct sched_model *model =
		sched_model_new(&(struct sched_model_options){ 0 });
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	const struct sched_thread *const *threads;
	struct err err = { "" };
	size_t count;

	if (argc != 2 || !model || perf_data_open(argv[1], &data, &err) < 0 ||
	    perf_data_each(data, take, model, &err) < 0 || sched_model_end(model, 0) < 0) {
		fprintf(stderr, "sched_tasks: %s\n", err.msg);
		return 2;
	}
	threads = sched_model_threads(model, &count);
	for (size_t i = 0; i < count; i++)
		print_thread(threads[i]);
	return 0;
}
