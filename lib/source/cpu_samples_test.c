/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes loads whose addresses and mappings are known, and looks for them in the samples. */
#include "source/test_busy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

static uint64_t cpu_ns_of(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	ck_assert_int_eq(clock_getcpuclockid(pid, &clock), 0);
	ck_assert_int_eq(clock_gettime(clock, &t), 0);
	return (uint64_t)t.tv_sec * S + (uint64_t)t.tv_nsec;
}

struct busy {
	pid_t pid;
	long samples, in_user, in_leaf, with_caller;
	long backwards, all;
	long idle[CPUS_MAX], idle_odd;
	uint64_t last_ns, period;
};

static int see_busy(void *context, const struct stack_sample *sample)
{
	struct busy *busy = context;

	busy->all++;
	busy->backwards += sample->time_ns < busy->last_ns;
	busy->last_ns = sample->time_ns;
	if (sample->pid == 0) {
		busy->idle[sample->cpu % CPUS_MAX]++;
		busy->idle_odd += sample->tid != 0 || sample->in_user || !sample->kernel_count;
	}
	if (sample->pid != busy->pid)
		return 0;
	busy->samples++;
	busy->period += sample->period;
	busy->in_user += sample->in_user;
	if (!sample->in_user || !sample->user_count ||
	    !is_in(sample->user[0], __start_busy_leaf, __stop_busy_leaf))
		return 0;
	busy->in_leaf++;
	busy->with_caller += sample->user_count > 1 &&
			     is_in(sample->user[1], __start_busy_caller, __stop_busy_caller);
	return 0;
}

START_TEST(busy_child_gets_its_share)
{
	const struct cpu_samples_options options = { 0 };
	_cleanup_(cpu_samples_freep) struct cpu_samples *samples = open_samples(&options);
	struct busy busy = { .pid = start_busy(ANY_CPU) };
	const struct cpu_samples_handler handler = { .sample = see_busy, .context = &busy };
	struct cpu_samples_result result;
	uint64_t before = cpu_ns_of(busy.pid);
	double share;

	watch(samples, 2 * S, &handler, &result);
	share = (double)busy.samples / result.hz * 1e9 / (double)(cpu_ns_of(busy.pid) - before);
	end_child(busy.pid);
	ck_assert_uint_ge(result.hz, 100);
	ck_assert_uint_le(result.hz, 500);
	ck_assert_uint_eq(result.samples, busy.all);
	ck_assert_uint_eq(result.lost, 0);
	ck_assert_msg(share > 0.8 && share < 1.2, "%.3f of its CPU time", share);
	/* Others' interrupts may be handled on top of it. */
	ck_assert_int_gt(busy.in_user, 20);
	ck_assert_msg(busy.in_leaf > busy.in_user * 9 / 10, "%ld of %ld", busy.in_leaf,
		      busy.in_user);
	ck_assert_msg(busy.with_caller > busy.in_leaf * 95 / 100, "%ld of %ld", busy.with_caller,
		      busy.in_leaf);
	ck_assert_msg(busy.backwards <= busy.all / 100, "%ld of %ld", busy.backwards, busy.all);
	if (cpu_samples_clock(samples) == CPU_SAMPLES_CPU_CLOCK)
		ck_assert_uint_eq(busy.period / (uint64_t)busy.samples, S / result.hz);
}
END_TEST

/* What the kernel counted of every CPU's idle time. */
static void read_idle(double *seconds)
{
	_cleanup_(cleanup_fclose) FILE *file = fopen("/proc/stat", "re");
	uint64_t idle, iowait;
	char line[1024];
	unsigned cpu;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "cpu%u %*u %*u %*u %" SCNu64 " %" SCNu64, &cpu, &idle, &iowait) ==
			    3 &&
		    cpu < CPUS_MAX)
			seconds[cpu] = (double)(idle + iowait) / (double)sysconf(_SC_CLK_TCK);
	}
}

struct idle {
	double counted_s[CPUS_MAX], sampled_s[CPUS_MAX];
};

