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
	/* The step of a longer sequence (container set-up), or "". */
	char step[40];
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

/* Prefixes "fmt...: ". */
int error_context(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sets the advice; the innermost one stands. */
int error_hint(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sets the place in config.json; the innermost one stands. */
int error_pointer(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void error_clear(struct error *err);
