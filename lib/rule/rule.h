/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule table, loaded: what the numbers mean. Rules are data (rules/NN-*.jsonc, JSON with
 * comments); this header is their shape in memory. docs/rules.5.scd is the language's manual.
 *
 * A ruleset is built in layers (embedded table, then folders); a later row with the same id
 * replaces an earlier one. It owns everything it points to and does not change once loaded, so
 * findings may point into it.
 */
#ifndef TRIAGE_RULE_RULE_H
#define TRIAGE_RULE_RULE_H

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "evidence/classes.h"

#include <stdbool.h>
#include <stddef.h>

enum severity {
	SEVERITY_INFO,
	SEVERITY_WARNING,
	SEVERITY_CRITICAL,
};

/* How a finding stands to the others in a story. */
enum role {
	ROLE_SYMPTOM,	/* what is seen: never wins over its cause */
	ROLE_AMPLIFIER, /* makes it worse */
	ROLE_MECHANISM, /* how it happens */
	ROLE_TRIGGER,	/* what set it off */
};

enum op {
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_EQ,
	OP_NE,
	OP_GLOB,
};

/* A name in a condition or a template: a metric, or a column of the rule's table as
 * `row.column`. */
struct ref {
	enum metric_id metric; /* METRIC_NONE when it is a column */
	enum column_id column; /* COLUMN_NONE when it is a metric */
};

/* `left op value`, `left op "text"`, `left op other`, `left op factor * other`. */
struct condition {
	const char *text; /* as written */
	struct ref left;
	enum op op;
	bool against_ref; /* right side is factor * right */
	struct ref right;
	double number;	  /* threshold in the unit of `left`, or the factor */
	const char *word; /* right side of a text comparison; NULL for numbers */
};

VEC_DECLARE(conditions, struct condition);
VEC_DECLARE(strings, const char *);

struct rule {
	const char *id; /* "vmstat.run-queue" */
	const char *file;
	int line;
	enum stage_id stage; /* from the id's first part */
	enum table_id table; /* `for`; TABLE_NONE when the rule is about the host */
	struct conditions when;
	struct conditions unless;
	const char *cause;     /* of `causes`; NULL when the rule only excludes or only steers */
	const char *rules_out; /* cause that this row excludes; NULL */
	enum role role;
	/* of each severity all must hold; the highest that does wins, else severity_least */
	struct conditions severity[SEVERITY_CRITICAL + 1];
	enum severity severity_least;
	const char *subject; /* kind; NULL: the table's, or "host" */
	const char *say;
	const char *means;
	struct strings remedy;
	struct strings commands; /* `try`: what to run next, filled in like `say` */
	enum stage_id next;	 /* STAGE_TOTAL when it asks for none */
	const char *why;
	const char *share; /* name of the number that ranks findings ("row.cpu_share_pct"); NULL */
	struct ref share_ref;
	const char *share_of; /* what that number is a share of, in words */
	const char *source;
	bool enabled;
};

/* Knowledge: `rows` fill KNOWN columns of a table by a glob on one of its text columns
 * (runtimes.jsonc ...). */
struct knowledge_fill {
	enum column_id column;
	const char *text;
};

VEC_DECLARE(fills, struct knowledge_fill);

struct knowledge_row {
	struct strings globs;	 /* any one that matches; first row that matches wins */
	struct strings programs; /* optional: the row's `program` must match one too */
	struct fills set;
};

VEC_DECLARE(knowledge_rows, struct knowledge_row);

struct knowledge {
	const char *name; /* "runtimes" */
	enum table_id table;
	enum column_id column;
	const char *kind; /* optional: only rows whose column `kind` equals this */
	struct knowledge_rows rows;
};

/* How a stage is told (00-stages.jsonc): the question, the command it stands in for, the lines of
 * "saw". */
struct saw_line {
	enum table_id table; /* TABLE_NONE: one line; else one line for each row up to `most` */
	int most;
	struct conditions when; /* a line is left out unless all hold (unknown leaves it out too) */
	const char *say;
};

VEC_DECLARE(saw_lines, struct saw_line);

struct stage_story {
	const char *question;
	const char *command;
	const char *nothing; /* "concluded" when no rule of the stage fired */
	struct saw_lines saw;
};

/* What functions are about (symbols.jsonc, see rule/symbols.h): a row gives its class to the
 * functions that its globs match. */
