package dev.weft.telemetry;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What works on this node and what does not. Safe for use by all threads. */
public final class Health {
  /** A room's readiness; a degraded one works, with something lacking. */
  public enum State {
    STARTING,
    READY,
    DEGRADED,
    FAILED
  }

  /**
   * One thing that is wrong.
   *
   * @param room which room lacks it
   * @param code stable, for programs: {@code cap-net-raw}
   * @param text what is wrong
   * @param affects what does not work because of it
   * @param action what to do about it
   */
  public record Warning(String room, String code, String text, String affects, String action) {}

  /** A room and its warnings. */
  public record Room(String name, State state, List<Warning> warnings) {}

  private final Map<String, State> states = new LinkedHashMap<>();
  private final Map<String, Warning> warnings = new LinkedHashMap<>();

  public synchronized void state(String room, State state) {
    states.put(room, state);
  }

  /** Shows a warning until it is cleared; the same room and code again replaces it. */
  public synchronized void raise(Warning warning) {
    warnings.put(key(warning.room(), warning.code()), warning);
  }

  public synchronized void clear(String room, String code) {
    warnings.remove(key(room, code));
  }

  /** All rooms in the order they started; READY with a warning is shown as DEGRADED. */
  public synchronized List<Room> rooms() {
    List<Room> rooms = new ArrayList<>();
    states.forEach(
        (name, state) -> {
          List<Warning> own =
              warnings.values().stream()
                  .filter(w -> w.room().equals(name))
                  .sorted(Comparator.comparing(Warning::code))
                  .toList();
          boolean degraded = state == State.READY && !own.isEmpty();
          rooms.add(new Room(name, degraded ? State.DEGRADED : state, own));
        });
    return rooms;
  }

  /** Whether every room is ready or degraded. */
  public boolean ready() {
    return rooms().stream().allMatch(r -> r.state() == State.READY || r.state() == State.DEGRADED);
  }

  private static String key(String room, String code) {
    return room + "/" + code;
  }
}
