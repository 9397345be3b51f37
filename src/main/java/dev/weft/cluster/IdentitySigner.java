package dev.weft.cluster;

import dev.weft.bus.Fault;
import dev.weft.bus.Signer;
import dev.weft.bus.WeftException;
import dev.weft.identity.Identity;
import java.security.cert.CertificateEncodingException;
import java.util.Optional;

/** Signs with this node's key; the certificates of others must chain to the mesh's CA. */
final class IdentitySigner implements Signer {
  private final Identity identity;

  IdentitySigner(Identity identity) {
    this.identity = identity;
  }

  @Override
  public byte[] certificate() {
    try {
      return identity.certificate().getEncoded();
    } catch (CertificateEncodingException e) {
      throw Fault.INTERNAL.because("this node's certificate cannot be encoded", e);
    }
  }

  @Override
  public byte[] sign(byte[] data) {
    return identity.sign(data);
  }

  @Override
  public Optional<String> signer(byte[] shown, byte[] data, byte[] signature) {
    try {
      return Optional.of(identity.verifier().verify(shown, data, signature).value());
    } catch (WeftException e) {
      return Optional.empty();
    }
  }
}
