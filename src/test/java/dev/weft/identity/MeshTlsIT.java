package dev.weft.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.OpenSSLEngineOptions;
import io.vertx.core.net.SSLEngineOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TrustOptions;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real handshakes on loopback, HTTP/2 as gRPC has it, with both TLS engines. */
@ExtendWith(VertxExtension.class)
class MeshTlsIT {
  private static final Clock CLOCK = Clock.systemUTC();
  private static final String LOCAL = "127.0.0.1";

  enum Engine {
    JDK,
    OPENSSL;

    SSLEngineOptions options() {
      return this == JDK ? new JdkSSLEngineOptions() : new OpenSSLEngineOptions();
    }
  }

  @TempDir Path dir;
  private final BlockingQueue<Throwable> refused = new LinkedBlockingQueue<>();
  private Vertx vertx;
  private Identity server;
  private Identity client;
  private Identity third;
  private Identity foreign;

  @BeforeEach
  void makeTwoMeshes(Vertx vertx) {
    assertThat(OpenSSLEngineOptions.isAvailable()).as("tcnative's library").isTrue();
    this.vertx = vertx;
    CertificateAuthority mesh = CertificateAuthority.create(dir.resolve("ca"), "mesh", 10, CLOCK);
    CertificateAuthority other = CertificateAuthority.create(dir.resolve("ca2"), "mesh", 10, CLOCK);
    server = node(mesh, "server");
    client = node(mesh, "client");
    third = node(mesh, "third");
    foreign = node(other, "foreign", "edge.example", LOCAL);
  }

  @ParameterizedTest
  @EnumSource
  void shouldConnectToTheNodeThatWasDialled(Engine engine) throws Exception {
    int port = listen(engine, server.keyCert());

    String seen = get(engine, client.keyCert(), client.trust(), server.nodeId().host(), port);

    assertThat(seen).isEqualTo("HTTP_2 " + client.nodeId());
  }

  @ParameterizedTest
  @EnumSource
  void shouldRefuseAServerOfAForeignMesh(Engine engine) throws Exception {
    int port = listen(engine, foreign.keyCert());

    assertThatThrownBy(
            () -> get(engine, client.keyCert(), client.trust(), foreign.nodeId().host(), port))
        .hasStackTraceContaining(
            foreign.nodeId().host()
                + ":"
                + port
                + ": certificate of CN=foreign ("
                + foreign.nodeId()
                + "): not signed by this mesh's CA: ");
  }

  @ParameterizedTest
  @EnumSource
  void shouldRefuseAnotherNodeThanTheOneDialled(Engine engine) throws Exception {
    int port = listen(engine, third.keyCert());
    String dialled = server.nodeId().host();

    assertThatThrownBy(() -> get(engine, client.keyCert(), client.trust(), dialled, port))
        .hasStackTraceContaining(
            ": node id " + third.nodeId() + " (expected: " + server.nodeId() + ")");
  }

  @ParameterizedTest
  @EnumSource
  void shouldRefuseAServerThatIsDialledWithoutAnId(Engine engine) throws Exception {
    int port = listen(engine, server.keyCert());

    assertThatThrownBy(() -> get(engine, client.keyCert(), client.trust(), LOCAL, port))
        .hasStackTraceContaining(
            LOCAL
                + ":"
                + port
                + ": node id "
                + server.nodeId()
                + " (expected: to be dialled as <node id>.weft)");
  }

  @ParameterizedTest
  @EnumSource
  void shouldRefuseAClientOfAForeignMesh(Engine engine) throws Exception {
    int port = listen(engine, server.keyCert());

    assertThatThrownBy(
            () -> get(engine, foreign.keyCert(), client.trust(), server.nodeId().host(), port))
        .isInstanceOf(Exception.class);
    assertThat(refused.poll(20, TimeUnit.SECONDS))
        .hasStackTraceContaining(
            "certificate of CN=foreign (" + foreign.nodeId() + "): not signed by this mesh's CA: ");
    assertServes(engine, port);
  }

  @ParameterizedTest
  @EnumSource
  void shouldRefuseAClientWithoutCertificate(Engine engine) throws Exception {
    int port = listen(engine, server.keyCert());

    assertThatThrownBy(() -> get(engine, null, client.trust(), server.nodeId().host(), port))
        .isInstanceOf(Exception.class);
    assertThat(refused.poll(20, TimeUnit.SECONDS)).isInstanceOf(SSLHandshakeException.class);
    assertServes(engine, port);
  }

