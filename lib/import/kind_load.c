/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load averages and who tells how many CPUs there are:
 *
 *    06:43:05 up  4:26,  0 user,  load average: 1.87, 3.79, 4.73
 *   0.06 0.04 0.05 1/170 4087                                        (/proc/loadavg)
 *   Linux 5.15.0-107-generic (db1) 07/29/2025 _x86_64_ (8 CPU)       (sysstat)
 *   CPU(s):              8                                           (lscpu)
 */
#include "import/kind_load.h"

#include "base/cleanup.h"
#include "import/kinds.h"

#include <string.h>

/* As procps says it in some languages. */
static const char *const load_words[] = { "load average", "Load average", "Durchschnittslast",
					  "charge moyenne" };

static const char *behind_load_words(struct span line)
{
	for (size_t i = 0; i < ARRAY_SIZE(load_words); i++) {
		const char *at = span_len(line) ? memmem(line.p, span_len(line), load_words[i],
							 strlen(load_words[i])) :
						  NULL;

		if (at)
			return at + strlen(load_words[i]);
	}
	return NULL;
}

/* "1.87,", "1,87," or "67+". */
static bool next_load(struct span *rest, double *ret)
{
	struct span word;

	if (!span_word(rest, &word))
		return false;
	while (word.end > word.p && (word.end[-1] == ',' || word.end[-1] == ';'))
		word.end--;
	return word_number(word, ret);
}

bool load_average_take(struct import *import, struct span line)
{
	static const enum host_number numbers[] = { HOST_LOAD1, HOST_LOAD5, HOST_LOAD15 };
	struct span rest = { behind_load_words(line), line.end };
	double value;
	size_t i = 0;

	if (!rest.p)
		return false;
	while (rest.p < rest.end && strchr("s: =\t", *rest.p))
		rest.p++;
	for (; i < ARRAY_SIZE(numbers) && next_load(&rest, &value); i++)
		told_set(&import->host[numbers[i]], TOLD_BY_TOP, value);
	return i > 0;
}

static int take_uptime(struct import *import, const struct span *lines, size_t count)
{
	return load_average_take(import, lines[0]) ? 1 : 0;
}

const struct text_kind kind_uptime = { .name = "uptime",
				       .stage = STAGE_vmstat,
				       .take = take_uptime };

/* ---- /proc/loadavg ------------------------------------------------------------------------------- */

static bool read_running(struct span word, long *ret_running, long *ret_threads)
{
	struct span running;

	return span_until(&word, '/', &running) && word_id(running, ret_running) &&
	       word_id(word, ret_threads);
}

static int take_loadavg(struct import *import, const struct span *lines, size_t count)
{
	long running, threads, last;
	struct words row;

	if (!line_has(lines[0], "/"))
		return 0;
	words_split(lines[0], &row);
	if (row.count != 5 || !read_running(row.at[3], &running, &threads) ||
	    !word_id(row.at[4], &last) || isnan(word_value(row.at[0])) ||
	    isnan(word_value(row.at[1])) || isnan(word_value(row.at[2])))
		return 0;
	told_set(&import->host[HOST_LOAD1], TOLD_BY_PROC, word_value(row.at[0]));
	told_set(&import->host[HOST_LOAD5], TOLD_BY_PROC, word_value(row.at[1]));
	told_set(&import->host[HOST_LOAD15], TOLD_BY_PROC, word_value(row.at[2]));
	told_set(&import->host[HOST_TASKS], TOLD_BY_PROC, (double)threads);
	/* cat itself runs */
	told_set(&import->host[HOST_R], TOLD_BY_FIRST_FRAME, running > 0 ? (double)running - 1 : 0);
	return 1;
}

const struct text_kind kind_loadavg = { .name = "/proc/loadavg",
					.stage = STAGE_vmstat,
					.take = take_loadavg };

/* ---- CPUs ---------------------------------------------------------------------------------------- */

