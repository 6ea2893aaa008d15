/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of an event's `format` file taken apart, and written again without anything that
 * libtraceevent could stumble over:
 *
 *   name: sched_waking
 *   ID: 375
 *   format:
 *   	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
 *   	...
 *   	field:pid_t pid;	offset:24;	size:4;	signed:1;
 *
 *   print fmt: "comm=%s pid=%d prio=%d target_cpu=%03d", REC->comm, ...
 */
#ifndef TRIAGE_SOURCE_SCHED_FORMAT_TEXT_H
#define TRIAGE_SOURCE_SCHED_FORMAT_TEXT_H

#include "base/span.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct sched_format_text {
	struct span name;	  /* p NULL: not told */
	uint64_t id;		  /* UINT64_MAX: not told */
	struct span print_format; /* p NULL: not told */
	bool (*wanted)(struct span name);
	struct str common, fields; /* as write() gives them */
};

/* Spans point into `text`. Fields that are not `wanted` are left out. */
void sched_format_text_split(struct sched_format_text *ret, struct span text,
			     bool (*wanted)(struct span name));
void sched_format_text_free(struct sched_format_text *text);

/* A format with the same fields at the same places, under `name`; str_error() tells of a lack of
 * memory. */
void sched_format_text_write(const struct sched_format_text *text, const char *name,
			     struct str *out);

#endif
