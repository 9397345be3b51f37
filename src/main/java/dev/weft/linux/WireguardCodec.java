package dev.weft.linux;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Messages of generic netlink: include/uapi/linux/genetlink.h, and its family {@code wireguard}
 * version 1, include/uapi/linux/wireguard.h.
 */
final class WireguardCodec {
  static final String FAMILY = "wireguard";

  /** GENL_ID_CTRL. */
  private static final int CONTROL = 0x10;

  private static final int CTRL_CMD_GETFAMILY = 3;
  private static final int CTRL_ATTR_FAMILY_ID = 1;
  private static final int CTRL_ATTR_FAMILY_NAME = 2;
  private static final int VERSION = 1;

  /** {@code genlmsghdr}: command, version, two reserved bytes. */
  private static final int GENLMSGHDR = 4;

  private static final int WG_CMD_GET_DEVICE = 0;
  private static final int WG_CMD_SET_DEVICE = 1;

  private static final int WGDEVICE_A_IFNAME = 2;
  private static final int WGDEVICE_A_PRIVATE_KEY = 3;
  private static final int WGDEVICE_A_PUBLIC_KEY = 4;
  private static final int WGDEVICE_A_LISTEN_PORT = 6;
  private static final int WGDEVICE_A_PEERS = 8;

  private static final int WGPEER_A_PUBLIC_KEY = 1;
  private static final int WGPEER_A_FLAGS = 3;
  private static final int WGPEER_A_ENDPOINT = 4;
  private static final int WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL = 5;
  private static final int WGPEER_A_LAST_HANDSHAKE_TIME = 6;
  private static final int WGPEER_A_ALLOWEDIPS = 9;
  private static final int WGPEER_F_REMOVE_ME = 1;
  private static final int WGPEER_F_REPLACE_ALLOWEDIPS = 2;

  private static final int WGALLOWEDIP_A_FAMILY = 1;
  private static final int WGALLOWEDIP_A_IPADDR = 2;
  private static final int WGALLOWEDIP_A_CIDR_MASK = 3;

  private WireguardCodec() {}

  private static NetlinkMessage message(int family, int flags, int command) {
    return new NetlinkMessage(family, flags).u8(command).u8(VERSION).u16(0);
  }

  static NetlinkMessage family(String name) {
    return message(CONTROL, 0, CTRL_CMD_GETFAMILY).attribute(CTRL_ATTR_FAMILY_NAME, name);
  }

  /** The number of the family, by which its messages are known until the kernel restarts. */
  static int familyId(ByteBuffer body) {
    byte[] id = attributes(body).bytes(CTRL_ATTR_FAMILY_ID);
    return id.length < 2
        ? 0
        : ByteBuffer.wrap(id).order(ByteOrder.LITTLE_ENDIAN).getShort() & 0xffff;
  }

  static NetlinkMessage get(int family, String device) {
    return message(family, NetlinkMessage.DUMP, WG_CMD_GET_DEVICE)
        .attribute(WGDEVICE_A_IFNAME, device);
  }

  private static NetlinkMessage set(int family, String device) {
    return message(family, 0, WG_CMD_SET_DEVICE).attribute(WGDEVICE_A_IFNAME, device);
  }

  /** Sets a device's own key and port; its peers stay. */
  static NetlinkMessage setOwn(int family, String device, WireguardKey privateKey, int port) {
    return set(family, device)
        .attribute(WGDEVICE_A_PRIVATE_KEY, privateKey.bytes())
        .attribute(WGDEVICE_A_LISTEN_PORT, u16(port));
  }

  /** Adds peers, or makes existing ones so; no session of others is touched. */
  static NetlinkMessage setPeers(int family, String device, List<WireguardPeer> peers) {
    return set(family, device)
        .nest(
            WGDEVICE_A_PEERS,
            list -> peers.forEach(peer -> list.nest(0, one -> setPeer(one, peer))));
  }

  private static void setPeer(NetlinkMessage message, WireguardPeer peer) {
    message
        .attribute(WGPEER_A_PUBLIC_KEY, peer.key().bytes())
        .attribute(WGPEER_A_FLAGS, WGPEER_F_REPLACE_ALLOWEDIPS);
    if (peer.endpoint() != null) {
      byte[] endpoint = SocketAddresses.inet(peer.endpoint());
      endpoint[2] = (byte) (peer.port() >> 8);
      endpoint[3] = (byte) peer.port();
      message.attribute(WGPEER_A_ENDPOINT, endpoint);
    }
    message
        .attribute(WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, u16(peer.keepalive()))
        .nest(
            WGPEER_A_ALLOWEDIPS,
            list ->
                peer.allowed()
                    .forEach(
                        network ->
                            list.nest(
                                0,
                                one ->
                                    one.attribute(
                                            WGALLOWEDIP_A_FAMILY,
                                            u16(SocketAddresses.family(network.address())))
                                        .attribute(WGALLOWEDIP_A_IPADDR, network.address())
                                        .attributeU8(
                                            WGALLOWEDIP_A_CIDR_MASK, network.prefixLength()))));
  }

