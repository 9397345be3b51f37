package dev.weft.cluster;

import java.util.Optional;

/** Proof of who wrote a record. */
interface Seal {
  /** This node's certificate, DER. */
  byte[] certificate();

  byte[] sign(byte[] data);

  /**
   * The node id of the signer, if the certificate chains to the mesh's CA and the signature is its.
   */
  Optional<String> signer(byte[] certificate, byte[] data, byte[] signature);
}
