/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/cgroup.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/vec.h"
#include "source/cgroup_internal.h"
#include "source/proc_counters.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static bool has_dotdot(const char *path)
{
	struct span rest = span_of(path), part;

	while (span_until(&rest, '/', &part))
		if (span_is(part, ".."))
			return true;
	return span_is(rest, "..");
}

int cgroup_folder(const struct cgroup_mount *mount, const char *group, struct str *ret)
{
	size_t top_len = strlen(mount->top);
	const char *below = group + top_len;

	if (*group != '/' || has_dotdot(group))
		return -EINVAL;
	if (strncmp(group, mount->top, top_len) != 0 || (*below && *below != '/'))
		return -ENOENT;
	str_clear(ret);
	str_append(ret, mount->path);
	str_append(ret, strcmp(below, "/") == 0 ? "" : below);
	return str_error(ret);
}

int cgroup_read_file(struct procroot *root, const char *folder, const char *name, struct str *text)
{
	_cleanup_(str_free) struct str path = { 0 };
	int r;

	str_format(&path, "%s/%s", folder, name);
	r = str_error(&path);
	if (r == 0)
		r = procroot_read(root, str_text(&path), text);
	return r == -ENODEV ? -ENOENT : r; /* removed while it was open */
}

static int divide_quota(int64_t quota, uint64_t period, double *ret_cpus)
{
	if (period == 0)
		return -EBADMSG;
	*ret_cpus = quota > 0 ? (double)quota / (double)period : NAN;
	return 0;
}

static int read_quota_v2(struct procroot *root, const char *folder, double *ret_cpus)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct span content, line, word;
	uint64_t period;
	int64_t quota;
	int r = cgroup_read_file(root, folder, "cpu.max", &text);

	if (r < 0)
		return r;
	content = span_make(text.data, text.len);
	if (!span_line(&content, &line) || !span_word(&line, &word))
		return -EBADMSG;
	if (span_is(word, "max")) {
		*ret_cpus = NAN;
		return 0;
	}
	if (!span_i64(&word, &quota) || !span_u64(&line, &period))
		return -EBADMSG;
	return divide_quota(quota, period, ret_cpus);
}

static int read_quota_v1(struct procroot *root, const char *folder, double *ret_cpus)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct span line;
	uint64_t period;
	int64_t quota;
	int r = cgroup_read_file(root, folder, "cpu.cfs_quota_us", &text);

	if (r < 0)
		return r;
	line = span_make(text.data, text.len);
	if (!span_i64(&line, &quota))
		return -EBADMSG;
	if (quota <= 0) {
		*ret_cpus = NAN;
		return 0;
	}
	r = cgroup_read_file(root, folder, "cpu.cfs_period_us", &text);
	if (r < 0)
		return r;
	line = span_make(text.data, text.len);
	return span_u64(&line, &period) ? divide_quota(quota, period, ret_cpus) : -EBADMSG;
}

/* -ENOENT when the group has no quota file. */
static int read_quota(struct procroot *root, const struct cgroup_mount *mount, const char *folder,
		      double *ret_cpus)
{
	return mount->v2 ? read_quota_v2(root, folder, ret_cpus) :
			   read_quota_v1(root, folder, ret_cpus);
}

static bool get_throttled_ns(const struct counters *stat, bool v2, uint64_t *ret_ns)
{
	int64_t value;

	if (!counters_get(stat, v2 ? "throttled_usec" : "throttled_time", &value) || value < 0)
		return false;
	return !__builtin_mul_overflow((uint64_t)value, v2 ? 1000 : 1, ret_ns);
}

static void fill_stat(const struct counters *stat, bool v2, struct cgroup_cpu *cpu)
{
	int64_t periods, throttled;

	if (!counters_get(stat, "nr_periods", &periods) || periods < 0 ||
	    !counters_get(stat, "nr_throttled", &throttled) || throttled < 0 ||
	    !get_throttled_ns(stat, v2, &cpu->throttled_ns))
		return;
	cpu->periods = (uint64_t)periods;
	cpu->throttled = (uint64_t)throttled;
	cpu->has_stat = true;
}

static int read_stat(struct procroot *root, bool v2, const char *folder, struct cgroup_cpu *cpu)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(counters_free) struct counters stat = { 0 };
	int r = cgroup_read_file(root, folder, "cpu.stat", &text);

	if (r == 0)
		r = counters_parse_pairs(text.data, text.len, &stat);
	if (r == 0)
		fill_stat(&stat, v2, cpu);
	return r;
}

int cgroup_read_cpu(struct procroot *root, const struct cgroup_mount *mount, const char *group,
		    struct cgroup_cpu *ret)
{
	_cleanup_(str_free) struct str folder = { 0 };
	struct cgroup_cpu cpu = { .quota_cpus = NAN };
	int quota_r, stat_r, r = cgroup_folder(mount, group, &folder);

