/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of this process itself, whose functions know where they return to. */
#include "symbol/unwind.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "symbol/unwind_capture.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if STACK_USER_REGS_COUNT > 0

#define NOINLINE __attribute__((noinline, noclone))
#define MOST 256

static struct procroot *root;
static struct address_spaces *spaces;
static struct unwinder *unwinder;
static struct capture captured;
static uint64_t returns[8]; /* where the functions return to, the innermost first */
static size_t returns_len;

static void setup(void)
{
	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	spaces = address_spaces_new(root, 0, 0);
	unwinder = unwinder_new(spaces, NULL);
	ck_assert_ptr_nonnull(unwinder);
	ck_assert_int_eq(address_spaces_see(spaces, getpid()), 0);
	returns_len = 0;
}

static void teardown(void)
{
	unwinder_free(unwinder);
	address_spaces_free(spaces);
	procroot_free(root);
}

static size_t unwind(uint64_t *ret, size_t max, size_t stack_len, bool *ret_complete)
{
	int count = unwind_user(unwinder, getpid(), captured.regs, captured.stack, stack_len, ret,
				max, ret_complete);

	ck_assert_int_ge(count, 1);
	ck_assert_int_le(count, (int)max);
	return (size_t)count;
}

static void note_return(void *address)
{
	returns[returns_len++] = (uint64_t)(uintptr_t)address;
}

#define NOTE_RETURN() note_return(__builtin_return_address(0))

/* Keeps a call from becoming a jump. */
#define AFTER_CALL() __asm__ volatile("" ::: "memory")

static NOINLINE void inner(void)
{
	NOTE_RETURN();
	capture_here(&captured);
	AFTER_CALL();
}

/* A frame of a size that is not known beforehand: the CFA is by another register than the stack
 * pointer. */
static NOINLINE void middle(size_t size)
{
	volatile char *area = __builtin_alloca(size);

	area[size - 1] = 1;
	inner();
	NOTE_RETURN();
	AFTER_CALL();
}

static NOINLINE void outer(void)
{
	middle(100 + (size_t)(getpid() & 1));
	NOTE_RETURN();
	AFTER_CALL();
}

static void assert_returns(const uint64_t *frames, size_t count)
{
	size_t at = 0;

	while (at < count && frames[at] != returns[0])
		at++;
	ck_assert_uint_le(at + returns_len, count);
	for (size_t i = 0; i < returns_len; i++)
		ck_assert_uint_eq(frames[at + i], returns[i]);
}

START_TEST(callers_are_found_in_order)
{
	struct unwinder_counts counts;
	uint64_t frames[MOST];
	bool complete = false;
	size_t count;

	outer();
	count = unwind(frames, MOST, captured.stack_len, &complete);
	ck_assert_uint_eq(frames[1], returns[0]);
	assert_returns(frames, count);
	ck_assert(complete);
	unwinder_counts(unwinder, &counts);
	ck_assert_uint_eq(counts.stacks, 1);
	ck_assert_uint_eq(counts.frames, count);
	ck_assert_uint_eq(counts.cut, 0);
	ck_assert_uint_eq(counts.by_frame_pointer, 0);
	ck_assert_uint_gt(counts.file_bytes, 0);
}
END_TEST

START_TEST(no_more_than_asked_for)
{
	uint64_t all[MOST], some[MOST];
	bool complete = true;

	outer();
	unwind(all, MOST, captured.stack_len, NULL);
	ck_assert_uint_eq(unwind(some, 3, captured.stack_len, &complete), 3);
	ck_assert(!complete);
	ck_assert_mem_eq(all, some, 3 * sizeof(*all));
	ck_assert_uint_eq(unwind(some, 1, captured.stack_len, &complete), 1);
}
END_TEST

