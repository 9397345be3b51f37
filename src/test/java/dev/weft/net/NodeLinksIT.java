package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.Netns;
import dev.weft.linux.VethSpec;
import dev.weft.linux.VxlanSpec;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

@Needs({Need.ROOT, Need.IPROUTE2})
class NodeLinksIT {
  private static final String NODE = "0123456789abcdef";
  private static final String MAC = "02:00:00:00:00:07";

  @AutoClose final TestNetns host = TestNetns.create("host");
  @AutoClose final TestNetns podNetns = TestNetns.create("pod");
  @AutoClose final OpenNetns node = OpenNetns.open(host.name());
  @AutoClose final OpenNetns pod = OpenNetns.open(podNetns.name());
  private final LinkOwnership wires = LinkOwnership.of(NODE, "wire");
  private final LinkEnd here = LinkEnd.ofNode(node, "w1", 65535).withoutArp();
  private final LinkEnd there =
      LinkEnd.ofPod(pod, "eth1", 1400, "pod default/r1")
          .withMac(MAC)
          .withAddress(Optional.of(Cidr.parse("10.9.0.1/24")));
  private final Vxlans vxlans = new Vxlans();
  private Vertx vertx;

  NodeLinksIT() throws Exception {}

  @AfterEach
  void close() throws Exception {
    if (vertx != null) {
      vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private VxlanSpec tunnel(int vni) throws Exception {
    return new VxlanSpec(
        "ignored",
        vni,
        IpAddress.parse("192.0.2.1"),
        Optional.of(IpAddress.parse("192.0.2.2")),
        Vxlans.PORT,
        0,
        false,
        1400);
  }

  // Namespaces

  @Test
  void shouldKnowANamespaceByAnIdentityThatNoOtherGets() throws Exception {
    // Given a name whose namespace is replaced, so that the kernel may give its inode again
    TestNetns first = TestNetns.create("same");
    long identity = Namespaces.identity(first.name());
    OpenNetns.open(first.name(), identity).close();

    // When
    first.close();
    Netns.create(first.name());

    // Then
    try {
      assertThatThrownBy(() -> OpenNetns.open(first.name(), identity))
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.PRECONDITION))
          .hasMessageContaining(first.name() + " is another namespace by now");
    } finally {
      first.close();
    }
  }

  @Test
  void shouldGiveTheSameIdentityHoweverANamespaceIsNamed() throws Exception {
    assertThat(Namespaces.identity(host.name()))
        .isEqualTo(Namespaces.identity("/run/netns/" + host.name()))
        .isEqualTo(node.identity())
        .isEqualTo(node.netns().cookie())
        .isNotEqualTo(pod.identity());
  }

  // Ownership

  @Test
  void shouldSweepWhatItOwnsAndNobodyKeeps() throws Exception {
    // Given
    VethPair.create(wires.alias("mine"), here, there);
    VethPair.create(wires.alias("kept"), end("w2"), podEnd("eth2"));
    VethPair.create(LinkOwnership.of(NODE, "nsm").alias("mine"), end("w3"), podEnd("eth3"));

    // When
    wires.sweep(node.netlink(), Set.of("kept"));

    // Then
    assertThat(node.netlink().links())
        .extracting(Link::name)
        .containsExactlyInAnyOrder("lo", "w2", "w3");
  }

  // Veth pairs

  @Test
  void shouldMakeAPairWithBothEndsUpAndMarked() throws Exception {
    // When
    Link link = VethPair.ensure(wires, "1", here, there);

    // Then
    Link other = pod.netlink().require("eth1");
    assertThat(link.alias()).isEqualTo("weft:" + NODE + ":wire:1").isEqualTo(other.alias());
    assertThat(link.up() && other.up()).isTrue();
    assertThat(link.noArp()).isTrue();
    assertThat(other.noArp()).isFalse();
    assertThat(other.mac()).isEqualTo(MAC);
    assertThat(List.of(link.mtu(), other.mtu())).containsExactly(65535, 1400);
    assertThat(podNetns.run("ip", "-4", "addr", "show", "eth1")).contains("10.9.0.1/24");
  }

  @Test
  void shouldAdoptAPairThatFitsAndCorrectIt() throws Exception {
    // Given
    Link made = VethPair.ensure(wires, "1", here, there);
    podNetns.run("ip", "link", "set", "eth1", "down", "mtu", "1300");

    // When
    Link adopted = VethPair.ensure(wires, "1", here, there);

    // Then
    assertThat(adopted.index()).isEqualTo(made.index());
    assertThat(pod.netlink().require("eth1").up()).isTrue();
    assertThat(pod.netlink().require("eth1").mtu()).isEqualTo(1400);
  }