	if (r < 0)
		return r;
	quota_r = read_quota(root, mount, str_text(&folder), &cpu.quota_cpus);
	if (quota_r < 0 && quota_r != -ENOENT)
		return quota_r;
	stat_r = read_stat(root, mount->v2, str_text(&folder), &cpu);
	if (stat_r < 0 && stat_r != -ENOENT)
		return stat_r;
	if (quota_r < 0 && stat_r < 0 && !procroot_has(root, str_text(&folder)))
		return -ENOENT;
	*ret = cpu;
	return 0;
}

static int add_quota(struct procroot *root, const struct cgroup_mount *mount, const char *group,
		     double *smallest)
{
	_cleanup_(str_free) struct str folder = { 0 };
	double cpus = NAN;
	int r = cgroup_folder(mount, group, &folder);

	if (r < 0)
		return r;
	r = read_quota(root, mount, str_text(&folder), &cpus);
	if (r == -ENOENT)
		return procroot_has(root, str_text(&folder)) ? 0 : -ENOENT;
	*smallest = fmin(*smallest, cpus);
	return r;
}

bool cgroup_cut_to_parent(const struct cgroup_mount *mount, char *group)
{
	char *slash = strrchr(group, '/');

	if (strcmp(group, *mount->top ? mount->top : "/") == 0 || !slash)
		return false;
	slash[slash == group] = '\0';
	return true;
}

int cgroup_effective_quota(struct procroot *root, const struct cgroup_mount *mount,
			   const char *group, double *ret_cpus)
{
	_cleanup_(cleanup_free) char *path = strdup(group);
	double smallest = NAN;
	int r;

	if (!path)
		return -ENOMEM;
	do {
		r = add_quota(root, mount, path, &smallest);
	} while (r == 0 && cgroup_cut_to_parent(mount, path));
	if (r < 0)
		return r;
	*ret_cpus = smallest;
	return 0;
}

/* Breadth first: `groups` holds what was found, those before `next` are done. */
struct walk {
	VEC(char *) groups;
	size_t next;
};

static void walk_free(struct walk *walk)
{
	vec_each(group, &walk->groups)
		free(*group);
	vec_free(&walk->groups);
}

static int add_group(struct walk *walk, const char *parent, const char *name)
{
	_cleanup_(str_free) struct str path = { 0 };
	char *group;
	int r;

	if (walk->groups.len >= CGROUP_WALK_MAX)
		return -E2BIG;
	str_append(&path, parent);
	if (*name && strcmp(parent, "/") != 0)
		str_append_char(&path, '/');
	str_append(&path, name);
	group = str_take(&path);
	r = group ? vec_push(&walk->groups, group) : -ENOMEM;
	if (r < 0)
		free(group);
	return r;
}

static int add_child(void *context, const char *name)
{
	struct walk *walk = context;

	return add_group(walk, walk->groups.data[walk->next], name);
}

static int find_children(struct procroot *root, const struct cgroup_mount *mount, struct walk *walk)
{
	_cleanup_(str_free) struct str folder = { 0 };
	int r = cgroup_folder(mount, walk->groups.data[walk->next], &folder);

	if (r == 0)
		r = procroot_list_folders(root, str_text(&folder), add_child, walk);
	return r == -E2BIG || r == -ENOMEM ? r : 0;
}

typedef int walk_fn(void *context, const char *group, const struct cgroup_cpu *cpu);

static int visit_group(struct procroot *root, const struct cgroup_mount *mount, const char *group,
		       walk_fn *each, void *context)
{
	_cleanup_(str_free) struct str folder = { 0 };
	struct cgroup_cpu cpu = { .quota_cpus = NAN };

	if (cgroup_folder(mount, group, &folder) < 0 ||
	    read_quota(root, mount, str_text(&folder), &cpu.quota_cpus) < 0 ||
	    isnan(cpu.quota_cpus))
		return 0;
	read_stat(root, mount->v2, str_text(&folder), &cpu);
	return each(context, group, &cpu);
}

int cgroup_walk_quotas(struct procroot *root, const struct cgroup_mount *mount,
		       int (*each)(void *context, const char *group, const struct cgroup_cpu *cpu),
		       void *context)
{
	_cleanup_(walk_free) struct walk walk = { 0 };
	int r, more = 0;

	r = add_group(&walk, *mount->top ? mount->top : "/", "");
	for (; r >= 0 && walk.next < walk.groups.len; walk.next++) {
		r = visit_group(root, mount, walk.groups.data[walk.next], each, context);
		if (r >= 0 && more == 0)
			more = find_children(root, mount, &walk);
		if (more == -ENOMEM)
			return more;
	}
	return r < 0 ? r : more;
}
