package dev.weft.subnet;

import java.nio.charset.StandardCharsets;

/** Names and MACs of this room's links, derived from ids, so that a restart changes none. */
final class SubnetNames {
  private SubnetNames() {}

  /** The MAC of a node's overlay device, locally administered. */
  static String overlayMac(String node) {
    return mac("02", node);
  }

  static String bridgeMac(String node) {
    return mac("06", node);
  }

  private static String mac(String first, String node) {
    StringBuilder mac = new StringBuilder(first);
    for (int i = 0; i < 10; i += 2) {
      mac.append(':').append(node, i, i + 2);
    }
    return mac.toString();
  }

  /** A name of at most 15 characters (IFNAMSIZ) that no other pod of the node has. */
  static String linkName(String pod) {
    // 52 bits of FNV-1a: the names need to differ on one node only.
    long hash = 0xcbf29ce484222325L;
    for (byte b : pod.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return "wp" + String.format("%016x", hash).substring(3);
  }
}