/* Whatever the length of the copy: a beginning of the whole chain, and never called complete. */
START_TEST(short_copies_give_a_beginning)
{
	uint64_t all[MOST], some[MOST];
	size_t count, most = 0;
	bool complete;

	outer();
	count = unwind(all, MOST, captured.stack_len, &complete);
	for (size_t len = 0; len <= 4096 && len < captured.stack_len; len += 8) {
		size_t got = unwind(some, MOST, len, &complete);

		ck_assert_uint_le(got, count);
		ck_assert_mem_eq(all, some, got * sizeof(*all));
		ck_assert(!complete || got == count);
		ck_assert_uint_ge(got, most);
		most = got;
	}
	ck_assert_uint_eq(unwind(some, MOST, 0, &complete), 1);
	ck_assert(!complete);
}
END_TEST

static void *run_thread(void *context)
{
	outer();
	return context;
}

START_TEST(thread_s_start_is_outermost)
{
	uint64_t frames[MOST];
	pthread_t thread;
	bool complete = false;
	size_t count;

	ck_assert_int_eq(pthread_create(&thread, NULL, run_thread, NULL), 0);
	pthread_join(thread, NULL);
	count = unwind(frames, MOST, captured.stack_len, &complete);
	assert_returns(frames, count);
	ck_assert(complete);
	ck_assert_uint_lt(count, 16);
}
END_TEST

static uint64_t interrupted, signal_stack_end; /* 0: on the thread's own */

static void handle(int signal, siginfo_t *info, void *context)
{
#if defined(__x86_64__)
	interrupted = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#else
	interrupted = ((ucontext_t *)context)->uc_mcontext.pc;
#endif
	capture_until(signal_stack_end ? signal_stack_end : capture_stack_end(), &captured);
	AFTER_CALL();
}

static NOINLINE void signalled(void)
{
	NOTE_RETURN();
	raise(SIGUSR1);
	AFTER_CALL();
}

static NOINLINE void signalled_outer(void)
{
	signalled();
	NOTE_RETURN();
	AFTER_CALL();
}

START_TEST(signal_frame_is_crossed)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO };
	uint64_t frames[MOST];
	bool complete = false;
	size_t count, at = 0;

	sigaction(SIGUSR1, &action, NULL);
	signalled_outer();
	count = unwind(frames, MOST, captured.stack_len, &complete);
	while (at < count && frames[at] != interrupted)
		at++;
	ck_assert_uint_lt(at, count);
	assert_returns(frames + at, count - at);
	ck_assert(complete);
}
END_TEST

/* A function that is interrupted at its very first byte: what is before it belongs to another. */
void trap(void);
#if defined(__x86_64__)
#define TRAP_LEN 2
__asm__(".pushsection .text\n.p2align 4\n.skip 16, 0xcc\n.globl trap\n.type trap, @function\n"
	"trap:\n.cfi_startproc\nud2\nret\n.cfi_endproc\n.size trap, . - trap\n.popsection");
#else
#define TRAP_LEN 4
__asm__(".pushsection .text\n.p2align 4\n.skip 16\n.globl trap\n.type trap, %function\n"
	"trap:\n.cfi_startproc\nudf #0\nret\n.cfi_endproc\n.size trap, . - trap\n.popsection");
#endif

static void step_over_trap(int signal, siginfo_t *info, void *context)
{
	handle(signal, info, context);
#if defined(__x86_64__)
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += TRAP_LEN;
#else
	((ucontext_t *)context)->uc_mcontext.pc += TRAP_LEN;
#endif
}

static NOINLINE void trapped(void)
{
	NOTE_RETURN();
	trap();
	AFTER_CALL();
}

START_TEST(first_instruction_interrupted)
{
	struct sigaction action = { .sa_sigaction = step_over_trap, .sa_flags = SA_SIGINFO };
	uint64_t frames[MOST];
	bool complete = false;
	size_t count, at = 0;

	sigaction(SIGILL, &action, NULL);
	trapped();
	ck_assert_uint_eq(interrupted, (uint64_t)(uintptr_t)trap);
	count = unwind(frames, MOST, captured.stack_len, &complete);
	while (at < count && frames[at] != interrupted)
		at++;
	ck_assert_uint_lt(at + 2, count);
	ck_assert_uint_eq(frames[at + 2], returns[0]); /* over the return into trapped() */
	ck_assert(complete);
}
END_TEST

