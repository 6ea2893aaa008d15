/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/quote.h"
#include "base/str.h"
#include "bundle/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define SUFFIX ".tar.zst"
#define HOST_MAX 64
#define NUMBER_MAX 1000

/* Where the bundle is being made: a file without a name that anybody would look for. */
struct draft {
	int folder_fd;
	int fd;
	char name[48]; /* "" when there is no file to remove */
};

static void draft_discard(struct draft *draft)
{
	if (draft->fd >= 0)
		close(draft->fd);
	if (draft->name[0])
		unlinkat(draft->folder_fd, draft->name, 0);
	if (draft->folder_fd >= 0)
		close(draft->folder_fd);
}

static int failed(struct err *err, const char *what, const char *path)
{
	int code = errno;

	return err_set(err, -code, "%s %s: %s; another place can be named with -o FILE", what,
		       quote(path).text, strerror(code));
}

/* O_EXCL and a random name: in a folder like /tmp nobody can have put a link there before. */
static int draft_open(struct draft *draft, const char *folder, struct err *err)
{
	uint64_t random;

	draft->folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (draft->folder_fd < 0)
		return failed(err, "cannot open the folder", folder);
	for (int tries = 0; tries < 16; tries++) {
		if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
			random = (uint64_t)clock() << 32 | (uint64_t)getpid() << 8 |
				 (uint64_t)tries;
		snprintf(draft->name, sizeof(draft->name), ".triage-%016llx.tmp",
			 (unsigned long long)random);
		draft->fd = openat(draft->folder_fd, draft->name,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (draft->fd >= 0 || errno != EEXIST)
			break;
	}
	if (draft->fd >= 0)
		return 0;
	draft->name[0] = '\0';
	return failed(err, "cannot create a file in", folder);
}

static int draft_set_owner(const struct draft *draft, const struct bundle_target *target,
			   const char *folder, struct err *err)
{
	/* the umask may have taken the owner's own bits */
	if (fchmod(draft->fd, 0600) < 0 ||
	    (target->uid != (uid_t)-1 && fchown(draft->fd, target->uid, target->gid) < 0))
		return failed(err, "cannot set mode and owner of a file in", folder);
	return 0;
}

/* Network file systems tell of a full disk as late as here. */
static int draft_close(struct draft *draft, const char *folder, struct err *err)
{
	if (close(TAKE_FD(draft->fd)) < 0)
		return failed(err, "cannot write the bundle in", folder);
	return 0;
}

/* Gives the draft its name unless that is taken. */
static int draft_name_new(struct draft *draft, const char *name)
{
	if (renameat2(draft->folder_fd, draft->name, draft->folder_fd, name, RENAME_NOREPLACE) ==
	    0) {
		draft->name[0] = '\0';
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* a file system without that flag; the draft's own name is removed with the draft */
	return linkat(draft->folder_fd, draft->name, draft->folder_fd, name, 0) < 0 ? -errno : 0;
}

static int draft_name_replacing(struct draft *draft, const char *name)
{
	if (renameat(draft->folder_fd, draft->name, draft->folder_fd, name) < 0)
		return -errno;
	draft->name[0] = '\0';
	return 0;
}

static bool is_plain(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-';
}

static int default_name(const struct bundle_info *info, int number, struct str *out)
{
	time_t seconds = (time_t)info->created_unix_s;
	const char *host = info->host[0] ? info->host : "host";
	char stamp[64];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm))
		return -EINVAL;
	str_clear(out);
	str_append(out, "triage-");
	for (size_t i = 0; host[i] && i < HOST_MAX; i++)
		str_append_char(out, is_plain(host[i]) ? host[i] : '-');
	str_format(out, "-%s", stamp);
	if (number > 1)
		str_format(out, "-%d", number);
	str_append(out, SUFFIX);
	return str_error(out);
}

static int write_draft(const struct bundle_writer *writer, const struct bundle_info *info,
		       const struct bundle_target *target, const char *folder, struct draft *draft,
		       struct err *err)
{
	int r;

	r = draft_open(draft, folder, err);
	if (r < 0)
		return r;
	r = bundle_write(writer, info, draft->fd, err);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return err_prefix(err, r, "cannot write the bundle in %s", quote(folder).text);
	r = draft_set_owner(draft, target, folder, err);
	return r < 0 ? r : draft_close(draft, folder, err);
}

static int save_new(const struct bundle_writer *writer, const struct bundle_info *info,
		    const struct bundle_target *target, struct str *path, struct err *err)
{
	_cleanup_(draft_discard) struct draft draft = { .folder_fd = -1, .fd = -1 };
	_cleanup_(str_free) struct str name = { 0 };
	const char *folder = target->folder ? target->folder : ".";
	int r;

	r = write_draft(writer, info, target, folder, &draft, err);
	if (r < 0)
		return r;
	for (int number = 1; number < NUMBER_MAX; number++) {
		r = default_name(info, number, &name);
		if (r == 0)
			r = draft_name_new(&draft, name.data);
		if (r != -EEXIST)
			break;
	}
	if (r < 0)
		return err_set(err, r, "cannot name the bundle in %s: %s", quote(folder).text,
			       strerror(-r));
	if (strcmp(folder, ".") != 0)
		str_format(path, "%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/");
	str_append(path, name.data);
	return 0;
}

/* Nothing but a regular file gives way: not /dev/null, not a link that somebody left in /tmp. */
static int check_replaceable(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT && path[0] ? 0 : failed(err, "cannot write", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EEXIST,
			       "cannot write %s: it exists and is not a regular file; remove it or "
			       "name another with -o FILE",
			       quote(path).text);
	return 0;
}

static int save_as(const struct bundle_writer *writer, const struct bundle_info *info,
		   const struct bundle_target *target, struct str *path, struct err *err)
{
	_cleanup_(draft_discard) struct draft draft = { .folder_fd = -1, .fd = -1 };
	_cleanup_(cleanup_free) char *for_folder = strdup(target->path);
	_cleanup_(cleanup_free) char *for_name = strdup(target->path);
	int r;

	if (!for_folder || !for_name)
		return -ENOMEM;
	r = check_replaceable(target->path, err);
	if (r == 0)
		r = write_draft(writer, info, target, dirname(for_folder), &draft, err);
	if (r < 0)
		return r;
	r = draft_name_replacing(&draft, basename(for_name));
	if (r < 0)
		return err_set(err, r, "cannot write %s: %s", quote(target->path).text,
			       strerror(-r));
	str_append(path, target->path);
	return 0;
}

int bundle_save(const struct bundle_writer *writer, const struct bundle_info *info,
		const struct bundle_target *target, char **ret_path, struct err *err)
{
	_cleanup_(str_free) struct str path = { 0 };
	char *taken;
	int r;

	r = bundle_check_names(writer, err);
	if (r == 0)
		r = target->path ? save_as(writer, info, target, &path, err) :
				   save_new(writer, info, target, &path, err);
	if (r < 0)
		return r == -ENOMEM ? err_set(err, r, "cannot save the bundle: out of memory") : r;
	taken = str_take(&path);
	if (!taken)
		return err_set(err, -ENOMEM,
			       "the bundle is saved, but its path is lost: out of memory");
	*ret_path = taken;
	return 0;
}
