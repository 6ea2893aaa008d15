/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/import.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "import/clean.h"
#include "import/gather.h"
#include "import/perf_text.h"
#include "import/unwrap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAINTS_MAX 24

int import_new(const struct import_options *options, struct evidence *evidence, struct import **ret)
{
	struct import *import = calloc(1, sizeof(*import));

	if (!import)
		return -ENOMEM;
	import->options = *options;
	import->evidence = evidence;
	for (int kind = 0; kind < COPY_KINDS; kind++)
		import->pressure_avg10[kind][0] = import->pressure_avg10[kind][1] = NAN;
	import_tell_cpus_by(import, CPUS_BY_USER, options->cpus);
	*ret = import;
	return 0;
}

void import_free(struct import *import)
{
	if (!import)
		return;
	vec_each(list, &import->lists)
		vec_free(&list->tasks);
	vec_free(&import->lists);
	vec_each(report, &import->iostat_reports)
		vec_free(&report->disks);
	vec_free(&import->iostat_reports);
	vec_each(copy, &import->copies)
		proc_copy_free(copy);
	vec_free(&import->copies);
	for (int teller = 0; teller < TELLERS; teller++)
		vec_free(&import->cpu_means[teller]);
	vec_free(&import->nics);
	vec_free(&import->seen);
	perf_text_free(import->perf);
	free(import);
}

void import_freep(struct import **import)
{
	import_free(*import);
}

struct evidence *import_evidence(struct import *import)
{
	return import->evidence;
}

void import_complain(struct import *import, const char *format, ...)
{
	_cleanup_(str_free) struct str text = { 0 };
	va_list args;

	if (import->complaints++ >= COMPLAINTS_MAX)
		return;
	va_start(args, format);
	str_vformat(&text, format, args);
	va_end(args);
	evidence_add_caveat(import->evidence, "%s", str_text(&text));
}

/* ---- which kind a line belongs to -------------------------------------------------------------- */

static int note_seen(struct import *import, const struct text_kind *kind, size_t lines)
{
	struct import_seen fresh = { .kind = kind->name, .blocks = 1, .lines = (unsigned)lines };

	if (kind->stage < STAGE_TOTAL)
		import->stages |= 1U << kind->stage;
	vec_each(seen, &import->seen)
		if (strcmp(seen->kind, kind->name) == 0) {
			seen->blocks++;
			seen->lines += (unsigned)lines;
			return 0;
		}
	return vec_push(&import->seen, fresh);
}

/* How many lines the first kind that knows them took; 0 when none does. */
static int ask(struct import *import, const struct text_kind *const *kinds,
	       const struct span *lines, size_t count)
{
	for (; *kinds; kinds++) {
		int taken = (*kinds)->take(import, lines, count);
		int r;

		if (taken == 0)
			continue;
		if (taken < 0)
			return taken;
		r = note_seen(import, *kinds, (size_t)taken);
		return r < 0 ? r : taken;
	}
	return 0;
}

static int take_block(struct import *import, const struct span *lines, size_t count)
{
	const struct text_kind *const *const order[] = { text_kinds, perf_text_kinds,
							 loose_text_kinds };
	int taken = 0;

	for (size_t i = 0; i < ARRAY_SIZE(order) && taken == 0; i++)
		taken = ask(import, order[i], lines, count);
	return taken;
}

static int take_lines(struct import *import, const struct clean_lines *lines)
{
	for (size_t i = 0; i < lines->len;) {
		size_t left = lines->len - i;
		int taken = line_is_blank(lines->data[i]) ?
				    0 :
				    take_block(import, &lines->data[i], left);

		if (taken < 0)
			return taken;
		if (taken == 0 && !line_is_blank(lines->data[i])) {
			import->misses++;
			import->missed_bytes += span_len(lines->data[i]);
		}
		i += taken > 0 && (size_t)taken < left ? (size_t)taken : taken > 0 ? left : 1;
	}
	return 0;
}

