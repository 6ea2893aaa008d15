/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses to names: the kernel by /proc/kallsyms (with modules), processes by the symbol tables
 * of the files they map (.symtab, .dynsym, .gnu_debugdata, separate debug files by build-id or
 * .gnu_debuglink under /usr/lib/debug; never the network), code made at run time by
 * /tmp/perf-PID.map, the vdso by this process's own. C++ and Rust names are demangled, without
 * parameters. What has no name keeps its module and offset.
 *
 * Every name is printable (base/text.h) and at most SYMBOL_NAME_MAX bytes; they live as long as the
 * symbolizer. It holds 65,536 names: behind that, new ones are "[too many names]", or the module
 * alone.
 */
#ifndef TRIAGE_SYMBOL_SYMBOLIZER_H
#define TRIAGE_SYMBOL_SYMBOLIZER_H

#include "base/err.h"
#include "symbol/address_space.h"

#define SYMBOL_NAME_MAX 512
#define SYMBOL_LINE_MAX 256

struct symbol {
	/* Demangled; "libfoo.so+0x1f30" when it has no name; "[unknown]" without a module. */
	const char *function;
	/* The file's last part, as in "libc.so.6"; "kernel"; "nf_nat" of a kernel module; "[jit]";
	 * "[vdso]"; "" unknown. */
	const char *module;
	bool named; /* function is a name */
	bool kernel;
	bool jit; /* made at run time; "[unknown]" in "[jit]" when the process does not list it */
};

struct symbolizer;

struct symbolizer_options {
	uint32_t files_max;    /* object files that are open at a time; 0: 256 */
	size_t file_bytes_max; /* of an object file that is read; 0: 1 GiB */
	size_t jit_bytes_max;  /* of one /tmp/perf-PID.map that is read; 0: 16 MiB */
};

/* `root` and `spaces` must outlive it. NULL: no memory. */
struct symbolizer *symbolizer_new(struct procroot *root, const struct address_spaces *spaces,
				  const struct symbolizer_options *options);
void symbolizer_free(struct symbolizer *symbolizer);
void symbolizer_freep(struct symbolizer **symbolizer);

/* Loads kallsyms; must be called before kernel addresses are looked up, else they are "[unknown]".
 * -EPERM: the kernel hides its addresses (kernel.kptr_restrict); `err` tells the command. */
int symbolizer_load_kernel(struct symbolizer *symbolizer, struct err *err);

/* Of an address in the kernel. Always fills `ret`; -ENOMEM. The same address gives the same
 * pointers. */
int symbolizer_find_kernel(struct symbolizer *symbolizer, uint64_t address, struct symbol *ret);

/* Of an address in a process. `is_return`: it is a return address, the call is just before it.
 * Always fills `ret`; -ENOMEM. */
int symbolizer_find_user(struct symbolizer *symbolizer, pid_t pid, uint64_t address, bool is_return,
			 struct symbol *ret);

/* "spin.c:42" of an address in a process, where the file has DWARF lines; "" when it has none.
 * Never NULL; costly, for the few hottest. */
const char *symbolizer_line(struct symbolizer *symbolizer, pid_t pid, uint64_t address,
			    bool is_return);

struct symbolizer_counts {
	uint64_t kernel_found, kernel_missed, user_found, user_missed;
	uint64_t files_opened, files_failed;
	uint64_t files_stripped; /* opened, but without names of their own functions */
};

void symbolizer_counts(const struct symbolizer *symbolizer, struct symbolizer_counts *ret);

#endif
