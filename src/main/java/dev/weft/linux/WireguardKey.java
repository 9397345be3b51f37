package dev.weft.linux;

import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/** A Curve25519 key of WireGuard, public or private. */
public final class WireguardKey {
  public static final int BYTES = 32;

  private final byte[] bytes;

  private WireguardKey(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Of a copy of 32 bytes, least significant first (RFC 7748). */
  public static WireguardKey of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("key: " + bytes.length + " bytes (expected: 32)");
    }
    return new WireguardKey(bytes.clone());
  }

  /** Reads it as wg(8) writes it; empty if the text is no 32 bytes in Base64. */
  public static Optional<WireguardKey> find(String base64) {
    try {
      return Optional.of(Base64.getDecoder().decode(base64))
          .filter(bytes -> bytes.length == BYTES)
          .map(WireguardKey::new);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  public byte[] bytes() {
    return bytes.clone();
  }

  public String base64() {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** The kernel shows a key of zeros where a device has none. */
  boolean isNone() {
    return Arrays.equals(bytes, new byte[BYTES]);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WireguardKey key && Arrays.equals(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Says nothing of the key, which may be private. */
  @Override
  public String toString() {
    return "key";
  }
}
