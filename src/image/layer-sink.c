/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way out of layer-stream.h: tar bytes become a blob.
 *
 * The caller fills big slots.  One thread takes them in their order: it hashes
 * the diffID, and hashes and writes the blob.  Gzip is made in between by as many
 * threads as there are processors, each slot a member of its own, so that the bytes
 * are the same whoever makes them.  zstd stays one frame, as a short one is a worse
 * one, and the writing thread makes it.
 */
#include "image/layer-stream.h"

#include <pthread.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	SLOT_SIZE = 1 << 20,
	/* What cannot be compressed grows a little. */
	PACKED_SIZE = SLOT_SIZE + SLOT_SIZE / 8,
	OUTPUT_SIZE = 1 << 18,
	MAX_WORKERS = 4,
	N_SLOTS = MAX_WORKERS + 3,
};

struct slot {
	size_t len;
	/* What a worker made of it, once it has. */
	bool is_packed;
	size_t packed_len;
	uint8_t data[SLOT_SIZE];
	uint8_t packed[PACKED_SIZE];
};

struct layer_sink {
	enum compression compression;
	int level;
	bool leaves_diff_id;
	struct blob_writer writer;
	uint64_t size;

	pthread_t writing_thread;
	pthread_t workers[MAX_WORKERS];
	bool is_writing;
	size_t n_workers;
	pthread_mutex_t lock;
	/* Anything of the next has changed. */
	pthread_cond_t changed;
	/* Slots filled, taken by a worker, and written, ever. */
	size_t n_filled;
	size_t n_claimed;
	size_t n_written;
	/* No slot follows. */
	bool ended;
	/* Nobody wants the rest; failure tells why, if something failed. */
	bool stopped;
	struct error failure;

	/* The writing thread's. */
	struct hasher diff_hasher;
	/* Of zstd. */
	struct codec *codec;
	uint8_t output[OUTPUT_SIZE];

	struct slot slots[N_SLOTS];
};

static void lock(struct layer_sink *sink)
{
	(void)pthread_mutex_lock(&sink->lock);
}

static void unlock_changed(struct layer_sink *sink)
{
	(void)pthread_cond_broadcast(&sink->changed);
	(void)pthread_mutex_unlock(&sink->lock);
}

/* The first failure counts, and ends the others' work. */
static void stop(struct layer_sink *sink, const struct error *failure)
{
	lock(sink);
	if (failure && !sink->stopped)
		sink->failure = *failure;
	sink->stopped = true;
	unlock_changed(sink);
}

/* --- workers ----------------------------------------------------------------------- */

static struct slot *claim_slot(struct layer_sink *sink)
{
	struct slot *slot = NULL;

	lock(sink);
	while (!sink->stopped && !sink->ended && sink->n_claimed == sink->n_filled)
		(void)pthread_cond_wait(&sink->changed, &sink->lock);
	if (!sink->stopped && sink->n_claimed < sink->n_filled)
		slot = &sink->slots[sink->n_claimed++ % N_SLOTS];
	(void)pthread_mutex_unlock(&sink->lock);
	return slot;
}

static int pack_slot(const struct layer_sink *sink, struct slot *slot, struct error *err)
{
	struct codec_io io = {
		.in = slot->data, .in_len = slot->len, .out = slot->packed, .out_len = PACKED_SIZE
	};
	cleanup_codec struct codec *codec = NULL;
	int r = compressor_new(sink->compression, sink->level, &codec, err);

	if (r == 0)
		r = codec_run(codec, &io, true, err);
	if (r == CODEC_MORE)
		return error_set(err, EIO, "compressed data is larger than it may be");
	slot->packed_len = PACKED_SIZE - io.out_len;
	return r < 0 ? r : 0;
}

static void *run_worker(void *arg)
{
	struct layer_sink *sink = arg;
	struct error err = ERROR_INIT;
	struct slot *slot;

	while ((slot = claim_slot(sink))) {
		if (pack_slot(sink, slot, &err) < 0) {
			stop(sink, &err);
			break;
		}
		lock(sink);
		slot->is_packed = true;
		unlock_changed(sink);
	}
	return NULL;
}

/* --- the writing thread ------------------------------------------------------------ */

