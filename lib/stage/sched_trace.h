/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sched stage's records as a real perf.data file in the bundle (perf.data), when `triage run --keep-trace` asks for it.
 */
#ifndef TRIAGE_STAGE_SCHED_TRACE_H
#define TRIAGE_STAGE_SCHED_TRACE_H

#include "model/sched.h"
#include "source/perf_data_write.h"
#include "source/sched_rings.h"
#include "stage/stage.h"

#define SCHED_TRACE_BYTES_MAX ((size_t)48 << 20) /* a file of a bundle has 64 MiB at most */

/* `ret` NULL: not asked for, or it can't be had: said as a caveat. -ENOMEM. */
int sched_trace_open(const struct stage_context *context, const struct sched_rings *rings,
		     struct perf_data_writer **ret);

/* For struct sched_rings_limits. */
void sched_trace_take(void *writer, uint32_t cpu, const void *record, size_t len);

/* After sched_model_end(): adds the names of all threads, hands the file over, and says what is missing in it. */
int sched_trace_keep(const struct stage_context *context, const struct sched_model *model,
		     struct perf_data_writer *writer);

#endif
