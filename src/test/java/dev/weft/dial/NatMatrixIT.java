package dev.weft.dial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.LabNodes;
import dev.weft.testkit.NatKind;
import dev.weft.testkit.NatLab;
import dev.weft.testkit.NatRouter;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.NodeProcess;
import dev.weft.testkit.PathHistory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nodes behind routers of every kind, two of each: which of them get a path straight to each other.
 * Prints the table that the README shows, and compares what that says.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.CONNTRACK})
class NatMatrixIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Path README = Path.of("README.md");
  private static final String DOUBLE = "double NAT";

  @TempDir static Path directory;
  private static LabNodes nodes;
  private static final List<Site> SITES = new ArrayList<>();

  /**
   * A node behind a router.
   *
   * @param title what the table calls it
   * @param kind that of the narrowest router before it
   */
  private record Site(String title, NatKind kind, NatRouter router, NodeProcess node) {}

  private record Pair(Site left, Site right) {
    boolean behindOne() {
      return left.router() == right.router();
    }

    boolean direct() {
      return behindOne() || NatKind.canBePunched(left.kind(), right.kind());
    }

    boolean of(String one, String other) {
      return !behindOne()
          && ((left.title().equals(one) && right.title().equals(other))
              || (left.title().equals(other) && right.title().equals(one)));
    }

    /** How long the slower of both took; empty for a pair that is relayed. */
    Optional<Duration> took() {
      return history(left, right)
          .established()
          .flatMap(
              one ->
                  history(right, left)
                      .established()
                      .map(other -> one.compareTo(other) > 0 ? one : other));
    }

    String shown() {
      return took()
          .map(took -> String.format(Locale.ROOT, "%.1f s", took.toMillis() / 1e3))
          .orElse("relayed");
    }

    @Override
    public String toString() {
      return left.node().name()
          + " "
          + left.title()
          + ", "
          + right.node().name()
          + " "
          + right.title();
    }
  }

  /**
   * Two at a time, not all at once: how long a path takes is to be seen, not how long so many JVMs
   * do.
   */
  @BeforeAll
  static void start() throws Exception {
    nodes = LabNodes.start(directory, 2, "");
    for (NatKind kind : NatKind.values()) {
      for (int i = 0; i < 2; i++) {
        NatRouter router = nodes.lab().router(kind);
        prepare(kind.toString(), router, router.host("n"));
      }
      startLastTwo();
    }
    NatRouter outer = nodes.lab().router(NatKind.PORT_RESTRICTED);
    NatRouter inner = outer.router(NatKind.PORT_RESTRICTED);
    prepare(DOUBLE, inner, inner.host("n"));
    NatRouter shared = site(NatKind.PORT_RESTRICTED).router();
    prepare(NatKind.PORT_RESTRICTED.toString(), shared, shared.host("n"));
    startLastTwo();
  }

  private static void startLastTwo() throws Exception {
    List<Site> two = SITES.subList(SITES.size() - 2, SITES.size());
    for (Site site : two) {
      site.node().start();
    }
    two.forEach(site -> site.node().awaitReady());
  }

  private static void prepare(String title, NatRouter router, NatLab.Host host) throws Exception {
    String transport = router.kind() == NatKind.BLOCKED ? "tcp" : "udp";
    NodeProcess node = nodes.behind("n" + (SITES.size() + 1), host, transport, "");
    SITES.add(new Site(title, router.kind(), router, node));
  }

  @AfterAll
  static void end() throws Exception {
    SITES.clear();
    nodes.close();
  }

  private static Site site(NatKind kind) {
    return SITES.stream().filter(site -> site.kind() == kind).findFirst().orElseThrow();
  }

  private static List<Pair> pairs() {
    List<Pair> pairs = new ArrayList<>();
    for (int left = 0; left < SITES.size(); left++) {
      for (int right = left + 1; right < SITES.size(); right++) {
        pairs.add(new Pair(SITES.get(left), SITES.get(right)));
      }
    }
    return pairs;
  }

  private static PathHistory history(Site from, Site to) {
    return PathHistory.of(from.node(), to.node());
  }

  private static JsonNode way(Site from, Site to) {
    for (JsonNode node : from.node().api().get("/api/v1/nodes").path("items")) {
      if (node.path("id").asText().equals(to.node().id())) {
        return node.path("way");
      }
    }
    throw new AssertionError(to.node().name() + " is not known at " + from.node().name());
  }

  @Test
  void shouldGoDirectlyWhereNatsCanBePunchedAndElseThroughTheMesh() throws Exception {
    List<Pair> direct = pairs().stream().filter(Pair::direct).toList();
    List<Pair> relayed = pairs().stream().filter(pair -> !pair.direct()).toList();

    await("direct paths")
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(
            () ->
                assertThat(direct)
                    .allSatisfy(
                        pair -> {
                          assertThat(history(pair.left(), pair.right()).isDirect()).isTrue();
                          assertThat(history(pair.right(), pair.left()).isDirect()).isTrue();
                        }));
    await("the reason why others are relayed")
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(
            () ->
                assertThat(relayed)
                    .allSatisfy(
                        pair -> {
                          assertThat(history(pair.left(), pair.right()).peerUp()).isPresent();
                          assertThat(way(pair.left(), pair.right()).path("reason").asText())
                              .isNotEmpty();
                        }));
    assertThat(relayed)
        .allSatisfy(pair -> assertThat(history(pair.left(), pair.right()).isDirect()).isFalse());

    Files.writeString(Files.createDirectories(Path.of("target")).resolve("nat-pairs.md"), table());
    System.out.println(table());
    pairs().stream()
        .filter(Pair::behindOne)
        .forEach(pair -> System.out.println("behind one NAT: " + pair.shown()));
    assertThat(verdicts(readme())).isEqualTo(verdicts(table()));
  }

  private static List<String> titles() {
    return SITES.stream().map(Site::title).distinct().toList();
  }

  private static String table() {
    StringBuilder table = new StringBuilder(head());
    table.append("| --- |").append(" --- |".repeat(titles().size())).append('\n');
    for (String row : titles()) {
      table.append("| ").append(row).append(" |");
      titles().forEach(column -> table.append(' ').append(cell(row, column)).append(" |"));
      table.append('\n');
    }
    return table.toString();
  }

  private static String head() {
    return "| | " + String.join(" | ", titles()) + " |\n";
  }

  private static String cell(String row, String column) {
    return pairs().stream()
        .filter(pair -> pair.of(row, column))
        .findFirst()
        .map(Pair::shown)
        .orElse("");
  }

  /** The table of the README: what stands between its head and the next empty line. */
  private static String readme() throws IOException {
    String text = Files.readString(README);
    int begin = text.indexOf(head());
    assertThat(begin).as("%s has a table with the head %s", README, head()).isNotNegative();
    int end = text.indexOf("\n\n", begin);
    return text.substring(begin, end < 0 ? text.length() : end);
  }

  /** Without the times, which differ from run to run. */
  private static String verdicts(String table) {
    return table
        .replaceAll("[0-9.]+ s", "direct")
        .lines()
        .map(String::strip)
        .collect(Collectors.joining("\n"));
  }
}
