/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_pool [WORKERS [CONNECTIONS [NAME]]]: a server whose acceptor hands every request to a
 * pool of threads worker-K (or NAME-K) that is far larger than the machine, and a process load-
 * gen that keeps one request on each connection, all on loopback. A request is a byte and takes
 * some steps; each step is queued anew and wakes a worker, as the tasks of an asynchronous
 * runtime do.
 */
#include "load.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>

#define STEPS 4
#define ROUNDS 6000
#define MOST_CONNECTIONS 512
#define READ_BYTES 64

struct task {
	int fd;
	int steps_left;
};

/* Room for all: a connection has one request at a time, and a request is queued once at a time. */
static struct task queue[MOST_CONNECTIONS * READ_BYTES];
static size_t queue_first, queue_tasks;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER;
static const char *role = "worker";

static void queue_push(struct task task)
{
	size_t room = sizeof(queue) / sizeof(queue[0]);

	pthread_mutex_lock(&queue_lock);
	queue[(queue_first + queue_tasks++) % room] = task;
	pthread_mutex_unlock(&queue_lock);
	pthread_cond_signal(&queue_filled);
}

static struct task queue_pop(void)
{
	struct task task;

	pthread_mutex_lock(&queue_lock);
	while (!queue_tasks)
		pthread_cond_wait(&queue_filled, &queue_lock);
	task = queue[queue_first];
	queue_first = (queue_first + 1) % (sizeof(queue) / sizeof(queue[0]));
	queue_tasks--;
	pthread_mutex_unlock(&queue_lock);
	return task;
}

static __attribute__((noinline)) uint32_t handle_step(uint32_t state)
{
	for (int i = 0; i < ROUNDS; i++)
		state = state * 1664525u + 1013904223u;
	return state;
}

static __attribute__((noreturn)) void *run_worker(void *argument)
{
	volatile uint32_t state = (uint32_t)(uintptr_t)argument;
	char name[16];

	snprintf(name, sizeof(name), "%.9s-%u", role, (unsigned)(uintptr_t)argument % 10000);
	prctl(PR_SET_NAME, name);
	for (;;) {
		struct task task = queue_pop();

		state = handle_step(state);
		if (--task.steps_left > 0)
			queue_push(task);
		else if (send(task.fd, "", 1, MSG_NOSIGNAL) != 1)
			_exit(1);
	}
}

static int watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	int yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Calls handle(fd, bytes read) for ever; ends when a connection does. */
static __attribute__((noreturn)) void serve(int epoll, void (*handle)(int fd, ssize_t n))
{
	struct epoll_event events[MOST_CONNECTIONS];
	char bytes[READ_BYTES];

	for (;;) {
		int ready = epoll_wait(epoll, events, MOST_CONNECTIONS, -1);

		for (int i = 0; i < ready; i++) {
			ssize_t n = read(events[i].data.fd, bytes, sizeof(bytes));

			if (n <= 0)
				_exit(1);
			handle(events[i].data.fd, n);
		}
	}
}

static void queue_requests(int fd, ssize_t n)
{
	while (n-- > 0)
		queue_push((struct task){ .fd = fd, .steps_left = STEPS });
}

static void send_next(int fd, ssize_t n)
{
	while (n-- > 0)
		if (send(fd, "", 1, MSG_NOSIGNAL) != 1)
			_exit(1);
}

static __attribute__((noreturn)) void generate_load(const struct sockaddr_in *to, int connections)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	load_bound();
	prctl(PR_SET_NAME, "load-gen");
	for (int i = 0; i < connections; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || connect(fd, (const void *)to, sizeof(*to)) || watch(epoll, fd))
			_exit(1);
		send_next(fd, 1);
	}
	serve(epoll, send_next);
}

int main(int argc, char **argv)
{
	int workers = load_arg(argc, argv, 1, 240);
	int connections = load_arg(argc, argv, 2, 64);
	struct sockaddr_in address;
	int listener = load_socket(SOCK_STREAM, &address);
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (connections > MOST_CONNECTIONS || listen(listener, MOST_CONNECTIONS))
		return 2;
	if (argc > 3)
		role = argv[3];
	load_bound();
	if (fork() == 0)
		generate_load(&address, connections);
	load_threads(workers, run_worker);
	for (int i = 0; i < connections; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 || watch(epoll, fd))
			return 1;
	}
	load_ready();
	serve(epoll, queue_requests);
}
