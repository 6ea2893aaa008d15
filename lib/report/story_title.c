/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headline. */
#include "report/story.h"

#include "base/cleanup.h"
#include "report/view.h"

#include <ctype.h>
#include <string.h>

static enum severity worst(const struct report *report)
{
	enum severity severity = SEVERITY_WARNING;

	vec_each(finding, &report->judgement->findings)
		if (finding->severity > severity)
			severity = finding->severity;
	return severity;
}

/* A cause is as bad as what it leads to. */
static enum severity severity_of(const struct story *story, const struct report *report)
{
	const struct finding *primary = view_primary(report);
	enum severity severity = primary ? primary->severity : worst(report);

	vec_each(line, &story->chain) {
		const struct chain_node *node = &report->judgement->chain.nodes.data[line->node];

		if (node->severity > severity)
			severity = node->severity;
	}
	return severity;
}

static void upper_case(const char *word, char *buffer, size_t size)
{
	size_t i;

	for (i = 0; word[i] && i + 1 < size; i++)
		buffer[i] = (char)toupper((unsigned char)word[i]);
	buffer[i] = '\0';
}

/* "r 1 on 2 CPUs" of "healthy: r 1 on 2 CPUs", since the label says the rest. */
static const char *without_prefix(const char *headline, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(headline, word, len) == 0 && strncmp(headline + len, ": ", 2) == 0)
		return headline + len + 2;
	return headline;
}

static void append_headline(struct str *cells, const struct report *report, const char *word)
{
	const struct finding *primary = view_primary(report);
	const char *headline = report->judgement->verdict.headline;
	const char *cause = primary ? primary->rule->cause : NULL;
	_cleanup_(str_free) struct str text = { 0 };

	if (!headline)
		headline = "";
	if (cause && strncmp(headline, cause, strlen(cause)) != 0)
		str_format(&text, "%s: ", cause);
	str_append(&text, without_prefix(headline, word));
	story_append_cell(cells, str_text(&text));
}

void story_tell_title(struct story *story, const struct report *report)
{
	const struct verdict *verdict = &report->judgement->verdict;
	enum severity severity = severity_of(story, report);
	const char *word = verdict_status_name(verdict->status);
	enum tone tone = TONE_GOOD;
	_cleanup_(str_free) struct str text = { 0 };
	char label[32];

	if (verdict->status == VERDICT_FINDINGS) {
		word = severity_name(severity);
		tone = story_tone(severity);
	} else if (verdict->status == VERDICT_INCONCLUSIVE) {
		tone = TONE_WARNING;
	}
	upper_case(word, label, sizeof(label));
	append_headline(&text, report, word);
	if (verdict->status != VERDICT_INCONCLUSIVE)
		str_format(&text, "\n(confidence %.2f)", verdict->confidence);
	story_add_text(story, LINE_TITLE, tone, label, str_text(&text));
}
