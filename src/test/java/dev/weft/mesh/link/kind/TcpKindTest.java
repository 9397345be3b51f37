package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.MeshConfig;
import dev.weft.identity.Identity;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TcpKindTest extends ProvenLinkContract {
  @Override
  TcpKind kind(Identity identity) {
    return new TcpKind(vertx, () -> Loop.of(vertx), identity);
  }

  private MeshConfig.Link through(TestProxy proxy, int port) {
    return new MeshConfig.Link(
        to(port).to(), Optional.empty(), Optional.of(new HostPort("127.0.0.1", proxy.port())), 0);
  }

  /** With TLS 1.3 the dialling end is through before the accepting end has looked at it. */
  @Test
  void shouldTellThatTheOtherEndRefusesThisNode() throws Exception {
    SSLContext refusing = context(other.keyManager(), new Trust(new CertificateException("no")));
    try (SSLServerSocket server =
        (SSLServerSocket) refusing.getServerSocketFactory().createServerSocket(0)) {
      server.setNeedClientAuth(true);
      server.setSSLParameters(speaking(server.getSSLParameters(), LinkTls.PROTOCOL));
      Thread accepting =
          new Thread(
              () -> {
                try (Socket client = server.accept()) {
                  client.getInputStream().read();
                } catch (IOException refused) {
                  // As it should be.
                }
              });
      accepting.start();

      Transport here = result(kind(one).dial(to(server.getLocalPort(), other)));
      ReceivedFrames received = ReceivedFrames.of(here);

      await().until(() -> !received.reasons().isEmpty());
      assertThat(received.reasons().get(0))
          .startsWith("the other end refuses this node's certificate: ");
      accepting.join();
    }
  }

  @ParameterizedTest
  @CsvSource({"weft.link/1, false", "h2, true", ", true"})
  void shouldRefuseClientsWithoutCertificateOrProtocol(String protocol, boolean certified)
      throws Exception {
    int port = listen(other);
    SSLContext context = context(certified ? one.keyManager() : null, new Trust(null));
    try (SSLSocket client =
        (SSLSocket)
            context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
      client.setSoTimeout(20_000);
      if (protocol != null) {
        client.setSSLParameters(speaking(client.getSSLParameters(), protocol));
      }

      assertThat(ended(client)).isTrue();
      assertThat(accepted).isEmpty();
    }
  }

  private static boolean ended(SSLSocket client) {
    try {
      return client.getInputStream().read() < 0;
    } catch (SSLException | SocketException refused) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static SSLParameters speaking(SSLParameters parameters, String protocol) {
    parameters.setApplicationProtocols(new String[] {protocol});
    return parameters;
  }

  private static SSLContext context(KeyManager key, X509ExtendedTrustManager trust)
      throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(key == null ? null : new KeyManager[] {key}, new TrustManager[] {trust}, null);
    return context;
  }

  /** Trusts everybody, or nobody. */
  private static final class Trust extends X509ExtendedTrustManager {
    private final CertificateException refusal;

    Trust(CertificateException refusal) {
      this.refusal = refusal;
    }

    private void check() throws CertificateException {
      if (refusal != null) {
        throw refusal;
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check();
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @Test
  void shouldShowARenewedCertificateToTheNextLink() throws Exception {
    int port = listen(member(mesh, "ahead", 9, Clock.offset(CLOCK, Duration.ofDays(7))));
    TcpKind dialling = kind(one);
    ReceivedFrames expired = ReceivedFrames.of(result(dialling.dial(to(port))));
    await().until(() -> !expired.reasons().isEmpty());
    assertThat(expired.reasons().get(0)).contains("refuses this node's certificate");

    mesh.issueNode(directory.resolve("one"), "one", List.of(), 9);
    assertThat(one.reload()).isTrue();

    result(dialling.dial(to(port)));
    assertThat(accepted().proven()).contains(one.nodeId());
  }

  @Test
  void shouldGoOutThroughAProxy() throws Exception {
    int port = listen(other);
    try (TestProxy proxy = new TestProxy("HTTP/1.1 200 Connection established")) {
      Transport here = result(kind(one).dial(through(proxy, port)));
      ReceivedFrames received = ReceivedFrames.of(accepted());

      send(here, List.of(frame(1400)));

      await().until(() -> received.frames().size() == 1);
      assertThat(proxy.requests()).containsExactly("CONNECT 127.0.0.1:" + port + " HTTP/1.1");
      assertThat(here.proven()).contains(other.nodeId());
      assertThat(here.seenFrom()).isEmpty();
      assertThat(here.remote())
          .isEqualTo("127.0.0.1:" + port + " through 127.0.0.1:" + proxy.port());
    }
  }

  @Test
  void shouldTellWhatTheProxyRefuses() throws Exception {
    try (TestProxy proxy = new TestProxy("HTTP/1.1 403 Not to\u0007 there")) {
      assertThatThrownBy(() -> result(kind(one).dial(through(proxy, 7654))))
          .hasMessage(
              "tcp://127.0.0.1:7654: proxy 127.0.0.1:"
                  + proxy.port()
                  + ": CONNECT 127.0.0.1:7654 is refused: HTTP/1.1 403 Not to\\x07 there");
    }
  }

  @Test
  void shouldTellThatTheProxyIsNone() throws Exception {
    try (TestProxy proxy = new TestProxy("SSH-2.0-OpenSSH_9.2")) {
      assertThatThrownBy(() -> result(kind(one).dial(through(proxy, 7654))))
          .hasMessageContaining("proxy 127.0.0.1:" + proxy.port() + ": it does not speak HTTP/1.1");
    }
  }

  @Test
  void shouldTellThatNobodyIsThere() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
    }

    assertThatThrownBy(() -> result(kind(one).dial(to(free))))
        .hasMessage("tcp://127.0.0.1:" + free + ": connection refused")
        .satisfies(e -> assertThat(((WeftException) e).fault()).isEqualTo(Fault.UNAVAILABLE));
    MeshConfig.LinkAddress nowhere = new MeshConfig.LinkAddress("tcp", "nowhere.invalid:1");
    assertThatThrownBy(
            () ->
                result(
                    kind(one)
                        .dial(new MeshConfig.Link(nowhere, Optional.empty(), Optional.empty(), 0))))
        .hasMessage("tcp://nowhere.invalid:1: no such host");
  }

  @Test
  void shouldTellThatWhatAnswersIsNoLink() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread greeter =
          new Thread(
              () -> {
                try (Socket client = server.accept()) {
                  client
                      .getOutputStream()
                      .write("220 mail.example ESMTP\r\n".getBytes(StandardCharsets.US_ASCII));
                  client.getInputStream().read();
                } catch (IOException closed) {
                  // The test is over.
                }
              });
      greeter.start();

      assertThatThrownBy(() -> result(kind(one).dial(to(server.getLocalPort()))))
          .hasMessageContaining("what answers does not speak TLS");
      greeter.join();
    }
  }

  @Test
  void shouldNotMindWhoSpeaksNoTls() throws Exception {
    int port = listen(other);
    try (Socket stranger = new Socket(InetAddress.getLoopbackAddress(), port)) {
      stranger
          .getOutputStream()
          .write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      // An alert, or nothing, then the end.
      stranger.getInputStream().readAllBytes();
    }

    assertThat(result(kind(one).dial(to(port))).proven()).contains(other.nodeId());
    accepted();
    assertThat(accepted).isEmpty();
  }
}