static void add_idle(struct cpu_samples *samples, struct idle *idle)
{
	static double before[CPUS_MAX], after[CPUS_MAX];
	struct busy busy = { .pid = -2 };
	const struct cpu_samples_handler handler = { .sample = see_busy, .context = &busy };
	struct cpu_samples_result result;

	read_idle(before);
	watch(samples, 2 * S, &handler, &result);
	read_idle(after);
	ck_assert_int_eq(busy.idle_odd, 0);
	for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
		idle->counted_s[cpu] += after[cpu] - before[cpu];
		idle->sampled_s[cpu] += (double)busy.idle[cpu] / result.hz;
	}
}

/* One CPU has to show it: kernels were seen that drop all events of some idle thread, for every
 * reader. */
START_TEST(idle_is_sampled_by_the_clock)
{
	const struct cpu_samples_options options = { .cpu_clock_only = true };
	_cleanup_(cpu_samples_freep) struct cpu_samples *samples = open_samples(&options);
	static struct idle idle;
	long idling = 0, seen = 0;

	ck_assert_int_eq(cpu_samples_clock(samples), CPU_SAMPLES_CPU_CLOCK);
	ck_assert_int_gt(strlen(cpu_samples_reason(samples)), 0);
	for (int i = 0; i < 8 && !seen; i++) {
		add_idle(samples, &idle);
		idling = 0;
		for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
			double share = idle.sampled_s[cpu] / idle.counted_s[cpu];

			idling += idle.counted_s[cpu] > 0.2;
			seen += idle.counted_s[cpu] > 0.2 && share > 0.7 && share < 1.3;
		}
	}
	if (!seen && idling < sysconf(_SC_NPROCESSORS_ONLN))
		printf("skipped: this host has no CPU to spare\n");
	else
		ck_assert_int_gt(seen, 0);
}
END_TEST

/* A child that waits, has a child, which maps this program's file and becomes a shell. */
struct family {
	pid_t child, grandchild;
	int go[2];
	uint64_t inode;
	long forks, file_mappings, names, mappings_after_name, exits, exits_first;
	char path[4096];
};

static void live(const struct family *family)
{
	char byte;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd < 0 || read(family->go[0], &byte, 1) != 1)
		_exit(1);
	pid = fork();
	if (pid == 0) {
		if (mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 4096) == MAP_FAILED)
			_exit(1);
		execl("/bin/sh", "sh", "-c", "exit 0", NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	_exit(0);
}

static int see_first_sample(void *context, const struct stack_sample *sample)
{
	struct family *family = context;

	if (family->go[1] >= 0) {
		ck_assert_int_eq(write(family->go[1], "x", 1), 1);
		close(family->go[1]);
		family->go[1] = -1;
	}
	return 0;
}

static int see_mapping(void *context, const struct mapping_event *event)
{
	struct family *family = context;

	if (!family->grandchild || event->pid != family->grandchild)
		return 0;
	if (family->names)
		family->mappings_after_name++;
	else if (event->inode == family->inode && event->len == 8192 && event->offset == 4096) {
		family->file_mappings += event->start && (event->major || event->minor);
		snprintf(family->path, sizeof(family->path), "%s", event->path);
	}
	return 0;
}

static int see_task(void *context, const struct task_event *event)
{
	struct family *family = context;

	if (event->type == TASK_EVENT_FORK && event->parent_pid == family->child) {
		family->forks++;
		family->grandchild = event->pid;
		ck_assert_int_eq(event->tid, event->pid);
	} else if (family->grandchild && event->pid == family->grandchild) {
		if (event->type == TASK_EVENT_NAME && event->exec && !strcmp(event->comm, "sh"))
			family->names++;
		else if (event->type == TASK_EVENT_EXIT)
			family->exits++;
	}
	if (event->type == TASK_EVENT_EXIT && event->pid == family->child)
		return 7;
	return 0;
}

