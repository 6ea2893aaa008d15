/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/proc_irq.h"

#include "base/span.h"
#include "base/vec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MOST_COLUMNS 8192     /* the largest NR_CPUS */
#define MOST_CELLS (1u << 23) /* short lines in a hostile file must not multiply by a long header */
#define CHIP_WORDS 4	      /* "SiFive PLIC", "OPAL EVT": chip names have a few words at most */
#define MOST_CPU_NUMBER 65535
#define SOFTNET_CPU_COLUMN 12
#define SOFTNET_COLUMNS 16

/* ---- /proc/interrupts, /proc/softirqs ------------------------------------------------------- */

static bool parse_number(struct span word, uint64_t *ret)
{
	return span_u64(&word, ret) && span_len(word) == 0;
}

static bool is_number(struct span word)
{
	uint64_t ignored;

	return parse_number(word, &ignored);
}

static int parse_header(struct span line, struct irq_table *table)
{
	VEC(int) cpus = { 0 };
	struct span word;
	uint64_t cpu;
	int r = 0;

	while (r == 0 && span_word(&line, &word)) {
		if (!span_starts(word, "CPU")) {
			r = -EBADMSG;
			break;
		}
		word.p += 3;
		if (!parse_number(word, &cpu) || cpu > MOST_CPU_NUMBER || cpus.len >= MOST_COLUMNS)
			r = -EBADMSG;
		else
			r = vec_push(&cpus, (int)cpu);
	}
	if (r < 0 || cpus.len == 0) {
		vec_free(&cpus);
		return r < 0 ? r : -EBADMSG;
	}
	table->cpus = cpus.data;
	table->columns = cpus.len;
	return 0;
}

/* The next word without consuming it; empty at the end. */
static struct span peek_word(struct span line)
{
	struct span word;

	return span_word(&line, &word) ? word : (struct span){ .p = line.end, .end = line.end };
}

static void drop_word(struct span *line)
{
	struct span word;

	span_word(line, &word);
}

static bool is_trigger(struct span word)
{
	return span_is(word, "Level") || span_is(word, "Edge") || span_starts(word, "-");
}

/* "5-edge", "12-fasteoi", or "27" where the trigger follows as a word. */
static bool is_hwirq(struct span word)
{
	uint64_t number;

	if (!span_u64(&word, &number))
		return false;
	return span_len(word) == 0 ||
	       (span_len(word) >= 2 && word.p[0] == '-' && word.p[1] >= 'a' && word.p[1] <= 'z');
}

/* Before Linux 3.19 the trigger was glued to the chip: "IO-APIC-edge", "PCI-MSI-edge". */
static bool is_chip_with_trigger(struct span word)
{
	const char *dash = memrchr(word.p, '-', span_len(word));
	struct span trigger = { .p = dash ? dash : word.end, .end = word.end };

	return span_is(trigger, "-edge") || span_is(trigger, "-level") ||
	       span_is(trigger, "-fasteoi");
}

/* What drivers called the line: the text without chip, hwirq and trigger (kernel/irq/proc.c,
 * show_interrupts). */
static struct span device_of_irq(struct span text)
{
	struct span ahead;
	bool glued = is_chip_with_trigger(peek_word(text));

	drop_word(&text);
	if (glued)
		return span_trim(text);
	ahead = text;
	for (int i = 0; i < CHIP_WORDS; i++) {
		struct span word = peek_word(ahead);

		drop_word(&ahead);
		if (is_hwirq(word)) {
			text = ahead;
			break;
		}
	}
	while (is_trigger(peek_word(text)))
		drop_word(&text);
	return span_trim(text);
}

static size_t parse_counts(struct span *line, size_t columns, uint64_t *counts)
{
	struct span rest = *line, word;
	size_t i = 0;

	while (i < columns && span_word(&rest, &word) && parse_number(word, &counts[i])) {
		*line = rest;
		i++;
	}
	return i;
}

