package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fact;
import dev.weft.config.MeshConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.kind.TcpKind;
import dev.weft.mesh.link.kind.UdpKind;
import dev.weft.mesh.peer.Peers;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.stream.ChannelMessage;
import dev.weft.mesh.stream.MeshChannel;
import dev.weft.mesh.stream.MeshObject;
import dev.weft.mesh.stream.MeshSocket;
import dev.weft.reach.PeerPort;
import dev.weft.reach.PeerPorts;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.ResourceLeakDetector;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes, linked by udp and tcp, of which every buffer is followed to its release. */
class MeshLeakTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int BYTES = 1 << 20;

  @TempDir Path directory;
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final Queue<String> leaks = new ConcurrentLinkedQueue<>();
  private final ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
  private CertificateAuthority ca;

  private final class Node implements MeshNode.Observer {
    private final Identity identity;
    private final Loop loop = Loop.of(vertx);
    private final UdpKind udp;
    private final TcpKind tcp;
    private final MeshNode mesh;

    Node(String name) {
      identity = PeerPorts.identity(directory, ca, name);
      udp = new UdpKind(vertx, List.of(Loop.of(vertx), Loop.of(vertx)), identity);
      tcp = new TcpKind(vertx, () -> Loop.of(vertx), identity);
      mesh =
          new MeshNode(
              loop,
              new MeshNode.Settings(
                  identity.nodeId(),
                  identity.fingerprint(),
                  new MeshConfig(List.of(), List.of(), true, 0, false),
                  Clock.systemUTC()),
              this);
      await(PeerPort.open(List.of(loop), identity).compose(mesh::join));
    }

    void link(LinkKind own, Node other, LinkKind its) {
      String at = await(its.listen("127.0.0.1:0", other.mesh::accept)).address();
      mesh.keep(
          own,
          new MeshConfig.Link(
              new MeshConfig.LinkAddress(
                  own.scheme(), at.substring((own.scheme() + "://").length())),
              Optional.empty(),
              Optional.empty(),
              0),
          false);
    }

    void echo() {
      await(
          mesh.withPeers(
              peers -> {
                peers.export("bytes", Set.of(), ObjectKind.STREAM_SOCKET, MeshLeakTest::echo);
                peers.export("messages", Set.of(), ObjectKind.CHANNEL, MeshLeakTest::echo);
                return Future.succeededFuture();
              }));
    }

    MeshObject connect(Node to, String service, ObjectKind kind) {
      return await(
          mesh.withPeers(peers -> peers.connect(to.identity.nodeId().value(), service, kind)));
    }

    /** Writes, and waits until so many bytes have come back. */
    void exchange(MeshSocket socket, int bytes, int awaited) {
      await(
          mesh.withPeers(
              peers -> {
                Promise<Void> back = Promise.promise();
                int[] left = {awaited};
                socket.handler(
                    part -> {
                      left[0] -= part.length();
                      if (left[0] <= 0) {
                        back.tryComplete();
                      }
                    });
                socket.exceptionHandler(back::tryFail);
                for (int sent = 0; sent < bytes; sent += 1 << 16) {
                  socket.write(Buffer.buffer(new byte[1 << 16]));
                }
                return back.future();
              }));
    }

    /** One end of a socket, whose other end has been to another node. */
    MeshSocket thereAndBack(MeshChannel echoing) {
      return await(
          mesh.withPeers(
              peers -> {
                MeshSocket.Ends ends = MeshSocket.streams();
                Promise<MeshSocket> back = Promise.promise();
                echoing.handler(
                    message -> {
                      MeshSocket end = (MeshSocket) message.objects().get(0);
                      var unused = end.pipeTo(end);
                      back.complete(ends.other());
                    });
                return echoing
                    .write(new ChannelMessage(Buffer.buffer(new byte[1000]), List.of(ends.one())))
                    .compose(v -> back.future());
              }));
    }

    void run(Runnable work) {
      await(
          mesh.withPeers(
              peers -> {
                work.run();
                return Future.succeededFuture();
              }));
    }

    void close() {
      await(mesh.close());
      await(udp.close());
    }

    @Override
    public void happened(Fact fact) {}

    @Override
    public void trouble(String link, String remote, String reason) {}
  }

  private static Future<Void> echo(String from, MeshObject end) {
    if (end instanceof MeshSocket socket) {
      var unused = socket.pipeTo(socket);
    } else {
      MeshChannel channel = (MeshChannel) end;
      channel.handler(channel::write);
    }
    return Future.succeededFuture();
  }

  private static <T> T await(Future<T> future) {
    return future
        .timeout(SOON.toSeconds(), TimeUnit.SECONDS)
        .toCompletionStage()
        .toCompletableFuture()
        .join();
  }

  @BeforeEach
  void watch() {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    ByteBufUtil.setLeakListener((type, records) -> leaks.add(records));
    // What tests before this one have lost.
    leakOf("before");
    leaks.clear();
    ca = CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, Clock.systemUTC());
  }

  @AfterEach
  void close() {
    await(vertx.close());
    ByteBufUtil.setLeakListener(null);
    ResourceLeakDetector.setLevel(level);
  }

  /** Loses a buffer, and waits until the detector says so: then it has said all there is. */
  private void leakOf(String hint) {
    ByteBufAllocator.DEFAULT.directBuffer(16).touch(hint);
    Awaitility.await("leak of " + hint)
        .atMost(SOON)
        .until(
            () -> {
              System.gc();
              ByteBufAllocator.DEFAULT.directBuffer(16).release();
              return leaks.stream().anyMatch(records -> records.contains(hint));
            });
  }

  @Test
  void shouldReleaseEveryBufferHoweverStreamsEnd() {
    Node near = new Node("near");
    Node relay = new Node("relay");
    Node far = new Node("far");
    far.echo();
    near.link(near.udp, relay, relay.udp);
    relay.link(relay.tcp, far, far.tcp);
    Awaitility.await("services of the far node")
        .atMost(SOON)
        .until(() -> await(near.mesh.peers(Peers::services)).size() == 2);

    MeshSocket whole = (MeshSocket) near.connect(far, "bytes", ObjectKind.STREAM_SOCKET);
    near.exchange(whole, BYTES, BYTES);
    near.run(whole::close);
    MeshSocket brokenOff = (MeshSocket) near.connect(far, "bytes", ObjectKind.STREAM_SOCKET);
    near.exchange(brokenOff, BYTES, BYTES / 4);
    near.run(brokenOff::close);
    MeshChannel channel = (MeshChannel) near.connect(far, "messages", ObjectKind.CHANNEL);
    near.exchange(near.thereAndBack(channel), 1 << 16, 1);
    near.mesh.send(far.identity.nodeId().value(), new byte[MeshNode.MAX_DATAGRAM]);
    MeshSocket cut = (MeshSocket) near.connect(far, "bytes", ObjectKind.STREAM_SOCKET);
    near.exchange(cut, BYTES, BYTES / 4);
    relay.close();
    near.close();
    far.close();
    await(vertx.close());

    // Two collections: what the first one finds is told by the second at the latest.
    leakOf("first canary");
    leakOf("second canary");
    assertThat(leaks).hasSize(2);
  }
}
