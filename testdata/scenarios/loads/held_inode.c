/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * held_inode FILE [N]: a thread named holder writes to the file from a page that nobody fills (userfaultfd), and sleeps with the lock of
 * the file's inode; N threads named writer-K want to write to it, too.
 */
#include "load.h"

#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static const char *path;

static int open_file(void)
{
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

/* A page that faults for ever. */
static void *make_page(size_t page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || memory == MAP_FAILED || ioctl(fd, UFFDIO_API, &api))
		return NULL;
	range.range.start = (unsigned long)memory;
	range.range.len = page;
	return ioctl(fd, UFFDIO_REGISTER, &range) ? NULL : memory;
}

static void *hold_inode(void *page)
{
	int fd = open_file();

	prctl(PR_SET_NAME, "holder");
	if (fd < 0 || write(fd, page, 16) < 0)
		perror("held_inode");
	return NULL;
}

static void *append_line(void *argument)
{
	int fd = open_file();
	char name[16];

	snprintf(name, sizeof(name), "writer-%u", (unsigned)(size_t)argument % 10000);
	prctl(PR_SET_NAME, name);
	if (fd < 0 || write(fd, "line\n", 5) < 0)
		perror("held_inode");
	return NULL;
}

int main(int argc, char **argv)
{
	void *page = make_page((size_t)sysconf(_SC_PAGESIZE));
	int writers = load_arg(argc, argv, 2, 8);
	pthread_t thread;

	load_bound();
	path = argc > 1 ? argv[1] : "held";
	if (!page || pthread_create(&thread, NULL, hold_inode, page)) {
		fprintf(stderr, "held_inode: no userfaultfd here\n");
		return 77;
	}
	usleep(300000);
	for (int i = 1; i <= writers; i++)
		if (pthread_create(&thread, NULL, append_line, (void *)(size_t)i))
			return 77;
	load_ready();
	for (;;)
		pause();
}
