/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/top_census.h"

#include "base/cleanup.h"
#include "source/proc_task.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */
#define CALM_STEP 8	      /* of a large pool, one thread in so many is looked at first */

/* A walk over /proc: buffers that live as long as it does. */
struct walk {
	struct procroot *root;
	int proc_fd;
	pid_t own_pid;
	struct str text;
	struct id_list pids, tids;
	const struct census *earlier; /* NULL in the first pass */
	struct census *census;
};

/* Where a thread's files are: PREFIX/stat in an open folder, which `folder` names in a
 * recording. */
struct place {
	int fd;
	const char *folder;
	char prefix[48];
	pid_t pid, tid;
};

static bool is_realtime(unsigned int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_DEADLINE;
}

_Static_assert(THREAD_NAME_MAX == TASK_COMM_MAX, "a name crosses whole");

static void fill_sample(struct thread_sample *sample, pid_t pid, const struct task_stat *stat)
{
	*sample = (struct thread_sample){
		.pid = pid,
		.tid = stat->tid,
		.ppid = stat->ppid,
		.start_ticks = stat->start_ticks,
		.state = stat->state,
		.kernel = stat->flags & PF_KTHREAD,
		.realtime = is_realtime(stat->policy),
		.cpu = stat->cpu,
		.user_ticks = stat->user_ticks,
		.system_ticks = stat->system_ticks,
		.minor_faults = stat->minor_faults,
		.major_faults = stat->major_faults,
		.child_ticks = (uint64_t)(stat->child_user_ticks + stat->child_system_ticks),
		.child_minor_faults = stat->child_minor_faults,
		.process_threads = stat->threads,
	};
	memcpy(sample->comm, stat->comm, sizeof(sample->comm));
}

static void add_schedstat(struct thread_sample *sample, const struct task_schedstat *schedstat)
{
	/* all zero: a kernel without task accounting, for the thread did run if it has CPU time */
	if (!schedstat->runs && !schedstat->run_ns && sample->user_ticks + sample->system_ticks)
		return;
	sample->has_schedstat = true;
	sample->run_ns = schedstat->run_ns;
	sample->wait_ns = schedstat->wait_ns;
	sample->runs = schedstat->runs;
}

/* Runs three times per thread: no formatting. */
static int read_file(struct walk *walk, const struct place *place, const char *name)
{
	char path[sizeof(place->prefix) + 16];
	char *end = stpcpy(path, place->prefix);

	*end++ = '/';
	strcpy(end, name);
	return procroot_read_in(walk->root, place->fd, place->folder, path, &walk->text);
}

static bool read_schedstat(struct walk *walk, const struct place *place, struct task_schedstat *ret)
{
	return read_file(walk, place, "schedstat") == 0 &&
	       task_schedstat_parse(str_text(&walk->text), walk->text.len, ret) == 0;
}

/* A thread that has not run since the earlier pass is as it was: its costlier `stat` need not be
 * read. It could only have been woken without getting a CPU yet. A leader's line also counts for
 * its process, which may have run without it. */
static const struct thread_sample *find_unchanged(const struct walk *walk,
						  const struct place *place,
						  const struct task_schedstat *schedstat)
{
	const struct thread_sample *then =
		walk->earlier ? thread_pass_find(&walk->earlier->threads, place->tid) : NULL;

	if (!then || !then->has_schedstat || then->state == 'R' ||
	    (then->tid == then->pid && then->process_threads > 1))
		return NULL;
	return schedstat->runs == then->runs && schedstat->run_ns == then->run_ns &&
			       schedstat->wait_ns == then->wait_ns ?
		       then :
		       NULL;
}

/* Reads one thread; `ret_threads` is the size of its process. */
static int read_thread(struct walk *walk, const struct place *place, uint64_t *ret_threads)
{
	struct task_schedstat schedstat = { 0 };
	bool has_schedstat = read_schedstat(walk, place, &schedstat);
	const struct thread_sample *unchanged =
		has_schedstat ? find_unchanged(walk, place, &schedstat) : NULL;
	struct thread_sample sample;
	struct task_stat stat;
	int r;

	if (unchanged) {
		*ret_threads = unchanged->process_threads;
		return vec_push(&walk->census->threads.samples, *unchanged);
	}
	r = read_file(walk, place, "stat");
	if (r == 0)
		r = task_stat_parse(str_text(&walk->text), walk->text.len, &stat);
	if (r < 0)
		return r;
	fill_sample(&sample, place->pid, &stat);
	if (has_schedstat)
		add_schedstat(&sample, &schedstat);
	*ret_threads = stat.threads;
	return vec_push(&walk->census->threads.samples, sample);
}

