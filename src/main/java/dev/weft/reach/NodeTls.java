package dev.weft.reach;

import dev.weft.bus.Fault;
import dev.weft.identity.Identity;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;

/**
 * TLS between nodes over a stream of bytes: both ends show a certificate, and ALPN (RFC 7301) says
 * what is spoken. The library is BoringSSL where there is one.
 */
public final class NodeTls {
  private NodeTls() {}

  /** The end that is dialled, by any node that may link. */
  public static SslContext server(Identity identity, String... protocols) {
    return built(
        common(SslContextBuilder.forServer(identity.keyManager()), protocols)
            .trustManager(anyNode(identity))
            .clientAuth(ClientAuth.REQUIRE));
  }

  /** The end that dials; no host name is meant, the trust says which nodes may answer. */
  public static SslContext client(Identity identity, TrustManager trust, String protocol) {
    return built(
        common(SslContextBuilder.forClient().keyManager(identity.keyManager()), protocol)
            .trustManager(trust)
            .endpointIdentificationAlgorithm(null));
  }

  /** Trusts every node that may link. */
  public static TrustManager anyNode(Identity identity) {
    return new LinkTrust(identity, Optional.empty(), (engine, why) -> {});
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

  private static SslContext built(SslContextBuilder builder) {
    try {
      SslContext context = builder.build();
      // A resumed session would keep the certificates of the first handshake.
      if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
        sessions.setSessionCacheEnabled(false);
      } else {
        context.sessionContext().setSessionTimeout(1);
      }
      return context;
    } catch (SSLException e) {
      throw Fault.INTERNAL.because("TLS cannot be set up: " + e.getMessage(), e);
    }
  }
}
