/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A judgement built by hand with a chain over it. */
#ifndef TRIAGE_REPORT_TESTING_CHAIN_H
#define TRIAGE_REPORT_TESTING_CHAIN_H

#include "report/testing.h"

enum { SOFTIRQ = 1, LOCK, QUEUE, SWAP, DISK, NODES };

static const struct rule lock_rule = {
	.id = "perf.lock",
	.stage = STAGE_perf,
	.table = TABLE_NONE,
	.cause = "lock-contention",
	.role = ROLE_MECHANISM,
};

static const struct rule swap_rule = {
	.id = "vmstat.swap",
	.stage = STAGE_vmstat,
	.table = TABLE_NONE,
	.cause = "swap-thrash",
	.role = ROLE_MECHANISM,
};

static const struct rule disk_rule = {
	.id = "vmstat.disk",
	.stage = STAGE_vmstat,
	.table = TABLE_NONE,
	.cause = "io-saturation",
	.role = ROLE_SYMPTOM,
};

static const struct link wakes = { .id = "chain.wakes", .strength_of = "its wakeups" };
static const struct link waits = { .id = "chain.waits", .strength_of = "waiting for a CPU" };
static const struct link spins = { .id = "chain.spins", .strength_of = "its CPU time" };
static const struct link pages = { .id = "chain.pages", .strength_of = "the disk's work" };

/* A fixture with a chain over it. */
struct chained {
	struct fixture f;
	struct finding findings[NODES];
	size_t members[NODES];
	struct chain_node nodes[NODES];
	struct chain_arrow arrows[8];
	const char *remedies[NODES];
	const char *commands[NODES];
};

static inline void put_node(struct chained *c, size_t node, const struct rule *rule, const char *id,
			    const char *say, enum standing standing)
{
	c->findings[node] = make_finding(rule, id, SEVERITY_WARNING, say);
	c->findings[node].remedy = (struct strings){ .data = &c->remedies[node], .len = 1 };
	c->findings[node].commands = (struct strings){ .data = &c->commands[node], .len = 1 };
	c->members[node] = node;
	c->nodes[node] = (struct chain_node){ .cause = rule->cause,
					      .findings = { .data = &c->members[node], .len = 1 },
					      .severity = SEVERITY_WARNING,
					      .role = rule->role,
					      .share_pct = NAN,
					      .explained_pct = NAN,
					      .standing = standing };
}

static inline struct chain_arrow *put_arrow(struct chained *c, const struct link *link, size_t from,
					    size_t to, double strength_pct)
{
	struct chain *chain = &c->f.judgement.chain;

	chain->arrows.data = c->arrows;
	c->arrows[chain->arrows.len] = (struct chain_arrow){ .link = link,
							     .from = from,
							     .to = to,
							     .row = -1,
							     .strength_pct = strength_pct,
							     .say = link->id };
	return &c->arrows[chain->arrows.len++];
}

/* Nodes without arrows. */
static inline void set_up_nodes(struct chained *c)
{
	static const char *const remedies[NODES] = { "fewer threads",  "coalesce",
						     "split the lock", "add CPUs",
						     "add memory",     "faster disk" };
	static const char *const commands[NODES] = { "top -H", "mpstat",  "perf lock",
						     "vmstat", "free -m", "iostat" };

	set_up(&c->f, "storm");
	memcpy(c->remedies, remedies, sizeof(remedies));
	memcpy(c->commands, commands, sizeof(commands));
	put_node(c, 0, &storm_rule, "F1", "storm", STANDING_PRIMARY);
	put_node(c, SOFTIRQ, &softirq_rule, "F2", "packets come", STANDING_AMPLIFIER);
	put_node(c, LOCK, &lock_rule, "F3", "threads spin", STANDING_SECONDARY);
	put_node(c, QUEUE, &queue_rule, "F4", "19 threads queue", STANDING_EFFECT);
	put_node(c, SWAP, &swap_rule, "F5", "pages come and go", STANDING_SECONDARY);
	put_node(c, DISK, &disk_rule, "F6", "the disk is full of work", STANDING_ASIDE);
	c->nodes[QUEUE].severity = SEVERITY_CRITICAL;
	c->nodes[0].explained_pct = 88;
	c->nodes[SOFTIRQ].explained_pct = 62;
	c->findings[SOFTIRQ].facts = (struct facts){ .data = c->f.facts + 1, .len = 1 };
	c->f.judgement.findings = (struct findings){ .data = c->findings, .len = NODES };
	c->f.judgement.chain.nodes = (struct chain_nodes){ .data = c->nodes, .len = NODES };
	c->f.judgement.unknown.len = 0;
}

/* softirq -> storm -> (queue, lock), lock -> queue, queue => storm; swap -> disk apart. */
static inline void set_up_chain(struct chained *c)
{
	memset(c, 0, sizeof(*c));
	set_up_nodes(c);
	put_arrow(c, &waits, 0, QUEUE, 93);
	put_arrow(c, &pages, SWAP, DISK, 70);
	put_arrow(c, &wakes, SOFTIRQ, 0, 64);
	put_arrow(c, &spins, 0, LOCK, 61.4);
	put_arrow(c, &waits, LOCK, QUEUE, 30);
	put_arrow(c, &wakes, QUEUE, 0, 12)->feedback = true;
}

#endif
