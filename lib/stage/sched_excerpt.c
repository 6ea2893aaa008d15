/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/sched_excerpt.h"

#include "base/cleanup.h"
#include "base/sched_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct piece {
	struct sched_event *events; /* a ring */
	uint64_t len;		    /* ever */
};

struct sched_excerpt {
	struct piece latest, kept;
	uint64_t longest_ns;
	uint64_t keep_at; /* latest.len when enough has come after the longest wait; 0: nothing to keep */
};

struct sched_excerpt *sched_excerpt_new(void)
{
	struct sched_excerpt *excerpt = calloc(1, sizeof(*excerpt));

	if (!excerpt)
		return NULL;
	excerpt->latest.events = calloc(SCHED_EXCERPT_EVENTS, sizeof(*excerpt->latest.events));
	excerpt->kept.events = calloc(SCHED_EXCERPT_EVENTS, sizeof(*excerpt->kept.events));
	if (excerpt->latest.events && excerpt->kept.events)
		return excerpt;
	sched_excerpt_free(excerpt);
	return NULL;
}

void sched_excerpt_free(struct sched_excerpt *excerpt)
{
	if (!excerpt)
		return;
	free(excerpt->latest.events);
	free(excerpt->kept.events);
	free(excerpt);
}

void sched_excerpt_freep(struct sched_excerpt **excerpt)
{
	sched_excerpt_free(*excerpt);
}

static void keep(struct sched_excerpt *excerpt)
{
	excerpt->keep_at = 0;
	excerpt->kept.len = excerpt->latest.len;
	memcpy(excerpt->kept.events, excerpt->latest.events,
	       SCHED_EXCERPT_EVENTS * sizeof(*excerpt->kept.events));
}

void sched_excerpt_add(struct sched_excerpt *excerpt, const struct sched_model *model,
		       const struct sched_event *event)
{
	struct piece *latest = &excerpt->latest;
	uint64_t longest_ns = sched_model_longest_wait_ns(model);

	if (event->type == SCHED_RUNTIME || event->type == SCHED_NAME)
		return;
	latest->events[latest->len++ % SCHED_EXCERPT_EVENTS] = *event;
	if (longest_ns > excerpt->longest_ns) {
		/* a longer one before it was copied: only this one will be, a little later */
		excerpt->longest_ns = longest_ns;
		excerpt->keep_at = latest->len + SCHED_EXCERPT_EVENTS / 2;
	}
	if (excerpt->keep_at && latest->len >= excerpt->keep_at)
		keep(excerpt);
}

/* ---- writing ---- */

static uint64_t first_of(const struct piece *piece)
{
	return piece->len > SCHED_EXCERPT_EVENTS ? piece->len - SCHED_EXCERPT_EVENTS : 0;
}

static const struct sched_event *event_at(const struct piece *piece, uint64_t index)
{
	return &piece->events[index % SCHED_EXCERPT_EVENTS];
}

static bool holds(const struct piece *piece, uint64_t time_ns)
{
	return piece->len && event_at(piece, first_of(piece))->time_ns <= time_ns &&
	       event_at(piece, piece->len - 1)->time_ns >= time_ns;
}

static int compare_tids(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;

	return (left > right) - (left < right);
}

static int compare_tid_to_thread(const void *tid, const void *thread)
{
	pid_t left = *(const pid_t *)tid,
	      right = (*(const struct sched_thread *const *)thread)->tid;

	return (left > right) - (left < right);
}

static const struct sched_thread *find_thread(const struct sched_model *model, pid_t tid)
{
	const struct sched_thread *const *threads, *const *found;
	size_t count;

	threads = sched_model_threads(model, &count);
	found = count ? bsearch(&tid, threads, count, sizeof(*threads), compare_tid_to_thread) :
			NULL;
	return found ? *found : NULL;
}

static void append_name(const struct sched_thread *thread, struct str *out)
{
	struct sched_event name = {
		.type = SCHED_NAME,
		.tid = thread->tid,
		.other_tid = thread->pid,
	};

	memcpy(name.comm, thread->comm, sizeof(name.comm));
	sched_text_append(out, &name);
}

/* Sorts them and drops all but one of equals. */
static size_t make_unique(pid_t *tids, size_t count)
{
	size_t kept = 0;

	qsort(tids, count, sizeof(*tids), compare_tids);
	for (size_t i = 0; i < count; i++)
		if (tids[i] > 0 && (kept == 0 || tids[i] != tids[kept - 1]))
			tids[kept++] = tids[i];
	return kept;
}

/* Of all threads in the piece, and of the leaders of their processes. */
static int append_names(const struct sched_model *model, const struct piece *piece, struct str *out)
{
	_cleanup_(cleanup_free) pid_t *tids = calloc(6 * SCHED_EXCERPT_EVENTS, sizeof(*tids));
	size_t count = 0, threads;

	if (!tids)
		return -ENOMEM;
	for (uint64_t i = first_of(piece); i < piece->len; i++) {
		const struct sched_event *event = event_at(piece, i);

		tids[count++] = event->tid;
		tids[count++] = event->other_tid;
		tids[count++] = event->current_tid;
	}
	count = threads = make_unique(tids, count);
	for (size_t i = 0; i < threads; i++) {
		const struct sched_thread *thread = find_thread(model, tids[i]);

		tids[count++] = thread ? thread->pid : 0;
	}
	count = make_unique(tids, count);
	for (size_t i = 0; i < count; i++) {
		const struct sched_thread *thread = find_thread(model, tids[i]);

		if (thread)
			append_name(thread, out);
	}
	return 0;
}

int sched_excerpt_write(const struct sched_excerpt *excerpt, const struct sched_model *model,
			const struct sched_worst *worst, struct str *out)
{
	const struct piece *piece = &excerpt->latest;
	struct sched_text_about about = {
		.tid = worst->tid,
		.cpu = worst->cpu,
		.from_ns = worst->from_ns,
		.until_ns = worst->until_ns,
	};
	int r;

	if (!piece->len)
		return 0;
	if (excerpt->kept.len && !(worst->found && holds(piece, worst->until_ns)))
		piece = &excerpt->kept;
	sched_text_begin(out, worst->found && holds(piece, worst->until_ns) ? &about : NULL);
	r = append_names(model, piece, out);
	for (uint64_t i = first_of(piece); r == 0 && i < piece->len; i++)
		sched_text_append(out, event_at(piece, i));
	return r < 0 ? r : str_error(out);
}
