package dev.weft.store;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;

/** One step of an atomic write. */
public sealed interface Change {
  /** Longest table name and key, in UTF-16 units. */
  int MAX_KEY = 512;

  /** Longest value, in UTF-16 units. */
  int MAX_VALUE = 8 << 20;

  String table();

  String key();

  /** Sets a key's value, whether or not it has one. */
  record Put(String table, String key, String value) implements Change {
    /**
     * Checks the lengths.
     *
     * @throws WeftException INVALID beyond {@link #MAX_KEY} or {@link #MAX_VALUE}
     */
    public Put {
      check("table", table, 1, MAX_KEY);
      check("key", key, 1, MAX_KEY);
      check("value of " + table + "/" + key, value, 0, MAX_VALUE);
    }
  }

  /** Removes a key; success also if there is none. */
  record Delete(String table, String key) implements Change {
    /**
     * Checks the lengths.
     *
     * @throws WeftException INVALID beyond {@link #MAX_KEY}
     */
    public Delete {
      check("table", table, 1, MAX_KEY);
      check("key", key, 1, MAX_KEY);
    }
  }

  private static void check(String what, String text, int min, int max) {
    if (text.length() < min || text.length() > max) {
      throw Fault.invalid(what, text.length() + " characters", min + ".." + max);
    }
  }
}
