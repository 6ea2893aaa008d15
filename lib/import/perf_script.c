/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf script, of samples with and without call chains:
 *
 *   dd 24178/24179 [001] 16112.649379:    2004008 cpu-clock:ppp:
 *   	ffffffff81d35f77 read_zero+0x77 ([kernel.kallsyms])
 *   	           f82ad read+0xd (/usr/lib/x86_64-linux-gnu/libc.so.6)
 *
 * A comm may hold blanks, so the line is read from the time backwards.
 */
#include "import/perf_script.h"
#include "import/gather.h"
#include "import/perf_kinds.h"
#include "import/perf_text.h"

#include <errno.h>
#include <string.h>

#define KERNEL_ADDRESSES ((uint64_t)1 << 63)

/* ---- the first line ------------------------------------------------------------------------- */

/* "16112.649379:" */
static bool is_time(struct span word, double *ret_s)
{
	if (span_len(word) < 4 || word.end[-1] != ':')
		return false;
	word.end--;
	return memchr(word.p, '.', span_len(word)) && word_number(word, ret_s);
}

static bool read_cpu(struct span word, int *ret)
{
	long cpu;

	if (span_len(word) < 3 || *word.p != '[' || word.end[-1] != ']' ||
	    !word_id((struct span){ word.p + 1, word.end - 1 }, &cpu) || cpu > INT16_MAX)
		return false;
	*ret = (int)cpu;
	return true;
}

/* "24178/24179" or "24179" */
static bool read_ids(struct span word, struct perf_head *head)
{
	struct span pid;

	head->pid = -1;
	if (span_until(&word, '/', &pid) && !word_id(pid, &head->pid))
		return false;
	return word_id(word, &head->tid) && head->pid <= INT32_MAX && head->tid <= INT32_MAX;
}

/* What stands before the time at word `at`. */
static bool read_before(const struct words *words, size_t at, struct span line,
			struct perf_head *head)
{
	size_t ids = at;

	head->cpu = -1;
	if (at > 1 && read_cpu(words->at[at - 1], &head->cpu))
		ids--;
	if (ids < 2 || !read_ids(words->at[ids - 1], head))
		return false;
	head->comm = span_trim((struct span){ line.p, words->at[ids - 1].p });
	return span_len(head->comm) > 0 && span_len(head->comm) < PERF_NAME_MAX;
}

/* A period, then an event that ends with a colon; both may be missing. */
static bool read_behind(struct span rest, struct perf_head *head)
{
	struct span word, peek = rest;
	long period;

	head->period = 1;
	head->has_period = false;
	if (span_word(&peek, &word) && word_id(word, &period)) {
		head->period = period > 0 ? (double)period : 1;
		head->has_period = period > 0;
		rest = peek;
	}
	head->event = (struct span){ rest.p, rest.p };
	if (span_word(&rest, &word)) {
		if (word.end[-1] != ':')
			return false;
		head->event = (struct span){ word.p, word.end - 1 };
	}
	head->rest = span_trim(rest);
	return true;
}

bool perf_script_head(struct span line, struct perf_head *head)
{
	struct words words;

	if (!memchr(line.p, ':', span_len(line)))
		return false;
	words_split(line, &words);
	for (size_t at = words.count; at-- > 2;)
		if (is_time(words.at[at], &head->time_s) && read_before(&words, at, line, head))
			return read_behind((struct span){ words.at[at].end, line.end }, head);
	return false;
}

/* ---- frames --------------------------------------------------------------------------------- */

/* Without "+0x77", if it is there. */
static struct span without_offset(struct span name)
{
	for (const char *p = name.end; p-- > name.p;)
		if (*p == '+')
			return p + 2 < name.end && p[1] == '0' && p[2] == 'x' ?
				       (struct span){ name.p, p } :
				       name;
	return name;
}

/* Cuts "(FILE)" off the end: names of functions and files may have brackets of their own. */
static struct span take_dso(struct span *rest)
{
	struct span dso = span_of("");
	int depth = 0;

	for (const char *p = rest->end - 1; p >= rest->p && rest->end[-1] == ')'; p--) {
		depth += (*p == ')') - (*p == '(');
		if (depth != 0 || *p != '(' || (p > rest->p && p[-1] != ' '))
			continue;
		dso = (struct span){ p + 1, rest->end - 1 };
		*rest = span_trim((struct span){ rest->p, p });
		break;
	}
	return dso;
}

static struct span without_deleted(struct span dso)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(deleted);

	if (span_len(dso) > len && memcmp(dso.end - len, deleted, len) == 0)
		dso.end -= len;
	return dso;
}