/* How much of the lines is not understood, without a trace. */
static int try_lines(const struct import *import, const struct clean_lines *lines, size_t *ret)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(import_freep) struct import *trial = NULL;
	int r = evidence_new(&evidence);

	if (r == 0)
		r = import_new(&import->options, evidence, &trial);
	if (r == 0)
		r = take_lines(trial, lines);
	if (r == 0)
		*ret = trial->missed_bytes;
	return r;
}

/* Lines that look as if a terminal had broken them are joined when more of them is understood so. */
static int take_unwrapped(struct import *import, const struct clean_lines *lines)
{
	struct clean_text joined;
	size_t missed = 0, missed_joined = 0;
	int r = unwrap_lines(lines, &joined);

	if (r <= 0)
		return r < 0 ? r : take_lines(import, lines);
	r = try_lines(import, lines, &missed);
	if (r == 0 && missed)
		r = try_lines(import, &joined.lines, &missed_joined);
	if (r == 0)
		r = take_lines(import, missed_joined < missed ? &joined.lines : lines);
	clean_text_free(&joined);
	return r;
}

int import_text(struct import *import, const char *name, const char *bytes, size_t len)
{
	struct clean_text clean;
	int r;

	if (len > IMPORT_BYTES_MAX)
		return -E2BIG;
	r = clean_text_make(bytes, len, &clean);
	if (r < 0)
		return r;
	import->texts++;
	if (clean.cut)
		import_complain(import, "%s: only the first %u lines were read", name,
				CLEAN_LINES_MAX);
	r = take_unwrapped(import, &clean.lines);
	clean_text_free(&clean);
	return r;
}

/* ---- the end ----------------------------------------------------------------------------------- */

static int by_lines(const void *left, const void *right)
{
	const struct import_seen *a = left, *b = right;

	if (a->lines != b->lines)
		return a->lines < b->lines ? 1 : -1;
	return strcmp(a->kind, b->kind);
}

const struct import_seen *import_seen(const struct import *import, size_t index)
{
	return index < import->seen.len ? vec_at(&import->seen, index) : NULL;
}

static const struct text_kind *kind_named(const char *name)
{
	const struct text_kind *const *const order[] = { text_kinds, perf_text_kinds,
							 loose_text_kinds };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (const struct text_kind *const *kind = order[i]; *kind; kind++)
			if (strcmp((*kind)->name, name) == 0)
				return *kind;
	return NULL;
}

/* The lines above top's table tell what the vmstat stage asks. */
static bool feeds(const struct import *import, const struct text_kind *kind, enum stage_id stage)
{
	return kind->stage == stage ||
	       (stage == STAGE_vmstat && import->top_header && strcmp(kind->name, "top") == 0);
}

/* "vmstat, top and mpstat": what fed a stage. */
static void say_kinds(struct str *out, const struct import *import, enum stage_id stage)
{
	const char *last = NULL;
	unsigned said = 0;

	vec_each(seen, &import->seen) {
		const struct text_kind *kind = kind_named(seen->kind);

		if (!kind || !feeds(import, kind, stage))
			continue;
		if (last)
			str_format(out, "%s%s", said++ ? ", " : "", last);
		last = seen->kind;
	}
	if (last)
		str_format(out, "%s%s", said ? " and " : "", last);
	else
		str_append(out, "several tools");
}

/* What to run where nothing of a stage was pasted, or to know it better. */
static const char *const stage_commands[STAGE_TOTAL] = {
	[STAGE_vmstat] = "vmstat -w 1 5; mpstat -P ALL 1 3; uptime",
	[STAGE_top] = "top -H -b -w 512 -n 2 -d 3; pidstat -wut 1 3; "
		      "ps -eLo state,pid,tid,comm:32,wchan:32",
	[STAGE_perf] = "perf record -a -g -o perf.data -- sleep 5",
	[STAGE_sched] = "perf sched record -a -o sched.data -- sleep 2",
	[STAGE_locate] = "perf sched timehist --state --callchain",
};

