/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/address_space_internal.h"

#include "base/cleanup.h"
#include "symbol/maps_parse.h"

#include <errno.h>
#include <string.h>

#define PROCESSES_MAX 4096
#define MAPPINGS_MAX 4096
#define ALL_MAPPINGS_MAX ((size_t)1 << 20) /* 80 MiB */

struct address_spaces *address_spaces_new(struct procroot *root, uint32_t processes_max,
					  uint32_t mappings_max)
{
	struct address_spaces *spaces = calloc(1, sizeof(*spaces));

	if (!spaces)
		return NULL;
	spaces->root = root;
	spaces->processes_max = processes_max ? processes_max : PROCESSES_MAX;
	spaces->mappings_max = mappings_max ? mappings_max : MAPPINGS_MAX;
	memset(spaces->buckets, 0xff, sizeof(spaces->buckets));
	return spaces;
}

void address_spaces_free(struct address_spaces *spaces)
{
	if (!spaces)
		return;
	vec_each(space, &spaces->list)
		vec_free(&space->mappings);
	vec_free(&spaces->list);
	path_pool_clear(&spaces->paths);
	free(spaces);
}

void address_spaces_freep(struct address_spaces **spaces)
{
	address_spaces_free(*spaces);
}

bool address_spaces_is_live(const struct address_spaces *spaces)
{
	return procroot_is_live(spaces->root);
}

/* ---- the table of processes ------------------------------------------------------------------ */

static int32_t *bucket_of(struct address_spaces *spaces, pid_t pid)
{
	return &spaces->buckets[(uint32_t)pid % SPACE_BUCKETS];
}

static struct space *find_space(const struct address_spaces *spaces, pid_t pid)
{
	int32_t i = spaces->buckets[(uint32_t)pid % SPACE_BUCKETS];

	while (i >= 0 && spaces->list.data[i].pid != pid)
		i = spaces->list.data[i].next;
	return i < 0 ? NULL : &spaces->list.data[i];
}

static void clear_space(struct address_spaces *spaces, struct space *space)
{
	spaces->mappings -= space->mappings.len;
	space->mappings.len = 0;
	space->known = false;
	space->exited = false;
	space->failed = 0;
}

static void unlink_space(struct address_spaces *spaces, int32_t index)
{
	int32_t *link = bucket_of(spaces, spaces->list.data[index].pid);

	while (*link != index)
		link = &spaces->list.data[*link].next;
	*link = spaces->list.data[index].next;
}

/* A host where processes come and go by the thousand must not fill the table with the dead. */
static int32_t reuse_exited(struct address_spaces *spaces)
{
	for (size_t tried = 0; tried < spaces->list.len; tried++) {
		size_t i = spaces->hand++ % spaces->list.len;

		if (!spaces->list.data[i].exited)
			continue;
		unlink_space(spaces, (int32_t)i);
		clear_space(spaces, &spaces->list.data[i]);
		return (int32_t)i;
	}
	return -1;
}

static int add_space(struct address_spaces *spaces, pid_t pid, struct space **ret)
{
	struct space fresh = { .pid = pid };
	int32_t *bucket = bucket_of(spaces, pid);
	int32_t index = (int32_t)spaces->list.len;
	struct space *space;

	if (spaces->list.len >= spaces->processes_max) {
		index = reuse_exited(spaces);
		if (index < 0) {
			spaces->counts.processes_left_out++;
			return -ENOSPC;
		}
	} else if (vec_push(&spaces->list, fresh) < 0) {
		return -ENOMEM;
	}
	space = &spaces->list.data[index];
	space->pid = pid;
	space->next = *bucket;
	*bucket = index;
	*ret = space;
	return 0;
}

/* -ENOSPC: the table is full, which is counted. */
static int get_space(struct address_spaces *spaces, pid_t pid, struct space **ret)
{
	*ret = find_space(spaces, pid);
	if (*ret)
		return 0;
	return pid > 0 ? add_space(spaces, pid, ret) : -ENOSPC;
}

/* ---- mappings -------------------------------------------------------------------------------- */

static int put_mapping(struct address_spaces *spaces, struct space *space, struct mapping mapping,
		       struct span path)
{
	size_t before = space->mappings.len, left_out;
	int r = path_pool_share(&spaces->paths, path, &mapping.path);

	if (r == -ENOSPC || spaces->mappings >= ALL_MAPPINGS_MAX) {
		spaces->counts.mappings_left_out++;
		return 0;
	}
	if (r < 0)
		return r;
	r = mapping_list_put(&space->mappings, &mapping, spaces->mappings_max, &left_out);
	if (r < 0)
		return r;
	spaces->mappings += space->mappings.len - before;
	spaces->counts.mappings_left_out += left_out;
	return 0;
}

static int put_line(struct address_spaces *spaces, struct space *space, struct span text)
{
	struct maps_line line;
	struct mapping mapping;

	if (maps_parse_line(text, &line) < 0) {
		spaces->counts.lines_skipped++;
		return 0;
	}
	if (!line.executable)
		return 0;
	mapping = (struct mapping){ .start = line.start,
				    .end = line.end,
				    .offset = line.offset,
				    .major = line.major,
				    .minor = line.minor,
				    .inode = line.inode,
				    .deleted = line.deleted };
	return put_mapping(spaces, space, mapping, line.path);
}

