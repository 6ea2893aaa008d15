/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of /proc files, told by their content: stat, softirqs, interrupts, net/dev,
 * net/softnet_stat, pressure/cpu, memory, io and irq, meminfo.
 */
#include "import/kinds.h"

#include <errno.h>
#include <string.h>

#define ROWS_MAX 8192
#define COPIES_MAX 256
#define SOFTNET_COLUMNS_MIN 9

/* ---- building a copy ----------------------------------------------------------------------------- */

static struct proc_copy *begin_copy(struct import *import, enum proc_copy_kind kind)
{
	struct proc_copy copy = { .kind = kind };

	if (import->copies.len >= COPIES_MAX || vec_push(&import->copies, copy) < 0)
		return NULL;
	return vec_at(&import->copies, import->copies.len - 1);
}

static bool number_of(struct span word, bool hex, double *ret)
{
	uint64_t value;

	if (!(hex ? span_hex(&word, &value) : span_u64(&word, &value)) || span_len(word))
		return false;
	*ret = (double)value;
	return true;
}

/* The numbers at the beginning of `rest`, as many as there are; what follows is left in `rest`. */
static int read_numbers(struct proc_copy *copy, struct span *rest, bool hex,
			struct proc_copy_row *row)
{
	struct span word, after = *rest;
	double value;

	row->first = copy->values.len;
	while (span_word(&after, &word) && number_of(word, hex, &value)) {
		if (vec_push(&copy->values, value) < 0)
			return -ENOMEM;
		row->count++;
		*rest = after;
	}
	return 0;
}

/* "name: 1 2 3 text"; 1 when it was such a row, 0 when not. */
static int add_row(struct proc_copy *copy, struct span name, struct span rest, bool hex)
{
	struct proc_copy_row row = { 0 };
	int r = read_numbers(copy, &rest, hex, &row);

	if (r < 0 || !row.count || copy->rows.len >= ROWS_MAX)
		return r;
	span_copy(span_trim(name), row.name, sizeof(row.name));
	span_copy(span_trim(rest), row.device, sizeof(row.device));
	return vec_push(&copy->rows, row) < 0 ? -ENOMEM : 1;
}

/* Rows "name:" as long as there are any. */
static int take_colon_rows(struct proc_copy *copy, const struct span *lines, size_t count)
{
	size_t i = 0;

	for (; i < count; i++) {
		struct span rest = lines[i], name;
		int r;

		if (!span_until(&rest, ':', &name) || span_len(span_trim(name)) > 24)
			break;
		r = add_row(copy, name, rest, false);
		if (r < 0)
			return r;
		if (r == 0)
			break;
	}
	return (int)i;
}

/* ---- stat ---------------------------------------------------------------------------------------- */

static bool is_stat_name(struct span word)
{
	static const char *const names[] = { "intr",	      "ctxt",
					     "btime",	      "processes",
					     "procs_running", "procs_blocked",
					     "softirq",	      "cpu" };
	long cpu;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(word, names[i]))
			return true;
	if (!span_starts(word, "cpu"))
		return false;
	word.p += 3;
	return word_id(word, &cpu);
}

static int take_stat(struct import *import, const struct span *lines, size_t count)
{
	struct proc_copy *copy;
	struct words words;
	size_t i = 0;

	words_split(lines[0], &words);
	if (words.count < 8 || !span_is(words.at[0], "cpu") || isnan(word_value(words.at[7])))
		return 0;
	copy = begin_copy(import, COPY_STAT);
	if (!copy)
		return -ENOMEM;
	for (; i < count; i++) {
		struct span rest = lines[i], name;
		int r;

		if (!span_word(&rest, &name) || !is_stat_name(name))
			break;
		if (i && span_is(name, "cpu"))
			break; /* the next copy */
		r = add_row(copy, name, rest, false);
		if (r < 0)
			return r;
	}
	return (int)i;
}

const struct text_kind kind_proc_stat = { .name = "/proc/stat",
					  .stage = STAGE_vmstat,
					  .take = take_stat };

/* ---- softirqs and interrupts --------------------------------------------------------------------- */

