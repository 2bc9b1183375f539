/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-digests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/interrupt.h"

/* The last digit is the layout's version. */
static const char magic[8] = "dabbaDG1";

enum {
	TABLE_MAX = 256 << 20,
	READ_SIZE = 256 << 10,
	/* Within a clock tick of its last change a file can change again unseen. */
	SETTLED_NSEC = 100000000,
};

static int compare(const void *a, const void *b)
{
	const struct digest_record *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return 0;
}

void build_digests_open(struct build_digests *digests, struct store *store, const char *path)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	struct digest name;

	digest_of(path, strlen(path), &name);
	*digests = (struct build_digests){ .store = store };
	(void)snprintf(digests->name, sizeof(digests->name), "build/digests/%s",
		       digest_hex(&name));
	if (file_read_at(store->fd, digests->name, TABLE_MAX, &text, &ignored) < 0 ||
	    text.len < sizeof(magic) || memcmp(text.buf, magic, sizeof(magic)) != 0 ||
	    (text.len - sizeof(magic)) % sizeof(*digests->old) != 0)
		return;
	digests->n_old = (text.len - sizeof(magic)) / sizeof(*digests->old);
	digests->old = xmalloc((digests->n_old + 1) * sizeof(*digests->old));
	memcpy(digests->old, text.buf + sizeof(magic), digests->n_old * sizeof(*digests->old));
}

void build_digests_release(struct build_digests *digests)
{
	free(digests->old);
	free(digests->seen);
	*digests = (struct build_digests){ .store = NULL };
}

static struct digest_record describe(const struct stat *st)
{
	return (struct digest_record){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_sec = st->st_mtim.tv_sec,
		.mtime_nsec = (uint32_t)st->st_mtim.tv_nsec,
		.ctime_sec = st->st_ctim.tv_sec,
		.ctime_nsec = (uint32_t)st->st_ctim.tv_nsec,
	};
}

static bool same(const struct digest_record *a, const struct digest_record *b)
{
	return a->size == b->size && a->mtime_sec == b->mtime_sec &&
	       a->mtime_nsec == b->mtime_nsec && a->ctime_sec == b->ctime_sec &&
	       a->ctime_nsec == b->ctime_nsec;
}

static void remember(struct build_digests *digests, const struct digest_record *record)
{
	if (digests->n_seen == digests->n_alloc) {
		digests->n_alloc = digests->n_alloc ? digests->n_alloc * 2 : 256;
		digests->seen = xrealloc(digests->seen, digests->n_alloc, sizeof(*digests->seen));
	}
	digests->seen[digests->n_seen++] = *record;
}

bool build_digests_find(struct build_digests *digests, const struct stat *st,
			struct digest *digest)
{
	const struct digest_record key = describe(st), *found = NULL;

	if (digests->n_old > 0)
		found = bsearch(&key, digests->old, digests->n_old, sizeof(key), compare);
	if (!found || !same(found, &key))
		return false;
	(void)snprintf(digest->s, sizeof(digest->s), "sha256:%.64s", found->sha256);
	remember(digests, found);
	return true;
}

static bool is_settled(const struct stat *st)
{
	struct timespec now, changed = st->st_ctim;
	int64_t nsec;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	nsec = (int64_t)(now.tv_sec - changed.tv_sec) * 1000000000 + now.tv_nsec - changed.tv_nsec;
	return nsec > SETTLED_NSEC;
}

int build_digests_of(struct build_digests *digests, int fd, const struct stat *st,
		     const char *name, struct digest *digest, struct error *err)
{
	cleanup_free char *buffer = xmalloc(READ_SIZE);
	struct digest_record record = describe(st);
	bool settled = is_settled(st);
	struct hasher hasher;
	ssize_t n;
	int r = 0;

	hasher_open(&hasher, NULL);
	while ((n = TEMP_FAILURE_RETRY(read(fd, buffer, READ_SIZE))) > 0 && r == 0) {
		hasher_add(&hasher, buffer, (size_t)n);
		r = interrupt_check(err);
	}
	if (n < 0)
		r = error_sys(err, "read", "%s", name);
	hasher_finish(&hasher, digest);
	digests->n_read++;
	if (r == 0 && settled) {
		memcpy(record.sha256, digest_hex(digest), sizeof(record.sha256));
		remember(digests, &record);
	}
	return r;
}

int build_digests_save(struct build_digests *digests, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (digests->n_read == 0)
		return 0;
	if (digests->n_seen > 0)
		qsort(digests->seen, digests->n_seen, sizeof(*digests->seen), compare);
	strbuf_add(&text, magic, sizeof(magic));
	for (size_t i = 0; i < digests->n_seen; i++)
		if (i == 0 || compare(&digests->seen[i - 1], &digests->seen[i]) != 0)
			strbuf_add(&text, &digests->seen[i], sizeof(*digests->seen));
	return store_replace(digests->store, digests->store->fd, digests->name, text.buf,
			     text.len, err);
}
