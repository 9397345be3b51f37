package dev.weft.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import dev.weft.bus.Reason;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Makes one line at debug of what libraries log of a connection or a process that ended in the
 * middle of their own work. Whoever waited is told so; where code of this program takes part, it is
 * logged as it is.
 */
final class CutOff extends TurboFilter {
  private static final org.slf4j.Logger log = LoggerFactory.getLogger(CutOff.class);

  private static final List<String> LIBRARIES =
      List.of("io.vertx.", "io.netty.", "com.hazelcast.", "java.", "jdk.", "sun.", "javax.");

  private static final Pattern ENDED =
      Pattern.compile(
          "already complete|val\\$promise|SSLEngine closed|(?i:connection (was"
              + " )?closed)|(?i:connection reset|broken pipe|stream was closed|stream reset|client"
              + " is closed)|not active|Not a member|Not Member!|already"
              + " responseReceived|ClosedChannelException");

  /** Loads what it needs: a process without file descriptors may not be able to load a class. */
  CutOff() {
    var unused = Reason.isStop(new RejectedExecutionException());
  }

  @Override
  public FilterReply decide(
      Marker marker, Logger logger, Level level, String format, Object[] params, Throwable t) {
    boolean cutOff = t == null ? isForNobody(format) : isCutOff(t);
    if (!cutOff || !isOfLibraries(logger.getName())) {
      return FilterReply.NEUTRAL;
    }
    log.debug("{}: {}", logger.getName(), t == null ? format : t.toString());
    return FilterReply.DENY;
  }

  /** What the event bus told in the moment in which its listener was taken away, as at a stop. */
  static boolean isForNobody(String message) {
    return message != null
        && message.startsWith("Discarding message since the consumer is not registered");
  }

  static boolean isCutOff(Throwable failure) {
    return isStop(failure) || isOfLibrariesAlone(failure);
  }

  /** What is asked for while this process stops is not done, and who asked is told. */
  private static boolean isStop(Throwable failure) {
    for (Throwable t = failure; t != null; t = next(t)) {
      if (Reason.isStop(t)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOfLibrariesAlone(Throwable failure) {
    boolean ended = false;
    for (Throwable t = failure; t != null; t = next(t)) {
      ended |= ENDED.matcher(t.toString()).find();
      for (StackTraceElement frame : t.getStackTrace()) {
        if (!isOfLibraries(frame.getClassName())) {
          return false;
        }
      }
    }
    return ended;
  }

  private static Throwable next(Throwable t) {
    return t.getCause() == t ? null : t.getCause();
  }

  private static boolean isOfLibraries(String name) {
    return LIBRARIES.stream().anyMatch(name::startsWith);
  }
}
