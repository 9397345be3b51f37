package dev.weft.api;

import dev.weft.bus.WeftException;
import dev.weft.cluster.Member;
import dev.weft.cluster.MemberChanged;
import dev.weft.room.Backoff;
import dev.weft.room.RoomContext;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Follows the event logs of the other members while there are readers: one call to each member
 * waits there until an event happens. For one event loop.
 */
final class ClusterEvents {
  /** Longer than a member lets a call wait. */
  private static final Duration DEADLINE = EventTail.WAIT.plusSeconds(5);

  /**
   * Events of one member.
   *
   * @param gap says that others of that member may be missing; null if none is
   */
  record Told(List<StreamEvent> events, EventStream.Gap gap) {}

  private final Vertx vertx;
  private final RoomContext room;
  private final Set<Consumer<Told>> readers = new LinkedHashSet<>();
  private final Map<String, Follower> followed = new HashMap<>();

  ClusterEvents(Vertx vertx, RoomContext room) {
    this.vertx = vertx;
    this.room = room;
    room.bus().on(MemberChanged.class, change -> follow());
  }

  /** Tells this reader from now on, until the returned handle is run. */
  Runnable listen(Consumer<Told> reader) {
    readers.add(reader);
    follow();
    return () -> readers.remove(reader);
  }

  private void follow() {
    if (readers.isEmpty()) {
      return;
    }
    for (Member member : room.cluster().members()) {
      if (!member.id().equals(room.self()) && !followed.containsKey(member.id())) {
        Follower follower = new Follower(member);
        followed.put(member.id(), follower);
        follower.ask();
      }
    }
  }

  private final class Follower {
    private final Member member;
    private final MemberEvents log;
    private final Backoff backoff = new Backoff(new Random());
    private long epoch;
    private long last = -1;

    Follower(Member member) {
      this.member = member;
      this.log = room.bus().proxy(MemberEvents.class, member.id(), DEADLINE);
    }

    void ask() {
      if (readers.isEmpty() || room.cluster().member(member.id()).isEmpty()) {
        followed.remove(member.id());
        return;
      }
      log.after(epoch, last).onSuccess(this::onBatch).onFailure(this::onFailure);
    }

    private void onBatch(MemberEvents.Batch batch) {
      boolean again = backoff.failures() > 0;
      backoff.succeeded();
      epoch = batch.epoch();
      last = batch.last();
      if (batch.missed() > 0) {
        tell(new Told(batch.events(), gap(batch.missed(), EventStream.Gap.SLOW)));
      } else if (again) {
        tell(new Told(batch.events(), gap(0, "it answers again")));
      } else if (!batch.events().isEmpty()) {
        tell(new Told(batch.events(), null));
      }
      ask();
    }

    private void onFailure(Throwable failure) {
      if (backoff.failures() == 0) {
        tell(new Told(List.of(), gap(0, WeftException.of(failure).getMessage())));
      }
      vertx.setTimer(Math.max(1, backoff.failed().toMillis()), again -> ask());
    }

    private EventStream.Gap gap(long missed, String reason) {
      return new EventStream.Gap(missed, "node " + member.name() + ": " + reason);
    }

    private void tell(Told told) {
      List.copyOf(readers).forEach(reader -> reader.accept(told));
    }
  }
}
