/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/cgroup-stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/cgroup.h"

/* memory.stat of a large machine has some kilobytes, io.stat a line for each disk. */
enum { MAX_STAT_FILE = 1 << 20 };

/* The whole file; a missing one is empty.  A cgroup that is gone is -ENOENT. */
static int read_text(int dir_fd, const char *name, struct strbuf *text, struct error *err)
{
	int r = file_read_at(dir_fd, name, MAX_STAT_FILE, text, err);

	if (r == -ENODEV)
		return error_set(err, ENOENT, "the cgroup was removed");
	/* PSI can be switched off at boot, which shows when the file is read. */
	if (r == -ENOENT || r == -EOPNOTSUPP) {
		error_clear(err);
		return 0;
	}
	return r;
}

/* One number or "max"; 0 when the file is missing, and then *EXISTS, if asked for, is false. */
static int read_number(int dir_fd, const char *name, uint64_t *out, bool *exists,
		       struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = read_text(dir_fd, name, &text, err);

	*out = 0;
	if (exists)
		*exists = text.len > 0;
	if (r < 0 || text.len == 0)
		return r;
	text.buf[strcspn(text.buf, "\n")] = '\0';
	if (streq(text.buf, "max"))
		*out = CGROUP_NO_LIMIT;
	else if (!str_to_u64(text.buf, UINT64_MAX, out))
		return error_set(err, EPROTO, "%s: \"%s\" is not a number", name, text.buf);
	return 0;
}

int cgroup_counters_read(int dir_fd, const char *name, struct cgroup_counters *out,
			 struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = read_text(dir_fd, name, &text, err);

	*out = (struct cgroup_counters){ 0 };
	for (char *save = NULL, *line = strtok_r(text.buf, "\n", &save); r == 0 && line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *space = strchr(line, ' ');
		uint64_t value;

		/* hugetlb and future files may have lines of other shapes. */
		if (!space || !str_to_u64(space + 1, UINT64_MAX, &value))
			continue;
		out->v = xrealloc(out->v, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = (struct cgroup_counter){
			.key = xstrndup(line, (size_t)(space - line)),
			.value = value,
		};
	}
	return r;
}

void cgroup_counters_fini(struct cgroup_counters *counters)
{
	for (size_t i = 0; i < counters->n; i++)
		free(counters->v[i].key);
	free(counters->v);
	*counters = (struct cgroup_counters){ 0 };
}

uint64_t cgroup_counter(const struct cgroup_counters *counters, const char *key)
{
	for (size_t i = 0; i < counters->n; i++)
		if (streq(counters->v[i].key, key))
			return counters->v[i].value;
	return 0;
}

static bool parse_stall(const char *text, struct cgroup_stall *stall)
{
	unsigned long long total;

	if (sscanf(text, "avg10=%lf avg60=%lf avg300=%lf total=%llu", &stall->avg10,
		   &stall->avg60, &stall->avg300, &total) != 4)
		return false;
	stall->total = total;
	return true;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"; old kernels have no "full" for the CPU. */
static int read_pressure(int dir_fd, const char *name, struct cgroup_pressure *out,
			 struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = read_text(dir_fd, name, &text, err);

	for (char *save = NULL, *line = strtok_r(text.buf, "\n", &save); r == 0 && line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *rest = str_skip_prefix(line, "some ");

		if (rest && parse_stall(rest, &out->some))
			out->is_known = true;
		rest = str_skip_prefix(line, "full ");
		if (rest)
			(void)parse_stall(rest, &out->full);
	}
	return r;
}

static void parse_io(char *line, struct cgroup_io_device *d)
{
	static const struct {
		const char *key;
		size_t offset;
	} keys[] = {
		{ "rbytes=", offsetof(struct cgroup_io_device, read_bytes) },
		{ "wbytes=", offsetof(struct cgroup_io_device, written_bytes) },
		{ "rios=", offsetof(struct cgroup_io_device, reads) },
		{ "wios=", offsetof(struct cgroup_io_device, writes) },
	};

	for (char *save = NULL, *word = strtok_r(line, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			const char *number = str_skip_prefix(word, keys[i].key);

			if (number)
				(void)str_to_u64(number, UINT64_MAX,
						 (uint64_t *)((char *)d + keys[i].offset));
		}
	}
}

/* "254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static int read_io(int dir_fd, struct cgroup_stats *s, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = read_text(dir_fd, "io.stat", &text, err);

	for (char *save = NULL, *line = strtok_r(text.buf, "\n", &save); r == 0 && line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct cgroup_io_device d = { 0 };

		if (sscanf(line, "%u:%u ", &d.major, &d.minor) != 2)
			continue;
		parse_io(line, &d);
		s->io = xrealloc(s->io, s->n_io + 1, sizeof(*s->io));
		s->io[s->n_io++] = d;
	}
	return r;
}

/* SIZE of "hugetlb.SIZE.current", on the heap; NULL for every other name. */
static char *huge_page_size(const char *name)
{
	const char *size = str_skip_prefix(name, "hugetlb.");
	size_t n = size ? strcspn(size, ".") : 0;

	return size && streq(size + n, ".current") ? xstrndup(size, n) : NULL;
}

static int read_huge_page(int dir_fd, struct cgroup_huge_pages *h, struct error *err)
{
	cleanup_free char *current = xasprintf("hugetlb.%s.current", h->size);
	cleanup_free char *events = xasprintf("hugetlb.%s.events", h->size);
	struct cgroup_counters counters = { 0 };
	int r = read_number(dir_fd, current, &h->usage, NULL, err);

	if (r == 0)
		r = cgroup_counters_read(dir_fd, events, &counters, err);
	h->failures = cgroup_counter(&counters, "max");
	cgroup_counters_fini(&counters);
	return r;
}

/* Which sizes there are is a matter of the machine: the names tell. */
static int read_huge_pages(int dir_fd, struct cgroup_stats *s, struct error *err)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "opendir", "cgroup");
	}
	while (r == 0 && (entry = readdir(dir))) {
		char *size = huge_page_size(entry->d_name);

		if (!size)
			continue;
		s->huge_pages = xrealloc(s->huge_pages, s->n_huge_pages + 1,
					 sizeof(*s->huge_pages));
		s->huge_pages[s->n_huge_pages] = (struct cgroup_huge_pages){ .size = size };
		r = read_huge_page(dir_fd, &s->huge_pages[s->n_huge_pages++], err);
	}
	(void)closedir(dir);
	return r;
}