/* The oldest slot that is not written yet, when it is filled or, PACKED, compressed too. */
static struct slot *await_slot(struct layer_sink *sink, bool packed)
{
	struct slot *slot = &sink->slots[sink->n_written % N_SLOTS];
	bool there;

	lock(sink);
	do {
		there = sink->n_written < sink->n_filled && (!packed || slot->is_packed);
		if (there || sink->stopped || (sink->ended && sink->n_written == sink->n_filled))
			break;
		(void)pthread_cond_wait(&sink->changed, &sink->lock);
	} while (true);
	there &= !sink->stopped;
	(void)pthread_mutex_unlock(&sink->lock);
	return there ? slot : NULL;
}

/* Compresses until IO's input is used up or, when LAST, everything is out. */
static int pump(struct layer_sink *sink, struct codec_io *io, bool last, struct error *err)
{
	int state;

	do {
		int r;

		io->out = sink->output;
		io->out_len = OUTPUT_SIZE;
		state = codec_run(sink->codec, io, last, err);
		if (state < 0)
			return state;
		r = blob_writer_add(&sink->writer, sink->output, OUTPUT_SIZE - io->out_len, err);
		if (r < 0)
			return r;
	} while (last ? state != CODEC_END : io->in_len > 0);
	return 0;
}

static int write_slot(struct layer_sink *sink, struct slot *slot, struct error *err)
{
	struct codec_io io = { .in = slot->data, .in_len = slot->len };

	if (sink->diff_hasher.state)
		hasher_add(&sink->diff_hasher, slot->data, slot->len);
	if (sink->codec)
		return pump(sink, &io, false, err);
	if (sink->n_workers == 0)
		return blob_writer_add(&sink->writer, slot->data, slot->len, err);
	if (!await_slot(sink, true))
		return 0;
	return blob_writer_add(&sink->writer, slot->packed, slot->packed_len, err);
}

static void *run_writer(void *arg)
{
	struct layer_sink *sink = arg;
	struct error err = ERROR_INIT;
	struct slot *slot;

	while ((slot = await_slot(sink, false))) {
		if (write_slot(sink, slot, &err) < 0) {
			stop(sink, &err);
			break;
		}
		lock(sink);
		slot->is_packed = false;
		slot->len = 0;
		sink->n_written++;
		unlock_changed(sink);
	}
	return NULL;
}

/* --- the caller -------------------------------------------------------------------- */

static void join(struct layer_sink *sink)
{
	if (sink->is_writing)
		(void)pthread_join(sink->writing_thread, NULL);
	for (size_t i = 0; i < sink->n_workers; i++)
		(void)pthread_join(sink->workers[i], NULL);
	sink->is_writing = false;
	sink->n_workers = 0;
}

static int start_threads(struct layer_sink *sink, struct error *err)
{
	long n = sink->compression == COMPRESSION_GZIP ? sysconf(_SC_NPROCESSORS_ONLN) : 0;
	int r = 0;

	/* A confined process sees no /sys, and may not be told. */
	if (n < 1 && sink->compression == COMPRESSION_GZIP)
		n = 1;

	for (long i = 0; r == 0 && i < n && i < MAX_WORKERS; i++) {
		r = pthread_create(&sink->workers[i], NULL, run_worker, sink);
		sink->n_workers += r == 0;
	}
	if (r == 0)
		r = pthread_create(&sink->writing_thread, NULL, run_writer, sink);
	sink->is_writing = r == 0;
	return r ? error_set(err, r, "pthread_create: %s", strerror(r)) : 0;
}

/* Of gzip each slot has a codec; here it only tells whether the level is one. */
static int check_level(struct layer_sink *sink, struct error *err)
{
	int r = compressor_new(sink->compression, sink->level, &sink->codec, err);

	if (sink->compression != COMPRESSION_ZSTD)
		codec_free(&sink->codec);
	return r;
}

int layer_sink_open(struct store *store, enum compression compression, int level,
		    struct layer_sink **ret, struct error *err)
{
	/* Not zeroed: the slots would be touched before there is anything in them. */
	struct layer_sink *sink = xmalloc(sizeof(*sink));
	int r;

