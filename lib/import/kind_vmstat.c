/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmstat, with and without -w, -t and -a, of procps 3 and 4:
 *
 *   procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----
 *    r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st
 *    1  0      0 24098812   2648 448780    0    0  1258   462  613 17236 29 13 56  1  0
 */
#include "import/kinds.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#define SAMPLES_MAX 4096
#define KIB_PER_PAGE 4

enum column { R, B, SI, SO, IN, CS, US, SY, ID, WA, ST, GU, COLUMNS };

static const char *const column_names[COLUMNS] = {
	[R] = "r",   [B] = "b",	  [SI] = "si", [SO] = "so", [IN] = "in", [CS] = "cs",
	[US] = "us", [SY] = "sy", [ID] = "id", [WA] = "wa", [ST] = "st", [GU] = "gu",
};

static const char *const other_names[] = { "swpd", "free", "buff",   "cache",
					   "bi",   "bo",   "active", "inact" };

struct sample {
	double at[COLUMNS];
};

struct block {
	struct words header;
	size_t numbers; /* columns before the time stamp's */
	VEC(struct sample) samples;
	bool repaired;
};

static int column_of(struct span word)
{
	for (int column = 0; column < COLUMNS; column++)
		if (span_is(word, column_names[column]))
			return column;
	return -1;
}

static bool is_column(struct span word)
{
	if (column_of(word) >= 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(other_names); i++)
		if (span_is(word, other_names[i]))
			return true;
	return false;
}

static bool is_banner(struct span line)
{
	return line_has(line, "procs") && line_has(line, "--") && line_has(line, "cpu");
}

/* "r b swpd ... st UTC": the name of a time zone may follow. */
static bool read_header(struct span line, struct block *block)
{
	struct words *header = &block->header;

	words_split(line, header);
	block->numbers = 0;
	while (block->numbers < header->count && is_column(header->at[block->numbers]))
		block->numbers++;
	return header->count >= 2 && span_is(header->at[0], "r") && span_is(header->at[1], "b") &&
	       block->numbers >= 4 && block->numbers + 2 >= header->count;
}

static bool is_header(struct span line)
{
	struct block block;

	return line_has(line, "r") && line_has(line, "b") && read_header(line, &block);
}

/* A header that the terminal's width broke in two: the rest is column names too. */
static size_t join_header(const struct span *lines, size_t count, struct block *block)
{
	struct words rest;

	if (!count || words_find(&block->header, 0, "wa") >= 0)
		return 0;
	words_split(lines[0], &rest);
	if (!rest.count || !is_column(rest.at[0]))
		return 0;
	words_join(&block->header, lines[0]);
	while (block->numbers < block->header.count && is_column(block->header.at[block->numbers]))
		block->numbers++;
	return 1;
}

static struct sample blank_sample(void)
{
	struct sample sample;

	for (int column = 0; column < COLUMNS; column++)
		sample.at[column] = NAN;
	return sample;
}

static bool sums_to_all(const struct sample *sample)
{
	const double *at = sample->at;
	double st = isnan(at[ST]) ? 0 : at[ST];

	return fabs(at[US] + at[SY] + at[ID] + at[WA] + st - 100) <= 4;
}

/* Values under the columns `skip` aside; true when all of them are numbers. */
static bool fill_sample(const struct block *block, const struct words *row, size_t skip,
			struct sample *ret)
{
	struct sample sample = blank_sample();
	size_t at = 0;

	for (size_t i = 0; i < block->numbers; i++) {
		int column = column_of(block->header.at[i]);
		double value;

		if (i == skip)
			continue;
		if (at >= row->count || !word_number(row->at[at++], &value))
			return false;
		if (column >= 0)
			sample.at[column] = value;
	}
	*ret = sample;
	return true;
}

/* A row with one value too few, copied by hand: the first stands under the first column and the CPU
 * shares, which make 100 % together, under the last ones. */
static bool repair_sample(struct block *block, const struct words *row, struct sample *ret)
{
	if (row->count + 1 != block->numbers || !fill_sample(block, row, 1, ret) ||
	    !sums_to_all(ret))
		return false;
	block->repaired = true;
	return true;
}

/* How many lines the row took, 0 when it is none. */
static size_t read_row(const struct span *lines, size_t count, struct block *block)
{
	struct sample sample;
	struct words row;
	size_t taken = 1;

	words_split(lines[0], &row);
	if (!row.count || isnan(word_value(row.at[0])))
		return 0;
	if (row.count < block->numbers && count > 1 && !repair_sample(block, &row, &sample)) {
		words_join(&row, lines[1]);
		taken = 2;
	}
	if (row.count > block->numbers + 4 || !(fill_sample(block, &row, block->numbers, &sample) ||
						repair_sample(block, &row, &sample)))
		return 0;
	if (block->samples.len < SAMPLES_MAX && vec_push(&block->samples, sample) < 0)
		return 0;
	return taken;
}

