package dev.weft.nsm.connection;

import dev.weft.linux.ArpSocket;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.net.OpenNetns;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks through the interfaces of connections whether the address at the other end is there: the
 * question and its answer take the very way that the pods' frames take. For one thread, which may
 * block.
 *
 * <p>A socket stays open in each namespace from one round to the next: to close one costs an RCU
 * grace period. It is closed in the first round without a path there.
 */
public final class PathProbes implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PathProbes.class);

  /** Paths in further namespaces are not probed. */
  private static final int MAX_NAMESPACES = 1024;

  /** What was heard from the other end since it was asked last. */
  public enum Heard {
    ANSWER,
    /** No answer, but frames. */
    FRAMES,
    NOTHING,
    /** It was not asked then: the path is new, or its interface is down or gone. */
    UNASKED
  }

  /**
   * Where to ask.
   *
   * @param id of the connection
   * @param netns the namespace of its interface
   * @param identity that namespace's cookie
   * @param other the address at the other end
   */
  public record Path(String id, String netns, long identity, String intf, InetAddress other) {
    /** From one of the ends of a connection that are on this node. */
    public static Path of(Connection c, boolean fromClient) {
      return fromClient
          ? new Path(
              c.id(),
              c.client().netns(),
              c.client().identity(),
              c.client().intf(),
              c.endpointAddress().address())
          : new Path(
              c.id(),
              c.endpoint().netns(),
              c.endpoint().identity(),
              c.endpoint().intf(),
              c.clientAddress().address());
    }
  }

  private final Map<Long, Place> places = new HashMap<>();

  /**
   * What was heard of each path that was asked and had not answered before, by connection; and asks
   * again.
   *
   * @param all whether those are all paths that there are, and the others are asked too
   */
  public Map<String, Heard> round(List<Path> paths, boolean all) {
    Map<Long, List<Path>> byPlace = paths.stream().collect(Collectors.groupingBy(Path::identity));
    if (all) {
      retain(byPlace.keySet());
    }
    Map<String, Heard> heard = new HashMap<>();
    byPlace.forEach(
        (identity, there) -> {
          try {
            place(identity, there.get(0).netns())
                .ifPresentOrElse(
                    place -> place.round(there, all, heard), () -> unasked(there, heard));
          } catch (IOException | RuntimeException e) {
            log.debug("paths in {} not probed: {}", there.get(0).netns(), e.getMessage());
            unasked(there, heard);
          }
        });
    return heard;
  }

  private static void unasked(List<Path> paths, Map<String, Heard> heard) {
    paths.forEach(path -> heard.putIfAbsent(path.id(), Heard.UNASKED));
  }

  private void retain(Set<Long> identities) {
    places
        .entrySet()
        .removeIf(
            place -> {
              boolean unused = !identities.contains(place.getKey());
              if (unused) {
                place.getValue().close();
              }
              return unused;
            });
  }

  private Optional<Place> place(long identity, String netns) throws IOException {
    Place known = places.get(identity);
    if (known != null || places.size() >= MAX_NAMESPACES) {
      return Optional.ofNullable(known);
    }
    try (OpenNetns in = OpenNetns.open(netns, identity)) {
      Place opened = new Place(ArpSocket.open(in.netns()));
      places.put(identity, opened);
      return Optional.of(opened);
    }
  }

  @Override
  public void close() {
    places.values().forEach(Place::close);
    places.clear();
  }

  /**
   * A path that was asked through a link.
   *
   * @param received frames that the link had received at the last look at it
   * @param answered whether it has answered since it was asked last
   */
  private record Asked(Path path, Link link, long received, boolean answered) {
    Asked now(boolean isAnswered) {
      return isAnswered == answered ? this : new Asked(path, link, received, isAnswered);
    }
  }

  /** A namespace. */
  private static final class Place {
    private final ArpSocket socket;
    private final Map<String, Asked> asked = new HashMap<>();

    /** Addresses that answered for paths that were not looked at then. */
    private final Set<InetAddress> early = new HashSet<>();

    Place(ArpSocket socket) {
      this.socket = socket;
    }

    void round(List<Path> paths, boolean all, Map<String, Heard> heard) {
      if (all) {
        asked.keySet().retainAll(paths.stream().map(Path::id).collect(Collectors.toSet()));
      }
      try {
        Set<InetAddress> answers = socket.answers();
        answers.addAll(early);
        List<Path> unheard = new ArrayList<>();
        for (Path path : paths) {
          Asked before = asked.get(path.id());
          if (before == null || !before.path().equals(path)) {
            unheard.add(path);
          } else if (answers.contains(path.other())) {
            heard.put(path.id(), Heard.ANSWER);
            asked.put(path.id(), before.now(true));
          } else if (!before.answered()) {
            unheard.add(path);
          }
        }
        look(unheard, heard);
        keep(answers, paths);
      } catch (IOException | RuntimeException e) {
        log.debug("paths in {} not looked at: {}", paths.get(0).netns(), e.getMessage());
        unasked(paths, heard);
      }
      for (Path path : paths) {
        ask(path, all);
      }
    }

    /** Answers of other paths that were asked are for the round that looks at those. */
    private void keep(Set<InetAddress> answers, List<Path> looked) {
      early.clear();
      asked.values().stream()
          .filter(a -> !a.answered())
          .map(a -> a.path().other())
          .filter(answers::contains)
          .forEach(early::add);
      looked.forEach(path -> early.remove(path.other()));
    }

    private void ask(Path path, boolean all) {
      Asked its = asked.get(path.id());
      if (its == null || (its.answered() && !all)) {
        return;
      }
      if (socket.ask(its.link(), (Inet4Address) path.other())) {
        asked.put(path.id(), its.now(false));
      } else {
        asked.remove(path.id());
      }
    }

    private void look(List<Path> unheard, Map<String, Heard> heard) throws IOException {
      if (unheard.isEmpty()) {
        return;
      }
      Path first = unheard.get(0);
      try (OpenNetns in = OpenNetns.open(first.netns(), first.identity())) {
        for (Path path : unheard) {
          heard.put(path.id(), look(path, in.netlink()));
        }
      }
    }

    /** Counters are read only of links on which no answer came. */
    private Heard look(Path path, Netlink in) throws IOException {
      Optional<Link> found = in.link(path.intf()).filter(link -> link.up() && !link.noArp());
      Asked before = asked.remove(path.id());
      if (found.isEmpty()) {
        return Heard.UNASKED;
      }
      Link link = found.get();
      long received = in.received(link.index());
      asked.put(path.id(), new Asked(path, link, received, false));
      if (before == null || !before.path().equals(path) || before.link().index() != link.index()) {
        return Heard.UNASKED;
      }
      return received > before.received() ? Heard.FRAMES : Heard.NOTHING;
    }

    void close() {
      socket.close();
    }
  }
}
