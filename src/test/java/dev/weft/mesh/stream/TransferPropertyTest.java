package dev.weft.mesh.stream;

import dev.weft.mesh.proto.ObjectKind;
import org.junit.jupiter.api.Test;

/** Random moves of many ends, with and without losses of connections. */
class TransferPropertyTest {
  private static final int SEEDS = Integer.getInteger("weft.seeds", 150);
  private static final long FIRST = Long.getLong("weft.seed", 0);

  private static void play(TransferWorld world, int actions, double cuts) {
    for (int i = 0; i < 6; i++) {
      int kind = Math.max(0, world.random.nextInt(7) - 3);
      world.create(ObjectKind.forNumber(kind), world.random.nextInt(world.size));
    }
    for (int i = 0; i < actions; i++) {
      TransferWorld.Hand hand = world.any();
      switch (world.random.nextInt(10)) {
        case 0, 1, 2 -> hand.write();
        case 3, 4 -> hand.move(world.random.nextInt(world.size));
        case 5 -> {
          TransferWorld.Hand carrier = world.any();
          if (carrier.pair.kind == ObjectKind.CHANNEL) {
            hand.moveIn(carrier);
          }
        }
        case 6 -> {
          if (world.random.nextInt(20) == 0) {
            hand.end();
          }
        }
        case 8 -> hand.pause(world.random.nextInt(3) == 0);
        case 7 -> {
          if (world.random.nextDouble() < cuts) {
            int one = world.random.nextInt(world.size);
            world.cut(one, (one + 1 + world.random.nextInt(world.size - 1)) % world.size);
          }
        }
        default -> world.steps(30);
      }
    }
  }

  @Test
  void shouldLoseNothingWhateverMoves() {
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      TransferWorld world = new TransferWorld(2 + (int) (seed % 4), seed);
      try {
        play(world, 200, 0);
        world.shouldBeComplete();
        world.shouldProxyOnlyWhatIsApart();
        world.shouldLeaveNothing();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }

  /** What was read is a beginning of what was written; an end that misses something knows it. */
  @Test
  void shouldCloseCleanlyWhenConnectionsAreLost() {
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      TransferWorld world = new TransferWorld(3 + (int) (seed % 3), seed);
      try {
        play(world, 200, 0.3);
        world.shouldBeCompleteOrTold();
        world.shouldLeaveNothing();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }
}
