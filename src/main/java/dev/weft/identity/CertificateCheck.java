package dev.weft.identity;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;

/** Whether a certificate proves a node id, and which. Failures are UNAUTHENTICATED. */
final class CertificateCheck {
  // RFC 5280 4.2.1.12.
  private static final List<String> BOTH_ENDS = List.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");

  /** Characters of a foreign text. */
  private static final int MOST_SHOWN = 200;

  /** Who vouches for a node's key. */
  private interface Root {
    void vouchFor(X509Certificate certificate, Instant now) throws GeneralSecurityException;
  }

  private final Root root;
  private final String authority;
  private final Clock clock;

  private CertificateCheck(Root root, String authority, Clock clock) {
    this.root = root;
    this.authority = authority;
    this.clock = clock;
  }

  /** Only certificates that this CA signed itself. */
  static CertificateCheck signedBy(X509Certificate ca, Clock clock) {
    return signedBy(ca, "this mesh's CA", clock);
  }

  /**
   * Only certificates that this CA signed itself.
   *
   * @param authority what to call it
   */
  static CertificateCheck signedBy(X509Certificate ca, String authority, Clock clock) {
    return new CertificateCheck(
        (certificate, now) -> validate(ca, certificate, now), authority, clock);
  }

  /** Any key that signed its own certificate: it proves an id and no membership. */
  static CertificateCheck selfSigned(Clock clock) {
    return new CertificateCheck(
        (certificate, now) -> certificate.verify(certificate.getPublicKey()), "itself", clock);
  }

  /** Only this one certificate. */
  static CertificateCheck only(X509Certificate own, Clock clock) {
    return new CertificateCheck(
        (certificate, now) -> {
          if (!certificate.equals(own)) {
            throw new GeneralSecurityException(
                "this node has no CA (security.ca) and takes nobody's certificate but its own");
          }
        },
        "this node",
        clock);
  }

  /** The node id that the certificate proves now. */
  NodeId prove(X509Certificate certificate) {
    PublicKey key = certificate.getPublicKey();
    if (!Keys.isP256(key)) {
      throw refused(certificate, "a key of kind " + key.getAlgorithm(), "ECDSA P-256");
    }
    NodeId id = NodeId.of(key);
    Instant now = clock.instant();
    checkValidity(certificate, now);
    try {
      root.vouchFor(certificate, now);
    } catch (GeneralSecurityException e) {
      String reason =
          e instanceof CertPathValidatorException ? "not signed by " + authority + ": " : "";
      throw Fault.UNAUTHENTICATED.because(
          "certificate of " + name(certificate) + ": " + reason + e.getMessage(), e);
    }
    checkPurpose(certificate);
    List<String> claimed =
        CertificateInfo.of(certificate).names().stream().filter(n -> n.endsWith(".weft")).toList();
    if (!claimed.equals(List.of(id.host()))) {
      throw refused(certificate, "names " + claimed, id.host() + ", the id of its key");
    }
    return id;
  }

  /** Its dates alone, for one proven before: a CA of ours outlives what it signs. */
  void checkValidity(X509Certificate certificate) {
    checkValidity(certificate, clock.instant());
  }

  private static void checkValidity(X509Certificate certificate, Instant now) {
    CertificateInfo info = CertificateInfo.of(certificate);
    switch (info.at(now)) {
      case EXPIRED -> throw refused(certificate, "expired " + info.notAfter(), "valid at " + now);
      case NOT_YET_VALID ->
          throw refused(certificate, "not yet valid, from " + info.notBefore(), "valid at " + now);
      case VALID -> {}
    }
  }

  private static void checkPurpose(X509Certificate certificate) {
    try {
      List<String> purposes = certificate.getExtendedKeyUsage();
      if (purposes == null || !purposes.containsAll(BOTH_ENDS)) {
        throw refused(certificate, "extended key usage " + purposes, "TLS server and TLS client");
      }
    } catch (CertificateParsingException e) {
      throw refused(certificate, "unreadable extended key usage", "TLS server and TLS client");
    }
  }

  /** RFC 5280 6.1, for a path of one certificate. */
  private static void validate(X509Certificate ca, X509Certificate certificate, Instant now)
      throws GeneralSecurityException {
    // PKIX takes a trust anchor as given and does not look at its dates.
    checkValidity(ca, now);
    PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(ca, null)));
    parameters.setRevocationEnabled(false);
    parameters.setDate(Date.from(now));
    CertPathValidator.getInstance("PKIX")
        .validate(
            CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate)),
            parameters);
  }

  private static WeftException refused(X509Certificate certificate, String is, String expected) {
    return Fault.UNAUTHENTICATED.because(
        "certificate of %s: %s (expected: %s)".formatted(name(certificate), shown(is), expected));
  }

  /** What anybody can write, so that it is one line of a log, and no long one. */
  private static String shown(String foreign) {
    return foreign
        .codePoints()
        .limit(MOST_SHOWN)
        .map(c -> Character.isISOControl(c) ? '?' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /** Its name, which anybody can write, and the id of its key, which nobody else can. */
  private static String name(X509Certificate certificate) {
    return shown(certificate.getSubjectX500Principal().getName())
        + " ("
        + NodeId.of(certificate.getPublicKey())
        + ")";
  }
}
