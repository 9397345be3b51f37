package dev.weft.testkit;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which paths a node took to another one, and when, as its events in its log tell. */
public final class PathHistory {
  /** Its id, in brackets behind its name where that is known. */
  private static final String NODE = "(?:\\S+ \\()?(\\p{XDigit}{16})\\)?";

  private static final Pattern PATH =
      Pattern.compile(
          "^(\\S+) \\S+ +weft.events Path to node " + NODE + ": (.*) instead of (.*?): (.*)$");
  private static final Pattern PEER =
      Pattern.compile("^(\\S+) \\S+ +weft.events Peer up: node " + NODE + "$");

  private final List<Change> changes = new ArrayList<>();
  private Optional<Instant> peerUp = Optional.empty();

  /**
   * A change of the path.
   *
   * @param to as {@code udp 198.51.100.4:40000}, or {@code mesh}
   */
  public record Change(Instant at, String to, String why) {
    public boolean isDirect() {
      return to.startsWith("udp");
    }
  }

  private PathHistory() {}

  /** What a node's log says of another node, until now. */
  public static PathHistory of(NodeProcess node, NodeProcess other) {
    PathHistory history = new PathHistory();
    node.log()
        .lines()
        .forEach(
            line -> {
              Matcher path = PATH.matcher(line);
              Matcher peer = PEER.matcher(line);
              if (path.find() && path.group(2).equals(other.id())) {
                history.changes.add(
                    new Change(Instant.parse(path.group(1)), path.group(3), path.group(5)));
              } else if (history.peerUp.isEmpty()
                  && peer.find()
                  && peer.group(2).equals(other.id())) {
                history.peerUp = Optional.of(Instant.parse(peer.group(1)));
              }
            });
    return history;
  }

  public List<Change> changes() {
    return changes;
  }

  /** Whether the present path is a direct one. */
  public boolean isDirect() {
    return !changes.isEmpty() && changes.get(changes.size() - 1).isDirect();
  }

  /** Where the other node's datagrams come from, while the present path is a direct one. */
  public Optional<InetSocketAddress> at() {
    if (!isDirect()) {
      return Optional.empty();
    }
    String[] at = changes.get(changes.size() - 1).to().substring("udp ".length()).split(":", -1);
    return Optional.of(new InetSocketAddress(at[0], Integer.parseInt(at[1])));
  }

  /** When the other node could first be connected to, by whatever path. */
  public Optional<Instant> peerUp() {
    return peerUp;
  }

  /** From the first connection to the first direct path; empty if there was none. */
  public Optional<Duration> established() {
    return changes.stream()
        .filter(Change::isDirect)
        .findFirst()
        .flatMap(direct -> peerUp.map(up -> Duration.between(up, direct.at())))
        .map(took -> took.isNegative() ? Duration.ZERO : took);
  }
}
