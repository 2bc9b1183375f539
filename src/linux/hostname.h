/* SPDX-License-Identifier: Apache-2.0 */
/* Host and domain name of a uts namespace. Reference: sethostname(2), setdomainname(2). */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Either may be NULL. Setting one needs a uts namespace other than the host's. */
int hostname_check(const char *hostname, const char *domainname, bool own_uts,
		   struct error *err);

int hostname_apply(const char *hostname, const char *domainname, struct error *err);
