package dev.weft.identity;

import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * What a certificate says, for people.
 *
 * @param nodeId of the certificate's key; empty for a CA, which is no node
 * @param fingerprint SHA-256 of the key's SubjectPublicKeyInfo, 64 hex digits
 * @param names subject alternative names: DNS names and IP addresses
 */
public record CertificateInfo(
    String subject,
    Optional<NodeId> nodeId,
    String fingerprint,
    String issuer,
    Instant notBefore,
    Instant notAfter,
    List<String> names) {

  /** Where the present lies in a certificate's life. */
  public enum Validity {
    NOT_YET_VALID,
    VALID,
    EXPIRED
  }

  public CertificateInfo {
    names = List.copyOf(names);
  }

  /**
   * Reads a PEM file; the certificate need not be valid or signed by anybody known.
   *
   * @throws dev.weft.bus.WeftException INVALID, with the file's name, if it is no certificate
   */
  public static CertificateInfo read(Path file) {
    return of(new PemFile(file).certificate());
  }

  static CertificateInfo of(X509Certificate certificate) {
    boolean isCa = certificate.getBasicConstraints() >= 0;
    return new CertificateInfo(
        certificate.getSubjectX500Principal().getName(),
        isCa ? Optional.empty() : Optional.of(NodeId.of(certificate.getPublicKey())),
        Fingerprint.of(certificate.getPublicKey()),
        certificate.getIssuerX500Principal().getName(),
        certificate.getNotBefore().toInstant(),
        certificate.getNotAfter().toInstant(),
        names(certificate));
  }

  /** Both ends included, RFC 5280 4.1.2.5. */
  public Validity at(Instant now) {
    if (now.isBefore(notBefore)) {
      return Validity.NOT_YET_VALID;
    }
    return now.isAfter(notAfter) ? Validity.EXPIRED : Validity.VALID;
  }

  private static List<String> names(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      // Each is its kind (RFC 5280 GeneralName's tag) and its value.
      return names == null
          ? List.of()
          : names.stream()
              .filter(name -> name.get(1) instanceof String)
              .map(name -> (String) name.get(1))
              .toList();
    } catch (CertificateParsingException unreadable) {
      return List.of();
    }
  }
}
