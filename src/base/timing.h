/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long each step took, in this process and in those it clones: a table in
 * shared memory, stamped with CLOCK_MONOTONIC.  Off until timing_enable(); then
 * each call costs a clock reading, before that a test of one pointer.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

/* The table; NULL while timing is off. */
extern struct timing_table *timing_table;

/* Makes the table; the first step starts now. */
int timing_enable(struct error *err);

/* Shared memory of the table for timing_adopt() elsewhere, or -EBADF while timing is off. */
int timing_fd(void);

/* Goes on in the table behind FD, which another process made; best effort. */
void timing_adopt(int fd);

/* In a process just cloned: its steps start now. */
void timing_child(void);

void timing_record(const char *phase, const char *step);

/* The step that began with the last call, or with what is above, is over. */
static inline void timing_step(const char *phase, const char *step)
{
	if (timing_table)
		timing_record(phase, step);
}

/* The table for people: when, how long, who, what. */
void timing_write_text(struct strbuf *out);

/* The table as the Trace Event Format of Chrome, for chrome://tracing and Perfetto. */
void timing_write_chrome(struct strbuf *out);
