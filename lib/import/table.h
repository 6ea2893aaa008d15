/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table as sysstat prints it: a header whose first words may be a time, rows below, the last
 * column with or without blanks in it.
 *
 *   11:00:24 PM   UID       PID   cswch/s nvcswch/s  Command
 *   11:00:25 PM     0        14     66.67      0.00  rcu_sched
 *   Average:        0        14     66.67      0.00  rcu_sched
 */
#ifndef TRIAGE_IMPORT_TABLE_H
#define TRIAGE_IMPORT_TABLE_H

#include "import/words.h"

struct text_table {
	struct words columns; /* without the time's words */
	size_t prefix;	      /* words of the time before them */
	bool average;	      /* the header says so: "Average:" */
	bool hashed;	      /* "# Time  UID ...", as -h prints it */
	bool open_end;	      /* the last column may hold blanks */
};

struct text_row {
	struct words cells;
	struct span last; /* the last column, to the end of the line */
	struct span time; /* empty without one */
	bool average;
};

/* A header is a line that has the column `first` after at most three other words, and `needed` (NULL
 * allowed) somewhere behind it. How many lines it took (2: it was wrapped); 0. */
size_t table_header(const struct span *lines, size_t count, const char *first, const char *needed,
		    struct text_table *ret);

/* How many lines the row took (2: it was wrapped); 0 when it is none of this table. */
size_t table_row(const struct text_table *table, const struct span *lines, size_t count,
		 struct text_row *ret);

/* NAN when the table has no such column or the cell is no number. */
double table_number(const struct text_table *table, const struct text_row *row, const char *column);

/* Empty when there is none. */
struct span table_cell(const struct text_table *table, const struct text_row *row,
		       const char *column);

#endif
