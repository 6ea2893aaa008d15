/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/procroot.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/vec.h"
#include "source/proc_stat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#define NS_PER_S 1000000000ull
#define STAGE_NAME_MAX 24
#define FIRST_BUFFER_SIZE 4096

struct stage_start {
	char stage[STAGE_NAME_MAX];
	uint64_t start_ns;
};

struct procroot {
	int top_fd;    /* "/" or the recorded folder */
	int moment_fd; /* where reads start: top_fd, or an owned folder STAGE.NN */
	bool live;
	bool has_moments;
	const volatile sig_atomic_t *stop;
	procroot_record_fn *record;
	bool record_paused;
	void *record_context;
	struct str record_path;
	char moment[STAGE_NAME_MAX + 12]; /* "vmstat.00"; "" before the first */
	uint64_t monotonic_ns;
	uint64_t realtime_ns;
	VEC(struct stage_start) starts;
};

static int open_beneath(int folder_fd, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, folder_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static bool path_is_relative(const char *path)
{
	if (!*path || *path == '/')
		return false;
	for (const char *dots = strstr(path, ".."); dots; dots = strstr(dots + 1, ".."))
		if ((dots == path || dots[-1] == '/') && (!dots[2] || dots[2] == '/'))
			return false;
	return true;
}

static int check_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return (uint64_t)st.st_size > PROCROOT_FILE_MAX ? -EFBIG : 0;
}

