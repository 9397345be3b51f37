package dev.weft.identity;

import dev.weft.bus.Fault;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;

/** The CA of another mesh, as its file has it. */
final class Authority implements CertificateFiles {
  private final Path file;
  private final Clock clock;
  private volatile CertificateCheck check;
  private volatile X509Certificate certificate;

  Authority(Path file, Clock clock) {
    this.file = file;
    this.clock = clock;
    use(Credentials.authority(file));
  }

  private void use(X509Certificate read) {
    check = CertificateCheck.signedBy(read, "the CA of " + file, clock);
    certificate = read;
  }

  Path file() {
    return file;
  }

  X509Certificate certificate() {
    return certificate;
  }

  CertificateCheck check() {
    return check;
  }

  @Override
  public List<Path> files() {
    return List.of(file);
  }

  @Override
  public List<InUse> inUse() {
    return List.of(new InUse(Role.EXTERNAL_CA, file, CertificateInfo.of(certificate)));
  }

  @Override
  public boolean reload() {
    X509Certificate read = Credentials.authority(file);
    if (read.equals(certificate)) {
      return false;
    }
    CertificateInfo info = CertificateInfo.of(read);
    if (info.at(clock.instant()) == CertificateInfo.Validity.EXPIRED) {
      throw Fault.invalid(file.toString(), "expired " + info.notAfter(), "a CA that is valid");
    }
    use(read);
    return true;
  }
}