/* "cs: 400k+", as people write what they saw. */
static bool read_remark(struct span line, struct block *block)
{
	struct span name, rest = span_trim(line);
	struct sample *last = block->samples.len ? vec_at(&block->samples, block->samples.len - 1) :
						   NULL;
	double value;
	int column;

	if (!last || !(span_until(&rest, ':', &name) || span_until(&rest, '=', &name)))
		return false;
	column = column_of(span_trim(name));
	if (column < 0 || !isnan(last->at[column]) || !word_number(span_trim(rest), &value))
		return false;
	last->at[column] = value;
	return true;
}

static size_t read_rows(const struct span *lines, size_t count, struct block *block)
{
	size_t at = 0, taken = 0;

	while (at < count) {
		size_t blank = lines_blank(lines + at, count - at), n;

		at += blank;
		if (at >= count)
			break;
		n = is_banner(lines[at]) || is_header(lines[at]) || read_remark(lines[at], block) ?
			    1 :
			    read_row(lines + at, count - at, block);
		if (!n)
			break;
		at += n;
		taken = at;
	}
	return taken;
}

static double mean_of(const struct block *block, enum column column)
{
	double sum = 0;

	vec_each(sample, &block->samples)
		sum += sample->at[column];
	return block->samples.len ? sum / (double)block->samples.len : NAN;
}

static int put_queue(struct import *import, const struct block *block)
{
	_cleanup_(cleanup_free) double *values = calloc(block->samples.len + 1, sizeof(*values));
	double r_max = NAN;
	size_t count = 0;

	if (!values)
		return -ENOMEM;
	vec_each(sample, &block->samples) {
		values[count++] = sample->at[R];
		r_max = fmax(r_max, sample->at[R]);
	}
	told_set(&import->host[HOST_R], TOLD_BY_VMSTAT, import_median(values, count));
	told_set(&import->host[HOST_R_MAX], TOLD_BY_VMSTAT, r_max);
	count = 0;
	vec_each(sample, &block->samples)
		if (!isnan(sample->at[B]))
			values[count++] = sample->at[B];
	told_set(&import->host[HOST_B], TOLD_BY_VMSTAT, import_median(values, count));
	return 0;
}

/* vmstat counts interrupts into sy, nice into us and, before it had a column of its own, guests. */
static int put_shares(struct import *import, const struct block *block, enum teller by)
{
	struct cpu_parts parts = cpu_parts_unknown();

	parts.us = mean_of(block, US);
	parts.sy = mean_of(block, SY);
	parts.id = mean_of(block, ID);
	parts.wa = mean_of(block, WA);
	parts.st = mean_of(block, ST);
	parts.guest = mean_of(block, GU);
	import_drop_cpu(import, by);
	return import_add_cpu(import, by, -1, &parts);
}

static int put_block(struct import *import, const struct block *block)
{
	enum teller by = import->vmstat.samples > 1 || block->repaired ? TOLD_BY_VMSTAT :
									 TOLD_SINCE_BOOT;
	int r = put_queue(import, block);

	told_set(&import->host[HOST_SWITCHES], by, mean_of(block, CS));
	told_set(&import->host[HOST_INTERRUPTS], by, mean_of(block, IN));
	told_set(&import->host[HOST_SWAP_IN], by, mean_of(block, SI) / KIB_PER_PAGE);
	told_set(&import->host[HOST_SWAP_OUT], by, mean_of(block, SO) / KIB_PER_PAGE);
	return r == 0 ? put_shares(import, block, by) : r;
}

/* Of several outputs the last one with an interval counts: moments of different hours don't mix. */
static int keep_block(struct import *import, struct block *block)
{
	struct vmstat_sum *kept = &import->vmstat;
	size_t samples = block->samples.len;

	if (!samples)
		return 0;
	kept->repaired |= block->repaired;
	if (kept->blocks++ && samples == 1 && kept->samples > 1)
		return 0;
	kept->samples = (unsigned)samples;
	if (samples > 1) {
		/* averages since boot */
		memmove(block->samples.data, block->samples.data + 1,
			(samples - 1) * sizeof(*block->samples.data));
		block->samples.len--;
	}
	return put_block(import, block);
}

static int take(struct import *import, const struct span *lines, size_t count)
{
	struct block block = { 0 };
	size_t at = is_banner(lines[0]) ? 1 : 0;
	size_t rows;
	int r;

	at += lines_blank(lines + at, count - at);
	if (at >= count || !line_has(lines[at], "r") || !read_header(lines[at], &block))
		return 0;
	at++;
	at += join_header(lines + at, count - at, &block);
	rows = read_rows(lines + at, count - at, &block);
	r = keep_block(import, &block);
	vec_free(&block.samples);
	return r < 0 ? r : (int)(at + rows);
}

const struct text_kind kind_vmstat = { .name = "vmstat", .stage = STAGE_vmstat, .take = take };