static void copy_bracketed(struct span line, char *buffer, size_t size)
{
	struct span before, name;

	if (span_until(&line, '(', &before) && span_until(&line, ')', &name))
		span_copy(span_trim(name), buffer, size);
}

static int take_banner(struct import *import, const struct span *lines, size_t count)
{
	struct span line = span_trim(lines[0]);
	struct words words;
	int last;

	if (!span_starts(line, "Linux ") || !line_has(line, "CPU") || !line_has(line, "("))
		return 0;
	words_split(line, &words);
	last = (int)words.count - 1;
	if (last < 4 || !span_starts(words.at[last], "CPU") || *words.at[last - 1].p != '(')
		return 0;
	words.at[last - 1].p++;
	import_tell_cpus_by(import, CPUS_BANNER, word_value(words.at[last - 1]));
	span_copy(words.at[1], import->kernel, sizeof(import->kernel));
	copy_bracketed(line, import->host_name, sizeof(import->host_name));
	return 1;
}

const struct text_kind kind_banner = { .name = "sysstat's first line",
				       .stage = STAGE_TOTAL,
				       .take = take_banner };

static int take_lscpu(struct import *import, const struct span *lines, size_t count)
{
	struct span line = span_trim(lines[0]), name;

	if (!span_starts(line, "CPU(s):") || !span_until(&line, ':', &name) ||
	    isnan(word_value(span_trim(line))))
		return 0;
	import_tell_cpus_by(import, CPUS_BANNER, word_value(span_trim(line)));
	return 1;
}

const struct text_kind kind_lscpu = { .name = "lscpu", .stage = STAGE_TOTAL, .take = take_lscpu };

/* ---- free ---------------------------------------------------------------------------------------- */

/* "Mem: 24684134 443801 24138895 ..." below "total used free shared buff/cache available", in KiB
 * unless a unit was asked for; those are told apart by nothing but their letters. */
static double free_value(struct span word)
{
	static const char letters[] = "KMGT";
	struct span number = word;
	double factor = 1024;
	const char *letter;

	while (number.end > number.p && strchr("iB", number.end[-1]))
		number.end--;
	if (number.end > number.p && (letter = strchr(letters, number.end[-1])) && *letter) {
		factor = pow(1024, (double)(letter - letters + 1));
		number.end--;
	}
	return factor * word_value(number);
}

static void take_free_row(struct import *import, const struct words *header,
			  const struct words *row)
{
	bool swap = span_is(row->at[0], "Swap:");
	int available = words_find(header, 0, "available"), unused = words_find(header, 0, "free");

	told_set(&import->host[swap ? HOST_SWAP : HOST_MEMORY], TOLD_BY_SAR,
		 free_value(row->at[1]));
	if (!swap && available >= 0 && (size_t)available + 1 < row->count)
		told_set(&import->host[HOST_MEMORY_AVAILABLE], TOLD_BY_SAR,
			 free_value(row->at[available + 1]));
	if (swap && unused >= 0 && (size_t)unused + 1 < row->count)
		told_set(&import->host[HOST_SWAP_FREE], TOLD_BY_SAR,
			 free_value(row->at[unused + 1]));
}

static int take_free(struct import *import, const struct span *lines, size_t count)
{
	struct words header, row;
	size_t i = 1;

	words_split(lines[0], &header);
	if (header.count < 3 || !span_is(header.at[0], "total") || !span_is(header.at[1], "used") ||
	    !span_is(header.at[2], "free"))
		return 0;
	for (; i < count && i < 4; i++) {
		words_split(lines[i], &row);
		if (row.count < 4 || !(span_is(row.at[0], "Mem:") || span_is(row.at[0], "Swap:")))
			break;
		take_free_row(import, &header, &row);
	}
	return (int)i;
}

const struct text_kind kind_free = { .name = "free", .stage = STAGE_vmstat, .take = take_free };
