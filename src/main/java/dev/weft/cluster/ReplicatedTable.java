package dev.weft.cluster;

import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import io.vertx.core.Context;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's verified copy of one shared table. Entries arrive on Hazelcast's event thread; {@link
 * #sync} and writes run on the cluster thread; any thread may read.
 */
abstract class ReplicatedTable {
  /** Largest number of rows taken over from other members. */
  static final int MAX_ROWS = 50_000;

  private static final Logger log = LoggerFactory.getLogger(ReplicatedTable.class);

  final String name;
  final TableStore tableStore;
  final TableContext context;
  final Map<String, Envelope> known = new ConcurrentHashMap<>();

  private record Listener(Context context, Runnable handler) {}

  private final List<Listener> listeners = new CopyOnWriteArrayList<>();

  /** Told of the key of each row that has changed. */
  private volatile Consumer<String> follower = key -> {};

  ReplicatedTable(String name, TableStore tableStore, TableContext context) {
    this.name = name;
    this.tableStore = tableStore;
    this.context = context;
  }

  public void onChange(Runnable handler) {
    listeners.add(new Listener(context.vertx().getOrCreateContext(), handler));
  }

  /** Has another one told of each row that changes from now on, on any thread. */
  final void follow(Consumer<String> next) {
    follower = next;
  }

  final void changed(String key) {
    follower.accept(key);
    changed();
  }

  final void changed() {
    listeners.forEach(l -> l.context().runOnContext(v -> l.handler().run()));
  }

  /** Takes over an entry if it is genuine and newer than what is known. */
  final void onEntry(String key, String json) {
    Envelope envelope;
    try {
      envelope = Envelope.read(name, key, json);
      if (!envelope.isProven(context.signer())) {
        // All that it wrote, in every table: one cause, such as a certificate of another CA.
        ignore(key, writer(envelope), "the records of " + envelope.unproven());
        return;
      }
    } catch (WeftException e) {
      ignore(key, name + "/" + key, e.getMessage());
      return;
    }
    if (!mayWrite(envelope)) {
      ignore(
          key,
          name + "/" + key,
          "record %s/%s by %s, which does not own it".formatted(name, key, envelope.node()));
      return;
    }
    Envelope old = known.get(key);
    if (!replaces(envelope, old)) {
      if (replaces(old, envelope)) {
        onOlder(old);
      }
      return;
    }
    if (old == null && known.size() >= MAX_ROWS) {
      log.warn("ignored: table {} has {} rows (at most {})", name, known.size(), MAX_ROWS);
      return;
    }
    boolean taken =
        old == null ? known.putIfAbsent(key, envelope) == null : known.replace(key, old, envelope);
    if (!taken) {
      // Another thread took over another version meanwhile: compare with that one.
      onEntry(key, json);
      return;
    }
    context.ignored().taken(writer(envelope));
    accepted(envelope);
    received(envelope);
    changed(key);
  }

  private static String writer(Envelope envelope) {
    return "node " + envelope.node();
  }

  private void ignore(String key, String of, String cause) {
    context.ignored().ignored(name + "/" + key, of, cause);
  }

  /** Copies newer records from the cluster's table and writes back those that it lacks. */
  final void sync() {
    long nowSeconds = context.nowSeconds();
    Map<String, String> there = tableStore.all();
    there.forEach(
        (key, json) -> {
          Envelope mine = known.get(key);
          if (mine == null || !json.equals(text(mine))) {
            onEntry(key, json);
          }
        });
    known.forEach(
        (key, envelope) -> {
          if (expired(envelope, nowSeconds)) {
            if (known.remove(key, envelope)) {
              forgotten(key);
              tableStore.delete(key);
            }
          } else if (keeps(envelope) && !text(envelope).equals(there.get(key))) {
            tableStore.set(key, text(envelope));
          }
        });
    opened();
  }

  /**
   * Follows another certificate or CA of this node's: signs its records again, so that they outlive
   * the certificate that signed them, and forgets those of others that are not vouched for any
   * more.
   */
  final void signAgain() {
    known.forEach(
        (key, old) -> {
          if (old.node().equals(context.self())) {
            Envelope renewed = old.signAgain(context.signer(), context.nowSeconds());
            if (known.replace(key, old, renewed)) {
              accepted(renewed);
              follower.accept(key);
              tableStore.set(key, text(renewed));
            }
          } else if (forgetsUnverified()
              && !Envelope.isGenuine(context.signer(), name, key, text(old))) {
            known.remove(key, old);
          }
        });
    changed();
  }

  /** Forgets a record whose writer wants that, if it is its. */
  final void forgetFrom(String writer, String key) {
    Envelope old = known.get(key);
    if (old != null && old.node().equals(writer) && known.remove(key, old)) {
      forgotten(key);
      tableStore.delete(key);
      changed(key);
    }
  }

  static String text(Envelope envelope) {
    return Json.write(envelope);
  }

  /** Whether a record takes the place of the one that is known, null for none. */
  boolean replaces(Envelope next, Envelope old) {
    return next.newerThan(old);
  }

  /** Whether a record goes with the trust in its writer; if not, it stays as it was accepted. */
  abstract boolean forgetsUnverified();

  /** Whether the writer may write this key. */
  abstract boolean mayWrite(Envelope envelope);

  /** Whether this node writes the record back when the cluster's table lacks it. */
  abstract boolean keeps(Envelope envelope);

  abstract boolean expired(Envelope envelope, long nowSeconds);

  /** An older record than the known one stands in the cluster's table. */
  abstract void onOlder(Envelope known);

  /** The disk and, on a member, the cluster's table have been read. */
  void opened() {}

  void accepted(Envelope envelope) {}

  /** A record was taken over from the cluster's table. */
  void received(Envelope envelope) {}

  void forgotten(String key) {}
}
