/**
 * The kernel: the only room that calls native code, and the lowest one.
 *
 * <p>Enters: names, addresses, frames. Leaves: kernel objects (network namespaces, links,
 * addresses, routes, neighbours), frames, events about links, and {@link
 * dev.weft.linux.LinuxException} with the call's errno and the kernel's own explanation.
 *
 * <p>Kernel interfaces: namespaces(7) by {@code setns} and {@code unshare} on short-lived threads;
 * rtnetlink(7), acknowledged, with {@code NETLINK_EXT_ACK}; packet(7) with {@code PACKET_VNET_HDR}
 * through {@code recvmmsg} and {@code sendmmsg}; poll(2) with eventfd(2); sd_notify(3); serial
 * lines by ioctl_tty(2); process groups, kill(2). Every number here is the same on x86_64 and
 * aarch64, and both are little-endian.
 */
package dev.weft.linux;
