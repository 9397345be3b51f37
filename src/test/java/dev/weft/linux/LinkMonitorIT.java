package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Needs(Need.ROOT)
class LinkMonitorIT {
  private final BlockingQueue<LinkEvent> events = new LinkedBlockingQueue<>();
  @AutoClose final TestNetns node = TestNetns.create("node");
  @AutoClose final TestNetns pod = TestNetns.create("pod");
  private Netlink netlink;
  private LinkMonitor monitor;

  @BeforeEach
  void watch() throws Exception {
    try (Netns netns = node.open()) {
      netlink = Netlink.open(netns);
      monitor = LinkMonitor.open(netns, events::add);
    }
  }

  @AfterEach
  void close() {
    monitor.close();
    netlink.close();
  }

  @Test
  void shouldTellWhenAPodGoesWithItsNamespace() throws Exception {
    // Given
    Link end;
    try (Netns netns = pod.open()) {
      end =
          netlink.createVeth(
              new VethSpec("wft1", 1500, "", true, true, new VethSpec.Peer(netns, "eth1", 1500)));
    }
    awaitEvent(LinkEvent.Kind.CHANGED, end);

    // When
    pod.close();

    // Then
    awaitEvent(LinkEvent.Kind.DELETED, end);
  }

  @Test
  void shouldNotTakeALeftBridgeForADeletion() throws Exception {
    // Given
    VethSpec.Peer peer = new VethSpec.Peer(Optional.empty(), "p2", 1500, Optional.empty());
    Link port = netlink.createVeth(new VethSpec("p1", 1500, "", false, false, peer));
    Link bridge = netlink.createBridge("br0");
    netlink.setMaster(port.index(), bridge.index());
    netlink.setMaster(port.index(), 0);

    // When
    netlink.delete(bridge.index());

    // Then
    LinkEvent event;
    do {
      event = next();
      assertThat(event).isNotEqualTo(event(LinkEvent.Kind.DELETED, port));
    } while (!event.equals(event(LinkEvent.Kind.DELETED, bridge)));
  }

  @Test
  void shouldTellOfLinksInOtherNamespaces() throws Exception {
    BlockingQueue<Link> heard = new LinkedBlockingQueue<>();
    try (Netns here = node.open();
        Netns there = pod.open();
        Netlink inPod = Netlink.open(there);
        LinkMonitor all = LinkMonitor.openAll(here, link -> heard.add(link.orElseThrow()))) {
      netlink.identify(there);
      netlink.identify(there);
      Link bridge = inPod.createBridge("br0");

      inPod.setUp(bridge.index());
      inPod.setMtu(bridge.index(), 1400);

      Link link;
      do {
        link = heard.poll(10, TimeUnit.SECONDS);
        assertThat(link).as("a bridge that is up, with MTU 1400, within 10 s").isNotNull();
      } while (!(link.name().equals("br0") && link.up() && link.mtu() == 1400));
    }
  }

  @Test
  void shouldEndItsThreadWhenClosed() throws Exception {
    // When
    monitor.close();
    netlink.createBridge("br0");

    // Then
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .doesNotContain("links-" + node.name());
    assertThat(events).isEmpty();
  }

  private void awaitEvent(LinkEvent.Kind kind, Link link) throws InterruptedException {
    LinkEvent wanted = event(kind, link);
    LinkEvent event;
    do {
      event = next();
    } while (!event.equals(wanted));
  }

  private LinkEvent next() throws InterruptedException {
    LinkEvent event = events.poll(10, TimeUnit.SECONDS);
    assertThat(event).as("an event within 10 s").isNotNull();
    return event;
  }

  private static LinkEvent event(LinkEvent.Kind kind, Link link) {
    return new LinkEvent(kind, link.index(), link.name());
  }
}