  static NetlinkMessage removePeers(int family, String device, List<WireguardKey> keys) {
    return set(family, device)
        .nest(
            WGDEVICE_A_PEERS,
            list ->
                keys.forEach(
                    key ->
                        list.nest(
                            0,
                            one ->
                                one.attribute(WGPEER_A_PUBLIC_KEY, key.bytes())
                                    .attribute(WGPEER_A_FLAGS, WGPEER_F_REMOVE_ME))));
  }

  private static byte[] u16(int value) {
    return new byte[] {(byte) value, (byte) (value >> 8)};
  }

  /** One message of a dump; the peers of a device may come in several. */
  static WireguardDevice decode(ByteBuffer body) {
    Attributes device = attributes(body);
    byte[] port = device.bytes(WGDEVICE_A_LISTEN_PORT);
    return new WireguardDevice(
        key(device, WGDEVICE_A_PRIVATE_KEY),
        key(device, WGDEVICE_A_PUBLIC_KEY),
        port.length < 2 ? 0 : (port[0] & 0xff) | (port[1] & 0xff) << 8,
        device.list(WGDEVICE_A_PEERS).stream().flatMap(p -> peer(p).stream()).toList());
  }

  private static Attributes attributes(ByteBuffer body) {
    return Attributes.parse(body.duplicate().order(body.order()).position(GENLMSGHDR));
  }

  /** The whole device: a peer with many networks goes on in the next message under its key. */
  static Optional<WireguardDevice> join(List<WireguardDevice> parts) {
    if (parts.isEmpty()) {
      return Optional.empty();
    }
    Map<WireguardKey, WireguardPeer> peers = new LinkedHashMap<>();
    for (WireguardDevice part : parts) {
      for (WireguardPeer peer : part.peers()) {
        peers.merge(peer.key(), peer, WireguardCodec::joined);
      }
    }
    WireguardDevice first = parts.get(0);
    return Optional.of(
        new WireguardDevice(
            first.privateKey(), first.publicKey(), first.port(), List.copyOf(peers.values())));
  }

  private static WireguardPeer joined(WireguardPeer first, WireguardPeer more) {
    List<Cidr> allowed = new ArrayList<>(first.allowed());
    allowed.addAll(more.allowed());
    return new WireguardPeer(
        first.key(),
        first.endpoint(),
        first.port(),
        first.keepalive(),
        List.copyOf(allowed),
        first.handshake());
  }

  private static Optional<WireguardKey> key(Attributes of, int type) {
    byte[] bytes = of.bytes(type);
    return bytes.length == WireguardKey.BYTES
        ? Optional.of(WireguardKey.of(bytes)).filter(key -> !key.isNone())
        : Optional.empty();
  }

  private static Optional<WireguardPeer> peer(Attributes peer) {
    Optional<WireguardKey> key = key(peer, WGPEER_A_PUBLIC_KEY);
    if (key.isEmpty()) {
      return Optional.empty();
    }
    // sockaddr_in or sockaddr_in6: family, big-endian port, and IPv6's flow information.
    byte[] endpoint = peer.bytes(WGPEER_A_ENDPOINT);
    boolean four = endpoint.length == 16;
    boolean known = four || endpoint.length == 28;
    InetAddress address =
        known ? IpAddress.of(Arrays.copyOfRange(endpoint, four ? 4 : 8, four ? 8 : 24)) : null;
    byte[] keepalive = peer.bytes(WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL);
    byte[] handshake = peer.bytes(WGPEER_A_LAST_HANDSHAKE_TIME);
    return Optional.of(
        new WireguardPeer(
            key.get(),
            address,
            known ? ((endpoint[2] & 0xff) << 8) | (endpoint[3] & 0xff) : 0,
            keepalive.length < 2 ? 0 : (keepalive[0] & 0xff) | (keepalive[1] & 0xff) << 8,
            peer.list(WGPEER_A_ALLOWEDIPS).stream().flatMap(a -> allowed(a).stream()).toList(),
            handshake.length < Long.BYTES
                ? 0
                : ByteBuffer.wrap(handshake).order(ByteOrder.LITTLE_ENDIAN).getLong()));
  }

  private static Optional<Cidr> allowed(Attributes network) {
    return network
        .address(WGALLOWEDIP_A_IPADDR)
        .map(address -> new Cidr(address, network.u8(WGALLOWEDIP_A_CIDR_MASK, 0)));
  }
}
