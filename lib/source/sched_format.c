/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/sched_format.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/str.h"
#include "source/sched_format_text.h"
#include "source/sched_states.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <traceevent/event-parse.h>

#define TEXT_MAX 65536u
#define RAW_MAX 65536u /* a perf record, and with it a payload, is shorter */

#define FLAG_HARDIRQ 0x08 /* enum trace_flag_type, include/linux/trace_events.h */
#define FLAG_SOFTIRQ 0x10
#define FLAG_NMI 0x40

/* Numbers that an event can hold, named by what they become. */
enum number {
	NUMBER_TID,
	NUMBER_OTHER_TID,
	NUMBER_STATE,
	NUMBER_TARGET_CPU,
	NUMBER_FROM_CPU,
	NUMBER_VALUE,
	NUMBER_SUCCESS,
	NUMBER_FLAGS,
	NUMBER_TOTAL,
};

struct description {
	const char *name;
	enum sched_event_type type;
	const char *numbers[NUMBER_TOTAL];
	const char *comm, *other_comm;
};

#define WAKEUP_NUMBERS                                                    \
	{                                                                 \
		[NUMBER_TID] = "pid", [NUMBER_TARGET_CPU] = "target_cpu", \
		[NUMBER_SUCCESS] = "success",                             \
	}

static const struct description descriptions[] = {
	{ .name = "sched_switch",
	  .type = SCHED_SWITCH,
	  .numbers = { [NUMBER_TID] = "next_pid",
		       [NUMBER_OTHER_TID] = "prev_pid",
		       [NUMBER_STATE] = "prev_state" },
	  .comm = "next_comm",
	  .other_comm = "prev_comm" },
	{ .name = "sched_waking", .type = SCHED_WAKEUP, .numbers = WAKEUP_NUMBERS, .comm = "comm" },
	{ .name = "sched_wakeup", .type = SCHED_WAKEUP, .numbers = WAKEUP_NUMBERS, .comm = "comm" },
	{ .name = "sched_wakeup_new",
	  .type = SCHED_WAKEUP_NEW,
	  .numbers = WAKEUP_NUMBERS,
	  .comm = "comm" },
	{ .name = "sched_process_fork",
	  .type = SCHED_FORK,
	  .numbers = { [NUMBER_TID] = "child_pid", [NUMBER_OTHER_TID] = "parent_pid" },
	  .comm = "child_comm",
	  .other_comm = "parent_comm" },
	{ .name = "sched_process_exit",
	  .type = SCHED_EXIT,
	  .numbers = { [NUMBER_TID] = "pid" },
	  .comm = "comm" },
	{ .name = "sched_migrate_task",
	  .type = SCHED_MIGRATE,
	  .numbers = { [NUMBER_TID] = "pid",
		       [NUMBER_FROM_CPU] = "orig_cpu",
		       [NUMBER_TARGET_CPU] = "dest_cpu" },
	  .comm = "comm" },
	{ .name = "sched_stat_runtime",
	  .type = SCHED_RUNTIME,
	  .numbers = { [NUMBER_TID] = "pid", [NUMBER_VALUE] = "runtime" },
	  .comm = "comm" },
	{ .name = "sys_enter_futex",
	  .type = SCHED_FUTEX,
	  .numbers = { [NUMBER_VALUE] = "uaddr", [NUMBER_FLAGS] = "op" } },
	{ .name = "sys_exit_futex", .type = SCHED_FUTEX_END, .numbers = { [NUMBER_VALUE] = "ret" } },
	{ .name = "contention_begin",
	  .type = SCHED_LOCK,
	  .numbers = { [NUMBER_VALUE] = "lock_addr", [NUMBER_FLAGS] = "flags" } },
	{ .name = "contention_end",
	  .type = SCHED_LOCK_END,
	  .numbers = { [NUMBER_VALUE] = "lock_addr" } },
};

#define KINDS ARRAY_SIZE(descriptions)
#define KIND_SWITCH 0
#define KIND_WAKING 1
#define KIND_WAKEUP 2

/* A number of 1, 2, 4 or 8 bytes is read without a branch: the eight bytes at `at` hold it, two
 * shifts leave it with its sign, the mask takes off the sign that it has not. */
