package dev.weft.identity;

import java.nio.file.Path;
import java.util.List;

/** Certificates and keys that were read from files and can be read again while they are in use. */
public interface CertificateFiles {
  /** Whom a certificate proves. */
  enum Role {
    /** This node. */
    NODE,
    /** The CA of this node's mesh. */
    CA,
    /** A CA of another mesh. */
    EXTERNAL_CA
  }

  /** A certificate that is in use, and the file that it was read from. */
  record InUse(Role role, Path file, CertificateInfo info) {}

  /** Every file, also those of keys. */
  List<Path> files();

  /** The certificates that are in use now. */
  List<InUse> inUse();

  /**
   * Reads the files again. New handshakes and signatures use what they hold; connections stay. What
   * was in use stays in use if a file cannot be read or the files do not fit each other.
   *
   * @return whether the files held anything new
   * @throws dev.weft.bus.WeftException with the file and the reason
   */
  boolean reload();
}
