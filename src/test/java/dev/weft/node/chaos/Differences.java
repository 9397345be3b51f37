package dev.weft.node.chaos;

import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Differences in words, as they are found. */
final class Differences {
  private final List<String> found = new ArrayList<>();

  List<String> found() {
    return found;
  }

  void add(String difference) {
    found.add(difference);
  }

  /** What is shown against what has to be; the rest may be there as the predicate says. */
  void compare(
      String what, Collection<String> shown, Collection<String> must, Predicate<String> may) {
    Set<String> missing = new TreeSet<>(must);
    missing.removeAll(shown);
    Set<String> extra = new TreeSet<>(shown);
    extra.removeAll(must);
    extra.removeIf(may);
    if (!missing.isEmpty()) {
      found.add(what + ": missing " + missing);
    }
    if (!extra.isEmpty()) {
      found.add(what + ": too much " + extra);
    }
  }

  static List<String> linksIn(TestNetns netns) throws IOException {
    return linksIn(netns.name());
  }

  static List<String> linksIn(String name) throws IOException {
    try (Netns open = Netns.open(name);
        Netlink inside = Netlink.open(open)) {
      return inside.links().stream().map(Link::name).toList();
    }
  }
}
