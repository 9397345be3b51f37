package dev.weft.proxy.utp;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.reach.NodeTls;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** TLS of uTP connections: both ends show a certificate, and ALPN says what a connection is for. */
final class UtpTls {
  /** A pipe to the reverse proxy. */
  static final String PIPE = "weft.utp/1";

  /** Bytes that come back, so that an end knows that the other one is there, and who it is. */
  static final String ECHO = "weft.utp.echo/1";

  private final SslContext server;
  private final SslContext pipe;
  private final SslContext echo;

  /** Loads the TLS library. */
  UtpTls(Identity identity) {
    server = NodeTls.server(identity, PIPE, ECHO);
    // Which node it is, is looked at behind the handshake.
    pipe = NodeTls.client(identity, NodeTls.anyNode(identity), PIPE);
    echo = NodeTls.client(identity, NodeTls.anyNode(identity), ECHO);
  }

  /** The handler of an end that dials. */
  SslHandler dialling(Channel channel, String protocol, Duration timeout) {
    SslContext context = protocol.equals(PIPE) ? pipe : echo;
    return limited(context.newHandler(channel.alloc()), timeout);
  }

  /** The handler of an end that is dialled. */
  SslHandler accepting(Channel channel, Duration timeout) {
    return limited(server.newHandler(channel.alloc()), timeout);
  }

  private static SslHandler limited(SslHandler handler, Duration timeout) {
    handler.setHandshakeTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
    return handler;
  }

  /**
   * The node at the other end, after the handshake.
   *
   * @param expected empty for any
   * @throws WeftException UNAVAILABLE if the other end speaks no such protocol, DENIED if it is
   *     another node
   */
  static NodeId proven(SslHandler tls, Optional<NodeId> expected) {
    if (tls.applicationProtocol() == null) {
      throw Fault.UNAVAILABLE.because("ALPN: none (expected: " + PIPE + ")");
    }
    NodeId node =
        Identity.peerOf(tls.engine().getSession())
            .orElseThrow(() -> Fault.DENIED.because("the other end has shown no certificate"));
    if (expected.isPresent() && !expected.get().equals(node)) {
      throw Fault.DENIED.because("node " + node + " (expected: " + expected.get() + ")");
    }
    return node;
  }

  /** What a handshake that failed means. */
  static WeftException failure(Throwable cause) {
    Throwable root = cause;
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof CertificateException) {
        return Fault.DENIED.because(String.valueOf(t.getMessage()), cause);
      }
      root = t;
    }
    return Fault.UNAVAILABLE.because(String.valueOf(root.getMessage()), cause);
  }
}
