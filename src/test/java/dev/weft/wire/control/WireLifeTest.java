package dev.weft.wire.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fault;
import dev.weft.wire.WireState;
import dev.weft.wire.control.WireLife.Absent;
import dev.weft.wire.control.WireLife.Action;
import dev.weft.wire.control.WireLife.Carrying;
import dev.weft.wire.control.WireLife.Change;
import dev.weft.wire.control.WireLife.Joined;
import dev.weft.wire.control.WireLife.Linked;
import dev.weft.wire.control.WireLife.PeerEnd;
import dev.weft.wire.control.WireLife.Report;
import dev.weft.wire.control.WireLife.Standing;
import dev.weft.wire.control.WireLife.Stopped;
import dev.weft.wire.path.PacketWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Ends are called e1, e2, streams s1, s2; peers' interface ids are 1 and 2. */
class WireLifeTest {
  private static final Report ASKING = new Report(WireState.JOINING, "asking");
  private static final PeerEnd PEER = peer(1);

  /** An event with its name, as a failed property shows it. */
  private record Event(
      String name, Function<WireLife<String, String>, Change<String, String>> event) {
    Change<String, String> on(WireLife<String, String> life) {
      return event.apply(life);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static PeerEnd peer(long id) {
    return new PeerEnd(id, PacketWriter.Peer.PLAIN);
  }

  @Provide
  Arbitrary<List<Event>> histories() {
    Arbitrary<String> end = Arbitraries.of("e1", "e2");
    Arbitrary<String> stream = Arbitraries.of("s1", "s2");
    Arbitrary<Long> id = Arbitraries.of(1L, 2L);
    return Arbitraries.oneOf(
            end.map(e -> new Event("made " + e, life -> life.made(e, ASKING))),
            end.map(e -> new Event("lost " + e, life -> life.lost(e, "gone"))),
            Combinators.combine(end, id)
                .as((e, i) -> new Event("joined " + e + i, life -> life.joined(e, peer(i)))),
            id.map(i -> new Event("parted " + i, life -> life.parted(i, "parted"))),
            Combinators.combine(id, stream)
                .as((i, s) -> new Event("opened " + i + s, life -> life.opened(peer(i), s))),
            stream.map(s -> new Event("ended " + s, life -> life.ended(s, "ended"))),
            Arbitraries.of(Fault.class)
                .map(f -> new Event("failed " + f, life -> life.failed(f, "failed"))),
            Arbitraries.just(new Event("linked", WireLife::linked)))
        .list()
        .ofMaxSize(30);
  }

  private static WireLife<String, String> after(List<Event> history) {
    WireLife<String, String> life = WireLife.begin();
    for (Event event : history) {
      life = event.on(life).life();
    }
    return life;
  }

  private static WireLife<String, String> carrying() {
    return after(
        List.of(
            new Event("made", life -> life.made("e1", ASKING)),
            new Event("joined", life -> life.joined("e1", PEER)),
            new Event("opened", life -> life.opened(PEER, "s1"))));
  }

  @Property
  void shouldBeUpWhereFramesCrossAndNowhereElse(@ForAll("histories") List<Event> history) {
    WireLife<String, String> life = after(history);

    boolean crosses = life instanceof Carrying || life instanceof Linked;
    assertThat(life.report().state() == WireState.UP).isEqualTo(crosses);
    assertThat(life.report().reason() == null).isEqualTo(crosses);
  }

  @Property
  void shouldReadEachStreamFromItsStartToItsCloseAndNoneWithoutAnEnd(
      @ForAll("histories") List<Event> history) {
    WireLife<String, String> life = WireLife.begin();
    Set<String> read = new HashSet<>();
    for (Event event : history) {
      Change<String, String> change = event.on(life);
      life = change.life();
      for (Action<String, String> action : change.actions()) {
        if (action instanceof Action.Start<String, String> start) {
          assertThat(life.end()).contains(start.end());
          read.add(start.stream());
        } else if (action instanceof Action.Close<String, String> close) {
          read.remove(close.stream());
        }
      }
      assertThat(read)
          .isEqualTo(life instanceof Carrying<String, String> c ? Set.of(c.stream()) : Set.of());
    }
  }

  @Property
  void shouldRemoveEveryEndThatItDoesNotHold(@ForAll("histories") List<Event> history) {
    WireLife<String, String> life = WireLife.begin();
    Set<String> made = new HashSet<>();
    for (Event event : history) {
      if (event.name().startsWith("made")) {
        made.add(event.name().substring("made ".length()));
      }
      Change<String, String> change = event.on(life);
      life = change.life();
      for (Action<String, String> action : change.actions()) {
        if (action instanceof Action.Remove<String, String> remove) {
          made.remove(remove.end());
        }
      }
      assertThat(made).isEqualTo(life.end().map(Set::of).orElse(Set.of()));
    }
  }

  @Property
  void shouldChangeNothingByTheSameEventTwice(@ForAll("histories") List<Event> history) {
    WireLife<String, String> life = WireLife.begin();
    for (Event event : history) {
      life = event.on(life).life();
      assertThat(event.on(life).life()).as("%s again", event).isEqualTo(life);
    }
  }

  @Property
  void shouldAskThePeerAnewOnceItParted(@ForAll("histories") List<Event> history) {
    WireLife<String, String> life = carrying().parted(1, "parted").life();
    assertThat(life).isInstanceOf(Standing.class);
    for (Event event : history) {
      if (!event.name().startsWith("joined")) {
        life = event.on(life).life();
      }

      assertThat(life).as("%s", event).isNotInstanceOf(Carrying.class);
    }
  }

  @Property
  void shouldAskForAPassWheneverItGoesBack(@ForAll("histories") List<Event> history) {
    WireLife<String, String> life = WireLife.begin();
    for (Event event : history) {
      Change<String, String> change = event.on(life);
      boolean goesBack = steps(change.life()) < steps(life) && !event.name().startsWith("failed");

      assertThat(change.actions().contains(new Action.Again<String, String>()))
          .as("%s in %s", event, life)
          .isEqualTo(goesBack || isAnotherPeer(life, change.life()));
      life = change.life();
    }
  }

  private static boolean isAnotherPeer(
      WireLife<String, String> before, WireLife<String, String> after) {
    return before instanceof WireLife.WithPeer<String, String> a
        && after instanceof WireLife.WithPeer<String, String> b
        && a.peer().id() != b.peer().id();
  }

  private static int steps(WireLife<String, String> life) {
    if (life instanceof Absent) {
      return 0;
    }
    if (life instanceof Standing) {
      return 1;
    }
    return life instanceof Joined ? 2 : 3;
  }

  @Property
  void shouldBeStoppedForGood(
      @ForAll("histories") List<Event> before, @ForAll("histories") List<Event> after) {
    Change<String, String> stop = after(before).stopped();
    List<Action<String, String>> given = new ArrayList<>();
    WireLife<String, String> life = stop.life();
    for (Event event : after) {
      Change<String, String> change = event.on(life);
      life = change.life();
      given.addAll(change.actions());
    }

    assertThat(life).isInstanceOf(Stopped.class);
    assertThat(life.stopped().actions()).isEmpty();
    assertThat(stop.actions()).noneMatch(Action.Again.class::isInstance);
    assertThat(given)
        .allMatch(a -> a instanceof Action.Close<String, String> || a instanceof Action.Remove);
  }

  @Test
  void shouldCarryOnceEndPeerAndStreamAreThere() {
    WireLife<String, String> joined =
        new Absent<String, String>(ASKING).made("e1", ASKING).life().joined("e1", PEER).life();

    Change<String, String> opened = joined.opened(PEER, "s1");

    assertThat(opened.life()).isEqualTo(new Carrying<>("e1", PEER, "s1"));
    assertThat(opened.actions()).containsExactly(new Action.Start<>("e1", "s1"));
  }

  @Test
  void shouldCloseAStreamToAnEndThatPartedMeanwhile() {
    WireLife<String, String> life =
        new Joined<String, String>("e1", PEER, ASKING).parted(1, "parted").life();

    assertThat(life.opened(PEER, "s1").actions()).containsExactly(new Action.Close<>("s1"));
    assertThat(life.opened(PEER, "s1").life()).isEqualTo(life);
  }

  @Test
  void shouldCloseTheStreamBeforeTheEnd() {
    assertThat(carrying().lost("e1", "its interface was deleted").actions())
        .containsExactly(new Action.Close<>("s1"), new Action.Remove<>("e1"), new Action.Again<>());
    assertThat(carrying().stopped().actions())
        .containsExactly(new Action.Close<>("s1"), new Action.Remove<>("e1"));
  }

  @Test
  void shouldStayUpWhileItCarriesWhateverAPassSays() {
    Change<String, String> failed = carrying().failed(Fault.UNAVAILABLE, "no pods known");

    assertThat(failed.life()).isEqualTo(carrying());
    assertThat(failed.actions()).isEmpty();
  }

  @Test
  void shouldIgnoreAnAnswerThatTheEndBeforeWasGiven() {
    WireLife<String, String> life = new Standing<>("e2", ASKING);

    assertThat(life.joined("e1", PEER).life()).isEqualTo(life);
  }

  @Test
  void shouldSayWaitingWithoutAnEndAndJoiningWithOne() {
    assertThat(
            new Absent<String, String>(ASKING).failed(Fault.PRECONDITION, "no pod").life().report())
        .isEqualTo(new Report(WireState.WAITING, "no pod"));
    assertThat(
            new Standing<String, String>("e1", ASKING)
                .failed(Fault.TIMEOUT, "late")
                .life()
                .report())
        .isEqualTo(new Report(WireState.JOINING, "late"));
    assertThat(new Linked<String, String>().failed(Fault.PRECONDITION, "no pod").life())
        .isEqualTo(new Absent<>(new Report(WireState.WAITING, "no pod")));
    assertThat(
            new Standing<String, String>("e1", ASKING)
                .failed(Fault.CONFLICT, "mtu")
                .life()
                .report())
        .isEqualTo(new Report(WireState.FAILED, "mtu"));
  }
}
