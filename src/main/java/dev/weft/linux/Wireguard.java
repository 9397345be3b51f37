package dev.weft.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The configuration of WireGuard devices of one namespace, over generic netlink. Devices are made
 * and deleted by {@link Netlink}. Any thread may use it.
 */
public final class Wireguard implements AutoCloseable {
  /** As many keys as surely fit into one request. */
  private static final int KEYS = 40;

  /** Bytes of peers in a request, of the 16 KiB that a message may have. */
  private static final int MOST_BYTES = 14 << 10;

  /** Of a peer without its networks, and of an IPv6 network, with their headers. */
  private static final int PEER_BYTES = 96;

  private static final int NETWORK_BYTES = 40;

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

  /**
   * Adds peers, or changes those that a device has; sessions of the others go on.
   *
   * @param peers with at most 300 networks each
   */
  public void setPeers(String device, List<WireguardPeer> peers) throws LinuxException {
    for (List<WireguardPeer> part : requests(peers)) {
      socket.request(
          WireguardCodec.setPeers(family, device, part), "set peers of wireguard " + device);
    }
  }

  public void removePeers(String device, List<WireguardKey> keys) throws LinuxException {
    for (int from = 0; from < keys.size(); from += KEYS) {
      List<WireguardKey> part = keys.subList(from, Math.min(keys.size(), from + KEYS));
      socket.request(
          WireguardCodec.removePeers(family, device, part), "remove peers of wireguard " + device);
    }
  }

  /** In as many requests as they need. */
  static List<List<WireguardPeer>> requests(List<WireguardPeer> peers) {
    List<List<WireguardPeer>> requests = new ArrayList<>();
    int room = 0;
    for (WireguardPeer peer : peers) {
      int size = PEER_BYTES + NETWORK_BYTES * peer.allowed().size();
      if (requests.isEmpty() || size > room) {
        requests.add(new ArrayList<>());
        room = MOST_BYTES;
      }
      requests.get(requests.size() - 1).add(peer);
      room -= size;
    }
    return requests;
  }

  @Override
  public void close() {
    socket.close();
  }
}