struct number_place {
	uint16_t at;
	uint8_t left, right;
	bool present;
	uint64_t mask;
};

enum comm_shape { COMM_ABSENT, COMM_ARRAY, COMM_DYNAMIC, COMM_RELATIVE };

struct comm_place {
	enum comm_shape shape;
	uint16_t offset;
	uint16_t size;
};

struct kind {
	int id; /* -1: not added */
	enum sched_event_type type;
	uint32_t len_min; /* every field with a fixed place lies within; at least 8 */
	struct number_place flags, current_tid;
	struct number_place numbers[NUMBER_TOTAL];
	struct comm_place comm, other_comm;
};

struct sched_format {
	uint32_t id_offset; /* of common_type, two bytes: the same in every event of a kernel */
	bool any;
	bool without_locks;
	struct sched_states states;
	struct kind kinds[KINDS];
	uint8_t kind_of_id[UINT16_MAX + 1]; /* index + 1; 0: decodes to nothing */
};

int sched_format_new(struct sched_format **ret)
{
	struct sched_format *format = calloc(1, sizeof(*format));

	if (!format)
		return -ENOMEM;
	for (size_t i = 0; i < KINDS; i++)
		format->kinds[i].id = -1;
	format->without_locks = true;
	*ret = format;
	return 0;
}

void sched_format_free(struct sched_format *format)
{
	free(format);
}

static bool is_of(const struct description *description, struct span name)
{
	for (enum number i = 0; i < NUMBER_TOTAL; i++)
		if (description->numbers[i] && span_is(name, description->numbers[i]))
			return true;
	return (description->comm && span_is(name, description->comm)) ||
	       (description->other_comm && span_is(name, description->other_comm));
}

static bool is_asked_for(struct span name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (is_of(&descriptions[i], name))
			return true;
	return false;
}

static int find_kind(struct span name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (span_is(name, descriptions[i].name))
			return (int)i;
	return -1;
}

static bool has_room(const struct tep_format_field *field)
{
	return field->offset >= 0 && field->size > 0 && field->offset + field->size <= (int)RAW_MAX;
}

static void need_up_to(struct kind *kind, const struct tep_format_field *field)
{
	uint32_t end = (uint32_t)(field->offset + field->size);

	if (end > kind->len_min)
		kind->len_min = end;
}

static struct number_place make_place(const struct tep_format_field *field)
{
	unsigned int end = (unsigned int)(field->offset + field->size);
	unsigned int at = end < 8 ? 0 : end - 8;
	unsigned int skip = (unsigned int)field->offset - at; /* bytes before it within the eight */
	bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	unsigned int left = little ? 8 - skip - (unsigned int)field->size : skip;
	uint64_t mask = field->flags & TEP_FIELD_IS_SIGNED ? UINT64_MAX :
							     UINT64_MAX >> (64 - 8 * field->size);

	return (struct number_place){ .at = (uint16_t)at,
				      .left = (uint8_t)(8 * left),
				      .right = (uint8_t)(8 * (8 - field->size)),
				      .present = true,
				      .mask = mask };
}

static bool place_number(struct kind *kind, const struct tep_format_field *field,
			 struct number_place *ret)
{
	if (!field || !has_room(field) || field->flags & TEP_FIELD_IS_ARRAY)
		return false;
	if (field->size != 1 && field->size != 2 && field->size != 4 && field->size != 8)
		return false;
	need_up_to(kind, field);
	*ret = make_place(field);
	return true;
}

static void place_comm(struct kind *kind, const struct tep_format_field *field,
		       struct comm_place *ret)
{
	enum comm_shape shape = COMM_ARRAY;

	if (!field || !has_room(field))
		return;
	if (field->flags & TEP_FIELD_IS_RELATIVE)
		shape = COMM_RELATIVE;
	else if (field->flags & TEP_FIELD_IS_DYNAMIC)
		shape = COMM_DYNAMIC;
	else if (!(field->flags & TEP_FIELD_IS_ARRAY))
		return;
	if (shape != COMM_ARRAY && field->size != sizeof(uint32_t))
		return;
	need_up_to(kind, field);
	*ret = (struct comm_place){ .shape = shape,
				    .offset = (uint16_t)field->offset,
				    .size = (uint16_t)field->size };
}

