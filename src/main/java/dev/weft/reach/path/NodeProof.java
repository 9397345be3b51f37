package dev.weft.reach.path;

import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;

/** By what nodes prove to each other who they are. */
interface NodeProof {
  NodeId self();

  /** X.509 in DER. */
  byte[] certificate();

  byte[] sign(byte[] data);

  /** Who has signed; throws a {@link dev.weft.bus.WeftException} if nobody of this mesh has. */
  NodeId signer(byte[] certificate, byte[] data, byte[] signature);

  static NodeProof of(Identity identity) {
    return new NodeProof() {
      @Override
      public NodeId self() {
        return identity.nodeId();
      }

      @Override
      public byte[] certificate() {
        try {
          return identity.certificate().getEncoded();
        } catch (java.security.cert.CertificateEncodingException e) {
          throw new IllegalStateException("a certificate in use has an encoding", e);
        }
      }

      @Override
      public byte[] sign(byte[] data) {
        return identity.sign(data);
      }

      @Override
      public NodeId signer(byte[] certificate, byte[] data, byte[] signature) {
        return identity.verifier().verify(certificate, data, signature);
      }
    };
  }
}
