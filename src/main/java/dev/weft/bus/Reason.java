package dev.weft.bus;

import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystemException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Why something failed, as a person would say it: for messages, events and logs. */
public final class Reason {
  /** Netty's native transports: {@code finishConnect(..) failed with error(-111): refused}. */
  private static final Pattern NATIVE =
      Pattern.compile("\\w+\\((?:\\.\\.)?\\) failed(?: with error\\((-?\\d+)\\))?(?:: (.*))?");

  private static final Pattern GO_AWAY = Pattern.compile(".*GOAWAY error code = (\\d+).*");
  private static final Pattern RESET = Pattern.compile("Stream reset(?: by \\w+)?: ?(\\d+)");

  /** Vert.x's future, its HTTP client, its event bus. */
  private static final Pattern TIMEOUT =
      Pattern.compile(
          "(?:Timeout (\\d+) \\(ms\\) fired"
              + "|The timeout(?: period)? of (\\d+) ?ms has been exceeded.*"
              + "|Timed out after waiting (\\d+)\\(ms\\) for a reply.*)");

  /** A message that was made of another exception's {@code toString}. */
  private static final Pattern CLASS =
      Pattern.compile("(?:[a-z]\\w*\\.)+[A-Z][\\w$]*(?:Exception|Error)(?:: (.*))?");

  private static final Map<String, String> ERRNO =
      Map.of(
          "-24", "too many open files",
          "-32", "broken pipe",
          "-98", "address already in use",
          "-99", "cannot assign requested address",
          "-101", "network is unreachable",
          "-103", "connection aborted",
          "-104", "connection reset by peer",
          "-110", "connection timed out",
          "-111", "connection refused",
          "-113", "no route to host");

  private static final String STOPS = "this node is stopping";
  private static final String CLOSED = "the connection was closed";

  private static final Map<String, String> WORDS =
      Map.of(
          "SSLEngine closed already", CLOSED,
          "Connection was closed", CLOSED,
          "Connection closed", CLOSED,
          "Stream was closed", CLOSED,
          "Client is closed", "the connection is being closed",
          "Hazelcast instance is not active!", STOPS);

  /** Why an executor takes nothing more; without one of these it is full. */
  private static final Pattern STOPPED =
      Pattern.compile("(?i)executor terminated|shut(ting)? down|\\[Terminated|pool closed");

  private Reason() {}

  /** Whether something was refused because the part of this process that does it has stopped. */
  public static boolean isStop(Throwable failure) {
    return (failure instanceof RejectedExecutionException
            && STOPPED.matcher(String.valueOf(failure.getMessage())).find())
        // By name: this room knows no cluster.
        || failure.getClass().getSimpleName().equals("HazelcastInstanceNotActiveException");
  }

  /** Never null, never the name of a class where words are known. */
  public static String of(Throwable failure) {
    if (failure instanceof WeftException known) {
      return known.getMessage();
    }
    if (isStop(failure)) {
      return STOPS;
    }
    String message = failure.getMessage();
    if (message == null || message.isBlank()) {
      return unnamed(failure);
    }
    if (failure instanceof UnknownHostException && message.indexOf(' ') < 0) {
      return message + ": no such host";
    }
    if (failure instanceof FileSystemException file && file.getReason() == null) {
      return file.getFile() + ": " + spaced(file.getClass().getName());
    }
    return inWords(message, failure);
  }

  private static String unnamed(Throwable failure) {
    if (failure instanceof ClosedChannelException) {
      return CLOSED;
    }
    if (failure instanceof TimeoutException) {
      return "no answer in time";
    }
    return failure.getCause() == null
        ? spaced(failure.getClass().getName())
        : of(failure.getCause());
  }

  private static String inWords(String message, Throwable failure) {
    Matcher code = NATIVE.matcher(message);
    if (code.matches()) {
      String known = code.group(1) == null ? null : ERRNO.get(code.group(1));
      return known != null ? known : code.group(2) == null ? message : lower(code.group(2));
    }
    Matcher away = GO_AWAY.matcher(message);
    if (away.matches()) {
      return away.group(1).equals("0")
          ? "the peer closes the connection"
          : "the peer gave up the connection (HTTP/2 error " + away.group(1) + ")";
    }
    Matcher reset = RESET.matcher(message);
    if (reset.matches()) {
      return "the stream was broken off (HTTP/2 error " + reset.group(1) + ")";
    }
    Matcher timeout = TIMEOUT.matcher(message);
    if (timeout.matches()) {
      return "no answer within " + seconds(timeout);
    }
    Matcher named = CLASS.matcher(message);
    if (named.matches()) {
      return failure.getCause() != null && failure.getCause() != failure
          ? of(failure.getCause())
          : named.group(1) == null ? spaced(message) : inWords(named.group(1), failure);
    }
    // Netty's TLS of a connection that ends during its handshake.
    return message.endsWith("\"this.val$promise\" is null")
        ? CLOSED
        : WORDS.getOrDefault(message, message);
  }

  private static String seconds(Matcher timeout) {
    for (int i = 1; i <= timeout.groupCount(); i++) {
      if (timeout.group(i) != null) {
        long millis = Long.parseLong(timeout.group(i));
        return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
      }
    }
    throw new IllegalStateException(timeout.toString());
  }

  /** {@code java.net.NoRouteToHostException} as {@code no route to host}. */
  private static String spaced(String className) {
    return className
        .substring(className.lastIndexOf('.') + 1)
        .replaceFirst("(Exception|Error)$", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
        .toLowerCase(Locale.ROOT);
  }

  private static String lower(String text) {
    return text.isEmpty() ? text : Character.toLowerCase(text.charAt(0)) + text.substring(1);
  }
}
