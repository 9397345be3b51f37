package dev.weft.wire.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.config.WiresConfig.Carrier;
import dev.weft.wire.control.EndWords.Word;
import dev.weft.wire.kernel.EndState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Two nodes, each with a pod's interface that goes up and down, and the messages between them. */
class EndWordsTest {
  private static final EndState UP = new EndState(true, 1500);
  private static final EndState DOWN = new EndState(false, 1500);

  /** What happens to one of the nodes, or to one of the messages under way. */
  private record Event(What what, int node, int message) {}

  private enum What {
    TOGGLE,
    PASS,
    DELIVER,
    LOSE,
    REPEAT,
    RESTART
  }

  /** A call that tells a word, or its answer, which has the number of the call's word. */
  private record Message(int to, long fromEnd, long toEnd, Optional<Word> word, long answers) {}

  /** A node, and the kernel of its host: an interface has a carrier while both ends are up. */
  private static final class Side {
    private final boolean hears;
    private final Carrier mode;
    private EndWords words = new EndWords();
    private long end;
    private long peer;
    private boolean podUp = true;
    private boolean nodeEndUp;

    Side(boolean hears, Carrier mode, long end) {
      this.hears = hears;
      this.mode = mode;
      this.end = end;
      nodeEndUp = words.hasCarrier(mode, false, hears);
    }

    void restart(long newEnd) {
      words = new EndWords();
      end = newEnd;
      peer = 0;
      nodeEndUp = words.hasCarrier(mode, false, hears);
    }

    void toggle() {
      podUp = !podUp;
      if (hears || nodeEndUp) {
        look();
      }
    }

    void look() {
      words.seen(podUp ? UP : DOWN);
      settle();
    }

    private void settle() {
      boolean wanted = words.hasCarrier(mode, peer != 0, hears);
      boolean shows = wanted && !nodeEndUp;
      nodeEndUp = wanted;
      if (shows) {
        look();
      }
    }

    void joined(long id) {
      peer = id;
      words.joined(id);
    }

    void heard(long id, Optional<Word> word) {
      words.heard(id, word);
      settle();
    }

    boolean hasCarrier() {
      return podUp && nodeEndUp;
    }
  }

  /** The two nodes and what is under way between them. */
  private static final class Pair {
    private final List<Side> sides;
    private final List<Message> underWay = new ArrayList<>();
    private long ends = 2;

    Pair(Carrier mode, boolean hears) {
      sides = List.of(new Side(hears, mode, 1), new Side(hears, mode, 2));
    }

    void happen(Event event) {
      Side side = sides.get(event.node);
      switch (event.what) {
        case TOGGLE -> side.toggle();
        case PASS -> pass(event.node);
        case DELIVER -> take(event.message).ifPresent(this::deliver);
        case LOSE -> take(event.message);
        case REPEAT -> {
          if (!underWay.isEmpty()) {
            deliver(underWay.get(event.message % underWay.size()));
          }
        }
        case RESTART -> {
          // Its connections go with the process.
          underWay.removeIf(m -> m.to == event.node || m.fromEnd == side.end);
          side.restart(++ends);
        }
      }
    }

    private Optional<Message> take(int number) {
      return underWay.isEmpty()
          ? Optional.empty()
          : Optional.of(underWay.remove(number % underWay.size()));
    }

    private void pass(int node) {
      Side side = sides.get(node);
      side.look();
      if (side.peer == 0 || side.words.isUntold()) {
        underWay.add(new Message(1 - node, side.end, 0, side.words.word(), 0));
      }
    }

    private void deliver(Message message) {
      Side side = sides.get(message.to);
      if (message.toEnd != 0 && message.toEnd != side.end) {
        return;
      }
      side.joined(message.fromEnd);
      if (message.toEnd == 0) {
        underWay.add(
            new Message(
                1 - message.to,
                side.end,
                message.fromEnd,
                side.words.word(),
                message.word.map(Word::sequence).orElse(0L)));
      } else {
        side.words.told(message.fromEnd, message.answers);
      }
      side.heard(message.fromEnd, message.word);
    }

