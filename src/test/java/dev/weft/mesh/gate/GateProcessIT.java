package dev.weft.mesh.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.weft.linux.Netns;
import dev.weft.testkit.Background;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.ProcessStatus;
import dev.weft.testkit.TestCluster;
import dev.weft.wire.proto.Meshnet;
import dev.weft.wire.proto.Pod;
import dev.weft.wire.proto.PodQuery;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.server.GrpcServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers of one node used from another, with nodes as processes in namespaces. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT})
class GateProcessIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int MEGABYTE = 1 << 20;

  @TempDir static Path directory;

  /** Three in a line: the servers are at the last one, their clients at the first. */
  private static ProcessCluster relayed;

  @BeforeAll
  static void start() throws Exception {
    relayed =
        start(
            directory.resolve("relayed"),
            3,
            n -> n < 3 ? List.of(n + 1) : List.of(),
            3,
            """
            services:
                - { name: web, target: "tcp://127.0.0.1:8000" }
                - { name: echo, target: "unix:%1$s/echo.s" }
                - { name: bye, target: "unix:%1$s/bye.s" }
                - { name: pour, target: "unix:%1$s/pour.s" }
                - { name: grpc, target: "unix:%1$s/grpc.s" }
            """
                .formatted(directory),
            """
            forwards:
                - { listen: "127.0.0.1:9000", service: web }
                - { listen: "unix:%1$s/echo.f", service: echo }
                - { listen: "unix:%1$s/bye.f", service: bye }
                - { listen: "unix:%1$s/pour.f", service: pour }
                - { listen: "unix:%1$s/grpc.f", service: grpc }
            """
                .formatted(directory));
  }

  @AfterAll
  static void end() throws Exception {
    relayed.close();
  }

  /** What a server does with each connection, on a thread of its own. */
  private interface Conversation {
    void hold(SocketChannel client) throws Exception;
  }

  /** A server on a Unix socket, which namespaces do not hide. */
  private ServerSocketChannel serve(Path socket, Conversation conversation) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket), 1000);
    Background.run(
        () -> {
          while (true) {
            SocketChannel client = server.accept();
            Background.run(
                () -> {
                  try (client) {
                    conversation.hold(client);
                  }
                });
          }
        });
    return server;
  }

  private static SocketChannel client(Path forward) throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(forward));
  }

  /**
   * Starts nodes that are linked by udp, and take no other path.
   *
   * @param dialled the nodes that each one dials, all by number
   * @param far the node that has the server
   */
  private static ProcessCluster start(
      Path files,
      int size,
      IntFunction<List<Integer>> dialled,
      int far,
      String services,
      String forwards)
      throws Exception {
    return ProcessCluster.startApart(
        files,
        size,
        number ->
            """
            mesh:
              punch: false
              listen: [ "udp://%s:7654" ]
              links: [ %s ]
              %s
            """
                .formatted(
                    ProcessCluster.addressOf(number),
                    dialled.apply(number).stream()
                        .map(
                            to ->
                                "{ to: \"udp://%s:7654\" }".formatted(ProcessCluster.addressOf(to)))
                        .collect(Collectors.joining(", ")),
                    number == 1 ? forwards : number == far ? services : ""));
  }

  private static void awaitService(ProcessCluster nodes, int number, String name) {
    Awaitility.await("service " + name + " known to n" + number)
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(items(nodes, number, "services"))
                    .extracting(s -> s.path("name").asText())
                    .contains(name));
  }

  private static List<JsonNode> items(ProcessCluster nodes, int number, String list) {
    List<JsonNode> items = new ArrayList<>();
    nodes.api(number).get("/api/v1/mesh/" + list).path("items").forEach(items::add);
    return items;
  }

  private static void awaitNothingOpen(ProcessCluster nodes, int last) {
    Awaitility.await("all connections closed")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(items(nodes, 1, "forwards"))
                  .allMatch(f -> f.at("/connections/open").asInt() == 0);
              assertThat(items(nodes, last, "exports"))
                  .allMatch(e -> e.at("/connections/open").asInt() == 0);
            });
  }

  @Test
  void shouldServeAWebServerByNameThroughARelay() throws Exception {
    byte[] file = new byte[20 * MEGABYTE];
    new Random(1).nextBytes(file);
    HttpServer server = null;
    try (Netns netns = relayed.host(3).open()) {
      server =
          netns.call(
              () ->
                  HttpServer.create(
                      new InetSocketAddress(InetAddress.getLoopbackAddress(), 8000), 0));
    }
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext(
        "/file",
        exchange -> {
          exchange.sendResponseHeaders(200, file.length);
          try (OutputStream body = exchange.getResponseBody()) {
            body.write(file);
          }
        });
    server.start();
    awaitService(relayed, 1, "web");
    Path got = directory.resolve("got");

    relayed.host(1).run("curl", "-sSf", "-o", got.toString(), "http://127.0.0.1:9000/file");

    assertThat(Files.readAllBytes(got)).isEqualTo(file);
    assertThat(items(relayed, 1, "peers"))
        .filteredOn(p -> p.path("peer").asText().equals(relayed.id(3)))
        .extracting(p -> p.path("via").asText())
        .containsExactly(relayed.id(2));
    server.stop(0);
    awaitNothingOpen(relayed, 3);
  }

  @Test
  void shouldFinishALongDownloadThroughThreeHopsThoughALinkOfTheRingIsCut() throws Exception {
    int size = 100 * MEGABYTE;
    MessageDigest sent = MessageDigest.getInstance("SHA-256");
    try (ServerSocketChannel server =
            serve(
                directory.resolve("s"),
                client -> {
                  byte[] part = new byte[1 << 16];
                  Random random = new Random(2);
                  for (int i = 0; i < size; i += part.length) {
                    random.nextBytes(part);
                    sent.update(part);
                    write(client, part);
                  }
                });
        ProcessCluster nodes =
            // n1 is linked to n2, which stands in a ring with n3, n4, where the server is, and n5.
            start(
                directory.resolve("ring"),
                5,
                n -> n == 5 ? List.of(2) : List.of(n + 1),
                4,
                "services: [ { name: big, target: \"unix:%s/s\" } ]".formatted(directory),
                "forwards: [ { listen: \"unix:%s/f\", service: big } ]".formatted(directory))) {
      assertThat(server.isOpen()).isTrue();
      awaitService(nodes, 1, "big");
      MessageDigest received = MessageDigest.getInstance("SHA-256");
      ByteBuffer part = ByteBuffer.allocate(1 << 16);
      long total = 0;
      long longest = 0;
      boolean cut = false;
      try (SocketChannel client = client(directory.resolve("f"))) {
        for (long last = System.nanoTime(); client.read(part.clear()) >= 0; ) {
          long now = System.nanoTime();
          longest = Math.max(longest, now - last);
          last = now;
          total += part.flip().remaining();
          received.update(part);
          if (!cut && total > size / 4) {
            cut = true;
            int carrying = hops(nodes, 1, 4).get(1).equals(nodes.id(3)) ? 3 : 5;
            cut(nodes, 2, carrying);
            cut(nodes, carrying, 2);
          }
        }
      }

      assertThat(total).isEqualTo(size);
      assertThat(received.digest()).isEqualTo(sent.digest());
      System.out.printf("a link in a ring of 4 cut: no bytes for %d ms%n", longest / 1_000_000);
      // Usually 2 to 4 s: what a link takes to be down, and what two nodes take to agree.
      assertThat(Duration.ofNanos(longest)).isLessThan(Duration.ofSeconds(8));
      assertThat(hops(nodes, 1, 4)).hasSize(3);
      awaitNothingOpen(nodes, 4);
    }
  }

  private static List<String> hops(ProcessCluster nodes, int from, int to) {
    return items(nodes, from, "routes").stream()
        .filter(route -> route.path("destination").asText().equals(nodes.id(to)))
        .flatMap(route -> StreamSupport.stream(route.path("hops").spliterator(), false))
        .map(JsonNode::asText)
        .toList();
  }

  private static void write(SocketChannel to, byte[] bytes) throws IOException {
    for (ByteBuffer left = ByteBuffer.wrap(bytes); left.hasRemaining(); ) {
      to.write(left);
    }
  }

  /** What one node sends to another is lost. */
  private static void cut(ProcessCluster nodes, int from, int to) throws Exception {
    nodes.host(from).run("ip", "route", "add", "blackhole", ProcessCluster.addressOf(to));
  }

  @Test
  void shouldCarrySessionsManyClientsAndASlowReaderThroughARelay() throws Exception {
    AtomicLong poured = new AtomicLong();
    try (ServerSocketChannel echo =
            serve(
                directory.resolve("bye.s"),
                client -> {
                  InputStream in = Channels.newInputStream(client);
                  in.transferTo(Channels.newOutputStream(client));
                  write(client, "bye".getBytes(StandardCharsets.US_ASCII));
                });
        ServerSocketChannel pour =
            serve(
                directory.resolve("pour.s"),
                client -> {
                  byte[] part = new byte[1 << 16];
                  while (true) {
                    write(client, part);
                    poured.addAndGet(part.length);
                  }
                })) {
      assertThat(List.of(echo, pour)).allMatch(ServerSocketChannel::isOpen);
      awaitService(relayed, 1, "bye");
      awaitService(relayed, 1, "pour");
      long resident = ProcessStatus.of(relayed.process(1)).residentMegabytes();
      try (SocketChannel slow = client(directory.resolve("pour.f"))) {
        assertThat(slow.read(ByteBuffer.allocate(1))).isEqualTo(1);

        session(directory.resolve("bye.f"), 50, 20);
        manyClients(directory.resolve("bye.f"), 200);

        assertThat(poured.get()).isLessThan(32L * MEGABYTE);
        long now = ProcessStatus.of(relayed.process(1)).residentMegabytes();
        System.out.printf(
            "a slow reader: %d MB taken from the server, node 1 %d MB before, %d MB after%n",
            poured.get() / MEGABYTE, resident, now);
      }
      awaitNothingOpen(relayed, 3);
    }
  }

  @Test
  void shouldResetClientsOfANodeThatDiesAndServeThemWhenItIsBack() throws Exception {
    try (ServerSocketChannel echo =
        serve(
            directory.resolve("echo.s"),
            client ->
                Channels.newInputStream(client).transferTo(Channels.newOutputStream(client)))) {
      assertThat(echo.isOpen()).isTrue();
      awaitService(relayed, 1, "echo");
      try (SocketChannel client = client(directory.resolve("echo.f"))) {
        write(client, new byte[] {1});
        assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(1);

        relayed.kill(3);

        assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
      }
      relayed.start(3);
      relayed.awaitReady(3);
      Awaitility.await("the service again")
          .atMost(SOON)
          .ignoreExceptions()
          .until(
              () -> {
                try (SocketChannel client = client(directory.resolve("echo.f"))) {
                  write(client, new byte[] {2});
                  return client.read(ByteBuffer.allocate(1)) == 1;
                }
              });
      awaitNothingOpen(relayed, 3);
    }
  }

  /** As a person types: a line, its answer, a pause; and in the end the other side's last words. */
  private static void session(Path forward, int lines, long pauseMillis) throws Exception {
    try (SocketChannel client = client(forward)) {
      InputStream in = Channels.newInputStream(client);
      for (int i = 0; i < lines; i++) {
        byte[] line = "line %04d\n".formatted(i).getBytes(StandardCharsets.US_ASCII);
        write(client, line);
        assertThat(in.readNBytes(line.length)).isEqualTo(line);
        TimeUnit.MILLISECONDS.sleep(pauseMillis);
      }
      client.shutdownOutput();
      assertThat(new String(in.readAllBytes(), StandardCharsets.US_ASCII)).isEqualTo("bye");
    }
  }

  private static void manyClients(Path forward, int many) throws Exception {
    List<SocketChannel> clients = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      clients.add(client(forward));
      write(clients.get(i), "client %04d".formatted(i).getBytes(StandardCharsets.US_ASCII));
    }
    for (int i = 0; i < many; i++) {
      InputStream in = Channels.newInputStream(clients.get(i));
      assertThat(new String(in.readNBytes(11), StandardCharsets.US_ASCII))
          .isEqualTo("client %04d".formatted(i));
    }
    for (SocketChannel client : clients) {
      client.close();
    }
  }

  @Test
  void shouldCarryGrpcThroughARelay() throws Exception {
    Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    ServiceName local =
        ServiceName.create(Meshnet.getDescriptor().findServiceByName("Local").getFullName());
    GrpcServer server = GrpcServer.server(vertx);
    ServiceMethod<PodQuery, Pod> served =
        ServiceMethod.server(
            local,
            "Get",
            GrpcMessageEncoder.<Pod>encoder(),
            GrpcMessageDecoder.decoder(PodQuery.getDefaultInstance()));
    server.callHandler(
        served,
        call ->
            call.handler(
                query -> call.response().end(Pod.newBuilder().setName(query.getName()).build())));
    TestCluster.await(
        vertx
            .createHttpServer()
            .requestHandler(server)
            .listen(SocketAddress.domainSocketAddress(directory.resolve("grpc.s").toString())));
    GrpcClient client =
        GrpcClient.client(
            vertx,
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false));
    ServiceMethod<Pod, PodQuery> get =
        ServiceMethod.client(
            local,
            "Get",
            GrpcMessageEncoder.<PodQuery>encoder(),
            GrpcMessageDecoder.decoder(Pod.getDefaultInstance()));
    try {
      awaitService(relayed, 1, "grpc");
      SocketAddress forward =
          SocketAddress.domainSocketAddress(directory.resolve("grpc.f").toString());
      for (int i = 0; i < 100; i++) {
        String name = HexFormat.of().toHexDigits(i);

        Pod answer =
            TestCluster.await(
                client
                    .request(forward, get)
                    .compose(
                        call -> {
                          call.end(PodQuery.newBuilder().setName(name).build());
                          return call.response();
                        })
                    .compose(response -> response.last()));

        assertThat(answer.getName()).isEqualTo(name);
      }
    } finally {
      TestCluster.await(vertx.close());
    }
  }
}
