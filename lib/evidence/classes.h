/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vocabulary of stacks: ids and descriptions of everything in classes.def. A set of classes is a bit mask.
 */
#ifndef TRIAGE_EVIDENCE_CLASSES_H
#define TRIAGE_EVIDENCE_CLASSES_H

#include "evidence/catalogue.h"

#include <stdint.h>

#define CLASS(key, family, label, doc) CLASS_##key,
#define MARK(key, doc) CLASS_##key,
enum class_id {
#include "evidence/classes.def"
	CLASS_TOTAL,
	CLASS_NONE = CLASS_TOTAL,
};
#undef CLASS
#undef MARK

_Static_assert(CLASS_TOTAL <= 64, "a set of classes is a mask of 64 bits");

#define CLASS_BIT(key) (UINT64_C(1) << CLASS_##key)

struct class_info {
	const char *key;    /* "net_rx" */
	const char *family; /* "network path"; NULL: a mark, without metric and column */
	const char *label;  /* "NET_RX"; of a mark its key */
	const char *doc;
	enum metric_id metric; /* perf.KEY_pct; METRIC_NONE of a mark */
	enum column_id column; /* perf.groups KEY_pct; COLUMN_NONE of a mark */
};

const struct class_info *class_info(enum class_id id);
enum class_id class_by_name(const char *key); /* CLASS_NONE when there is none */

/* All classes of a family ("softirq"), as a mask; 0 when there is none of that name. */
uint64_t class_family(const char *family);

#endif
