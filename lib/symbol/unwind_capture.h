/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: this thread's registers and a copy of its stack, as a sample would hold them. */
#ifndef TRIAGE_SYMBOL_UNWIND_CAPTURE_H
#define TRIAGE_SYMBOL_UNWIND_CAPTURE_H

#include "base/stack_sample.h"

#include <check.h>
#include <pthread.h>

#define CAPTURE_MAX 65528

struct capture {
	uint64_t regs[STACK_USER_REGS_COUNT + 1];
	uint8_t stack[CAPTURE_MAX];
	size_t stack_len;
};

/* Each register by itself, so that nothing is assumed about the compiler; always inlined, so that
 * it is the caller's frame. */
#if defined(__x86_64__)
#define CAPTURE_SP 7
static inline __attribute__((always_inline)) void capture_registers(uint64_t *regs)
{
	__asm__ volatile("movq %%rax, 0(%0)\n\tmovq %%rbx, 8(%0)\n\tmovq %%rcx, 16(%0)\n\t"
			 "movq %%rdx, 24(%0)\n\tmovq %%rsi, 32(%0)\n\tmovq %%rdi, 40(%0)\n\t"
			 "movq %%rbp, 48(%0)\n\tmovq %%rsp, 56(%0)\n\tmovq $0, 72(%0)\n\t"
			 "movq $0x33, 80(%0)\n\tmovq $0x2b, 88(%0)\n\tmovq %%r8, 96(%0)\n\t"
			 "movq %%r9, 104(%0)\n\tmovq %%r10, 112(%0)\n\tmovq %%r11, 120(%0)\n\t"
			 "movq %%r12, 128(%0)\n\tmovq %%r13, 136(%0)\n\tmovq %%r14, 144(%0)\n\t"
			 "movq %%r15, 152(%0)\n\tleaq 0(%%rip), %%rax\n\tmovq %%rax, 64(%0)"
			 :
			 : "r"(regs)
			 : "rax", "memory");
}
#elif defined(__aarch64__)
#define CAPTURE_SP 31
static inline __attribute__((always_inline)) void capture_registers(uint64_t *regs)
{
	register uint64_t *to __asm__("x9") = regs;

	__asm__ volatile("stp x0, x1, [%0]\n\tstp x2, x3, [%0, #16]\n\tstp x4, x5, [%0, #32]\n\t"
			 "stp x6, x7, [%0, #48]\n\tstp x8, x9, [%0, #64]\n\t"
			 "stp x10, x11, [%0, #80]\n\tstp x12, x13, [%0, #96]\n\t"
			 "stp x14, x15, [%0, #112]\n\tstp x16, x17, [%0, #128]\n\t"
			 "stp x18, x19, [%0, #144]\n\tstp x20, x21, [%0, #160]\n\t"
			 "stp x22, x23, [%0, #176]\n\tstp x24, x25, [%0, #192]\n\t"
			 "stp x26, x27, [%0, #208]\n\tstp x28, x29, [%0, #224]\n\t"
			 "mov x10, sp\n\tstp x30, x10, [%0, #240]\n\tadr x10, .\n\t"
			 "str x10, [%0, #256]"
			 :
			 : "r"(to)
			 : "x10", "memory");
}
#endif

/* Byte by byte: memcpy() would be stopped by AddressSanitizer at other functions' guards. */
static __attribute__((no_sanitize_address, noinline)) size_t capture_copy(uint8_t *to,
									  uint64_t from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = ((const volatile uint8_t *)from)[i];
	return len;
}

static inline uint64_t capture_stack_end(void)
{
	pthread_attr_t attributes;
	void *start;
	size_t len;

	ck_assert_int_eq(pthread_getattr_np(pthread_self(), &attributes), 0);
	ck_assert_int_eq(pthread_attr_getstack(&attributes, &start, &len), 0);
	pthread_attr_destroy(&attributes);
	return (uint64_t)start + len;
}

static inline __attribute__((always_inline)) void capture_until(uint64_t end, struct capture *ret)
{
	uint64_t start;

	capture_registers(ret->regs);
	start = ret->regs[CAPTURE_SP];
	ret->stack_len = capture_copy(ret->stack, start,
				      end - start < CAPTURE_MAX ? end - start : CAPTURE_MAX);
}

static inline __attribute__((always_inline)) void capture_here(struct capture *ret)
{
	capture_until(capture_stack_end(), ret);
}

#endif
