package dev.weft.identity;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One object in a PEM file (RFC 7468). Failures are INVALID and name the file. */
final class PemFile {
  private static final int MAX_BYTES = 64 << 10;
  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String PRIVATE_KEY = "PRIVATE KEY";
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");
  // Group members may read: that is how secrets are mounted into containers.
  private static final Set<PosixFilePermission> NOT_FOR_KEYS =
      EnumSet.of(
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE,
          PosixFilePermission.OTHERS_EXECUTE);

  private final Path path;

  PemFile(Path path) {
    this.path = path;
  }

  boolean exists() {
    return Files.exists(path);
  }

  X509Certificate certificate() {
    return certificate(path.toString(), block(CERTIFICATE, "one certificate in PEM"));
  }

  ECPrivateKey key() {
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(path);
      if (mode.stream().anyMatch(NOT_FOR_KEYS::contains)) {
        throw Fault.invalid(
            path.toString(),
            "mode " + PosixFilePermissions.toString(mode),
            "a key that others cannot read, as after chmod 600");
      }
      byte[] der = block(PRIVATE_KEY, "one key in PEM as PKCS#8, BEGIN PRIVATE KEY");
      if (KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der))
              instanceof ECPrivateKey key
          && Keys.isP256(key)) {
        return key;
      }
      throw Fault.invalid(path.toString(), "a key of another curve", "ECDSA P-256");
    } catch (IOException e) {
      throw unreadable(e);
    } catch (GeneralSecurityException e) {
      throw Fault.INVALID.because(path + ": no key (expected: ECDSA P-256 as PKCS#8)", e);
    }
  }

  /** Puts the certificate in place of any older one. */
  void write(X509Certificate certificate) {
    try {
      Path made = write(CERTIFICATE, certificate.getEncoded(), "rw-r--r--");
      Files.move(made, path, StandardCopyOption.ATOMIC_MOVE);
      syncDirectory();
    } catch (IOException | CertificateException e) {
      throw unwritable(e);
    }
  }

  /**
   * Writes a key that only its owner can read.
   *
   * @throws WeftException CONFLICT if the file exists: a lost key is a lost node
   */
  void write(PrivateKey key) {
    try {
      Path made = write(PRIVATE_KEY, key.getEncoded(), "rw-------");
      try {
        // link(2), unlike rename(2), never replaces.
        Files.createLink(path, made);
      } finally {
        Files.delete(made);
      }
      syncDirectory();
    } catch (FileAlreadyExistsException e) {
      throw Fault.CONFLICT.because(path + ": exists (expected: no key to be overwritten)");
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  static X509Certificate certificate(String source, byte[] der) {
    try {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(der));
      if (found.size() == 1 && found.iterator().next() instanceof X509Certificate certificate) {
        return certificate;
      }
      throw Fault.invalid(source, found.size() + " certificates", "one");
    } catch (CertificateException e) {
      throw Fault.INVALID.because(source + ": no certificate (expected: X.509)", e);
    }
  }

  private byte[] block(String type, String expected) {
    try {
      if (Files.size(path) > MAX_BYTES) {
        throw Fault.invalid(path.toString(), "more than 64 KiB", expected);
      }
      Matcher m = BLOCK.matcher(Files.readString(path, StandardCharsets.ISO_8859_1));
      if (!m.find()) {
        throw Fault.invalid(path.toString(), "not PEM", expected);
      }
      String found = m.group(1);
      byte[] der = Base64.getMimeDecoder().decode(m.group(2));
      if (!found.equals(type)) {
        throw Fault.invalid(path.toString(), "BEGIN " + found, expected);
      }
      if (m.find()) {
        throw Fault.invalid(path.toString(), "several PEM blocks", expected);
      }
      return der;
    } catch (IOException e) {
      throw unreadable(e);
    } catch (IllegalArgumentException notBase64) {
      throw Fault.invalid(path.toString(), "not PEM", expected);
    }
  }

  private Path write(String type, byte[] der, String mode) throws IOException {
    Path directory = directory();
    Files.createDirectories(directory);
    Path made =
        Files.createFile(
            directory.resolve("." + path.getFileName() + "." + UUID.randomUUID()),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode)));
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    String pem = "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n";
    try (FileChannel out = FileChannel.open(made, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(pem.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    } catch (IOException e) {
      Files.delete(made);
      throw e;
    }
    return made;
  }

  /** Makes a name in the directory survive a power cut. */
  private void syncDirectory() throws IOException {
    try (FileChannel directory = FileChannel.open(directory(), StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  private Path directory() {
    return path.toAbsolutePath().getParent();
  }

  private WeftException unreadable(IOException e) {
    String reason = e instanceof NoSuchFileException ? "no such file" : reason(e);
    return Fault.INVALID.because(path + ": " + reason + " (expected: a PEM file)", e);
  }

  private WeftException unwritable(Exception e) {
    return Fault.INTERNAL.because(path + ": cannot be written: " + reason(e), e);
  }

  private static String reason(Exception e) {
    return e.getClass().getSimpleName() + " " + e.getMessage();
  }
}