static int record_stage(struct import *import, enum stage_id stage)
{
	_cleanup_(str_free) struct str reason = { 0 };
	struct stage_record record = { .status = STAGE_UNAVAILABLE, .fix = stage_commands[stage] };
	enum stage_status known = evidence_stage(import->evidence, stage)->status;
	bool fed = import->stages & 1U << stage || (stage == STAGE_vmstat && import->top_header);

	/* a file of perf may have said more of it */
	if (known == STAGE_OK || known == STAGE_DEGRADED || (known != STAGE_SKIPPED && !fed))
		return 0;
	if (fed) {
		record.status = STAGE_DEGRADED;
		str_append(&reason, "from text of ");
		say_kinds(&reason, import, stage);
	} else {
		str_append(&reason, "nothing of it in the text");
	}
	if (str_error(&reason) < 0)
		return -ENOMEM;
	record.reason = str_text(&reason);
	return evidence_set_stage(import->evidence, stage, &record);
}

static int record_stages(struct import *import)
{
	int r = 0;

	for (int stage = 0; stage < STAGE_TOTAL && r == 0; stage++)
		r = record_stage(import, (enum stage_id)stage);
	return r;
}

static void say_read(struct import *import)
{
	_cleanup_(str_free) struct str text = { 0 };
	unsigned lines = 0;

	vec_each(seen, &import->seen) {
		str_format(&text, "%s%s (%u lines)", text.len ? ", " : "", seen->kind, seen->lines);
		lines += seen->lines;
	}
	evidence_add_caveat(import->evidence,
			    "read from text: %s; %u of %u lines were not understood",
			    str_text(&text), import->misses, import->misses + lines);
	if (import->complaints > COMPLAINTS_MAX)
		evidence_add_caveat(import->evidence, "%u more complaints about the text",
				    import->complaints - COMPLAINTS_MAX);
}

/* Evidence that a file of perf left there knows them too. */
static void settle_cpus(struct import *import)
{
	double known = evidence_number(import->evidence, METRIC_host_cpus_online);

	if (import->cpus_by < CPUS_BANNER && !isnan(known))
		import_tell_cpus_by(import, CPUS_BANNER, known);
}

static void say_cpus(struct import *import)
{
	if (import->cpus_by == CPUS_UNKNOWN)
		evidence_add_caveat(import->evidence,
				    "how many CPUs the host has is not in the text: name it by "
				    "--cpus N");
	if (import->cpus_by == CPUS_COUNTED)
		evidence_add_caveat(
			import->evidence,
			"%.0f CPUs, counted from lines of single CPUs: --cpus N if there are more",
			import->cpus);
	if (import->cpus_differ && import->cpus_by == CPUS_BANNER)
		evidence_add_caveat(import->evidence,
				    "the texts tell different numbers of CPUs: %.0f is taken",
				    import->cpus);
}

int import_end(struct import *import, struct err *err)
{
	int r;

	if (import->ended)
		return err_set(err, -EINVAL, "the import has ended already");
	import->ended = true;
	if (!import->seen.len)
		return err_set(
			err, -ENODATA,
			"nothing in it is known: text of vmstat, top, pidstat, ps, mpstat, iostat, "
			"sar, perf or copies of /proc files would be");
	qsort(import->seen.data, import->seen.len, sizeof(*import->seen.data), by_lines);
	say_read(import);
	settle_cpus(import);
	r = import_put_proc(import);
	say_cpus(import);
	r = r == 0 ? import_put_host(import) : r;
	r = r == 0 ? import_put_devices(import) : r;
	r = r == 0 ? import_put_tasks(import) : r;
	r = r == 0 ? perf_text_put(import) : r;
	r = r == 0 ? record_stages(import) : r;
	return r < 0 ? r : evidence_set_text(import->evidence, METRIC_self_input, "text");
}
