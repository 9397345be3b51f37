package dev.weft.telemetry;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;

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
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  public void state(String room, State state) {
    change(() -> states.put(room, state) != state);
  }

  /** Shows a warning until it is cleared; the same room and code again replaces it. */
  public void raise(Warning warning) {
    change(() -> !warning.equals(warnings.put(key(warning.room(), warning.code()), warning)));
  }

  public void clear(String room, String code) {
    change(() -> warnings.remove(key(room, code)) != null);
  }

  /** Shows a warning while something is wrong, and clears it otherwise. */
  public void show(boolean wrong, Warning warning) {
    if (wrong) {
      raise(warning);
    } else {
      clear(warning.room(), warning.code());
    }
  }

  /** Runs the listener after every change, on the thread that made it, until the handle is run. */
  public Runnable onChange(Runnable listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  private void change(BooleanSupplier change) {
    boolean changed;
    synchronized (this) {
      changed = change.getAsBoolean();
    }
    if (changed) {
      listeners.forEach(Runnable::run);
    }
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

  private static String key(String room, String code) {
    return room + "/" + code;
  }
}
