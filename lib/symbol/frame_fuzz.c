/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first byte tells what follows: 'e' an .eh_frame, 'd' a .debug_frame, 'f' a whole file. Every
 * rule that is found is applied to a small stack. */
#include "symbol/frame_entry.h"
#include "symbol/frame_expression.h"
#include "symbol/frame_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRIES 64

static uint64_t run(const struct frame_section *section, const struct frame_rule *rule,
		    const uint64_t *cfa)
{
	static const uint8_t stack[64] = { 1, 2, 3 };
	struct frame_state state = { .known = 0xf0ff, .stack = stack, .stack_len = sizeof(stack) };
	struct frame_bytes code = { .p = section->data + rule->value };
	uint64_t value = 0;

	if (rule->kind != FRAME_EXPRESSION && rule->kind != FRAME_AT_EXPRESSION)
		return 0;
	if (rule->value < 0 || (size_t)rule->value + rule->len > section->len)
		abort();
	code.end = code.p + rule->len;
	frame_expression_run(&state, code, cfa, &value);
	return value;
}

static void check_row(const struct frame_section *section, const struct frame_row *row)
{
	uint64_t cfa = run(section, &row->cfa, NULL);

	if (row->return_reg >= FRAME_REGS || row->cfa.kind == FRAME_SAME ||
	    row->cfa.reg >= FRAME_REGS)
		abort();
	for (unsigned i = 0; i < FRAME_REGS; i++) {
		if (row->regs[i].reg >= FRAME_REGS || row->regs[i].kind > FRAME_EXPRESSION)
			abort();
		run(section, &row->regs[i], &cfa);
	}
}

static void check_section(struct frame_section *section)
{
	for (size_t i = 0; i < section->entries.len && i < ENTRIES; i++) {
		const struct frame_entry *entry = &section->entries.data[i];
		struct frame_fde fde;
		struct frame_row row;

		if (i > 0 && entry[-1].start > entry->start)
			abort();
		if (!frame_fde_read(section, entry->offset, &fde) || fde.start != entry->start)
			abort();
		if (frame_section_find(section, fde.start, &row) == 0)
			check_row(section, &row);
		if (frame_section_find(section, fde.start + fde.len / 2, &row) == 0)
			check_row(section, &row);
	}
}

static void fuzz_section(const uint8_t *data, size_t size, bool eh)
{
	struct frame_section section = {
		.data = malloc(size ? size : 1), .len = size, .address = 0x1000, .eh = eh
	};

	if (!section.data)
		return;
	memcpy(section.data, data, size);
	if (frame_section_index(&section) == 0)
		check_section(&section);
	frame_section_clear(&section);
}

static void fuzz_file(const uint8_t *data, size_t size)
{
	struct elf_source source = ELF_SOURCE_NONE;
	void *image = malloc(size ? size : 1);
	const struct frame_section *section;
	struct frame_file *file;
	struct frame_row row;

	if (!image)
		return;
	memcpy(image, data, size);
	if (elf_source_of_image(image, size, &source) < 0)
		return;
	if (frame_file_read(&source, &file) == 0) {
		check_section(&file->eh);
		check_section(&file->debug);
		for (uint64_t offset = 0; offset < 0x4000; offset += 0x111)
			if (frame_file_find(file, offset, &row, &section) == 0)
				check_row(section, &row);
		frame_file_free(file);
	}
	elf_source_close(&source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (*data == 'e' || *data == 'd')
		fuzz_section(data + 1, size - 1, *data == 'e');
	else if (*data == 'f')
		fuzz_file(data + 1, size - 1);
	return 0;
}