START_TEST(mappings_names_and_threads_are_told)
{
	const struct cpu_samples_options options = { 0 };
	const struct cpu_samples_limits limits = { .duration_ns = 30 * S };
	_cleanup_(cpu_samples_freep) struct cpu_samples *samples = open_samples(&options);
	struct family family = { 0 };
	const struct cpu_samples_handler handler = { see_first_sample, see_mapping, see_task,
						     &family };
	struct cpu_samples_result result;
	char own[4096] = "";
	struct stat info;

	ck_assert_int_eq(stat("/proc/self/exe", &info), 0);
	ck_assert_int_gt(readlink("/proc/self/exe", own, sizeof(own) - 1), 0);
	family.inode = info.st_ino;
	ck_assert_int_eq(pipe(family.go), 0);
	family.child = fork();
	if (family.child == 0)
		live(&family);
	ck_assert_int_eq(cpu_samples_watch(samples, &limits, &handler, &result, NULL), 7);
	ck_assert_int_eq(waitpid(family.child, NULL, 0), family.child);
	ck_assert_int_eq(family.forks, 1);
	ck_assert_int_eq(family.file_mappings, 1);
	ck_assert_str_eq(family.path, own);
	ck_assert_int_eq(family.names, 1);
	ck_assert_int_ge(family.mappings_after_name, 2); /* the shell, its loader */
	ck_assert_int_eq(family.exits, 1);
	close(family.go[0]);
}
END_TEST

struct ender {
	volatile sig_atomic_t stop;
	long samples, stop_after, give_up_after;
};

static int see_end(void *context, const struct stack_sample *sample)
{
	struct ender *ender = context;

	ender->samples++;
	if (ender->samples == ender->stop_after)
		ender->stop = 1;
	return ender->samples == ender->give_up_after ? 7 : 0;
}

START_TEST(caps_consumers_and_flags_end_the_window)
{
	const struct cpu_samples_options options = { .cpu_clock_only = true };
	_cleanup_(cpu_samples_freep) struct cpu_samples *samples = open_samples(&options);
	struct ender ender = { 0 };
	const struct cpu_samples_handler handler = { .sample = see_end, .context = &ender };
	struct cpu_samples_limits limits = { .duration_ns = 60 * S, .samples_max = 100 };
	struct cpu_samples_result result;

	ck_assert_int_eq(cpu_samples_watch(samples, &limits, &handler, &result, NULL), 0);
	ck_assert(result.capped);
	ck_assert_uint_eq(result.samples, 100);
	ck_assert_int_eq(ender.samples, 100);
	ck_assert_uint_lt(result.end_ns - result.start_ns, 10 * S);

	ender.give_up_after = 110;
	limits.samples_max = 0;
	ck_assert_int_eq(cpu_samples_watch(samples, &limits, &handler, &result, NULL), 7);
	ck_assert(!result.capped);
	ck_assert_uint_eq(result.samples, 10);

	ender.stop_after = 120;
	limits.stop = &ender.stop;
	ck_assert_int_eq(cpu_samples_watch(samples, &limits, &handler, &result, NULL), -EINTR);
	ck_assert(!result.capped);
	ck_assert_uint_ge(result.samples, 10);
	ck_assert_uint_gt(result.end_ns, result.start_ns);
	ck_assert_uint_lt(result.end_ns - result.start_ns, 10 * S);
}
END_TEST

static unsigned max_rate(void)
{
	_cleanup_(cleanup_fclose)
		FILE *file = fopen("/proc/sys/kernel/perf_event_max_sample_rate", "re");
	unsigned rate;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%u", &rate), 1);
	return rate;
}

