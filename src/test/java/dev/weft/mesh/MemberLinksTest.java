package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.CommonTable;
import dev.weft.cluster.Member;
import dev.weft.cluster.OwnedTable;
import dev.weft.config.MeshConfig;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.Impairment;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.MemoryTransport;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A node that can dial nobody, in a cluster of one other member. */
class MemberLinksTest {
  private static final String SELF = "0000000000000001";
  private static final String OTHER = "0000000000000002";
  private static final Duration SOON = Duration.ofSeconds(10);

  private final Vertx vertx = Vertx.vertx();
  private final Loop loop = Loop.of(vertx);
  private final List<OwnedTable.Row> rows = new CopyOnWriteArrayList<>();
  private final Map<String, String> troubles = new ConcurrentHashMap<>();
  private final Queue<String> dialled = new ConcurrentLinkedQueue<>();
  private final MeshNode mesh = node(SELF);
  private final MemberLinks members = new MemberLinks(new OneTable(), mesh, new Deaf());

  private MeshNode node(String id) {
    return new MeshNode(
        loop,
        new MeshNode.Settings(
            new NodeId(id),
            id.repeat(4),
            new MeshConfig(List.of(), List.of(), true, 0, false),
            Clock.systemUTC()),
        new Troubles());
  }

  private final class Troubles implements MeshNode.Observer {
    @Override
    public void happened(Fact fact) {}

    @Override
    public void trouble(String link, String remote, String reason) {
      if (reason.isEmpty()) {
        troubles.remove(link);
      } else {
        troubles.put(link, reason);
      }
    }
  }

  /** Nobody answers. */
  private final class Deaf implements LinkKind {
    @Override
    public String scheme() {
      return "udp";
    }

    @Override
    public Future<Transport> dial(MeshConfig.Link link) {
      dialled.add(link.to().rest());
      return Future.failedFuture(Fault.UNAVAILABLE.because("nobody answers"));
    }

    @Override
    public Future<Listening> listen(String address, Consumer<Transport> accepted) {
      throw new UnsupportedOperationException();
    }
  }

  private final class OneTable implements Cluster, OwnedTable {
    @Override
    public String self() {
      return SELF;
    }

    @Override
    public List<Member> members() {
      return List.of();
    }

    @Override
    public Optional<Member> member(String id) {
      return Optional.empty();
    }

    @Override
    public OwnedTable owned(String name) {
      return this;
    }

    @Override
    public CommonTable common(String name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Future<Void> put(String key, String json) {
      return Future.succeededFuture();
    }

    @Override
    public Future<Void> remove(String key) {
      return Future.succeededFuture();
    }

    @Override
    public List<Row> rows() {
      return rows;
    }

    @Override
    public void onChange(Runnable listener) {
      throw new UnsupportedOperationException();
    }
  }

  private void listens(String udp) {
    rows.clear();
    rows.add(
        new OwnedTable.Row(OTHER, "udp", "{\"node\":\"%s\",\"udp\":%s}".formatted(OTHER, udp)));
  }

  private void check() {
    await(
        loop.call(
            () -> {
              members.check(System.nanoTime());
              return Future.succeededFuture();
            }));
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  @AfterEach
  void close() {
    await(mesh.close());
    await(vertx.close());
  }

  @Test
  void shouldDialNoMoreOnceTheMemberHasDialled() {
    await(members.announce("10.0.0.1:7654"));
    listens("\"10.0.0.2:7654\"");
    check();
    Awaitility.await("trouble").atMost(SOON).until(() -> !troubles.isEmpty());
    MemoryTransport.Pair pair =
        MemoryTransport.on(loop, loop, Impairment.none(), Impairment.none());
    MeshNode other = node(OTHER);
    mesh.accept(pair.a());
    other.accept(pair.b());
    await(mesh.awaitRoute(OTHER));

    check();

    assertThat(await(mesh.links())).extracting(MeshLink::origin).containsExactly("accepted");
    assertThat(troubles).isEmpty();
    await(other.close());
  }

  @Test
  void shouldNotDialWhereAMemberCannotBe() {
    await(members.announce("10.0.0.1:7654"));
    for (String udp : List.of("null", "\"10.0.0.2:0\"", "\"10.0.0.2\"", "\"127.0.0.1:7654\"")) {
      listens(udp);
      check();
    }

    assertThat(await(mesh.links())).isEmpty();
    assertThat(dialled).isEmpty();
  }

  @Test
  void shouldDialAMemberOnTheSameHost() {
    await(members.announce("127.0.0.1:7654"));
    listens("\"127.0.0.2:7654\"");

    check();

    Awaitility.await("dialled").atMost(SOON).until(() -> dialled.contains("127.0.0.2:7654"));
  }
}
