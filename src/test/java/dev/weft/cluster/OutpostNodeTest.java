package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.proto.Entry;
import dev.weft.cluster.proto.FollowRequest;
import dev.weft.cluster.proto.PublishRequest;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Outposts and their homes, in one JVM. */
@Timeout(60)
class OutpostNodeTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String PODS = "pods";
  private static final String NETS = "lease.subnets";

  private final MemoryMembers members = new MemoryMembers();
  private final Bus bus = new Bus(members.vertx, "test", new TestSigner("test"));

  @AfterEach
  void close() {
    members.close();
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private OutpostNode start(String id) throws Exception {
    OutpostNode outpost = members.outpost(id, Optional.empty());
    get(outpost.announce(bus, "name of " + id, "1", null, "http"));
    return outpost;
  }

  private static Set<String> nodes(OwnedTable table) {
    Set<String> nodes = new TreeSet<>();
    table.rows().forEach(row -> nodes.add(row.node()));
    return nodes;
  }

  private void awaitRows(OwnedTable table, String... nodes) {
    await().atMost(SOON).untilAsserted(() -> assertThat(nodes(table)).containsExactly(nodes));
  }

  @Test
  void shouldPublishWhatItWritesAndSeeWhatMembersWrite() throws Exception {
    OwnedTable at1 = members.member("n1").owned(PODS);
    OwnedTable at2 = members.member("n2").owned(PODS);
    OutpostNode outpost = start("o1");
    OwnedTable there = outpost.owned(PODS);

    get(there.put("p1", "\"pod of o1\""));
    get(at2.put("p2", "\"pod of n2\""));

    awaitRows(at1, "n2", "o1");
    awaitRows(at2, "n2", "o1");
    awaitRows(there, "n2", "o1");
    await()
        .atMost(SOON)
        .until(() -> outpost.member("o1").filter(me -> me.home().equals("n1")).isPresent());
  }

  @Test
  void shouldGoOnWithAnotherHome() throws Exception {
    members.member("n1").owned(PODS);
    OwnedTable at2 = members.member("n2").owned(PODS);
    OutpostNode outpost = start("o1");
    get(outpost.owned(PODS).put("p1", "\"before\""));
    awaitRows(at2, "o1");

    members.cut.add("n1");
    get(outpost.owned(PODS).put("p1", "\"after\""));

    await()
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(at2.rows())
                    .extracting(OwnedTable.Row::json)
                    .containsExactly("\"after\""));
    assertThat(members.member("n2").home.hosts("o1")).isTrue();
  }

  @Test
  void shouldGiveALeaseToOneOfTwo() throws Exception {
    members.member("n1").leases(NETS);
    members.member("n2").leases(NETS);
    OutpostNode one = start("o1");
    members.cut.add("n1");
    OutpostNode two = start("o2");
    members.cut.clear();
    Leases at1 = one.leases("subnets");
    Leases at2 = two.leases("subnets");
    await().atMost(SOON).until(() -> at1.refusal().isEmpty() && at2.refusal().isEmpty());

    boolean first = get(at1.claim("10.42.0.0/24", "o1", other -> false));
    boolean second = get(at2.claim("10.42.0.0/24", "o2", other -> false));

    assertThat(List.of(first, second)).containsExactly(true, false);
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(at2.all()).extracting(Leases.Lease::holder).containsExactly("o1"));
  }

  @Test
  void shouldGiveNoLeaseWithoutAHome() throws Exception {
    OutpostNode outpost = start("o1");
    Leases leases = outpost.leases("subnets");

    await().atMost(SOON).until(() -> leases.refusal().orElse("").startsWith("no home: "));
    Future<Boolean> claim = leases.claim("10.42.0.0/24", "o1", other -> false);

    assertThat(faultOf(claim)).isEqualTo(Fault.UNAVAILABLE);
  }

  @Test
  void shouldGiveLeasesItselfWhereAllNodesAreAlone() throws Exception {
    members.member("n1").notHome = Optional.of("it is alone");
    OutpostNode outpost = members.outpost("o1", Optional.of(Duration.ofMillis(200)));
    Leases leases = outpost.leases("subnets");
    get(outpost.announce(bus, "o1", "1", null, "http"));

    await().atMost(SOON).until(() -> leases.refusal().isEmpty());

    assertThat(get(leases.claim("10.42.0.0/24", "o1", other -> false))).isTrue();
  }

  private static Fault faultOf(Future<?> future) throws Exception {
    try {
      Object unused = get(future);
      throw new AssertionError("did not fail");
    } catch (ExecutionException e) {
      return WeftException.of(e.getCause()).fault();
    }
  }

  private static Entry entry(String writer, String table, String key) {
    Envelope envelope =
        Envelope.sign(new TestSigner(writer), table, key, writer, 1, 1, 1, "\"forged\"");
    return Entry.newBuilder()
        .setTable(table)
        .setKey(key)
        .setJson(ReplicatedTable.text(envelope))
        .build();
  }

  @Test
  void shouldNotPublishWhatIsNotTheOutpostsOwn() throws Exception {
    MemoryMembers.MemoryMember home = members.member("n1");
    OwnedTable pods = home.owned(PODS);
    home.claims();
    assertThat(get(home.home.follow("o1", FollowRequest.newBuilder().setRun(1).build())).getRun())
        .isNotZero();

    List<String> refused =
        get(home.home.publish(
                "o1",
                PublishRequest.newBuilder()
                    .addEntries(entry("o2", PODS, "o2/p"))
                    .addEntries(entry("o1", PODS, "n1/p"))
                    .addEntries(entry("o1", ClusterNode.OUTPOSTS, "o1/o9"))
                    .addEntries(entry("o1", "nothing", "o1/p"))
                    .addEntries(Entry.newBuilder().setTable(PODS).setKey("o1/p").setJson("{}"))
                    .build()))
            .getRefusedList();

    assertThat(refused).hasSize(5);
    assertThat(pods.rows()).isEmpty();
  }

  @Test
  void shouldNotServeWhoDoesNotFollow() {
    Home home = members.member("n1").home;

    Future<?> publishing = home.publish("o1", PublishRequest.getDefaultInstance());

    await().atMost(SOON).until(publishing::isComplete);
    assertThat(WeftException.of(publishing.cause()).fault()).isEqualTo(Fault.PRECONDITION);
  }

  @Test
  void shouldRefuseASecondNodeWithTheKeyOfAnOutpost() throws Exception {
    Home home = members.member("n1").home;
    FollowRequest first = FollowRequest.newBuilder().setEpoch(3).setRun(1).build();
    get(home.follow("o1", first));

    Future<?> twin = home.follow("o1", first.toBuilder().setRun(2).build());
    Future<?> later = home.follow("o1", first.toBuilder().setRun(3).setEpoch(4).build());

    assertThat(faultOf(twin)).isEqualTo(Fault.CONFLICT);
    assertThat(get(later)).isNotNull();
  }

  @Test
  void shouldServeFiftyOutposts() throws Exception {
    OwnedTable at1 = members.member("n1").owned(PODS);
    List<OwnedTable> tables = new ArrayList<>();
    String[] ids = new String[50];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = "o%02d".formatted(i);
      OwnedTable table = start(ids[i]).owned(PODS);
      tables.add(table);
      get(table.put("p", "\"pod\""));
    }

    awaitRows(at1, ids);
    for (OwnedTable table : tables) {
      awaitRows(table, ids);
    }
  }
}
