package dev.weft.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.address.HostPort;
import dev.weft.address.StreamAddress;
import dev.weft.bus.Fact;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Remote;
import dev.weft.proxy.forward.ForwardProxy;
import dev.weft.proxy.forward.KnownNodes;
import dev.weft.proxy.reverse.ReverseProxy;
import dev.weft.proxy.track.TrackStore;
import dev.weft.proxy.track.TrackedSide;
import dev.weft.proxy.track.Tracker;
import dev.weft.proxy.track.WantedConnection;
import dev.weft.rpc.Loop;
import dev.weft.rpc.socket.PipeTraffic;
import dev.weft.testkit.MemoryStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients with real sockets, through a forward proxy and a reverse proxy, to a server. */
@Timeout(60)
class ProxyPairTest {
  private static final HostPort LOOPBACK = new HostPort("127.0.0.1", 0);
  private static final HostPort AT = new HostPort("203.0.113.7", 7654);
  private static final NodeId HERE = new NodeId("00000000000000aa");
  private static final NodeId THERE = new NodeId("00000000000000bb");
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String AUTHORIZED =
      "Proxy-Authorization: Basic "
          + Base64.getEncoder().encodeToString("yoasobi:".getBytes(US_ASCII))
          + "\r\n";

  /** What a server does with each connection, on a thread of its own. */
  private interface Conversation {
    void hold(Socket client) throws Exception;
  }

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final Loop loop = Loop.of(vertx);
  private final MemoryTransport transport = new MemoryTransport(vertx, HERE);
  private final List<Fact> facts = new CopyOnWriteArrayList<>();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final PipeTraffic out = new PipeTraffic("forward", System::nanoTime);
  private final PipeTraffic in = new PipeTraffic("reverse", System::nanoTime);
  private final TrackedSide forwardSide = side(false);
  private final TrackedSide reverseSide = side(true);
  private ForwardProxy forward;
  private ReverseProxy reverse;

  private TrackedSide side(boolean reverse) {
    String name = reverse ? "reverse" : "forward";
    Tracker tracker = new Tracker(name, new TrackStore(new MemoryStore(), name), facts::add);
    return new TrackedSide(reverse, loop, List.of(transport), "quic", tracker);
  }

  /** One member, by name and address. */
  private static final class Known implements KnownNodes {
    @Override
    public NodeId self() {
      return HERE;
    }

    @Override
    public Optional<NodeId> named(String name) {
      return name.equals("n2")
          ? Optional.of(THERE)
          : name.matches("[0-9a-f]{16}") ? Optional.of(new NodeId(name)) : Optional.empty();
    }

    @Override
    public Optional<NodeId> at(HostPort address) {
      return address.equals(new HostPort("10.0.0.2", 7654)) ? Optional.of(THERE) : Optional.empty();
    }

    @Override
    public boolean isMember(NodeId node) {
      return node.equals(THERE);
    }
  }

  @BeforeEach
  void open() throws Exception {
    start(false);
    transport.put(AT, THERE);
    add(AT, Optional.empty());
  }

  private void start(boolean members) throws Exception {
    start(members, ForwardProxy.Patience.STANDARD);
  }

  /** In place of the one that runs: waits for nothing for long. */
  private void startImpatient() throws Exception {
    result(forward.close());
    Duration soon = Duration.ofMillis(500);
    start(false, new ForwardProxy.Patience(soon, soon, soon));
  }

  private void start(boolean members, ForwardProxy.Patience patience) throws Exception {
    forward =
        new ForwardProxy(
            vertx,
            loop,
            new ForwardProxy.Settings(LOOPBACK, "yoasobi", members),
            forwardSide,
            new Known(),
            out,
            (status, why) -> {},
            System::nanoTime,
            patience);
    result(forward.open(LOOPBACK));
  }

  private void add(HostPort at, Optional<NodeId> node) throws Exception {
    result(
        forwardSide.add(
            new WantedConnection(new Remote(at, node, false, Duration.ofSeconds(20)), "quic")));
  }

  private void serve(Conversation conversation, String... allow) throws Exception {
    target(server(conversation), allow);
  }

  private StreamAddress server(Conversation conversation) throws Exception {
    ServerSocket server = new ServerSocket(0, 1000, InetAddress.getLoopbackAddress());
    opened.add(server);
    thread(
        () -> {
          while (true) {
            Socket client = server.accept();
            thread(
                () -> {
                  try (client) {
                    conversation.hold(client);
                  }
                });
          }
        });
    return StreamAddress.of(new HostPort("127.0.0.1", server.getLocalPort()));
  }

