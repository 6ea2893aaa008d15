/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include "base/cleanup.h"
#include "report/layout.h"
#include "report/story.h"

enum {
	LEAST_COLUMNS = 40,
	MOST_LABEL = 24, /* longer ones stand out instead of pushing the text away */
	MOST_CELLS = 10, /* of a row; what follows stays in the last */
	LEAST_CELL = 24, /* room that the last cell must have for a row to be worth aligning */
	INDENT = 2,
	BAR = 3,	 /* columns of a bar of the chain's drawing */
	ALONE_LABEL = 6, /* headings without a section align as far as the stages' names */
};

struct printer {
	struct str *out;
	int columns;
	bool colour;
	int label_width; /* of the section */
	int text_at;	 /* column where the section's text starts */
};

static void print_label(struct printer *printer, const char *label, enum tone tone, bool strong)
{
	static const char *const sgr[TONE_TOTAL] = {
		[TONE_PLAIN] = "2",
		[TONE_GOOD] = "1;32",
		[TONE_WARNING] = "1;33",
		[TONE_CRITICAL] = "1;31",
	};
	bool coloured = printer->colour && *label;

	if (coloured)
		str_format(printer->out, "\033[%sm",
			   strong && tone == TONE_PLAIN ? "1" : sgr[tone]);
	str_append(printer->out, label);
	if (coloured)
		str_append(printer->out, "\033[0m");
}

/* ---- cells ---- */

/* The next cell; the last takes all that is left. */
static bool take_cell(struct span *cells, int index, struct span *ret_cell)
{
	if (cells->p >= cells->end)
		return false;
	if (index < MOST_CELLS - 1)
		return span_line(cells, ret_cell);
	*ret_cell = *cells;
	cells->p = cells->end;
	return true;
}

/* Widths of the cells of a run of rows; the last cell of a row is wrapped and sets no width. */
static void measure_rows(const struct story_line *rows, size_t count, int *widths)
{
	for (size_t i = 0; i < count; i++) {
		struct span cells = span_of(rows[i].text);
		struct span cell;

		for (int n = 0; take_cell(&cells, n, &cell); n++) {
			int width = layout_width(cell);

			if (cells.p < cells.end && width > widths[n])
				widths[n] = width;
		}
	}
}

static int last_cell_at(const struct printer *printer, const int *widths)
{
	int at = printer->text_at;

	for (int n = 0; n < MOST_CELLS && widths[n]; n++)
		at += widths[n] + 2;
	return at;
}

/* A row without alignment: its cells as a sentence of pieces. */
static void print_loose_row(struct printer *printer, const char *text)
{
	_cleanup_(str_free) struct str line = { 0 };

	struct span cells = span_of(text);
	struct span cell;

	while (span_line(&cells, &cell)) {
		str_append(&line, line.len ? "  " : "");
		str_append_bytes(&line, cell.p, span_len(cell));
	}
	if (str_error(&line) < 0)
		printer->out->failed = true;
	layout_wrap(printer->out, span_of(str_text(&line)), printer->text_at, printer->text_at + 2,
		    printer->columns);
}

static void print_aligned_row(struct printer *printer, const char *text, const int *widths)
{
	struct span cells = span_of(text);
	int at = printer->text_at;
	struct span cell;

	for (int n = 0; take_cell(&cells, n, &cell); n++) {
		if (cells.p >= cells.end) {
			layout_wrap(printer->out, cell, at, at, printer->columns);
			return;
		}
		str_append_bytes(printer->out, cell.p, span_len(cell));
		layout_pad(printer->out, widths[n] - layout_width(cell) + 2);
		at += widths[n] + 2;
	}
	str_append_char(printer->out, '\n');
}

/* ---- lines ---- */

static void print_margin(struct printer *printer, const struct story_line *line)
{
	int width = layout_width(span_of(line->label));

	layout_pad(printer->out, INDENT);
	print_label(printer, line->label, line->tone, false);
	if (width > printer->label_width) {
		str_append_char(printer->out, '\n');
		width = -INDENT;
	}
	layout_pad(printer->out, printer->text_at - INDENT - width);
}

/* Rows that stand together share their columns. */
static size_t print_rows(struct printer *printer, const struct story_line *rows, size_t count)
{
	int widths[MOST_CELLS] = { 0 };
	size_t run = 1;

	while (run < count && rows[run].kind == LINE_ROW && !*rows[run].label)
		run++;
	measure_rows(rows, run, widths);
	for (size_t i = 0; i < run; i++) {
		print_margin(printer, &rows[i]);
		if (!widths[0] || last_cell_at(printer, widths) + LEAST_CELL > printer->columns)
			print_loose_row(printer, rows[i].text);
		else
			print_aligned_row(printer, rows[i].text, widths);
	}
	return run;
}

static void print_line(struct printer *printer, const struct story_line *line)
{
	print_margin(printer, line);
	if (line->kind == LINE_COMMAND)
		str_format(printer->out, "$ %s\n", line->text);
	else
		layout_wrap(printer->out, span_of(line->text), printer->text_at, printer->text_at,
			    printer->columns);
}

/* ---- branches ---- */

static bool is_open(const struct story_line *line, int depth)
{
	return line->open >> depth & 1;
}