START_TEST(what_can_not_be_is_lowered_or_refused)
{
	struct cpu_samples_options options = { .hz = UINT32_MAX, .frames_max = 65000 };
	struct cpu_samples *samples = open_samples(&options);
	struct ender ender = { 0 };
	const struct cpu_samples_handler handler = { .sample = see_end, .context = &ender };
	struct cpu_samples_result result;
	struct err err = { "" };

	watch(samples, S / 1000, &handler, &result);
	ck_assert_uint_le(result.hz, max_rate());
	ck_assert_uint_gt(result.hz, 0);
	ck_assert_uint_eq(result.ring_bytes, 2 << 20);
	cpu_samples_free(samples);

	options = (struct cpu_samples_options){ .user_stack_bytes = 1001 };
	ck_assert_int_eq(cpu_samples_open(&options, &samples, &err), -EINVAL);
	ck_assert_int_gt(strlen(err.msg), 0);
	options.user_stack_bytes = 65536;
	ck_assert_int_eq(cpu_samples_open(&options, &samples, &err), -EINVAL);
}
END_TEST

static int count_frames(void *context, const struct stack_sample *sample)
{
	size_t *most = context, count = sample->kernel_count + sample->user_count;

	if (count > *most)
		*most = count;
	return 0;
}

START_TEST(frames_are_capped)
{
	const struct cpu_samples_options options = { .frames_max = 2 };
	_cleanup_(cpu_samples_freep) struct cpu_samples *samples = open_samples(&options);
	size_t most = 0;
	const struct cpu_samples_handler handler = { .sample = count_frames, .context = &most };
	pid_t pid = start_busy(ANY_CPU);
	struct cpu_samples_result result;

	watch(samples, S / 2, &handler, &result);
	end_child(pid);
	ck_assert_uint_eq(most, 2);
}
END_TEST

START_TEST(cycles_or_a_reason)
{
	const struct cpu_samples_options options = { 0 };
	_cleanup_(cpu_samples_freep) struct cpu_samples *samples = open_samples(&options);

	if (cpu_samples_clock(samples) == CPU_SAMPLES_CYCLES)
		ck_assert_str_eq(cpu_samples_reason(samples), "");
	else
		ck_assert_ptr_nonnull(strstr(cpu_samples_reason(samples), "cycles"));
}
END_TEST

/* Every test has a process of its own: the rights are gone for this one only. */
START_TEST(without_rights_the_remedy_is_told)
{
	const struct cpu_samples_options options = { 0 };
	struct cpu_samples *samples = NULL;
	struct err err = { "" };
	int level = 0, r;

	_cleanup_(cleanup_fclose) FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%d", &level), 1);
	if (level <= 0 || setresuid(65534, 65534, 65534) < 0)
		return;
	r = cpu_samples_open(&options, &samples, &err);
	ck_assert_msg(r == -EACCES || r == -EPERM, "%d", r);
	ck_assert_ptr_nonnull(strstr(err.msg, "sysctl kernel.perf_event_paranoid"));
	ck_assert_ptr_null(samples);
}
END_TEST

static int open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

START_TEST(nothing_is_left_behind)
{
	const struct cpu_samples_options options = { .user_stack_bytes = 8192 };
	int before = open_descriptors();
	struct cpu_samples *samples = open_samples(&options);
	struct ender ender = { 0 };
	const struct cpu_samples_handler handler = { .sample = see_end, .context = &ender };
	struct cpu_samples_result result;

	watch(samples, S / 10, &handler, &result);
	cpu_samples_free(samples);
	cpu_samples_free(NULL);
	ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpu_samples");
	TCase *tcase = tcase_create("live");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, busy_child_gets_its_share);
	tcase_add_test(tcase, idle_is_sampled_by_the_clock);
	tcase_add_test(tcase, mappings_names_and_threads_are_told);
	tcase_add_test(tcase, caps_consumers_and_flags_end_the_window);
	tcase_add_test(tcase, what_can_not_be_is_lowered_or_refused);
	tcase_add_test(tcase, frames_are_capped);
	tcase_add_test(tcase, cycles_or_a_reason);
	tcase_add_test(tcase, without_rights_the_remedy_is_told);
	tcase_add_test(tcase, nothing_is_left_behind);
	suite_add_tcase(suite, tcase);
	return run_live(suite);
}