static bool is_needed(enum number number)
{
	return number != NUMBER_TARGET_CPU && number != NUMBER_SUCCESS;
}

static int place_fields(const struct description *description, struct tep_event *event,
			struct kind *kind, struct err *err)
{
	for (enum number i = 0; i < NUMBER_TOTAL; i++) {
		const char *name = description->numbers[i];

		if (!name)
			continue;
		if (!place_number(kind, tep_find_field(event, name), &kind->numbers[i]) &&
		    is_needed(i))
			return err_set(err, -EBADMSG, "format of %s: no usable field %s",
				       description->name, name);
	}
	if (description->comm)
		place_comm(kind, tep_find_field(event, description->comm), &kind->comm);
	if (description->other_comm)
		place_comm(kind, tep_find_field(event, description->other_comm), &kind->other_comm);
	return 0;
}

static int place_common(struct sched_format *format, const struct description *description,
			struct tep_event *event, struct kind *kind, struct err *err)
{
	const struct tep_format_field *id = tep_find_common_field(event, "common_type");

	if (!id || !has_room(id) || id->size != sizeof(uint16_t) ||
	    !place_number(kind, tep_find_common_field(event, "common_flags"), &kind->flags) ||
	    !place_number(kind, tep_find_common_field(event, "common_pid"), &kind->current_tid))
		return err_set(err, -EBADMSG, "format of %s: a common field is missing",
			       description->name);
	need_up_to(kind, id);
	if (format->any && format->id_offset != (uint32_t)id->offset)
		return err_set(err, -EBADMSG,
			       "format of %s: common_type is not where other events have it",
			       description->name);
	format->any = true;
	format->id_offset = (uint32_t)id->offset;
	return 0;
}

static int place_event(struct sched_format *format, size_t index, struct tep_event *event,
		       struct err *err)
{
	const struct description *description = &descriptions[index];
	struct kind kind = {
		.id = event->id,
		.type = description->type,
		.len_min = 8,
	};
	int r;

	r = place_fields(description, event, &kind, err);
	if (r < 0)
		return r;
	r = place_common(format, description, event, &kind, err);
	if (r < 0)
		return r;
	if (format->kinds[index].id >= 0)
		format->kind_of_id[format->kinds[index].id] = 0;
	format->kinds[index] = kind;
	if (description->type <= SCHED_LOST || !format->without_locks)
		format->kind_of_id[kind.id] = (uint8_t)(index + 1);
	return 0;
}

/* A handle for one event: places are all that is kept of it. */
static int place_text(struct sched_format *format, size_t index, const struct str *plain,
		      struct err *err)
{
	struct tep_handle *tep;
	struct tep_event *event = NULL;
	int r;

	tep_set_loglevel(TEP_LOG_NONE);
	tep = tep_alloc();
	if (!tep)
		return -ENOMEM;
	if (tep_parse_format(tep, &event, plain->data, plain->len, "sched") != 0 || !event)
		r = err_set(err, -EBADMSG, "format of %s can't be understood",
			    descriptions[index].name);
	else
		r = place_event(format, index, event, err);
	tep_free(tep);
	return r;
}

static int add_kind(struct sched_format *format, size_t index, const struct sched_format_text *text,
		    struct err *err)
{
	const char *name = descriptions[index].name;
	_cleanup_(str_free) struct str plain = { 0 };
	struct sched_states states = { 0 };
	int r;

	if (text->id > UINT16_MAX)
		return err_set(err, -EBADMSG, "format of %s: no usable ID", name);
	if (index == KIND_SWITCH && sched_states_parse(text->print_format, &states) < 0)
		return err_set(err, -EBADMSG,
			       "format of %s: its print format does not tell the states", name);
	sched_format_text_write(text, name, &plain);
	if (str_error(&plain) < 0)
		return -ENOMEM;
	r = place_text(format, index, &plain, err);
	if (r == 0 && index == KIND_SWITCH)
		format->states = states;
	return r;
}