  @Test
  void shouldReplaceALeftoverOfItsOwnOnly() throws Exception {
    // Given a pair of another wire, and one that was cut short before it had a mark
    VethPair.ensure(wires, "former", end("w9"), there);
    node.netlink().createVeth(new VethSpec("w1", 1500, "", false, false, peer("half")));

    // When
    VethPair.ensure(wires, "1", here, there);

    // Then
    assertThat(node.netlink().links()).extracting(Link::name).containsOnly("lo", "w1");
    assertThat(pod.netlink().links()).extracting(Link::name).containsOnly("lo", "eth1");

    // When somebody else has the name
    podNetns.run("ip", "link", "set", "eth1", "alias", "theirs");

    // Then
    assertThatThrownBy(() -> VethPair.ensure(wires, "2", end("w2"), there))
        .hasMessage(
            "interface eth1 in pod default/r1 is there already, a veth"
                + " that Weft did not make (expected: a free name)");
    assertThat(pod.netlink().require("eth1").alias()).isEqualTo("theirs");
  }

  @Test
  void shouldLeaveNoHalfOfAPairThatCannotBeFinished() throws Exception {
    // Given an address that the pod's end cannot have: IPv6 is off with this MTU
    LinkEnd bad = podEnd("eth1", 1000).withAddress(Optional.of(Cidr.parse("fd00::1/64")));

    // Then
    assertThatThrownBy(() -> VethPair.ensure(wires, "1", here, bad)).isNotNull();
    assertThat(node.netlink().links()).extracting(Link::name).containsOnly("lo");
    assertThat(pod.netlink().links()).extracting(Link::name).containsOnly("lo");
  }

  // VXLANs

  @Test
  void shouldMakeAVxlanOnTheHostAndMoveItIntoThePod() throws Exception {
    // When
    Link made = vxlans.create(node.netlink(), there, tunnel(5007), wires.alias("1"));

    // Then
    assertThat(node.netlink().links()).extracting(Link::name).containsOnly("lo");
    assertThat(made.name()).isEqualTo("eth1");
    assertThat(Vxlans.fits(made, tunnel(5007))).isTrue();
    assertThat(Vxlans.fits(made, tunnel(5008))).isFalse();
    assertThat(pod.netlink().require("eth1").mac()).isEqualTo(MAC);
    assertThat(pod.netlink().require("eth1").up()).isTrue();
    assertThat(podNetns.run("ip", "-4", "addr", "show", "eth1")).contains("10.9.0.1/24");
  }

