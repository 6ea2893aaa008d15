/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_pool [WORKERS [CONNECTIONS]]: a server whose acceptor hands every request to a pool of
 * threads worker-K that is far larger than the machine, and a process load-gen that keeps one
 * request on each connection, all on loopback. A request is a byte and takes some steps; each step
 * is queued anew and wakes a worker, as the tasks of an asynchronous runtime do.
 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define STEPS 4
#define ROUNDS 2000
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

	snprintf(name, sizeof(name), "worker-%u", (unsigned)(uintptr_t)argument % 10000);
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

static void start_workers(int workers)
{
	for (int i = 1; i <= workers; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, run_worker, (void *)(uintptr_t)i)) {
			fprintf(stderr, "worker_pool: only %d of %d threads\n", i - 1, workers);
			exit(77);
		}
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

/* A listening socket on a free port of loopback. */
static int listen_local(struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (void *)address, length) || listen(fd, MOST_CONNECTIONS) ||
	    getsockname(fd, (void *)address, &length)) {
		perror("worker_pool: loopback");
		exit(77);
	}
	return fd;
}

int main(int argc, char **argv)
{
	int workers = load_arg(argc, argv, 1, 240);
	int connections = load_arg(argc, argv, 2, 64);
	struct sockaddr_in address;
	int listener = listen_local(&address);
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (connections > MOST_CONNECTIONS)
		return 2;
	load_bound();
	if (fork() == 0)
		generate_load(&address, connections);
	start_workers(workers);
	for (int i = 0; i < connections; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 || watch(epoll, fd))
			return 1;
	}
	load_ready();
	serve(epoll, queue_requests);
}
