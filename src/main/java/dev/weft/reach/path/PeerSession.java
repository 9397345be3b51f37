package dev.weft.reach.path;

import dev.weft.identity.NodeId;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Another node's session and what it has in common with this node's. For one thread. */
final class PeerSession {
  private static final String HMAC = "HmacSHA256";
  private static final byte[] SALT = "weft punch 1".getBytes(StandardCharsets.US_ASCII);

  private final OwnSession own;
  private final NodeId node;
  private final PunchDatagram.Hello hello;
  private final Mac out;
  private final Mac in;
  private final ReplayWindow seen = new ReplayWindow();

  PeerSession(OwnSession own, NodeId node, PunchDatagram.Hello hello, byte[] secret)
      throws GeneralSecurityException {
    this.own = own;
    this.node = node;
    this.hello = hello;
    // HKDF (RFC 5869), one block each.
    byte[] key = mac(SALT).doFinal(secret);
    this.out = mac(expand(key, own.self(), own.id(), node, hello.session()));
    this.in = mac(expand(key, node, hello.session(), own.self(), own.id()));
  }

  private static byte[] expand(byte[] key, NodeId from, long session, NodeId to, long toSession)
      throws GeneralSecurityException {
    ByteBuffer info = ByteBuffer.allocate(4 * Long.BYTES + 1);
    info.putLong(from.number()).putLong(session).putLong(to.number()).putLong(toSession);
    return mac(key).doFinal(info.put((byte) 1).array());
  }

  private static Mac mac(byte[] key) throws GeneralSecurityException {
    Mac mac = Mac.getInstance(HMAC);
    mac.init(new SecretKeySpec(key, HMAC));
    return mac;
  }

  NodeId node() {
    return node;
  }

  long id() {
    return hello.session();
  }

  /** Whether a hello is the one with which this session began, byte for byte. */
  boolean beganWith(PunchDatagram.Hello other) {
    return Arrays.equals(hello.signature(), other.signature())
        && Arrays.equals(hello.signed(), other.signed());
  }

  byte[] probe(long counter, int length) {
    return seal(PunchCodec.probe(id(), own.id(), counter, length));
  }

  byte[] echo(PunchDatagram.Probe probe, InetSocketAddress from) {
    return seal(PunchCodec.echo(id(), own.id(), own.count(), probe.counter(), from));
  }

  private byte[] seal(byte[] datagram) {
    int end = datagram.length - PunchCodec.MAC;
    out.update(datagram, 0, end);
    System.arraycopy(out.doFinal(), 0, datagram, end, PunchCodec.MAC);
    return datagram;
  }

  /** Whether the other node has made this datagram, and it comes for the first time. */
  boolean takes(PunchDatagram.Sealed what, byte[] datagram) {
    int end = datagram.length - PunchCodec.MAC;
    in.update(datagram, 0, end);
    byte[] mac = Arrays.copyOf(in.doFinal(), PunchCodec.MAC);
    byte[] shown = Arrays.copyOfRange(datagram, end, datagram.length);
    return what.to() == own.id() && MessageDigest.isEqual(mac, shown) && seen.first(what.counter());
  }
}