#if defined(__x86_64__)
START_TEST(first_instruction_sampled)
{
	uint64_t frames[MOST];

	outer();
	captured.regs[8] = (uint64_t)(uintptr_t)trap;
	memcpy(captured.stack, &returns[1], 8);
	unwind(frames, MOST, captured.stack_len, NULL);
	ck_assert_uint_eq(frames[0], (uint64_t)(uintptr_t)trap);
	ck_assert_uint_eq(frames[1], returns[1]);
}
END_TEST

/* Assembly that says nothing of its return address; and a 32-bit program, whose frames are
 * others. */
void silent(void);
__asm__(".pushsection .text\n.globl silent\n.type silent, @function\n"
	"silent:\n.cfi_startproc\n.cfi_same_value 16\nret\n.cfi_endproc\n.size silent, . - silent\n"
	".popsection");

START_TEST(what_can_t_be_unwound_is_cut)
{
	uint64_t frames[MOST];
	bool complete = true;

	outer();
	captured.regs[8] = (uint64_t)(uintptr_t)silent;
	ck_assert_uint_eq(unwind(frames, MOST, captured.stack_len, &complete), 1);
	ck_assert(!complete);
	complete = true;
	outer();
	captured.regs[10] = 0x23; /* cs */
	ck_assert_uint_eq(unwind(frames, MOST, captured.stack_len, &complete), 1);
	ck_assert(!complete);
}
END_TEST

/* middle() finds its caller by the frame pointer, which leads back to itself. */
START_TEST(frame_that_is_its_own_caller)
{
	uint64_t frames[MOST], frame;
	bool complete = true;

	outer();
	frame = captured.regs[CAPTURE_SP] + 64;
	captured.regs[8] = returns[0];
	captured.regs[6] = frame;
	memcpy(captured.stack + 64, &frame, 8);
	memcpy(captured.stack + 72, &returns[0], 8);
	ck_assert_uint_eq(unwind(frames, MOST, captured.stack_len, &complete), 2);
	ck_assert(!complete);
}
END_TEST
#endif

/* The handler runs on a stack of its own: the other one was not copied, but what was interrupted is
 * known. */
static void check_signal_stack(uint8_t *other, size_t len)
{
	stack_t stack = { .ss_sp = other, .ss_size = len }, before;
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	uint64_t frames[MOST];
	bool complete = true;
	size_t count;

	ck_assert_int_eq(sigaltstack(&stack, &before), 0);
	sigaction(SIGUSR1, &action, NULL);
	signal_stack_end = (uint64_t)(uintptr_t)(other + len);
	signalled_outer();
	ck_assert_int_eq(sigaltstack(&before, NULL),
			 0); /* AddressSanitizer's own: it frees what is there */
	ck_assert_uint_le(captured.stack_len, len);
	count = unwind(frames, MOST, captured.stack_len, &complete);
	ck_assert_uint_gt(count, 1);
	ck_assert_uint_eq(frames[count - 1], interrupted);
	ck_assert(!complete);
}

static void *run_signal_stack(void *context)
{
	check_signal_stack(context, 65536);
	return NULL;
}

/* Below the interrupted one, and above it. */
START_TEST(signal_stack_ends_at_what_was_interrupted)
{
	static uint8_t low[65536];
	uint8_t high[65536];
	pthread_t thread;

	check_signal_stack(low, sizeof(low));
	ck_assert_int_eq(pthread_create(&thread, NULL, run_signal_stack, high), 0);
	pthread_join(thread, NULL);
}
END_TEST

static int compare(const void *a, const void *b)
{
	if (returns_len == 0) {
		NOTE_RETURN(); /* in the C library */
		capture_here(&captured);
	}
	return *(const int *)a - *(const int *)b;
}

