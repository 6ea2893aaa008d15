/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/sched_rings_internal.h"

#include <errno.h>
#include <string.h>

/* What is left of a record; short ones set `failed` instead of being read past their end. */
struct body {
	const char *p;
	const char *end;
	bool failed;
};

static const char *body_take(struct body *body, size_t len)
{
	const char *p = body->p;

	if (body->failed || (size_t)(body->end - body->p) < len) {
		body->failed = true;
		return NULL;
	}
	body->p += len;
	return p;
}

static uint64_t body_u64(struct body *body)
{
	const char *p = body_take(body, sizeof(uint64_t));
	uint64_t value = 0;

	if (p)
		memcpy(&value, p, sizeof(value));
	return value;
}

static uint32_t body_u32(struct body *body)
{
	const char *p = body_take(body, sizeof(uint32_t));
	uint32_t value = 0;

	if (p)
		memcpy(&value, p, sizeof(value));
	return value;
}

/* Cuts the sample_id off the end: [u32 pid, tid] with switch records, u64 time always. */
static void take_sample_id(struct body *body, bool with_tid, struct sched_event *ret)
{
	size_t len = with_tid ? 16 : 8;
	struct body id = *body;

	if ((size_t)(body->end - body->p) < len) {
		body->failed = true;
		return;
	}
	id.p = body->end - len;
	body->end = id.p;
	if (with_tid) {
		body_u32(&id);
		ret->current_tid = (pid_t)body_u32(&id);
	}
	ret->time_ns = body_u64(&id);
}

static int decode_sample(const struct sched_format *format, struct body *body,
			 struct sched_event *ret)
{
	uint64_t time_ns = body_u64(body);
	uint32_t len = body_u32(body);
	const char *raw = body_take(body, len);
	int r;

	if (!raw)
		return -EBADMSG;
	r = sched_format_decode(format, raw, len, ret);
	ret->time_ns = time_ns;
	return r;
}

static int decode_lost(struct body *body, bool with_id, struct sched_event *ret)
{
	if (with_id)
		body_u64(body);
	ret->type = SCHED_LOST;
	ret->value = body_u64(body);
	return body->failed ? -EBADMSG : 1;
}

static int decode_comm(struct body *body, struct sched_event *ret)
{
	size_t len;

	ret->type = SCHED_NAME;
	ret->other_tid = (pid_t)body_u32(body);
	ret->tid = (pid_t)body_u32(body);
	if (body->failed)
		return -EBADMSG;
	ret->current_tid = ret->tid;
	len = strnlen(body->p, (size_t)(body->end - body->p));
	if (len >= SCHED_COMM_LEN)
		len = SCHED_COMM_LEN - 1;
	memcpy(ret->comm, body->p, len);
	return 1;
}

/* The one record that tells the process of a new thread; its name is not told. */
static int decode_fork(struct body *body, struct sched_event *ret)
{
	ret->type = SCHED_NAME;
	ret->other_tid = (pid_t)body_u32(body);
	body_u32(body);
	ret->tid = (pid_t)body_u32(body);
	ret->current_tid = (pid_t)body_u32(body);
	return body->failed ? -EBADMSG : 1;
}

/* Each switch writes two records, one for the thread that leaves and one for that which comes; the first tells both. */
static int decode_switch(struct body *body, uint16_t misc, struct sched_event *ret)
{
	if (!(misc & PERF_RECORD_MISC_SWITCH_OUT))
		return 0;
	body_u32(body);
	ret->type = SCHED_SWITCH;
	ret->tid = (pid_t)body_u32(body);
	ret->other_tid = ret->current_tid;
	ret->preempted = misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
	ret->runnable = ret->preempted;
	ret->state = ret->preempted ? 'R' : '\0';
	return body->failed ? -EBADMSG : 1;
}

static int decode_other(const struct perf_event_header *header, struct body *body, bool switches,
			struct sched_event *ret)
{
	struct sched_event event = { .target_cpu = -1 };
	int r = 0;

	take_sample_id(body, switches, &event);
	switch (header->type) {
	case PERF_RECORD_LOST:
		r = decode_lost(body, true, &event);
		break;
	case PERF_RECORD_LOST_SAMPLES:
		r = decode_lost(body, false, &event);
		break;
	case PERF_RECORD_COMM:
		r = decode_comm(body, &event);
		break;
	case PERF_RECORD_FORK:
		r = decode_fork(body, &event);
		break;
	case PERF_RECORD_SWITCH_CPU_WIDE:
		r = decode_switch(body, header->misc, &event);
		break;
	}
	if (r > 0)
		*ret = event;
	return r;
}

int sched_rings_decode(const struct sched_format *format, const struct perf_event_header *header,
		       struct sched_event *ret)
{
	struct body body = {
		.p = (const char *)(header + 1),
		.end = (const char *)header + header->size,
	};

	if (header->type != PERF_RECORD_SAMPLE)
		return decode_other(header, &body, !format, ret);
	return format ? decode_sample(format, &body, ret) : 0;
}
