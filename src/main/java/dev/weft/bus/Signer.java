package dev.weft.bus;

import java.util.Optional;

/** Proof of which node said something. */
public interface Signer {
  /** This node's certificate, DER. */
  byte[] certificate();

  byte[] sign(byte[] data);

  /**
   * The node id of the signer, if the certificate is one that this node trusts and the signature is
   * its.
   */
  Optional<String> signer(byte[] certificate, byte[] data, byte[] signature);
}
