package dev.weft.subnet;

import java.math.BigInteger;

/**
 * Names and MACs of this room's links: of the node's id, so that they are the same after a start.
 */
final class SubnetNames {
  private SubnetNames() {}

  /** Of the overlay device, locally administered. */
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
    // FNV-1a, 52 bits of it: names are told apart on one node only.
    BigInteger hash = new BigInteger("cbf29ce484222325", 16);
    for (byte b : pod.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
      hash =
          hash.xor(BigInteger.valueOf(b & 0xff))
              .multiply(BigInteger.valueOf(0x100000001b3L))
              .mod(BigInteger.ONE.shiftLeft(64));
    }
    return "wp" + String.format("%016x", hash.longValue()).substring(3);
  }
}