/* "ffffffff81d35f77 read_zero+0x77 ([kernel.kallsyms])" */
static bool read_frame(struct span line, uint64_t *ret_address, struct span *ret_name,
		       struct span *ret_dso)
{
	struct span rest = span_trim(line), word, hex;

	if (!span_word(&rest, &word) || span_len(word) > 16)
		return false;
	hex = word;
	if (!span_hex(&hex, ret_address) || hex.p != hex.end)
		return false;
	rest = span_trim(rest);
	if (!span_len(rest))
		return false;
	*ret_dso = without_deleted(take_dso(&rest));
	*ret_name = without_offset(rest);
	return true;
}

size_t perf_script_frames(const struct span *lines, size_t count)
{
	struct span name, dso;
	uint64_t address;
	size_t frames = 0;

	while (frames < count && read_frame(lines[frames], &address, &name, &dso))
		frames++;
	return frames;
}

static int add_frame(struct perf_text *text, uint64_t address, struct span name, struct span dso)
{
	struct perf_frame_row row = { .kernel = address >= KERNEL_ADDRESSES };
	int64_t number;
	int r;

	if (span_is(dso, "inlined"))
		dso = span_of("");
	r = perf_text_module(text, dso, &row);
	if (r < 0)
		return r;
	if (span_len(name) && !span_is(name, "[unknown]")) {
		number = perf_names_add(&text->names, name);
		if (number < 0)
			return -ENOMEM;
		row.function = (uint32_t)number;
	}
	return vec_push(&text->frames, row);
}

/* ---- a sample ------------------------------------------------------------------------------- */

/* Of what the CPUs do: others tell where something happened, not where time goes. */
static bool is_clock(struct span event)
{
	return span_len(event) == 0 || perf_find(event, "cycles") ||
	       perf_find(event, "cpu-clock") || perf_find(event, "task-clock");
}

/* The period of a clock of software is the time that passed. */
static bool is_ns(const struct perf_head *head)
{
	return head->has_period &&
	       (perf_find(head->event, "cpu-clock") || perf_find(head->event, "task-clock"));
}

static int add_sample(struct perf_text *text, const struct perf_head *head, size_t first)
{
	int64_t comm = perf_names_add(&text->names, head->comm);

	if (comm < 0)
		return -ENOMEM;
	return vec_push(&text->stacks,
			((struct perf_stack_row){ .comm = (uint32_t)comm,
						  .pid = (pid_t)head->pid,
						  .tid = (pid_t)head->tid,
						  .cpu = head->cpu,
						  .time_s = head->time_s,
						  .weight = (uint64_t)head->period,
						  .weight_is_ns = is_ns(head),
						  .first = first,
						  .count = text->frames.len - first }));
}

/* Frames on the lines behind the first, or one on it. `ret_used`: lines. */
static int take_frames(struct perf_text *text, const struct perf_head *head, bool wanted,
		       const struct span *lines, size_t count, size_t *ret_used)
{
	struct span name, dso;
	uint64_t address;
	int r = 0;

	*ret_used = 1;
	if (wanted && span_len(head->rest) && read_frame(head->rest, &address, &name, &dso))
		r = add_frame(text, address, name, dso);
	while (r == 0 && *ret_used < count && read_frame(lines[*ret_used], &address, &name, &dso)) {
		++*ret_used;
		if (wanted)
			r = add_frame(text, address, name, dso);
	}
	return r;
}

static int take_sample(struct perf_text *text, const struct perf_head *head,
		       const struct span *lines, size_t count, size_t *ret_used)
{
	bool wanted = is_clock(head->event);
	size_t first = text->frames.len;
	int r = take_frames(text, head, wanted, lines, count, ret_used);

	text->other_samples += !wanted;
	return r < 0 || !wanted ? r : add_sample(text, head, first);
}

static int take_script(struct import *import, const struct span *lines, size_t count)
{
	struct perf_text *text;
	struct perf_head head;
	size_t used = 0, i = 0;
	int r;

	if (!perf_script_head(lines[0], &head) || perf_script_is_sched(lines[0]))
		return 0;
	r = perf_text_of(import, &text);
	while (r == 0 && i < count) {
		size_t taken;

		if (line_is_blank(lines[i])) {
			i++;
			continue;
		}
		if (!perf_script_head(lines[i], &head) || perf_script_is_sched(lines[i]))
			break;
		r = take_sample(text, &head, &lines[i], count - i, &taken);
		i += taken;
		used = i;
	}
	return r < 0 ? r : (int)used;
}

const struct text_kind kind_perf_script = { "perf script", STAGE_perf, take_script };
