package dev.weft.identity;

import dev.weft.bus.Digest;
import java.security.PublicKey;
import java.util.HexFormat;

/** SHA-256 of a key's SubjectPublicKeyInfo (RFC 5280 4.1.2.7), 64 hex digits. */
final class Fingerprint {
  private Fingerprint() {}

  static String of(PublicKey key) {
    // A public key's encoding is its SubjectPublicKeyInfo in DER.
    return HexFormat.of().formatHex(Digest.of(key.getEncoded()));
  }
}
