/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of rules/ as they were at build time, in name order; for ruleset_load(). */
#ifndef TRIAGE_RULES_EMBEDDED_H
#define TRIAGE_RULES_EMBEDDED_H

#include "rule/rule.h"

/* `text` is NUL-terminated, which `len` does not count. */
extern const struct rule_file embedded_rules[];
extern const size_t embedded_rules_count;

#endif
