package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.bus.Fact;
import dev.weft.config.MeshConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.LinkKind.Listening;
import dev.weft.mesh.link.kind.TcpKind;
import dev.weft.mesh.link.kind.UdpKind;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.Peers;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.stream.MeshSocket;
import dev.weft.reach.PeerPort;
import dev.weft.rpc.Loop;
import dev.weft.testkit.GoProgram;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program of quic-go and no line of Weft's is the other end of a udp or tcp link. */
@Needs(Need.QUIC_GO)
class QuicInteropIT {
  private static final Clock CLOCK = Clock.systemUTC();
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String BEYOND = "00000000000000fe";

  @TempDir static Path built;
  private static String program;
  @TempDir Path directory;
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final List<Process> programs = new ArrayList<>();
  private CertificateAuthority mesh;
  private Identity self;
  private UdpKind udp;
  private TcpKind tcp;
  private Loop loop;
  private MeshNode node;
  private MeshNode relayed;
  private String udpAddress;
  private String tcpAddress;

  @BeforeAll
  static void build() throws Exception {
    program = GoProgram.build("quic-link", built).toString();
  }

  @BeforeEach
  void listen() {
    mesh = CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, CLOCK);
    self = identity(issue(mesh, "self"));
    udp = new UdpKind(vertx, List.of(Loop.of(vertx), Loop.of(vertx)), self);
    tcp = new TcpKind(vertx, () -> Loop.of(vertx), self);
    loop = Loop.of(vertx);
    node = node(self, loop);
    udpAddress = listen(udp);
    tcpAddress = listen(tcp);
  }

  private String listen(LinkKind kind) {
    Listening port = result(kind.listen("127.0.0.1:0", node::accept));
    return port.address().substring((kind.scheme() + "://").length());
  }

  private static MeshNode node(Identity identity, Loop loop) {
    return new MeshNode(
        loop,
        new MeshNode.Settings(
            identity.nodeId(),
            identity.fingerprint(),
            new MeshConfig(List.of(), List.of(), true, 0, false),
            CLOCK),
        new MeshNode.Observer() {
          @Override
          public void happened(Fact fact) {}

          @Override
          public void trouble(String link, String remote, String reason) {}
        });
  }

  @AfterEach
  void close() {
    programs.forEach(program -> program.destroyForcibly().onExit().join());
    if (relayed != null) {
      result(relayed.close());
    }
    result(node.close());
    result(udp.close());
    result(vertx.close());
  }

  private static <T> T result(Future<T> future) {
    return future
        .timeout(SOON.toSeconds(), TimeUnit.SECONDS)
        .toCompletionStage()
        .toCompletableFuture()
        .join();
  }

  private CertificateAuthority.Issued issue(CertificateAuthority ca, String name) {
    return ca.issueNode(directory.resolve(name), name, List.of(), 5);
  }

  private Identity identity(CertificateAuthority.Issued files) {
    return Identity.load(
        new SecurityConfig(
            Optional.of(files.ca()), Optional.of(files.cert()), Optional.of(files.key()), false),
        directory,
        CLOCK);
  }

  private static Stream<String> shown(CertificateAuthority.Issued files) {
    return Stream.of("-cert", files.cert().toString(), "-key", files.key().toString());
  }

  /** Dials this node by a udp link. */
  private Path dial(Stream<String> more) throws IOException {
    return dial("udp", udpAddress, more);
  }

  private Path dial(String kind, String address, Stream<String> more) throws IOException {
    Path output = Files.createTempFile(directory, "quic-link", ".txt");
    Stream<String> command =
        Stream.of(
            program,
            "-kind",
            kind,
            "-to",
            address,
            "-node",
            self.nodeId().value(),
            "-ca",
            directory.resolve("ca/ca.pem").toString());
    programs.add(
        new ProcessBuilder(Stream.concat(command, more).toList())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start());
    return output;
  }

  private static void awaitLine(Path output, String pattern) {
    await(pattern)
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(Files.readAllLines(output)).anyMatch(line -> line.matches(pattern)));
  }

  @Test
  void shouldSpeakTheLinkProtocol() throws Exception {
    CertificateAuthority.Issued files = issue(mesh, "gopher");
    NodeId gopher = identity(files).nodeId();

    Path output = dial(Stream.concat(shown(files), Stream.of("-route", BEYOND)));

    awaitLine(
        output,
        "introduced %s version 1 fingerprint %s seen-from 127.0.0.1:\\d+ relay 1"
            .formatted(self.nodeId(), self.fingerprint()));
    awaitLine(output, "answered");
    awaitLine(output, "pong \\d+ us");
    awaitLine(output, "acknowledged 2");
    awaitLine(output, "routes end");
    result(node.awaitRoute(BEYOND));
    assertThat(result(node.links()))
        .singleElement()
        .satisfies(
            link -> {
              assertThat(link.node()).isEqualTo(gopher.value());
              assertThat(link.state()).isEqualTo("up");
              assertThat(link.proof()).isEqualTo("certificate");
              assertThat(link.remote()).startsWith("127.0.0.1:");
            });
    assertThat(result(node.routes()))
        .anySatisfy(
            route -> {
              assertThat(route.destination()).isEqualTo(BEYOND);
              assertThat(route.hops()).containsExactly(gopher.value(), BEYOND);
            });
  }

  @Test
  void shouldCarryMessages() throws Exception {
    CertificateAuthority.Issued files = issue(mesh, "gopher");
    String gopher = identity(files).nodeId().value();
    Path output = dial(shown(files));
    result(node.awaitRoute(gopher));

    assertThat(result(node.ping(gopher))).extracting(MeshHop::node).containsExactly(gopher);
    awaitLine(output, "echo");
    node.send(gopher, new byte[MeshNode.MAX_DATAGRAM]);
    awaitLine(output, "frame in halves 1[34]\\d\\d");
  }

  @Test
  void shouldBeAPeer() throws Exception {
    serveEcho(node, loop, self);
    CertificateAuthority.Issued files = issue(mesh, "gopher");

    Path output = dial(Stream.concat(shown(files), Stream.of("-service", "echo")));

    awaitEchoed(output);
    awaitPeer(node, files);
  }

  @Test
  void shouldBeAPeerByATcpLink() throws Exception {
    serveEcho(node, loop, self);
    CertificateAuthority.Issued files = issue(mesh, "gopher");

    Path output =
        dial("tcp", tcpAddress, Stream.concat(shown(files), Stream.of("-service", "echo")));

    awaitEchoed(output);
    awaitPeer(node, files);
    assertThat(result(node.links()))
        .singleElement()
        .satisfies(
            link -> {
              assertThat(link.kind()).isEqualTo("tcp");
              assertThat(link.proof()).isEqualTo("certificate");
            });
  }

  @Test
  void shouldBeAPeerThroughARelay() throws Exception {
    Identity far = identity(issue(mesh, "far"));
    Loop farLoop = Loop.of(vertx);
    relayed = node(far, farLoop);
    relayed.keep(
        new TcpKind(vertx, () -> Loop.of(vertx), far),
        new MeshConfig.Link(
            new MeshConfig.LinkAddress("tcp", tcpAddress), Optional.empty(), Optional.empty(), 0),
        false);
    serveEcho(relayed, farLoop, far);
    CertificateAuthority.Issued files = issue(mesh, "gopher");

    Path output =
        dial(
            "tcp",
            tcpAddress,
            Stream.concat(
                shown(files), Stream.of("-service", "echo", "-at", far.nodeId().value())));

    awaitEchoed(output);
    awaitPeer(relayed, files);
    assertThat(result(relayed.routes()))
        .filteredOn(route -> route.destination().equals(identity(files).nodeId().value()))
        .singleElement()
        .extracting(MeshRoute::hops)
        .isEqualTo(List.of(self.nodeId().value(), identity(files).nodeId().value()));
  }

  private static void awaitEchoed(Path output) {
    awaitLine(output, "peer up");
    awaitLine(output, "service echo");
    awaitLine(output, "service echoed 60000");
  }

  private void awaitPeer(MeshNode at, CertificateAuthority.Issued files) {
    String id = identity(files).nodeId().value();
    await("peer " + id)
        .atMost(SOON)
        .untilAsserted(
            () -> {
              List<MeshPeer> rows = result(at.peers(Peers::rows));
              assertThat(rows)
                  .filteredOn(peer -> peer.node().equals(id))
                  .extracting(MeshPeer::state)
                  .containsExactly("up");
            });
  }

  private static void serveEcho(MeshNode at, Loop loop, Identity identity) {
    result(at.join(result(PeerPort.open(List.of(loop), identity))));
    result(at.withPeers(QuicInteropIT::exportEcho));
  }

  private static Future<Void> exportEcho(Peers peers) {
    peers.export(
        "echo",
        Set.of(),
        ObjectKind.STREAM_SOCKET,
        (from, end) -> {
          MeshSocket socket = (MeshSocket) end;
          var unused = socket.pipeTo(socket);
          return Future.succeededFuture();
        });
    return Future.succeededFuture();
  }

  @Test
  void shouldRefuseWhoHasNoCertificate() throws Exception {
    Path output = dial(Stream.empty());

    awaitLine(output, "failed: CRYPTO_ERROR \\(0x174\\).*certificate required.*");
    assertThat(result(node.links())).isEmpty();
  }

  @Test
  void shouldRefuseWhoHasACertificateOfAnotherMesh() throws Exception {
    CertificateAuthority other =
        CertificateAuthority.create(directory.resolve("ca2"), "other", 10, CLOCK);

    Path output = dial(shown(issue(other, "stranger")));

    awaitLine(output, "failed: CRYPTO_ERROR \\(0x12a\\).*bad certificate.*");
    assertThat(result(node.links())).isEmpty();
  }

  @Test
  void shouldRefuseWhoSpeaksAnotherProtocol() throws Exception {
    Path output = dial(Stream.concat(shown(issue(mesh, "gopher")), Stream.of("-alpn", "h3")));

    awaitLine(output, "failed: CRYPTO_ERROR \\(0x178\\).*no application protocol.*");
    assertThat(result(node.links())).isEmpty();
  }
}