	memset(sink, 0, offsetof(struct layer_sink, slots));
	for (size_t i = 0; i < N_SLOTS; i++) {
		sink->slots[i].len = 0;
		sink->slots[i].is_packed = false;
	}
	sink->compression = compression;
	sink->level = level;
	(void)pthread_mutex_init(&sink->lock, NULL);
	(void)pthread_cond_init(&sink->changed, NULL);
	r = blob_writer_open(&sink->writer, store, NULL, err);
	if (r == 0)
		r = check_level(sink, err);
	if (r == 0 && compression != COMPRESSION_NONE)
		hasher_open(&sink->diff_hasher, NULL);
	if (r < 0)
		layer_sink_free(&sink);
	*ret = sink;
	return r;
}

void layer_sink_leave_diff_id(struct layer_sink *sink)
{
	hasher_release(&sink->diff_hasher);
	sink->leaves_diff_id = true;
}

/* The slot being filled, when there is room; NULL after a failure, which ERR tells. */
static struct slot *slot_to_fill(struct layer_sink *sink, struct error *err)
{
	struct slot *slot = NULL;

	lock(sink);
	while (!sink->stopped && sink->n_filled - sink->n_written == N_SLOTS)
		(void)pthread_cond_wait(&sink->changed, &sink->lock);
	if (sink->stopped)
		*err = sink->failure;
	else
		slot = &sink->slots[sink->n_filled % N_SLOTS];
	(void)pthread_mutex_unlock(&sink->lock);
	return slot;
}

static int hand_over(struct layer_sink *sink, struct error *err)
{
	lock(sink);
	sink->n_filled++;
	unlock_changed(sink);
	return sink->is_writing ? 0 : start_threads(sink, err);
}

int layer_sink_add(struct layer_sink *sink, const void *data, size_t n, struct error *err)
{
	const uint8_t *from = data;
	int r = 0;

	sink->size += n;
	while (r == 0 && n > 0) {
		struct slot *slot = slot_to_fill(sink, err);
		size_t room;

		if (!slot)
			return err->code;
		room = SLOT_SIZE - slot->len;
		room = room < n ? room : n;
		memcpy(slot->data + slot->len, from, room);
		slot->len += room;
		from += room;
		n -= room;
		if (slot->len == SLOT_SIZE)
			r = hand_over(sink, err);
	}
	return r;
}

/* Nothing at all is a slot too: an empty gzip file has a member. */
static int finish(struct layer_sink *sink, struct error *err)
{
	struct slot *slot = slot_to_fill(sink, err);
	struct codec_io io = { .in = NULL };
	int r = 0;

	if (!slot)
		return err->code;
	if (slot->len > 0 || sink->n_filled == 0)
		r = hand_over(sink, err);
	if (r < 0)
		return r;
	lock(sink);
	sink->ended = true;
	unlock_changed(sink);
	join(sink);
	if (sink->stopped) {
		*err = sink->failure;
		return err->code;
	}
	return sink->codec ? pump(sink, &io, true, err) : 0;
}

int layer_sink_fd(const struct layer_sink *sink)
{
	return sink->writer.fd;
}

int layer_sink_finish(struct layer_sink *sink, struct layer_digests *digests, struct error *err)
{
	int r = finish(sink, err);

	if (r < 0)
		return r;
	blob_writer_finish(&sink->writer, &digests->blob);
	if (sink->diff_hasher.state)
		hasher_finish(&sink->diff_hasher, &digests->diff_id);
	else if (!sink->leaves_diff_id)
		digests->diff_id = digests->blob;
	digests->blob_size = sink->writer.size;
	digests->size = sink->size;
	digests->compression = sink->compression;
	return 0;
}

int layer_sink_publish(struct layer_sink *sink, const struct digest *blob, struct error *err)
{
	return blob_writer_commit(&sink->writer, blob, err);
}

int layer_sink_commit(struct layer_sink *sink, struct layer_digests *digests, struct error *err)
{
	int r = layer_sink_finish(sink, digests, err);

	return r < 0 ? r : layer_sink_publish(sink, &digests->blob, err);
}

void layer_sink_free(struct layer_sink **ret)
{
	struct layer_sink *sink = *ret;

	if (!sink)
		return;
	stop(sink, NULL);
	join(sink);
	(void)pthread_cond_destroy(&sink->changed);
	(void)pthread_mutex_destroy(&sink->lock);
	blob_writer_abort(&sink->writer);
	hasher_release(&sink->diff_hasher);
	codec_free(&sink->codec);
	free(sink);
	*ret = NULL;
}
