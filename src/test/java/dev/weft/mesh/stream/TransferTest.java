package dev.weft.mesh.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.mesh.proto.ObjectKind;
import java.util.function.Consumer;
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
  private static void play(ObjectKind kind, Consumer<TransferWorld> story) {
    for (long seed = 0; seed < SEEDS; seed++) {
      TransferWorld world = new TransferWorld(4, seed);
      try {
        world.create(kind, 0);
        talk(world);
        story.accept(world);
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

  private static void settle(TransferWorld world) {
    talk(world);
    world.mesh.run();
    talk(world);
  }

  /** Moves an end while there is talk; waits for a while that the seed decides. */
  private static void move(TransferWorld world, int side, int to) {
    talk(world);
    TransferWorld.Hand hand = world.pairs.get(0).hands[side];
    while (hand.object == null && world.mesh.step()) {}
    assertThat(hand.object).as("side " + side).isNotNull();
    hand.move(to);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void shouldStay(ObjectKind kind) {
    play(kind, world -> {});
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void shouldMoveOneEnd(ObjectKind kind) {
    play(kind, world -> move(world, 1, 1));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void shouldMoveOneEndToAThirdNode(ObjectKind kind) {
    play(
        kind,
        world -> {
          move(world, 1, 1);
          settle(world);
          move(world, 1, 2);
        });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void shouldMoveTheNearEndToAThirdNode(ObjectKind kind) {
    play(
        kind,
        world -> {
          move(world, 1, 1);
          settle(world);
          move(world, 0, 2);
        });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void shouldComeHomeAndBeProxiedNoMore(ObjectKind kind) {
    play(
        kind,
        world -> {
          move(world, 1, 1);
          move(world, 1, 0);
          world.mesh.run();
          assertThat(world.mesh.proxies(0).counters().rejoined()).isEqualTo(1);
        });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void shouldComeHomeByThirdNodes(ObjectKind kind) {
    play(
        kind,
        world -> {
          move(world, 1, 1);
          move(world, 1, 2);
          move(world, 1, 3);
          move(world, 1, 0);
        });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void shouldMoveBothEndsToOneNodeAtOnce(ObjectKind kind) {
    play(
        kind,
        world -> {
          move(world, 1, 1);
          settle(world);
          world.pairs.get(0).hands[0].move(2);
          world.pairs.get(0).hands[1].move(2);
        });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void shouldMoveBothEndsToDifferentNodesAtOnce(ObjectKind kind) {
    play(
        kind,
        world -> {
          move(world, 1, 1);
          settle(world);
          world.pairs.get(0).hands[0].move(2);
          world.pairs.get(0).hands[1].move(3);
        });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void shouldChangePlaces(ObjectKind kind) {
    play(
        kind,
        world -> {
          move(world, 1, 1);
          settle(world);
          world.pairs.get(0).hands[0].move(1);
          world.pairs.get(0).hands[1].move(0);
        });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void shouldMoveOnAtOnceAfterBothMoved(ObjectKind kind) {
    play(
        kind,
        world -> {
          move(world, 1, 1);
          settle(world);
          world.pairs.get(0).hands[0].move(2);
          world.pairs.get(0).hands[1].move(2);
          move(world, 0, 3);
          move(world, 1, 0);
        });
  }

  @Test
  void shouldMoveFromLocalPairToTwoNodes() {
    play(
        ObjectKind.CHANNEL,
        world -> {
          world.pairs.get(0).hands[0].move(1);
          world.pairs.get(0).hands[1].move(2);
        });
  }
}