static int open_recorded_file(int folder_fd, const char *path)
{
	/* a FIFO would block without O_NONBLOCK, a terminal become ours without O_NOCTTY */
	int fd = open_beneath(folder_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	int r = fd < 0 ? fd : check_regular(fd);

	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

static int open_file(const struct procroot *root, int folder_fd, const char *path)
{
	int fd;

	if (!path_is_relative(path))
		return -EINVAL;
	if (!root->live)
		return open_recorded_file(folder_fd, path);
	fd = openat(folder_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A seq_file of many records hands out about a page per read(), so that a short read is its end
 * only when it holds `one_record`. */
static int read_descriptor(int fd, bool one_record, struct str *ret)
{
	int r;

	ret->failed = false;
	str_clear(ret);
	r = str_reserve(ret, FIRST_BUFFER_SIZE - 1);
	while (r == 0) {
		size_t room = ret->cap - 1 - ret->len;
		ssize_t n = read(fd, ret->data + ret->len, room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		ret->len += (size_t)n;
		ret->data[ret->len] = '\0';
		if (ret->len > PROCROOT_FILE_MAX)
			return -EFBIG;
		if (n == 0 || (one_record && (size_t)n < room))
			return 0;
		if ((size_t)n == room)
			r = str_reserve(ret, ret->cap);
	}
	return r;
}

static int read_file(const struct procroot *root, int folder_fd, const char *path, bool one_record,
		     struct str *ret)
{
	int fd = open_file(root, folder_fd, path);
	int r;

	if (fd < 0)
		return fd;
	r = read_descriptor(fd, one_record, ret);
	close(fd);
	return r;
}

/* The recorder sees MOMENT/FOLDER/NAME; moment and folder may be empty. */
static void record_file(struct procroot *root, const char *folder, const char *name,
			const struct str *content)
{
	struct str *path = &root->record_path;

	if (!root->record || root->record_paused)
		return;
	str_clear(path);
	if (*root->moment)
		str_format(path, "%s/", root->moment);
	if (*folder)
		str_format(path, "%s/", folder);
	str_append(path, name);
	if (str_error(path) < 0 ||
	    root->record(root->record_context, str_text(path), str_text(content), content->len) < 0)
		root->record = NULL;
}

int procroot_read(struct procroot *root, const char *path, struct str *ret)
{
	int r = read_file(root, root->moment_fd, path, false, ret);

	if (r == 0)
		record_file(root, "", path, ret);
	return r;
}

int procroot_read_at(struct procroot *root, int folder_fd, const char *name, const char *path,
		     struct str *ret)
{
	int r = read_file(root, folder_fd, name, true, ret);

	if (r == 0)
		record_file(root, "", path, ret);
	return r;
}

int procroot_read_in(struct procroot *root, int folder_fd, const char *folder, const char *name,
		     struct str *ret)
{
	int r = read_file(root, folder_fd, name, true, ret);

	if (r == 0)
		record_file(root, folder, name, ret);
	return r;
}

int procroot_open_folder_at(struct procroot *root, int folder_fd, const char *name)
{
	int fd;

	if (!path_is_relative(name))
		return -EINVAL;
	if (!root->live)
		return open_beneath(folder_fd, name, O_RDONLY | O_DIRECTORY);
	fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int procroot_open_folder(struct procroot *root, const char *path)
{
	return procroot_open_folder_at(root, root->moment_fd, path);
}

bool procroot_has(struct procroot *root, const char *path)
{
	_cleanup_(str_free) struct str content = { 0 };
	_cleanup_(cleanup_close) int fd = -1;
	struct stat st;

	if (!path_is_relative(path))
		return false;
	fd = root->live ? openat(root->moment_fd, path, O_PATH | O_CLOEXEC) :
			  open_beneath(root->moment_fd, path, O_PATH);
	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	if (S_ISDIR(st.st_mode))
		record_file(root, path, ".folder", &content);
	else if (S_ISREG(st.st_mode) && root->record)
		procroot_read(root, path, &content);
	return S_ISDIR(st.st_mode) || S_ISREG(st.st_mode);
}

/* ---- moments -------------------------------------------------------------------------------- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static bool is_stopped(const struct procroot *root)
{
	return root->stop && *root->stop;
}

/* Looks at the stop flag now and then: a signal that arrives just before the sleep, or in another
 * thread, would not end it. */
static int sleep_until(const struct procroot *root, uint64_t deadline_ns)
{
	const uint64_t slice_ns = NS_PER_S / 4;
	uint64_t now_ns;

	while (!is_stopped(root)) {
		uint64_t until_ns;
		struct timespec until;

		now_ns = clock_ns(CLOCK_MONOTONIC);
		if (now_ns >= deadline_ns)
			return 0;
		until_ns = deadline_ns - now_ns > slice_ns ? now_ns + slice_ns : deadline_ns;
		until.tv_sec = (time_t)(until_ns / NS_PER_S);
		until.tv_nsec = (long)(until_ns % NS_PER_S);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	return -EINTR;
}

static struct stage_start *find_start(struct procroot *root, const char *stage)
{
	vec_each(start, &root->starts)
		if (strcmp(start->stage, stage) == 0)
			return start;
	return NULL;
}

static int note_start(struct procroot *root, const char *stage, uint64_t now_ns)
{
	struct stage_start *found = find_start(root, stage);
	struct stage_start start = { .start_ns = now_ns };

	if (found) {
		found->start_ns = now_ns;
		return 0;
	}
	snprintf(start.stage, sizeof(start.stage), "%s", stage);
	return vec_push(&root->starts, start);
}

static int reach_live(struct procroot *root, const char *stage, int index, uint64_t after_ns)
{
	const struct stage_start *start;
	int r = 0;

	if (is_stopped(root))
		return -EINTR;
	if (index == 0)
		r = note_start(root, stage, clock_ns(CLOCK_MONOTONIC));
	start = find_start(root, stage);
	if (r < 0 || !start)
		return r < 0 ? r : -EINVAL;
	return after_ns ? sleep_until(root, start->start_ns + after_ns) : 0;
}

static void set_moment_fd(struct procroot *root, int fd)
{
	if (root->moment_fd >= 0 && root->moment_fd != root->top_fd)
		close(root->moment_fd);
	root->moment_fd = fd;
}

static int reach_recorded(struct procroot *root, const char *moment, int index)
{
	int fd;

	if (!root->has_moments) {
		if (index > 0)
			return -ENODATA;
		set_moment_fd(root, root->top_fd);
		return 0;
	}
	fd = open_beneath(root->top_fd, moment, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd == -ENOENT ? -ENODATA : fd;
	set_moment_fd(root, fd);
	return 0;
}

static bool read_recorded_clock(struct procroot *root, struct str *text)
{
	uint64_t monotonic_ns, realtime_ns;
	struct span line;

	if (read_file(root, root->moment_fd, "clock", true, text) < 0)
		return false;
	line = span_make(text->data, text->len);
	if (!span_u64(&line, &monotonic_ns) || !span_u64(&line, &realtime_ns))
		return false;
	root->monotonic_ns = monotonic_ns;
	root->realtime_ns = realtime_ns;
	return true;
}

static void note_recorded_clock(struct procroot *root)
{
	_cleanup_(str_free) struct str text = { 0 };
	double uptime_s;

	if (read_recorded_clock(root, &text))
		return;
	root->monotonic_ns = 0;
	root->realtime_ns = 0;
	if (read_file(root, root->moment_fd, "proc/uptime", true, &text) == 0 &&
	    proc_uptime_parse(text.data, text.len, &uptime_s) == 0 && uptime_s < 1e10)
		root->monotonic_ns = (uint64_t)(uptime_s * 1e9);
}

static void note_clock(struct procroot *root)
{
	if (!root->live) {
		note_recorded_clock(root);
		return;
	}
	root->monotonic_ns = clock_ns(CLOCK_MONOTONIC);
	root->realtime_ns = clock_ns(CLOCK_REALTIME);
}

static void record_clock(struct procroot *root)
{
	_cleanup_(str_free) struct str text = { 0 };

	if (!root->record)
		return;
	str_format(&text, "%llu %llu\n", (unsigned long long)root->monotonic_ns,
		   (unsigned long long)root->realtime_ns);
	record_file(root, "", "clock", &text);
}

static bool is_stage_name(const char *stage)
{
	size_t len = strspn(stage, "abcdefghijklmnopqrstuvwxyz");

	return len > 0 && len < STAGE_NAME_MAX && !stage[len];
}

int procroot_moment(struct procroot *root, const char *stage, int index, uint64_t after_ns)
{
	char moment[sizeof(root->moment)];
	int r;

	if (!is_stage_name(stage) || index < 0)
		return -EINVAL;
	snprintf(moment, sizeof(moment), "%s.%02d", stage, index);
	r = root->live ? reach_live(root, stage, index, after_ns) :
			 reach_recorded(root, moment, index);
	if (r < 0)
		return r;
	memcpy(root->moment, moment, sizeof(moment));
	note_clock(root);
	record_clock(root);
	return 0;
}

uint64_t procroot_monotonic_ns(const struct procroot *root)
{
	return root->monotonic_ns;
}

uint64_t procroot_realtime_ns(const struct procroot *root)
{
	return root->realtime_ns;
}

/* ---- life ----------------------------------------------------------------------------------- */

static struct procroot *procroot_new(int top_fd)
{
	struct procroot *root = calloc(1, sizeof(*root));

	if (!root) {
		close(top_fd);
		return NULL;
	}
	root->top_fd = root->moment_fd = top_fd;
	return root;
}

void procroot_free(struct procroot *root)
{
	if (!root)
		return;
	set_moment_fd(root, -1);
	close(root->top_fd);
	str_free(&root->record_path);
	vec_free(&root->starts);
	free(root);
}

void procroot_freep(struct procroot **root)
{
	procroot_free(*root);
}

bool procroot_is_live(const struct procroot *root)
{
	return root->live;
}

void procroot_pause_recorder(struct procroot *root, bool paused)
{
	root->record_paused = paused;
}

void procroot_set_recorder(struct procroot *root, procroot_record_fn *record, void *context)
{
	root->record = record;
	root->record_context = context;
}

int procroot_open_live(const volatile sig_atomic_t *stop, struct procroot **ret, struct err *err)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct procroot *root;

	if (fd < 0)
		return err_set(err, -errno, "can't open /: %s", strerror(errno));
	root = procroot_new(fd);
	if (!root)
		return err_set(err, -ENOMEM, "out of memory");
	root->live = true;
	root->stop = stop;
	note_clock(root);
	*ret = root;
	return 0;
}

static bool is_moment_name(const char *name)
{
	size_t letters = strspn(name, "abcdefghijklmnopqrstuvwxyz");
	size_t digits = name[letters] == '.' ? strspn(name + letters + 1, "0123456789") : 0;

	return letters > 0 && digits >= 2 && !name[letters + 1 + digits];
}

static int find_moments(struct procroot *root)
{
	int fd = openat(root->top_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!folder) {
		int r = -errno;

		if (fd >= 0)
			close(fd);
		return r;
	}
	while (!root->has_moments && (entry = readdir(folder)))
		root->has_moments = is_moment_name(entry->d_name);
	closedir(folder);
	return 0;
}

static int check_recorded(struct procroot *root, const char *folder, struct err *err)
{
	int fd, r = find_moments(root);

	if (r < 0)
		return err_set(err, r, "can't read %s: %s", folder, strerror(-r));
	fd = open_beneath(root->top_fd, "proc", O_PATH | O_DIRECTORY);
	if (fd >= 0)
		close(fd);
	if (fd == -ENOSYS)
		return err_set(err, -ENOSYS, "a recorded tree needs openat2(), Linux 5.6");
	if (fd < 0 && !root->has_moments)
		return err_set(err, -EINVAL,
			       "%s is no recorded tree: it has neither proc/ nor moments such as "
			       "vmstat.00/",
			       folder);
	return 0;
}

int procroot_open_recorded(const char *folder, struct procroot **ret, struct err *err)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_set(err, -errno, "can't open %s: %s", folder, strerror(errno));
	root = procroot_new(fd);
	if (!root)
		return err_set(err, -ENOMEM, "out of memory");
	r = check_recorded(root, folder, err);
	if (r < 0)
		return r;
	note_clock(root);
	*ret = TAKE_PTR(root);
	return 0;
}
