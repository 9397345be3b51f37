package dev.weft.reach;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import java.nio.charset.StandardCharsets;

/** Why the other end closed a connection, in words. */
public final class Refusal {
  private static final int MAX_REASON = 200;

  private Refusal() {}

  /**
   * Why the other end did not take this one.
   *
   * @param peer the other end, by its address and id
   * @param self this node
   * @return UNAUTHENTICATED if its TLS refused, else UNAVAILABLE
   */
  public static WeftException of(String peer, NodeId self, QuicConnectionCloseEvent event) {
    return of(peer, self, "", event);
  }

  /**
   * Why the other end did not take this one.
   *
   * @param protocol that this node speaks; empty if it is none of the reasons
   */
  static WeftException of(
      String peer, NodeId self, String protocol, QuicConnectionCloseEvent event) {
    return event.isTlsError()
        ? Fault.UNAUTHENTICATED.because(
            peer
                + " refused node "
                + self
                + ": "
                + alert(QuicConnectionCloseEvent.extractTlsError(event.error()), protocol))
        : Fault.UNAVAILABLE.because(peer + ": " + reason(event));
  }

  /** The reason that the other end gave; its words are cut to printable ones. */
  public static String reason(QuicConnectionCloseEvent event) {
    String said = new String(event.reason(), StandardCharsets.UTF_8);
    String text =
        said.codePoints()
            .filter(c -> !Character.isISOControl(c))
            .limit(MAX_REASON)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    if (!text.isBlank()) {
      return "closed by the other end: " + text;
    }
    return event.isApplicationClose()
        ? "closed by the other end"
        : "closed by the other end with QUIC error " + event.error();
  }

  /** The TLS alerts (RFC 8446, 6.2) that a certificate or a protocol name can cause. */
  private static String alert(int code, String protocol) {
    String meaning =
        switch (code) {
          case 40 -> "handshake failure";
          case 42 -> "bad certificate";
          case 43 -> "unsupported certificate";
          case 44 -> "certificate revoked";
          case 45 -> "certificate expired";
          case 46 -> "certificate not accepted";
          case 48 -> "unknown CA";
          case 49 -> "access denied";
          case 51 -> "signature not accepted";
          case 70 -> "another TLS version";
          case 116 -> "a certificate is required";
          case 120 ->
              "another application protocol (ALPN)"
                  + (protocol.isEmpty() ? "" : " than " + protocol);
          default -> "see RFC 8446, 6.2";
        };
    return "TLS alert " + code + ", " + meaning;
  }
}