/* "CPU0 CPU1 ...": how many; 0 when it is no such header. The row of the numbers follows the order. */
static long header_cpus(struct span line)
{
	struct span word;
	long cpus = 0;

	while (span_word(&line, &word)) {
		long cpu;

		if (!span_starts(word, "CPU"))
			return 0;
		word.p += 3;
		if (!word_id(word, &cpu))
			return 0;
		cpus++;
	}
	return cpus;
}

static int take_irq_table(struct import *import, const struct span *lines, size_t count,
			  enum proc_copy_kind kind)
{
	long cpus = line_has(lines[0], "CPU0") ? header_cpus(lines[0]) : 0;
	bool softirqs = count > 1 && line_has(lines[1], "HI:") &&
			span_starts(span_trim(lines[1]), "HI:");
	struct proc_copy *copy;
	int rows;

	if (!cpus || count < 2 || !line_has(lines[1], ":") || softirqs != (kind == COPY_SOFTIRQS))
		return 0;
	copy = begin_copy(import, kind);
	if (!copy)
		return -ENOMEM;
	import_tell_cpus_by(import, CPUS_COUNTED, (double)cpus);
	rows = take_colon_rows(copy, lines + 1, count - 1);
	/* a number that belongs to the description ("1-edge") is not one of a CPU */
	vec_each(row, &copy->rows)
		row->count = row->count > (size_t)cpus ? (size_t)cpus : row->count;
	return rows < 0 ? rows : rows + 1;
}

static int take_softirqs(struct import *import, const struct span *lines, size_t count)
{
	return take_irq_table(import, lines, count, COPY_SOFTIRQS);
}

static int take_interrupts(struct import *import, const struct span *lines, size_t count)
{
	return take_irq_table(import, lines, count, COPY_INTERRUPTS);
}

const struct text_kind kind_proc_softirqs = { .name = "/proc/softirqs",
					      .stage = STAGE_vmstat,
					      .take = take_softirqs };
const struct text_kind kind_proc_interrupts = { .name = "/proc/interrupts",
						.stage = STAGE_vmstat,
						.take = take_interrupts };

/* ---- net/dev and net/softnet_stat ---------------------------------------------------------------- */

static int take_net_dev(struct import *import, const struct span *lines, size_t count)
{
	struct proc_copy *copy;
	int rows;

	if (!span_starts(span_trim(lines[0]), "Inter-") || count < 3 ||
	    !line_has(lines[1], "bytes"))
		return 0;
	copy = begin_copy(import, COPY_NET_DEV);
	if (!copy)
		return -ENOMEM;
	rows = take_colon_rows(copy, lines + 2, count - 2);
	return rows < 0 ? rows : rows + 2;
}

static bool is_softnet(struct span line)
{
	size_t columns = 0;
	struct span word;
	uint64_t value;

	while (span_word(&line, &word)) {
		if (span_len(word) != 8 || !span_hex(&word, &value) || span_len(word))
			return false;
		columns++;
	}
	return columns >= SOFTNET_COLUMNS_MIN;
}

static int take_softnet(struct import *import, const struct span *lines, size_t count)
{
	struct proc_copy *copy;
	size_t i = 0;
	int r = 0;

	if (!is_softnet(lines[0]))
		return 0;
	copy = begin_copy(import, COPY_SOFTNET);
	if (!copy)
		return -ENOMEM;
	for (; i < count && is_softnet(lines[i]) && r >= 0; i++)
		r = add_row(copy, span_of("cpu"), lines[i], true);
	return r < 0 ? r : (int)i;
}

const struct text_kind kind_proc_net_dev = { .name = "/proc/net/dev",
					     .stage = STAGE_vmstat,
					     .take = take_net_dev };
const struct text_kind kind_proc_softnet = { .name = "/proc/net/softnet_stat",
					     .stage = STAGE_vmstat,
					     .take = take_softnet };

/* ---- pressure ------------------------------------------------------------------------------------ */

