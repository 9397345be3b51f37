package dev.weft.wire.path.offload;

import java.nio.ByteBuffer;

/** Where the IP and transport headers of a frame are. */
final class IpHeaders {
  /** Length of IPv6's fixed header (RFC 8200). */
  static final int IP6 = 40;

  private static final int ETHER_TYPE = 12;
  private static final int VLAN_TAG = 4;
  private static final int C_TAG = 0x8100;
  private static final int S_TAG = 0x88a8;
  private static final int S_TAG_OLD = 0x9100;
  private static final int ETHER_IP4 = 0x0800;
  private static final int ETHER_IP6 = 0x86dd;
  private static final int IP4 = 20;

  private static final int HOP_BY_HOP = 0;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int ROUTING = 43;
  private static final int AUTHENTICATION = 51;
  private static final int DESTINATION = 60;
  private static final int SCTP = 132;
  private static final int MOBILITY = 135;

  private ByteBuffer frame;
  private int network;
  private int transport;
  private int protocol;
  private boolean isVersion4;

  /** False for what is neither IPv4 nor IPv6, or cut short. */
  boolean read(ByteBuffer frame, int start, int end) {
    this.frame = frame;
    int at = start + ETHER_TYPE;
    int type = at + 2 > end ? 0 : unsigned(at);
    while (type == C_TAG || type == S_TAG || type == S_TAG_OLD) {
      at += VLAN_TAG;
      type = at + 2 > end ? 0 : unsigned(at);
    }
    network = at + 2;
    isVersion4 = type == ETHER_IP4;
    if (isVersion4) {
      return network + IP4 <= end && readVersion4(end);
    }
    return type == ETHER_IP6 && network + IP6 <= end && readVersion6(end);
  }

  private boolean readVersion4(int end) {
    protocol = frame.get(network + 9) & 0xff;
    transport = afterVersion4();
    boolean isFragment = (unsigned(network + 6) & 0x3fff) != 0;
    return transport - network >= IP4 && transport <= end && !isFragment;
  }

  private boolean readVersion6(int end) {
    protocol = frame.get(network + 6) & 0xff;
    transport = network + IP6;
    while (isExtension(protocol)) {
      if (transport + 2 > end) {
        return false;
      }
      int units = frame.get(transport + 1) & 0xff;
      int length = protocol == AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
      protocol = frame.get(transport) & 0xff;
      transport += length;
    }
    return transport <= end;
  }

  private static boolean isExtension(int protocol) {
    return protocol == HOP_BY_HOP
        || protocol == ROUTING
        || protocol == DESTINATION
        || protocol == AUTHENTICATION
        || protocol == MOBILITY;
  }

  private int unsigned(int at) {
    return frame.getShort(at) & 0xffff;
  }

  int network() {
    return network;
  }

  int transport() {
    return transport;
  }

  /** Index after the IPv4 header with its options. */
  int afterVersion4() {
    return network + (frame.get(network) & 0xf) * 4;
  }

  boolean isVersion4() {
    return isVersion4;
  }

  boolean isTcp() {
    return protocol == TCP;
  }

  boolean isUdp() {
    return protocol == UDP;
  }

  boolean isSctp() {
    return protocol == SCTP;
  }

  /** The pseudo header's sum (RFC 9293, RFC 8200) without its length. */
  long addressesAndProtocol() {
    return isVersion4
        ? Checksum.add(protocol, frame, network + 12, network + IP4)
        : Checksum.add(protocol, frame, network + 8, network + IP6);
  }
}
