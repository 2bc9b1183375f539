/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/hostname.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

static int check_name(const char *name, const char *field, bool own_uts, struct error *err)
{
	if (!name)
		return 0;
	if (strlen(name) > HOST_NAME_MAX) {
		(void)error_set(err, ENAMETOOLONG, "%s \"%s\" has more than %d bytes", field,
				name, HOST_NAME_MAX);
		return error_pointer(err, "%s", field);
	}
	if (!own_uts) {
		(void)error_set(err, EINVAL,
				"%s \"%s\" needs a uts namespace, or it would change the host's",
				field, name);
		(void)error_hint(err, "add {\"type\": \"uts\"} to linux.namespaces");
		return error_pointer(err, "%s", field);
	}
	return 0;
}

int hostname_check(const char *hostname, const char *domainname, bool own_uts,
		   struct error *err)
{
	int r = check_name(hostname, "hostname", own_uts, err);

	return r < 0 ? r : check_name(domainname, "domainname", own_uts, err);
}

int hostname_apply(const char *hostname, const char *domainname, struct error *err)
{
	if (hostname && sethostname(hostname, strlen(hostname)) < 0)
		return error_sys(err, "sethostname", "\"%s\"", hostname);
	if (domainname && setdomainname(domainname, strlen(domainname)) < 0)
		return error_sys(err, "setdomainname", "\"%s\"", domainname);
	return 0;
}
