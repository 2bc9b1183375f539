/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

enum {
	BUFFER_SIZE = 8192,
	/* What a pipe that polls writable takes without blocking (pipe(7)). */
	WRITE_SIZE = 4096,
	/* A terminal nobody has open, or one that has input unread: looked at again then. */
	TICK_MS = 100,
	/* At the end, what others still write to the terminal is not ours to wait for. */
	MAX_LEFTOVER = 1 << 20,
};

/* One direction. The bytes on their way are data[start] to data[end - 1]. */
struct channel {
	int from;
	int to;
	bool from_ended;
	bool to_ended;
	size_t start;
	size_t end;
	char last;
	char data[BUFFER_SIZE];
};

struct copy {
	struct channel in;
	struct channel out;
	/* No process has the terminal open at the moment. */
	bool hung_up;
	/* End-of-file characters still owed to the container. */
	int eofs;
};

/* Signals that are about this process, not meant for the container. */
static const int own_signals[] = {
	SIGKILL, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGCHLD, SIGURG,  SIGSEGV,
	SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP, SIGSYS,  SIGABRT, SIGXCPU, SIGXFSZ,
};

int relay_init(struct relay *relay, struct error *err)
{
	sigset_t mask;

	/* sigfillset(3) leaves out what the libc keeps for itself; they are signals all the same. */
	memset(&mask, 0xff, sizeof(mask));
	for (size_t i = 0; i < ARRAY_SIZE(own_signals); i++)
		(void)sigdelset(&mask, own_signals[i]);
	relay->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (relay->signal_fd < 0)
		return error_sys(err, "signalfd", "signals to pass on");
	if (sigprocmask(SIG_BLOCK, &mask, &relay->saved_mask) < 0)
		return error_sys(err, "sigprocmask", "signals to pass on");
	relay->has_mask = true;
	return 0;
}

void relay_restore_mask(const struct relay *relay)
{
	if (relay->has_mask)
		(void)sigprocmask(SIG_SETMASK, &relay->saved_mask, NULL);
}

/*
 * Only the outer terminal turns "\n" into "\r\n": so the output also reads right
 * when stdout is a file.
 */
static int set_modes(struct relay *relay, struct error *err)
{
	struct termios inner, raw;

	if (tcgetattr(relay->master_fd, &inner) < 0)
		return error_sys(err, "tcgetattr", "the container's terminal");
	inner.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(relay->master_fd, TCSANOW, &inner) < 0)
		return error_sys(err, "tcsetattr", "the container's terminal");
	if (tcgetattr(STDIN_FILENO, &relay->saved) < 0)
		return 0;
	raw = relay->saved;
	cfmakeraw(&raw);
	raw.c_oflag |= OPOST;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return error_sys(err, "tcsetattr", "stdin");
	relay->has_saved = true;
	return 0;
}

static void copy_size(const struct relay *relay)
{
	struct winsize ws;

	if (relay->tty_fd >= 0 && ioctl(relay->tty_fd, TIOCGWINSZ, &ws) == 0)
		(void)ioctl(relay->master_fd, TIOCSWINSZ, &ws);
}

