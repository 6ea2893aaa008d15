/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of the kernel and its modules, from /proc/kallsyms (kernel/kallsyms.c; every
 * kernel):
 *
 *   ffffffff81dfd810 T tcp_sendmsg
 *   ffffffffc0201000 t nf_nat_inet_fn	[nf_nat]
 *   ffffffffc0105a4c t bpf_prog_6deef7357e7b4530_sd_fw_egress	[bpf]
 *
 * Text symbols only (t T w W), one name per address. About 40 bytes a symbol.
 */
#ifndef TRIAGE_SYMBOL_KERNEL_SYMBOLS_H
#define TRIAGE_SYMBOL_KERNEL_SYMBOLS_H

#include "base/err.h"
#include "source/procroot.h"

#define KERNEL_MODULE "kernel" /* of what is in no module */

struct kernel_symbols;

/* -EPERM: all addresses are zero, `err` tells the command that shows them. -ENODATA: no text
 * symbol; -ENOMEM; errors of reading. */
int kernel_symbols_load(struct procroot *root, struct kernel_symbols **ret, struct err *err);

/* From a text. 0, -EPERM, -ENODATA, -ENOMEM. */
int kernel_symbols_parse(const char *text, size_t len, struct kernel_symbols **ret);

void kernel_symbols_free(struct kernel_symbols *symbols);
void kernel_symbols_freep(struct kernel_symbols **symbols);

/* The function that holds the address: it reaches to the next one, over a gap to the page after the
 * one it starts in. The name is raw bytes without blanks. False: there is none. */
bool kernel_symbols_find(const struct kernel_symbols *symbols, uint64_t address,
			 const char **ret_name, const char **ret_module);

size_t kernel_symbols_count(const struct kernel_symbols *symbols);
size_t kernel_symbols_bytes(const struct kernel_symbols *symbols); /* of memory */

#endif
