/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/flame_view.h"

#include "base/cleanup.h"

#include <string.h>

#define GROUPS                                      \
	{                                           \
		FLAME_GROUP, "program, threads", 97 \
	}
#define OTHERS                                   \
	{                                        \
		FLAME_OTHER, "idle, unknown", 78 \
	}
#define CALLERS_BELOW "callers are below."

static const struct flame_view views[] = {
	{
		.name = "on-cpu",
		.heading = "On-CPU flame graph",
		.empty = "No stacks: nothing ran while samples were taken. ",
		.width = "time",
		.above = CALLERS_BELOW,
		.legend = { GROUPS,
			    { FLAME_USER, "user code", 55 },
			    { FLAME_LIBRARY, "library, runtime", 84 },
			    { FLAME_KERNEL, "kernel", 36 },
			    { FLAME_INTERRUPT, "interrupt, softirq", 93 },
			    { FLAME_LOCK, "lock", 23 },
			    OTHERS },
	},
	{
		.name = "off-cpu",
		.heading = "Off-CPU flame graph",
		.empty = "No stacks: no suspect was seen to leave a CPU and to come back. ",
		.width = "time off the CPU, of all threads together",
		.above = CALLERS_BELOW,
		.legend = { GROUPS,
			    { FLAME_USER, "user code", 55 },
			    { FLAME_LIBRARY, "library, runtime", 84 },
			    { FLAME_KERNEL, "kernel", 36 },
			    { FLAME_LOCK, "lock", 23 },
			    { FLAME_OTHER, "unknown", 49 } },
	},
	{
		.name = "wakeup",
		.heading = "Wakeup flame graph",
		.empty = "No stacks: no suspect was seen to be woken. ",
		.width = "time asleep until that wakeup",
		.above =
			"below -- is who slept, callers below; above it who woke it, callers above.",
		.legend = { GROUPS,
			    { FLAME_COLD, "asleep", 36 },
			    { FLAME_WAKER, "waker", 35 },
			    { FLAME_INTERRUPT, "waker in interrupt, softirq", 142 },
			    { FLAME_OTHER, "unknown", 49 } },
	},
	{
		.name = "hot-cold",
		.heading = "Hot and cold flame graph",
		.empty = "No stacks: nothing ran and nobody waited. ",
		.width = "time",
		.above = CALLERS_BELOW,
		.legend = { GROUPS,
			    { FLAME_HOT, "hot: on a CPU", 77 },
			    { FLAME_COLD, "cold: off the CPU", 93 },
			    { FLAME_OTHER, "unknown", 49 } },
	},
	{
		.name = "page-faults",
		.heading = "Page-fault flame graph",
		.empty = "No stacks: no sample was taken in a page fault. ",
		.width = "time on CPUs",
		.above = CALLERS_BELOW,
		.legend = { GROUPS,
			    { FLAME_USER, "user code", 55 },
			    { FLAME_LIBRARY, "library, runtime", 84 },
			    { FLAME_KERNEL, "kernel", 36 },
			    { FLAME_FAULT, "page fault", 58 },
			    { FLAME_LOCK, "lock", 23 } },
	},
};

static const struct flame_view unknown = {
	.name = "",
	.heading = "Flame graph",
	.empty = "No stacks. ",
	.width = "time",
	.above = CALLERS_BELOW,
	.legend = { GROUPS, OTHERS },
};

const struct flame_view *flame_view_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		if (strcmp(views[i].name, name) == 0)
			return &views[i];
	return &unknown;
}
