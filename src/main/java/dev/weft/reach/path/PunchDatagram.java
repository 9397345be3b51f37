package dev.weft.reach.path;

import java.net.InetSocketAddress;

/** What nodes say to each other to make a path; the package says in which form. */
sealed interface PunchDatagram {
  /** Who speaks, signed. */
  final class Hello implements PunchDatagram {
    private final long session;
    private final byte[] key;
    private final byte[] certificate;
    private final byte[] signature;
    private final byte[] signed;

    /**
     * A hello, its signature unchecked.
     *
     * @param session of this run of the node
     * @param key X25519, 32 bytes
     * @param certificate X.509 in DER
     * @param signature ECDSA in DER, over {@code signed}
     * @param signed all before it, behind the words that say what it is
     */
    Hello(long session, byte[] key, byte[] certificate, byte[] signature, byte[] signed) {
      this.session = session;
      this.key = key;
      this.certificate = certificate;
      this.signature = signature;
      this.signed = signed;
    }

    long session() {
      return session;
    }

    byte[] key() {
      return key;
    }

    byte[] certificate() {
      return certificate;
    }

    byte[] signature() {
      return signature;
    }

    byte[] signed() {
      return signed;
    }
  }

  /** What only somebody who knows both sessions' common key can have made. */
  sealed interface Sealed extends PunchDatagram {
    /** The session of the node that it is for. */
    long to();

    /** The session of the node that sends it. */
    long from();

    /** Never the same twice in one session. */
    long counter();
  }

  /** Asks for an {@link Echo}. */
  record Probe(long to, long from, long counter, int length) implements Sealed {}

  /**
   * Answers a probe.
   *
   * @param probe the probe's counter
   * @param seen where the probe came from
   */
  record Echo(long to, long from, long counter, long probe, InetSocketAddress seen)
      implements Sealed {}
}
