package dev.weft.mesh.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.mesh.proto.ObjectKind;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Ends that move from node to node while numbered messages are written to them, in many orders of
 * what happens.
 */
class TransferTest {
  private static final int SEEDS = 60;

  /** Plays a story with many seeds; nothing may be lost, out of order or left over. */
  private static void play(ObjectKind kind, Step... story) {
    for (long seed = 0; seed < SEEDS; seed++) {
      TransferWorld world = new TransferWorld(4, seed);
      try {
        world.create(kind, 0);
        talk(world);
        for (Step step : story) {
          step.in(world);
        }
        talk(world);
        world.shouldBeComplete();
        world.shouldProxyOnlyWhatIsApart();
        world.shouldLeaveNothing();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private static void talk(TransferWorld world) {
    for (int i = world.random.nextInt(4); i >= 0; i--) {
      world.writeAll();
      world.steps(20);
    }
  }

  /** A part of what happens to a pair. */
  private interface Step {
    void in(TransferWorld world);
  }

  /** All that is under way arrives. */
  private static final Step SETTLE =
      world -> {
        talk(world);
        world.mesh.run();
        talk(world);
      };

  /** Moves an end, once it is there, while there is talk; waits for as long as the seed decides. */
  private static Step move(int side, int to) {
    return world -> {
      talk(world);
      TransferWorld.Hand hand = world.pairs.get(0).hands[side];
      while (hand.object == null && world.mesh.step()) {}
      assertThat(hand.object).as("side " + side).isNotNull();
      hand.move(to);
    };
  }

  /** Moves an end from where it is, at once. */
  private static Step jump(int side, int to) {
    return world -> world.pairs.get(0).hands[side].move(to);
  }

  @Retention(RetentionPolicy.RUNTIME)
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  private @interface OfEachKind {}

  @OfEachKind
  void shouldStay(ObjectKind kind) {
    play(kind);
  }

  @OfEachKind
  void shouldMoveOneEnd(ObjectKind kind) {
    play(kind, move(1, 1));
  }

  @OfEachKind
  void shouldMoveOneEndToAThirdNode(ObjectKind kind) {
    play(kind, move(1, 1), SETTLE, move(1, 2));
  }

  @OfEachKind
  void shouldMoveTheNearEndToAThirdNode(ObjectKind kind) {
    play(kind, move(1, 1), SETTLE, move(0, 2));
  }

  @OfEachKind
  void shouldComeHomeAndBeProxiedNoMore(ObjectKind kind) {
    play(
        kind,
        move(1, 1),
        move(1, 0),
        world -> {
          world.mesh.run();
          assertThat(world.mesh.proxies(0).counters().rejoined()).isEqualTo(1);
        });
  }

  @OfEachKind
  void shouldComeHomeByThirdNodes(ObjectKind kind) {
    play(kind, move(1, 1), move(1, 2), move(1, 3), move(1, 0));
  }

  @OfEachKind
  void shouldMoveBothEndsToOneNodeAtOnce(ObjectKind kind) {
    play(kind, move(1, 1), SETTLE, jump(0, 2), jump(1, 2));
  }

  @OfEachKind
  void shouldMoveBothEndsToDifferentNodesAtOnce(ObjectKind kind) {
    play(kind, move(1, 1), SETTLE, jump(0, 2), jump(1, 3));
  }

  @OfEachKind
  void shouldChangePlaces(ObjectKind kind) {
    play(kind, move(1, 1), SETTLE, jump(0, 1), jump(1, 0));
  }

  @OfEachKind
  void shouldMoveOnAtOnceAfterBothMoved(ObjectKind kind) {
    play(kind, move(1, 1), SETTLE, jump(0, 2), jump(1, 2), move(0, 3), move(1, 0));
  }

  @Test
  void shouldMoveFromLocalPairToTwoNodes() {
    play(ObjectKind.CHANNEL, jump(0, 1), jump(1, 2));
  }
}
