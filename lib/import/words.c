/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/words.h"

#include <math.h>
#include <string.h>

#define NUMBER_CHARS 40

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

void words_join(struct words *words, struct span line)
{
	struct span word;

	while (words->count < WORDS_MAX && span_word(&line, &word))
		words->at[words->count++] = word;
}

void words_split(struct span line, struct words *ret)
{
	ret->count = 0;
	words_join(ret, line);
}

int words_find(const struct words *words, size_t from, const char *text)
{
	for (size_t i = from; i < words->count; i++)
		if (span_is(words->at[i], text))
			return (int)i;
	return -1;
}

struct span words_rest(const struct words *words, size_t index, struct span line)
{
	const char *start = index < words->count ? words->at[index].p : line.end;

	/* of a wrapped line only the word itself: what follows stands elsewhere */
	if (start < line.p || start > line.end)
		return words->at[index];
	return span_trim((struct span){ .p = start, .end = line.end });
}

/* Where digits, separators and signs end. */
static const char *number_end(struct span word)
{
	const char *p = word.p;

	while (p < word.end && (is_digit(*p) || *p == '.' || *p == ','))
		p++;
	return p;
}

static const char *last_of(struct span text, char c)
{
	return span_len(text) ? memrchr(text.p, c, span_len(text)) : NULL;
}

static bool occurs_once(struct span text, const char *at)
{
	return at && memchr(text.p, *at, span_len(text)) == at;
}

/* The separator of the fraction, NULL when there is none. */
static const char *fraction_at(struct span text)
{
	const char *comma = last_of(text, ','), *dot = last_of(text, '.');
	const char *last = comma > dot ? comma : dot;

	if (!last || !occurs_once(text, last))
		return NULL;
	if (last == dot || dot)
		return last;
	/* one comma alone: "1,234" or "12,34" */
	if (text.end - last != 4 || last - text.p > 3 || (last - text.p == 1 && *text.p == '0'))
		return last;
	return NULL;
}

static double digits_value(struct span text, const char *fraction)
{
	double value = 0, scale = 0.1;

	for (const char *p = text.p; p < text.end; p++) {
		if (!is_digit(*p))
			continue;
		if (fraction && p > fraction) {
			value += scale * (*p - '0');
			scale /= 10;
		} else {
			value = value * 10 + (*p - '0');
		}
	}
	return value;
}

static bool take_suffix(struct span *rest, double *value)
{
	static const char letters[] = "kmgt";
	const char *letter;

	if (rest->p < rest->end && (letter = strchr(letters, *rest->p | 0x20)) && *letter) {
		*value *= pow(1000, (double)(letter - letters + 1));
		rest->p++;
	}
	if (rest->p < rest->end && (*rest->p == '%' || *rest->p == '+'))
		rest->p++;
	return rest->p == rest->end;
}

bool word_number(struct span word, double *ret)
{
	struct span digits = { word.p, number_end(word) }, rest = { digits.end, word.end };
	double value;

	if (span_len(word) == 0 || span_len(word) > NUMBER_CHARS || !span_len(digits) ||
	    !is_digit(*digits.p) || !is_digit(digits.end[-1]))
		return false;
	value = digits_value(digits, fraction_at(digits));
	if (!take_suffix(&rest, &value))
		return false;
	*ret = value;
	return true;
}

double word_value(struct span word)
{
	double value;

	return word_number(word, &value) ? value : NAN;
}

bool word_id(struct span word, long *ret)
{
	long value = 0;

	if (span_len(word) == 0 || span_len(word) > 18)
		return false;
	for (const char *p = word.p; p < word.end; p++) {
		if (!is_digit(*p))
			return false;
		value = value * 10 + (*p - '0');
	}
	*ret = value;
	return true;
}

bool line_has(struct span line, const char *text)
{
	return span_len(line) && memmem(line.p, span_len(line), text, strlen(text));
}

bool line_is_blank(struct span line)
{
	struct span word;

	return !span_word(&line, &word);
}

size_t lines_blank(const struct span *lines, size_t count)
{
	size_t i = 0;

	while (i < count && line_is_blank(lines[i]))
		i++;
	return i;
}
