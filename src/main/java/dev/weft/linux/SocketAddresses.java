package dev.weft.linux;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Socket addresses as the kernel lays them out. */
final class SocketAddresses {
  private static final int ETH_P_ALL = 0x0003;

  private SocketAddresses() {}

  private static ByteBuffer of(int size, int family) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN).putShort((short) family);
  }

  /** {@code sockaddr_nl}: the kernel gives the port id. */
  static byte[] netlink(int groups) {
    return of(12, NativeSocket.AF_NETLINK).putInt(8, groups).array();
  }

  /** {@code sockaddr_ll}: every EtherType of one interface. */
  static byte[] packet(int ifindex) {
    return of(20, NativeSocket.AF_PACKET)
        .putShort(Short.reverseBytes((short) ETH_P_ALL))
        .putInt(ifindex)
        .array();
  }

  /** {@code sockaddr_ll}: all stations on one interface, for frames of an EtherType. */
  static byte[] everybody(int ifindex, int etherType) {
    byte[] all = {-1, -1, -1, -1, -1, -1};
    return of(20, NativeSocket.AF_PACKET)
        .putShort(Short.reverseBytes((short) etherType))
        .putInt(ifindex)
        .put(11, (byte) all.length)
        .put(12, all)
        .array();
  }

  /** {@code sockaddr_in} or {@code sockaddr_in6}, port 0. */
  static byte[] inet(InetAddress address) {
    if (address instanceof Inet4Address) {
      return of(16, NativeSocket.AF_INET).put(4, address.getAddress()).array();
    }
    return of(28, NativeSocket.AF_INET6).put(8, address.getAddress()).array();
  }

  /** AF_INET or AF_INET6. */
  static int family(InetAddress address) {
    return address instanceof Inet4Address ? NativeSocket.AF_INET : NativeSocket.AF_INET6;
  }
}
