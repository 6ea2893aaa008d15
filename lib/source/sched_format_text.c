/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/sched_format_text.h"

#include <inttypes.h>
#include <string.h>

#define PLACE_MAX 65535u

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool take_word(struct span *s, const char *word)
{
	while (s->p < s->end && (*s->p == '\t' || *s->p == ' '))
		s->p++;
	if (!span_starts(*s, word))
		return false;
	s->p += strlen(word);
	return true;
}

static bool take_setting(struct span *s, const char *name, uint64_t max, unsigned int *ret)
{
	uint64_t value;

	if (!take_word(s, name) || !span_u64(s, &value) || value > max || !take_word(s, ";"))
		return false;
	*ret = (unsigned int)value;
	return true;
}

struct field_line {
	struct span name;
	const char *type; /* of a declaration with the same meaning for us */
	const char *array;
	unsigned int offset, size, is_signed;
};

/* "char prev_comm[16]", "pid_t prev_pid", "__data_loc char[] comm". */
static bool split_declaration(struct span text, struct field_line *ret)
{
	ret->type = span_starts(text, "__data_loc ") ? "__data_loc char[]" :
		    span_starts(text, "__rel_loc ")  ? "__rel_loc char[]" :
						       "int";
	ret->array = "";
	if (text.end > text.p && text.end[-1] == ']') {
		while (text.end > text.p && *--text.end != '[')
			;
		ret->type = "char";
		ret->array = "[1]";
	}
	ret->name = (struct span){ .p = text.end, .end = text.end };
	while (ret->name.p > text.p && is_word_byte(ret->name.p[-1]))
		ret->name.p--;
	return span_len(ret->name) > 0 && span_len(ret->name) < 64 &&
	       !(*ret->name.p >= '0' && *ret->name.p <= '9');
}

/* "field:char prev_comm[16];  offset:8;  size:16;  signed:0;" */
static bool split_field(struct span line, struct field_line *ret)
{
	struct span declaration;

	*ret = (struct field_line){ 0 };
	if (!take_word(&line, "field:") || !span_until(&line, ';', &declaration) ||
	    !split_declaration(declaration, ret) ||
	    !take_setting(&line, "offset:", PLACE_MAX, &ret->offset) ||
	    !take_setting(&line, "size:", PLACE_MAX, &ret->size))
		return false;
	take_setting(&line, "signed:", 1, &ret->is_signed); /* 2.6 had none */
	return true;
}

static bool is_common(struct span name)
{
	return span_is(name, "common_type") || span_is(name, "common_flags") ||
	       span_is(name, "common_pid");
}

/* The text may come from a hostile file, and libtraceevent leaks and worse on what it does not
 * expect: it gets a plain declaration with the same name, place and shape, and only of fields
 * that will be asked for. */
static void write_field(struct str *out, const struct field_line *field)
{
	str_format(out, "\tfield:%s ", field->type);
	str_append_bytes(out, field->name.p, span_len(field->name));
	str_format(out, "%s;\toffset:%u;\tsize:%u;\tsigned:%u;\n", field->array, field->offset,
		   field->size, field->is_signed);
}

void sched_format_text_free(struct sched_format_text *text)
{
	str_free(&text->common);
	str_free(&text->fields);
}

static void split_line(struct sched_format_text *text, struct span line)
{
	struct field_line field;

	if (take_word(&line, "name:")) {
		text->name = span_trim(line);
	} else if (take_word(&line, "ID:")) {
		if (!span_u64(&line, &text->id))
			text->id = UINT64_MAX;
	} else if (take_word(&line, "print fmt:")) {
		text->print_format = line;
	} else if (split_field(line, &field)) {
		if (is_common(field.name))
			write_field(&text->common, &field);
		else if (text->wanted(field.name))
			write_field(&text->fields, &field);
	}
}

void sched_format_text_split(struct sched_format_text *text, struct span rest,
			     bool (*wanted)(struct span name))
{
	struct span line;

	*text = (struct sched_format_text){ .id = UINT64_MAX, .wanted = wanted };
	while (span_line(&rest, &line))
		split_line(text, line);
}

void sched_format_text_write(const struct sched_format_text *text, const char *name,
			     struct str *out)
{
	str_format(out, "name: %s\nID: %" PRIu64 "\nformat:\n", name, text->id);
	str_append(out, str_text(&text->common));
	str_append_char(out, '\n');
	str_append(out, str_text(&text->fields));
	str_append(out, "\nprint fmt: \"\"\n");
	out->failed = out->failed || text->common.failed || text->fields.failed;
}
