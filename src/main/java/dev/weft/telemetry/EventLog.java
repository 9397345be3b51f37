package dev.weft.telemetry;

import dev.weft.bus.Bus;
import dev.weft.bus.Fact;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last facts of this node, numbered from 1, each logged once. Rooms that know nodes by their
 * ids only have their texts say the names beside them here. Safe for all threads.
 */
public final class EventLog {
  /** How many entries are kept; a reader that falls further behind is told so. */
  public static final int CAPACITY = 4096;

  private static final Logger log = LoggerFactory.getLogger("weft.events");

  /**
   * One event.
   *
   * @param id counts up by one, from 1 at every start of the node
   * @param kind the fact's name, {@code WireChanged}
   * @param data the fact itself
   */
  public record Entry(
      long id,
      Instant time,
      String kind,
      Fact.Severity severity,
      String subject,
      String text,
      Fact data) {}

  /** An id of 16 hex digits, unless what it is has been said before it. */
  private static final Pattern ID = Pattern.compile("(?<![\\w(])[0-9a-f]{16}(?!\\w)");

  private final Clock clock;
  private final ArrayDeque<Entry> ring = new ArrayDeque<>(CAPACITY);
  private final List<Consumer<Entry>> listeners = new CopyOnWriteArrayList<>();
  private volatile UnaryOperator<String> names = UnaryOperator.identity();
  private long lastId;

  public EventLog(Clock clock) {
    this.clock = clock;
  }

  /**
   * Hears every fact of the node from now on.
   *
   * @param names of nodes, by id; an id that is no known node's stays what it is
   */
  public void attach(Bus bus, UnaryOperator<String> names) {
    name(names);
    bus.on(Fact.class, this::append);
  }

  void name(UnaryOperator<String> nodes) {
    this.names = nodes;
  }

  /** {@code Peer up: node n3 (4b706b89bea6d08f)}. */
  private String named(String text) {
    return ID.matcher(text)
        .replaceAll(
            found -> {
              String name = names.apply(found.group());
              return Matcher.quoteReplacement(
                  name.equals(found.group()) ? name : name + " (" + found.group() + ")");
            });
  }

  void append(Fact fact) {
    Entry entry;
    String text = named(fact.text());
    synchronized (this) {
      entry =
          new Entry(
              ++lastId,
              clock.instant(),
              fact.getClass().getSimpleName(),
              fact.severity(),
              fact.subject(),
              text,
              fact);
      if (ring.size() == CAPACITY) {
        ring.removeFirst();
      }
      ring.addLast(entry);
    }
    switch (fact.severity()) {
      case INFO -> log.info("{}", entry.text());
      case WARNING -> log.warn("{}", entry.text());
      case ERROR -> log.error("{}", entry.text());
    }
    listeners.forEach(l -> l.accept(entry));
  }

  /** The kept entries with an id above {@code id}, oldest first. */
  public synchronized List<Entry> since(long id) {
    return ring.stream().filter(e -> e.id() > id).toList();
  }

  /** The id before that of the first kept entry that is not older; the newest if all are. */
  public synchronized long before(Duration age) {
    Instant then = clock.instant().minus(age);
    return ring.stream()
        .filter(e -> !e.time().isBefore(then))
        .findFirst()
        .map(e -> e.id() - 1)
        .orElse(lastId);
  }

  /** The id of the newest entry; 0 if there is none. */
  public synchronized long lastId() {
    return lastId;
  }

  /** Calls the listener for every new entry until the returned handle is run. */
  public Runnable listen(Consumer<Entry> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }
}
