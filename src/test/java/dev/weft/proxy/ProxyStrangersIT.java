package dev.weft.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.address.IpAddress;
import dev.weft.bus.Json;
import dev.weft.identity.CertificateAuthority;
import dev.weft.linux.Netns;
import dev.weft.testkit.LabNodes;
import dev.weft.testkit.NatLab;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.NodeProcess;
import dev.weft.testkit.PathHistory;
import dev.weft.testkit.UdpProbe;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What strangers do to the proxies and the UDP ports of two node processes: clients without the
 * token or without manners, datagrams that nobody asked for, a node of another mesh.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT})
@Timeout(240)
class ProxyStrangersIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int PORT = 3128;

  /** Below the range from which the kernel takes local ports of connections. */
  private static final int SERVER = 20061;

  private static final int UTP = 7655;
  private static final int MANY = 100;
  private static final int GUESSES = 1000;
  private static final String PROXY =
      "proxy: { forward: { port: %d, token: yoasobi }, reverse: { target: '127.0.0.1:%d', utp: '0.0.0.0:%d' } }"
          .formatted(PORT, SERVER, UTP);

  @TempDir static Path directory;
  private static LabNodes nodes;
  private static NodeProcess m1;
  private static NodeProcess m2;
  private static NodeProcess foreign;
  private static NatLab.Host elsewhere;
  private static NatLab.Host nowhere;
  private static final List<AutoCloseable> opened = new ArrayList<>();
  private static final AtomicInteger served = new AtomicInteger();
  private static final ScheduledExecutorService dribbling =
      Executors.newSingleThreadScheduledExecutor();

  @BeforeAll
  static void start() throws Exception {
    nodes = LabNodes.start(directory, 2, PROXY);
    m1 = nodes.member(1);
    m2 = nodes.member(2);
    elsewhere = nodes.lab().host("x");
    nowhere = nodes.lab().host("s");
    CertificateAuthority other =
        CertificateAuthority.create(directory.resolve("other"), "other", 31, Clock.systemUTC());
    String configuration =
        """
        cluster: { role: member }
        mesh: { listen: [ "udp://%1$s:7654" ], links: [ { to: "udp://%2$s" } ] }
        proxy:
          forward: { port: 3128, token: yoasobi }
          reverse: { target: "127.0.0.1:1", utp: "0.0.0.0:%3$d" }
          connections:
            - { to: "%2$s", nat: true }
            - { to: "%4$s", transport: utp }
        """
            .formatted(elsewhere.address(), nodes.listener(1), UTP, utp(1));
    foreign =
        NodeProcess.prepare(
            directory.resolve("x"),
            elsewhere.netns(),
            other,
            elsewhere.address(),
            true,
            configuration);
    foreign.start();
    serve(m2);
    add(m1, nodes.listener(2), "quic", false);
    add(m1, utp(2), "utp", false);
    add(m2, nodes.listener(1), "quic", false);
    foreign.awaitReady();
  }

  @AfterAll
  static void end() throws Exception {
    dribbling.shutdownNow();
    for (AutoCloseable each : opened) {
      each.close();
    }
    if (foreign != null) {
      foreign.close();
    }
    if (nodes != null) {
      nodes.close();
    }
  }

  private static String utp(int member) {
    return nodes.listener(member).replace(":7654", ":" + UTP);
  }

  private static void add(NodeProcess at, String to, String transport, boolean nat) {
    ObjectNode wanted = Json.mapper().createObjectNode().put("to", to).put("nat", nat);
    wanted.put("transport", transport).put("timeoutMillis", 2000);
    at.api().send("POST", "/api/v1/proxy/connections", wanted);
  }

  /** A server that sends back what it gets. */
  private static void serve(NodeProcess at) throws Exception {
    ServerSocket server = listen(at, 1000);
    Thread accepting =
        new Thread(
            () -> {
              while (true) {
                try (Socket client = server.accept()) {
                  served.incrementAndGet();
                  client.getInputStream().transferTo(client.getOutputStream());
                } catch (IOException e) {
                  if (server.isClosed()) {
                    return;
                  }
                }
              }
            });
    accepting.setDaemon(true);
    accepting.start();
  }

  private static ServerSocket listen(NodeProcess at, int backlog) throws Exception {
    try (Netns in = at.host().open()) {
      ServerSocket server =
          in.call(() -> new ServerSocket(SERVER, backlog, IpAddress.parse("127.0.0.1")));
      opened.add(server);
      return server;
    }
  }

  /** A server whose queue of connections is full. */
  private static void serveNobody(NodeProcess at) throws Exception {
    listen(at, 1);
    try (Netns in = at.host().open()) {
      for (int i = 0; i < 4; i++) {
        SocketChannel waiting = in.call(SocketChannel::open);
        opened.add(waiting);
        waiting.configureBlocking(false);
        waiting.connect(new InetSocketAddress(IpAddress.parse("127.0.0.1"), SERVER));
      }
    }
  }

  /** Clients of a node's forward proxy, each of which says this much. */
  private static List<Socket> clients(NodeProcess of, int count, String from, String said)
      throws Exception {
    List<Socket> clients = new ArrayList<>();
    try (Netns in = of.host().open()) {
      InetAddress own = IpAddress.parse(from);
      InetAddress proxy = IpAddress.parse("127.0.0.1");
      in.call(
          () -> {
            for (int i = 0; i < count; i++) {
              Socket client = new Socket(proxy, PORT, own, 0);
              client.setSoTimeout(30_000);
              clients.add(client);
            }
            return null;
          });
    }
    opened.addAll(clients);
    for (Socket client : clients) {
      try {
        client.getOutputStream().write(said.getBytes(US_ASCII));
      } catch (SocketException refusedAlready) {
        // What was answered is read later.
      }
    }
    return clients;
  }

  private static String connect(String target, String token) {
    String basic = Base64.getEncoder().encodeToString((token + ":").getBytes(US_ASCII));
    return "CONNECT %s HTTP/1.1\r\nProxy-Authorization: Basic %s\r\n\r\n".formatted(target, basic);
  }

  /** The status of an answer; 0 if there is none. */
  private static int status(Socket client) throws IOException {
    StringBuilder line = new StringBuilder();
    InputStream in = client.getInputStream();
    for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
      line.append((char) next);
    }
    return line.isEmpty() ? 0 : Integer.parseInt(line.toString().split(" ", -1)[1]);
  }

  private static List<Integer> statuses(List<Socket> clients) throws IOException {
    List<Integer> all = new ArrayList<>();
    for (Socket client : clients) {
      all.add(status(client));
      client.close();
    }
    return all;
  }

  private static int answer(NodeProcess of, String said) throws Exception {
    return statuses(clients(of, 1, "127.0.0.3", said)).get(0);
  }

  /** Heads that come byte by byte, until they are answered. */
  private static void dribble(List<Socket> clients) {
    var unused =
        dribbling.scheduleAtFixedRate(
            () -> {
              for (Socket client : clients) {
                try {
                  if (client.getInputStream().available() == 0) {
                    client.getOutputStream().write('x');
                  }
                } catch (IOException closed) {
                  // As it should be.
                }
              }
            },
            100,
            200,
            TimeUnit.MILLISECONDS);
  }

  private static void assertServed(String target) throws Exception {
    Socket client = clients(m1, 1, "127.0.0.2", connect(target, "yoasobi")).get(0);
    try (client) {
      assertThat(status(client)).as("CONNECT %s", target).isEqualTo(200);
      byte[] said = "hello".getBytes(US_ASCII);
      client.getInputStream().readNBytes(2);
      client.getOutputStream().write(said);
      assertThat(client.getInputStream().readNBytes(said.length)).isEqualTo(said);
    }
  }

  private static JsonNode row(NodeProcess of, String to) {
    for (JsonNode row : of.api().get("/api/v1/proxy/connections").path("items")) {
      if (row.path("to").asText().equals(to)) {
        return row;
      }
    }
    throw new AssertionError(to + " was not added at " + of.name());
  }

  private static long descriptors(NodeProcess of) throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc", "" + of.process().pid(), "fd"))) {
      return all.count();
    }
  }

  private static void awaitStanding() {
    for (String to : List.of(nodes.listener(2), utp(2))) {
      await(to).atMost(SOON).until(() -> row(m1, to).path("state").asText().equals("established"));
    }
    await("a path by UDP").atMost(SOON).until(() -> PathHistory.of(m2, m1).isDirect());
  }

  private static void awaitNothingOpen(NodeProcess of, long descriptors) {
    await("what was open at " + of.name() + " is closed")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              JsonNode proxies = of.api().get("/api/v1/proxy");
              assertThat(proxies.path("forward").path("open").asInt()).isZero();
              assertThat(proxies.path("reverse").path("open").asInt()).isZero();
              for (JsonNode row : of.api().get("/api/v1/proxy/connections").path("items")) {
                assertThat(row.path("streams").asInt()).as(row.toString()).isZero();
              }
              assertThat(descriptors(of)).isLessThanOrEqualTo(descriptors);
            });
  }

  @Test
  void shouldOpenNothingForStrangersAndServeItsOwn() throws Exception {
    awaitStanding();
    assertServed(nodes.listener(2));
    assertServed(utp(2));
    // A handful that a JVM opens and closes as it likes.
    long descriptors1 = descriptors(m1) + 5;
    long descriptors2 = descriptors(m2) + 5;
    int before = served.get();

    // What takes time: heads that never end, tokens that are guessed, a server that never accepts.
    List<Socket> slow = clients(m1, MANY, "127.0.0.4", "CONNECT a:1 HTTP/1.1\r\nX: ");
    dribble(slow);
    List<Socket> guesses = clients(m1, GUESSES, "127.0.0.1", connect(nodes.listener(2), "lamer"));
    serveNobody(m1);
    List<Socket> waiting = clients(m2, MANY, "127.0.0.1", connect(nodes.listener(1), "yoasobi"));

    String long1 = "CONNECT a:1 HTTP/1.1\r\nX: " + "x".repeat(64 << 10);
    assertThat(statuses(clients(m1, 20, "127.0.0.3", long1))).containsOnly(431);
    assertThat(answer(m1, connect("192.0.2.1:1", "yoasobi"))).isEqualTo(403);
    assertThat(answer(m1, connect("127.0.0.1:" + PORT, "yoasobi"))).isEqualTo(403);
    assertThat(answer(m1, connect(nodes.listener(1), "yoasobi"))).isEqualTo(403);
    assertThat(answer(m1, "GET / HTTP/1.1\r\n\r\n")).isEqualTo(405);
    for (Socket leaving : waiting.subList(0, MANY / 2)) {
      // Before the 200, by a reset.
      leaving.setSoLinger(true, 0);
      leaving.close();
    }

    assertThat(statuses(waiting.subList(MANY / 2, MANY))).containsOnly(504);
    assertThat(statuses(slow)).containsOnly(408);
    assertThat(new TreeSet<>(statuses(guesses))).isSubsetOf(407, 503).contains(407);
    assertThat(served.get()).as("connections that the server has got").isEqualTo(before);
    awaitNothingOpen(m1, descriptors1);
    awaitNothingOpen(m2, descriptors2);
    assertServed(nodes.listener(2));
    assertServed(utp(2));
  }

  @Test
  void shouldBeMovedByNoDatagramOfStrangers() throws Exception {
    awaitStanding();
    int changes = PathHistory.of(m2, m1).changes().size();
    List<InetSocketAddress> ports = new ArrayList<>();
    for (String at : List.of(nodes.listener(1), nodes.listener(2), utp(1), utp(2))) {
      String[] parts = at.split(":", -1);
      ports.add(new InetSocketAddress(parts[0], Integer.parseInt(parts[1])));
    }
    Random random = new Random(1);
    try (UdpProbe out = UdpProbe.on(nowhere)) {
      // A hello that m1 has made, to be sent again by somebody else.
      String here = out.local().getHostString() + ":" + out.local().getPort();
      add(m1, here, "quic", true);
      List<byte[]> hellos = new ArrayList<>();
      await("hellos of m1")
          .atMost(SOON)
          .until(
              () -> {
                hellos.addAll(out.received());
                return !hellos.isEmpty();
              });
      m1.api().delete("/api/v1/proxy/connections?side=forward&to=" + here);
      byte[] stun = forgedStun();
      // From the stranger's own address, then with those of both nodes.
      for (String as : List.of("", nodes.listener(1), nodes.listener(2))) {
        pretend(as);
        for (int i = 0; i < 2000; i++) {
          random.nextBytes(STUN_ID);
          System.arraycopy(STUN_ID, 0, stun, 8, STUN_ID.length);
          for (InetSocketAddress to : ports) {
            out.send(to, UdpProbe.garbage(random));
            out.send(to, stun);
            if (i % 20 == 0) {
              byte[] again = hellos.get(0).clone();
              out.send(to, again);
              again[random.nextInt(again.length)] ^= 1;
              out.send(to, again);
            }
          }
        }
      }
    }

    assertServed(nodes.listener(2));
    assertServed(utp(2));
    assertThat(PathHistory.of(m2, m1).changes()).hasSize(changes);
    for (NodeProcess each : List.of(m1, m2)) {
      assertThat(each.api().get("/api/v1/netcheck").path("publicAddresses").toString())
          .doesNotContain("192.0.2.66");
      assertThat(each.api().ready()).isTrue();
    }
  }

  private static final byte[] STUN_ID = new byte[12];

  /** A Binding success response (RFC 8489, section 6) that says 192.0.2.66:666. */
  private static byte[] forgedStun() {
    ByteBuffer stun = ByteBuffer.allocate(32);
    stun.putShort((short) 0x0101).putShort((short) 12).putInt(0x2112a442).put(STUN_ID);
    stun.putShort((short) 0x0020).putShort((short) 8).put((byte) 0).put((byte) 1);
    stun.putShort((short) (666 ^ 0x2112)).putInt(0xc0000242 ^ 0x2112a442);
    return stun.array();
  }

  /** What the stranger sends has another source from now on. */
  private static void pretend(String source) throws Exception {
    nowhere.netns().run("nft", "add", "table", "ip", "forge");
    nowhere.netns().run("nft", "delete", "table", "ip", "forge");
    if (!source.isEmpty()) {
      nowhere.netns().run("nft", "add", "table", "ip", "forge");
      nowhere
          .netns()
          .run("nft", "add chain ip forge out { type filter hook output priority raw; }");
      String[] parts = source.split(":", -1);
      nowhere
          .netns()
          .run(
              "nft",
              "add rule ip forge out meta l4proto udp ip saddr set %s udp sport set %s notrack"
                  .formatted(parts[0], parts[1]));
    }
  }

  @Test
  void shouldRefuseANodeOfAnotherMeshAndSayWhy() throws Exception {
    String quic = elsewhere.address() + ":7654";
    String utp = elsewhere.address() + ":" + UTP;
    add(m1, quic, "quic", true);
    add(m1, utp, "utp", false);

    for (String to : List.of(quic, utp)) {
      await(to)
          .atMost(SOON)
          .untilAsserted(
              () -> {
                JsonNode row = row(m1, to);
                assertThat(row.path("state").asText()).isEqualTo("lost");
                assertThat(row.path("reason").asText()).contains("certificate");
                assertThat(row.has("peer")).isFalse();
                assertThat(m1.log())
                    .containsPattern("forward proxy to " + to + " lost: .*certificate");
              });
      assertThat(answer(m1, connect(to, "yoasobi"))).isEqualTo(502);
    }
    await("the other mesh's node is refused too, and says so")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(row(foreign, nodes.listener(1)).path("reason").asText())
                  .contains("certificate");
              assertThat(row(foreign, utp(1)).path("state").asText()).isEqualTo("lost");
            });
    assertThat(m1.log()).contains("refused " + elsewhere.address());
    assertThat(PathHistory.of(m1, foreign).changes()).isEmpty();
    m1.api().delete("/api/v1/proxy/connections?side=forward&to=" + quic);
    m1.api().delete("/api/v1/proxy/connections?side=forward&to=" + utp);
  }
}
