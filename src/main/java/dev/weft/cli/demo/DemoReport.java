package dev.weft.cli.demo;

import dev.weft.cli.TextTable;
import dev.weft.topology.LinkStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What the demo proved, link by link. */
final class DemoReport {
  /** Meshnet's name for a device of the node as the other end. */
  static final String LOCALHOST = "localhost";

  private final List<String[]> rows = new ArrayList<>();
  private final List<String[]> pairs = new ArrayList<>();
  private final List<String> waiting = new ArrayList<>();
  private boolean passed = true;

  private final LinkProof proof;

  private DemoReport(LinkProof proof) {
    this.proof = proof;
  }

  /** Pings every link that is up and has two addresses, from the side that is reported. */
  static DemoReport of(List<LinkStatus> links, DemoNetwork network) {
    DemoReport report = new DemoReport(new LinkProof(network));
    Set<String> told = new HashSet<>();
    for (LinkStatus link : links) {
      if (link.state().equals("up")) {
        report.proved(link);
      } else if (told.add(link.pod().ns() + " " + link.uid() + " " + link.reason())) {
        report.waits(link, links);
      }
    }
    return report;
  }

  /** Whether a link is not up and nothing is amiss with it: its pods are there and describe it. */
  static boolean mayComeUp(LinkStatus link, List<LinkStatus> all) {
    return link.node() != null
        && !link.state().equals("up")
        && !link.state().equals("contradiction")
        && (link.peer().name().equals(LOCALHOST)
            || (link.peerNode() != null && all.stream().anyMatch(other -> isReverse(link, other))));
  }

  private static boolean isReverse(LinkStatus link, LinkStatus other) {
    return other.uid() == link.uid()
        && other.pod().equals(link.peer())
        && other.localIntf().equals(link.peerIntf());
  }

  /** Pings every pod's address from every other pod. */
  void pingAll(List<DemoPod> pods) {
    for (DemoPod from : pods) {
      for (DemoPod to : pods) {
        if (from.equals(to)) {
          continue;
        }
        LinkProof.Result result =
            proof.ping(
                from.pod(), from.toString(), to.toString(), to.address().address(), to.mtu());
        passed &= result.problem() == null;
        pairs.add(
            new String[] {
              result.from(),
              result.to(),
              to.address().toString(),
              String.valueOf(to.mtu()),
              rtt(result.rtt()),
              result.problem() == null ? "ok" : result.problem()
            });
      }
    }
  }

  private void proved(LinkStatus link) {
    String where = link.kind();
    if (link.localIp() == null || link.peerIp() == null || link.peer().name().equals(LOCALHOST)) {
      rows.add(row(link, where, "up", "not pinged: no two addresses"));
      return;
    }
    LinkProof.Result result = proof.ping(link);
    passed &= result.problem() == null;
    rows.add(
        row(link, where, rtt(result.rtt()), result.problem() == null ? "ok" : result.problem()));
  }

  private void waits(LinkStatus link, List<LinkStatus> all) {
    // What the topology does not tell or place is its own affair; anything else must come up.
    passed &= !mayComeUp(link, all);
    waiting.add(
        String.format(
            "%s uid %d (%s - %s) %s: %s",
            link.pod(), link.uid(), link.localIntf(), link.peer(), link.state(), link.reason()));
  }

  private static String[] row(LinkStatus link, String kind, String rtt, String result) {
    return new String[] {
      String.valueOf(link.uid()),
      link.pod().name() + ":" + link.localIntf(),
      link.peer().name() + ":" + link.peerIntf(),
      kind,
      String.valueOf(link.mtu()),
      rtt,
      result
    };
  }

  private static String rtt(Optional<Duration> rtt) {
    return rtt.map(d -> String.format(Locale.ROOT, "%.3f ms", d.toNanos() / 1e6)).orElse("-");
  }

  /** Whether every ping was answered and every link whose pods are there came up. */
  boolean passed() {
    return passed;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    if (!rows.isEmpty()) {
      List<String[]> table = new ArrayList<>(rows);
      table.add(0, new String[] {"UID", "FROM", "TO", "KIND", "MTU", "RTT", "PING"});
      text.append(TextTable.of(table));
    }
    if (!pairs.isEmpty()) {
      List<String[]> table = new ArrayList<>(pairs);
      table.add(0, new String[] {"FROM", "TO", "ADDRESS", "MTU", "RTT", "PING"});
      text.append(System.lineSeparator()).append(TextTable.of(table));
    }
    waiting.forEach(line -> text.append(line).append(System.lineSeparator()));
    text.append(passed ? "all pings were answered" : "NOT all pings were answered")
        .append(System.lineSeparator());
    return text.toString();
  }
}
