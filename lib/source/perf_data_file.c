/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "source/perf_data_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int open_regular(const char *path, uint64_t *ret_size, struct err *err)
{
	/* O_NONBLOCK: a FIFO without a writer must not hang us. */
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat info;

	if (fd < 0 || fstat(fd, &info) < 0) {
		int code = -errno;

		return err_set(err, code, "\"%s\": %s", path, strerror(-code));
	}
	if (S_ISDIR(info.st_mode))
		return err_set(
			err, -EISDIR,
			"\"%s\" is a directory: recordings of `perf record --threads` can't be read",
			path);
	if (!S_ISREG(info.st_mode))
		return err_set(err, -EBADMSG,
			       "\"%s\" is not a regular file: save the recording to a file first",
			       path);
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	*ret_size = (uint64_t)info.st_size;
	return TAKE_FD(fd);
}

int perf_file_of_fd(int fd, uint64_t size, struct perf_file **ret)
{
	struct perf_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->fd = fd;
	file->size = size;
	for (size_t i = 0; i < PERF_FILE_BLOCKS; i++)
		file->blocks[i].number = UINT64_MAX;
	*ret = file;
	return 0;
}

int perf_file_open(const char *path, struct perf_file **ret, struct err *err)
{
	uint64_t size = 0;
	_cleanup_(cleanup_close) int fd = open_regular(path, &size, err);
	int r = fd < 0 ? fd : perf_file_of_fd(fd, size, ret);

	if (r == 0)
		(void)TAKE_FD(fd);
	return r;
}

void perf_file_free(struct perf_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->count; i++)
		free(file->blocks[i].data);
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

/* Up to `len` bytes; what was read, or -Exxx. */
static ssize_t read_up_to(int fd, uint64_t offset, uint8_t *buffer, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, buffer + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int perf_file_read(const struct perf_file *file, uint64_t offset, void *buffer, size_t len)
{
	ssize_t n;

	if (offset > file->size || len > file->size - offset)
		return -EBADMSG;
	n = read_up_to(file->fd, offset, buffer, len);
	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : -EBADMSG;
}

static uint16_t *bucket_of(struct perf_file *file, uint64_t number)
{
	return &file->buckets[number & (PERF_FILE_BUCKETS - 1)];
}

static struct perf_file_block *find_block(struct perf_file *file, uint64_t number)
{
	for (uint16_t i = *bucket_of(file, number); i; i = file->blocks[i - 1].next)
		if (file->blocks[i - 1].number == number)
			return &file->blocks[i - 1];
	return NULL;
}

static void forget_block(struct perf_file *file, struct perf_file_block *block)
{
	uint16_t index = (uint16_t)(block - file->blocks + 1);
	uint16_t *link;

	if (block->number == UINT64_MAX)
		return;
	link = bucket_of(file, block->number);
	while (*link != index)
		link = &file->blocks[*link - 1].next;
	*link = block->next;
	block->number = UINT64_MAX;
}

void perf_file_release(struct perf_file *file, uint64_t before)
{
	uint64_t first = before >> PERF_FILE_BLOCK_SHIFT;

	for (size_t i = 0; i < file->count; i++) {
		struct perf_file_block *block = &file->blocks[i];

		if (block->number >= first)
			continue;
		forget_block(file, block);
		block->next = file->free;
		file->free = (uint16_t)(i + 1);
	}
}

/* A block to fill: one that was released, a new one, or the first that was not used since the
 * hand passed it. */
static struct perf_file_block *take_block(struct perf_file *file)
{
	struct perf_file_block *block;

	if (file->free) {
		block = &file->blocks[file->free - 1];
		file->free = block->next;
		return block;
	}
	if (file->count < PERF_FILE_BLOCKS) {
		block = &file->blocks[file->count];
		block->data = malloc(PERF_FILE_BLOCK);
		if (!block->data)
			return NULL;
		file->count++;
		return block;
	}
	while (file->blocks[file->hand].used) {
		file->blocks[file->hand].used = false;
		file->hand = (file->hand + 1) % PERF_FILE_BLOCKS;
	}
	block = &file->blocks[file->hand];
	file->hand = (file->hand + 1) % PERF_FILE_BLOCKS;
	forget_block(file, block);
	return block;
}

static struct perf_file_block *load_block(struct perf_file *file, uint64_t number)
{
	struct perf_file_block *block = take_block(file);
	uint16_t *bucket;
	ssize_t n;

	if (!block) {
		file->error = -ENOMEM;
		return NULL;
	}
	n = read_up_to(file->fd, number << PERF_FILE_BLOCK_SHIFT, block->data, PERF_FILE_BLOCK);
	if (n < 0) {
		block->next = file->free;
		file->free = (uint16_t)(block - file->blocks + 1);
		file->error = (int)n;
		return NULL;
	}
	bucket = bucket_of(file, number);
	block->number = number;
	block->len = (uint32_t)n;
	block->next = *bucket;
	*bucket = (uint16_t)(block - file->blocks + 1);
	return block;
}

static struct perf_file_block *get_block(struct perf_file *file, uint64_t number)
{
	struct perf_file_block *block = find_block(file, number);

	if (!block)
		block = load_block(file, number);
	if (block)
		block->used = true;
	return block;
}

static const uint8_t *join(struct perf_file *file, uint64_t offset, uint32_t len)
{
	uint32_t done = 0;

	while (done < len) {
		struct perf_file_block *block =
			get_block(file, (offset + done) >> PERF_FILE_BLOCK_SHIFT);
		uint32_t within = (offset + done) & (PERF_FILE_BLOCK - 1);
		uint32_t n = len - done;

		if (!block)
			return NULL;
		if (within >= block->len) {
			file->error = -EBADMSG;
			return NULL;
		}
		if (n > block->len - within)
			n = block->len - within;
		memcpy(file->joined + done, block->data + within, n);
		done += n;
	}
	return file->joined;
}

const uint8_t *perf_file_at_slow(struct perf_file *file, uint64_t offset, uint32_t len,
				 uint32_t *hint)
{
	uint32_t within = offset & (PERF_FILE_BLOCK - 1);
	struct perf_file_block *block;

	if (offset > file->size || len > file->size - offset) {
		file->error = -EBADMSG;
		return NULL;
	}
	block = get_block(file, offset >> PERF_FILE_BLOCK_SHIFT);
	if (!block)
		return NULL;
	if (within + len > block->len)
		return join(file, offset, len);
	*hint = (uint32_t)(block - file->blocks);
	return block->data + within;
}
