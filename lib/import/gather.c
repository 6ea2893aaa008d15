/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DISKS_MAX 512
#define CPUS_MAX 8192

void told_set(struct told *told, enum teller by, double value)
{
	if (isnan(value) || by < told->by)
		return;
	told->value = value;
	told->by = by;
}

double told_value(const struct told *told)
{
	return told->by == TOLD_BY_NOBODY ? NAN : told->value;
}

double import_share_pct(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : NAN;
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

double import_median(double *values, size_t count)
{
	if (!count)
		return NAN;
	qsort(values, count, sizeof(*values), compare_doubles);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

void import_tell_cpus_by(struct import *import, enum cpus_teller by, double cpus)
{
	if (!(cpus >= 1) || cpus > CPUS_MAX || by < import->cpus_by)
		return;
	if (by == import->cpus_by && by == CPUS_COUNTED)
		cpus = fmax(cpus, import->cpus);
	if (by == import->cpus_by && by == CPUS_BANNER && cpus != import->cpus)
		import->cpus_differ = true;
	import->cpus = cpus;
	import->cpus_by = by;
}

void import_tell_cpus(struct import *import, double cpus)
{
	import_tell_cpus_by(import, CPUS_BANNER, cpus);
}

struct cpu_parts cpu_parts_unknown(void)
{
	return (struct cpu_parts){ NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
}

static void add_parts(struct cpu_parts *sum, const struct cpu_parts *parts)
{
	sum->us += parts->us;
	sum->ni += parts->ni;
	sum->sy += parts->sy;
	sum->id += parts->id;
	sum->wa += parts->wa;
	sum->hi += parts->hi;
	sum->si += parts->si;
	sum->st += parts->st;
	sum->guest += parts->guest;
}

int import_add_cpu(struct import *import, enum teller by, int cpu, const struct cpu_parts *parts)
{
	struct cpu_means *means = &import->cpu_means[by];
	struct cpu_mean fresh = { .cpu = cpu, .sum = *parts, .count = 1 };

	/* a share above 100 % is a number of something else */
	if (!(parts->us <= 101 && parts->sy <= 101 && parts->id <= 101) || cpu >= CPUS_MAX)
		return 0;
	if (cpu >= 0)
		import_tell_cpus_by(import, CPUS_COUNTED, cpu + 1);
	vec_each(mean, means)
		if (mean->cpu == cpu) {
			add_parts(&mean->sum, parts);
			mean->count++;
			return 0;
		}
	return vec_push(means, fresh);
}

void import_drop_cpu(struct import *import, enum teller by)
{
	import->cpu_means[by].len = 0;
}

int import_add_disk(struct disk_samples *disks, const struct disk_sample *sample)
{
	vec_each(disk, disks)
		if (strcmp(disk->name, sample->name) == 0) {
			disk->count += sample->count;
			disk->reads += sample->reads;
			disk->writes += sample->writes;
			disk->read_bytes += sample->read_bytes;
			disk->write_bytes += sample->write_bytes;
			disk->queue += sample->queue;
			disk->util_pct += sample->util_pct;
			disk->wait_ms += sample->wait_ms;
			disk->read_wait_ms += sample->read_wait_ms;
			disk->write_wait_ms += sample->write_wait_ms;
			return 0;
		}
	return disks->len < DISKS_MAX ? vec_push(disks, *sample) : 0;
}

int import_add_nic(struct nic_samples *nics, const struct nic_sample *sample)
{
	vec_each(nic, nics)
		if (strcmp(nic->name, sample->name) == 0) {
			nic->count += sample->count;
			nic->drops_count += sample->drops_count;
			nic->rx_packets += sample->rx_packets;
			nic->tx_packets += sample->tx_packets;
			nic->rx_bytes += sample->rx_bytes;
			nic->tx_bytes += sample->tx_bytes;
			nic->rx_drops += sample->rx_drops;
			nic->tx_drops += sample->tx_drops;
			return 0;
		}
	return nics->len < DISKS_MAX ? vec_push(nics, *sample) : 0;
}

void proc_copy_free(struct proc_copy *copy)
{
	vec_free(&copy->rows);
	vec_free(&copy->values);
}

const struct proc_copy_row *proc_copy_find(const struct proc_copy *copy, const char *name)
{
	vec_each(row, &copy->rows)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

double proc_copy_value(const struct proc_copy *copy, const struct proc_copy_row *row, size_t index)
{
	return row && index < row->count ? copy->values.data[row->first + index] : NAN;
}

struct task_list *import_add_list(struct import *import, enum task_list_kind kind)
{
	struct task_list list = { .kind = kind };

	if (vec_push(&import->lists, list) < 0)
		return NULL;
	return vec_at(&import->lists, import->lists.len - 1);
}

const struct task_list *import_list(const struct import *import, enum task_list_kind kind)
{
	const struct task_list *best = NULL;

	vec_each(list, &import->lists) {
		if (list->kind != kind || !list->tasks.len)
			continue;
		if (!best || list->average >= best->average)
			best = list;
	}
	return best;
}

const struct task_list *import_list_before(const struct import *import,
					   const struct task_list *list)
{
	const struct task_list *before = NULL;

	vec_each(other, &import->lists) {
		if (other == list)
			break;
		if (other->kind == list->kind && other->tasks.len)
			before = other;
	}
	return before;
}
