/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/create.h"

#include "runtime/prepare.h"
#include "runtime/sync.h"

int container_create(const struct create_request *request, struct error *err)
{
	struct create_request detached = *request;
	cleanup_creation struct creation creation;
	int r;

	/* Whoever creates does not wait: the terminal must go somewhere. */
	detached.detach = true;
	r = creation_prepare(&creation, &detached, /* with_socket= */ true, /* relay= */ NULL, err);
	if (r == 0)
		r = sync_send(creation.sync_fd, SYNC_WAIT, 0, err);
	creation.done = r == 0;
	return r;
}
