package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import io.vertx.core.Handler;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands what an end reads to a program, as much at a time as it asks for. */
final class Intake<T> {
  private static final Logger log = LoggerFactory.getLogger(Intake.class);

  private final Function<ChannelMessage, T> content;
  private Handler<T> handler;
  private Handler<Void> atEnd;
  private Handler<Throwable> onFailure;
  private long demand = Long.MAX_VALUE;
  private boolean delivering;
  private boolean ended;
  private Throwable failure;

  Intake(Function<ChannelMessage, T> content) {
    this.content = content;
  }

  void handler(Handler<T> next) {
    handler = next;
  }

  void endHandler(Handler<Void> next) {
    atEnd = next;
    tellEnd();
  }

  void exceptionHandler(Handler<Throwable> next) {
    onFailure = next;
    tellEnd();
  }

  void pause() {
    demand = 0;
  }

  void fetch(long amount) {
    if (amount < 0) {
      throw new IllegalArgumentException("fetch: " + amount + " (expected: 0 or more)");
    }
    demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
  }

  boolean ended() {
    return ended;
  }

  /** Hands on what there is. What a handler causes to arrive is handed on by the same loop. */
  void deliver(Flow from) {
    if (delivering) {
      return;
    }
    delivering = true;
    try {
      while (demand > 0 && handler != null) {
        ChannelMessage message = from.poll();
        if (message == null) {
          break;
        }
        if (demand != Long.MAX_VALUE) {
          demand--;
        }
        tell(handler, content.apply(message));
      }
    } finally {
      delivering = false;
    }
    boolean reading = handler != null || atEnd != null || onFailure != null;
    if (reading && !ended && (from.atEnd() || from.atClose())) {
      ended = true;
      if (!from.atEnd() && !from.closeReason().isEmpty()) {
        failure = Fault.UNAVAILABLE.because(from.closeReason());
      }
      tellEnd();
    }
  }

  /** Tells those who have been named so far, each once. */
  private void tellEnd() {
    if (failure != null && onFailure != null) {
      Throwable told = failure;
      failure = null;
      tell(onFailure, told);
    }
    if (ended && atEnd != null) {
      Handler<Void> told = atEnd;
      atEnd = null;
      tell(told, null);
    }
  }

  /** A program that fails does so for itself, not for the other end. */
  static <T> void tell(Handler<T> handler, T what) {
    if (handler == null) {
      return;
    }
    try {
      handler.handle(what);
    } catch (RuntimeException e) {
      log.error("A handler of a mesh object failed", e);
    }
  }
}
