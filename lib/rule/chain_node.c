/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings become nodes: the same storm seen by top, perf and sched is one thing. */
#include "rule/judging.h"

#include <errno.h>
#include <math.h>
#include <string.h>

int judging_role_rank(enum role role)
{
	return role == ROLE_SYMPTOM ? 2 : role == ROLE_AMPLIFIER ? 1 : 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool is_host(const struct finding *finding)
{
	return strcmp(finding->subject.kind, "host") == 0;
}

/* About all of its kind on the host: "the softirqs", not one vector. */
static bool is_of_all(const struct finding *finding)
{
	return finding->row < 0 || same_text(finding->subject.name, finding->subject.kind);
}

/* A runtime's name may stand in one stage where the thread's own stands in another. */
static bool same_name(const struct subject *a, const struct subject *b)
{
	return same_text(a->name, b->name) || same_text(a->name, b->thread) ||
	       same_text(a->thread, b->name);
}

bool finding_same_subject(const struct finding *a, const struct finding *b)
{
	const struct subject *left = &a->subject, *right = &b->subject;

	if (is_host(a) || is_host(b))
		return is_host(a) && is_host(b);
	if (strcmp(left->kind, right->kind) == 0 && (is_of_all(a) || is_of_all(b)))
		return true;
	if (left->program && right->program && strcmp(left->program, right->program) != 0)
		return false;
	if (left->program && right->program && left->thread && right->thread)
		return strcmp(left->thread, right->thread) == 0;
	return same_name(left, right);
}

static bool belongs(const struct judgement *judgement, const struct chain_node *node,
		    const struct finding *finding)
{
	if (strcmp(node->cause, finding->rule->cause) != 0)
		return false;
	vec_each(index, &node->findings)
		if (finding_same_subject(&judgement->findings.data[*index], finding))
			return true;
	return false;
}

static bool explains(const struct finding *finding)
{
	return finding->severity >= SEVERITY_WARNING && finding->rule->role != ROLE_SYMPTOM;
}

/* The one of record: it explains, it is the worst, and of equals the later stage's, which measured
 * more closely. */
static bool is_better(const struct finding *a, const struct finding *b)
{
	if (explains(a) != explains(b))
		return explains(a);
	if (a->severity != b->severity)
		return a->severity > b->severity;
	if (judging_role_rank(a->rule->role) != judging_role_rank(b->rule->role))
		return judging_role_rank(a->rule->role) < judging_role_rank(b->rule->role);
	return a->rule->stage > b->rule->stage;
}

static int add_to(const struct judgement *judgement, struct chain_node *node, size_t index)
{
	const struct finding *findings = judgement->findings.data;
	const struct finding *finding = &findings[index];
	int r = vec_push(&node->findings, index);

	if (r < 0)
		return r;
	if (is_better(finding, &findings[node->findings.data[0]])) {
		memmove(node->findings.data + 1, node->findings.data,
			(node->findings.len - 1) * sizeof(*node->findings.data));
		node->findings.data[0] = index;
		node->share_pct = finding->share_pct;
	}
	if (finding->severity > node->severity)
		node->severity = finding->severity;
	if (judging_role_rank(finding->rule->role) < judging_role_rank(node->role))
		node->role = finding->rule->role;
	return 0;
}

static int add_node(struct judgement *judgement, size_t index)
{
	const struct finding *finding = &judgement->findings.data[index];
	struct chain_node node = { .cause = finding->rule->cause,
				   .severity = finding->severity,
				   .role = finding->rule->role,
				   .share_pct = finding->share_pct,
				   .explained_pct = NAN,
				   .standing = STANDING_ASIDE };
	int r = vec_push(&node.findings, index);

	r = r == 0 ? vec_push(&judgement->chain.nodes, node) : r;
	if (r < 0)
		vec_free(&node.findings);
	return r;
}

static struct chain_node *find_home(const struct judgement *judgement,
				    const struct finding *finding)
{
	vec_each(node, &judgement->chain.nodes)
		if (belongs(judgement, node, finding))
			return node;
	return NULL;
}

/* What is merely seen and mild makes no node: it joins the one that there is. */
static bool is_note(const struct finding *finding)
{
	return finding->severity == SEVERITY_INFO && finding->rule->role == ROLE_SYMPTOM;
}

static int add_all(struct judgement *judgement, bool notes)
{
	for (size_t i = 0; i < judgement->findings.len; i++) {
		const struct finding *finding = &judgement->findings.data[i];
		struct chain_node *home;
		int r = 0;

		if (!finding->rule->cause || is_note(finding) != notes)
			continue;
		home = find_home(judgement, finding);
		if (home)
			r = add_to(judgement, home, i);
		else if (!notes)
			r = add_node(judgement, i);
		if (r < 0)
			return r;
	}
	return 0;
}

int chain_add_nodes(struct judgement *judgement)
{
	int r = add_all(judgement, false);

	return r < 0 ? r : add_all(judgement, true);
}

void chain_clear(struct chain *chain)
{
	vec_each(node, &chain->nodes)
		vec_free(&node->findings);
	vec_each(arrow, &chain->arrows)
		vec_free(&arrow->facts);
	vec_each(gap, &chain->gaps)
		vec_free(&gap->missing);
	vec_free(&chain->nodes);
	vec_free(&chain->arrows);
	vec_free(&chain->gaps);
}
