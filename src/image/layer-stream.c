/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of big slots between two threads.  The reader fills slots with
 * inflated bytes, the consumer gives back the one it has and takes the next.
 * Whatever stands in a slot belongs to one side at a time, so the lock guards
 * the counters alone.
 */
#include "image/layer-stream.h"

#include <inttypes.h>
#include <pthread.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "image/interrupt.h"
#include "image/progress.h"

enum {
	N_SLOTS = 6,
	SLOT_SIZE = 1 << 20,
	INPUT_SIZE = 1 << 18,
	/* As much is no attack, whatever it was made of. */
	RATIO_FREE = 1 << 30,
};

struct slot {
	size_t len;
	uint8_t data[SLOT_SIZE];
};

struct layer_stream {
	struct layer_source source;
	struct file_region region;
	struct digest like;
	struct blob_writer *copy;
	enum compression compression;
	/* The bytes stay as they are. */
	bool raw;

	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	/* Either counter, ended or stopped has changed. */
	pthread_cond_t changed;
	/* Slots filled and slots given back, ever. */
	size_t n_filled;
	size_t n_taken;
	/* The reader is through, with read_err if it failed. */
	bool ended;
	/* The consumer wants no more. */
	bool stopped;
	struct error read_err;

	/* The reader's. */
	uint64_t offset;
	struct hasher blob_hasher;
	struct codec *codec;
	uint8_t input[INPUT_SIZE];
	/* The consumer's. */
	bool holds_slot;
	bool at_end;
	struct hasher diff_hasher;
	uint64_t size;

	struct slot slots[N_SLOTS];
};

/* The reader's next slot, or NULL when nobody wants it any more. */
static struct slot *wait_for_room(struct layer_stream *stream)
{
	bool stopped;

	(void)pthread_mutex_lock(&stream->lock);
	while (!stream->stopped && stream->n_filled - stream->n_taken == N_SLOTS)
		(void)pthread_cond_wait(&stream->changed, &stream->lock);
	stopped = stream->stopped;
	(void)pthread_mutex_unlock(&stream->lock);
	return stopped ? NULL : &stream->slots[stream->n_filled % N_SLOTS];
}

static void signal_filled(struct layer_stream *stream)
{
	(void)pthread_mutex_lock(&stream->lock);
	stream->n_filled++;
	(void)pthread_cond_signal(&stream->changed);
	(void)pthread_mutex_unlock(&stream->lock);
}

static void signal_ended(struct layer_stream *stream)
{
	(void)pthread_mutex_lock(&stream->lock);
	stream->ended = true;
	(void)pthread_cond_signal(&stream->changed);
	(void)pthread_mutex_unlock(&stream->lock);
}

/* xz is no layer for others: it is stored as the tar that it holds. */
static bool copies_inflated(const struct layer_stream *stream)
{
	return stream->copy && stream->compression == COMPRESSION_XZ;
}

/* Reads up to N bytes of the region into BUF, and sees to the blob. */
static ssize_t read_region(struct layer_stream *stream, uint8_t *buf, size_t n, struct error *err)
{
	uint64_t left = stream->region.size - stream->offset;
	ssize_t got;
	int r = interrupt_check(err);

	if (r < 0)
		return r;
	got = TEMP_FAILURE_RETRY(pread(stream->region.fd, buf, n < left ? n : left,
				       (off_t)(stream->region.offset + stream->offset)));
	if (got < 0)
		return error_sys(err, "read", "at offset %" PRIu64, stream->offset);
	if (got == 0 && left > 0)
		return error_set(err, EBADMSG, "the file ends too early");
	stream->offset += (uint64_t)got;
	progress_add((uint64_t)got);
	if (!stream->copy || copies_inflated(stream)) {
		hasher_add(&stream->blob_hasher, buf, (size_t)got);
		return got;
	}
	/* The writer hashes too. */
	r = blob_writer_add(stream->copy, buf, (size_t)got, err);
	return r < 0 ? r : got;
}

/* Inflates into SLOT until it is full or everything is out: an enum codec_state. */
static int fill_slot(struct layer_stream *stream, struct codec_io *io, struct slot *slot,
		     struct error *err)
{
	int state = CODEC_MORE;

