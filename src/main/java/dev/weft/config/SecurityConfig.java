package dev.weft.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The files that prove who this node is; all three or none.
 *
 * @param ca certificate of the mesh's CA, PEM
 * @param cert this node's certificate, PEM
 * @param key its key, PEM (PKCS#8), not readable by others
 * @param insecure accepts listeners beyond loopback that prove nothing
 */
public record SecurityConfig(
    Optional<Path> ca, Optional<Path> cert, Optional<Path> key, boolean insecure) {

  /** Whether this node can prove its identity to others, and they theirs to it. */
  public boolean mutualTls() {
    return ca.isPresent() && cert.isPresent() && key.isPresent();
  }

  static SecurityConfig read(Section s) {
    SecurityConfig security =
        new SecurityConfig(
            s.read("ca", "", Kind.PATH.orNone()),
            s.read("cert", "", Kind.PATH.orNone()),
            s.read("key", "", Kind.PATH.orNone()),
            s.read("insecure", "false", Kind.BOOLEAN));
    s.end();
    return security;
  }
}