static NOINLINE void sort(void)
{
	int numbers[] = { 3, 1, 2 };

	qsort(numbers, 3, sizeof(*numbers), compare);
	NOTE_RETURN();
	AFTER_CALL();
}

START_TEST(library_is_crossed)
{
	uint64_t frames[MOST];
	bool complete = false;
	size_t count, at = 0;

	sort();
	count = unwind(frames, MOST, captured.stack_len, &complete);
	ck_assert_uint_eq(frames[1], returns[0]);
	while (at < count && frames[at] != returns[1])
		at++;
	ck_assert_uint_lt(at, count);
	ck_assert(complete);
}
END_TEST

/* As code made at run time is: a mapping without a file, and only the frame pointer to go by. */
START_TEST(frame_pointers_help_where_no_rules_are)
{
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mapping_event event = { .pid = getpid(), .len = 4096, .path = "//anon" };
	struct unwinder_counts counts;
	uint64_t frames[MOST], words[8] = { 0 }, sp = 0x7000000000;
	bool complete = false;

	ck_assert_ptr_ne(page, MAP_FAILED);
	event.start = (uint64_t)(uintptr_t)page;
	ck_assert_int_eq(address_spaces_map(spaces, &event), 0);
	memset(captured.regs, 0, sizeof(captured.regs));
	outer(); /* for cs */
	captured.regs[CAPTURE_SP] = sp;
#if defined(__x86_64__)
	captured.regs[6] = sp + 16;
	captured.regs[8] = event.start + 10;
#else
	captured.regs[29] = sp + 16;
	captured.regs[32] = event.start + 10;
#endif
	words[2] = sp + 32; /* the caller's frame pointer */
	words[3] = event.start + 20;
	memcpy(captured.stack, words, sizeof(words));
	ck_assert_uint_eq(unwind(frames, MOST, sizeof(words), &complete), 2);
	ck_assert_uint_eq(frames[1], event.start + 20);
	ck_assert(complete);
	words[3] = 0x1234; /* no code there */
	memcpy(captured.stack, words, sizeof(words));
	ck_assert_uint_eq(unwind(frames, MOST, sizeof(words), &complete), 1);
	ck_assert(!complete);
	unwinder_counts(unwinder, &counts);
	ck_assert_uint_eq(counts.by_frame_pointer, 1);
	munmap(page, 4096);
}
END_TEST

/* ---- hostile --------------------------------------------------------------------------------- */

static void assert_in_code(const uint64_t *frames, size_t count)
{
	for (size_t i = 1; i < count; i++)
		ck_assert_ptr_nonnull(address_spaces_find(spaces, getpid(), frames[i]));
}

START_TEST(no_registers_no_frames)
{
	uint64_t frame = 7;

	ck_assert_int_eq(unwind_user(unwinder, getpid(), NULL, NULL, 0, &frame, 1, NULL), -ENODATA);
	outer();
	ck_assert_int_eq(unwind_user(unwinder, getpid(), captured.regs, NULL, 0, &frame, 0, NULL),
			 -ENODATA);
	ck_assert_uint_eq(frame, 7);
	ck_assert_int_eq(unwind_user(unwinder, getpid(), captured.regs, NULL, 99, &frame, 1, NULL),
			 1);
	ck_assert_int_eq(unwind_user(unwinder, 0x7ffffff0, captured.regs, captured.stack, 99,
				     &frame, 1, NULL),
			 1);
}
END_TEST

/* The same return address all over: every step is sound, and leads to where it was. */
START_TEST(loops_end)
{
	uint64_t frames[MOST];

	outer();
	for (size_t which = 0; which < returns_len; which++) {
		for (size_t at = 0; at + 8 <= captured.stack_len; at += 8)
			memcpy(captured.stack + at, &returns[which], 8);
		assert_in_code(frames, unwind(frames, MOST, captured.stack_len, NULL));
	}
	for (size_t at = 0; at + 8 <= captured.stack_len; at += 8)
		memcpy(captured.stack + at, &captured.regs[CAPTURE_SP], 8);
	assert_in_code(frames, unwind(frames, MOST, captured.stack_len, NULL));
}
END_TEST