struct symbol_row {
	enum class_id class;   /* CLASS_NONE: a loop row */
	struct strings kernel; /* globs */
	struct strings user;
	struct strings modules;
	uint64_t all; /* combination: classes that must be there; 0: none */
	bool leaf;
	bool loop;
	bool replace; /* earlier rows of the class are dropped */
};

VEC_DECLARE(symbol_rows, struct symbol_row);

/* One arrow of the chain, as data: a finding of cause `from` drives one of cause `to`, shown by a
 * row of evidence on which all of `when` hold. */
struct link {
	const char *id; /* "chain.softirq-wakes-storm" */
	const char *file;
	int line;
	struct strings from, to;   /* causes */
	enum table_id table;	   /* TABLE_NONE: shown by metrics of the host alone */
	enum column_id match_from; /* text column that names the subject; COLUMN_NONE: any */
	enum column_id match_to;
	const char *match_from_word; /* or a literal that it must equal; NULL: none */
	const char *match_to_word;
	struct conditions when;
	const char *strength; /* name of the number: per cent of `to` that `from` explains */
	struct ref strength_ref;
	const char *strength_of; /* what that is a share of, in words */
	const char *say;
	const char *source;
	bool explains; /* `to` only says how much, `from` says why: the arrow is enough to take over */
	bool enabled;
};

VEC_DECLARE(links, struct link *);
VEC_DECLARE(rules, struct rule *);
VEC_DECLARE(knowledges, struct knowledge *);

struct ruleset {
	struct rules rules; /* in file order; disabled ones are kept and marked */
	struct knowledges knowledge;
	struct symbol_rows symbols; /* in file order */
	struct links links;	    /* in file order; disabled ones are kept and marked */
	struct stage_story stages[STAGE_TOTAL];
	/* of all files that were loaded, in order: each is hashed behind the sum so far */
	char sha256[65];
	VEC(void *) owned;
};

/* One embedded file (generated at build from rules/). */
struct rule_file {
	const char *name;
	const char *text;
	size_t len;
};

/* Loads the table that is built into the program. Never fails on its content: the build checks
 * it. */
int ruleset_load(const struct rule_file *files, size_t count, struct ruleset **ret,
		 struct err *err);

/* Adds every *.jsonc of a folder in name order, over what is there. On failure the message says
 * file, line, rule and field; the ruleset is as before. -ENOENT when the folder does not exist. */
int ruleset_overlay(struct ruleset *rules, const char *folder, struct err *err);

/* Adds one text under a name that error messages use. */
int ruleset_overlay_text(struct ruleset *rules, const char *name, const char *text, size_t len,
			 struct err *err);

void ruleset_free(struct ruleset *rules);
void ruleset_freep(struct ruleset **rules);

const struct rule *ruleset_find(const struct ruleset *rules, const char *id);

/* An arrow's row, by its id. */
const struct link *ruleset_find_link(const struct ruleset *rules, const char *id);

/* The id of a row or of an arrow's row that somebody may have meant; NULL when none is near. */
const char *ruleset_nearest(const struct ruleset *rules, const char *id);

/* What a check went through. */
struct rules_seen {
	int files;
	int rules; /* arrows included */
};

/* Every complaint about the files of a folder, one per line "FILE:LINE: RULE: FIELD: what (did you
 * mean NAME?)", not only the first; returns their number or a negative errno. Semantics beyond
 * loading are checked too: conditions that can't hold together, severities that can't be reached,
 * numbers that a later stage measures, missing prose. `base` (what the folder would go over) and
 * `ret_seen` may be NULL. */
int ruleset_check(const struct ruleset *base, const char *folder, struct str *ret_complaints,
		  struct rules_seen *ret_seen, struct err *err);

/* A row in prose, for `triage rules show`: what it asks, thresholds with units, what it means, what
 * to do. */
void rule_describe(const struct rule *rule, struct str *out);
void link_describe(const struct link *link, struct str *out);

const char *severity_name(enum severity severity);
const char *role_name(enum role role);
const char *op_name(enum op op);

/* The causes that a rule may name (docs: DESIGN causes), terminated by NULL; and what each
 * means. */
struct cause {
	const char *name;
	const char *meaning;
};
extern const struct cause causes[];
const struct cause *cause_find(const char *name);

#endif
