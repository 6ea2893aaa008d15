/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/gather.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* What the kernel lets a program call itself; more are words of a command line. */
#define COMM_MAX 15

struct task task_blank(void)
{
	return (struct task){
		.count = 1,
		.cpu = NAN,
		.user = NAN,
		.system = NAN,
		.wait = NAN,
		.voluntary = NAN,
		.involuntary = NAN,
		.on_cpu = -1,
	};
}

bool task_name_is_kernel(const char *comm)
{
	static const char *const globs[] = {
		"kthreadd",	 "ksoftirqd",	"ksoftirqd/*",	  "kworker",
		"kworker/*",	 "migration/*", "rcu_*",	  "rcuo[bgps]/*",
		"rcuc/*",	 "rcub/*",	"kswapd[0-9]*",	  "kcompactd*",
		"khugepaged",	 "ksmd",	"kdevtmpfs",	  "jbd2/*",
		"irq/[0-9]*",	 "watchdog/*",	"watchdogd",	  "cpuhp/*",
		"idle_inject/*", "xfsaild/*",	"kauditd",	  "khungtaskd",
		"oom_reaper",	 "writeback",	"kblockd",	  "kdamond*",
		"scsi_eh_*",	 "kthrotld",	"dmcrypt_write*", "md[0-9]*_raid*",
		"nvme-*-wq",	 "txg_sync",	"flush-[0-9]*",	  "kdmflush*",
		"ipv6_addrconf", "nfsd",	"loop[0-9]*",	  "pool_workqueue_*",
	};

	for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
		if (text_glob(globs[i], comm))
			return true;
	return false;
}

/* "/usr/bin/python3 run.py" is python3; "MDC Refresh" is a name with a blank. */
static struct span program_of(struct span name)
{
	struct span rest = name, word;
	const char *slash;

	if (span_len(name) <= COMM_MAX && *name.p != '/')
		return name;
	if (!memchr(name.p, ' ', span_len(name)) && *name.p != '/')
		return name;
	if (!span_word(&rest, &word))
		return name;
	slash = *word.p == '/' ? memrchr(word.p, '/', span_len(word)) : NULL;
	if (slash && slash + 1 < word.end)
		word.p = slash + 1;
	return word;
}

void task_name(struct task *task, struct span name)
{
	name = span_trim(name);
	if (span_len(name) > 2 && *name.p == '[' && name.end[-1] == ']') {
		name.p++;
		name.end--;
		task->kernel = true;
	} else if (span_len(name)) {
		name = program_of(name);
	}
	if (span_len(name) > 1 && name.end[-1] == '+') {
		name.end--;
		task->cut = true;
	}
	span_copy(name, task->comm, sizeof(task->comm));
	task->kernel |= task_name_is_kernel(task->comm);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t stem_length(const char *comm, bool bare_index)
{
	size_t whole = strlen(comm), len = whole;

	while (len > 0 && is_digit(comm[len - 1]))
		len--;
	if (len == whole || len == 0)
		return whole;
	if (strchr("#-_/: ", comm[len - 1]))
		len--;
	else if (!bare_index || comm[len - 1] == '.')
		return whole;
	return len ? len : whole;
}

static bool stem_kworker(const char *comm, char stem[TASK_NAME_MAX])
{
	static const char prefix[] = "kworker/";
	const char *work;

	if (strncmp(comm, prefix, sizeof(prefix) - 1) != 0)
		return false;
	work = strpbrk(comm, "-+");
	snprintf(stem, TASK_NAME_MAX, "kworker%s%.48s", work && work[1] ? "-" : "",
		 work ? work + 1 : "");
	return true;
}

void task_stem(const char *comm, bool own, bool kernel, char stem[TASK_NAME_MAX])
{
	if (kernel && stem_kworker(comm, stem))
		return;
	snprintf(stem, TASK_NAME_MAX, "%.*s", (int)stem_length(comm, own || kernel), comm);
}
