/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The callchain of a PERF_RECORD_SAMPLE: addresses, leaf first, with markers between that say
 * whose addresses follow (PERF_CONTEXT_KERNEL, PERF_CONTEXT_USER ...).
 */
#ifndef TRIAGE_SOURCE_PERF_CHAIN_H
#define TRIAGE_SOURCE_PERF_CHAIN_H

#include "base/stack_sample.h"
#include "source/perf_words.h"

/* Fills kernel and user frames of the sample; they lead into `ips`. `mode`:
 * PERF_RECORD_MISC_CPUMODE_MASK of the record. `ip` (NULL: not told) is the leaf where there is
 * no chain. Guests and hypervisors give no frames. */
void perf_chain_split(struct stack_sample *sample, uint16_t mode, const uint64_t *ip,
		      const uint64_t *ips, size_t count);

/* Takes PERF_SAMPLE_REGS_USER of STACK_USER_REGS and PERF_SAMPLE_STACK_USER: { abi, registers unless abi is none } { size, then bytes
 * and how many of them were copied unless size is 0 }. They lead into the record. */
void perf_chain_user_stack(struct words *words, struct stack_sample *sample);

#endif
