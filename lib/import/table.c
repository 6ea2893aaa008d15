/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/table.h"

#include <math.h>
#include <string.h>

#define PREFIX_MAX 3

static bool has_digit(struct span word)
{
	for (const char *p = word.p; p < word.end; p++)
		if (*p >= '0' && *p <= '9')
			return true;
	return false;
}

/* "Average:", "Moyenne :" and what other languages say: a word with a colon and no digit. */
static bool says_average(struct span word)
{
	return span_len(word) > 1 && word.end[-1] == ':' && !has_digit(word);
}

static void drop_words(struct words *words, size_t count)
{
	memmove(words->at, words->at + count, (words->count - count) * sizeof(words->at[0]));
	words->count -= count;
}

/* The rest of a header has names of columns only: "kB_wr/s", "%util", "aqu-sz", "r_await". */
static bool looks_like_columns(struct span line)
{
	struct words words;

	words_split(line, &words);
	for (size_t i = 0; i < words.count; i++) {
		struct span word = words.at[i];

		if (!(*word.p == '%' || line_has(word, "/s") || line_has(word, "-sz") ||
		      line_has(word, "await") || span_is(word, "svctm") ||
		      span_is(word, "Command")))
			return false;
	}
	return words.count > 0;
}

size_t table_header(const struct span *lines, size_t count, const char *first, const char *needed,
		    struct text_table *ret)
{
	struct text_table table = { 0 };
	size_t taken = 1;
	int at;

	if (!line_has(lines[0], first))
		return 0;
	words_split(lines[0], &table.columns);
	table.hashed = table.columns.count && span_is(table.columns.at[0], "#");
	if (table.hashed)
		drop_words(&table.columns, 1);
	at = words_find(&table.columns, 0, first);
	if (at < 0 || at > PREFIX_MAX)
		return 0;
	if (count > 1 && looks_like_columns(lines[1])) {
		words_join(&table.columns, lines[1]);
		taken = 2;
	}
	if (needed && words_find(&table.columns, (size_t)at, needed) < 0)
		return 0;
	table.prefix = (size_t)at;
	table.average = at > 0 && says_average(table.columns.at[0]);
	drop_words(&table.columns, table.prefix);
	table.open_end = span_is(table.columns.at[table.columns.count - 1], "Command");
	*ret = table;
	return taken;
}

static bool fits(const struct text_table *table, const struct words *cells)
{
	return table->open_end ? cells->count >= table->columns.count :
				 cells->count == table->columns.count;
}

/* Without the words of the time. */
static bool strip_time(const struct text_table *table, struct words *cells, struct text_row *ret)
{
	size_t prefix = table->prefix;

	ret->time = (struct span){ 0 };
	ret->average = cells->count && says_average(cells->at[0]);
	/* one word stands for a time of two */
	if (table->hashed && cells->count > 1 &&
	    (span_is(cells->at[1], "AM") || span_is(cells->at[1], "PM")))
		prefix++;
	if (ret->average)
		prefix = cells->count > 1 && span_is(cells->at[1], ":") ? 2 : 1;
	if (prefix > cells->count || (prefix && !ret->average && !has_digit(cells->at[0]) &&
				      !has_digit(cells->at[prefix - 1])))
		return false;
	if (prefix)
		ret->time = (struct span){ cells->at[0].p, cells->at[0].end };
	drop_words(cells, prefix);
	return true;
}

static bool cut_row(const struct text_table *table, struct span line, const struct span *next,
		    struct text_row *ret)
{
	words_split(line, &ret->cells);
	if (next)
		words_join(&ret->cells, *next);
	if (!strip_time(table, &ret->cells, ret) || !fits(table, &ret->cells))
		return false;
	ret->last = words_rest(&ret->cells, table->columns.count - 1, line);
	return true;
}

size_t table_row(const struct text_table *table, const struct span *lines, size_t count,
		 struct text_row *ret)
{
	if (line_is_blank(lines[0]))
		return 0;
	if (cut_row(table, lines[0], NULL, ret))
		return 1;
	return count > 1 && cut_row(table, lines[0], &lines[1], ret) ? 2 : 0;
}

struct span table_cell(const struct text_table *table, const struct text_row *row,
		       const char *column)
{
	int at = words_find(&table->columns, 0, column);

	return at < 0 ? (struct span){ 0 } : row->cells.at[at];
}

double table_number(const struct text_table *table, const struct text_row *row, const char *column)
{
	int at = words_find(&table->columns, 0, column);

	return at < 0 ? NAN : word_value(row->cells.at[at]);
}
