/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One failure, told once.
 *
 * A function that can fail returns 0 or a negative errno, and nothing else; a
 * query gives its answer through an out parameter.  Its last parameter is
 * "struct error *err", owned by the caller and filled on failure.  The message
 * starts where the failure happened and grows outwards: each module boundary
 * adds its own noun with error_context().  Libraries never print; a program
 * prints the finished message once.
 *
 * The struct holds no pointers, so that it can cross a socket as it is.
 */
#pragma once

#include <errno.h>

struct error {
	/* 0, or a negative errno. */
	int code;
	/* What the program should exit with, or 0 for the verb's own default. */
	int exit_status;
	/* The system call that failed, or "". */
	char syscall[32];
	/* The part of the work that was at hand ("plan", "init"), or "". */
	char phase[16];
	/* The step in it, or "". */
	char step[40];
	/* The file, on the host or in the container, that it is about, or "". */
	char path[256];
	/* A place in config.json such as "mounts[3].options[1]", or "". */
	char pointer[160];
	/* What the user can do about it, or "". */
	char hint[320];
	char msg[2048];
};

#define ERROR_INIT { .code = 0 }

/* All of them return err->code, so that "return error_set(...)" reads well. */

/* A new message; CODE is an errno of either sign. */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A failed system call: "SYSCALL fmt...: strerror(errno)". Reads errno. */
int error_sys(struct error *err, const char *syscall, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same on the file PATH, which is noted too: "SYSCALL PATH: strerror(errno)". */
int error_file(struct error *err, const char *syscall, const char *path);

/* Prefixes "fmt...: ". */
int error_context(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sets the advice; the innermost one stands. */
int error_hint(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sets the place in config.json; the innermost one stands. */
int error_pointer(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sets the file it is about; the innermost one stands. */
int error_path(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sets what was being done; the innermost phase and step stand. */
int error_step(struct error *err, const char *phase, const char *step);

void error_clear(struct error *err);
