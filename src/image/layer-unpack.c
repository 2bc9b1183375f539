/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-unpack.h"

#include "base/fd.h"
#include "base/mem.h"
#include "image/confine.h"
#include "image/layer-store.h"

/* The fds of the layers below, topmost first. */
struct lower {
	int *fds;
	size_t n;
};

static void lower_release(struct lower *lower)
{
	for (size_t i = 0; i < lower->n; i++)
		fd_close(&lower->fds[i]);
	free(lower->fds);
}

static int lower_open(struct lower *lower, const struct layer_unpack *unpack, struct error *err)
{
	lower->fds = xcalloc(unpack->n_chain + 1, sizeof(*lower->fds));
	for (size_t i = unpack->n_chain; i > 0; i--) {
		int fd = layer_open(unpack->store, &unpack->chain[i - 1], err);

		if (fd < 0)
			return fd;
		lower->fds[lower->n++] = fd;
	}
	return 0;
}

static int apply(const struct layer_unpack *unpack, struct layer_stream *stream,
		 struct layer_stats *stats, struct error *err)
{
	__attribute__((cleanup(lower_release))) struct lower lower = { .n = 0 };
	struct layer_target target = {
		.fd = unpack->target_fd,
		.shape = unpack->shape,
		.keep_dirlinks = unpack->keep_dirlinks,
	};
	int r = lower_open(&lower, unpack, err);

	if (r < 0)
		return r;
	target.lower_fds = lower.fds;
	target.n_lower = lower.n;
	return layer_apply(layer_stream_source(stream), &target, NULL, stats, err);
}

static int work(void *ctx, struct strbuf *result, struct error *err)
{
	const struct layer_unpack *unpack = ctx;
	cleanup_layer_stream struct layer_stream *stream = NULL;
	struct layer_unpacked done = { .stats = { .n_entries = 0 } };
	int r = layer_stream_open(&unpack->region, unpack->name, unpack->like, unpack->copy,
				  &stream, err);

	if (r == 0 && unpack->target_fd >= 0)
		r = apply(unpack, stream, &done.stats, err);
	if (r == 0)
		r = layer_stream_finish(stream, &done.digests, err);
	strbuf_add(result, (const char *)&done, sizeof(done));
	return r;
}

int layer_unpack(const struct layer_unpack *unpack, struct layer_unpacked *done,
		 struct error *err)
{
	cleanup_free char *name = xasprintf("layer %s", unpack->name);
	const struct confinement confinement = {
		.name = name,
		.write_dir = unpack->target_fd,
		.read_dir = unpack->n_chain ? unpack->store->layers_fd : -EBADF,
		.fds = { unpack->region.fd, unpack->copy ? unpack->copy->fd : -EBADF,
			 /* The lock: nobody else clears the store before the process is gone. */
			 unpack->store ? unpack->store->use_fd : -EBADF, -EBADF },
	};

	return confine_run_sized(&confinement, work, (void *)unpack,
				 &(struct confined_result){ done, sizeof(*done) }, err);
}
