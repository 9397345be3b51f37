package dev.weft.subnet.wireguard;

import dev.weft.linux.WireguardKey;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.interfaces.XECPrivateKey;
import java.security.interfaces.XECPublicKey;

/** The keys of one WireGuard device, of X25519 (RFC 7748). */
public record KeyPair(WireguardKey secret, WireguardKey open) {
  private static final int BYTES = 32;

  static KeyPair make() {
    try {
      java.security.KeyPair made = KeyPairGenerator.getInstance("X25519").generateKeyPair();
      byte[] secret =
          ((XECPrivateKey) made.getPrivate())
              .getScalar()
              .orElseThrow(() -> new IllegalStateException("X25519 keys cannot be read"));
      // The kernel stores it so; bits that the curve does not use (RFC 7748, section 5).
      secret[0] &= (byte) 248;
      secret[31] = (byte) ((secret[31] & 127) | 64);
      return new KeyPair(
          WireguardKey.of(secret),
          WireguardKey.of(littleEndian(((XECPublicKey) made.getPublic()).getU())));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Java has X25519 since version 11", e);
    }
  }

  private static byte[] littleEndian(BigInteger value) {
    byte[] bytes = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      bytes[i] = value.shiftRight(8 * i).byteValue();
    }
    return bytes;
  }
}
