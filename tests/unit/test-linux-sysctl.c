/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "libocispec/runtime.h"
#include "linux/netdev.h"
#include "linux/sysctl.h"

static struct oci_namespace all[] = {
	{ OCI_NAMESPACE_NETWORK, NULL },
	{ OCI_NAMESPACE_IPC, NULL },
	{ OCI_NAMESPACE_UTS, NULL },
	{ OCI_NAMESPACE_USER, NULL },
};

static int check(const char *key, size_t n_namespaces, struct error *err)
{
	struct oci_string_pair pair = { key, "1" };
	struct oci_string_map map = { &pair, 1 };
	struct sysctl_request request = {
		.map = &map,
		.namespaces = all,
		.n_namespaces = n_namespaces,
		.has_domainname = n_namespaces == 1,
	};

	*err = (struct error)ERROR_INIT;
	return sysctl_check(&request, err);
}

static void test_check(void)
{
	static const char *const good[] = {
		"net.ipv4.ip_forward", "net/ipv4/conf/eth0.100/forwarding",
		"net.ipv4.conf.eth0/100.forwarding", "kernel.msgmax", "kernel/sem",
		"kernel.shm_rmid_forced", "fs.mqueue.msg_max", "kernel.domainname",
		"user.max_user_namespaces",
	};
	static const char *const bad[] = {
		"", ".", "/", "net", "net.", "net..x", "net/../kernel/sysrq", "/net/ipv4/x",
		"kernel.sysrq", "kernel.core_pattern", "kernel.semx", "kernel.sem.x",
		"kernel.hostname", "vm.swappiness", "fs.file-max", "fs.mqueue", "netx.y",
		"net.ipv4.conf.//.x", "kernel/../net/ipv4/ip_forward", "net/ipv4/./x",
	};
	struct error err;
	char long_key[400] = "net.";

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ok_named(check(good[i], ARRAY_SIZE(all), &err) == 0, "%s is allowed: %s",
			 good[i], err.msg);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok_named(check(bad[i], ARRAY_SIZE(all), &err) == -EINVAL, "\"%s\" is refused",
			 bad[i]);
	for (size_t i = 4; i < sizeof(long_key) - 1; i++)
		long_key[i] = 'x';
	ok_int(check(long_key, ARRAY_SIZE(all), &err), -EINVAL);

	ok_named(check("kernel.sem", 1, &err) == -EINVAL, "its namespace must be there");
	ok_str(err.pointer, "linux.sysctl[\"kernel.sem\"]");
	ok(err.hint[0] != '\0');
	all[1].type = OCI_NAMESPACE_UTS;
	ok_named(check("kernel.domainname", 1, &err) == -EINVAL,
		 "the field domainname comes first");
	all[1].type = OCI_NAMESPACE_IPC;
}

static void test_host_namespace(void)
{
	struct error err;

	all[0].path = "/proc/self/ns/net";
	ok_int(check("net.ipv4.ip_forward", 1, &err), -EINVAL);
	ok(strstr(err.msg, "is the host's") != NULL);
	/* Another kind of namespace is not ours, whatever else is wrong with it. */
	all[0].path = "/proc/self/ns/mnt";
	ok_int(check("net.ipv4.ip_forward", 1, &err), 0);
	all[0].path = NULL;
}

static bool file_says(const char *path, const char *want)
{
	char got[64] = "";
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	if (!fgets(got, sizeof(got), file))
		got[0] = '\0';
	(void)fclose(file);
	got[strcspn(got, "\n")] = '\0';
	return strcmp(got, want) == 0;
}

static int apply(void)
{
	struct oci_string_pair pairs[] = {
		{ "net.ipv4.ip_default_ttl", "77" },
		{ "net/ipv4/conf/lo/forwarding", "1" },
		{ "kernel.shmmni", "1234" },
		{ "kernel.domainname", "made.example" },
	};
	struct oci_string_map map = { pairs, ARRAY_SIZE(pairs) };
	struct error err = ERROR_INIT;

	/* The /proc of the host, as the runtime has it from before. */
	if (proc_fd(&err) < 0 || unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return 1;
	if (sysctl_apply(&map, &err) < 0) {
		(void)fprintf(stderr, "# %s\n", err.msg);
		return 2;
	}
	if (!file_says("/proc/sys/net/ipv4/ip_default_ttl", "77") ||
	    !file_says("/proc/sys/net/ipv4/conf/lo/forwarding", "1") ||
	    !file_says("/proc/sys/kernel/shmmni", "1234") ||
	    !file_says("/proc/sys/kernel/domainname", "made.example"))
		return 3;
	pairs[0].key = "net.ipv4.no_such_thing";
	return sysctl_apply(&map, &err) == -ENOENT && err.hint[0] ? 0 : 4;
}

int main(void)
{
	test_check();
	test_host_namespace();
	if (geteuid() == 0) {
		ok_int(tap_in_child(apply), 0);
		ok_named(!file_says("/proc/sys/net/ipv4/ip_default_ttl", "77"),
			 "the host's own parameter is as before");
	} else {
		tap_skip("apply", "needs root");
	}
	return tap_done();
}