	io->out = slot->data;
	io->out_len = SLOT_SIZE;
	while (state == CODEC_MORE && io->out_len > 0) {
		if (io->in_len == 0 && stream->offset < stream->region.size) {
			ssize_t n = read_region(stream, stream->input, INPUT_SIZE, err);

			if (n < 0)
				return (int)n;
			io->in = stream->input;
			io->in_len = (size_t)n;
		}
		state = codec_run(stream->codec, io, stream->offset == stream->region.size, err);
		if (state < 0)
			return state;
	}
	slot->len = SLOT_SIZE - io->out_len;
	if (slot->len && copies_inflated(stream)) {
		int r = blob_writer_add(stream->copy, slot->data, slot->len, err);

		return r < 0 ? r : state;
	}
	return state;
}

/* Without compression the slot is the input: nothing is copied. */
static int fill_slot_plain(struct layer_stream *stream, struct slot *slot, struct error *err)
{
	ssize_t n = 1;

	for (slot->len = 0; slot->len < SLOT_SIZE && n > 0; slot->len += (size_t)n) {
		n = read_region(stream, slot->data + slot->len, SLOT_SIZE - slot->len, err);
		if (n < 0)
			return (int)n;
	}
	return stream->offset == stream->region.size ? CODEC_END : CODEC_MORE;
}

/* See layer_stream_limit_ratio(). */
static uint64_t max_ratio;
static const char *way_out;

void layer_stream_limit_ratio(uint64_t ratio, const char *hint)
{
	max_ratio = ratio;
	way_out = hint;
}

int layer_stream_check_ratio(uint64_t inflated, uint64_t size, struct error *err)
{
	if (max_ratio == 0 || inflated < RATIO_FREE || inflated / max_ratio <= size)
		return 0;
	(void)error_set(err, EFBIG, "it inflates to more than %" PRIu64 " times its size", max_ratio);
	return error_hint(err, "if that is no attack, %s", way_out);
}

static void *run_reader(void *arg)
{
	struct layer_stream *stream = arg;
	struct codec_io io = { .in = NULL };
	int state = CODEC_MORE;
	uint64_t inflated = 0;

	while (state == CODEC_MORE) {
		struct slot *slot = wait_for_room(stream);

		if (!slot)
			break;
		state = stream->codec ? fill_slot(stream, &io, slot, &stream->read_err)
				      : fill_slot_plain(stream, slot, &stream->read_err);
		inflated += slot->len;
		if (state >= 0 &&
		    layer_stream_check_ratio(inflated, stream->offset, &stream->read_err) < 0)
			state = stream->read_err.code;
		if (state >= 0)
			signal_filled(stream);
	}
	signal_ended(stream);
	return NULL;
}

/* Gives the held slot back and waits for the next: NULL at the end or after a failure. */
static struct slot *next_slot(struct layer_stream *stream)
{
	struct slot *slot = NULL;

	(void)pthread_mutex_lock(&stream->lock);
	if (stream->holds_slot) {
		stream->n_taken++;
		(void)pthread_cond_signal(&stream->changed);
	}
	while (stream->n_filled == stream->n_taken && !stream->ended)
		(void)pthread_cond_wait(&stream->changed, &stream->lock);
	if (stream->n_filled != stream->n_taken)
		slot = &stream->slots[stream->n_taken % N_SLOTS];
	stream->holds_slot = slot;
	(void)pthread_mutex_unlock(&stream->lock);
	return slot;
}

static ssize_t read_slot(void *ctx, const void **data, struct error *err)
{
	struct layer_stream *stream = ctx;
	struct slot *slot;

	if (stream->at_end)
		return 0;
	/* An empty slot can only be the last one. */
	do
		slot = next_slot(stream);
	while (slot && slot->len == 0);
	if (!slot && stream->read_err.code) {
		*err = stream->read_err;
		return err->code;
	}
	if (!slot) {
		stream->at_end = true;
		return 0;
	}
	if (stream->diff_hasher.state)
		hasher_add(&stream->diff_hasher, slot->data, slot->len);
	stream->size += slot->len;
	*data = slot->data;
	return (ssize_t)slot->len;
}