  @Test
  void shouldNameWhoHasAVniThatIsAskedForTwice() throws Exception {
    // Given a device in a pod, where the host does not see it
    vxlans.create(node.netlink(), there, tunnel(5007), wires.alias("1"));
    host.run("ip link add flannel.1 type vxlan id 7 dstport 4789 local 192.0.2.9".split(" ", -1));

    // Then
    assertThatThrownBy(
            () -> vxlans.create(node.netlink(), podEnd("eth2"), tunnel(5007), "weft:x:nsm:2"))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.CONFLICT))
        .hasMessage(
            "vni: 5007 is in use by weft:0123456789abcdef:wire:1 (expected: one that is free"
                + " here)");
    assertThatThrownBy(
            () -> vxlans.create(node.netlink(), podEnd("eth2"), tunnel(7), "weft:x:nsm:2"))
        .hasMessage("vni: 7 is in use by interface flannel.1 (expected: one that is free here)");
    assertThat(node.netlink().links())
        .extracting(Link::name)
        .containsExactlyInAnyOrder("lo", "flannel.1");
  }

  @Test
  void shouldReplaceADeviceThatAKilledProcessLeftOnTheHost() throws Exception {
    // Given
    host.run("ip", "link", "add", "wv5007", "type", "vxlan", "id", "5007", "dstport", "4789");

    // When
    vxlans.create(node.netlink(), there, tunnel(5007), wires.alias("1"));

    // Then
    assertThat(node.netlink().links()).extracting(Link::name).containsOnly("lo");
    assertThat(pod.netlink().require("eth1").kind()).isEqualTo("vxlan");
  }

  @Test
  void shouldForgetTheVniOfADeviceThatCannotBeFinished() throws Exception {
    // Given an address that the pod's end cannot have: IPv6 is off with this MTU
    LinkEnd bad = podEnd("eth1", 1000).withAddress(Optional.of(Cidr.parse("fd00::1/64")));

    // When
    assertThatThrownBy(() -> vxlans.create(node.netlink(), bad, tunnel(5007), wires.alias("1")))
        .isNotNull();

    // Then
    assertThat(pod.netlink().links()).extracting(Link::name).containsOnly("lo");
    assertThat(vxlans.pick(new Random(1), 5007, 5007)).isEqualTo(5007);
  }

  @Test
  void shouldPickAVniThatNobodyIsKnownToHave() {
    vxlans.adopt(10, "a");
    vxlans.adopt(12, "b");
    vxlans.adopt(11, "c");
    vxlans.release(12, "another");
    vxlans.release(11, "c");

    assertThat(vxlans.pick(new Random(1), 10, 12)).isEqualTo(11);
  }

  // The thread

  @Test
  void shouldRemoveManyLinksTogetherWhereverTheirEndsAre() throws Exception {
    // Given pairs of which some are only found by their other end
    vertx = Vertx.vertx();
    NodeLinks links = NodeLinks.start(vertx, NODE);
    for (int i = 0; i < 20; i++) {
      VethPair.create(wires.alias("" + i), end("w" + i), podEnd("eth" + i));
    }
    host.run("ip", "link", "set", "w3", "name", "elsewhere");

    // When
    List<Future<Void>> removed = new ArrayList<>();
    for (int i = 0; i < 22; i++) {
      removed.add(
          links
              .thread()
              .remove(
                  wires.alias("" + i),
                  List.of(
                      new LinkThread.Place(host.name(), "w" + i),
                      new LinkThread.Place("no-such-namespace", "eth" + i),
                      new LinkThread.Place(podNetns.name(), "eth" + i))));
    }
    await(Future.all(removed));

    // Then
    assertThat(node.netlink().links()).extracting(Link::name).containsOnly("lo");
  }

  @Test
  void shouldLeaveALinkWithAnotherAliasWhereItIs() throws Exception {
    vertx = Vertx.vertx();
    VethPair.ensure(wires, "1", here, there);

    await(
        NodeLinks.start(vertx, NODE)
            .thread()
            .remove(wires.alias("2"), List.of(new LinkThread.Place(host.name(), "w1"))));

    assertThat(node.netlink().link("w1")).isPresent();
  }

  @Test
  void shouldAnswerEachCallerOfARemovalOnItsOwnEventLoop() throws Exception {
    // Given
    vertx = Vertx.vertx();
    LinkThread thread = NodeLinks.start(vertx, NODE).thread();
    CompletableFuture<Void> hold = new CompletableFuture<>();
    thread.change(at -> hold.join());

    // When two event loops wait for removals that are done together
    Future<Boolean> one = isAnsweredOnItsOwnLoop(thread);
    Future<Boolean> two = isAnsweredOnItsOwnLoop(thread);
    hold.complete(null);

    // Then
    assertThat(await(one)).isTrue();
    assertThat(await(two)).isTrue();
  }

  private Future<Boolean> isAnsweredOnItsOwnLoop(LinkThread thread) throws Exception {
    Promise<Boolean> answered = Promise.promise();
    Deployable caller =
        context -> {
          Context own = Vertx.currentContext();
          thread
              .remove(wires.alias("1"), List.of())
              .onComplete(done -> answered.complete(Vertx.currentContext() == own));
          return Future.succeededFuture();
        };
    await(vertx.deployVerticle(caller));
    return answered.future();
  }

  @Test
  void shouldAnswerARemovalWhateverBecomesOfTheOthers() throws Exception {
    // Given a removal that throws something unexpected
    vertx = Vertx.vertx();
    LinkThread thread = NodeLinks.start(vertx, NODE).thread();
    CompletableFuture<Void> hold = new CompletableFuture<>();
    thread.change(at -> hold.join());
    Future<Void> broken =
        thread.remove(wires.alias("1"), List.of(new LinkThread.Place("/no\0path", "w1")));

    // When
    Future<Void> other =
        thread.remove(wires.alias("2"), List.of(new LinkThread.Place(host.name(), "w2")));
    hold.complete(null);

    // Then
    await(other);
    assertThatThrownBy(() -> await(broken)).isNotNull();
  }

  @Test
  void shouldShareNamespacesAmongWaitingChangesAndCloseThemAfter() throws Exception {
    // Given
    vertx = Vertx.vertx();
    LinkThread thread = NodeLinks.start(vertx, NODE).thread();
    List<Future<OpenNetns>> seen = new ArrayList<>();

    // When
    for (int i = 0; i < 50; i++) {
      seen.add(thread.change(at -> at.at(host.name(), node.identity())));
    }
    await(Future.all(seen));

    // Then
    assertThat(seen.stream().map(Future::result).distinct().count()).isLessThan(10);
    assertThatThrownBy(() -> seen.get(49).result().netlink().links()).isNotNull();
    assertThat(thread.isBusy()).isFalse();
    assertThatThrownBy(() -> await(thread.change(at -> at.at(host.name(), 1))))
        .hasMessageContaining("is another namespace by now");
  }

  private LinkEnd end(String name) {
    return LinkEnd.ofNode(node, name, 1500);
  }

  private LinkEnd podEnd(String name) {
    return podEnd(name, 1500);
  }

  private LinkEnd podEnd(String name, int mtu) {
    return LinkEnd.ofPod(pod, name, mtu, "pod default/r1");
  }

  private VethSpec.Peer peer(String name) {
    return new VethSpec.Peer(pod.netns(), name, 1500);
  }
}
