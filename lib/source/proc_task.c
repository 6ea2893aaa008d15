/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/proc_task.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define MOST_CPU_NUMBER 65535

static bool skip_numbers(struct span *line, int count)
{
	int64_t signed_ignored;
	uint64_t ignored;

	for (int i = 0; i < count; i++)
		if (!span_u64(line, &ignored) && !span_i64(line, &signed_ignored))
			return false;
	return true;
}

static bool parse_pid(struct span *line, int64_t least, pid_t *ret)
{
	int64_t value;

	if (!span_i64(line, &value) || value < least || value > INT_MAX)
		return false;
	*ret = (pid_t)value;
	return true;
}

/* "2388 (a b) c" up to the last ')': the task names itself, so a ')' in it must not end it. */
static bool parse_identity(struct span *line, struct task_stat *stat)
{
	const char *close = memrchr(line->p, ')', span_len(*line));
	struct span head, comm;

	if (!close)
		return false;
	comm = (struct span){ .p = line->p, .end = close };
	if (!span_until(&comm, '(', &head) || !parse_pid(&head, 1, &stat->tid))
		return false;
	span_copy(comm, stat->comm, sizeof(stat->comm));
	line->p = close + 1;
	return true;
}

static bool parse_state(struct span *line, char *ret)
{
	struct span word;

	if (!span_word(line, &word) || span_len(word) != 1 || !isalpha((unsigned char)*word.p))
		return false;
	*ret = *word.p;
	return true;
}

/* Fields 4 to 22 of proc(5). */
static bool parse_counters(struct span *line, struct task_stat *stat)
{
	return parse_pid(line, 0, &stat->ppid) && skip_numbers(line, 4) &&
	       span_u64(line, &stat->flags) && span_u64(line, &stat->minor_faults) &&
	       span_u64(line, &stat->child_minor_faults) && span_u64(line, &stat->major_faults) &&
	       skip_numbers(line, 1) && span_u64(line, &stat->user_ticks) &&
	       span_u64(line, &stat->system_ticks) && span_i64(line, &stat->child_user_ticks) &&
	       span_i64(line, &stat->child_system_ticks) && skip_numbers(line, 2) &&
	       span_u64(line, &stat->threads) && skip_numbers(line, 1) &&
	       span_u64(line, &stat->start_ticks);
}

/* Fields 39 to 41, which came one by one with 2.2, 2.5 and 2.5. */
static void parse_placement(struct span *line, struct task_stat *stat)
{
	uint64_t cpu, rt_priority, policy;

	if (!skip_numbers(line, 16) || !span_u64(line, &cpu) || cpu > MOST_CPU_NUMBER)
		return;
	stat->cpu = (int)cpu;
	if (!span_u64(line, &rt_priority) || !span_u64(line, &policy))
		return;
	stat->rt_priority = rt_priority <= UINT_MAX ? (unsigned int)rt_priority : 0;
	stat->policy = policy <= UINT_MAX ? (unsigned int)policy : 0;
}

int task_stat_parse(const char *text, size_t len, struct task_stat *ret)
{
	struct span line = span_make(text, len);
	struct task_stat stat = { .cpu = -1 };

	while (line.end > line.p && line.end[-1] == '\n')
		line.end--;
	if (span_len(line) == 0 || !parse_identity(&line, &stat) ||
	    !parse_state(&line, &stat.state) || !parse_counters(&line, &stat))
		return -EBADMSG;
	parse_placement(&line, &stat);
	*ret = stat;
	return 0;
}

int task_schedstat_parse(const char *text, size_t len, struct task_schedstat *ret)
{
	struct span line = span_make(text, len);
	struct task_schedstat stat;

	if (!span_u64(&line, &stat.run_ns) || !span_u64(&line, &stat.wait_ns) ||
	    !span_u64(&line, &stat.runs))
		return -EBADMSG;
	*ret = stat;
	return 0;
}

static void parse_status_line(struct span name, struct span value, struct task_status *status,
			      int *seen)
{
	int cpus;

	if (span_is(name, "voluntary_ctxt_switches"))
		*seen += span_u64(&value, &status->voluntary);
	else if (span_is(name, "nonvoluntary_ctxt_switches"))
		*seen += span_u64(&value, &status->involuntary);
	else if (span_is(name, "Cpus_allowed_list") &&
		 cpu_list_count(value.p, span_len(value), &cpus) == 0)
		status->allowed_cpus = cpus;
}

