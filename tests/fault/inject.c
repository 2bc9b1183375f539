/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inject [OPTION...] COMMAND [ARGUMENT...]: runs COMMAND and lets one of its system
 * calls, or of its children's, fail without being made.
 *
 *	-l FILE		lists the calls instead: lines of "PROCESS NAME"
 *	-f FILE		lists the fds that are open when COMMAND ends, and when a child has
 *			executed something: lines of "PROCESS NUMBER WHAT"
 *	-p PROCESS	of this process: 0 is COMMAND, the others count in order of birth
 *	-s NAME		this call
 *	-n NUMBER	the NUMBERth of them in that process, from 1; 0: each of them, in
 *			every process
 *	-e ERRNO	fails with this number; 0: the process is killed instead
 *	-t SECONDS	kills everything when COMMAND takes longer (10)
 *
 * A child is followed until it executes something; what COMMAND executes is COMMAND
 * still.  Children that outlive COMMAND are let go.  Exit status: COMMAND's, 128 + N
 * when signal N ended it, 124 after a timeout, 125 when nothing could be run, 123 when
 * the call never came.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_PROCESSES = 64, EXIT_NEVER = 123, EXIT_TIMEOUT = 124, EXIT_BROKEN = 125 };

static const long trace_options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
				  PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
				  PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;

struct process {
	pid_t pid;
	/* Of the call that is to fail, so far. */
	int count;
	/* The call it is in fails at its end. */
	bool failing;
	bool gone;
};

static struct process processes[MAX_PROCESSES];
static int n_processes;

static FILE *list, *fd_list;
static int wanted_process;
static int wanted_call = -1;
static int wanted_number;
static int error_number;
static bool done;
/* COMMAND is executed: what came before was ours. */
static bool started;
static volatile sig_atomic_t timed_out;

static void on_alarm(int signal)
{
	(void)signal;
	timed_out = 1;
}

static struct process *find(pid_t pid)
{
	for (int i = 0; i < n_processes; i++)
		if (processes[i].pid == pid && !processes[i].gone)
			return &processes[i];
	if (n_processes == MAX_PROCESSES)
		errx(EXIT_BROKEN, "more than %d processes", MAX_PROCESSES);
	processes[n_processes] = (struct process){ .pid = pid };
	return &processes[n_processes++];
}

static void list_call(const struct process *p, int call)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);

	(void)fprintf(list, "%d %s\n", (int)(p - processes), name ? name : "unknown");
	free(name);
}

static void list_fds(const struct process *p)
{
	char path[64], what[256];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", p->pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, what, sizeof(what) - 1);

		what[n > 0 ? n : 0] = '\0';
		if (n > 0)
			(void)fprintf(fd_list, "%d %s %s\n", (int)(p - processes), entry->d_name, what);
	}
	if (dir)
		(void)closedir(dir);
}

static bool is_wanted(struct process *p, int call)
{
	if (call != wanted_call)
		return false;
	if (wanted_number == 0)
		return true;
	return p - processes == wanted_process && ++p->count == wanted_number;
}

/* A number that no call has: the kernel does nothing, and the answer is ours to set. */
static void skip_call(struct process *p)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, p->pid, NULL, &regs) < 0)
		return;
	regs.orig_rax = (unsigned long long)-1;
	(void)ptrace(PTRACE_SETREGS, p->pid, NULL, &regs);
	p->failing = true;
}

static void answer(struct process *p)
{
	struct user_regs_struct regs;

	p->failing = false;
	if (ptrace(PTRACE_GETREGS, p->pid, NULL, &regs) < 0)
		return;
	regs.rax = (unsigned long long)-error_number;
	(void)ptrace(PTRACE_SETREGS, p->pid, NULL, &regs);
}