int sched_format_add(struct sched_format *format, const char *text, size_t len, struct err *err)
{
	_cleanup_(sched_format_text_free) struct sched_format_text parts = { 0 };
	int index;

	if (len > TEXT_MAX)
		return err_set(err, -EBADMSG, "an event format of %zu bytes is too long", len);
	sched_format_text_split(&parts, span_make(text, len), is_asked_for);
	if (!parts.name.p)
		return err_set(err, -EBADMSG, "an event format without a name");
	index = find_kind(parts.name);
	return index < 0 ? 0 : add_kind(format, (size_t)index, &parts, err);
}

static void leave_out(struct sched_format *format, size_t index)
{
	if (format->kinds[index].id >= 0)
		format->kind_of_id[format->kinds[index].id] = 0;
}

void sched_format_settle(struct sched_format *format)
{
	if (format->kinds[KIND_WAKING].id >= 0)
		leave_out(format, KIND_WAKEUP);
}

void sched_format_take_locks(struct sched_format *format)
{
	format->without_locks = false;
}

int sched_format_id(const struct sched_format *format, const char *name)
{
	int index = find_kind(span_of(name));

	return index < 0 || format->kinds[index].id < 0 ? -ENOENT : format->kinds[index].id;
}

void sched_format_leave_out(struct sched_format *format, enum sched_event_type type)
{
	for (size_t i = 0; i < KINDS; i++)
		if (descriptions[i].type == type)
			leave_out(format, i);
}

int sched_format_id_in(const struct sched_format *format, const void *raw, size_t len)
{
	uint16_t id;

	if (!format->any || len < format->id_offset + sizeof(id))
		return -1;
	memcpy(&id, (const uint8_t *)raw + format->id_offset, sizeof(id));
	return id;
}

bool sched_format_wants(const struct sched_format *format, int id)
{
	return id >= 0 && id <= UINT16_MAX && format->kind_of_id[id];
}

bool sched_format_leaves_out(const struct sched_format *format, const void *raw, size_t len)
{
	int id = sched_format_id_in(format, raw, len);

	return id >= 0 && !format->kind_of_id[id];
}

static inline int64_t read_number(const uint8_t *raw, struct number_place place)
{
	uint64_t bytes;

	memcpy(&bytes, raw + place.at, sizeof(bytes));
	return (int64_t)((uint64_t)((int64_t)(bytes << place.left) >> place.right) & place.mask);
}

static inline pid_t read_tid(const uint8_t *raw, struct number_place place)
{
	return (pid_t)read_number(raw, place);
}

static inline int32_t read_cpu(const uint8_t *raw, struct number_place place)
{
	int64_t cpu = place.present ? read_number(raw, place) : -1;

	return cpu < 0 || cpu > INT32_MAX ? -1 : (int32_t)cpu;
}

/* A __data_loc or __rel_loc word: length << 16 | offset. */
static bool locate_comm(const uint8_t *raw, size_t len, struct comm_place *place)
{
	size_t offset;
	uint32_t word;

	memcpy(&word, raw + place->offset, sizeof(word));
	offset = word & 0xffff;
	if (place->shape == COMM_RELATIVE)
		offset += place->offset + sizeof(word);
	if (offset + (word >> 16) > len)
		return false;
	place->offset = (uint16_t)offset;
	place->size = (uint16_t)(word >> 16);
	return true;
}

static void copy_comm(const uint8_t *raw, struct comm_place place, char *ret)
{
	size_t size = place.size < SCHED_COMM_LEN ? place.size : SCHED_COMM_LEN - 1;

	memcpy(ret, raw + place.offset, size);
	memset(ret + size, 0, SCHED_COMM_LEN - size);
}

static inline bool read_comm(const uint8_t *raw, size_t len, struct comm_place place, char *ret)
{
	if (place.shape == COMM_ARRAY && place.size == SCHED_COMM_LEN) {
		memcpy(ret, raw + place.offset, SCHED_COMM_LEN);
		ret[SCHED_COMM_LEN - 1] = '\0';
		return true;
	}
	if (place.shape == COMM_ABSENT)
		return true;
	if (place.shape != COMM_ARRAY && !locate_comm(raw, len, &place))
		return false;
	copy_comm(raw, place, ret);
	return true;
}

