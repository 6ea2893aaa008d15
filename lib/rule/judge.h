/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judging: rules over evidence, and what comes out. Pure: no clock, no I/O, the same evidence and
 * the same rules give the same judgement.
 */
#ifndef TRIAGE_RULE_JUDGE_H
#define TRIAGE_RULE_JUDGE_H

#include "evidence/evidence.h"
#include "rule/rule.h"

/* Kleene's three values, in his order: AND is the least, OR the greatest. */
enum truth {
	TRUTH_FALSE,
	TRUTH_UNKNOWN,
	TRUTH_TRUE,
};

/* A number that a rule looked at. Texts belong to the judgement, the ruleset or the evidence. */
struct fact {
	const char *metric; /* "vmstat.r", "top.groups.threads" */
	enum unit unit;
	struct value value;
	enum op op;
	struct value threshold;
	const char *origin;
	const char *command;
};

VEC_DECLARE(facts, struct fact);

/* What a finding is about. */
struct subject {
	/* runtime, program, kernel-thread, cpu, device, cgroup, irq, softirq, host ... */
	const char *kind;
	const char *name;    /* never NULL */
	const char *program; /* NULL when it has none */
	const char *thread;
	const char *pids;
	double threads; /* NAN when not known */
	double processes;
};

struct finding {
	char id[8]; /* "F1", by rank */
	const struct rule *rule;
	int row; /* of rule->table; -1 for the host */
	enum severity severity;
	double confidence; /* 0 .. 1 */
	double share_pct;  /* NAN when the rule names none */
	struct subject subject;
	const char *say;
	const char *means;
	struct strings remedy;
	struct strings commands;
	struct facts facts;
	struct strings doubts; /* `unless` conditions that could not be evaluated, as text */
	char fingerprint[17];
};

VEC_DECLARE(findings, struct finding);

/* A cause that a number excludes. */
struct exclusion {
	const struct rule *rule;
	const char *say;
	struct facts facts;
};

VEC_DECLARE(exclusions, struct exclusion);

/* A rule that could not be evaluated, with the names that are missing and the command that shows
 * them. */
struct unknown {
	const struct rule *rule;
	struct strings missing;
	const char *fix;
};

VEC_DECLARE(unknowns, struct unknown);

/* A rule that held but for an `unless`. */
struct suppression {
	const struct rule *rule;
	int row;
	const char *say;     /* what it would have said */
	const char *because; /* "top.throttled_pct 61 % > 25 %" */
};

VEC_DECLARE(suppressions, struct suppression);

/* A wish for a later stage. */
struct request {
	const struct rule *rule;
	enum stage_id stage;
	const char *why; /* filled in */
};

VEC_DECLARE(requests, struct request);

/* What part a node plays in the verdict. */
enum standing {
	STANDING_PRIMARY,
	STANDING_SECONDARY, /* another mechanism */
	STANDING_AMPLIFIER,
	STANDING_TRIGGER,
	STANDING_EFFECT, /* a symptom that an arrow from the primary's tree reaches */
	STANDING_ASIDE,	 /* seen together: nothing measured connects it */
};

VEC_DECLARE(indexes, size_t);

/* Findings of one cause about one subject are one thing, whichever stages saw it. About one subject
 * means: both about the host; the same program and thread; the same name, when programs and
 * threads do not tell them apart; or the same kind, when one of them is about all of that kind
 * (the softirqs of the host, as opposed to NET_RX). */
struct chain_node {
	const char *cause;
	struct indexes findings; /* into judgement.findings, the one of record first */
	enum severity severity;	 /* the highest of theirs */
	enum role role;		 /* the most explaining of theirs */
	double share_pct;	 /* of the finding of record; NAN when it names none */
	/* What is attributed to it, see rule_judge(); NAN: nothing that has a number */
	double explained_pct;
	enum standing standing;
};

VEC_DECLARE(chain_nodes, struct chain_node);

struct chain_arrow {
	const struct link *link;
	size_t from, to;     /* nodes */
	int row;	     /* of link->table; -1 for the host */
	double strength_pct; /* as measured, above 0 and at most 100 */
	bool feedback;	     /* closes a cycle: drawn, not used to attribute */
	const char *say;
	struct facts facts;
};

VEC_DECLARE(chain_arrows, struct chain_arrow);

/* An arrow that could not be drawn nor denied, though both of its ends are findings. */
struct chain_gap {
	const struct link *link;
	struct strings missing;
	const char *fix;
};

VEC_DECLARE(chain_gaps, struct chain_gap);

