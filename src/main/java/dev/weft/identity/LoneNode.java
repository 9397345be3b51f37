package dev.weft.identity;

import dev.weft.bus.Fault;
import dev.weft.identity.CertificateInfo.Validity;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Clock;

/**
 * The identity of a node without a CA: {@code key.pem} and {@code cert.pem}, signed by itself.
 *
 * @param key kept for good, so that the node id is
 * @param certificate made anew from its key when it runs out
 */
record LoneNode(PrivateKey key, X509Certificate certificate) {
  private static final int DAYS = 3650;
  private static final String NAME = "weft";

  static LoneNode in(Path directory, Clock clock) {
    Path keyPath = directory.resolve("key.pem");
    Path certPath = directory.resolve("cert.pem");
    PemFile keyFile = new PemFile(keyPath);
    PemFile certFile = new PemFile(certPath);
    if (!keyFile.exists()) {
      if (certFile.exists()) {
        throw Fault.INVALID.because(
            "%s: no such file (expected: the key of %s; remove that to become a new node)"
                .formatted(keyPath, certPath));
      }
      keyFile.write(Keys.generate().getPrivate());
    }
    ECPrivateKey key = keyFile.key();
    PublicKey publicKey = Keys.publicOf(key);
    if (certFile.exists()) {
      X509Certificate certificate = certFile.certificate();
      if (!certificate.getPublicKey().equals(publicKey)) {
        throw Fault.invalid(keyPath.toString(), "another key", "the key of " + certPath);
      }
      if (CertificateInfo.of(certificate).at(clock.instant()) == Validity.VALID) {
        return new LoneNode(key, certificate);
      }
    }
    X509Certificate made =
        new CertificateMaker(clock).lone(new KeyPair(publicKey, key), NAME, DAYS);
    certFile.write(made);
    return new LoneNode(key, made);
  }
}