/* An empty file is a process that is on its way out, or a kernel thread: what events told stays. */
static int take_maps(struct address_spaces *spaces, struct space *space, struct span text)
{
	struct span line;
	int r = 0;

	if (span_len(text) > 0)
		clear_space(spaces, space);
	while (r == 0 && span_line(&text, &line))
		r = put_line(spaces, space, line);
	return r;
}

static int read_maps(struct address_spaces *spaces, struct space *space)
{
	_cleanup_(str_free) struct str text = { 0 };
	char path[32];
	int r;

	snprintf(path, sizeof(path), "proc/%d/maps", (int)space->pid);
	r = procroot_read(spaces->root, path, &text);
	/* A JVM's may be longer than any other file of /proc. */
	if (r == -EFBIG)
		r = address_space_read_long(spaces, path, &text);
	if (r < 0)
		return r;
	return take_maps(spaces, space, span_make(str_text(&text), text.len));
}

int address_spaces_see(struct address_spaces *spaces, pid_t pid)
{
	struct space *space;
	int r = get_space(spaces, pid, &space);

	if (r < 0)
		return r == -ENOSPC ? 0 : r;
	if (space->known || space->failed)
		return space->failed;
	r = read_maps(spaces, space);
	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT)
		r = -ESRCH;
	if (r == -ESRCH)
		space->exited = true;
	space->failed = r;
	space->known = r == 0;
	return r;
}

/* "//anon" is how the kernel's events call a mapping without a file. */
static struct span event_path(const struct mapping_event *event, bool *ret_deleted)
{
	struct span path = span_make(event->path, strnlen(event->path, MAPS_PATH_MAX));

	if (span_is(path, "//anon"))
		path.end = path.p;
	*ret_deleted = maps_cut_deleted(&path);
	return path;
}

int address_spaces_map(struct address_spaces *spaces, const struct mapping_event *event)
{
	struct mapping mapping = { .start = event->start,
				   .end = event->start + event->len,
				   .offset = event->offset,
				   .major = event->major,
				   .minor = event->minor,
				   .inode = event->inode };
	struct span path = event_path(event, &mapping.deleted);
	struct space *space;
	int r;

	if (mapping.end <= mapping.start || event->pid <= 0) {
		spaces->counts.lines_skipped++;
		return 0;
	}
	r = get_space(spaces, event->pid, &space);
	if (r < 0)
		return r == -ENOSPC ? 0 : r;
	return put_mapping(spaces, space, mapping, path);
}

/* ---- forks and exits ------------------------------------------------------------------------- */

static int copy_mappings(struct address_spaces *spaces, struct space *to, const struct space *from)
{
	size_t left_out;
	int r = 0;

	for (size_t i = 0; i < from->mappings.len && r == 0; i++) {
		if (spaces->mappings >= ALL_MAPPINGS_MAX) {
			spaces->counts.mappings_left_out += from->mappings.len - i;
			break;
		}
		r = mapping_list_put(&to->mappings, &from->mappings.data[i], spaces->mappings_max,
				     &left_out);
		spaces->mappings += r == 0 ? 1 : 0;
	}
	to->known = from->known;
	return r;
}

/* A process that is known and has not exited was read after it was forked: that is newer. */
static int take_fork(struct address_spaces *spaces, const struct task_event *event)
{
	struct space *child = find_space(spaces, event->pid);
	const struct space *parent;
	int r;

	if (event->pid == event->parent_pid || event->pid <= 0 || (child && !child->exited))
		return 0;
	if (child)
		clear_space(spaces, child);
	if (!find_space(spaces, event->parent_pid))
		return 0;
	r = get_space(spaces, event->pid, &child);
	if (r < 0)
		return r == -ENOSPC ? 0 : r;
	/* The child may have taken the place of a parent that has exited. */
	parent = find_space(spaces, event->parent_pid);
	return parent ? copy_mappings(spaces, child, parent) : 0;
}

/* All mappings of the new program come as events after it. */
static int take_exec(struct address_spaces *spaces, const struct task_event *event)
{
	struct space *space;
	int r = get_space(spaces, event->pid, &space);

	if (r < 0)
		return r == -ENOSPC ? 0 : r;
	clear_space(spaces, space);
	space->known = true;
	return 0;
}

int address_spaces_task(struct address_spaces *spaces, const struct task_event *event)
{
	struct space *space;

	switch (event->type) {
	case TASK_EVENT_FORK:
		return take_fork(spaces, event);
	case TASK_EVENT_NAME:
		return event->exec ? take_exec(spaces, event) : 0;
	case TASK_EVENT_EXIT:
		/* The leader may go before its threads; then they still resolve, as exit keeps. */
		space = event->pid == event->tid ? find_space(spaces, event->pid) : NULL;
		if (space)
			space->exited = true;
		return 0;
	}
	return 0;
}

/* ---- looking up ------------------------------------------------------------------------------ */

const struct mapping *address_spaces_find(const struct address_spaces *spaces, pid_t pid,
					  uint64_t address)
{
	const struct space *space = find_space(spaces, pid);

	return space ? mapping_list_find(&space->mappings, address) : NULL;
}

const struct mapping *address_spaces_of(const struct address_spaces *spaces, pid_t pid,
					size_t *ret_count)
{
	const struct space *space = find_space(spaces, pid);

	*ret_count = space ? space->mappings.len : 0;
	return space ? space->mappings.data : NULL;
}

void address_spaces_counts(const struct address_spaces *spaces, struct address_spaces_counts *ret)
{
	*ret = spaces->counts;
}
