package dev.weft.mesh.stream;

import dev.weft.mesh.proto.ObjectKind;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * A connection is lost after each single thing that happens in a transfer, whichever two nodes it
 * joins: what was read is a beginning of what was written, whoever misses something is told, and
 * nothing is left over.
 */
class LostConnectionTest {
  private static final int STEPS = 90;

  private static void play(Consumer<TransferWorld> story) {
    for (int one = 0; one < 4; one++) {
      for (int other = one + 1; other < 4; other++) {
        for (int steps = 0; steps < STEPS; steps++) {
          play(story, one, other, steps);
        }
      }
    }
  }

  private static void play(Consumer<TransferWorld> story, int one, int other, int steps) {
    TransferWorld world = new TransferWorld(4, steps);
    TransferWorld.Pair pair = world.create(ObjectKind.CHANNEL, 0);
    try {
      pair.hands[1].move(1);
      world.mesh.run();
      world.writeAll();
      world.writeAll();
      story.accept(world);
      for (int i = 0; i < steps && world.mesh.step(); i++) {}
      world.cut(one, other);
      world.writeAll();
      world.shouldBeCompleteOrTold();
      world.shouldLeaveNothing();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(
          "%d - %d after %d steps: %s".formatted(one, other, steps, e.getMessage()), e);
    }
  }

  @Test
  void shouldCloseCleanlyWhileAnEndMovesToAThirdNode() {
    play(world -> world.pairs.get(0).hands[1].move(2));
  }

  @Test
  void shouldCloseCleanlyWhileAnEndComesHome() {
    play(world -> world.pairs.get(0).hands[1].move(0));
  }

  @Test
  void shouldCloseCleanlyWhileBothEndsMoveToOneNode() {
    play(world -> List.of(0, 1).forEach(side -> world.pairs.get(0).hands[side].move(2)));
  }

  @Test
  void shouldCloseCleanlyWhileBothEndsMoveToDifferentNodes() {
    play(world -> List.of(0, 1).forEach(side -> world.pairs.get(0).hands[side].move(2 + side)));
  }
}
