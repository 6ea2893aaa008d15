/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The formats of the scheduler's events as text (tracefs events/sched/NAME/format), and the section TRACING_DATA of a perf.data file
 * that is made of them (tools/perf/util/trace-event-info.c; lib/source/perf_data_tracing.c reads it).
 */
#ifndef TRIAGE_SOURCE_PERF_DATA_TRACEFS_H
#define TRIAGE_SOURCE_PERF_DATA_TRACEFS_H

#include "base/err.h"
#include "base/str.h"

#include <stddef.h>

#define TRACEFS_FORMATS_MAX 8

struct tracefs_format {
	char name[32]; /* "sched_switch" */
	int id;	       /* its ID: line; what common_type of a record is */
	struct str text;
};

struct tracefs_formats {
	struct str header_page, header_event;
	struct tracefs_format list[TRACEFS_FORMATS_MAX];
	size_t count;
};

/* Those that sched_rings opens, as far as this kernel has them. `tracefs` NULL: the usual places. `ret` is zeroed by the caller and
 * freed by it in any case. */
int tracefs_formats_read(const char *tracefs, struct tracefs_formats *ret, struct err *err);
void tracefs_formats_free(struct tracefs_formats *formats);

/* The index of the event that a payload is of; -1: none of these. */
int tracefs_formats_find(const struct tracefs_formats *formats, const void *raw, size_t len);

/* Appends the section. */
void tracefs_formats_append(const struct tracefs_formats *formats, struct str *out);

#endif
