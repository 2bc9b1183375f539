/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timing.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

enum { MAX_STEPS = 250 };

/* Names are copied: the reader may be another program image at other addresses. */
struct timing_entry {
	int64_t start_ns;
	int64_t end_ns;
	bool in_child;
	char phase[12];
	char step[35];
};

struct timing_table {
	int64_t origin_ns;
	/* May count past the end: what does not fit is left out. */
	_Atomic unsigned int n;
	struct timing_entry entries[MAX_STEPS];
};

struct timing_table *timing_table;
static int table_fd = -EBADF;
static int64_t last_ns;
static bool in_child;

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static struct timing_table *map(int fd)
{
	void *p = mmap(NULL, sizeof(*timing_table), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

int timing_enable(struct error *err)
{
	table_fd = memfd_create("timing", MFD_CLOEXEC);
	if (table_fd < 0)
		return error_sys(err, "memfd_create", "timing");
	if (ftruncate(table_fd, sizeof(*timing_table)) < 0)
		return error_sys(err, "ftruncate", "timing");
	timing_table = map(table_fd);
	if (!timing_table)
		return error_sys(err, "mmap", "timing");
	timing_table->origin_ns = last_ns = now_ns();
	return 0;
}

int timing_fd(void)
{
	return table_fd;
}

void timing_adopt(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_size == sizeof(*timing_table))
		timing_table = map(fd);
	timing_child();
}

void timing_child(void)
{
	if (!timing_table)
		return;
	in_child = true;
	last_ns = now_ns();
}

void timing_record(const char *phase, const char *step)
{
	unsigned int i = atomic_fetch_add(&timing_table->n, 1);
	struct timing_entry *e = &timing_table->entries[i];
	int64_t now = now_ns();

	if (i >= MAX_STEPS)
		return;
	e->start_ns = last_ns;
	e->in_child = in_child;
	(void)snprintf(e->phase, sizeof(e->phase), "%s", phase);
	(void)snprintf(e->step, sizeof(e->step), "%s", step);
	/* Last: an entry without an end is not complete, and is left out. */
	e->end_ns = last_ns = now;
}

static const struct timing_entry *next(unsigned int *i)
{
	unsigned int n = timing_table->n < MAX_STEPS ? timing_table->n : MAX_STEPS;

	for (; *i < n; (*i)++)
		if (timing_table->entries[*i].end_ns)
			return &timing_table->entries[(*i)++];
	return NULL;
}

static double since_origin_us(int64_t ns)
{
	return (double)(ns - timing_table->origin_ns) / 1000;
}

void timing_write_text(struct strbuf *out)
{
	const struct timing_entry *e;

	strbuf_addf(out, "%10s %10s  %-8s %-8s %s\n", "START/us", "TOOK/us", "PROCESS", "PHASE",
		    "STEP");
	for (unsigned int i = 0; (e = next(&i));)
		strbuf_addf(out, "%10.1f %10.1f  %-8s %-8s %s\n", since_origin_us(e->start_ns),
			    (double)(e->end_ns - e->start_ns) / 1000,
			    e->in_child ? "init" : "runtime", e->phase, e->step);
	strbuf_addf(out, "%10s %10.1f  %-8s %-8s %s\n", "", since_origin_us(now_ns()), "", "",
		    "in total");
}

void timing_write_chrome(struct strbuf *out)
{
	static const char *const threads[] = { "runtime", "init" };
	const struct timing_entry *e;

	strbuf_adds(out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		strbuf_addf(out, "%s{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":%zu,"
				 "\"args\":{\"name\":\"%s\"}}", i ? ",\n" : "", i + 1, threads[i]);
	for (unsigned int i = 0; (e = next(&i));)
		strbuf_addf(out, ",\n{\"ph\":\"X\",\"cat\":\"%s\",\"name\":\"%s\",\"pid\":1,\"tid\":%d,"
				 "\"ts\":%.3f,\"dur\":%.3f}", e->phase, e->step,
			    e->in_child ? 2 : 1, since_origin_us(e->start_ns),
			    (double)(e->end_ns - e->start_ns) / 1000);
	strbuf_adds(out, "\n]}\n");
}