int task_status_parse(const char *text, size_t len, struct task_status *ret)
{
	struct span rest = span_make(text, len), line, name;
	struct task_status status = { 0 };
	int seen = 0;

	while (span_line(&rest, &line))
		if (span_until(&line, ':', &name))
			parse_status_line(name, line, &status, &seen);
	if (seen < 2)
		return -EBADMSG;
	*ret = status;
	return 0;
}

static bool parse_argument(struct span *line, uint64_t *ret)
{
	struct span word;

	if (!span_word(line, &word) || !span_starts(word, "0x"))
		return false;
	word.p += 2;
	return span_hex(&word, ret) && span_len(word) == 0;
}

int task_syscall_parse(const char *text, size_t len, struct task_syscall *ret)
{
	struct span rest = span_make(text, len), line;
	struct task_syscall call = { .number = TASK_SYSCALL_NONE };

	if (!span_line(&rest, &line))
		return -EBADMSG;
	if (span_is(span_trim(line), "running")) {
		*ret = call;
		return 0;
	}
	if (!span_i64(&line, &call.number) || call.number < TASK_SYSCALL_NONE)
		return -EBADMSG;
	for (size_t i = 0; call.number >= 0 && i < ARRAY_SIZE(call.args); i++)
		if (!parse_argument(&line, &call.args[i]))
			return -EBADMSG;
	*ret = call;
	return 0;
}

static bool names_controller(struct span controllers, const char *controller)
{
	struct span one;

	while (span_until(&controllers, ',', &one))
		if (span_is(one, controller))
			return true;
	return span_is(controllers, controller);
}

int task_cgroup_parse(const char *text, size_t len, const char *controller, char *path, size_t size)
{
	struct span rest = span_make(text, len), line, id, controllers;

	while (span_line(&rest, &line)) {
		if (!span_until(&line, ':', &id) || !span_until(&line, ':', &controllers) ||
		    !names_controller(controllers, controller) || !span_starts(line, "/") ||
		    memchr(line.p, '\0', span_len(line)))
			continue;
		if (span_len(line) >= size)
			return -ENAMETOOLONG;
		span_copy(line, path, size);
		return 0;
	}
	return -ENOENT;
}

/* "[<0>] futex_wait+0x5e/0x90" or, for modules, "... [ext4]"; a frame without a symbol is a bare
 * 0x address. */
static bool parse_frame(struct span line, struct span *ret_symbol)
{
	struct span address, symbol;

	if (!span_until(&line, ']', &address) || !span_word(&line, &symbol) ||
	    span_starts(symbol, "0x"))
		return false;
	ret_symbol->p = symbol.p;
	while (symbol.p < symbol.end &&
	       (isalnum((unsigned char)*symbol.p) || *symbol.p == '_' || *symbol.p == '.'))
		symbol.p++;
	ret_symbol->end = symbol.p;
	return span_len(*ret_symbol) > 0 && (symbol.p == symbol.end || *symbol.p == '+');
}

int task_stack_parse(const char *text, size_t len, int most, struct str *ret)
{
	struct span rest = span_make(text, len), line, symbol;

	str_clear(ret);
	while (most > 0 && span_line(&rest, &line)) {
		if (!parse_frame(line, &symbol))
			continue;
		if (ret->len > 0)
			str_append_char(ret, ';');
		str_append_bytes(ret, symbol.p, span_len(symbol));
		most--;
	}
	return str_error(ret);
}

static bool parse_range(struct span text, int64_t *ret_first, int64_t *ret_last)
{
	if (!span_i64(&text, ret_first) || *ret_first > MOST_CPU_NUMBER)
		return false;
	*ret_last = *ret_first;
	if (span_len(text) > 0 && *text.p == '-') {
		text.p++;
		if (!span_i64(&text, ret_last) || *ret_last > MOST_CPU_NUMBER)
			return false;
	}
	return span_len(text) == 0 && *ret_last >= *ret_first;
}

int cpu_list_count(const char *text, size_t len, int *ret_count)
{
	struct span rest = span_make(text, len), range;
	int64_t first, last, before = -1, count = 0;

	while (rest.end > rest.p && rest.end[-1] == '\n')
		rest.end--;
	rest = span_trim(rest);
	while (span_len(rest) > 0) {
		if (!span_until(&rest, ',', &range)) {
			range = rest;
			rest.p = rest.end;
		}
		if (!parse_range(range, &first, &last) || first <= before)
			return -EBADMSG;
		count += last - first + 1;
		before = last;
	}
	*ret_count = (int)count;
	return 0;
}
