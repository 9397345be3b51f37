package dev.weft.subnet.wireguard;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Which keys a node has, and by which of them it sends to each member; the package says in which
 * order they change. Knows no clock, thread or socket. For one thread.
 */
final class Generations {
  static final Duration LIFETIME = Duration.ofHours(24);

  /** A member that has gone over may still have packets under way by the old key. */
  static final Duration RETIRES_AFTER = Duration.ofMinutes(1);

  /** What a member announces further ahead is no count of days. */
  private static final long FARTHEST = 1000;

  private static final int SLOTS = 2;

  /** Whether a handshake of late was completed with a member. */
  interface Handshakes {
    boolean done(Generation by, String node);
  }

  private final Supplier<KeyPair> maker;

  /** By number, at most two. */
  private final List<Generation> own = new ArrayList<>();

  private final Map<String, Long> sending = new HashMap<>();

  /** Since when nobody needs the older one, Unix time in seconds; null while somebody does. */
  private Long idleSince;

  Generations(Supplier<KeyPair> maker) {
    this.maker = maker;
  }

  /** Takes over what an earlier process of the node made. */
  void adopt(Generation former) {
    own.add(former);
    own.sort(Comparator.comparingLong(Generation::number));
  }

  List<Generation> own() {
    return List.copyOf(own);
  }

  /** The generation by which packets go to a member; empty before a handshake was ever done. */
  Optional<Generation> sendsTo(String node) {
    return Optional.ofNullable(sending.get(node)).flatMap(this::find);
  }

  /** The oldest generation by which this node sends to anybody; 0 before it has any. */
  long sendsBy() {
    return sending.values().stream()
        .min(Comparator.naturalOrder())
        .orElseGet(() -> newest().map(Generation::number).orElse(0L));
  }

  /** Makes, uses and gives up keys as the members' announcements and handshakes allow. */
  void step(long now, Collection<WireguardMember> members, Handshakes handshakes) {
    begin(now, members);
    sending.keySet().removeIf(node -> members.stream().noneMatch(m -> m.node().equals(node)));
    for (WireguardMember member : members) {
      choose(member, handshakes);
    }
    retire(now, members, handshakes);
  }

  private void begin(long now, Collection<WireguardMember> members) {
    OptionalLong lowest =
        members.stream()
            .flatMap(member -> member.keys().stream())
            .mapToLong(AnnouncedKey::generation)
            .filter(this::isNext)
            .min();
    if (own.isEmpty()) {
      make(lowest.orElse(1), 0, now);
    } else if (own.size() < SLOTS) {
      Generation last = own.get(0);
      if (lowest.isPresent()) {
        make(lowest.getAsLong(), 1 - last.slot(), now);
      } else if (now - last.since() >= LIFETIME.toSeconds()) {
        make(last.number() + 1, 1 - last.slot(), now);
      }
    }
  }

  private boolean isNext(long number) {
    return number > 0
        && newest()
            .map(Generation::number)
            .filter(last -> number <= last || number - last > FARTHEST)
            .isEmpty();
  }

  private void make(long number, int slot, long now) {
    own.add(new Generation(number, slot, now, maker.get()));
    idleSince = null;
  }

  private void choose(WireguardMember member, Handshakes handshakes) {
    for (int i = own.size() - 1; i >= 0; i--) {
      Generation by = own.get(i);
      if (member.has(by.number()) && handshakes.done(by, member.node())) {
        sending.put(member.node(), by.number());
        return;
      }
    }
    // Without a handshake of late: as before, while both have the key.
    Long before = sending.get(member.node());
    if (before != null && (!member.has(before) || find(before).isEmpty())) {
      sending.remove(member.node());
    }
  }

  private void retire(long now, Collection<WireguardMember> members, Handshakes handshakes) {
    if (own.size() < SLOTS) {
      return;
    }
    Generation old = own.get(0);
    Generation next = own.get(1);
    boolean needed =
        members.stream()
            .filter(member -> member.has(old.number()))
            .anyMatch(
                member ->
                    member.sendsBy() <= old.number()
                        || !handshakes.done(next, member.node())
                        || sending.getOrDefault(member.node(), 0L) <= old.number());
    // Someone who does not go on for a day does not keep the keys of all others as they are.
    boolean overdue = now - next.since() >= LIFETIME.toSeconds();
    if (needed && !overdue) {
      idleSince = null;
    } else if (idleSince == null) {
      idleSince = now;
    } else if (now - idleSince >= RETIRES_AFTER.toSeconds()) {
      own.remove(old);
      idleSince = null;
      sending.values().removeIf(number -> number == old.number());
    }
  }

  private Optional<Generation> newest() {
    return own.isEmpty() ? Optional.empty() : Optional.of(own.get(own.size() - 1));
  }

  private Optional<Generation> find(long number) {
    return own.stream().filter(g -> g.number() == number).findFirst();
  }
}
