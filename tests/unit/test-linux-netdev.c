/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libocispec/runtime.h"
#include "linux/netdev.h"

static void test_check(void)
{
	struct oci_net_device devices[] = { { "eth0", NULL }, { "eth1", "eth0" } };
	struct error err = ERROR_INIT;

	ok(netdev_is_name("eth0") && netdev_is_name("123456789012345"));
	ok(!netdev_is_name("") && !netdev_is_name("1234567890123456") && !netdev_is_name("a/b"));
	ok(!netdev_is_name("a b") && !netdev_is_name(".") && !netdev_is_name("..") &&
	   !netdev_is_name("a:b"));
	ok(netdev_check(NULL, 0, false, &err) == 0);
	ok_int(netdev_check(devices, 2, false, &err), -EINVAL);
	ok_str(err.pointer, "linux.netDevices");
	err = (struct error)ERROR_INIT;
	ok_int(netdev_check(devices, 2, true, &err), -EINVAL);
	ok_str(err.pointer, "linux.netDevices.eth1");
	devices[1].name = "a b";
	ok_int(netdev_check(devices, 2, true, &err), -EINVAL);
	devices[1].name = "eth1";
	ok(netdev_check(devices, 2, true, &err) == 0);
}

static bool is_up(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_flags = 0 };
	int r;

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	r = ioctl(fd, SIOCGIFFLAGS, &ifr);
	(void)close(fd);
	return r == 0 && (ifr.ifr_flags & IFF_UP);
}

static int loopback(void)
{
	struct error err = ERROR_INIT;

	if (unshare(CLONE_NEWNET) < 0 || is_up("lo"))
		return 1;
	return netdev_loopback_up(&err) == 0 && is_up("lo") ? 0 : 2;
}

static int mtu_of(const char *name)
{
	struct ifreq ifr = { .ifr_mtu = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	(void)strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	r = ioctl(fd, SIOCGIFMTU, &ifr);
	(void)close(fd);
	return r < 0 ? -1 : ifr.ifr_mtu;
}

static int count_address(const char *name, const char *address)
{
	struct ifaddrs *list, *a;
	int n = 0;

	if (getifaddrs(&list) < 0)
		return -1;
	for (a = list; a; a = a->ifa_next) {
		char text[INET6_ADDRSTRLEN] = "";

		if (!a->ifa_addr || strcmp(a->ifa_name, name) != 0)
			continue;
		if (a->ifa_addr->sa_family == AF_INET)
			(void)inet_ntop(AF_INET, &((struct sockaddr_in *)a->ifa_addr)->sin_addr,
					text, sizeof(text));
		else if (a->ifa_addr->sa_family == AF_INET6)
			(void)inet_ntop(AF_INET6, &((struct sockaddr_in6 *)a->ifa_addr)->sin6_addr,
					text, sizeof(text));
		n += strcmp(text, address) == 0;
	}
	freeifaddrs(list);
	return n;
}

static int move(void)
{
	struct oci_net_device device = { "dabba-test0", "eth7" };
	struct error err = ERROR_INIT;
	int other_fd, own_fd, r;

	if (unshare(CLONE_NEWNET) < 0)
		return 1;
	other_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (unshare(CLONE_NEWNET) < 0)
		return 2;
	own_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	/* dummy may be missing from the kernel, a veth pair or a bridge seldom is. */
	if (system("ip link add dabba-test0 type dummy 2>/dev/null ||"
		   " ip link add dabba-test0 type veth peer name dabba-test1 2>/dev/null ||"
		   " ip link add dabba-test0 type bridge 2>/dev/null") != 0)
		return 100;
	if (system("ip addr add 192.0.2.7/24 dev dabba-test0 &&"
		   " ip addr add 192.0.2.8/24 dev dabba-test0 &&"
		   " ip link set dabba-test0 mtu 1400 up") != 0)
		return 3;
	(void)system("ip addr add 2001:db8::7/64 dev dabba-test0 nodad 2>/dev/null");
	if (netdev_move(&device, other_fd, &err) < 0) {
		(void)fprintf(stderr, "# %s\n", err.msg);
		return 4;
	}
	if (is_up("dabba-test0") || netdev_move(&device, other_fd, &err) != -ENODEV)
		return 5;
	if (setns(other_fd, CLONE_NEWNET) < 0 || !is_up("eth7"))
		return 6;
	if (count_address("eth7", "192.0.2.7") != 1 || count_address("eth7", "192.0.2.8") != 1)
		return 7;
	/* The other end of a veth pair is in our own namespace still: both end with that. */
	r = mtu_of("eth7") == 1400 ? 0 : 8;
	(void)close(own_fd);
	return r;
}

int main(void)
{
	int moved;

	test_check();
	if (geteuid() != 0) {
		tap_skip("apply", "needs root");
		return tap_done();
	}
	ok_int(tap_in_child(loopback), 0);
	moved = tap_in_child(move);
	if (moved == 100)
		tap_skip("netdev_move", "this kernel or host makes no interface to move");
	else
		ok_int(moved, 0);
	return tap_done();
}
