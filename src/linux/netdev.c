/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/netdev.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "libocispec/runtime.h"

/* An interface with more addresses than fit is refused, not cut short. */
enum { MAX_ADDRESSES = 64, MESSAGE_SIZE = 512, DUMP_SIZE = 32768 };

/* An rtnetlink request; attributes are appended behind the fixed part. */
struct request {
	struct nlmsghdr header;
	char data[MESSAGE_SIZE];
};

/* A global address, as a request that can be sent again in the other namespace. */
struct addresses {
	size_t n;
	struct request request[MAX_ADDRESSES];
};

int netdev_loopback_up(struct error *err)
{
	cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* A new namespace has it down and without other flags: no need to read them. */
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	/* A kernel without IPv4: any netlink socket knows the same ioctl. */
	if (fd < 0)
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return error_sys(err, "socket", "to set up lo");
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		return error_sys(err, "ioctl", "SIOCSIFFLAGS: set lo up");
	return 0;
}

bool netdev_is_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= IFNAMSIZ || streq(name, ".") || streq(name, ".."))
		return false;
	return strcspn(name, "/: \t\n\v\f\r") == n;
}

static const char *name_inside(const struct oci_net_device *device)
{
	return device->name ? device->name : device->key;
}

static int check_one(const struct oci_net_device *devices, size_t i, struct error *err)
{
	const char *inside = name_inside(&devices[i]);

	if (!netdev_is_name(devices[i].key) || !netdev_is_name(inside))
		return error_set(err, EINVAL, "\"%s\" is not an interface name",
				 netdev_is_name(inside) ? devices[i].key : inside);
	for (size_t j = 0; j < i; j++)
		if (streq(name_inside(&devices[j]), inside))
			return error_set(err, EINVAL,
					 "\"%s\" and \"%s\" would both be named \"%s\"",
					 devices[j].key, devices[i].key, inside);
	return 0;
}

int netdev_check(const struct oci_net_device *devices, size_t n, bool own_netns,
		 struct error *err)
{
	if (n > 0 && !own_netns) {
		(void)error_set(err, EINVAL,
				"linux.netDevices needs a network namespace to move them to");
		(void)error_hint(err, "add {\"type\": \"network\"} to linux.namespaces");
		return error_pointer(err, "linux.netDevices");
	}
	for (size_t i = 0; i < n; i++)
		if (check_one(devices, i, err) < 0)
			return error_pointer(err, "linux.netDevices.%s", devices[i].key);
	return 0;
}

static struct request make_request(unsigned short type, unsigned short flags,
				   const void *fixed, size_t n)
{
	struct request request = {
		.header = {
			.nlmsg_len = (uint32_t)NLMSG_LENGTH(n),
			.nlmsg_type = type,
			.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		},
	};

	memcpy(request.data, fixed, n);
	return request;
}

static void add_attribute(struct request *request, unsigned short type, const void *data,
			  size_t n)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr attribute = { .rta_len = (unsigned short)RTA_LENGTH(n),
				    .rta_type = type };

	if (at + RTA_SPACE(n) > sizeof(*request))
		return;
	memcpy((char *)request + at, &attribute, sizeof(attribute));
	memcpy((char *)request + at + RTA_LENGTH(0), data, n);
	request->header.nlmsg_len = (uint32_t)(at + RTA_LENGTH(n));
}

static int open_netlink(struct error *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? error_sys(err, "socket", "NETLINK_ROUTE") : fd;
}

/* Sends REQUEST and waits for its acknowledgement. */
static int transact(int fd, struct request *request, struct error *err)
{
	union {
		struct nlmsghdr header;
		char bytes[1024];
	} reply;
	struct nlmsgerr answer;
	ssize_t n;

	request->header.nlmsg_flags |= NLM_F_ACK;
	if (send(fd, request, request->header.nlmsg_len, 0) < 0)
		return error_sys(err, "send", "rtnetlink request");
	n = TEMP_FAILURE_RETRY(recv(fd, &reply, sizeof(reply), 0));
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(answer)) ||
	    reply.header.nlmsg_type != NLMSG_ERROR)
		return error_set(err, EPROTO, "rtnetlink: unexpected answer");
	memcpy(&answer, NLMSG_DATA(&reply.header), sizeof(answer));
	if (answer.error == 0)
		return 0;
	errno = -answer.error;
	return error_sys(err, "rtnetlink", "request %u", request->header.nlmsg_type);
}

/* The attributes that make the address; the rest (cache info, flags) is the kernel's. */
static bool is_kept_attribute(unsigned short type)
{
	return type == IFA_ADDRESS || type == IFA_LOCAL || type == IFA_BROADCAST;
}

/* config-linux.md: permanent addresses of global scope move with the interface. */
static int keep_address(struct nlmsghdr *header, unsigned int index, struct addresses *out,
			struct error *err)
{
	struct ifaddrmsg *address = NLMSG_DATA(header);
	int left = (int)IFA_PAYLOAD(header);
	struct request *request;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*address)) ||
	    address->ifa_index != index || address->ifa_scope != RT_SCOPE_UNIVERSE ||
	    !(address->ifa_flags & IFA_F_PERMANENT))
		return 0;
	if (out->n == MAX_ADDRESSES)
		return error_set(err, E2BIG, "more than %d addresses", MAX_ADDRESSES);
	request = &out->request[out->n++];
	*request = make_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, address,
				sizeof(*address));
	for (struct rtattr *rta = IFA_RTA(address); RTA_OK(rta, left);
	     rta = RTA_NEXT(rta, left))
		if (is_kept_attribute(rta->rta_type))
			add_attribute(request, rta->rta_type, RTA_DATA(rta),
				      RTA_PAYLOAD(rta));
	return 0;
}