static bool parse_irq_line(struct span line, size_t columns, struct irq_line *irq)
{
	struct span name;

	if (!span_until(&line, ':', &name))
		return false;
	name = span_trim(name);
	if (span_len(name) == 0 || parse_counts(&line, columns, irq->counts) == 0)
		return false;
	span_copy(name, irq->name, sizeof(irq->name));
	line = is_number(name) ? device_of_irq(line) : span_trim(line);
	span_copy(line, irq->device, sizeof(irq->device));
	return true;
}

static size_t count_lines(struct span text)
{
	struct span line;
	size_t lines = 0;

	while (span_line(&text, &line))
		lines++;
	return lines;
}

static int parse_irq_lines(struct span text, struct irq_table *table)
{
	size_t most = count_lines(text);
	struct span line;

	if (most * table->columns > MOST_CELLS)
		return -E2BIG;
	table->lines = calloc(most + 1, sizeof(*table->lines));
	table->storage = calloc(most * table->columns + 1, sizeof(*table->storage));
	if (!table->lines || !table->storage)
		return -ENOMEM;
	while (span_line(&text, &line)) {
		struct irq_line *irq = &table->lines[table->len];

		irq->counts = table->storage + table->len * table->columns;
		if (parse_irq_line(line, table->columns, irq))
			table->len++;
	}
	return 0;
}

int irq_table_parse(const char *text, size_t len, struct irq_table *ret)
{
	struct span rest = span_make(text, len), header;
	struct irq_table table = { 0 };
	int r = -EBADMSG;

	if (span_line(&rest, &header))
		r = parse_header(header, &table);
	if (r == 0)
		r = parse_irq_lines(rest, &table);
	if (r < 0) {
		irq_table_free(&table);
		return r;
	}
	*ret = table;
	return 0;
}

void irq_table_free(struct irq_table *table)
{
	if (!table)
		return;
	free(table->cpus);
	free(table->lines);
	free(table->storage);
	memset(table, 0, sizeof(*table));
}

/* ---- /proc/net/softnet_stat ----------------------------------------------------------------- */

static bool parse_softnet_line(struct span line, size_t index, struct softnet_cpu *ret)
{
	uint64_t columns[SOFTNET_COLUMNS];
	size_t len = 0;
	uint64_t cpu = index;

	while (len < SOFTNET_COLUMNS && span_hex(&line, &columns[len]))
		len++;
	if (len > SOFTNET_CPU_COLUMN)
		cpu = columns[SOFTNET_CPU_COLUMN];
	if (len < 3 || cpu > MOST_CPU_NUMBER)
		return false;
	*ret = (struct softnet_cpu){ (int)cpu, columns[0], columns[1], columns[2] };
	return true;
}

int softnet_parse(const char *text, size_t len, struct softnet *ret)
{
	struct span rest = span_make(text, len), line;
	struct softnet softnet = { 0 };
	struct softnet_cpu cpu;
	int r = 0;

	while (r == 0 && span_line(&rest, &line))
		if (parse_softnet_line(line, softnet.len, &cpu))
			r = vec_push(&softnet, cpu);
	if (r == 0 && softnet.len == 0)
		r = -EBADMSG;
	if (r < 0) {
		softnet_free(&softnet);
		return r;
	}
	*ret = softnet;
	return 0;
}

void softnet_free(struct softnet *softnet)
{
	if (softnet)
		vec_free(softnet);
}

const struct irq_line *irq_table_find(const struct irq_table *table, const char *name)
{
	for (size_t i = 0; i < table->len; i++)
		if (strcmp(table->lines[i].name, name) == 0)
			return &table->lines[i];
	return NULL;
}

bool irq_table_get(const struct irq_table *table, const char *name, int cpu, uint64_t *ret_count)
{
	const struct irq_line *line = irq_table_find(table, name);

	for (size_t i = 0; line && i < table->columns; i++)
		if (table->cpus[i] == cpu) {
			*ret_count = line->counts[i];
			return true;
		}
	return false;
}
