package dev.weft.identity;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.util.HexFormat;

/** SHA-256 of a key's SubjectPublicKeyInfo (RFC 5280 4.1.2.7), 64 hex digits. */
final class Fingerprint {
  private Fingerprint() {}

  static String of(PublicKey key) {
    try {
      // A public key's encoding is its SubjectPublicKeyInfo in DER.
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getEncoded()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