static double value_behind(struct span line, const char *key)
{
	size_t len = strlen(key);
	const char *at = memmem(line.p, span_len(line), key, len);
	struct span rest;
	double value;

	if (!at)
		return NAN;
	rest = (struct span){ at + len, line.end };
	return span_decimal(&rest, &value) ? value : NAN;
}

/* The file does not say what it is of: the line before it may ("==> /proc/pressure/io <==", "$ cat
 * /proc/pressure/io", "io:"). `lines[0]` is that line or the file's first. */
static bool pressure_of(struct span line, enum proc_copy_kind *ret)
{
	static const struct {
		const char *word;
		enum proc_copy_kind kind;
	} files[] = {
		{ "pressure/cpu", COPY_PRESSURE_CPU },
		{ "pressure/memory", COPY_PRESSURE_MEMORY },
		{ "pressure/io", COPY_PRESSURE_IO },
		{ "pressure/irq", COPY_PRESSURE_IRQ },
	};
	bool found = false;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (line_has(line, files[i].word)) {
			if (found)
				return false; /* two at once: which is which is not known */
			*ret = files[i].kind;
			found = true;
		}
	return found;
}

static bool is_pressure(struct span line)
{
	return line_has(line, "avg10=") && line_has(line, "total=");
}

/* "some avg10=..." or, of grep and head -v, "/proc/pressure/io:some avg10=...". */
static int take_pressure_line(struct import *import, enum proc_copy_kind kind, struct span line)
{
	bool full = line_has(line, "full avg10=");
	struct proc_copy *copy =
		import->copies.len ? vec_at(&import->copies, import->copies.len - 1) : NULL;
	struct proc_copy_row row = { .count = 1 };

	import->pressure_avg10[kind][full] = value_behind(line, "avg10=");
	if (!copy || copy->kind != kind || proc_copy_find(copy, full ? "full" : "some"))
		copy = begin_copy(import, kind);
	if (!copy)
		return -ENOMEM;
	row.first = copy->values.len;
	span_copy(span_of(full ? "full" : "some"), row.name, sizeof(row.name));
	if (vec_push(&copy->values, value_behind(line, "total=")) < 0)
		return -ENOMEM;
	return vec_push(&copy->rows, row) < 0 ? -ENOMEM : 0;
}

static int take_pressure(struct import *import, const struct span *lines, size_t count)
{
	enum proc_copy_kind kind, own;
	size_t i = is_pressure(lines[0]) ? 0 : 1;
	int r = 0;

	if (!line_has(lines[0], "pressure/") || !pressure_of(lines[0], &kind))
		return 0;
	for (; i < count && r == 0 && is_pressure(lines[i]); i++) {
		if (pressure_of(lines[i], &own) && own != kind)
			break;
		r = take_pressure_line(import, kind, lines[i]);
	}
	return r < 0 ? r : i > 1 || is_pressure(lines[0]) ? (int)i : 0;
}

const struct text_kind kind_proc_pressure = { .name = "/proc/pressure",
					      .stage = STAGE_vmstat,
					      .take = take_pressure };

/* ---- meminfo ------------------------------------------------------------------------------------- */

static int take_meminfo(struct import *import, const struct span *lines, size_t count)
{
	static const struct {
		const char *name;
		enum host_number number;
	} names[] = {
		{ "MemTotal", HOST_MEMORY },
		{ "MemAvailable", HOST_MEMORY_AVAILABLE },
		{ "SwapTotal", HOST_SWAP },
		{ "SwapFree", HOST_SWAP_FREE },
	};
	size_t i = 0;

	if (!span_starts(span_trim(lines[0]), "MemTotal:"))
		return 0;
	for (; i < count; i++) {
		struct span rest = lines[i], name;
		uint64_t value;

		if (!span_until(&rest, ':', &name) || !span_u64(&rest, &value))
			break;
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (span_is(span_trim(name), names[k].name))
				told_set(&import->host[names[k].number], TOLD_BY_PROC,
					 (double)value * 1024);
	}
	return (int)i;
}

const struct text_kind kind_proc_meminfo = { .name = "/proc/meminfo",
					     .stage = STAGE_vmstat,
					     .take = take_meminfo };
