package dev.weft.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The configuration of WireGuard devices of one namespace, over generic netlink. Devices are made
 * and deleted by {@link Netlink}. Any thread may use it.
 */
public final class Wireguard implements AutoCloseable {
  /** As many peers with two networks each as surely fit into one request. */
  private static final int PEERS = 40;

  private final NetlinkSocket socket;
  private final int family;

  private Wireguard(NetlinkSocket socket, int family) {
    this.socket = socket;
    this.family = family;
  }

  /**
   * Opens it for a namespace, which the caller may close then.
   *
   * @throws LinuxException ENOENT if the kernel has no WireGuard, or has not loaded it
   */
  public static Wireguard open(Netns netns) throws LinuxException {
    NetlinkSocket socket = netns.inside(NetlinkSocket::openGeneric);
    try {
      List<Integer> ids =
          socket.exchange(
              WireguardCodec.family(WireguardCodec.FAMILY),
              "find netlink family " + WireguardCodec.FAMILY,
              WireguardCodec::familyId);
      return new Wireguard(socket, ids.get(0));
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  /** What a device has; empty if there is no WireGuard device of the name. */
  public Optional<WireguardDevice> get(String device) throws LinuxException {
    try {
      return WireguardCodec.join(
          socket.exchange(
              WireguardCodec.get(family, device),
              "read wireguard " + device,
              WireguardCodec::decode));
    } catch (LinuxException e) {
      if (e.is(Errno.ENODEV) || e.is(Errno.EOPNOTSUPP)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Gives a device its key and port; its peers stay. */
  public void setOwn(String device, WireguardKey privateKey, int port) throws LinuxException {
    socket.request(
        WireguardCodec.setOwn(family, device, privateKey, port),
        "set wireguard " + device + " port " + port);
  }

  /** Adds peers, or changes those that a device has; sessions of the others go on. */
  public void setPeers(String device, List<WireguardPeer> peers) throws LinuxException {
    for (List<WireguardPeer> part : parts(peers)) {
      socket.request(
          WireguardCodec.setPeers(family, device, part), "set peers of wireguard " + device);
    }
  }

  public void removePeers(String device, List<WireguardKey> keys) throws LinuxException {
    for (List<WireguardKey> part : parts(keys)) {
      socket.request(
          WireguardCodec.removePeers(family, device, part), "remove peers of wireguard " + device);
    }
  }

  private static <T> List<List<T>> parts(List<T> all) {
    List<List<T>> parts = new ArrayList<>();
    for (int from = 0; from < all.size(); from += PEERS) {
      parts.add(all.subList(from, Math.min(all.size(), from + PEERS)));
    }
    return parts;
  }

  @Override
  public void close() {
    socket.close();
  }
}