/* The bars in front of a branch; of a branch with more than one line, `first` is its first. */
static void print_bars(struct printer *printer, const struct story_line *line, int depth,
		       bool first)
{
	for (int at = line->depth - depth + 1; at <= line->depth; at++) {
		if (first && at == line->depth)
			str_append(printer->out, is_open(line, at) ? "├─ " : "└─ ");
		else
			str_append(printer->out, is_open(line, at) ? "│  " : "   ");
	}
}

/* On a narrow page the outer bars give way. */
static int drawn_depth(const struct printer *printer, const struct story_line *line)
{
	int room = (printer->columns - printer->text_at - LEAST_CELL) / BAR;

	if (room < 0)
		room = 0;
	return line->depth < room ? line->depth : room;
}

static void print_branch(struct printer *printer, const struct story_line *line)
{
	_cleanup_(str_free) struct str wrapped = { 0 };
	int depth = drawn_depth(printer, line);
	int hang = depth * BAR + (printer->columns > 2 * LEAST_CELL ? 2 : 0);
	struct span rest, piece;
	bool first = true;

	layout_wrap(&wrapped, span_of(line->text), depth * BAR, hang,
		    printer->columns - printer->text_at);
	if (str_error(&wrapped) < 0)
		printer->out->failed = true;
	print_margin(printer, line);
	rest = span_of(str_text(&wrapped));
	for (; span_line(&rest, &piece); first = false) {
		if (!first)
			layout_pad(printer->out, printer->text_at);
		print_bars(printer, line, depth, first);
		if (!first) /* the bars stand in the place of blanks */
			piece.p += depth * BAR;
		str_append_bytes(printer->out, piece.p, span_len(piece));
		str_append_char(printer->out, '\n');
	}
}

/* Sets the section's columns, and prints its lines. */
static void print_section(struct printer *printer, const struct story_line *lines, size_t count)
{
	printer->label_width = 0;
	for (size_t i = 0; i < count; i++) {
		int width = layout_width(span_of(lines[i].label));

		if (width > printer->label_width && width <= MOST_LABEL)
			printer->label_width = width;
	}
	printer->text_at = INDENT + printer->label_width;
	if (printer->label_width)
		printer->text_at += printer->label_width <= 3 ? 1 : 2;
	for (size_t i = 0; i < count;) {
		if (lines[i].kind == LINE_ROW) {
			i += print_rows(printer, &lines[i], count - i);
			continue;
		}
		if (lines[i].kind == LINE_BRANCH)
			print_branch(printer, &lines[i]);
		else
			print_line(printer, &lines[i]);
		i++;
	}
}

static void print_heading(struct printer *printer, const struct story_line *line, bool alone)
{
	int width = layout_width(span_of(line->label));
	int at = (alone && width < ALONE_LABEL ? ALONE_LABEL : width) + 2;

	print_label(printer, line->label, line->tone, true);
	if (*line->text)
		layout_pad(printer->out, at - width);
	layout_wrap(printer->out, span_of(line->text), at, at, printer->columns);
}

/* The headline, and behind it the confidence, at a distance when both fit on one line. */
static void print_title(struct printer *printer, const struct story_line *line)
{
	_cleanup_(str_free) struct str text = { 0 };
	int at = layout_width(span_of(line->label)) + 2;
	struct span rest = span_of(line->text);
	struct span headline = rest;
	bool fits;

	span_line(&rest, &headline);
	fits = at + layout_width(headline) + 3 + layout_width(rest) <= printer->columns;
	str_append_bytes(&text, headline.p, span_len(headline));
	if (rest.p < rest.end)
		str_append(&text, fits ? "   " : " ");
	str_append_bytes(&text, rest.p, span_len(rest));
	if (str_error(&text) < 0)
		printer->out->failed = true;
	print_label(printer, line->label, line->tone, true);
	str_append(printer->out, "  ");
	layout_wrap(printer->out, span_of(str_text(&text)), at, at, printer->columns);
}

static bool is_heading(const struct story_line *line)
{
	return line->kind == LINE_HEADING || line->kind == LINE_TITLE;
}

static void print_story(struct printer *printer, const struct story_line *lines, size_t count)
{
	bool had_body = false;

	for (size_t i = 0, body; i < count; i += 1 + body) {
		for (body = 0; i + 1 + body < count && !is_heading(&lines[i + 1 + body]);)
			body++;
		/* headings that say it all stand together */
		if (i > 0 && (body || had_body))
			str_append_char(printer->out, '\n');
		had_body = body > 0;
		if (lines[i].kind == LINE_TITLE)
			print_title(printer, &lines[i]);
		else
			print_heading(printer, &lines[i], body == 0);
		print_section(printer, &lines[i + 1], body);
	}
}

int story_print_text(const struct story *story, const struct report_style *style, struct str *out)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct printer printer = {
		.out = &text,
		.columns = style->columns > 0 ? style->columns : REPORT_COLUMNS,
		.colour = style->colour,
	};
	int r;

	if (printer.columns < LEAST_COLUMNS)
		printer.columns = LEAST_COLUMNS;
	print_story(&printer, story->lines.data, story->lines.len);
	r = str_error(&text);
	if (r < 0)
		return r;
	str_append_bytes(out, text.data, text.len);
	return str_error(out);
}

int report_text(const struct report *report, const struct report_style *style, struct str *out)
{
	_cleanup_(story_free) struct story story = { 0 };
	int r = story_build(report, style->verbosity, &story);

	return r < 0 ? r : story_print_text(&story, style, out);
}
