/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks in the formats that other tools and people open: folded text (flamegraph.pl, inferno), a
 * flame graph as a self-contained SVG, speedscope's JSON. Pure: the same stacks give the same
 * bytes.
 *
 * The SVG is one file without any reference to another: titles on hover, click to zoom, search
 * (ctrl-F), Escape to reset; "#search=WORD" and "#zoom=N" (the frame's number, from 0) in its
 * address do the same. Without scripts it is a picture. Colours tell what a frame is.
 */
#ifndef TRIAGE_REPORT_FLAME_H
#define TRIAGE_REPORT_FLAME_H

#include "base/span.h"
#include "base/str.h"
#include "report/folded.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum flame_kind {
	FLAME_GROUP,   /* a program, its threads */
	FLAME_USER,    /* a program's own function */
	FLAME_LIBRARY, /* of a library or a language's runtime */
	FLAME_KERNEL,
	FLAME_INTERRUPT, /* of the kernel, in an interrupt or softirq, and all that it calls */
	FLAME_LOCK,	 /* taking, waiting for or releasing a lock, wherever */
	FLAME_FAULT,	 /* view page-faults: the fault, and all that it calls */
	FLAME_HOT,	 /* view hot-cold: on a CPU */
	FLAME_COLD,	 /* views hot-cold and wakeup: off the CPU */
	FLAME_WAKER,	 /* view wakeup: of who wakes */
	FLAME_OTHER,	 /* idle, left out, nameless */
	FLAME_KINDS,
};

/* In what a frame lies: all frames above one that begins a region are in it, until another. */
enum flame_region {
	FLAME_IN_NOTHING,
	FLAME_IN_INTERRUPT,
	FLAME_IN_FAULT,
	FLAME_IN_HOT,
	FLAME_IN_COLD,
	FLAME_IN_WAKER,
};

/* What is drawn; nothing in it is owned or changed. */
struct flame {
	const struct folded *stacks;

	/* Told beside the picture; NULL, NAN: not known. */
	const char *host;
	const char *tool_version;
	const char *clock;    /* what the samples were taken by */
	double start_unix_s;  /* of the run */
	double window_s;      /* how long was sampled */
	double cold_window_s; /* view hot-cold: how long waits were watched; 0: not known */
	uint64_t whole; /* weight of all stacks when these are some of them; 0: they are all */
	double samples;
	double cpus;

	/* The classes of a function (evidence/classes.h), as rule_symbol_meaning() has them. NULL: kinds
	 * are told by kernel and user alone. */
	uint64_t (*classes)(const void *context, const char *function, bool kernel);
	const void *context;

	size_t bytes_max; /* of the text; 0: 8 MiB for an SVG, 64 MiB for speedscope */
};

/* The kind of node `index`, which lies in `region`, and the region of the nodes above it. */
enum flame_kind flame_kind(const struct flame *flame, uint32_t index, enum flame_region region,
			   enum flame_region *ret_above);

/* All append to `out` and end with a newline; 0 or -ENOMEM, with `out` as it was. What doesn't fit
 * in `bytes_max` is left out, the narrowest first: the SVG says so, speedscope has it as the frame
 * "(left out)". */
int flame_folded(const struct flame *flame, struct str *out);
int flame_svg(const struct flame *flame, struct str *out);
int flame_speedscope(const struct flame *flame, struct str *out);

/* A format that a command line may name. */
struct flame_format {
	const char *name; /* "folded", "svg", "speedscope" */
	bool for_people;  /* may go to a terminal */
	int (*write)(const struct flame *flame, struct str *out);
};

/* All of them, ended by a NULL name. */
extern const struct flame_format flame_formats[];

/* NULL when there is none of that name. */
const struct flame_format *flame_format_by_name(const char *name);

#endif