  private void target(StreamAddress target, String... allow) throws Exception {
    reverse =
        new ReverseProxy(
            vertx, loop, new ReverseProxy.Settings(target, List.of(allow)), reverseSide, in);
    result(reverse.open(LOOPBACK));
  }

  private interface Work {
    void run() throws Exception;
  }

  private static void thread(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (Exception ended) {
                // With the test, or as the test wants it.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private static <T> T result(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
    result(forward.close());
    if (reverse != null) {
      result(reverse.close());
    }
    result(vertx.close());
  }

  private Socket client() throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), forward.address().port());
    client.setSoTimeout(20_000);
    opened.add(client);
    return client;
  }

  private static void write(Socket client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(US_ASCII));
  }

  private static String connect(String target) {
    return "CONNECT " + target + " HTTP/1.1\r\n" + AUTHORIZED + "\r\n";
  }

  /** The head of an answer, byte by byte. */
  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("ended after " + head);
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private Socket through(String target) throws IOException {
    Socket client = client();
    write(client, connect(target));
    assertThat(head(client.getInputStream()))
        .isEqualTo("HTTP/1.1 200 Connection Established\r\n\r\n");
    return client;
  }

  /** All that the proxy still says; then the client closes too. */
  private static String rest(Socket client) throws IOException {
    try (client) {
      return new String(client.getInputStream().readAllBytes(), US_ASCII);
    }
  }

  /** All that is answered until the proxy closes. */
  private String answer(String request) throws IOException {
    Socket client = client();
    write(client, request);
    String answer = rest(client);
    assertThat(answer).contains("Connection: close\r\n").endsWith("\n");
    assertThat(answer.substring(answer.indexOf("\r\n\r\n") + 4).strip())
        .isNotBlank()
        .doesNotContain("\n");
    return answer;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }

  private void awaitNothingOpen() {
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(out.open()).isZero();
              assertThat(in.open()).isZero();
              assertThat(forwardSide.tracker().rows())
                  .allMatch(row -> row.streams() == 0, "no streams");
            });
  }

  @Test
  void shouldCarryBytesBothWays() throws Exception {
    serve(s -> s.getInputStream().transferTo(s.getOutputStream()));
    Socket client = through(AT.toString());

    write(client, "hello");

    assertThat(client.getInputStream().readNBytes(5)).isEqualTo(ascii("hello"));
    assertThat(forwardSide.tracker().rows().get(0).state()).isEqualTo("composed");
  }

  @Test
  void shouldLoseNeitherWhatTheClientNorWhatTheServerSaysFirst() throws Exception {
    serve(
        s -> {
          s.getOutputStream().write(ascii("220 ready"));
          s.getInputStream().transferTo(s.getOutputStream());
        });
    Socket client = client();
    write(client, connect(AT.toString()) + "early");
    client.shutdownOutput();

    assertThat(head(client.getInputStream())).startsWith("HTTP/1.1 200 ");
    assertThat(client.getInputStream().readAllBytes()).isEqualTo(ascii("220 readyearly"));
    awaitNothingOpen();
  }

  @Test
  void shouldCarryTheEndOfOneDirectionWhileTheOtherGoesOn() throws Exception {
    serve(
        s -> {
          int asked = s.getInputStream().readAllBytes().length;
          s.getOutputStream().write(new byte[(8 << 20) + asked]);
        });
    Socket client = through(AT.toString());
    client.getOutputStream().write(new byte[1000]);
    client.shutdownOutput();

    assertThat(client.getInputStream().transferTo(OutputStream.nullOutputStream()))
        .isEqualTo((8 << 20) + 1000);
    awaitNothingOpen();
  }

  @Test
  void shouldCarryWhatIsManyTimesTheBuffersIntact() throws Exception {
    serve(s -> s.getInputStream().transferTo(s.getOutputStream()));
    byte[] sent = new byte[16 << 20];
    new Random(1).nextBytes(sent);
    Socket client = through(AT.toString());
    thread(
        () -> {
          client.getOutputStream().write(sent);
          client.shutdownOutput();
        });

    assertThat(client.getInputStream().readAllBytes()).isEqualTo(sent);
  }

  @Test
  void shouldHoldTheServerBackWhileTheClientDoesNotRead() throws Exception {
    LinkedBlockingQueue<Long> written = new LinkedBlockingQueue<>();
    serve(
        s -> {
          byte[] block = new byte[64 << 10];
          for (long all = block.length; all < 256L << 20; all += block.length) {
            s.getOutputStream().write(block);
            written.add(all);
          }
        });
    through(AT.toString());

    await().atMost(SOON).until(() -> !written.isEmpty());
    await().during(Duration.ofMillis(300)).atMost(SOON).until(() -> steady(written));
    assertThat(written).hasSizeLessThan((64 << 20) / (64 << 10));
  }

  private long seen;

  private boolean steady(LinkedBlockingQueue<Long> written) {
    long before = seen;
    seen = written.size();
    return seen == before;
  }

  @Test
  void shouldResetTheClientWhenTheServerIs() throws Exception {
    serve(
        s -> {
          s.setSoLinger(true, 0);
          s.getInputStream().read();
        });
    Socket client = through(AT.toString());
    write(client, "x");

    assertThat(failsToRead(client)).isTrue();
    awaitNothingOpen();
  }

  @Test
  void shouldResetTheServerWhenTheClientIs() throws Exception {
    LinkedBlockingQueue<String> got = new LinkedBlockingQueue<>();
    serve(
        s -> {
          try {
            s.getInputStream().readAllBytes();
            got.add("end");
          } catch (SocketException e) {
            got.add("reset");
          }
        });
    Socket client = through(AT.toString());
    client.setSoLinger(true, 0);
    client.close();

    assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo("reset");
    awaitNothingOpen();
  }

  @Test
  void shouldServeAnotherTargetWithTheSameSockets() throws Exception {
    serve(s -> s.getInputStream().transferTo(s.getOutputStream()));
    Socket before = through(AT.toString());
    int openings = transport.openings.get();

    StreamAddress other = server(s -> s.getOutputStream().write('y'));
    reverse.change(new ReverseProxy.Settings(other, List.of()));

    assertThat(through(AT.toString()).getInputStream().read()).isEqualTo('y');
    assertThat(failsToRead(before)).as("the stream to the target before").isTrue();
    assertThat(transport.openings).hasValue(openings);
  }

  @Test
  void shouldBreakOffOnlyWhatOtherSettingsDoNotAllow() throws Exception {
    serve(s -> s.getInputStream().transferTo(s.getOutputStream()));
    StreamAddress target = reverse.settings().target();
    Socket client = through(AT.toString());

    reverse.change(new ReverseProxy.Settings(target, List.of(HERE.value())));
    write(client, "x");
    assertThat(client.getInputStream().read()).isEqualTo('x');

    reverse.change(new ReverseProxy.Settings(target, List.of(THERE.value())));
    assertThat(failsToRead(client)).isTrue();
    assertThat(answer(connect(AT.toString()))).contains("403").contains("may not connect here");
  }

  private static boolean failsToRead(Socket client) throws IOException {
    try {
      return client.getInputStream().read() != -1;
    } catch (SocketException reset) {
      return true;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"203.0.113.7:7654", "00000000000000bb.weft:50051", "N2.weft"})
  void shouldReachWhatWasAddedByItsAddressAndItsNode(String target) throws Exception {
    serve(s -> s.getOutputStream().write('x'));

    assertThat(through(target).getInputStream().read()).isEqualTo('x');
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.1:80, was not added",
    "203.0.113.7:7655, was not added",
    "n3.weft, was not added",
    "00000000000000cc.weft, was not added",
    "00000000000000aa.weft, is this node itself",
  })
  void shouldRefuseWhatWasNotAdded(String target, String why) throws Exception {
    assertThat(answer(connect(target))).startsWith("HTTP/1.1 403 Forbidden\r\n").contains(why);
  }

  @Test
  void shouldRefuseItself() throws Exception {
    assertThat(answer(connect(forward.address().toString()))).startsWith("HTTP/1.1 403 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.2:7654", "n2.weft:1"})
  void shouldReachMembersOnlyIfThatIsAllowed(String target) throws Exception {
    result(forwardSide.remove(AT));
    serve(s -> s.getOutputStream().write('x'));
    assertThat(answer(connect(target)))
        .startsWith("HTTP/1.1 403 ")
        .contains("proxy.forward.members");

    result(forward.close());
    start(true);

    assertThat(through(target).getInputStream().read()).isEqualTo('x');
    assertThat(answer(connect("10.0.0.1:80"))).startsWith("HTTP/1.1 403 ");
  }

  @ParameterizedTest
  @CsvSource({
    "'', 407",
    "'Proxy-Authorization: Basic eW9hc29iaQ==', 502",
    "'Proxy-Authorization: Bearer yoasobi', 502",
    "'Proxy-Authorization: Bearer yoasobj', 407",
    "'Proxy-Authorization: Digest x', 407",
    "'Authorization: Bearer yoasobi', 407",
  })
  void shouldLetThroughWhoKnowsTheToken(String field, int status) throws Exception {
    target(StreamAddress.of(new HostPort("127.0.0.1", 1)));
    String answer =
        answer(
            "CONNECT " + AT + " HTTP/1.0\r\n" + (field.isEmpty() ? "" : field + "\r\n") + "\r\n");

    assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
    assertThat(answer.contains("Proxy-Authenticate: Basic")).isEqualTo(status == 407);
    assertThat(answer).doesNotContain("yoasob");
  }

  @Test
  void shouldSlowDownWhoTriesTokensAndStillServeWhoKnowsIt() throws Exception {
    serve(s -> s.getOutputStream().write('x'));
    long begun = System.nanoTime();
    for (int i = 0; i < 100; i++) {
      assertThat(answer("CONNECT a HTTP/1.1\r\nProxy-Authorization: Bearer no\r\n\r\n"))
          .startsWith("HTTP/1.1 407 ");
    }

    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(900));
    assertThat(through(AT.toString()).getInputStream().read()).isEqualTo('x');
  }

  @Test
  void shouldRefuseOtherMethodsAndWhatIsNoRequest() throws Exception {
    assertThat(answer("GET http://a/ HTTP/1.1\r\n\r\n"))
        .startsWith("HTTP/1.1 405 ")
        .contains("Allow: CONNECT\r\n");
    assertThat(answer("hello\r\n\r\n")).startsWith("HTTP/1.1 400 ");
    assertThat(answer("CONNECT a:b HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 400 ");
  }

  /** More than the head's bound: the answer arrives although the proxy does not read it all. */
  @Test
  void shouldRefuseHeadsOf64KiB() throws Exception {
    assertThat(answer("CONNECT a:1 HTTP/1.1\r\nX: " + "x".repeat(64 << 10) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 431 ");
    awaitNothingOpen();
  }

  @Test
  void shouldNotWaitForWhoSendsAHeadByteByByte() throws Exception {
    startImpatient();
    Socket client = client();
    write(client, "CONN");

    assertThat(rest(client)).startsWith("HTTP/1.1 408 ");
    awaitNothingOpen();
  }

  @Test
  void shouldAnswerAHeadThatEnds() throws Exception {
    Socket client = client();
    write(client, "CONNECT a:1 HTTP/1.1\r\n");
    client.shutdownOutput();

    assertThat(rest(client)).startsWith("HTTP/1.1 400 ");
  }

  @Test
  void shouldCloseWithoutAWordForWhoSaysNothing() throws Exception {
    Socket client = client();
    client.shutdownOutput();

    assertThat(client.getInputStream().readAllBytes()).isEmpty();
    awaitNothingOpen();
  }

  @Test
  void shouldTellThatTheServerRefuses() throws Exception {
    target(StreamAddress.of(new HostPort("127.0.0.1", 1)));

    assertThat(answer(connect(AT.toString())))
        .startsWith("HTTP/1.1 502 ")
        .contains("127.0.0.1:1: connection refused");
    awaitNothingOpen();
  }

  @Test
  void shouldTellThatTheOtherNodeDoesNotAllowThisOne() throws Exception {
    serve(s -> s.getOutputStream().write('x'), "00000000000000dd");

    assertThat(answer(connect(AT.toString())))
        .startsWith("HTTP/1.1 403 ")
        .contains("node " + HERE + " may not connect here");
  }

  @Test
  void shouldGiveUpANodeThatDoesNotAnswer() throws Exception {
    startImpatient();
    transport.silent = true;

    assertThat(answer(connect(AT.toString()))).startsWith("HTTP/1.1 504 ").contains("no answer");
    awaitNothingOpen();
  }

  @Test
  void shouldWaitForANodeThatIsBeingLookedFor() throws Exception {
    serve(s -> s.getOutputStream().write('x'));
    HostPort later = new HostPort("203.0.113.8", 1);
    add(later, Optional.empty());
    startImpatient();
    assertThat(answer(connect(later.toString()))).startsWith("HTTP/1.1 504 ").contains("punching");

    result(forward.close());
    start(false);
    Socket client = client();
    write(client, connect(later.toString()));
    transport.put(later, THERE);

    assertThat(head(client.getInputStream())).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void shouldRefuseAnotherNodeThanTheOneThatIsMeant() throws Exception {
    serve(s -> s.getOutputStream().write('x'));
    HostPort other = new HostPort("203.0.113.8", 1);
    transport.put(other, THERE);
    add(other, Optional.of(HERE));

    assertThat(answer(connect(AT + "?nodeId=00000000000000cc"))).startsWith("HTTP/1.1 526 ");
    assertThat(answer(connect(other.toString()))).startsWith("HTTP/1.1 526 ");
    assertThat(through(AT + "/?nodeId=" + THERE).getInputStream().read()).isEqualTo('x');
  }

  @Test
  void shouldResetWhatRunsOverAConnectionThatIsLost() throws Exception {
    serve(s -> s.getInputStream().read());
    Socket client = through(AT.toString());

    transport.lose(AT, "silent for 4 s");

    assertThat(failsToRead(client)).isTrue();
    awaitNothingOpen();
    assertThat(answer(connect(AT.toString())))
        .startsWith("HTTP/1.1 502 ")
        .contains("is lost: silent for 4 s");
  }

  @Test
  void shouldLeaveNothingOfAClientThatLeavesBeforeTheAnswer() throws Exception {
    serve(s -> s.getInputStream().readAllBytes());
    HostPort later = new HostPort("203.0.113.8", 1);
    add(later, Optional.empty());
    Socket client = client();
    client.setSoLinger(true, 0);
    write(client, connect(later.toString()));
    await().atMost(SOON).until(() -> out.open() == 1);
    client.close();
    transport.put(later, THERE);

    awaitNothingOpen();
  }

  @Test
  void shouldServeManyAtOnce() throws Exception {
    serve(s -> s.getInputStream().transferTo(s.getOutputStream()));
    List<Socket> clients = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Socket client = client();
      write(client, connect(AT.toString()) + "x" + i);
      client.shutdownOutput();
      clients.add(client);
    }
    for (int i = 0; i < 200; i++) {
      InputStream in = clients.get(i).getInputStream();
      assertThat(head(in)).startsWith("HTTP/1.1 200 ");
      assertThat(in.readAllBytes()).isEqualTo(ascii("x" + i));
    }
    awaitNothingOpen();
  }

  @Test
  void shouldBreakOffAllAndCloseItsSocketsWhenItStops() throws Exception {
    serve(s -> s.getInputStream().read());
    HostPort later = new HostPort("203.0.113.8", 1);
    add(later, Optional.empty());
    Socket stands = through(AT.toString());
    Socket waits = client();
    write(waits, connect(later.toString()));
    await().atMost(SOON).until(() -> out.open() == 2);

    result(forward.close());

    assertThat(failsToRead(stands)).isTrue();
    assertThat(head(waits.getInputStream())).startsWith("HTTP/1.1 503 ");
    assertThat(transport.seeks(AT)).isFalse();
    assertThat(forwardSide.tracker().rows()).allMatch(row -> row.state().equals("new"));
    awaitNothingOpen();
  }

  @Test
  void shouldBreakOffAllWhenTheReverseProxyStops() throws Exception {
    serve(s -> s.getInputStream().read());
    Socket client = through(AT.toString());

    result(reverse.close());

    assertThat(failsToRead(client)).isTrue();
    awaitNothingOpen();
    assertThat(answer(connect(AT.toString())))
        .startsWith("HTTP/1.1 502 ")
        .contains("the reverse proxy is stopping");
  }

  @Test
  void shouldBreakOffWhatRunsOverAConnectionThatIsRemoved() throws Exception {
    serve(s -> s.getInputStream().read());
    Socket client = through(AT.toString());

    result(forwardSide.remove(AT));

    assertThat(failsToRead(client)).isTrue();
    awaitNothingOpen();
  }
}
