/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/thread_names.h"

#include "base/cleanup.h"
#include "base/vec.h"
#include "source/proc_task.h"

#include <errno.h>
#include <stdio.h>

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

struct namer {
	struct procroot *root;
	int (*each)(void *context, const struct thread_name *name);
	void *context;
	int proc_fd;
	struct str text;
	struct id_list pids, tids;
};

static int name_threads(struct namer *namer, pid_t pid, bool kernel)
{
	_cleanup_(cleanup_close) int task_fd = -1;
	char path[32];
	int r = 0;

	snprintf(path, sizeof(path), "%d/task", pid);
	task_fd = procroot_open_folder_at(namer->root, namer->proc_fd, path);
	if (task_fd < 0 || procroot_list_ids(namer->root, task_fd, &namer->tids) < 0)
		return 0; /* vanished */
	for (size_t i = 0; i < namer->tids.len && r == 0; i++)
		if (namer->tids.data[i] != pid)
			r = namer->each(namer->context,
					&(struct thread_name){ .tid = namer->tids.data[i],
							       .pid = pid,
							       .comm = "",
							       .kernel = kernel });
	return r;
}

static int name_process(struct namer *namer, pid_t pid)
{
	struct thread_name leader = { .tid = pid, .pid = pid };
	struct task_stat stat;
	char name[32];
	int r;

	snprintf(name, sizeof(name), "%d/stat", pid);
	if (procroot_read_in(namer->root, namer->proc_fd, "proc", name, &namer->text) < 0 ||
	    task_stat_parse(str_text(&namer->text), namer->text.len, &stat) < 0)
		return 0;
	leader.comm = stat.comm;
	leader.kernel = stat.flags & PF_KTHREAD;
	r = namer->each(namer->context, &leader);
	return r == 0 && stat.threads > 1 ? name_threads(namer, pid, leader.kernel) : r;
}

int threads_name(struct procroot *root, int (*each)(void *context, const struct thread_name *name),
		 void *context)
{
	struct namer namer = { .root = root, .each = each, .context = context };
	int r;

	namer.proc_fd = procroot_open_folder(root, "proc");
	if (namer.proc_fd < 0)
		return 0;
	r = procroot_list_ids(root, namer.proc_fd, &namer.pids);
	if (r < 0 && r != -ENOMEM)
		r = 0;
	for (size_t i = 0; i < namer.pids.len && r == 0; i++)
		r = name_process(&namer, namer.pids.data[i]);
	close(namer.proc_fd);
	str_free(&namer.text);
	vec_free(&namer.pids);
	vec_free(&namer.tids);
	return r;
}
