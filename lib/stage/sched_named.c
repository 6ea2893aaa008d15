/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/sched_named.h"

#include "model/sched.h"
#include "stage/sched_put.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct sched_named {
	struct sched_model *model;
	uint64_t events, first_ns, last_ns;
	bool wakeups;
};

int sched_named_new(struct sched_named **ret)
{
	struct sched_named *named = calloc(1, sizeof(*named));

	if (!named)
		return -ENOMEM;
	named->model = sched_model_new(&(struct sched_model_options){ 0 });
	if (!named->model) {
		sched_named_free(named);
		return -ENOMEM;
	}
	*ret = named;
	return 0;
}

void sched_named_free(struct sched_named *named)
{
	if (!named)
		return;
	sched_model_free(named->model);
	free(named);
}

void sched_named_freep(struct sched_named **named)
{
	sched_named_free(*named);
}

int sched_named_event(void *context, const struct sched_event *event)
{
	struct sched_named *named = context;

	if (!named->events++)
		named->first_ns = event->time_ns;
	named->last_ns = event->time_ns;
	named->wakeups |= event->type == SCHED_WAKEUP;
	return sched_model_event(named->model, event);
}

/* A wakeup from an interrupt looks like one by the thread that it came upon. */
static void forget_contexts(struct evidence *evidence)
{
	evidence_set(evidence, METRIC_sched_irq_wakeups_pct, NAN);
	evidence_add_caveat(evidence,
			    "perf script does not tell interrupts: what they woke is told as woken "
			    "by the thread that they interrupted");
}

int sched_named_put(struct sched_named *named, struct evidence *evidence)
{
	int r;

	if (!named->events || named->last_ns == named->first_ns)
		return 0;
	r = sched_model_end(named->model, named->last_ns);
	if (r == 0)
		r = evidence_set_text(evidence, METRIC_sched_source, "tracepoints");
	if (r == 0)
		r = sched_put(named->model, SCHED_ACTOR_UNKNOWN, named->wakeups, evidence);
	if (r == 0 && named->wakeups)
		forget_contexts(evidence);
	return r;
}
