package dev.weft.identity;

import dev.weft.bus.WeftException;
import io.vertx.core.net.TrustOptions;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * CAs of other meshes, whose nodes are no members. A certificate signed by one of these CAs proves
 * a node id and, to a client that dials the node, the host names in the certificate.
 */
public final class Authorities {
  private final List<Authority> all;

  private Authorities(List<Authority> all) {
    this.all = all;
  }

  /**
   * Reads PEM files.
   *
   * @throws WeftException INVALID with the file, if one is no CA's certificate
   */
  public static Authorities read(Collection<Path> files, Clock clock) {
    return new Authorities(
        files.stream().distinct().map(file -> new Authority(file, clock)).toList());
  }

  /** The CA of this file alone. */
  public Authorities only(Path file) {
    return new Authorities(all.stream().filter(a -> a.file().equals(file)).toList());
  }

  /** Each CA's file, to be read again. */
  public List<CertificateFiles> files() {
    return List.copyOf(all);
  }

  public boolean isEmpty() {
    return all.isEmpty();
  }

  /**
   * What to ask of the other end of TLS. A client that dials {@link NodeId#host} gets that node;
   * one that dials any other name gets a node whose certificate names it, as DNS name or IP
   * address.
   */
  public TrustOptions trust() {
    return TrustOptions.wrap(
        new MeshTrustManager(
            () -> all.stream().map(Authority::certificate).toArray(X509Certificate[]::new),
            this::prove,
            MeshTrustManager.Dialled.NAME));
  }

  /** The files of the CAs that signed the certificate at the other end of a connection. */
  public List<Path> vouchingFor(SSLSession session) {
    try {
      X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
      return all.stream().filter(a -> vouches(a, certificate)).map(Authority::file).toList();
    } catch (SSLPeerUnverifiedException noCertificate) {
      return List.of();
    }
  }

  private static boolean vouches(Authority authority, X509Certificate certificate) {
    try {
      authority.check().prove(certificate);
      return true;
    } catch (WeftException e) {
      return false;
    }
  }

  private NodeId prove(X509Certificate certificate) {
    WeftException last = null;
    for (Authority authority : all) {
      try {
        return authority.check().prove(certificate);
      } catch (WeftException e) {
        last = e;
      }
    }
    if (last == null) {
      throw new IllegalStateException("no CA is trusted, so nobody is dialled and nothing served");
    }
    throw last;
  }
}
