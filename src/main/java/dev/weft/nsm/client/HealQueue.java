package dev.weft.nsm.client;

import io.vertx.core.Future;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Function;

/**
 * Begins attempts in the order in which they were asked for, a bounded number at once. What waits
 * already is not queued again. For one event loop.
 *
 * @param <T> what an attempt is made for
 */
final class HealQueue<T> {
  private final int atOnce;
  private final Function<T, Future<?>> attempt;
  private final Set<T> waiting = new LinkedHashSet<>();
  private int underWay;

  /**
   * @param attempt makes one; done when the next may begin
   */
  HealQueue(int atOnce, Function<T, Future<?>> attempt) {
    this.atOnce = atOnce;
    this.attempt = attempt;
  }

  void add(T subject) {
    waiting.add(subject);
    begin();
  }

  private void begin() {
    while (underWay < atOnce && !waiting.isEmpty()) {
      T next = waiting.iterator().next();
      waiting.remove(next);
      underWay++;
      attempt
          .apply(next)
          .onComplete(
              done -> {
                underWay--;
                begin();
              });
    }
  }
}
