/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include "base/quote.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(const struct output *output, int code, struct err *err)
{
	return err_set(err, -code, "cannot write %s: %s",
		       output->path ? quote(output->path).text : "standard output", strerror(code));
}

int output_open(const char *path, struct output *ret, struct err *err)
{
	struct str draft = { 0 };
	struct stat st;

	*ret = (struct output){ .path = path, .fd = STDOUT_FILENO };
	if (!path)
		return 0;
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, -EEXIST, "cannot write %s: it exists and is not a regular file",
			       quote(path).text);
	str_format(&draft, "%s.XXXXXX", path);
	ret->draft = str_take(&draft);
	if (!ret->draft)
		return -ENOMEM;
	ret->fd = mkostemp(ret->draft, O_CLOEXEC);
	if (ret->fd >= 0)
		return 0;
	free(ret->draft);
	ret->draft = NULL;
	return failed(ret, errno, err);
}

static void write_all(struct output *output, const char *bytes, size_t len)
{
	while (len > 0 && !output->error) {
		ssize_t n = write(output->fd, bytes, len);

		if (n < 0 && errno != EINTR)
			output->error = -errno;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
}

static void flush(struct output *output)
{
	write_all(output, output->buffer, output->len);
	output->len = 0;
}

int output_write(void *context, const char *bytes, size_t len)
{
	struct output *output = context;

	if (len > OUTPUT_BUFFER - output->len)
		flush(output);
	if (len >= OUTPUT_BUFFER) {
		write_all(output, bytes, len);
	} else {
		memcpy(output->buffer + output->len, bytes, len);
		output->len += len;
	}
	return output->error;
}

static bool finish_file(struct output *output)
{
	mode_t mask = umask(0);
	bool right;

	umask(mask);
	right = fchmod(output->fd, 0666 & ~mask) == 0;
	right = close(output->fd) == 0 && right;
	output->fd = -1;
	return right && rename(output->draft, output->path) == 0;
}

int output_commit(struct output *output, struct err *err)
{
	flush(output);
	if (output->error)
		return failed(output, -output->error, err);
	if (!output->path)
		return 0;
	if (!finish_file(output))
		return failed(output, errno, err);
	free(output->draft);
	output->draft = NULL;
	return 0;
}

void output_drop(struct output *output)
{
	if (!output->draft)
		return;
	if (output->fd >= 0)
		close(output->fd);
	unlink(output->draft);
	free(output->draft);
	output->draft = NULL;
}