static int read_memory(int dir_fd, struct cgroup_stats *s, struct error *err)
{
	int r = cgroup_counters_read(dir_fd, "memory.stat", &s->memory, err);

	if (r == 0)
		r = cgroup_counters_read(dir_fd, "memory.events", &s->memory_events, err);
	if (r == 0)
		r = read_number(dir_fd, "memory.current", &s->bytes.current, NULL, err);
	/* Came with Linux 5.19. */
	if (r == 0)
		r = read_number(dir_fd, "memory.peak", &s->bytes.peak, NULL, err);
	if (r == 0)
		r = read_number(dir_fd, "memory.max", &s->bytes.max, NULL, err);
	if (r == 0)
		r = read_number(dir_fd, "memory.swap.current", &s->bytes.swap_current,
				&s->bytes.has_swap, err);
	if (r == 0)
		r = read_number(dir_fd, "memory.swap.max", &s->bytes.swap_max, NULL, err);
	return r;
}

/* Without the controller the processes are counted, for want of the tasks. */
static int read_pids(const struct cgroup *cg, struct cgroup_stats *s, struct error *err)
{
	bool exists;
	int r = read_number(cg->fd, "pids.current", &s->pids.current, &exists, err);
	cleanup_free pid_t *pids = NULL;
	size_t n;

	if (r < 0)
		return r;
	if (!exists) {
		r = cgroup_list_pids(cg, &pids, &n, err);
		s->pids.current = r < 0 ? 0 : n;
		return r;
	}
	r = read_number(cg->fd, "pids.max", &s->pids.max, NULL, err);
	if (s->pids.max == CGROUP_NO_LIMIT)
		s->pids.max = 0;
	return r;
}

static int read_pressures(int dir_fd, struct cgroup_stats *s, struct error *err)
{
	int r = read_pressure(dir_fd, "cpu.pressure", &s->cpu_pressure, err);

	if (r == 0)
		r = read_pressure(dir_fd, "memory.pressure", &s->memory_pressure, err);
	return r < 0 ? r : read_pressure(dir_fd, "io.pressure", &s->io_pressure, err);
}

int cgroup_stats_read(const struct cgroup *cg, struct cgroup_stats *out, struct error *err)
{
	struct cgroup_stats s = { 0 };
	int r = cgroup_counters_read(cg->fd, "cpu.stat", &s.cpu, err);

	if (r == 0)
		r = read_memory(cg->fd, &s, err);
	if (r == 0)
		r = read_pids(cg, &s, err);
	if (r == 0)
		r = read_io(cg->fd, &s, err);
	if (r == 0)
		r = read_huge_pages(cg->fd, &s, err);
	if (r == 0)
		r = read_pressures(cg->fd, &s, err);
	if (r < 0) {
		cgroup_stats_fini(&s);
		return error_context(err, "cgroup %s", cg->path);
	}
	*out = s;
	return 0;
}

void cgroup_stats_fini(struct cgroup_stats *s)
{
	cgroup_counters_fini(&s->cpu);
	cgroup_counters_fini(&s->memory);
	cgroup_counters_fini(&s->memory_events);
	for (size_t i = 0; i < s->n_huge_pages; i++)
		free(s->huge_pages[i].size);
	free(s->huge_pages);
	free(s->io);
	*s = (struct cgroup_stats){ 0 };
}
