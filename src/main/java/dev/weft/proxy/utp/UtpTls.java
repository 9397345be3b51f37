package dev.weft.proxy.utp;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.reach.LinkTrust;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/** TLS of uTP connections: both ends show a certificate, and ALPN says what a connection is for. */
final class UtpTls {
  /** A pipe to the reverse proxy. */
  static final String PIPE = "weft.utp/1";

  /** Bytes that come back, so that an end knows that the other one is there, and who it is. */
  static final String ECHO = "weft.utp.echo/1";

  private final SslContext server;
  private final SslContext pipe;
  private final SslContext echo;

  /** Loads the TLS library, BoringSSL where there is one. */
  UtpTls(Identity identity) {
    try {
      server =
          common(SslContextBuilder.forServer(identity.keyManager()), PIPE, ECHO)
              .trustManager(anyNode(identity))
              .clientAuth(ClientAuth.REQUIRE)
              .build();
      pipe = client(identity, PIPE);
      echo = client(identity, ECHO);
    } catch (SSLException e) {
      throw Fault.INTERNAL.because("TLS cannot be set up: " + e.getMessage(), e);
    }
    // A resumed session would keep the certificates of the first handshake.
    forgetSessions(server);
    forgetSessions(pipe);
    forgetSessions(echo);
  }

  private static LinkTrust anyNode(Identity identity) {
    return new LinkTrust(identity, Optional.empty(), (engine, why) -> {});
  }

  private static SslContext client(Identity identity, String protocol) throws SSLException {
    // Which node it is, is looked at behind the handshake; no host name is meant.
    return common(SslContextBuilder.forClient().keyManager(identity.keyManager()), protocol)
        .trustManager(anyNode(identity))
        .endpointIdentificationAlgorithm(null)
        .build();
  }

  private static SslContextBuilder common(SslContextBuilder builder, String... protocols) {
    return builder
        .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
        .protocols("TLSv1.3", "TLSv1.2")
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT,
                protocols));
  }

  private static void forgetSessions(SslContext context) {
    if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
      sessions.setSessionCacheEnabled(false);
    } else {
      context.sessionContext().setSessionTimeout(1);
    }
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
