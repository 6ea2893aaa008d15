/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/frame_entry.h"

#include <dwarf.h>
#include <errno.h>
#include <limits.h>

#define ENTRIES_MAX ((size_t)1 << 20)

struct record {
	uint32_t offset;
	uint32_t next; /* where the following one is */
	bool is_cie;
	uint32_t cie; /* of an FDE: where its CIE is */
	struct frame_bytes body;
};

static struct frame_bytes bytes_from(const struct frame_section *section, uint32_t offset)
{
	return (struct frame_bytes){ .p = section->data + offset,
				     .end = section->data + section->len };
}

static uint32_t place_of(const struct frame_section *section, const struct frame_bytes *bytes)
{
	return (uint32_t)(bytes->p - section->data);
}

/* In .eh_frame a distance back from the field itself, in .debug_frame an offset. */
static bool find_cie(const struct frame_section *section, uint32_t field, uint64_t id,
		     struct record *record)
{
	uint64_t place = section->eh ? field - id : id; /* before the start: a very high number */

	record->cie = (uint32_t)place;
	return place < section->len;
}

/* False at the end, and when what follows can't be found. A record of length 0 has no body. */
static bool read_record(const struct frame_section *section, uint32_t offset, struct record *ret)
{
	struct frame_bytes bytes = bytes_from(section, offset);
	uint64_t len = frame_bytes_fixed(&bytes, 4), id, cie_id;
	unsigned size = 4;
	uint32_t field;

	if (len == UINT32_MAX) {
		len = frame_bytes_fixed(&bytes, 8);
		size = section->eh ? 4 : 8;
	}
	if (bytes.bad || len > frame_bytes_left(&bytes))
		return false;
	bytes.end = bytes.p + len;
	*ret = (struct record){ .offset = offset,
				.next = place_of(section, &bytes) + (uint32_t)len };
	field = place_of(section, &bytes);
	id = frame_bytes_fixed(&bytes, len ? size : 0);
	cie_id = section->eh ? 0 : size == 8 ? UINT64_MAX : UINT32_MAX;
	ret->is_cie = id == cie_id;
	if (bytes.bad || (len && !ret->is_cie && !find_cie(section, field, id, ret)))
		bytes.p = bytes.end;
	ret->body = bytes;
	return true;
}

bool frame_pointer_read(const struct frame_section *section, struct frame_bytes *bytes,
			uint8_t encoding, uint64_t *ret)
{
	uint64_t base = 0;

	if ((encoding & 0xf0) == DW_EH_PE_pcrel)
		base = section->address + place_of(section, bytes);
	else if ((encoding & 0xf0) != DW_EH_PE_absptr)
		return false;
	switch (encoding & 0xf) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		*ret = base + frame_bytes_fixed(bytes, 8);
		break;
	case DW_EH_PE_udata4:
		*ret = base + frame_bytes_fixed(bytes, 4);
		break;
	case DW_EH_PE_sdata4:
		*ret = base + (uint64_t)frame_bytes_signed(bytes, 4);
		break;
	case DW_EH_PE_udata2:
		*ret = base + frame_bytes_fixed(bytes, 2);
		break;
	case DW_EH_PE_sdata2:
		*ret = base + (uint64_t)frame_bytes_signed(bytes, 2);
		break;
	case DW_EH_PE_uleb128:
		*ret = base + frame_bytes_uleb(bytes);
		break;
	case DW_EH_PE_sleb128:
		*ret = base + (uint64_t)frame_bytes_sleb(bytes);
		break;
	default:
		return false;
	}
	return !bytes->bad;
}

/* What the letters of the augmentation announce; only with 'z' in front is it known how to skip the
 * rest. */
static bool read_augmentation(const struct frame_section *section, const char *letters,
			      struct frame_bytes *bytes, struct frame_cie *cie)
{
	uint64_t len = frame_bytes_uleb(bytes), ignored;
	struct frame_bytes data = { .p = bytes->p };

	frame_bytes_skip(bytes, len);
	data.end = bytes->p;
	cie->has_lengths = true;
	for (; *letters && !data.bad; letters++) {
		if (*letters == 'R')
			cie->encoding = frame_bytes_u8(&data);
		else if (*letters == 'L')
			frame_bytes_u8(&data);
		else if (*letters == 'S')
			cie->signal = true;
		else if (*letters != 'P')
			return *letters == 'B'; /* aarch64: the other key of signatures */
		else if (!frame_pointer_read(section, &data, frame_bytes_u8(&data) & 0xf, &ignored))
			return false;
	}
	return !data.bad;
}

