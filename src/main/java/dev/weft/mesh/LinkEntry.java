package dev.weft.mesh;

import dev.weft.config.MeshConfig;
import java.util.Locale;
import java.util.Optional;

/**
 * A link as it is shown, whether it stands or is only tried. The mesh's loop changes it; metrics
 * read it from other threads.
 */
final class LinkEntry {
  /** Why there is a link. */
  enum Origin {
    MEMBER,
    CONFIGURED,
    ACCEPTED
  }

  /** What a link is at the moment. */
  enum State {
    CONNECTING,
    UP,
    DOWN;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final String id;
  private final String kind;
  private final Origin origin;
  private String remote;
  private volatile Optional<LinkRunner> runner = Optional.empty();
  private volatile State state = State.CONNECTING;

  private String reason = "";
  private String seenFrom = "";
  private String node;
  private volatile Long rttMicros;
  private long since;
  private Runnable unmeasure = () -> {};

  /**
   * @param link what is dialled; empty for an accepted link
   */
  LinkEntry(String id, String kind, Origin origin, Optional<MeshConfig.Link> link, long now) {
    this.id = id;
    this.kind = kind;
    this.origin = origin;
    this.remote = link.map(l -> l.to().rest()).orElse("");
    this.node = link.flatMap(MeshConfig.Link::node).orElse("");
    this.since = now;
  }

  String id() {
    return id;
  }

  String node() {
    return node;
  }

  State state() {
    return state;
  }

  Optional<LinkRunner> runner() {
    return runner;
  }

  String kind() {
    return kind;
  }

  String remote() {
    return remote;
  }

  long since() {
    return since;
  }

  Long rttMicros() {
    return rttMicros;
  }

  void runs(LinkRunner next) {
    runner = Optional.of(next);
    remote = next.transport().remote();
  }

  /**
   * The other end has said who it is.
   *
   * @param seen this node's address and port as the other end sees it; empty without one
   * @param metrics shows the round trip as long as the link stands
   */
  void introduced(String peer, String seen, Optional<MeshMetrics> metrics) {
    node = peer;
    seenFrom = seen;
    metrics.ifPresent(m -> unmeasure = m.rtt(row(), this::rttMicros));
  }

  void rtt(long micros) {
    rttMicros = micros;
  }

  /** Changes the state; whether it was another one. */
  boolean become(State next, String why, long now) {
    reason = why;
    if (next == state) {
      return false;
    }
    state = next;
    since = now;
    return true;
  }

  /** The link stands no more. */
  void ended() {
    runner = Optional.empty();
    rttMicros = null;
    seenFrom = "";
    unmeasure.run();
  }

  MeshLink row() {
    LinkCounters counted = runner.map(LinkRunner::counters).orElseGet(LinkCounters::new);
    return new MeshLink(
        id,
        kind,
        remote,
        node,
        state.word(),
        reason,
        origin.name().toLowerCase(Locale.ROOT),
        runner.map(r -> r.transport().proof()).orElse(""),
        seenFrom,
        rttMicros,
        counted.sentFrames().get(),
        counted.sentBytes().get(),
        counted.receivedFrames().get(),
        counted.receivedBytes().get(),
        counted.dropped().get(),
        since);
  }
}
