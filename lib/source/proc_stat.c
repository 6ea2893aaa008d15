/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/proc_stat.h"

#include "base/span.h"

#include <errno.h>

#define LEAST_CPU_TIMES 4 /* user nice system idle: what Linux 2.4 had */
#define MOST_CPU_NUMBER 65535

static bool parse_ticks(struct span *line, struct proc_cpu_times *times)
{
	int i = 0;

	while (i < PROC_CPU_TIMES && span_u64(line, &times->ticks[i]))
		i++;
	return i >= LEAST_CPU_TIMES;
}

static bool is_next_cpu(const struct proc_stat *stat, uint64_t cpu)
{
	size_t len = stat->cpus.len;

	return cpu <= MOST_CPU_NUMBER && (len == 0 || (int)cpu > stat->cpus.data[len - 1].cpu);
}

/* `name` is "cpu" or "cpuN". */
static int parse_cpu(struct span name, struct span line, struct proc_stat *stat, bool *seen_total)
{
	struct proc_cpu_times times = { .cpu = -1 };
	uint64_t cpu;

	if (!parse_ticks(&line, &times))
		return 0;
	if (span_is(name, "cpu")) {
		stat->total = times;
		*seen_total = true;
		return 0;
	}
	name.p += 3;
	if (!span_u64(&name, &cpu) || span_len(name) > 0 || !is_next_cpu(stat, cpu))
		return 0;
	times.cpu = (int)cpu;
	return vec_push(&stat->cpus, times);
}

static void parse_counter(struct span name, struct span line, struct proc_stat *stat)
{
	const struct {
		const char *name;
		uint64_t *value;
	} counters[] = {
		{ "intr", &stat->interrupts },	     { "ctxt", &stat->switches },
		{ "processes", &stat->forks },	     { "procs_running", &stat->running },
		{ "procs_blocked", &stat->blocked },
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		if (span_is(name, counters[i].name))
			span_u64(&line, counters[i].value);
}

int proc_stat_parse(const char *text, size_t len, struct proc_stat *ret)
{
	struct proc_stat stat = { .total.cpu = -1 };
	struct span rest = span_make(text, len), line, name;
	bool seen_total = false;
	int r = 0;

	while (r == 0 && span_line(&rest, &line)) {
		if (!span_word(&line, &name))
			continue;
		if (span_starts(name, "cpu"))
			r = parse_cpu(name, line, &stat, &seen_total);
		else
			parse_counter(name, line, &stat);
	}
	if (r == 0 && !seen_total)
		r = -EBADMSG;
	if (r < 0) {
		proc_stat_free(&stat);
		return r;
	}
	*ret = stat;
	return 0;
}

void proc_stat_free(struct proc_stat *stat)
{
	if (stat)
		vec_free(&stat->cpus);
}

int proc_loadavg_parse(const char *text, size_t len, struct proc_loadavg *ret)
{
	struct span line = span_make(text, len), running;
	struct proc_loadavg load;

	if (!span_decimal(&line, &load.load1) || !span_decimal(&line, &load.load5) ||
	    !span_decimal(&line, &load.load15) || !span_until(&line, '/', &running) ||
	    !span_u64(&running, &load.running) || span_len(running) > 0 ||
	    !span_u64(&line, &load.threads))
		return -EBADMSG;
	*ret = load;
	return 0;
}

int proc_uptime_parse(const char *text, size_t len, double *ret_uptime_s)
{
	struct span line = span_make(text, len);

	return span_decimal(&line, ret_uptime_s) ? 0 : -EBADMSG;
}