static bool read_alignment(uint8_t version, struct frame_bytes *bytes, struct frame_cie *cie)
{
	uint64_t reg;

	if (version == 4 && (frame_bytes_u8(bytes) != 8 || frame_bytes_u8(bytes) != 0))
		return false; /* sizes of addresses and segment selectors */
	cie->code_align = frame_bytes_uleb(bytes);
	cie->data_align = frame_bytes_sleb(bytes);
	reg = version == 1 ? frame_bytes_u8(bytes) : frame_bytes_uleb(bytes);
	cie->return_reg = (uint8_t)reg;
	return reg < FRAME_REGS;
}

static bool read_cie(const struct frame_section *section, uint32_t offset, struct frame_cie *ret)
{
	struct frame_cie cie = { .offset = offset };
	struct frame_bytes bytes;
	struct record record;
	const char *letters;
	uint8_t version;

	if (!read_record(section, offset, &record) || !record.is_cie)
		return false;
	bytes = record.body;
	version = frame_bytes_u8(&bytes);
	letters = (const char *)bytes.p;
	if ((version != 1 && version != 3 && version != 4) ||
	    !memchr(letters, '\0', frame_bytes_left(&bytes)))
		return false;
	frame_bytes_skip(&bytes, strlen(letters) + 1);
	if (!read_alignment(version, &bytes, &cie) || (*letters && *letters != 'z') ||
	    (*letters && !read_augmentation(section, letters + 1, &bytes, &cie)) || bytes.bad)
		return false;
	cie.program = bytes;
	*ret = cie;
	return true;
}

/* `fde->cie` is the one it was read with before: mostly the same. */
static bool read_fde(const struct frame_section *section, const struct record *record,
		     struct frame_fde *fde)
{
	struct frame_bytes bytes = record->body;

	if (record->is_cie || frame_bytes_left(&bytes) == 0)
		return false;
	if (!fde->cie.program.p || fde->cie.offset != record->cie) {
		fde->cie.program.p = NULL;
		if (!read_cie(section, record->cie, &fde->cie))
			return false;
	}
	if (!frame_pointer_read(section, &bytes, fde->cie.encoding, &fde->start) ||
	    !frame_pointer_read(section, &bytes, fde->cie.encoding & 0xf, &fde->len))
		return false;
	if (fde->cie.has_lengths)
		frame_bytes_skip(&bytes, frame_bytes_uleb(&bytes));
	fde->program = bytes;
	return !bytes.bad && fde->len > 0;
}

bool frame_fde_read(const struct frame_section *section, uint32_t offset, struct frame_fde *ret)
{
	struct frame_fde fde = { 0 };
	struct record record;

	if (!read_record(section, offset, &record) || !read_fde(section, &record, &fde))
		return false;
	*ret = fde;
	return true;
}

/* ---- index ----------------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
	const struct frame_entry *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

/* Linkers mostly put them in order already. */
static void sort_entries(struct frame_section *section)
{
	for (size_t i = 1; i < section->entries.len; i++) {
		if (section->entries.data[i - 1].start <= section->entries.data[i].start)
			continue;
		qsort(section->entries.data, section->entries.len, sizeof(struct frame_entry),
		      compare_entries);
		return;
	}
}

int frame_section_index(struct frame_section *section)
{
	struct frame_fde fde = { 0 };
	struct record record;
	uint32_t offset = 0;

	while (section->entries.len < ENTRIES_MAX && read_record(section, offset, &record)) {
		struct frame_entry entry = { .offset = offset };

		if (record.next - offset == 4 && section->ends_at_zero)
			break;
		offset = record.next;
		if (!read_fde(section, &record, &fde))
			continue;
		entry.start = fde.start;
		if (vec_push(&section->entries, entry) < 0)
			return -ENOMEM;
	}
	sort_entries(section);
	return section->entries.len ? 0 : -ENODATA;
}

void frame_section_clear(struct frame_section *section)
{
	free(section->data);
	vec_free(&section->entries);
	*section = (struct frame_section){ 0 };
}