  @ParameterizedTest
  @EnumSource
  void shouldBelieveANodeOfAnotherMeshItsIdAndTheHostsThatItsCertificateNames(Engine engine)
      throws Exception {
    // Given
    Authorities others = Authorities.read(List.of(ca("ca2")), CLOCK);
    int port =
        listen(engine, foreign.keyCert(), Authorities.read(List.of(ca("ca")), CLOCK).trust());
    int own = listen(engine, third.keyCert());

    // Then
    for (String name : List.of("edge.example", LOCAL, foreign.nodeId().host())) {
      assertThat(get(engine, client.keyCert(), others.trust(), name, port))
          .as(name)
          .isEqualTo("HTTP_2 " + client.nodeId());
    }
    assertThatThrownBy(() -> get(engine, client.keyCert(), others.trust(), "core.example", port))
        .hasStackTraceContaining("core.example: its certificate names [")
        .hasStackTraceContaining("(expected: core.example among them)");
    assertThatThrownBy(
            () -> get(engine, client.keyCert(), others.trust(), server.nodeId().host(), port))
        .hasStackTraceContaining(
            ": node id " + foreign.nodeId() + " (expected: " + server.nodeId() + ")");
    assertThatThrownBy(() -> get(engine, client.keyCert(), others.trust(), LOCAL, own))
        .hasStackTraceContaining("not signed by the CA of " + ca("ca2"));
    assertThatThrownBy(
            () -> get(engine, third.keyCert(), others.only(ca("ca")).trust(), LOCAL, own))
        .as("no CA trusts nobody")
        .isInstanceOf(Exception.class);
  }

  private Path ca(String directory) {
    return dir.resolve(directory).resolve("ca.pem");
  }

  /** The refusals above are no server that refuses everybody. */
  private void assertServes(Engine engine, int port) throws Exception {
    assertThat(get(engine, client.keyCert(), client.trust(), server.nodeId().host(), port))
        .isEqualTo("HTTP_2 " + client.nodeId());
  }

  /** A server that answers with the protocol and the node that asks. */
  private int listen(Engine engine, KeyCertOptions keyCert) throws Exception {
    return listen(engine, keyCert, server.trust());
  }

  private int listen(Engine engine, KeyCertOptions keyCert, TrustOptions trust) throws Exception {
    HttpServerOptions options =
        new HttpServerOptions()
            .setSsl(true)
            .setUseAlpn(true)
            .setSslEngineOptions(engine.options())
            .setClientAuth(ClientAuth.REQUIRED)
            .setKeyCertOptions(keyCert)
            .setTrustOptions(trust);
    HttpServer listening =
        await(
            vertx
                .createHttpServer(options)
                .exceptionHandler(refused::add)
                .requestHandler(
                    request ->
                        request
                            .response()
                            .end(
                                request.version()
                                    + " "
                                    + Identity.peerOf(request.connection().sslSession())
                                        .map(NodeId::value)
                                        .orElse("nobody")))
                .listen(0, LOCAL));
    return listening.actualPort();
  }

  private String get(
      Engine engine, KeyCertOptions keyCert, TrustOptions trust, String peerName, int port)
      throws Exception {
    HttpClientOptions options =
        new HttpClientOptions()
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setSsl(true)
            .setUseAlpn(true)
            .setVerifyHost(false)
            .setSslEngineOptions(engine.options())
            .setTrustOptions(trust);
    if (keyCert != null) {
      options.setKeyCertOptions(keyCert);
    }
    HttpClientAgent agent = vertx.createHttpClient(options);
    RequestOptions request =
        new RequestOptions()
            .setMethod(HttpMethod.GET)
            .setHost(peerName)
            .setPort(port)
            .setServer(SocketAddress.inetSocketAddress(port, LOCAL))
            .setURI("/");
    return await(
        agent
            .request(request)
            .compose(HttpClientRequest::send)
            .compose(HttpClientResponse::body)
            .map(Buffer::toString)
            .eventually(agent::close));
  }

  private Identity node(CertificateAuthority ca, String name, String... hosts) {
    return Identity.load(
        IdentityTest.security(ca.issueNode(dir.resolve(name), name, List.of(hosts), 5), false),
        dir,
        CLOCK);
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }
}
