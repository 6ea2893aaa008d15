/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/rule.h"

#include <string.h>

/* Extend it, never rename: reports, tickets and dashboards hold these names. */
const struct cause causes[] = {
	{ "thread-storm", "far more runnable threads of one group than usable CPUs, or a group "
			  "that switches or wakes at a destructive rate" },
	{ "lock-contention", "threads blocked or spinning on a user lock (futex)" },
	{ "kernel-lock-contention", "a mutex, rwsem (mmap_lock) or spinlock in the kernel" },
	{ "softirq-pressure", "softirq work (NET_RX, NET_TX, TIMER, BLOCK, RCU ...) takes CPU or "
			      "delays others" },
	{ "interrupt-storm", "hard interrupts, or interrupts that CPUs send each other" },
	{ "cpu-hog", "a few threads burn CPU in a hot function" },
	{ "cpu-saturation", "many different programs want more CPU than there is" },
	{ "single-thread-bound", "one thread pins one CPU while the rest idle" },
	{ "kernel-thread-hog", "a kernel thread (kworker, kswapd, kcompactd, jbd2 ...) burns CPU" },
	{ "cgroup-throttling",
	  "a CPU quota of the cgroup or of one of its ancestors holds it back" },
	{ "cpu-steal", "the hypervisor takes the CPU" },
	{ "rt-starvation", "real-time threads, or their throttling, starve the rest" },
	{ "cpu-imbalance", "a queue on one CPU while another idles (affinity, cpuset)" },
	{ "io-saturation", "threads wait for a busy or slow device" },
	{ "blocked-on-lock",
	  "D state without IO: a kernel lock, a frozen file system, a hung mount" },
	{ "memory-reclaim", "direct reclaim, compaction, kswapd" },
	{ "swap-thrash", "paging in and out" },
	{ "page-fault-storm", "minor faults dominate the time in the kernel" },
	{ "syscall-storm", "system calls dominate the time in the kernel" },
	{ "fork-storm", "short-lived processes, crash loops" },
	{ "zombie-leak", "dead children that their parent does not reap" },
	{ "network-drops", "a backlog, a budget or a listen queue overflows" },
	{ "runtime-gc", "garbage collector threads dominate" },
	{ "out-of-memory", "the kernel kills processes for lack of memory" },
	{ "resource-exhaustion", "a table of the kernel is full: PIDs, file handles" },
	{ "thermal-throttling", "CPUs run below their speed because of heat" },
	{ "slow-clocksource", "the clock is read from a slow device" },
	{ NULL, NULL },
};

const struct cause *cause_find(const char *name)
{
	for (const struct cause *cause = causes; cause->name; cause++)
		if (strcmp(cause->name, name) == 0)
			return cause;
	return NULL;
}
