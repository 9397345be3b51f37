package dev.weft.proxy.track;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.HostPort;
import dev.weft.bus.Fact;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Remote;
import dev.weft.testkit.MemoryStore;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TrackerTest {
  private static final HostPort AT = new HostPort("203.0.113.7", 7654);
  private static final NodeId NODE = new NodeId("0123456789abcdef");

  private final MemoryStore store = new MemoryStore();
  private final List<Fact> facts = new ArrayList<>();
  private final Tracker tracker = tracker();

  private Tracker tracker() {
    return new Tracker("forward", new TrackStore(store, "forward"), facts::add);
  }

  private static WantedConnection nat(HostPort at) {
    return new WantedConnection(
        new Remote(at, Optional.empty(), true, Duration.ofSeconds(20)), "quic");
  }

  private Tracked added() {
    return tracker.add(nat(AT), t -> {}).result();
  }

  private TrackedRow row() {
    return tracker.rows().get(0);
  }

  @Test
  void shouldGoThroughTheStatesOfAConnection() {
    Tracked tracked = added();
    assertThat(row().state()).isEqualTo("new");
    Future<Void> standing = tracked.standing();

    tracker.trying(AT);
    assertThat(row().state()).isEqualTo("punching");
    assertThat(standing.isComplete()).isFalse();

    tracker.reached(AT, Optional.of(NODE), "punched");
    assertThat(row())
        .matches(r -> r.state().equals("established") && r.peer().equals(NODE.value()))
        .matches(r -> r.path().equals("punched") && r.reason() == null);
    assertThat(standing.succeeded()).isTrue();

    List<String> broken = new ArrayList<>();
    TrackedStream one = broken::add;
    TrackedStream two = reason -> broken.add("two: " + reason);
    tracked.opened(one);
    tracked.opened(two);
    assertThat(row()).matches(r -> r.state().equals("composed") && r.streams() == 2);
    tracked.ended(one);
    tracked.ended(one);
    assertThat(row().streams()).isEqualTo(1);

    tracker.lost(AT, "silent for 4 s");
    assertThat(row()).matches(r -> r.state().equals("lost") && r.reason().equals("silent for 4 s"));
    assertThat(broken).containsExactly("two: silent for 4 s");
    assertThat(tracked.standing().isComplete()).isFalse();
    assertThat(facts)
        .containsExactly(
            new ProxyConnectionAdded("forward", AT.toString(), "nat", "quic"),
            new ProxyConnectionUp("forward", AT.toString(), NODE.value(), "punched", null),
            new ProxyConnectionLost("forward", AT.toString(), "silent for 4 s", 1));
  }

  @Test
  void shouldKeepStreamsWhenThePathChanges() {
    Tracked tracked = added();
    tracker.reached(AT, Optional.of(NODE), "via relay n3");
    List<String> broken = new ArrayList<>();
    tracked.opened(broken::add);
    facts.clear();

    tracker.reached(AT, Optional.of(NODE), "punched");
    tracker.reached(AT, Optional.of(NODE), "punched");

    assertThat(row()).matches(r -> r.state().equals("composed") && r.path().equals("punched"));
    assertThat(broken).isEmpty();
    assertThat(facts)
        .containsExactly(
            new ProxyConnectionUp(
                "forward", AT.toString(), NODE.value(), "punched", "via relay n3"));
  }

  @Test
  void shouldTellOnceForWhichReasonAConnectionIsLost() {
    added();
    tracker.trying(AT);
    tracker.lost(AT, "no answer");
    tracker.lost(AT, "no answer");
    tracker.trying(AT);
    tracker.lost(AT, "no answer");
    assertThat(facts).hasSize(2);

    tracker.trying(AT);
    tracker.lost(AT, "node b answers");

    assertThat(facts)
        .endsWith(new ProxyConnectionLost("forward", AT.toString(), "node b answers", 0));
    assertThat(row().reason()).isEqualTo("node b answers");
  }

  @Test
  void shouldRefuseStreamsOverWhatDoesNotStand() {
    Tracked tracked = added();

    assertThatThrownBy(() -> tracked.opened(reason -> {})).hasMessage(AT + ": new");
  }

  @Test
  void shouldTakeTheSameAgainAndRefuseAnother() {
    Tracked first = added();

    assertThat(tracker.add(nat(AT), t -> {}).result()).isSameAs(first);
    assertThatThrownBy(() -> tracker.add(new WantedConnection(nat(AT).remote(), "utp"), t -> {}))
        .hasMessageContaining("added with other settings already");
  }

  @Test
  void shouldResetStreamsAndForgetWhatIsRemoved() {
    Tracked tracked = added();
    tracker.reached(AT, Optional.of(NODE), "direct");
    List<String> broken = new ArrayList<>();
    tracked.opened(broken::add);

    tracker.remove(AT);

    assertThat(broken).containsExactly("the connection was removed");
    assertThat(tracker.rows()).isEmpty();
    assertThat(tracked.state()).isEqualTo(new TrackState.Removed());
    assertThat(tracked.standing().failed()).isTrue();
    assertThatThrownBy(() -> tracker.remove(AT)).hasMessageContaining("not of the forward proxy");
  }

  @Test
  void shouldKeepOverRestartsWhatWasAddedAndNotWhatIsConfigured() {
    HostPort other = new HostPort("server.example", 1);
    added();

    Tracker next = tracker();
    next.open(List.of(nat(other)));

    assertThat(next.rows())
        .extracting(r -> r.at() + " " + r.origin())
        .containsExactly(other + " configured", AT + " created");
    assertThat(next.find(AT).orElseThrow().wanted()).isEqualTo(nat(AT));
    assertThatThrownBy(() -> next.remove(other)).hasMessageContaining("is of the configuration");
    next.remove(AT);
    Tracker last = tracker();
    last.open(List.of());
    assertThat(last.rows()).isEmpty();
  }

  @Test
  void shouldFindWhatLeadsToANodeBestWhatStands() {
    HostPort other = new HostPort("10.0.0.1", 1);
    tracker.add(
        new WantedConnection(
            new Remote(AT, Optional.of(NODE), true, Duration.ofSeconds(1)), "quic"),
        t -> {});
    tracker.add(nat(other), t -> {});
    assertThat(tracker.find(NODE).orElseThrow().wanted().remote().at()).isEqualTo(AT);

    tracker.reached(other, Optional.of(NODE), "direct");

    assertThat(tracker.find(NODE).orElseThrow().wanted().remote().at()).isEqualTo(other);
  }

  @Test
  void shouldHoldABoundedNumber() {
    for (int i = 1; i <= Tracker.MOST; i++) {
      tracker.add(nat(new HostPort("10.0.0.1", i)), t -> {});
    }

    assertThatThrownBy(() -> tracker.add(nat(AT), t -> {})).hasMessageContaining("at most 1000");
  }

  /** Whatever comes in whatever order: streams are open only while the connection stands. */
  @Property(tries = 300)
  void shouldHaveStreamsOnlyWhileItStands(
      @ForAll @Size(max = 30) List<@IntRange(max = 6) Integer> events) {
    Tracker one = new Tracker("forward", new TrackStore(new MemoryStore(), "forward"), f -> {});
    Tracked tracked = one.add(nat(AT), t -> {}).result();
    List<TrackedStream> open = new ArrayList<>();
    for (int event : events) {
      switch (event) {
        case 0 -> one.trying(AT);
        case 1 -> one.reached(AT, Optional.of(NODE), "direct");
        case 2 -> one.lost(AT, "gone");
        case 3 -> one.stopped();
        case 4 -> {
          if (!open.isEmpty()) {
            tracked.ended(open.remove(0));
          }
        }
        default -> {
          if (tracked.state().standing()) {
            TrackedStream stream = new OneOf(open);
            open.add(stream);
            tracked.opened(stream);
          }
        }
      }
      assertThat(tracked.row().streams()).isEqualTo(open.size());
      assertThat(tracked.state().word().equals("composed")).isEqualTo(!open.isEmpty());
    }
  }

  private record OneOf(List<TrackedStream> open, Object self) implements TrackedStream {
    OneOf(List<TrackedStream> open) {
      this(open, new Object());
    }

    @Override
    public void breakOff(String reason) {
      open.removeIf(o -> o instanceof OneOf other && other.self == self);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof OneOf one && one.self == self;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(self);
    }
  }
}