static inline enum sched_context context_of(int64_t flags)
{
	if (flags & (FLAG_HARDIRQ | FLAG_NMI))
		return SCHED_CONTEXT_HARDIRQ;
	return flags & FLAG_SOFTIRQ ? SCHED_CONTEXT_SOFTIRQ : SCHED_CONTEXT_TASK;
}

static inline void read_switch(const struct sched_format *format, const struct kind *kind,
			       const uint8_t *raw, struct sched_event *event)
{
	uint64_t state = (uint64_t)read_number(raw, kind->numbers[NUMBER_STATE]);

	event->other_tid = read_tid(raw, kind->numbers[NUMBER_OTHER_TID]);
	event->preempted = state & format->states.preempted;
	event->state = sched_states_letter(&format->states, state);
	event->runnable = event->preempted || event->state == 'R';
}

/* False: a wakeup that woke nobody (kernels before 4.x tell by `success`). */
static inline bool read_body(const struct sched_format *format, const struct kind *kind,
			     const uint8_t *raw, struct sched_event *event)
{
	switch (kind->type) {
	case SCHED_SWITCH:
		read_switch(format, kind, raw, event);
		break;
	case SCHED_WAKEUP:
	case SCHED_WAKEUP_NEW:
		if (kind->numbers[NUMBER_SUCCESS].present &&
		    !read_number(raw, kind->numbers[NUMBER_SUCCESS]))
			return false;
		event->target_cpu = read_cpu(raw, kind->numbers[NUMBER_TARGET_CPU]);
		break;
	case SCHED_FORK:
		event->other_tid = read_tid(raw, kind->numbers[NUMBER_OTHER_TID]);
		break;
	case SCHED_MIGRATE:
		event->target_cpu = read_cpu(raw, kind->numbers[NUMBER_TARGET_CPU]);
		event->from_cpu = read_cpu(raw, kind->numbers[NUMBER_FROM_CPU]);
		break;
	case SCHED_FUTEX:
	case SCHED_LOCK:
		event->flags = (int32_t)read_number(raw, kind->numbers[NUMBER_FLAGS]);
		event->value = (uint64_t)read_number(raw, kind->numbers[NUMBER_VALUE]);
		break;
	case SCHED_RUNTIME:
	case SCHED_FUTEX_END:
	case SCHED_LOCK_END:
		event->value = (uint64_t)read_number(raw, kind->numbers[NUMBER_VALUE]);
		break;
	default:
		break;
	}
	return true;
}

/* Field by field: a compound literal becomes a `rep stos` here, which costs as much as all the
 * rest. */
static inline void read_common(const struct kind *kind, const uint8_t *raw,
			       struct sched_event *event)
{
	event->type = kind->type;
	event->context = context_of(read_number(raw, kind->flags));
	event->current_tid = read_tid(raw, kind->current_tid);
	event->tid = event->current_tid;
	if (kind->numbers[NUMBER_TID].present)
		event->tid = read_tid(raw, kind->numbers[NUMBER_TID]);
	event->other_tid = 0;
	event->runnable = event->preempted = false;
	event->state = '\0';
	event->target_cpu = -1;
	event->flags = 0;
	event->value = 0;
	memset(event->comm, 0, sizeof(event->comm));
	memset(event->other_comm, 0, sizeof(event->other_comm));
}

int sched_format_decode(const struct sched_format *format, const void *payload, size_t len,
			struct sched_event *ret)
{
	const uint8_t *raw = payload;
	const struct kind *kind;
	int id = sched_format_id_in(format, raw, len);

	if (id < 0)
		return format->any ? -EBADMSG : 0;
	if (!format->kind_of_id[id])
		return 0;
	kind = &format->kinds[format->kind_of_id[id] - 1];
	if (len < kind->len_min)
		return -EBADMSG;
	read_common(kind, raw, ret);
	if (!read_body(format, kind, raw, ret))
		return 0;
	if (!read_comm(raw, len, kind->comm, ret->comm) ||
	    !read_comm(raw, len, kind->other_comm, ret->other_comm))
		return -EBADMSG;
	return 1;
}