/* One datagram of a dump: 1 when it was the last. */
static int read_addresses(int fd, unsigned int index, struct addresses *out,
			  struct error *err)
{
	cleanup_free char *buf = xmalloc(DUMP_SIZE);
	ssize_t n = TEMP_FAILURE_RETRY(recv(fd, buf, DUMP_SIZE, 0));
	unsigned int left = n > 0 ? (unsigned int)n : 0;
	int r;

	if (n < 0)
		return error_sys(err, "recv", "rtnetlink addresses");
	for (struct nlmsghdr *header = (struct nlmsghdr *)buf; NLMSG_OK(header, left);
	     header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 1;
		if (header->nlmsg_type == NLMSG_ERROR)
			return error_set(err, EPROTO, "rtnetlink: addresses refused");
		r = header->nlmsg_type == RTM_NEWADDR ? keep_address(header, index, out, err)
						      : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int list_addresses(int fd, unsigned int index, struct addresses *out,
			  struct error *err)
{
	struct ifaddrmsg all = { .ifa_family = AF_UNSPEC };
	struct request request = make_request(RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
	int r;

	out->n = 0;
	if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
		return error_sys(err, "send", "rtnetlink request for addresses");
	do {
		r = read_addresses(fd, index, out, err);
	} while (r == 0);
	return r < 0 ? r : 0;
}

static int move_link(int fd, unsigned int index, const char *name, int netns_fd,
		     struct error *err)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = (int)index };
	struct request request = make_request(RTM_NEWLINK, 0, &link, sizeof(link));

	add_attribute(&request, IFLA_NET_NS_FD, &netns_fd, sizeof(netns_fd));
	add_attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return transact(fd, &request, err);
}

/* A netlink socket belongs for life to the namespace it was made in. */
static int open_netlink_in(int netns_fd, struct error *err)
{
	cleanup_close int own_fd = -EBADF;
	int root_fd = proc_fd(err), fd;

	if (root_fd < 0)
		return root_fd;
	own_fd = openat(root_fd, "thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own_fd < 0)
		return error_sys(err, "open", "/proc/thread-self/ns/net");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return error_sys(err, "setns", "the container's network namespace");
	fd = open_netlink(err);
	if (setns(own_fd, CLONE_NEWNET) < 0) {
		fd_close(&fd);
		return error_sys(err, "setns", "back to our network namespace");
	}
	return fd;
}

static int find_index(int fd, const char *name, unsigned int *index, struct error *err)
{
	struct ifreq ifr = { .ifr_ifindex = 0 };

	(void)strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFINDEX, &ifr) < 0)
		return error_sys(err, "ioctl", "SIOCGIFINDEX %s", name);
	*index = (unsigned int)ifr.ifr_ifindex;
	return 0;
}

/* The kernel would move the interface first, and then find the name taken. */
static int check_free(int fd, const char *name, struct error *err)
{
	struct error ignored = ERROR_INIT;
	unsigned int index;

	if (find_index(fd, name, &index, &ignored) < 0)
		return 0;
	return error_set(err, EEXIST, "there is a network device \"%s\" already", name);
}

/* In its new namespace the interface may have another index; the name is what we gave it. */
static int set_up(int fd, const char *name, struct addresses *addresses, struct error *err)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP,
				  .ifi_change = IFF_UP };
	struct request up;
	unsigned int index;
	int r = find_index(fd, name, &index, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < addresses->n && r == 0; i++) {
		struct ifaddrmsg *address = (struct ifaddrmsg *)addresses->request[i].data;

		address->ifa_index = index;
		r = transact(fd, &addresses->request[i], err);
	}
	if (r < 0)
		return error_context(err, "set its addresses again");
	link.ifi_index = (int)index;
	up = make_request(RTM_NEWLINK, 0, &link, sizeof(link));
	return transact(fd, &up, err);
}

static int move(const struct oci_net_device *device, int netns_fd, struct error *err)
{
	cleanup_free struct addresses *addresses = xcalloc(1, sizeof(*addresses));
	cleanup_close int here_fd = open_netlink(err), there_fd = -EBADF;
	unsigned int index;
	int r;

	if (here_fd < 0)
		return here_fd;
	there_fd = open_netlink_in(netns_fd, err);
	if (there_fd < 0)
		return there_fd;
	r = find_index(here_fd, device->key, &index, err);
	if (r == 0)
		r = check_free(there_fd, name_inside(device), err);
	if (r == 0)
		r = list_addresses(here_fd, index, addresses, err);
	if (r == 0)
		r = move_link(here_fd, index, name_inside(device), netns_fd, err);
	if (r == 0)
		r = set_up(there_fd, name_inside(device), addresses, err);
	return r;
}

int netdev_move(const struct oci_net_device *device, int netns_fd, struct error *err)
{
	if (move(device, netns_fd, err) == 0)
		return 0;
	(void)error_pointer(err, "linux.netDevices.%s", device->key);
	return error_context(err, "move network device \"%s\" into the container",
			     device->key);
}