    /** Nothing changes any more, and nothing is lost; what was under way may still come. */
    void calm() {
      for (int round = 0; round < 4; round++) {
        for (int late = underWay.size(); late > 0; late--) {
          deliver(underWay.remove(underWay.size() - 1));
        }
        pass(0);
        pass(1);
        while (!underWay.isEmpty()) {
          deliver(underWay.remove(0));
        }
      }
    }
  }

  @Provide
  Arbitrary<List<Event>> histories() {
    return Combinators.combine(
            Arbitraries.of(What.values()),
            Arbitraries.integers().between(0, 1),
            Arbitraries.integers().between(0, 9))
        .as(Event::new)
        .list()
        .ofMaxSize(60);
  }

  @Provide
  Arbitrary<Carrier> following() {
    return Arbitraries.of(Carrier.ENDS, Carrier.FOLLOW);
  }

  @Property
  void shouldShowACarrierWhileTheOtherEndIsUpOnceAllIsQuiet(
      @ForAll("histories") List<Event> history,
      @ForAll("following") Carrier mode,
      @ForAll boolean hears) {
    Pair pair = new Pair(mode, hears);

    history.forEach(pair::happen);
    pair.calm();

    Side a = pair.sides.get(0);
    Side b = pair.sides.get(1);
    assertThat(a.hasCarrier()).as("a").isEqualTo(a.podUp && b.podUp);
    assertThat(b.hasCarrier()).as("b").isEqualTo(a.podUp && b.podUp);
    assertThat(a.words.isUntold() || b.words.isUntold()).as("untold").isFalse();
    assertThat(List.of(a.words.isPeerDown(), b.words.isPeerDown()))
        .containsExactly(!b.podUp, !a.podUp);
  }

  @Property
  void shouldSeeAnEndThatComesUpWithoutHearingOfIt(@ForAll("following") Carrier mode) {
    Pair pair = new Pair(mode, false);
    pair.calm();
    pair.sides.forEach(Side::toggle);
    pair.calm();

    pair.sides.forEach(Side::toggle);

    assertThat(pair.sides).allMatch(side -> side.words.own().equals(Optional.of(UP)));
  }

  @Test
  void shouldBelieveTheNewerOfTwoWords() {
    EndWords words = new EndWords();
    words.joined(7);

    words.heard(7, Optional.of(new Word(2, DOWN)));
    words.heard(7, Optional.of(new Word(1, UP)));

    assertThat(words.isPeerDown()).isTrue();
  }

  @Test
  void shouldNotBelieveAnEndThatIsNotThePeers() {
    EndWords words = new EndWords();
    words.joined(7);

    words.heard(8, Optional.of(new Word(1, DOWN)));

    assertThat(words.isPeerDown()).isFalse();
  }

  @Test
  void shouldTakeANodeThatTellsNothingForUp() {
    EndWords words = new EndWords();
    words.joined(7);
    words.heard(7, Optional.of(new Word(1, DOWN)));
    words.joined(8);
    assertThat(words.isPeerDown()).as("until the new end's node says something").isTrue();

    words.heard(8, Optional.empty());

    assertThat(words.hasCarrier(Carrier.FOLLOW, true, true)).isTrue();
  }

  @Test
  void shouldTellEachChangeAndEachNewEnd() {
    EndWords words = new EndWords();
    words.joined(7);
    assertThat(words.isUntold()).as("nothing is known").isFalse();
    words.seen(UP);
    words.told(7, words.word().orElseThrow().sequence());
    assertThat(words.isUntold()).isFalse();

    words.joined(8);

    assertThat(words.isUntold()).isTrue();
    words.told(7, 99);
    assertThat(words.isUntold()).as("another end answered").isTrue();
  }

  @Test
  void shouldKeepTheCarrierWhereItIsToBeKept() {
    EndWords words = new EndWords();
    words.joined(7);
    words.heard(7, Optional.of(new Word(1, DOWN)));

    assertThat(words.hasCarrier(Carrier.KEEP, false, true)).isTrue();
    assertThat(words.hasCarrier(Carrier.ENDS, true, true)).isFalse();
  }
}
