/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/classes.h"

#include <string.h>

#define FAMILY_lock "lock"
#define FAMILY_scheduler "scheduler"
#define FAMILY_interrupt "interrupt"
#define FAMILY_softirq "softirq"
#define FAMILY_network_path "network path"
#define FAMILY_memory "memory"
#define FAMILY_kernel "kernel"
#define FAMILY_user "user"
#define FAMILY_runtime "runtime"

#define CLASS(key, family, label, doc)                                        \
	{                                                                     \
		#key, FAMILY_##family,	       label,                         \
		doc,  METRIC_perf_##key##_pct, COLUMN_perf_groups_##key##_pct \
	},
#define MARK(key, doc) { #key, NULL, #key, doc, METRIC_NONE, COLUMN_NONE },
static const struct class_info infos[] = {
#include "evidence/classes.def"
};
#undef CLASS
#undef MARK

const struct class_info *class_info(enum class_id id)
{
	return &infos[id];
}

enum class_id class_by_name(const char *key)
{
	for (int i = 0; i < CLASS_TOTAL; i++)
		if (strcmp(infos[i].key, key) == 0)
			return (enum class_id)i;
	return CLASS_NONE;
}

uint64_t class_family(const char *family)
{
	uint64_t mask = 0;

	for (int i = 0; i < CLASS_TOTAL; i++)
		if (infos[i].family && strcmp(infos[i].family, family) == 0)
			mask |= UINT64_C(1) << i;
	return mask;
}
