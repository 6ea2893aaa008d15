/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/event_pipe.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#define BATCHES 64
#define BATCH_EVENTS 512
/* A side that waits is woken for this many at once: waking a CPU costs more than working off a batch. */
#define HALF (BATCHES / 2)

struct batch {
	size_t len;
	struct sched_event events[BATCH_EVENTS];
};

struct pipe {
	event_source_fn *source;
	void *source_context;
	int source_result;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t filled, emptied;		/* batches, ever */
	bool closed;			/* no more will be filled */
	int ended;			/* by the consumer */
	struct sched_event *next, *end; /* in the batch that the source fills */
	struct batch batches[BATCHES];
};

static void begin_batch(struct pipe *pipe)
{
	struct batch *batch = &pipe->batches[pipe->filled % BATCHES];

	pipe->next = batch->events;
	pipe->end = batch->events + BATCH_EVENTS;
}

/* Until there is a batch to fill. What the consumer returned when it wants no more, else 0. */
static int wait_for_room(struct pipe *pipe)
{
	int ended;

	pthread_mutex_lock(&pipe->lock);
	while (pipe->filled - pipe->emptied == BATCHES && !pipe->ended)
		pthread_cond_wait(&pipe->changed, &pipe->lock);
	ended = pipe->ended;
	pthread_mutex_unlock(&pipe->lock);
	begin_batch(pipe);
	return ended;
}

static void hand_over(struct pipe *pipe, bool last)
{
	struct batch *batch = &pipe->batches[pipe->filled % BATCHES];

	batch->len = (size_t)(pipe->next - batch->events);
	pthread_mutex_lock(&pipe->lock);
	pipe->filled++;
	pipe->closed = last;
	if (last || pipe->filled - pipe->emptied >= HALF)
		pthread_cond_signal(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
}

static int push(void *context, const struct sched_event *event)
{
	struct pipe *pipe = context;

	*pipe->next++ = *event;
	if (pipe->next < pipe->end)
		return 0;
	hand_over(pipe, false);
	return wait_for_room(pipe);
}

static void *run_source(void *context)
{
	struct pipe *pipe = context;

	begin_batch(pipe);
	pipe->source_result = pipe->source(pipe->source_context, push, pipe);
	hand_over(pipe, true);
	return NULL;
}

static const struct batch *wait_for_batch(struct pipe *pipe)
{
	const struct batch *batch;

	pthread_mutex_lock(&pipe->lock);
	while (pipe->filled == pipe->emptied && !pipe->closed)
		pthread_cond_wait(&pipe->changed, &pipe->lock);
	batch = pipe->filled != pipe->emptied ? &pipe->batches[pipe->emptied % BATCHES] : NULL;
	pthread_mutex_unlock(&pipe->lock);
	return batch;
}

static void give_back(struct pipe *pipe, int ended)
{
	pthread_mutex_lock(&pipe->lock);
	pipe->emptied++;
	pipe->ended = ended;
	if (ended || pipe->filled - pipe->emptied <= HALF)
		pthread_cond_signal(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
}

static int consume(struct pipe *pipe, event_each_fn *each, void *context)
{
	const struct batch *batch;
	int r = 0;

	while (r == 0 && (batch = wait_for_batch(pipe))) {
		for (size_t i = 0; i < batch->len && r == 0; i++)
			r = each(context, &batch->events[i]);
		give_back(pipe, r);
	}
	return r;
}

int event_pipe_run(event_source_fn *source, void *source_context, event_each_fn *each,
		   void *each_context)
{
	struct pipe *pipe = calloc(1, sizeof(*pipe));
	pthread_t thread;
	int r;

	if (!pipe)
		return source(source_context, each, each_context);
	pipe->source = source;
	pipe->source_context = source_context;
	pthread_mutex_init(&pipe->lock, NULL);
	pthread_cond_init(&pipe->changed, NULL);
	if (pthread_create(&thread, NULL, run_source, pipe) == 0) {
		r = consume(pipe, each, each_context);
		pthread_join(thread, NULL);
		r = r ? r : pipe->source_result;
	} else {
		r = source(source_context, each, each_context);
	}
	pthread_cond_destroy(&pipe->changed);
	pthread_mutex_destroy(&pipe->lock);
	free(pipe);
	return r;
}
