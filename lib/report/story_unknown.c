/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What could not be known, and the command that makes it known. */
#include "report/story.h"

#include "base/cleanup.h"
#include "report/view.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum {
	MOST_FIXES = 5,
	MOST_NAMES = 6,
};

/* A rule or link that could not be evaluated. */
struct lack {
	const char *id;
	const struct strings *missing;
	const char *fix; /* "" when there is none */
};

VEC_DECLARE(lacks, struct lack);

static int collect(const struct judgement *judgement, struct lacks *ret)
{
	int r = 0;

	vec_each(unknown, &judgement->unknown) {
		struct lack lack = { unknown->rule->id, &unknown->missing,
				     unknown->fix ? unknown->fix : "" };

		if (r == 0)
			r = vec_push(ret, lack);
	}
	vec_each(gap, &judgement->chain.gaps) {
		struct lack lack = { gap->link->id, &gap->missing, gap->fix ? gap->fix : "" };

		if (r == 0)
			r = vec_push(ret, lack);
	}
	return r;
}

/* True when no lack before this one has its fix. */
static bool opens_group(const struct lacks *lacks, const struct lack *lack)
{
	for (const struct lack *other = lacks->data; other < lack; other++)
		if (strcmp(other->fix, lack->fix) == 0)
			return false;
	return true;
}

static int add_once(struct strings *names, const char *name)
{
	vec_each(listed, names)
		if (strcmp(*listed, name) == 0)
			return 0;
	return vec_push(names, name);
}

static int name_group(const struct lacks *lacks, const struct lack *first,
		      struct strings *ret_missing, struct strings *ret_ids)
{
	int r = 0;

	for (const struct lack *l = first; l < lacks->data + lacks->len && r == 0; l++) {
		if (strcmp(l->fix, first->fix) != 0)
			continue;
		r = add_once(ret_ids, l->id);
		vec_each(missing, l->missing)
			if (r == 0)
				r = add_once(ret_missing, *missing);
	}
	return r;
}

static void append_names(struct str *out, const struct strings *names, int verbosity)
{
	size_t most = verbosity > 0 ? SIZE_MAX : MOST_NAMES;

	for (size_t i = 0; i < names->len && i < most; i++)
		str_format(out, "%s%s", i ? ", " : "", names->data[i]);
	if (names->len > most)
		str_format(out, " and %zu more", names->len - most);
}

/* One item for all that one command makes known. */
static void tell_group(struct story *story, const struct lacks *lacks, const struct lack *first,
		       int verbosity)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct strings missing = { 0 };
	struct strings ids = { 0 };

	if (name_group(lacks, first, &missing, &ids) < 0)
		story->failed = true;
	append_names(&text, &missing, verbosity);
	str_append(&text, missing.len ? " not measured: " : "not measured: ");
	append_names(&text, &ids, verbosity);
	story_add_text(story, LINE_TEXT, TONE_PLAIN, "-", str_text(&text));
	if (*first->fix)
		story_add_text(story, LINE_COMMAND, TONE_PLAIN, NULL, first->fix);
	vec_free(&missing);
	vec_free(&ids);
}

static void tell_help(struct story *story, const struct report *report)
{
	struct view_help help;

	if (!view_help(report, &help))
		return;
	if (help.rules)
		story_add(story, LINE_TEXT, "-",
			  "this would help most; %zu rules of stage %s could not be evaluated:",
			  help.rules, stage_name(help.stage));
	else
		story_add(story, LINE_TEXT, "-", "this would help most:");
	story_add_text(story, LINE_COMMAND, TONE_PLAIN, NULL, help.command);
}

static void tell_heading(struct story *story, const struct report *report)
{
	story_add(story, LINE_HEADING, "Unknown",
		  "what could not be judged, and the command that makes it known");
	tell_help(story, report);
}

void story_tell_unknown(struct story *story, const struct report *report, int verbosity)
{
	struct story_cap cap = story_cap_of(MOST_FIXES, verbosity);
	struct lacks lacks = { 0 };

	if (collect(report->judgement, &lacks) < 0)
		story->failed = true;
	vec_each(lack, &lacks) {
		if (!opens_group(&lacks, lack) || !story_cap_take(&cap))
			continue;
		if (cap.taken == 1)
			tell_heading(story, report);
		tell_group(story, &lacks, lack, verbosity);
	}
	story_cap_end(story, &cap);
	vec_free(&lacks);
}
