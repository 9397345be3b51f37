package dev.weft.wire.meshnet;

import dev.weft.store.Store;
import io.vertx.core.Future;
import java.util.Locale;

/** Names for node ends: at most 15 characters, each given out once, also after a restart. */
final class InterfaceNames {
  private static final String COUNTER = "meshnet-interface-names";

  /** IFNAMSIZ without its terminating zero. */
  private static final int MAX = 15;

  /** Numbers that one write to disk reserves; a restart skips the rest of them. */
  private static final int BLOCK = 64;

  private final Store store;
  private long next;
  private long end;
  private Future<Void> reserving = Future.succeededFuture();

  InterfaceNames(Store store) {
    this.store = store;
  }

  /** The beginnings of the pod's and the interface's names, and a number. */
  Future<String> next(String pod, String intf) {
    reserving = reserving.transform(before -> next < end ? Future.succeededFuture() : reserve());
    return reserving.map(
        v -> {
          String number = "-" + Long.toString(next++, Character.MAX_RADIX);
          String both = letters(pod) + letters(intf);
          return both.substring(0, Math.min(both.length(), MAX - number.length())) + number;
        });
  }

  private Future<Void> reserve() {
    return store
        .next(COUNTER)
        .map(
            block -> {
              next = block * BLOCK;
              end = next + BLOCK;
              return null;
            });
  }

  /** At most 6 letters and digits. */
  private static String letters(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    return plain.substring(0, Math.min(6, plain.length()));
  }
}
