package dev.weft.rpc;

import dev.weft.identity.Identity;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.OpenSSLEngineOptions;
import io.vertx.core.net.TCPSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.util.List;

/** Options of HTTP/2 between nodes: large windows, and BoringSSL where it can be loaded. */
public final class GrpcSettings {
  /** Of a stream; the 64 KiB of RFC 9113 would stall a wire every round trip. */
  private static final int WINDOW = 8 << 20;

  /**
   * More than TCP has under way at most (Linux: 32 MiB in {@code tcp_rmem}, 4 in {@code tcp_wmem}),
   * so that the connection is full before its window is used up: streams take {@link Turns} where
   * it is full, but share a window so unequally that some stand still.
   */
  private static final int CONNECTION_WINDOW = 40 << 20;

  /**
   * The longest DATA frame that a node takes: all that a connection takes at once. HTTP/2's 16 KiB
   * would split each super-frame in five, to be copied together again.
   */
  private static final int MAX_FRAME = Unsent.MOST;

  private static final int CONNECT_MILLIS = 3000;

  private GrpcSettings() {}

  public static HttpServerOptions server(String host, int port) {
    return new HttpServerOptions()
        .setHost(host)
        .setPort(port)
        .setTcpNoDelay(true)
        .setInitialSettings(settings())
        .setHttp2ConnectionWindowSize(CONNECTION_WINDOW);
  }

  /**
   * Mutual TLS.
   *
   * @param trust accepts or refuses the caller's certificate
   */
  public static HttpServerOptions secure(
      HttpServerOptions options, Identity identity, TrustOptions trust) {
    prove(options, identity, trust);
    return options.setAlpnVersions(List.of(HttpVersion.HTTP_2)).setClientAuth(ClientAuth.REQUIRED);
  }

  public static HttpClientOptions client() {
    return new HttpClientOptions()
        .setProtocolVersion(HttpVersion.HTTP_2)
        .setHttp2ClearTextUpgrade(false)
        .setConnectTimeout(CONNECT_MILLIS)
        .setTcpNoDelay(true)
        .setInitialSettings(settings())
        .setHttp2ConnectionWindowSize(CONNECTION_WINDOW);
  }

  /**
   * Mutual TLS.
   *
   * @param trust accepts or refuses the peer's certificate for the name that is dialled
   */
  public static HttpClientOptions client(Identity identity, TrustOptions trust) {
    HttpClientOptions options = client();
    prove(options, identity, trust);
    return options.setAlpnVersions(List.of(HttpVersion.HTTP_2)).setVerifyHost(false);
  }

  private static void prove(TCPSSLOptions options, Identity identity, TrustOptions trust) {
    options
        .setSsl(true)
        .setUseAlpn(true)
        .setKeyCertOptions(identity.keyCert())
        .setTrustOptions(trust);
    if (OpenSSLEngineOptions.isAvailable()) {
      // A resumed session would keep the certificates of the first handshake.
      options.setSslEngineOptions(new OpenSSLEngineOptions().setSessionCacheEnabled(false));
    }
  }

  private static Http2Settings settings() {
    return new Http2Settings()
        .setInitialWindowSize(WINDOW)
        .setMaxFrameSize(MAX_FRAME)
        .setMaxConcurrentStreams(100_000)
        .setMaxHeaderListSize(16 << 10);
  }
}
