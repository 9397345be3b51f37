package dev.weft.reach.path;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import javax.crypto.KeyAgreement;

/** This run of the node: its key for the exchange, its hello, its counter. For one thread. */
final class OwnSession {
  private static final String X25519 = "X25519";

  /** SubjectPublicKeyInfo of RFC 8410 before the 32 bytes. */
  private static final byte[] INFO = HexFormat.of().parseHex("302a300506032b656e032100");

  private final NodeProof proof;
  private final KeyPair keys;
  private final byte[] publicKey;
  private final long id;
  private byte[] certificate = new byte[0];
  private byte[] hello;
  private long counter;

  OwnSession(NodeProof proof, RandomGenerator random) {
    this.proof = proof;
    this.id = random.nextLong();
    try {
      this.keys = KeyPairGenerator.getInstance(X25519).generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw Fault.INTERNAL.because("this Java runtime makes no X25519 keys", e);
    }
    byte[] info = keys.getPublic().getEncoded();
    this.publicKey = Arrays.copyOfRange(info, info.length - PunchCodec.KEY, info.length);
  }

  long id() {
    return id;
  }

  NodeId self() {
    return proof.self();
  }

  /** Signed anew when the node has got another certificate. */
  byte[] hello() {
    byte[] now = proof.certificate();
    if (!Arrays.equals(now, certificate)) {
      byte[] toSign = PunchCodec.toSign(id, publicKey, now);
      hello = PunchCodec.hello(toSign, proof.sign(toSign));
      certificate = now;
      if (hello.length > PunchCodec.LONGEST) {
        throw Fault.PRECONDITION.because(
            "the node's certificate: "
                + now.length
                + " bytes in DER (expected: up to "
                + (now.length - hello.length + PunchCodec.LONGEST)
                + ", to fit a datagram)");
      }
    }
    return hello;
  }

  /** Another number each time, greater than all before. */
  long count() {
    return ++counter;
  }

  /**
   * The session with another node.
   *
   * @throws WeftException that says why its hello is not that of a node of this mesh
   */
  PeerSession with(PunchDatagram.Hello hello) {
    try {
      NodeId node = proof.signer(hello.certificate(), hello.signed(), hello.signature());
      byte[] info = Arrays.copyOf(INFO, INFO.length + PunchCodec.KEY);
      System.arraycopy(hello.key(), 0, info, INFO.length, PunchCodec.KEY);
      PublicKey theirs =
          KeyFactory.getInstance(X25519).generatePublic(new X509EncodedKeySpec(info));
      KeyAgreement agreement = KeyAgreement.getInstance(X25519);
      agreement.init(keys.getPrivate());
      agreement.doPhase(theirs, true);
      return new PeerSession(this, node, hello, agreement.generateSecret());
    } catch (GeneralSecurityException e) {
      throw Fault.INVALID.because("key: " + e.getMessage() + " (expected: one of X25519)", e);
    }
  }
}
