// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the soak test puts into its containers, linked statically:
 *
 *	soak-tool write FILE RATE              write numbered lines; FILE counts those that were taken
 *	soak-tool advances FILE MS             does the writer of FILE go on?
 *	soak-tool ask ADDRESS REQUEST ANSWER   send REQUEST, and find ANSWER in what comes back
 *	soak-tool hog                          use up the memory
 *
 * A line of run R is "R<R> <stream> <number> <filling>.\n", the filling's length and letters follow from
 * the number, so that one that was torn, doubled or mixed shows. ADDRESS: tcp:IP:PORT, udp:IP:PORT or
 * unix:PATH; in REQUEST and ANSWER \r \n and \xHH are understood.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 65536, LINE_MAX_BYTES = 700 };

/* Shared with whoever counts; survives every kind of kill. */
struct tally {
	uint64_t runs; /* the youngest run; the first is 1 */
	struct {
		uint64_t written[2]; /* lines whose write(2) returned: stdout, stderr */
		uint64_t ended;      /* 1: it was asked to end, and its last line counts them all */
	} run[RUNS_MAX];
};

static volatile sig_atomic_t asked_to_end;

static void on_term(int number)
{
	(void)number;
	asked_to_end = 1;
}

static struct tally *map_tally(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct tally *tally = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(*tally)) == 0)
		tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (tally == MAP_FAILED) {
		perror(path);
		exit(2);
	}
	close(fd);
	return tally;
}

/* At most PIPE_BUF: taken as a whole or not at all. */
static void write_line(struct tally *tally, uint64_t run, int stream, const char *text)
{
	char line[LINE_MAX_BYTES];
	uint64_t number = tally->run[run].written[stream] + 1;
	int filling = (int)(number * 37 % 200);
	int length = snprintf(line, sizeof(line), "R%llu %c %llu ", (unsigned long long)run, "oe"[stream],
			      (unsigned long long)number);

	if (text) {
		length += snprintf(line + length, sizeof(line) - (size_t)length, "%s\n", text);
	} else {
		memset(line + length, 'a' + (int)(number % 26), (size_t)filling);
		length += filling;
		line[length++] = '.';
		line[length++] = '\n';
	}
	for (;;) {
		ssize_t wrote = write(STDOUT_FILENO + stream, line, (size_t)length);

		if (wrote == length)
			break;
		if (wrote >= 0 || errno != EINTR)
			_exit(3);
	}
	__atomic_store_n(&tally->run[run].written[stream], number, __ATOMIC_RELEASE);
}

static int write_lines(const char *path, unsigned int rate)
{
	struct tally *tally = map_tally(path);
	uint64_t run = ++tally->runs;
	const struct timespec pause = { .tv_nsec = 1000000000 / (long)rate };
	const struct sigaction action = { .sa_handler = on_term };
	char text[120];

	if (run >= RUNS_MAX)
		return 4;
	sigaction(SIGTERM, &action, NULL);
	for (uint64_t i = 0; !asked_to_end; i++) {
		write_line(tally, run, i % 3 == 2, NULL);
		nanosleep(&pause, NULL);
	}
	snprintf(text, sizeof(text), "end %llu %llu", (unsigned long long)tally->run[run].written[0] + 1,
		 (unsigned long long)tally->run[run].written[1]);
	tally->run[run].ended = 1;
	write_line(tally, run, 0, text);
	return 0;
}

static uint64_t lines_of(const struct tally *tally)
{
	uint64_t run = __atomic_load_n(&tally->runs, __ATOMIC_ACQUIRE) % RUNS_MAX;

	return tally->run[run].written[0] + tally->run[run].written[1];
}

static int advances(const char *path, unsigned int wait_ms)
{
	struct tally *tally = map_tally(path);
	uint64_t before = lines_of(tally);

	for (unsigned int waited = 0; waited < wait_ms; waited += 20) {
		poll(NULL, 0, 20);
		if (lines_of(tally) != before)
			return 0;
	}
	printf("no line in %u ms\n", wait_ms);
	return 1;
}

/* In place. Return: the length. */
static size_t unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		unsigned int byte;

		if (from[0] == '\\' && from[1] == 'x' && sscanf(from + 2, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			from += 3;
		} else if (from[0] == '\\' && (from[1] == 'r' || from[1] == 'n')) {
			*to++ = *++from == 'r' ? '\r' : '\n';
		} else {
			*to++ = *from;
		}
	}
	return (size_t)(to - text);
}

static int dial(char *address)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET };
	char *port;
	int sock;

	if (strncmp(address, "unix:", 5) == 0) {
		strncpy(un.sun_path, address + 5, sizeof(un.sun_path) - 1);
		sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		return sock >= 0 && connect(sock, (struct sockaddr *)&un, sizeof(un)) == 0 ? sock : -1;
	}
	port = strrchr(address, ':');
	if (!port || port == address + 3)
		return -1;
	*port++ = '\0';
	in.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (inet_pton(AF_INET, address + 4, &in.sin_addr) != 1)
		return -1;
	sock = socket(AF_INET, (strncmp(address, "udp", 3) == 0 ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC,
		      0);
	return sock >= 0 && connect(sock, (struct sockaddr *)&in, sizeof(in)) == 0 ? sock : -1;
}

/* Waits for as long as it is let: the health check's timeout ends it. */
static int ask(char *address, char *request, char *answer)
{
	size_t length = unescape(request), wanted = unescape(answer), have = 0;
	char reply[16384];
	int sock = dial(address);

	if (sock < 0 || write(sock, request, length) != (ssize_t)length) {
		perror("ask");
		return 1;
	}
	while (have < sizeof(reply)) {
		ssize_t got = read(sock, reply + have, sizeof(reply) - have);

		if (got <= 0)
			break;
		have += (size_t)got;
		if (memmem(reply, have, answer, wanted))
			return 0;
	}
	printf("%zu bytes came, and not what was asked for\n", have);
	return 1;
}

static int hog(void)
{
	for (;;) {
		char *memory = malloc(1 << 20);

		if (!memory)
			return 1;
		memset(memory, 1, 1 << 20);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "write") == 0)
		return write_lines(argv[2], (unsigned int)strtoul(argv[3], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "advances") == 0)
		return advances(argv[2], (unsigned int)strtoul(argv[3], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv[3], argv[4]);
	if (argc == 2 && strcmp(argv[1], "hog") == 0)
		return hog();
	fputs("usage: soak-tool write|advances|ask|hog ...\n", stderr);
	return 2;
}
