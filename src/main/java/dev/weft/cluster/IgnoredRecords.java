package dev.weft.cluster;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says once why records are not taken over, which are read again with every sync. Safe for use by
 * all threads.
 */
final class IgnoredRecords {
  /** Causes that are remembered. */
  private static final int MAX = 1000;

  private static final Logger log = LoggerFactory.getLogger(IgnoredRecords.class);

  private final Map<String, String> causes = new ConcurrentHashMap<>();

  /** A record was taken over: what is ignored of that writer next is said again. */
  void taken(String of) {
    causes.remove(of);
  }

  /**
   * @param record its table and key
   * @param of whose records share the cause, or the record itself
   */
  void ignored(String record, String of, String cause) {
    if (causes.size() >= MAX) {
      causes.clear();
    }
    if (cause.equals(causes.put(of, cause))) {
      log.debug("record {} ignored: {}", record, cause);
    } else {
      log.warn("ignored: {}", cause);
    }
  }
}