int relay_attach(struct relay *relay, int master_fd, struct error *err)
{
	int flags = fcntl(master_fd, F_GETFL);
	struct winsize ws;

	relay->master_fd = master_fd;
	relay->tty_fd = isatty(STDIN_FILENO)    ? STDIN_FILENO
			: isatty(STDOUT_FILENO) ? STDOUT_FILENO
						: -EBADF;
	/* A container that reads nothing must not keep us from reading its output. */
	if (flags < 0 || fcntl(master_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_sys(err, "fcntl", "the container's terminal");
	if (ioctl(master_fd, TIOCGWINSZ, &ws) == 0 && ws.ws_row == 0 && ws.ws_col == 0)
		copy_size(relay);
	return set_modes(relay, err);
}

static void channel_read(struct channel *channel)
{
	ssize_t n;

	if (channel->start == channel->end)
		channel->start = channel->end = 0;
	n = read(channel->from, channel->data + channel->end, BUFFER_SIZE - channel->end);
	if (n > 0) {
		channel->end += (size_t)n;
		channel->last = channel->data[channel->end - 1];
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		channel->from_ended = true;
	}
}

/* What a closed stdout does not want is dropped: the container need not know. */
static void channel_write(struct channel *channel)
{
	size_t size = channel->end - channel->start;
	ssize_t n = channel->to_ended ? (ssize_t)size
				      : write(channel->to, channel->data + channel->start,
					      size < WRITE_SIZE ? size : WRITE_SIZE);

	if (n >= 0)
		channel->start += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		channel->to_ended = true;
}

static bool has_data(const struct channel *channel)
{
	return channel->start < channel->end;
}

static bool wants_data(const struct channel *channel)
{
	return !channel->from_ended && (!has_data(channel) || channel->end < BUFFER_SIZE);
}

static void pass_signals(const struct relay *relay, int pidfd)
{
	struct signalfd_siginfo info;

	while (read(relay->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		int signal = (int)info.ssi_signo;

		if (signal == SIGWINCH && relay->master_fd >= 0)
			copy_size(relay);
		else if (signal != SIGPIPE)
			(void)pidfd_send_signal(pidfd, signal, NULL, 0);
	}
}

/*
 * The end of our stdin becomes the terminal's end-of-file character.  Not while
 * input is unread: a program that then turns to raw mode would find a NUL in
 * its place.  After half a line the first one only ends the line.
 */
static void send_eof(const struct relay *relay, struct copy *copy)
{
	cleanup_close int slave_fd =
		ioctl(relay->master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios inner;
	int unread = 0;

	if (slave_fd < 0 || ioctl(slave_fd, FIONREAD, &unread) < 0 || unread > 0 ||
	    tcgetattr(slave_fd, &inner) < 0)
		return;
	if (write(relay->master_fd, &inner.c_cc[VEOF], 1) == 1)
		copy->eofs--;
}

enum { POLL_SIGNAL, POLL_PROCESS, POLL_STDIN, POLL_STDOUT, POLL_MASTER, N_POLL };

static void choose_events(const struct relay *relay, const struct copy *copy, int pidfd,
			  struct pollfd *fds)
{
	bool read_master = wants_data(&copy->out), write_master = has_data(&copy->in);

	fds[POLL_SIGNAL] = (struct pollfd){ .fd = relay->signal_fd, .events = POLLIN };
	fds[POLL_PROCESS] = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	for (int i = POLL_STDIN; i < N_POLL; i++)
		fds[i] = (struct pollfd){ .fd = -1 };
	if (wants_data(&copy->in))
		fds[POLL_STDIN] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	if (has_data(&copy->out))
		fds[POLL_STDOUT] = (struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT };
	if (!copy->hung_up && (read_master || write_master))
		fds[POLL_MASTER] = (struct pollfd){
			.fd = relay->master_fd,
			.events = (short)((read_master ? POLLIN : 0) |
					  (write_master ? POLLOUT : 0)),
		};
}

static void copy_ready(const struct relay *relay, struct copy *copy, const struct pollfd *fds)
{
	bool stdin_was_open = !copy->in.from_ended;

	if (fds[POLL_STDIN].revents)
		channel_read(&copy->in);
	if (stdin_was_open && copy->in.from_ended)
		copy->eofs = copy->in.last == '\n' || copy->in.last == '\0' ? 1 : 2;
	if (fds[POLL_STDOUT].revents)
		channel_write(&copy->out);
	if (fds[POLL_MASTER].revents & POLLOUT)
		channel_write(&copy->in);
	if (fds[POLL_MASTER].revents & (POLLIN | POLLHUP | POLLERR))
		channel_read(&copy->out);
	/* EIO from a terminal: its last user closed it, but another may open it again. */
	copy->hung_up = copy->out.from_ended;
	copy->out.from_ended = copy->in.to_ended = false;
	if (copy->eofs > 0 && !has_data(&copy->in))
		send_eof(relay, copy);
}

static void write_leftover(struct copy *copy)
{
	size_t total = 0;

	copy->out.from_ended = false;
	do {
		while (has_data(&copy->out))
			channel_write(&copy->out);
		channel_read(&copy->out);
		total += copy->out.end - copy->out.start;
	} while (has_data(&copy->out) && total < MAX_LEFTOVER);
}

static int relay_terminal(struct relay *relay, int pidfd, struct error *err)
{
	cleanup_free struct copy *copy = xcalloc(1, sizeof(*copy));
	struct pollfd fds[N_POLL];

	copy->in.from = STDIN_FILENO;
	copy->in.to = copy->out.from = relay->master_fd;
	copy->out.to = STDOUT_FILENO;
	do {
		bool tick = copy->hung_up || (copy->eofs > 0 && !has_data(&copy->in));

		choose_events(relay, copy, pidfd, fds);
		if (poll(fds, N_POLL, tick ? TICK_MS : -1) < 0 && errno != EINTR)
			return error_sys(err, "poll", "the container's process");
		if (fds[POLL_SIGNAL].revents)
			pass_signals(relay, pidfd);
		copy_ready(relay, copy, fds);
	} while (!fds[POLL_PROCESS].revents);
	write_leftover(copy);
	return 0;
}

int relay_run(struct relay *relay, int pidfd, struct error *err)
{
	struct pollfd fds[] = {
		[POLL_SIGNAL] = { .fd = relay->signal_fd, .events = POLLIN },
		[POLL_PROCESS] = { .fd = pidfd, .events = POLLIN },
	};

	if (relay->master_fd >= 0)
		return relay_terminal(relay, pidfd, err);
	do {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return error_sys(err, "poll", "the container's process");
		if (fds[POLL_SIGNAL].revents)
			pass_signals(relay, pidfd);
	} while (!fds[POLL_PROCESS].revents);
	return 0;
}

void relay_fini(struct relay *relay)
{
	if (relay->has_saved)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &relay->saved);
	relay->has_saved = false;
	relay_restore_mask(relay);
	relay->has_mask = false;
	fd_close(&relay->signal_fd);
}