struct chain {
	struct chain_nodes nodes;   /* primary first, then by standing, severity, explained_pct */
	struct chain_arrows arrows; /* the strongest first */
	struct chain_gaps gaps;	    /* in the order of the links */
};

enum verdict_status {
	VERDICT_HEALTHY,
	VERDICT_FINDINGS,
	VERDICT_INCONCLUSIVE,
};

struct verdict {
	enum verdict_status status;
	double confidence;
	int primary;		    /* finding of record of chain.nodes.data[0]; -1: none */
	const char *headline;	    /* at most 120 characters */
	const char *confidence_why; /* in words */
};

struct judgement {
	size_t considered;	  /* enabled rules whose stage ran */
	struct findings findings; /* the most important first, at most three of one rule */
	struct exclusions ruled_out;
	struct unknowns unknown;
	struct suppressions suppressed;
	struct requests requests;
	struct chain chain; /* of findings that name a cause; empty without any */
	struct verdict verdict;
	VEC(void *) owned;
};

/* Fills the KNOWN columns of the evidence's tables from the ruleset's knowledge; earlier fills are
 * replaced. Of all knowledge of one name the first row that matches wins, the newest layer
 * first. */
int rule_annotate(const struct ruleset *rules, struct evidence *evidence);

/* What knowledge would fill into `column`, a known one, of a row whose matched column is `text`; rows that ask for a program are
 * taken as if it was theirs. NULL: nothing is known. */
const char *rule_know(const struct ruleset *rules, enum column_id column, const char *text);

/* Evaluates every enabled rule whose stage ran (status ok or degraded) and builds the verdict.
 * Rules of stages that were skipped or unavailable are neither evaluated nor listed as unknown: the
 * stage's record says why.
 *
 * `when` is an AND after Kleene. An `unless` that is true suppresses; one that is unknown does not
 * (a missing number must not hide a finding): it becomes a doubt and costs confidence. Only a row
 * that rules a cause out needs all of its `unless` known, else it is unknown itself.
 *
 * Confidence of a finding: 0.95, times 0.9 when its stage is degraded, 0.8 when it watched less
 * than half a second, times 0.95 for each of the first five caveats of the evidence, times 0.8 for
 * each doubt, never below 0.3. The verdict has its primary finding's, times 0.9 when no arrow
 * touches the primary and another cause that is no symptom is a warning too; a healthy one has
 * 0.95 times the part of the rules that could be evaluated, the same factors applied; an
 * inconclusive one 0: it claims nothing.
 *
 * The chain: a link draws one arrow for each row of evidence on which its conditions hold and
 * whose ends are findings, the driver no symptom; where several findings fit an end, the worst
 * and most explaining one is meant. Arrows join the graph the strongest first, and one that closes a cycle is feedback.
 * Effects are attributed backwards: of what a node suffers its drivers have their strengths' part,
 * their own drivers a part of that. Of several arrows between two nodes the strongest counts, and
 * drivers that claim more than all of a node share it in proportion, first those that claim the
 * same thing (strength_of), then all. explained_pct is the largest effect of a node: of all
 * that it drives, the part times that node's share; or its own share, unless it drives something
 * that is no symptom and is weighed by that.
 *
 * The primary is a mechanism or trigger that is a warning; without one, what is information alone
 * and explains half and more of the worst that there is; an amplifier when there is none, a
 * symptom when there is nothing else. Of several it is the one
 * that reaches the highest severity, then the worst itself, then what explains most. What is a
 * warning itself and explains more than half of the primary takes its place, and so on upstream;
 * an amplifier only when it is as bad. */
int rule_judge(const struct ruleset *rules, const struct evidence *evidence,
	       struct judgement **ret);

/* Whether two findings, also of two judgements, are about one thing: see struct chain_node. */
bool finding_same_subject(const struct finding *a, const struct finding *b);

void judgement_free(struct judgement *judgement);
void judgement_freep(struct judgement **judgement);

/* One rule over one row (-1: none): the truth of `when`, but false when an `unless` is true. For
 * tests. */
enum truth rule_holds(const struct rule *rule, const struct evidence *evidence, int row);
enum truth condition_holds(const struct condition *condition, const struct evidence *evidence,
			   int row);

/* Fills "{metric}" and "{row.column}" of a template; values are shown with their units, unknown
 * ones as "?". A part in brackets with a placeholder in it, "[; asked for in {row.lock_function}]", is left out when one of its
 * placeholders is unknown. Returns how many of the others were unknown, or -ENOMEM. */
int rule_fill(const char *template, enum table_id table, int row, const struct evidence *evidence,
	      struct str *out);

const char *verdict_status_name(enum verdict_status status);

#endif