static int compare_processes(const void *left, const void *right)
{
	const struct listed_process *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static const struct listed_process *find_process(const struct walk *walk, pid_t pid,
						 uint64_t threads)
{
	struct listed_process key = { .pid = pid }, *known = NULL;

	if (walk->earlier && walk->earlier->processes.len)
		known = bsearch(&key, walk->earlier->processes.data, walk->earlier->processes.len,
				sizeof(key), compare_processes);
	return known && known->count + 1 == threads ? known : NULL;
}

/* PID/stat, unlike the lines of its threads, sums up what all of them used. */
static void read_pool(struct walk *walk, struct listed_process *process)
{
	struct task_stat stat;
	char path[32];

	snprintf(path, sizeof(path), "%d/stat", process->pid);
	if (procroot_read_in(walk->root, walk->proc_fd, "proc", path, &walk->text) < 0 ||
	    task_stat_parse(str_text(&walk->text), walk->text.len, &stat) < 0)
		return;
	process->ticks = stat.user_ticks + stat.system_ticks;
	process->minor_faults = stat.minor_faults;
}

/* A large pool whose sums have not moved (less than a tick of CPU time, no page fault), and of
 * which no thread of every eighth has run, is as it was: what else may have run in it is less than
 * that tick. Thousands of sleepers then cost a pass an eighth. */
static bool is_calm(struct walk *walk, struct place *place, const struct listed_process *known)
{
	struct listed_process now = { .pid = known->pid };

	if (known->count < TOP_POOL_LARGE || !known->minor_faults)
		return false;
	read_pool(walk, &now);
	if (now.ticks != known->ticks || now.minor_faults != known->minor_faults)
		return false;
	for (size_t i = 0; i < known->count; i += CALM_STEP) {
		struct task_schedstat schedstat;

		place->tid = walk->earlier->tids.data[known->first + i];
		snprintf(place->prefix, sizeof(place->prefix), "%d", place->tid);
		if (!read_schedstat(walk, place, &schedstat) ||
		    !find_unchanged(walk, place, &schedstat))
			return false;
	}
	return true;
}

static int copy_threads(struct walk *walk, const struct listed_process *known)
{
	for (size_t i = 0; i < known->count; i++) {
		const struct thread_sample *then = thread_pass_find(
			&walk->earlier->threads, walk->earlier->tids.data[known->first + i]);

		if (then && vec_push(&walk->census->threads.samples, *then) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A process that has as many threads as at the earlier pass has the same ones, unless some have
 * vanished, which their files tell: a large pool is listed once. */
static bool list_as_before(struct walk *walk, const struct listed_process *known)
{
	if (!known)
		return false;
	walk->tids.len = 0;
	for (size_t i = 0; i < known->count; i++)
		if (vec_push(&walk->tids, walk->earlier->tids.data[known->first + i]) < 0)
			return false;
	return true;
}

/* Reads what `walk->tids` lists; 1 when one of them has vanished. */
static int read_listed_threads(struct walk *walk, struct place *place)
{
	struct tid_list *tids = &walk->census->tids;
	struct listed_process process = { .pid = place->pid, .first = tids->len };
	bool vanished = false;

	for (size_t i = 0; i < walk->tids.len; i++) {
		uint64_t ignored;
		int r;

		place->tid = walk->tids.data[i];
		if (place->tid == place->pid)
			continue;
		snprintf(place->prefix, sizeof(place->prefix), "%d", place->tid);
		r = read_thread(walk, place, &ignored);
		if (r == 0)
			r = vec_push(tids, place->tid);
		if (r == -ENOMEM)
			return r;
		vanished |= r < 0;
	}
	process.count = tids->len - process.first;
	if (process.count >= TOP_POOL_LARGE && !walk->earlier)
		read_pool(walk, &process);
	if (vec_push(&walk->census->processes, process) < 0)
		return -ENOMEM;
	return vanished;
}

/* As if the process had not been read. */
static void forget_threads(struct walk *walk, size_t samples)
{
	struct listed_process *process =
		vec_at(&walk->census->processes, --walk->census->processes.len);

	walk->census->tids.len = process->first;
	walk->census->threads.samples.len = samples;
}

static int read_other_threads(struct walk *walk, pid_t pid, uint64_t threads)
{
	_cleanup_(cleanup_close) int task_fd = -1;
	const struct listed_process *known = find_process(walk, pid, threads);
	size_t samples = walk->census->threads.samples.len;
	struct place place = { .pid = pid };
	char folder[48];
	int r;

	snprintf(folder, sizeof(folder), "proc/%d/task", pid);
	task_fd = procroot_open_folder(walk->root, folder);
	if (task_fd < 0)
		return 0; /* vanished */
	place.fd = task_fd;
	place.folder = folder;
	if (known && is_calm(walk, &place, known))
		return copy_threads(walk, known);
	if (list_as_before(walk, known)) {
		r = read_listed_threads(walk, &place);
		if (r <= 0)
			return r;
		forget_threads(walk, samples);
	}
	r = procroot_list_ids(walk->root, task_fd, &walk->tids);
	if (r == 0)
		r = read_listed_threads(walk, &place);
	return r == -ENOMEM ? r : 0;
}

/* The leader tells how many threads there are: most processes have one, and their task folder is
 * not opened. */
static int read_process(struct walk *walk, pid_t pid)
{
	struct place place = { .fd = walk->proc_fd, .folder = "proc", .pid = pid, .tid = pid };
	uint64_t threads = 0;
	int r;

	snprintf(place.prefix, sizeof(place.prefix), "%d/task/%d", pid, pid);
	r = read_thread(walk, &place, &threads);
	if (r == -ENOMEM)
		return r;
	return r == 0 && threads <= 1 ? 0 : read_other_threads(walk, pid, threads);
}

static int walk_processes(struct walk *walk)
{
	for (size_t i = 0; i < walk->pids.len; i++) {
		if (walk->pids.data[i] == walk->own_pid)
			continue;
		if (walk->census->threads.samples.len >= TOP_THREADS_MAX) {
			walk->census->truncated = true;
			return 0;
		}
		if (read_process(walk, walk->pids.data[i]) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

static void read_host(struct walk *walk)
{
	double uptime_s;

	if (procroot_read(walk->root, "proc/stat", &walk->text) == 0)
		walk->census->has_host = proc_stat_parse(str_text(&walk->text), walk->text.len,
							 &walk->census->host) == 0;
	if (procroot_read(walk->root, "proc/uptime", &walk->text) == 0 &&
	    proc_uptime_parse(str_text(&walk->text), walk->text.len, &uptime_s) == 0)
		walk->census->threads.boot_ticks = (uint64_t)(uptime_s * THREAD_TICKS_PER_S);
}

static bool too_many_to_record(struct walk *walk)
{
	struct proc_loadavg load;

	return procroot_read(walk->root, "proc/loadavg", &walk->text) == 0 &&
	       proc_loadavg_parse(str_text(&walk->text), walk->text.len, &load) == 0 &&
	       load.threads > TOP_RECORD_MAX;
}

int census_take(struct procroot *root, pid_t own_pid, const struct census *earlier,
		struct census *ret)
{
	struct walk walk = {
		.root = root,
		.own_pid = own_pid,
		.earlier = earlier,
		.census = ret,
	};
	int r;

	*ret = (struct census){ .threads.when_ns = procroot_monotonic_ns(root) };
	walk.proc_fd = procroot_open_folder(root, "proc");
	if (walk.proc_fd < 0)
		return walk.proc_fd;
	read_host(&walk);
	r = procroot_list_ids(root, walk.proc_fd, &walk.pids);
	procroot_pause_recorder(root, too_many_to_record(&walk));
	if (r == 0)
		r = walk_processes(&walk);
	procroot_pause_recorder(root, false);
	if (r == 0 && !ret->threads.samples.len && !procroot_is_live(root))
		r = -ENODATA;
	if (r == 0)
		thread_pass_seal(&ret->threads);
	close(walk.proc_fd);
	str_free(&walk.text);
	vec_free(&walk.pids);
	vec_free(&walk.tids);
	return r;
}

void census_free(struct census *census)
{
	thread_pass_free(&census->threads);
	vec_free(&census->processes);
	vec_free(&census->tids);
	if (census->has_host)
		proc_stat_free(&census->host);
	*census = (struct census){ 0 };
}

int top_read_task(struct procroot *root, const struct thread_sample *thread, const char *name,
		  struct str *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/task/%d/%s", thread->pid, thread->tid, name);
	return procroot_read(root, path, ret);
}
