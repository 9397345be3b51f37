package dev.weft.mesh.link.kind;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.reach.NodeTls;
import dev.weft.rpc.socket.Sockets;
import io.netty.channel.Channel;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;

/**
 * TLS of links over TCP: both ends show a certificate, ALPN (RFC 7301) is {@value #PROTOCOL}, so
 * that no other protocol with the same certificates is taken for a link.
 */
final class LinkTls {
  static final String PROTOCOL = "weft.link/1";

  private final SslContext server;
  private final SslContext client;

  /** Loads the TLS library. */
  LinkTls(Identity identity) {
    server = NodeTls.server(identity, PROTOCOL);
    // It knows which node is meant.
    client = NodeTls.client(identity, identity.linkTrust(), PROTOCOL);
  }

  /**
   * Shakes hands as client.
   *
   * @param name {@link NodeId#host} of the node that must answer, else the host that is dialled
   * @return the node at the other end; fails with UNAUTHENTICATED or UNAVAILABLE and the reason
   */
  Future<NodeId> connect(Channel channel, String name, int port) {
    return shake(channel, client.newHandler(channel.alloc(), name, port));
  }

  /** Shakes hands as server; as {@link #connect}. */
  Future<NodeId> accept(Channel channel) {
    return shake(channel, server.newHandler(channel.alloc()));
  }

  private static Future<NodeId> shake(Channel channel, SslHandler tls) {
    tls.setHandshakeTimeout(Sockets.STEP_SECONDS, TimeUnit.SECONDS);
    Promise<NodeId> done = Promise.promise();
    channel.pipeline().addBefore(channel.pipeline().lastContext().name(), null, tls);
    tls.handshakeFuture()
        .addListener(
            shaken -> {
              if (!shaken.isSuccess()) {
                done.fail(failure(shaken.cause(), tls.engine()));
              } else if (!PROTOCOL.equals(tls.applicationProtocol())) {
                done.fail(
                    Fault.UNAVAILABLE.because(
                        "ALPN: "
                            + (tls.applicationProtocol() == null
                                ? "none"
                                : tls.applicationProtocol())
                            + " (expected: "
                            + PROTOCOL
                            + ")"));
              } else {
                Identity.peerOf(tls.engine().getSession())
                    .ifPresentOrElse(
                        done::complete,
                        () -> done.fail(Fault.UNAUTHENTICATED.because("no certificate")));
              }
            });
    return done.future();
  }

  private static WeftException failure(Throwable cause, SSLEngine engine) {
    // Whoever dials names the address; with an expected node this one is made from its id.
    String address = engine.getPeerHost() + ":" + engine.getPeerPort() + ": ";
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof CertificateException) {
        String why = String.valueOf(t.getMessage());
        return Fault.UNAUTHENTICATED.because(
            why.startsWith(address) ? why.substring(address.length()) : why, cause);
      }
    }
    String reason = reason(cause);
    return (reason.contains("certificate") ? Fault.UNAUTHENTICATED : Fault.UNAVAILABLE)
        .because(reason, cause);
  }

  /** Why TLS ended, in words. */
  static String reason(Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    if (root instanceof SslHandshakeTimeoutException) {
      return "no TLS handshake within " + Sockets.STEP_SECONDS + " s";
    }
    if (root instanceof NotSslRecordException) {
      return "what answers does not speak TLS";
    }
    if (root instanceof ClosedChannelException) {
      return "the other end closed the connection during the TLS handshake";
    }
    String text = String.valueOf(root.getMessage());
    String lower = text.toLowerCase(Locale.ROOT);
    // As BoringSSL (SSLV3_ALERT_CERTIFICATE_UNKNOWN) and the JDK (certificate_unknown) call them.
    boolean refused =
        (lower.contains("alert") && (lower.contains("certificate") || lower.contains("unknown_ca")))
            || lower.contains("certificate_required");
    return refused ? "the other end refuses this node's certificate: " + text : "TLS: " + text;
  }
}
