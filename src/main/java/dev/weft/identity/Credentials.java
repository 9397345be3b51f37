package dev.weft.identity;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.SecurityConfig;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What proves a node, and whom it trusts, as its files had it at one time.
 *
 * @param ca empty for a node without a CA
 */
record Credentials(
    PrivateKey key, X509Certificate certificate, Optional<X509Certificate> ca, Verifier verifier) {

  /**
   * Reads the files that the configuration names; without any, the node's own key pair, which is
   * created when it is missing.
   *
   * @throws WeftException INVALID or UNAUTHENTICATED, with the file and the reason
   */
  static Credentials read(SecurityConfig security, Path dataDir, Clock clock) {
    if (!security.mutualTls()) {
      LoneNode own = LoneNode.in(dataDir.resolve("identity"), clock);
      CertificateCheck check =
          security.insecure()
              ? CertificateCheck.selfSigned(clock)
              : CertificateCheck.only(own.certificate(), clock);
      return new Credentials(own.key(), own.certificate(), Optional.empty(), new Verifier(check));
    }
    Path caFile = security.ca().orElseThrow();
    Path certFile = security.cert().orElseThrow();
    X509Certificate ca = authority(caFile);
    X509Certificate certificate = new PemFile(certFile).certificate();
    ECPrivateKey key = key(security.key().orElseThrow(), certFile, certificate);
    CertificateCheck check = check(caFile, ca, certFile, certificate, clock);
    return new Credentials(key, certificate, Optional.of(ca), new Verifier(check));
  }

  private static CertificateCheck check(
      Path caFile, X509Certificate ca, Path certFile, X509Certificate certificate, Clock clock) {
    CertificateCheck check = CertificateCheck.signedBy(ca, clock);
    named(caFile, () -> check.checkValidity(ca));
    named(certFile, () -> check.prove(certificate));
    return check;
  }

  private static ECPrivateKey key(Path file, Path certFile, X509Certificate certificate) {
    ECPrivateKey key = new PemFile(file).key();
    if (!Keys.publicOf(key).equals(certificate.getPublicKey())) {
      throw Fault.invalid(file.toString(), "another key", "the key of " + certFile);
    }
    return key;
  }

  /** Why {@link #read} would refuse these files, each of them; makes none. */
  static List<WeftException> problems(SecurityConfig security, Clock clock) {
    List<WeftException> problems = new ArrayList<>();
    if (!security.mutualTls()) {
      return problems;
    }
    Path caFile = security.ca().orElseThrow();
    Path certFile = security.cert().orElseThrow();
    Path keyFile = security.key().orElseThrow();
    Optional<X509Certificate> ca = attempt(problems, () -> authority(caFile));
    Optional<X509Certificate> certificate =
        attempt(problems, () -> new PemFile(certFile).certificate());
    if (certificate.isEmpty()) {
      attempt(problems, () -> new PemFile(keyFile).key());
      return problems;
    }
    attempt(problems, () -> key(keyFile, certFile, certificate.get()));
    if (ca.isPresent()) {
      attempt(problems, () -> check(caFile, ca.get(), certFile, certificate.get(), clock));
    }
    return problems;
  }

  private static <T> Optional<T> attempt(List<WeftException> problems, Supplier<T> read) {
    try {
      return Optional.of(read.get());
    } catch (WeftException e) {
      problems.add(e);
      return Optional.empty();
    }
  }

  /** Reads the certificate of a CA. */
  static X509Certificate authority(Path file) {
    X509Certificate ca = new PemFile(file).certificate();
    if (ca.getBasicConstraints() < 0) {
      throw Fault.invalid(
          file.toString(), ca.getSubjectX500Principal().getName(), "a CA's certificate");
    }
    return ca;
  }

  /** Puts the file's name before the reason for which its contents are refused. */
  private static void named(Path file, Runnable check) {
    try {
      check.run();
    } catch (WeftException e) {
      throw e.fault().because(file + ": " + e.getMessage(), e);
    }
  }

  boolean sameCertificates(Credentials other) {
    return certificate.equals(other.certificate) && ca.equals(other.ca);
  }
}
