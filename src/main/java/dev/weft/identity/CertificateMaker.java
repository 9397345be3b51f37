package dev.weft.identity;

import dev.weft.bus.Fault;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.IPAddress;

/** Makes X.509 certificates (RFC 5280). They begin two days early, because clocks differ. */
final class CertificateMaker {
  private static final Duration EARLY = Duration.ofDays(2);
  private static final int SERIAL_BITS = 127;

  private final SecureRandom random = new SecureRandom();
  private final Clock clock;

  CertificateMaker(Clock clock) {
    this.clock = clock;
  }

  X509Certificate authority(KeyPair keys, String name, int days) {
    X500Principal subject = subject(name);
    return make(
        subject,
        keys.getPrivate(),
        keys.getPublic(),
        subject,
        keys.getPublic(),
        days,
        extensions -> {
          // pathlen 0: it signs nodes, not further CAs.
          extensions.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
          extensions.addExtension(
              Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
        });
  }

  /** A node's certificate, signed by a CA. */
  X509Certificate node(
      X509Certificate ca,
      PrivateKey caKey,
      PublicKey key,
      String name,
      List<String> addresses,
      int days) {
    return make(
        ca.getSubjectX500Principal(),
        caKey,
        ca.getPublicKey(),
        subject(name),
        key,
        days,
        extensions -> nodeExtensions(extensions, key, addresses));
  }

  /** A node's certificate, signed by itself. */
  X509Certificate lone(KeyPair keys, String name, int days) {
    return make(
        subject(name),
        keys.getPrivate(),
        keys.getPublic(),
        subject(name),
        keys.getPublic(),
        days,
        extensions -> nodeExtensions(extensions, keys.getPublic(), List.of()));
  }

  private static void nodeExtensions(
      X509v3CertificateBuilder extensions, PublicKey key, List<String> addresses)
      throws IOException {
    extensions.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
    extensions.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    extensions.addExtension(
        Extension.extendedKeyUsage,
        false,
        new ExtendedKeyUsage(
            new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
    List<GeneralName> names = new ArrayList<>();
    names.add(new GeneralName(GeneralName.dNSName, NodeId.of(key).host()));
    for (String address : addresses) {
      names.add(
          new GeneralName(
              IPAddress.isValid(address) ? GeneralName.iPAddress : GeneralName.dNSName, address));
    }
    extensions.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(names.toArray(GeneralName[]::new)));
  }

  private interface Extensions {
    void addTo(X509v3CertificateBuilder builder) throws IOException;
  }

  private X509Certificate make(
      X500Principal issuer,
      PrivateKey issuerKey,
      PublicKey issuerPublicKey,
      X500Principal subject,
      PublicKey key,
      int days,
      Extensions extensions) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    try {
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              new BigInteger(SERIAL_BITS, random).setBit(0),
              Date.from(now.minus(EARLY)),
              Date.from(now.plus(Duration.ofDays(days))),
              subject,
              key);
      JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
      builder.addExtension(
          Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(key));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          identifiers.createAuthorityKeyIdentifier(issuerPublicKey));
      extensions.addTo(builder);
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(new JcaContentSignerBuilder(Keys.SIGNATURE).build(issuerKey)));
    } catch (IOException | OperatorCreationException | GeneralSecurityException e) {
      throw Fault.INTERNAL.because("making a certificate failed: " + e.getMessage(), e);
    }
  }

  private static X500Principal subject(String name) {
    return new X500Principal("CN=" + name);
  }
}