static void at_call(struct process *p)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->failing)
		answer(p);
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (!started)
		return;
	if (list)
		list_call(p, (int)info.entry.nr);
	if (!is_wanted(p, (int)info.entry.nr))
		return;
	done = true;
	if (error_number)
		skip_call(p);
	else
		(void)kill(p->pid, SIGKILL);
}

/* Lets a stopped process go on. Returns false once it is not ours any more. */
static void handle_stop(struct process *p, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		at_call(p);
		signal = 0;
	} else if (event == PTRACE_EVENT_EXEC && p != processes) {
		if (fd_list)
			list_fds(p);
		(void)ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
		p->gone = true;
		return;
	} else if (event) {
		unsigned long child;

		if (event == PTRACE_EVENT_EXIT && fd_list && p == processes)
			list_fds(p);
		started = started || event == PTRACE_EVENT_EXEC;
		if (event != PTRACE_EVENT_STOP && event != PTRACE_EVENT_EXEC &&
		    event != PTRACE_EVENT_EXIT &&
		    ptrace(PTRACE_GETEVENTMSG, p->pid, NULL, &child) == 0)
			(void)find((pid_t)child);
		signal = 0;
	}
	(void)ptrace(PTRACE_SYSCALL, p->pid, NULL, signal);
}

/* What outlives COMMAND goes on alone, if it is not to die with it. */
static void let_go(void)
{
	for (int i = 1; i < n_processes; i++) {
		struct process *p = &processes[i];
		int status;

		if (p->gone || ptrace(PTRACE_INTERRUPT, p->pid, NULL, NULL) < 0)
			continue;
		if (waitpid(p->pid, &status, __WALL) == p->pid && WIFSTOPPED(status))
			(void)ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
	}
}

static int follow(void)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		struct process *p;

		if (timed_out)
			return EXIT_TIMEOUT;
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			err(EXIT_BROKEN, "waitpid");
		p = find(pid);
		if (WIFSTOPPED(status)) {
			handle_stop(p, status);
			continue;
		}
		p->gone = true;
		if (p == processes)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static void start(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)raise(SIGSTOP);
		(void)execvp(argv[0], argv);
		err(EXIT_BROKEN, "%s", argv[0]);
	}
	if (pid < 0 || waitpid(pid, &status, WUNTRACED) != pid ||
	    ptrace(PTRACE_SEIZE, pid, NULL, trace_options) < 0)
		err(EXIT_BROKEN, "start %s", argv[0]);
	(void)find(pid);
	(void)kill(pid, SIGCONT);
}

static int number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 0 || n > 1 << 20)
		errx(EXIT_BROKEN, "\"%s\" is no number", text);
	return (int)n;
}

static void read_option(int option)
{
	switch (option) {
	case 'l':
	case 'f':
		*(option == 'l' ? &list : &fd_list) = fopen(optarg, "we");
		if (!list && !fd_list)
			err(EXIT_BROKEN, "%s", optarg);
		break;
	case 'p':
		wanted_process = number(optarg);
		break;
	case 's':
		wanted_call = seccomp_syscall_resolve_name(optarg);
		if (wanted_call < 0)
			errx(EXIT_BROKEN, "unknown system call \"%s\"", optarg);
		break;
	case 'n':
		wanted_number = number(optarg);
		break;
	case 'e':
		error_number = number(optarg);
		break;
	case 't':
		(void)alarm((unsigned int)number(optarg));
		break;
	default:
		exit(EXIT_BROKEN);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int option, status;

	(void)sigaction(SIGALRM, &action, NULL);
	(void)alarm(10);
	while ((option = getopt(argc, argv, "+l:f:p:s:n:e:t:")) >= 0)
		read_option(option);
	if (optind == argc)
		errx(EXIT_BROKEN, "no command");
	start(argv + optind);
	status = follow();
	if (status == EXIT_TIMEOUT)
		return status;
	let_go();
	if (list || fd_list)
		return fclose(list ? list : fd_list) == 0 ? status : EXIT_BROKEN;
	return done ? status : EXIT_NEVER;
}
