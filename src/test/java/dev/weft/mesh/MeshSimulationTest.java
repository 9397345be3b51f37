package dev.weft.mesh;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * A mesh with a tenth of all frames lost. {@code -Dweft.simulation.nodes=1000} is the long form.
 */
class MeshSimulationTest {
  private static final int NODES = Integer.getInteger("weft.simulation.nodes", 50);
  private static final int DEGREE = 4;
  private static final double LOSS = 0.1;
  private static final long LIMIT = SECONDS.toNanos(120);

  /** How often loops are looked for. */
  private static final long LOOK = MILLISECONDS.toNanos(20);

  private static MeshSimulation mesh(long seed) {
    return new MeshSimulation(seed, NODES, DEGREE, LOSS);
  }

  private static MeshSimulation converged(long seed) {
    MeshSimulation mesh = mesh(seed);
    assertThat(mesh.converge(LIMIT)).as("every node reaches every other one").isTrue();
    return mesh;
  }

  @Test
  void shouldLeadFramesFromEveryNodeToEveryOtherOneAndToNoneTwice() {
    MeshSimulation mesh = converged(1);
    MeshWalks walks = new MeshWalks(mesh);

    for (int i = 0; i < 100; i++) {
      mesh.run(MILLISECONDS.toNanos(100));
      assertThat(walks.complete()).as("after %d ms", NANOSECONDS.toMillis(mesh.now())).isTrue();
    }

    assertThat(walks.stretch()).isBetween(1.0, 1.1);
  }

  @Test
  void shouldBeQuietOnceItHasConverged() {
    MeshSimulation mesh = converged(2);
    mesh.run(SECONDS.toNanos(10));
    long before = mesh.bytes();

    mesh.run(SECONDS.toNanos(20));

    // Pings, mostly: four links, two frames of some 30 bytes each half second.
    assertThat((mesh.bytes() - before) / 20 / NODES).isLessThan(1000);
    assertThat(mesh.downs()).isZero();
  }

  @Test
  void shouldEndEveryLoopAfterOneExchangeWhenALinkIsCut() {
    MeshSimulation mesh = converged(3);
    for (int i = 0; i < 5; i++) {
      mesh.run(SECONDS.toNanos(3));
      MeshWalks walks = new MeshWalks(mesh);
      mesh.cutALink();

      for (int j = 0; j < SECONDS.toNanos(4) / LOOK; j++) {
        mesh.run(LOOK);
        walks.watch();
      }

      assertThat(walks.complete()).as("cut %d is healed", i).isTrue();
      assertThat(walks.longestLoop()).isLessThanOrEqualTo(mesh.longestExchange());
    }
  }

  @Test
  void shouldForgetANodeThatIsGone() {
    MeshSimulation mesh = converged(4);
    MeshWalks walks = new MeshWalks(mesh);
    mesh.run(SECONDS.toNanos(3));

    mesh.cutANode();
    for (int i = 0; i < SECONDS.toNanos(10) / LOOK; i++) {
      mesh.run(LOOK);
      walks.watch();
    }

    assertThat(walks.routes()).isEqualTo((long) (NODES - 1) * (NODES - 2));
    assertThat(walks.longestLoop()).isLessThanOrEqualTo(mesh.longestExchange());
  }

  @Test
  void shouldHappenTheSameFromTheSameSeed() {
    MeshSimulation one = mesh(5);
    MeshSimulation other = mesh(5);

    one.run(SECONDS.toNanos(3));
    other.run(SECONDS.toNanos(3));

    assertThat(one.frames()).isPositive().isEqualTo(other.frames());
    assertThat(one.bytes()).isEqualTo(other.bytes());
    assertThat(one.routeChanges()).isPositive().isEqualTo(other.routeChanges());
  }
}