static uint64_t random_word(unsigned *seed, const uint64_t *frames, size_t count)
{
	switch (rand_r(seed) % 4) {
	case 0:
		return frames[(size_t)rand_r(seed) % count];
	case 1:
		return captured.regs[CAPTURE_SP] + (uint64_t)(rand_r(seed) % 4096) * 8;
	case 2:
		return (uint64_t)rand_r(seed) << 33 ^ (uint64_t)rand_r(seed);
	default:
		return (uint64_t)rand_r(seed) % 3;
	}
}

START_TEST(random_stacks_end)
{
	static uint8_t good[CAPTURE_MAX];
	uint64_t all[MOST], frames[MOST], good_regs[STACK_USER_REGS_COUNT];
	unsigned seed = 42;
	size_t count;

	outer();
	count = unwind(all, MOST, captured.stack_len, NULL);
	memcpy(good, captured.stack, sizeof(good));
	memcpy(good_regs, captured.regs, sizeof(good_regs));
	for (int round = 0; round < 20000; round++) {
		for (int i = 0; i < 1 + round % 64; i++) {
			uint64_t word = random_word(&seed, all, count);

			memcpy(captured.stack + (size_t)(rand_r(&seed) % 512) * 8, &word, 8);
		}
		if (round % 3 == 0)
			captured.regs[rand_r(&seed) % STACK_USER_REGS_COUNT] =
				random_word(&seed, all, count);
		assert_in_code(frames,
			       unwind(frames, MOST, (size_t)rand_r(&seed) % CAPTURE_MAX, NULL));
		memcpy(captured.stack, good, 4096);
		memcpy(captured.regs, good_regs, sizeof(good_regs));
	}
}
END_TEST

/* One file at a time: read again and again, with the same result. */
START_TEST(few_files_at_a_time)
{
	struct unwinder_options options = { .files_max = 1 };
	uint64_t all[MOST], frames[MOST];
	size_t count;

	sort();
	count = unwind(all, MOST, captured.stack_len, NULL);
	unwinder_free(unwinder);
	unwinder = unwinder_new(spaces, &options);
	for (int round = 0; round < 3; round++) {
		ck_assert_uint_eq(unwind(frames, MOST, captured.stack_len, NULL), count);
		ck_assert_mem_eq(all, frames, count * sizeof(*all));
	}
}
END_TEST

static void add_tests(TCase *cases)
{
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, callers_are_found_in_order);
	tcase_add_test(cases, no_more_than_asked_for);
	tcase_add_test(cases, short_copies_give_a_beginning);
	tcase_add_test(cases, thread_s_start_is_outermost);
	tcase_add_test(cases, signal_frame_is_crossed);
	tcase_add_test(cases, first_instruction_interrupted);
#if defined(__x86_64__)
	tcase_add_test(cases, first_instruction_sampled);
	tcase_add_test(cases, what_can_t_be_unwound_is_cut);
	tcase_add_test(cases, frame_that_is_its_own_caller);
#endif
	tcase_add_test(cases, signal_stack_ends_at_what_was_interrupted);
	tcase_add_test(cases, library_is_crossed);
	tcase_add_test(cases, frame_pointers_help_where_no_rules_are);
	tcase_add_test(cases, no_registers_no_frames);
	tcase_add_test(cases, loops_end);
	tcase_add_test(cases, random_stacks_end);
	tcase_add_test(cases, few_files_at_a_time);
	tcase_set_timeout(cases, 120);
}

#else

static void add_tests(TCase *cases)
{
	printf("skipped: no unwinding on this architecture\n");
	exit(77);
}

#endif

int main(void)
{
	Suite *suite = suite_create("unwind");
	TCase *cases = tcase_create("own process");

	add_tests(cases);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
