/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/snapshot.h"

#include "evidence/evidence.h"
#include "model/rates.h"

#include <math.h>

#define NAMES_MAX 6

/* A metric that is the growth per second of a counter, or of the sum of those that the kernel
 * has. */
static const struct counter_rate {
	enum metric_id metric;
	enum counter_list list;
	const char *names[NAMES_MAX];
} counter_rates[] = {
	{ METRIC_vmstat_si_pages_per_s, LIST_VMSTAT, { "pswpin" } },
	{ METRIC_vmstat_so_pages_per_s, LIST_VMSTAT, { "pswpout" } },
	{ METRIC_vmstat_swap_pages_per_s, LIST_VMSTAT, { "pswpin", "pswpout" } },
	{ METRIC_vmstat_pgscan_direct_per_s, LIST_VMSTAT, { "pgscan_direct" } },
	{ METRIC_vmstat_pgscan_kswapd_per_s, LIST_VMSTAT, { "pgscan_kswapd" } },
	{ METRIC_vmstat_allocstall_per_s,
	  LIST_VMSTAT,
	  { "allocstall", "allocstall_dma", "allocstall_dma32", "allocstall_normal",
	    "allocstall_movable", "allocstall_device" } },
	{ METRIC_vmstat_compact_stall_per_s, LIST_VMSTAT, { "compact_stall" } },
	{ METRIC_vmstat_pgmajfault_per_s, LIST_VMSTAT, { "pgmajfault" } },
	{ METRIC_vmstat_pgfault_per_s, LIST_VMSTAT, { "pgfault" } },
	{ METRIC_vmstat_tcp_out_segments_per_s, LIST_SNMP, { "Tcp.OutSegs" } },
	{ METRIC_vmstat_tcp_retransmits_per_s, LIST_SNMP, { "Tcp.RetransSegs" } },
	{ METRIC_vmstat_udp_rcvbuf_errors_per_s, LIST_SNMP, { "Udp.RcvbufErrors" } },
	{ METRIC_vmstat_listen_overflows_per_s, LIST_NETSTAT, { "TcpExt.ListenOverflows" } },
	{ METRIC_vmstat_listen_drops_per_s, LIST_NETSTAT, { "TcpExt.ListenDrops" } },
	{ METRIC_vmstat_tcp_reqq_full_per_s,
	  LIST_NETSTAT,
	  { "TcpExt.TCPReqQFullDrop", "TcpExt.TCPReqQFullDoCookies" } },
};

/* Pressure totals count microseconds. */
static const struct {
	enum metric_id metric;
	enum counter_list list;
	const char *name;
} pressures[] = {
	{ METRIC_vmstat_psi_cpu_some_pct, LIST_PSI_CPU, "some.total" },
	{ METRIC_vmstat_psi_memory_some_pct, LIST_PSI_MEMORY, "some.total" },
	{ METRIC_vmstat_psi_memory_full_pct, LIST_PSI_MEMORY, "full.total" },
	{ METRIC_vmstat_psi_io_some_pct, LIST_PSI_IO, "some.total" },
	{ METRIC_vmstat_psi_io_full_pct, LIST_PSI_IO, "full.total" },
	{ METRIC_vmstat_psi_irq_full_pct, LIST_PSI_IRQ, "full.total" },
};

/* Growth of one counter; NAN when either side lacks it. */
static double growth(const struct interval *interval, enum counter_list list, const char *name)
{
	int64_t before, after;

	if (!interval->elapsed_ns || !counters_get(&interval->before->lists[list], name, &before) ||
	    !counters_get(&interval->after->lists[list], name, &after))
		return NAN;
	return counter_delta((uint64_t)before, (uint64_t)after);
}

/* Growth of the sum of the counters that there are; NAN when there is none. */
static double growth_of_sum(const struct interval *interval, const struct counter_rate *rate)
{
	double sum = NAN;

	for (int i = 0; i < NAMES_MAX && rate->names[i]; i++) {
		double grown = growth(interval, rate->list, rate->names[i]);

		if (!isnan(grown))
			sum = isnan(sum) ? grown : sum + grown;
	}
	return sum;
}

static void put_growth(const struct interval *interval, struct evidence *evidence)
{
	double elapsed_s = (double)interval->elapsed_ns / 1e9;

	for (size_t i = 0; i < sizeof(counter_rates) / sizeof(counter_rates[0]); i++)
		evidence_set(evidence, counter_rates[i].metric,
			     growth_of_sum(interval, &counter_rates[i]) / elapsed_s);
	for (size_t i = 0; i < sizeof(pressures) / sizeof(pressures[0]); i++)
		evidence_set(
			evidence, pressures[i].metric,
			fmin(100,
			     share_pct(growth(interval, pressures[i].list, pressures[i].name) / 1e6,
				       elapsed_s)));
	evidence_set(evidence, METRIC_vmstat_oom_kills, growth(interval, LIST_VMSTAT, "oom_kill"));
	evidence_set(evidence, METRIC_vmstat_tcp_retransmit_pct,
		     share_pct(growth(interval, LIST_SNMP, "Tcp.RetransSegs"),
			       growth(interval, LIST_SNMP, "Tcp.OutSegs")));
}

static double level(const struct snapshot *snapshot, const char *name)
{
	int64_t value;

	return counters_get(&snapshot->lists[LIST_MEMINFO], name, &value) ? (double)value : NAN;
}

static void put_memory(const struct snapshot *snapshot, struct evidence *evidence)
{
	double total = level(snapshot, "MemTotal"), available = level(snapshot, "MemAvailable");
	double swap = level(snapshot, "SwapTotal"), swap_free = level(snapshot, "SwapFree");

	evidence_set(evidence, METRIC_host_memory_bytes, total);
	evidence_set(evidence, METRIC_vmstat_memory_available_bytes, available);
	evidence_set(evidence, METRIC_vmstat_memory_available_pct, share_pct(available, total));
	evidence_set(evidence, METRIC_vmstat_swap_total_bytes, swap);
	evidence_set(evidence, METRIC_vmstat_swap_used_pct, share_pct(swap - swap_free, swap));
}

int vmstat_put_counters(const struct interval *interval, struct evidence *evidence)
{
	put_memory(interval->after, evidence);
	if (interval->elapsed_ns)
		put_growth(interval, evidence);
	return 0;
}
