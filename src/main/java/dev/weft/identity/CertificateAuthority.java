package dev.weft.identity;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/** The CA of a mesh: {@code ca.pem} and {@code ca.key} in one directory, which is no node's. */
public final class CertificateAuthority {
  /** Days a CA is valid when nobody says otherwise: 10 years. */
  public static final int DEFAULT_DAYS = 3650;

  /** Days a node's certificate is valid when nobody says otherwise. */
  public static final int DEFAULT_NODE_DAYS = 365;

  /** The longest validity of either, in days: 30 years. */
  public static final int MAX_DAYS = 10950;

  private static final String CA = "ca";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  private final X509Certificate certificate;
  private final PrivateKey key;
  private final Clock clock;

  private CertificateAuthority(X509Certificate certificate, PrivateKey key, Clock clock) {
    this.certificate = certificate;
    this.key = key;
    this.clock = clock;
  }

  /**
   * What was made for a node; the three files are what {@code security} in its configuration names.
   *
   * @param renewed whether the node's key was there already, so that it stays the same node
   */
  public record Issued(Path ca, Path cert, Path key, CertificateInfo info, boolean renewed) {}

  /**
   * Makes a CA.
   *
   * @param directory made when missing
   * @param name of the mesh, 1 to 63 letters, digits, '.', '_', '-'
   * @param days of validity, 1..{@link #MAX_DAYS}
   * @throws dev.weft.bus.WeftException CONFLICT if the directory holds a CA already
   */
  public static CertificateAuthority create(Path directory, String name, int days, Clock clock) {
    checkName(name);
    checkDays(days, MAX_DAYS, "");
    KeyPair keys = Keys.generate();
    X509Certificate certificate = new CertificateMaker(clock).authority(keys, name, days);
    keyFile(directory, CA).write(keys.getPrivate());
    certificateFile(directory, CA).write(certificate);
    return new CertificateAuthority(certificate, keys.getPrivate(), clock);
  }

  /**
   * Reads the CA that {@link #create} made.
   *
   * @throws dev.weft.bus.WeftException INVALID if the directory holds no usable CA
   */
  public static CertificateAuthority load(Path directory, Clock clock) {
    X509Certificate certificate = Credentials.authority(directory.resolve("ca.pem"));
    ECPrivateKey key = keyFile(directory, CA).key();
    if (!Keys.publicOf(key).equals(certificate.getPublicKey())) {
      throw Fault.invalid(
          directory.resolve("ca.key").toString(), "another key", "the key of ca.pem");
    }
    return new CertificateAuthority(certificate, key, clock);
  }

  /** What the CA's own certificate says. */
  public CertificateInfo info() {
    return CertificateInfo.of(certificate);
  }

  /**
   * Makes or renews a node's certificate: {@code <name>.pem}, {@code <name>.key} and a copy of
   * {@code ca.pem}. A key that is there is kept: a new key would be a new node.
   *
   * @param out directory, made when missing
   * @param name of the node, 1 to 63 letters, digits, '.', '_', '-', not {@code ca}
   * @param addresses further names and addresses by which programs that are no nodes reach it
   * @param days of validity, from 1 to the end of the CA's
   */
  public Issued issueNode(Path out, String name, List<String> addresses, int days) {
    checkName(name);
    if (name.equals(CA)) {
      throw Fault.invalid("name", name, "another, this one's files are the CA's");
    }
    addresses.forEach(CertificateAuthority::checkAddress);
    Instant end = certificate.getNotAfter().toInstant();
    long left = Duration.between(clock.instant(), end).toDays();
    checkDays(days, (int) Math.min(MAX_DAYS, left), ", the CA ends " + end);

    PemFile keyFile = keyFile(out, name);
    PemFile certFile = certificateFile(out, name);
    boolean renewed = keyFile.exists();
    if (!renewed) {
      keyFile.write(Keys.generate().getPrivate());
    }
    PublicKey publicKey = Keys.publicOf(keyFile.key());
    X509Certificate made =
        new CertificateMaker(clock).node(certificate, key, publicKey, name, addresses, days);
    certFile.write(made);
    PemFile copy = certificateFile(out, CA);
    if (!copy.exists() || !copy.certificate().equals(certificate)) {
      copy.write(certificate);
    }
    return new Issued(
        out.resolve("ca.pem"),
        out.resolve(name + ".pem"),
        out.resolve(name + ".key"),
        CertificateInfo.of(made),
        renewed);
  }

  private static void checkName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw Fault.invalid(
          "name", name, "1 to 63 letters, digits, '.', '_' or '-', a letter or digit first");
    }
  }

  private static void checkDays(int days, int max, String why) {
    if (days < 1 || days > max) {
      throw Fault.invalid("days", days, max < 1 ? "a CA that is valid" + why : "1.." + max + why);
    }
  }

  private static void checkAddress(String address) {
    boolean fits =
        HostPort.parse(address, 1).filter(parsed -> parsed.host().equals(address)).isPresent();
    if (!fits || address.endsWith(".weft")) {
      throw Fault.invalid("address", address, "a host name outside .weft, or an IP address");
    }
  }

  private static PemFile certificateFile(Path directory, String name) {
    return new PemFile(directory.resolve(name + ".pem"));
  }

  private static PemFile keyFile(Path directory, String name) {
    return new PemFile(directory.resolve(name + ".key"));
  }
}
