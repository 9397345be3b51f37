package dev.weft.mesh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.weft.bus.Fact;
import dev.weft.config.MeshConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.Impairment;
import dev.weft.mesh.link.MemoryTransport;
import dev.weft.mesh.link.Transport;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.PeerDown;
import dev.weft.mesh.peer.PeerUp;
import dev.weft.mesh.peer.Peers;
import dev.weft.mesh.peer.ServiceProvider;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.stream.ChannelMessage;
import dev.weft.mesh.stream.MeshChannel;
import dev.weft.reach.PeerPort;
import dev.weft.reach.PeerPorts;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes in this JVM that are peers of each other, over links in memory. */
class MeshPeersTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final MeshConfig RELAY = new MeshConfig(List.of(), List.of(), true, 0, false);
  private static final ServiceProvider ECHO =
      (from, end) -> {
        MeshChannel channel = (MeshChannel) end;
        channel.handler(channel::write);
        return Future.succeededFuture();
      };

  @TempDir Path directory;
  private final Vertx vertx = Vertx.vertx();
  private final List<Member> members = new ArrayList<>();
  private CertificateAuthority ca;

  private final class Member implements MeshNode.Observer {
    private final Identity identity;
    private final Loop loop = Loop.of(vertx);
    private final MeshNode mesh;
    private final PeerPort port;
    private final Queue<Fact> facts = new ConcurrentLinkedQueue<>();
    private final Queue<String> captured = new ConcurrentLinkedQueue<>();

    Member(Identity identity) {
      this.identity = identity;
      this.mesh =
          new MeshNode(
              loop,
              new MeshNode.Settings(
                  identity.nodeId(), identity.fingerprint(), RELAY, Clock.systemUTC()),
              this);
      port = await(PeerPort.open(List.of(loop), identity));
      await(mesh.join(port));
      members.add(this);
    }

    String id() {
      return identity.nodeId().value();
    }

    @Override
    public void happened(Fact fact) {
      facts.add(fact);
    }

    @Override
    public void trouble(String link, String remote, String reason) {}

    MeshPeer row(Member of) {
      return await(mesh.peers(Peers::rows)).stream()
          .filter(row -> row.node().equals(of.id()))
          .findFirst()
          .orElse(null);
    }

    void awaitUp(Member other) {
      Awaitility.await(other.id() + " up at " + id())
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(row(other))
                      .isNotNull()
                      .extracting(MeshPeer::state, MeshPeer::reason)
                      .containsExactly("up", ""));
    }

    void export(String name, ServiceProvider provider) {
      await(
          mesh.withPeers(
              peers -> {
                peers.export(name, Set.of(), ObjectKind.CHANNEL, provider);
                return Future.succeededFuture();
              }));
    }

    MeshChannel connect(Member to, String service) {
      return (MeshChannel)
          await(mesh.withPeers(peers -> peers.connect(to.id(), service, ObjectKind.CHANNEL)));
    }

    String ask(MeshChannel channel, String text) {
      return await(
          mesh.withPeers(
              peers -> {
                Promise<String> answer = Promise.promise();
                channel.handler(message -> answer.tryComplete(message.bytes().toString()));
                channel.onPeerClosed(why -> answer.tryFail("closed: " + why));
                return channel
                    .write(new ChannelMessage(Buffer.buffer(text), List.of()))
                    .compose(v -> answer.future());
              }));
    }
  }

  /** A transport at whose node all frames are kept that pass. */
  private record Tapped(Transport transport, Queue<String> captured) implements Transport {
    private void capture(ByteBuf frame) {
      captured.add(frame.toString(ISO_8859_1));
    }

    @Override
    public String kind() {
      return transport.kind();
    }

    @Override
    public String remote() {
      return transport.remote();
    }

    @Override
    public String seenFrom() {
      return transport.seenFrom();
    }

    @Override
    public Optional<NodeId> proven() {
      return transport.proven();
    }

    @Override
    public Loop loop() {
      return transport.loop();
    }

    @Override
    public void receive(Receiver receiver) {
      transport.receive(
          new Receiver() {
            @Override
            public void onFrame(ByteBuf frame) {
              capture(frame);
              receiver.onFrame(frame);
            }

            @Override
            public void onIdle() {
              receiver.onIdle();
            }

            @Override
            public void onClosed(String reason) {
              receiver.onClosed(reason);
            }
          });
    }

    @Override
    public void send(ByteBuf frame) {
      capture(frame);
      transport.send(frame);
    }

    @Override
    public void flush() {
      transport.flush();
    }

    @Override
    public void close(String reason) {
      transport.close(reason);
    }
  }

  private static <T> T await(Future<T> future) {
    return future.timeout(20, TimeUnit.SECONDS).toCompletionStage().toCompletableFuture().join();
  }

  @BeforeEach
  void issue() {
    ca = CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, Clock.systemUTC());
  }

  @AfterEach
  void close() {
    members.forEach(member -> await(member.mesh.close()));
    await(vertx.close());
  }

  private Member node() {
    return new Member(PeerPorts.identity(directory, ca, "n" + members.size()));
  }

  private Transport link(Member a, Member b) {
    return link(a, b, Impairment.none());
  }

  private Transport link(Member a, Member b, Impairment way) {
    MemoryTransport.Pair pair = MemoryTransport.on(Loop.of(vertx), Loop.of(vertx), way, way);
    a.mesh.accept(new Tapped(pair.a(), a.captured));
    b.mesh.accept(new Tapped(pair.b(), b.captured));
    return pair.a();
  }

  @Test
  void shouldBePeersThroughARelayThatSeesOnlyCiphertext() {
    Member a = node();
    Member relay = node();
    Member c = node();
    c.export("secret-name", ECHO);
    link(a, relay);
    link(relay, c);
    a.awaitUp(c);
    c.awaitUp(a);
    String secret = "the quick brown fox jumps over the lazy dog";

    MeshChannel channel = a.connect(c, "secret-name");
    assertThat(a.ask(channel, secret)).isEqualTo(secret);
    assertThat(a.mesh.send(c.id(), "in the clear".getBytes(ISO_8859_1))).isTrue();

    Awaitility.await("what is clear is seen")
        .atMost(SOON)
        .until(() -> relay.captured.stream().anyMatch(f -> f.contains("in the clear")));
    assertThat(relay.captured)
        .hasSizeGreaterThan(10)
        .noneMatch(frame -> frame.contains("quick brown"));
    // The relay is a peer too, and is told the names of services in its own connection.
    assertThat(relay.captured).noneMatch(frame -> frame.contains("secret-name"));
    assertThat(a.row(c))
        .extracting(MeshPeer::via, MeshPeer::streams)
        .containsExactly(relay.id(), 1);
    assertThat(a.row(relay).via()).isEqualTo(relay.id());
  }

  @Test
  void shouldGoOnOverAnotherLinkWithoutLosingAStream() {
    Member a = node();
    Member b = node();
    b.export("echo", ECHO);
    Transport first = link(a, b);
    a.awaitUp(b);
    MeshChannel channel = a.connect(b, "echo");

    first.close("unplugged");
    link(a, b);

    assertThat(a.ask(channel, "again")).isEqualTo("again");
    assertThat(a.facts).noneMatch(PeerDown.class::isInstance);
  }

  @Test
  void shouldSendAgainOverTheOtherLinkWhatASilentOneHasLost() {
    Member a = node();
    Member b = node();
    b.export("echo", ECHO);
    AtomicBoolean silent = new AtomicBoolean();
    link(a, b, Impairment.cut(silent::get));
    link(a, b, Impairment.delay(TimeUnit.MILLISECONDS.toNanos(50)));
    a.awaitUp(b);
    MeshChannel channel = a.connect(b, "echo");
    Awaitility.await("the faster link is taken")
        .atMost(SOON)
        .until(() -> await(a.mesh.routes()).get(0).rttMicros() < 20_000);
    assertThat(a.ask(channel, "hello")).isEqualTo("hello");

    long before = a.port.counters().repeated();
    silent.set(true);

    assertThat(a.ask(channel, "again")).isEqualTo("again");
    Awaitility.await("repeated").atMost(SOON).until(() -> a.port.counters().repeated() > before);
    assertThat(a.facts).noneMatch(PeerDown.class::isInstance);
  }

  @Test
  void shouldCloseWhatIsProxiedWhenANodeIsGoneAndRevive() {
    Member a = node();
    Member b = node();
    b.export("echo", ECHO);
    Transport first = link(a, b);
    a.awaitUp(b);
    b.awaitUp(a);
    MeshChannel channel = a.connect(b, "echo");
    AtomicReference<String> closed = new AtomicReference<>();
    await(
        a.mesh.withPeers(
            peers -> {
              channel.onPeerClosed(closed::set);
              return Future.succeededFuture();
            }));

    first.close("unplugged");

    Awaitility.await("PEER_CLOSED").atMost(SOON).until(() -> closed.get() != null);
    assertThat(a.facts).contains(new PeerDown(b.id(), "no route for 5 s"));

    link(a, b);
    a.awaitUp(b);
    assertThat(a.ask(a.connect(b, "echo"), "revived")).isEqualTo("revived");
  }

  @Test
  void shouldTakeANodeThatBeganAnewForTheSamePeer() {
    Member a = node();
    Member b = node();
    a.export("echo", ECHO);
    Transport first = link(a, b);
    a.awaitUp(b);
    b.awaitUp(a);

    // Crashed: it tells nobody.
    first.close("crashed");
    Member again = new Member(b.identity);
    again.export("other", ECHO);
    link(a, again);
    again.awaitUp(a);

    assertThat(again.ask(again.connect(a, "echo"), "hello")).isEqualTo("hello");
    Awaitility.await("a's own connection is made anew")
        .atMost(SOON)
        .ignoreExceptions()
        .until(() -> a.ask(a.connect(again, "other"), "hello").equals("hello"));
    assertThat(a.facts)
        .filteredOn(f -> f instanceof PeerUp || f instanceof PeerDown)
        .extracting(Object::getClass, Fact::subject)
        .containsExactly(
            tuple(PeerUp.class, b.id()),
            tuple(PeerDown.class, b.id()),
            tuple(PeerUp.class, b.id()));
  }

  @Test
  void shouldShowANodeThatSpeaksNoPeers() {
    Member a = node();
    MeshNode old =
        new MeshNode(
            Loop.of(vertx),
            new MeshNode.Settings(
                new NodeId("00000000000000aa"),
                "00000000000000aa".repeat(4),
                RELAY,
                Clock.systemUTC()),
            a);
    MemoryTransport.Pair pair =
        MemoryTransport.on(Loop.of(vertx), Loop.of(vertx), Impairment.none(), Impairment.none());
    a.mesh.accept(pair.a());
    old.accept(pair.b());

    Awaitility.await("reason")
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(await(a.mesh.peers(Peers::rows)))
                    .singleElement()
                    .satisfies(
                        row -> {
                          assertThat(row.state()).isEqualTo("down");
                          assertThat(row.reason()).contains("no answer within 5 s", "weft.peer/1");
                        }));
    await(old.close());
  }
}