static int sniff(struct layer_stream *stream, struct error *err)
{
	uint8_t magic[COMPRESSION_MAGIC_LEN];
	ssize_t n = pread(stream->region.fd, magic, sizeof(magic), (off_t)stream->region.offset);

	if (n < 0)
		return error_sys(err, "read", "%s", stream->source.name);
	if ((uint64_t)n > stream->region.size)
		n = (ssize_t)stream->region.size;
	stream->compression = compression_sniff(magic, (size_t)n);
	return stream->raw || stream->compression == COMPRESSION_NONE
		       ? 0
		       : decompressor_new(stream->compression, &stream->codec, err);
}

static int start(struct layer_stream *stream, struct error *err)
{
	int r = sniff(stream, err);

	if (r < 0)
		return r;
	if (!stream->copy || copies_inflated(stream))
		hasher_open(&stream->blob_hasher, &stream->like);
	/* A diffID is a sha256: that of a plain layer's blob, if it is one. */
	if (stream->codec || (!stream->raw && str_skip_prefix(stream->like.s, "sha512:")))
		hasher_open(&stream->diff_hasher, NULL);
	r = pthread_create(&stream->thread, NULL, run_reader, stream);
	if (r)
		return error_set(err, r, "pthread_create: %s", strerror(r));
	stream->has_thread = true;
	return 0;
}

static struct layer_stream *stream_new(const struct file_region *region, const char *name,
				       const struct digest *like)
{
	/* Not zeroed: the slots would be touched before there is anything in them. */
	struct layer_stream *stream = xmalloc(sizeof(*stream));

	memset(stream, 0, offsetof(struct layer_stream, slots));
	stream->source.name = xstrdup(name);
	stream->source.read = read_slot;
	stream->source.ctx = stream;
	stream->region = *region;
	stream->like = like ? *like : (struct digest){ "" };
	(void)pthread_mutex_init(&stream->lock, NULL);
	(void)pthread_cond_init(&stream->changed, NULL);
	return stream;
}

int layer_stream_open(const struct file_region *region, const char *name,
		      const struct digest *like, struct blob_writer *copy,
		      struct layer_stream **ret, struct error *err)
{
	int r;

	*ret = stream_new(region, name, like);
	(*ret)->copy = copy;
	r = start(*ret, err);
	if (r < 0)
		layer_stream_free(ret);
	return r;
}

int layer_stream_open_raw(const struct file_region *region, const char *name,
			  const struct digest *like, struct layer_stream **ret,
			  struct error *err)
{
	int r;

	*ret = stream_new(region, name, like);
	(*ret)->raw = true;
	r = start(*ret, err);
	if (r < 0)
		layer_stream_free(ret);
	return r;
}

const struct layer_source *layer_stream_source(struct layer_stream *stream)
{
	return &stream->source;
}

int layer_stream_finish(struct layer_stream *stream, struct layer_digests *digests,
			struct error *err)
{
	const void *data;
	ssize_t n;

	while ((n = read_slot(stream, &data, err)) > 0)
		;
	if (n < 0)
		return (int)n;
	digests->compression = stream->compression;
	digests->size = stream->size;
	digests->blob_size = stream->region.size;
	if (stream->blob_hasher.state)
		hasher_finish(&stream->blob_hasher, &digests->blob);
	else
		blob_writer_finish(stream->copy, &digests->blob);
	if (stream->diff_hasher.state)
		hasher_finish(&stream->diff_hasher, &digests->diff_id);
	else
		digests->diff_id = digests->blob;
	return 0;
}

void layer_stream_free(struct layer_stream **ret)
{
	struct layer_stream *stream = *ret;

	if (!stream)
		return;
	if (stream->has_thread) {
		(void)pthread_mutex_lock(&stream->lock);
		stream->stopped = true;
		(void)pthread_cond_signal(&stream->changed);
		(void)pthread_mutex_unlock(&stream->lock);
		(void)pthread_join(stream->thread, NULL);
	}
	(void)pthread_cond_destroy(&stream->changed);
	(void)pthread_mutex_destroy(&stream->lock);
	codec_free(&stream->codec);
	hasher_release(&stream->blob_hasher);
	hasher_release(&stream->diff_hasher);
	free((char *)stream->source.name);
	free(stream);
	*ret = NULL;
}
