/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/proc_counters.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/str.h"
#include "base/vec.h"

#include <errno.h>
#include <string.h>

#define NAME_MAX_LEN 96 /* the kernel's longest is below 40 */
#define BYTES_PER_KIB 1024
#define HUNDREDTHS_MAX 1e6 /* psi averages are per cents; more is nonsense */

/* A list under construction: names grow in `text`, one NUL each, in the order of the items. */
struct builder {
	struct counters list;
	struct str text;
};

static void builder_free(struct builder *builder)
{
	vec_free(&builder->list);
	str_free(&builder->text);
}

static bool is_name(struct span name)
{
	if (span_len(name) == 0 || span_len(name) > NAME_MAX_LEN)
		return false;
	for (; name.p < name.end; name.p++)
		if (*name.p <= ' ' || *name.p >= 0x7f)
			return false;
	return true;
}

/* `group` may be empty. */
static int builder_add(struct builder *builder, struct span group, struct span name, int64_t value)
{
	struct counter counter = { .value = value };

	if (!is_name(name))
		return 0;
	if (span_len(group) > 0) {
		str_append_bytes(&builder->text, group.p, span_len(group));
		str_append_char(&builder->text, '.');
	}
	str_append_bytes(&builder->text, name.p, span_len(name));
	str_append_char(&builder->text, '\0');
	return str_error(&builder->text) < 0 ? -ENOMEM : vec_push(&builder->list, counter);
}

static int builder_finish(struct builder *builder, struct counters *ret)
{
	const char *name;

	if (builder->list.len == 0)
		return -EBADMSG;
	builder->list.names = str_take(&builder->text);
	if (!builder->list.names)
		return -ENOMEM;
	name = builder->list.names;
	vec_each(counter, &builder->list) {
		counter->name = name;
		name += strlen(name) + 1;
	}
	*ret = builder->list;
	memset(&builder->list, 0, sizeof(builder->list));
	return 0;
}

typedef int parse_line_fn(struct builder *builder, struct span line);

static int parse_lines(const char *text, size_t len, parse_line_fn *parse, struct counters *ret)
{
	_cleanup_(builder_free) struct builder builder = { 0 };
	struct span rest = span_make(text, len), line;
	int r = 0;

	while (r == 0 && span_line(&rest, &line))
		r = parse(&builder, line);
	return r < 0 ? r : builder_finish(&builder, ret);
}

static bool is_blank(struct span line)
{
	return span_len(span_trim(line)) == 0;
}

static int parse_pair(struct builder *builder, struct span line)
{
	struct span name;
	int64_t value;

	if (!span_word(&line, &name) || !span_i64(&line, &value) || !is_blank(line))
		return 0;
	return builder_add(builder, (struct span){ 0 }, name, value);
}

int counters_parse_pairs(const char *text, size_t len, struct counters *ret)
{
	return parse_lines(text, len, parse_pair, ret);
}

static int parse_meminfo_line(struct builder *builder, struct span line)
{
	struct span name;
	int64_t value;

	if (!span_until(&line, ':', &name) || !span_i64(&line, &value))
		return 0;
	line = span_trim(line);
	if (span_is(line, "kB") && __builtin_mul_overflow(value, BYTES_PER_KIB, &value))
		return 0;
	if (span_len(line) > 0 && !span_is(line, "kB"))
		return 0;
	return builder_add(builder, (struct span){ 0 }, name, value);
}

int counters_parse_meminfo(const char *text, size_t len, struct counters *ret)
{
	return parse_lines(text, len, parse_meminfo_line, ret);
}

/* A column whose value is no number is skipped, the others stay aligned; so do surplus columns. */
static int pair_columns(struct builder *builder, struct span group, struct span names,
			struct span values)
{
	struct span name, word;
	int64_t value;
	int r = 0;

	while (r == 0 && span_word(&names, &name) && span_word(&values, &word))
		if (span_i64(&word, &value) && span_len(word) == 0)
			r = builder_add(builder, group, name, value);
	return r;
}

static bool same_bytes(struct span a, struct span b)
{
	return span_len(a) == span_len(b) && memcmp(a.p, b.p, span_len(a)) == 0;
}

int counters_parse_snmp(const char *text, size_t len, struct counters *ret)
{
	_cleanup_(builder_free) struct builder builder = { 0 };
	struct span rest = span_make(text, len), line, group, names, header_group = { 0 };
	bool have_header = false;
	int r = 0;

	while (r == 0 && span_line(&rest, &line)) {
		if (!span_until(&line, ':', &group) || !is_name(group))
			continue;
		if (have_header && same_bytes(group, header_group)) {
			r = pair_columns(&builder, group, names, line);
			have_header = false;
			continue;
		}
		header_group = group;
		names = line;
		have_header = true;
	}
	return r < 0 ? r : builder_finish(&builder, ret);
}

/* "avg10=0.40" in hundredths, "total=3644205" as it is. */
static bool parse_pressure_value(struct span name, struct span text, int64_t *ret)
{
	double average_pct;

	if (!span_starts(name, "avg"))
		return span_i64(&text, ret) && span_len(text) == 0;
	if (!span_decimal(&text, &average_pct) || span_len(text) > 0 ||
	    average_pct * 100 > HUNDREDTHS_MAX)
		return false;
	*ret = (int64_t)(average_pct * 100 + 0.5);
	return true;
}

static int parse_pressure_line(struct builder *builder, struct span line)
{
	struct span group, word, name;
	int64_t value;
	int r = 0;

	if (!span_word(&line, &group) || !is_name(group))
		return 0;
	while (r == 0 && span_word(&line, &word))
		if (span_until(&word, '=', &name) && parse_pressure_value(name, word, &value))
			r = builder_add(builder, group, name, value);
	return r;
}

int counters_parse_pressure(const char *text, size_t len, struct counters *ret)
{
	return parse_lines(text, len, parse_pressure_line, ret);
}

void counters_free(struct counters *counters)
{
	if (!counters)
		return;
	vec_free(counters);
	free(counters->names);
	counters->names = NULL;
}

bool counters_get(const struct counters *counters, const char *name, int64_t *ret_value)
{
	vec_each(counter, counters) {
		if (counter->name[0] != name[0] || strcmp(counter->name, name) != 0)
			continue;
		*ret_value = counter->value;
		return true;
	}
	return false;
}
